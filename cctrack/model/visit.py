"""Who was imaged where and when, under a pseudonym."""

from dataclasses import dataclass
from datetime import date

from cctrack.model.codes import Modality


@dataclass(frozen=True, slots=True)
class Site:
    """A body site that is imaged at every visit.

    Attributes
    ----------
    name : str
        Body region, such as ``forearm`` or ``hand``.
    laterality : str
        ``left``, ``right`` or empty.
    view : str
        Names one of several views of the site at a visit; views are never summed.
    """

    name: str
    laterality: str = ""
    view: str = ""

    def __str__(self) -> str:
        """Read as a clinician would say it."""
        return " ".join(part for part in (self.laterality, self.name, self.view) if part)


@dataclass(frozen=True, slots=True)
class Visit:
    """One image of one site of one patient: a line of visits.csv.

    Attributes
    ----------
    patient : str
        Pseudonym.
    path : str
        Relative to the study folder.
    status : str
        ``excised``, ``extruded``, ``not_imaged`` or empty.
    """

    patient: str
    site: Site
    acquired: date
    modality: Modality
    path: str
    status: str = ""
