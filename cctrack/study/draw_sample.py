"""Draw the sample cohort and write it as a study folder with its exact truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cctrack.compare import load_criteria
from cctrack.io import write_table, write_text
from cctrack.io.dicom_options import Compression, DicomOptions
from cctrack.io.write_dicom import write_ct, write_radiograph
from cctrack.io.write_photo import write_photo
from cctrack.io.write_zip import write_zip
from cctrack.model import Modality, Outcome, Quantity, Thresholds, Unit
from cctrack.phantom import ct, photo, radiograph
from cctrack.phantom.deposit import DepositMix
from cctrack.study.sample import COHORT, FIRST_INFUSION, Patient, Series

TRUTH_COLUMNS = (
    "path",
    "patient",
    "site",
    "modality",
    "acquired",
    "quantity",
    "value",
    "unit",
    "lesions",
    "outcome",
)
"""Columns of truth.csv: the true total of each image, and the verdict that follows from both."""

VISIT_COLUMNS = ("patient", "site", "acquired", "modality", "path", "laterality", "view", "status")

PHOTO_JPEG_QUALITY = 90
"""Small enough for a repository, too good to blur a border."""

OFF_BONE = ((radiograph.Placement.OFF, 1.0),)
"""Deposits over bone are not in automatic totals, so the sample's lie off it."""

FILM_DEPOSITS = DepositMix(median_mm3=150.0, log_sd=0.5, smallest_mm3=80.0, largest_mm3=400.0)
"""Deposits that a film shows well; the usual mix has many below 10 mm²."""

CT_DEPOSITS = DepositMix(median_mm3=350.0, log_sd=0.6, smallest_mm3=150.0)
"""Deposits of which a quarter more or less can be told on CT, see the absolute floor."""

ONE_MACHINE = radiograph.SessionRange(
    processings=(radiograph.Processing.PRESENTATION,),
    photometrics=(radiograph.Photometric.MONOCHROME1, radiograph.Photometric.MONOCHROME2),
    spacings=(radiograph.SpacingKind.IMAGER,),
    objects=0.0,
)
"""Both films of a patient come from one machine; half of them are MONOCHROME1."""

STUDY_TOML = """\
title = "{title}"
criteria = "calcinosis-25"
time_unit = "months"
notice = "Every image here is simulated. No patient is shown."
"""


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """One image that was written, and its truth.

    Attributes
    ----------
    path : str
        Relative to the study folder.
    total : float
        True total of the deposits that count, in mm² or mm³.
    lesions : int
        How many those are.
    """

    path: str
    acquired: date
    total: float
    lesions: int


