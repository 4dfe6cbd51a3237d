"""What readers told, as it stands in the record."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cctrack.errors import StudyError
from cctrack.study.folder import StudyFolder
from cctrack.study.links import WrittenLink, parse_links
from cctrack.study.reader import Said
from cctrack.study.record import Kind, Record, subject_parts
from cctrack.study.series import ByHand
from cctrack.study.told import OfImage

OF_IMAGES = (Kind.SCALE, Kind.STROKES, Kind.FINGER, Kind.REVIEW, Kind.OUTLINE)
"""What readers say about single images, and how these are then measured."""


def recorded_images(record: Record) -> dict[str, OfImage]:
    """Read what readers said about single images, by image id and kind.

    Raises
    ------
    StudyError
        If the record cannot be used.
    """
    found: dict[str, dict[str, Said]] = {}
    for kind in OF_IMAGES:
        for subject, entry in record.latest_of(kind).items():
            _, image = subject_parts(subject)
            found.setdefault(image, {})[str(kind)] = entry.after
    return dict(found)


def recorded_links(record: Record, study: StudyFolder) -> tuple[WrittenLink, ...]:
    """Read what readers said about lesions of two visits; it is followed after a links file.

    Raises
    ------
    StudyError
        If an entry cannot be understood: a reader's word is never skipped.
    """
    links: list[WrittenLink] = []
    for subject, entry in record.latest_of(Kind.LINK).items():
        _, patient, site, modality = subject_parts(subject)
        where = f"entry {entry.seq} of the record"
        said = parse_links(entry.after, where, first=len(study.links) + len(links) + 1)
        links += [replace(link, patient=patient, site=site, modality=modality) for link in said]
    return tuple(links)


def read_by_hand(record: Record) -> dict[str, ByHand]:
    """Read how readers aligned visits, by the subjects of their pairs.

    Raises
    ------
    StudyError
        If a statement cannot be understood.
    """
    landmarks = record.latest_of(Kind.LANDMARKS)
    alignments = record.latest_of(Kind.ALIGNMENT)
    found = {}
    for subject in {**landmarks, **alignments}:
        said = [entries[subject] for entries in (landmarks, alignments) if subject in entries]
        try:
            found[subject] = _by_hand({key: v for entry in said for key, v in entry.after.items()})
        except (ValueError, TypeError, KeyError):
            raise StudyError(
                f"entry {said[-1].seq} of the record is no alignment by a reader; "
                "needed pairs of points, a matrix or a rejection"
            ) from None
    return found


def _by_hand(said: Mapping[str, Any]) -> ByHand:
    pairs, matrix = said.get("pairs"), said.get("matrix")
    return ByHand(
        landmarks=None
        if pairs is None
        else tuple((_point(pair["baseline"]), _point(pair["followup"])) for pair in pairs),
        matrix=None if matrix is None else tuple(_point(row) for row in matrix),
        rejected=said.get("accepted") is False,
    )


def _point(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
