"""What an export holds, as a radiographer lists it: patients, visits, images; then what is refused.

Everything here comes from headers. The scale of a radiograph is worked out by the very function
that measuring uses, so that a listing never promises another scale than a result has.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cctrack.calibrate.detector import read_detector
from cctrack.io import Found
from cctrack.model import Flag, Modality, Refused, Scale
from cctrack.study.rows import flag_text, scale_text, source_of

_UID = re.compile(r"[0-9.]{1,64}")
"""What a UID looks like; anything else in its place could be text."""

_LATEST = date.max
"""Sorts images without a date behind the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One image and where it belongs.

    Attributes
    ----------
    found : Found
    scale : Scale or None
        None where there is none, and for a photo, whose pixels were not looked at.
    flags : frozenset of Flag
        What the header alone tells; measuring may add others.
    visit : int or None
        Number of the visit, from 1; None where the patient or the date is not known.
    days : int or None
        Days since the patient's first visit.
    """

    found: Found
    scale: Scale | None
    flags: frozenset[Flag]
    visit: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Images of one patient, or images of which nobody can say that they are of one.

    Attributes
    ----------
    patient : str
        Hash of the patient's id; empty when the files hold none.
    study : str
        Study that holds a group together when there is no patient id; else empty.
    images : tuple of Listed
        By date, then by kind and name.
    """

    patient: str
    study: str
    images: tuple[Listed, ...]

    @property
    def visits(self) -> int:
        """How many visits are known."""
        return len({image.visit for image in self.images} - {None})


@dataclass(frozen=True, slots=True)
class RefusedGroup:
    """Files of one folder that were refused for the same reason."""

    source: str
    because: str
    detail: str
    files: int


def group_images(found: Iterable[Found]) -> tuple[Group, ...]:
    """Sort images by patient and number their visits: the days on which a patient was imaged.

    Two patients are never merged. Without a patient id a study is the most that holds images
    together; pictures, which say nothing of a patient, form one group that claims nothing.
    """
    groups: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for item in found:
        groups[item.patient_key, "" if item.patient_key else item.study_uid].append(item)
    # As they lie in the export; groups that are not known to be one patient come last.
    ordered = sorted(
        groups, key=lambda key: (not key[0], not key[1], min(item.source for item in groups[key]))
    )
    return tuple(Group(*key, _in_visits(groups[key], known=bool(key[0]))) for key in ordered)


def _in_visits(found: Iterable[Found], *, known: bool) -> tuple[Listed, ...]:
    ordered = sorted(
        found,
        key=lambda item: (item.acquired or _LATEST, str(item.modality or ""), item.source),
    )
    days = sorted({item.acquired for item in ordered if item.acquired}) if known else []
    visits = {day: number for number, day in enumerate(days, start=1)}
    return tuple(_listed(item, visits) for item in ordered)


def _listed(found: Found, visits: Mapping[date, int]) -> Listed:
    scale, flags = found.scale, found.technique.flags
    if found.modality is Modality.XRAY:
        scale, calibration = read_detector(found.technique.spacing)
        flags |= calibration
        if found.technique.presentation_intent != "processing":
            flags |= {Flag.PRESENTATION}
    if found.acquired is None or found.acquired not in visits:
        return Listed(found, scale, flags)
    return Listed(found, scale, flags, visits[found.acquired], (found.acquired - min(visits)).days)


def image_row(image: Listed) -> Mapping[str, object]:
    """Write one image as a row of ``cctrack inspect --json``; None is what a header lacks."""
    found, made = image.found, image.found.technique
    return {
        "source": found.source,
        "patient": found.patient_key,
        "study": uid_text(found.study_uid),
        "visit": image.visit,
        "days": image.days,
        "modality": found.modality or "ambiguous",
        "view": made.view,
        "laterality": made.laterality,
        "body_part": made.body_part,
        "size": size_text(found, " x "),
        "spacing": found.spacing,
        "spacing_source": found.spacing_source,
        "scale_mm": scale_text(image.scale),
        "scale_source": source_of(image.scale),
        "acquired": found.acquired.isoformat() if found.acquired else "",
        "kvp": made.kvp,
        "kernel": made.kernel,
        "thickness_mm": made.thickness_mm,
        "field_of_view_mm": made.field_of_view_mm,
        "presentation_intent": made.presentation_intent,
        "transfer_syntax": made.transfer_syntax,
        "compression": made.compression or "",
        "files": len(found.members),
        "bytes": sum(member.size for member in found.members),
        "series": uid_text(found.series_uid),
        "flags": flag_text(image.flags),
        "description": found.description,
    }


def size_text(found: Found, sign: str) -> str:
    """Write rows, columns and slices, with ``sign`` between them."""
    sizes = (found.rows, found.columns, *((found.frames,) if found.frames > 1 else ()))
    return sign.join(str(size) for size in sizes)


def uid_text(uid: str) -> str:
    """Return a UID, or nothing when it does not look like one."""
    return uid if _UID.fullmatch(uid) else ""


def group_refused(refused: Iterable[Refused]) -> tuple[RefusedGroup, ...]:
    """Join files of one folder that were refused for the same reason; a series stays by itself."""
    alike: dict[tuple[str, str, str], list[Refused]] = defaultdict(list)
    for item in refused:
        place = item.source if item.members else folder_of(item.source)
        alike[place, item.because, item.detail].append(item)
    groups = [
        RefusedGroup(_place(place, items), because, detail, sum(map(file_count, items)))
        for (place, because, detail), items in alike.items()
    ]
    return tuple(sorted(groups, key=lambda group: group.source))


def _place(folder: str, refused: Sequence[Refused]) -> str:
    if len(refused) == 1:
        return refused[0].source
    return folder or f"{refused[0].source} and others"


def file_count(refused: Refused) -> int:
    """How many files a refusal is about."""
    return max(1, len(refused.members))


def folder_of(source: str) -> str:
    """Folder or archive that a file lies in; empty at the top."""
    return source[: max(source.rfind("/"), source.rfind("!"), 0)]


_NOUNS = {
    Modality.CT: ("CT series", "CT series"),
    Modality.MR: ("MR series", "MR series"),
    Modality.XRAY: ("radiograph", "radiographs"),
    Modality.PHOTO: ("photo", "photos"),
    None: ("picture that may be a photo or a film", "pictures that may be photos or films"),
}


def totals(groups: Sequence[Group], refused: Iterable[Refused]) -> str:
    """Say in one line how much there is: patients, visits, images of each kind, refused files."""
    patients = [group for group in groups if group.patient]
    kinds = Counter(image.found.modality for group in groups for image in group.images)
    parts = []
    if patients:
        parts.append(_counted(len(patients), ("patient", "patients")))
        parts.append(_counted(sum(group.visits for group in patients), ("visit", "visits")))
    parts += [_counted(kinds[kind], nouns) for kind, nouns in _NOUNS.items() if kinds[kind]]
    files = sum(map(file_count, refused))
    images = ", ".join(parts) or "no image"
    return f"{images}; {_counted(files, ('file', 'files'))} refused" if files else images


def _counted(number: int, nouns: tuple[str, str]) -> str:
    return f"{number} {nouns[number != 1]}"
