"""Collect the DICOM files of one scan and turn them into images and refusals."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cctrack.errors import UnreadableImage
from cctrack.io.classify import SLICES, kind_of
from cctrack.io.copies import Copies, judge_copies
from cctrack.io.dicom_header import Header
from cctrack.io.dicomdir import Index
from cctrack.io.disc import check_indexes, named_files
from cctrack.io.examine import Sighting
from cctrack.io.found import Found, Kind, Member
from cctrack.io.runner import Lost, Run
from cctrack.io.series import group, in_order, require_measurable
from cctrack.io.shield import shielded
from cctrack.model import Because, Modality, Refused

_TWO_FILES_ONE_UID = "different pixels under one SOP Instance UID: which is right is unknown"


_CAPTURED = (
    "a captured screen or scanned picture; if it is a film, --modality xray measures it in px"
)


class DicomBatch:
    """DICOM files gathered one by one, sorted into outcomes when all were seen.

    Parameters
    ----------
    captures_are_films : bool
        Whether grey secondary captures of no modality are films, because the user says so.
    """

    def __init__(self, *, captures_are_films: bool = False) -> None:
        self._captures_are_films = captures_are_films
        self._files: dict[str, list[Sighting]] = defaultdict(list)
        self._refused: dict[tuple[str, Because, str], list[Header]] = defaultdict(list)
        self._conflicts: set[str] = set()
        self._members: list[Member] = []
        self._headers: list[Header] = []
        self._indexes: list[Index] = []
        self._short: Mapping[str, str] = {}

    def mention(self, member: Member) -> None:
        """Take note that a file is there, whatever it is."""
        self._members.append(member)

    def add(self, seen: Sighting) -> None:
        """Take in one file that was looked at."""
        header = seen.header
        self._headers.append(header)
        if seen.index is not None:
            self._indexes.append(seen.index)
        elif seen.refused is not None:
            self._refuse(header, *seen.refused)
        elif seen.kind is Kind.CAPTURE and not self._captures_are_films:
            self._refuse(header, Because.SECONDARY_CAPTURE, _CAPTURED)
        else:
            self._files[header.sop_uid or header.member.name].append(seen)

    def named_files(self) -> Iterator[Member]:
        """Files that an index names and that were not given; to be looked at as well."""
        yield from named_files(self._indexes, self._members, self._headers)

    def outcomes(self, run: Run) -> Iterator[Found | Refused]:
        """Every file taken in, as images and refusals in the order of their sources.

        Parameters
        ----------
        run : Run
            Where files of one SOP Instance UID are decoded, to tell whether they are one image.
        """
        yield from self._settle_copies(run)
        discs = check_indexes(self._indexes, self._members, self._headers)
        self._short = discs.short
        kept = [seen for copies in self._files.values() for seen in copies]
        single = [[seen.header] for seen in kept if seen.kind is not Kind.SERIES]
        slices = [frame for seen in kept if seen.kind is Kind.SERIES for frame in seen.frames]
        groups = [*single, *group(slices)]
        reasons = list(self._refused.items())
        sources = _sources([*groups, *(headers for _, headers in reasons)])
        results: list[Found | Refused] = list(discs.refused)
        results += [
            self._judged(headers, source)
            for headers, source in zip(groups, sources[: len(groups)], strict=True)
        ]
        for ((_, because, detail), headers), source in zip(
            reasons, sources[len(groups) :], strict=True
        ):
            results.append(_refused(source, because, detail, headers))
        yield from sorted(results, key=lambda result: result.source)

    def _refuse(self, header: Header, because: Because, detail: str) -> None:
        self._refused[header.series_uid or header.member.name, because, detail].append(header)

    def _settle_copies(self, run: Run) -> Iterator[Refused]:
        """Leave one file for each image, and refuse the others; remember contradictions."""
        rivals = {uid: files for uid, files in self._files.items() if len(files) > 1}
        members = [tuple(seen.header.member for seen in files) for files in rivals.values()]
        for (uid, files), verdict in zip(rivals.items(), run(judge_copies, members), strict=True):
            if isinstance(verdict, Lost):
                everyone = dict.fromkeys(range(len(files)), (verdict.because, verdict.detail))
                verdict = Copies((), everyone)
            for at, (because, detail) in verdict.refused.items():
                if because is Because.DUPLICATE:
                    yield Refused(files[at].header.member.name, because, detail)
                else:
                    self._refuse(files[at].header, because, detail)
            self._files[uid] = [files[at] for at in verdict.kept]
            if len(verdict.kept) > 1:
                self._conflicts.add(uid)

    def _cut_series(self) -> frozenset[str]:
        """Series of files that are cut within their header and were not given a second time."""
        return frozenset(
            header.series_uid
            for (_, because, _), headers in self._refused.items()
            for header in headers
            if because is Because.TRUNCATED and not self._files.get(header.sop_uid)
        ) - {""}

    def _judged(self, headers: Sequence[Header], source: str) -> Found | Refused:
        try:
            if any(header.sop_uid in self._conflicts for header in headers):
                raise UnreadableImage(Because.DUPLICATE, _TWO_FILES_ONE_UID)
            kind = kind_of(headers[0])
            if kind is not Kind.SERIES:
                return _single(headers[0], kind)
            if headers[0].series_uid in self._cut_series():
                # Its slice may have been the first or the last: then no gap would tell.
                raise UnreadableImage(Because.TRUNCATED, "another file of this series is cut")
            found = shielded(
                lambda: _series(headers, source), Because.CRASHED, "sorting the slices failed"
            )
            if found.series_uid in self._short:
                raise UnreadableImage(Because.MISSING_SLICES, self._short[found.series_uid])
            return found
        except UnreadableImage as error:
            return _refused(source, Because(error.because), error.detail, headers)


def _single(header: Header, kind: Kind) -> Found:
    """Describe an image of one file: a photo, or else a projection."""
    found = Found(
        modality=Modality.PHOTO if kind is Kind.PHOTO else Modality.XRAY,
        source=header.member.name,
        kind=Kind.PHOTO if kind is Kind.PHOTO else Kind.PROJECTION,
        members=(header.member,),
        rows=header.rows,
        columns=header.columns,
        acquired=header.acquired,
        series_uid=header.series_uid,
        study_uid=header.study_uid,
        patient_key=header.patient_key,
        description=header.modality,
        technique=header.technique,
    )
    # A photo's spacing would hold in one plane only, and which one nobody knows.
    return found if kind is Kind.PHOTO else _with_spacing(found, header)


def _with_spacing(found: Found, header: Header) -> Found:
    spacing = header.imager_spacing or header.pixel_spacing
    source = "ImagerPixelSpacing" if header.imager_spacing else "PixelSpacing"
    return replace(
        found, spacing=_spacing_text(spacing or ()), spacing_source=source if spacing else ""
    )


def _series(headers: Sequence[Header], source: str) -> Found:
    geometry = require_measurable(headers)
    ordered = in_order(headers)
    members = tuple(dict.fromkeys(header.member for header in ordered))
    place = {member: index for index, member in enumerate(members)}
    first = ordered[0]
    return Found(
        modality=SLICES[first.modality],
        source=source,
        kind=Kind.SERIES,
        members=members,
        rows=first.rows,
        columns=first.columns,
        frames=len(ordered),
        order=tuple((place[header.member], header.frame) for header in ordered),
        spacing=_spacing_text(geometry.scale.mean_mm),
        spacing_source="ImagePositionPatient",
        acquired=first.acquired,
        series_uid=first.series_uid,
        study_uid=first.study_uid,
        patient_key=first.patient_key,
        description=", ".join([first.modality, *_kind_of_slice(first), *sorted(geometry.flags)]),
        technique=replace(first.technique, flags=first.technique.flags | geometry.flags),
        scale=geometry.scale,
    )


def _kind_of_slice(header: Header) -> tuple[str, ...]:
    """Value 3 of ImageType where it is a term of the standard (PS3.3 C.8.2.1.1.1)."""
    return tuple(value for value in header.image_type[2:3] if value in ("AXIAL", "VOLUME"))


def _spacing_text(spacing_mm: Sequence[float]) -> str:
    return " x ".join(f"{value:.4g}" for value in spacing_mm) + " mm" if spacing_mm else ""


def _refused(source: str, because: Because, detail: str, headers: Sequence[Header]) -> Refused:
    names = tuple(dict.fromkeys(header.member.name for header in headers))
    return Refused(source, because, detail, tuple(sorted(names)) if len(names) > 1 else ())


def _sources(groups: Sequence[Sequence[Header]]) -> list[str]:
    """Name each group: by its one file, else by its folder where no other group has that folder."""
    names = [sorted({header.member.name for header in headers}) for headers in groups]
    folders = [_folder(files) for files in names]
    count = Counter(folders)
    return [
        files[0] if len(files) == 1 or not folder or count[folder] > 1 else folder
        for files, folder in zip(names, folders, strict=True)
    ]


def _folder(names: Sequence[str]) -> str:
    """Deepest folder or archive that holds all files; empty when that is the argument itself."""
    first, last = min(names), max(names)
    same = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    common = first if len(names) == 1 else first[:same]
    return common[: max(common.rfind("/"), common.rfind("!")) + 1].rstrip("/!")
