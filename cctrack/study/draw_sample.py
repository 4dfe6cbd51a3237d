"""Draw the sample cohort and write it as a study folder with its exact truth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cctrack.compare import load_criteria
from cctrack.io import write_table, write_text
from cctrack.io.write_dicom import CtOptions, RadiographOptions, write_ct, write_radiograph
from cctrack.io.write_photo import write_photo
from cctrack.io.write_zip import write_zip
from cctrack.model import Modality, Outcome, Quantity, Thresholds, Unit
from cctrack.phantom import ct, photo, radiograph
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

STUDY_TOML = """\
title = "Seven simulated patients on pamidronate"
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
    drawn = [
        (patient, series, _draw_series(folder, patient, series))
        for patient in COHORT
        for series in patient.series
    ]
    write_table(folder / "visits.csv", VISIT_COLUMNS, _visit_rows(drawn))
    write_table(folder / "truth.csv", TRUTH_COLUMNS, _truth_rows(drawn))
    _write_tables(folder)
    write_text(folder / "study.toml", STUDY_TOML)


Drawn = list[tuple[Patient, Series, tuple[DrawnVisit, DrawnVisit]]]


def _draw_series(folder: Path, patient: Patient, series: Series) -> tuple[DrawnVisit, DrawnVisit]:
    draw = {
        Modality.PHOTO: _draw_photos,
        Modality.XRAY: _draw_films,
        Modality.CT: _draw_cts,
    }[series.modality]
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
    write_table(
        folder / "participants.csv",
        ("patient", "sex", "diagnosis", "age_at_onset"),
        (
            {
                "patient": patient.pseudonym,
                "sex": patient.sex,
                "diagnosis": patient.diagnosis,
                "age_at_onset": patient.age_at_onset,
            }
            for patient in COHORT
        ),
    )
    write_table(
        folder / "treatments.csv",
        ("patient", "drug", "class", "dose_mg", "start", "stop", "cycles"),
        (
            {
                "patient": patient.pseudonym,
                "drug": "pamidronate",
                "class": "bisphosphonate",
                "dose_mg": 90,
                "start": FIRST_INFUSION,
                "stop": "",
                "cycles": patient.cycles,
            }
            for patient in COHORT
        ),
    )
    write_table(
        folder / "questionnaires.csv",
        ("patient", "date", "item", "answer"),
        (
            {
                "patient": patient.pseudonym,
                "date": max(series.dates[1] for series in patient.series),
                "item": "calcinosis overall",
                "answer": patient.answer,
            }
            for patient in COHORT
            if patient.answer
        ),
    )