def write_sample(folder: Path) -> None:
    """Draw all images of the cohort into a study folder, with its tables and truth.csv.

    Deterministic: the same version of cctrack draws the same pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_tables(folder)
    cohort = [(patient, series) for patient in COHORT for series in patient.series]
    _write_study(folder, "Seven simulated patients on pamidronate", cohort)


def write_sample_pair(folder: Path, modality: Modality) -> None:
    """Draw the cohort's first two visits in one modality as a study of their own, with truth.csv.

    Raises
    ------
    ValueError
        If the cohort has none.
    """
    cohort = [(patient, series) for patient in COHORT for series in patient.series]
    pairs = [(patient, series) for patient, series in cohort if series.modality is modality]
    if not pairs:
        raise ValueError(f"the sample holds no {modality}")
    _write_study(folder, "Two simulated visits", pairs[:1])


def _write_study(folder: Path, title: str, cohort: Sequence[tuple[Patient, Series]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [(*one, _draw_series(folder, *one)) for one in cohort]
    write_table(folder / "visits.csv", VISIT_COLUMNS, _visit_rows(drawn))
    write_table(folder / "truth.csv", TRUTH_COLUMNS, _truth_rows(drawn))
    write_text(folder / "study.toml", STUDY_TOML.format(title=title))


Drawn = Sequence[tuple[Patient, Series, tuple[DrawnVisit, DrawnVisit]]]


def _draw_series(folder: Path, patient: Patient, series: Series) -> tuple[DrawnVisit, DrawnVisit]:
    draw = {
        Modality.PHOTO: _draw_photos,
        Modality.XRAY: _draw_films,
        Modality.CT: _draw_cts,
    }[series.modality]
    (folder / patient.pseudonym).mkdir(exist_ok=True)
    first, last = draw(folder, patient, series)
    return first, last


def _draw_photos(folder: Path, patient: Patient, series: Series) -> Iterator[DrawnVisit]:
    rng = np.random.default_rng(series.seed)
    subject = photo.random_subject(
        rng,
        skin_type=series.skin_type,
        site=photo.BodySite(series.site),
        lesions=series.lesions,
    )
    later = photo.progress(subject, series.change, rng)
    for who, acquired in zip((subject, later), series.dates, strict=True):
        session = photo.random_session(rng, photo.Difficulty.STANDARD)
        simulated = photo.draw_photo(who, session)
        path = _path(patient, series, acquired, "jpg")
        write_photo(
            folder / path,
            simulated.photo.pixels,
            acquired=acquired,
            quality=PHOTO_JPEG_QUALITY,
        )
        areas = simulated.areas_mm2
        yield DrawnVisit(path, acquired, sum(areas.values()), len(areas))


def _draw_films(folder: Path, patient: Patient, series: Series) -> Iterator[DrawnVisit]:
    rng = np.random.default_rng(series.seed)
    plan = radiograph.DepositPlan(series.lesions, mix=FILM_DEPOSITS, placements=OFF_BONE)
    subject = radiograph.random_subject(rng, radiograph.Field(series.site), plan)
    later = radiograph.progress(subject, series.change, rng)
    first = radiograph.random_session(rng, ONE_MACHINE)
    sessions = (first, radiograph.random_session(rng, ONE_MACHINE, like=first))
    for who, session, acquired in zip((subject, later), sessions, series.dates, strict=True):
        simulated = radiograph.draw_radiograph(who, session)
        path = _path(patient, series, acquired, "dcm")
        inverted = session.storage.photometric is radiograph.Photometric.MONOCHROME1
        options = replace(_options(patient, series), acquired=acquired, monochrome1=inverted)
        write_radiograph(folder / path, simulated.radiograph, options)
        areas = simulated.areas_mm2
        counted = [areas[label] for label in areas if label not in simulated.over_bone]
        yield DrawnVisit(path, acquired, sum(counted), len(counted))


def _draw_cts(folder: Path, patient: Patient, series: Series) -> Iterator[DrawnVisit]:
    rng = np.random.default_rng(series.seed)
    region = ct.Region(series.site)
    subject = ct.random_subject(rng, region, series.lesions, mix=CT_DEPOSITS)
    later = ct.progress(subject, series.change, rng)
    first = ct.random_session(rng, region)
    sessions = (first, ct.repeat_session(rng, first))
    for who, session, acquired in zip((subject, later), sessions, series.dates, strict=True):
        simulated = ct.draw_ct(who, session)
        path = _path(patient, series, acquired, "zip")
        options = replace(_options(patient, series), acquired=acquired)
        with TemporaryDirectory() as slices:
            write_ct(Path(slices), simulated.ct, options)
            write_zip(folder / path, Path(slices))
        volumes = simulated.volumes_mm3
        yield DrawnVisit(path, acquired, sum(volumes.values()), len(volumes))


def _options(patient: Patient, series: Series) -> DicomOptions:
    return DicomOptions(
        patient=patient.pseudonym,
        study_description="Simulated",
        body_part=series.site.upper(),
        laterality=series.laterality[0].upper(),
        comment="Simulated image",
        compression=Compression.JPEG2000,
    )


def _path(patient: Patient, series: Series, acquired: date, suffix: str) -> str:
    return f"{patient.pseudonym}/{series.modality}-{acquired.isoformat()}.{suffix}"


def _visit_rows(drawn: Drawn) -> Iterator[Mapping[str, object]]:
    for patient, series, visits in drawn:
        for visit in visits:
            yield {
                "patient": patient.pseudonym,
                "site": series.site,
                "acquired": visit.acquired,
                "modality": series.modality,
                "path": visit.path,
                "laterality": series.laterality,
                "view": "",
                "status": "",
            }


def _truth_rows(drawn: Drawn) -> Iterator[Mapping[str, object]]:
    criteria = load_criteria("calcinosis-25")
    for patient, series, visits in drawn:
        volume = series.modality is Modality.CT
        quantity = Quantity.VOLUME if volume else Quantity.AREA
        thresholds = criteria.of(quantity)
        if thresholds is None:
            raise AssertionError("the default criteria judge areas and volumes")
        for visit in visits:
            yield {
                "path": visit.path,
                "patient": patient.pseudonym,
                "site": f"{series.laterality} {series.site}",
                "modality": series.modality,
                "acquired": visit.acquired,
                "quantity": quantity,
                "value": f"{visit.total:.6g}",
                "unit": Unit.MM3 if volume else Unit.MM2,
                "lesions": visit.lesions,
                "outcome": true_outcome(visits[0].total, visits[1].total, thresholds),
            }


def true_outcome(before: float, after: float, thresholds: Thresholds) -> Outcome:
    """Judge two exact totals by the cuts alone: without an error nothing else is needed."""
    ratio = after / before
    if ratio > thresholds.progression:
        return Outcome.PROGRESSION
    return Outcome.REGRESSION if ratio < thresholds.regression else Outcome.STABLE


def _write_tables(folder: Path) -> None:
    tables = {
        "participants.csv": [_participant(patient) for patient in COHORT],
        "treatments.csv": [_treatment(patient) for patient in COHORT],
        "questionnaires.csv": [_answer(patient) for patient in COHORT if patient.answer],
    }
    for name, rows in tables.items():
        write_table(folder / name, tuple(rows[0]), rows)


def _participant(patient: Patient) -> Mapping[str, object]:
    return {
        "patient": patient.pseudonym,
        "sex": patient.sex,
        "diagnosis": patient.diagnosis,
        "age_at_onset": patient.age_at_onset,
    }


def _treatment(patient: Patient) -> Mapping[str, object]:
    return {
        "patient": patient.pseudonym,
        "drug": "pamidronate",
        "class": "bisphosphonate",
        "dose_mg": 90,
        "start": FIRST_INFUSION,
        "stop": "",
        "cycles": patient.cycles,
    }


def _answer(patient: Patient) -> Mapping[str, object]:
    return {
        "patient": patient.pseudonym,
        "date": max(series.dates[1] for series in patient.series),
        "item": "calcinosis overall",
        "answer": patient.answer,
    }
