"""Invented patients and their report content, for the tests of this folder."""

from dataclasses import fields, replace
from datetime import date
from html.parser import HTMLParser

import numpy as np

from cctrack.model import (
    Confidence,
    Criteria,
    Event,
    Flag,
    Method,
    Modality,
    Outcome,
    Quality,
    Quantity,
    Reference,
    Thresholds,
    Unit,
)
from cctrack.report.content import (
    Course,
    CoursePoint,
    ModalityOutcome,
    PatientContent,
    StudyContent,
    Treatment,
)
from cctrack.report.figures import encode
from cctrack.report.html import render_report
from cctrack.report.site_content import (
    AlignmentContent,
    Border,
    LesionHistory,
    LesionRow,
    PairContent,
    Picture,
    SiteContent,
    Size,
    View,
    VisitContent,
)

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`{{7*7}}"
CRITERIA = Criteria(
    "ours", "Someone 2020", "Not validated.", (Thresholds(Quantity.AREA, 0.75, 1.25),)
)


def row(name="total", outcome=Outcome.REGRESSION, **more):
    known = {
        "event": None,
        "before": 100.0,
        "after": 52.0,
        "unit": Unit.MM2,
        "percent": -48.0,
        "interval": (-57.0, -37.0),
        "confidence": Confidence.DEFINITE,
        "reason": "The total area shrank by 48 %.",
        **more,
    }
    return LesionRow(name=name, outcome=outcome, **known)


def outcome(verdict=Outcome.REGRESSION, value=-48.0, *, modality=Modality.PHOTO, **more):
    known = {
        "first": date(2019, 3, 4),
        "last": date(2022, 8, 17),
        "months": 41.5,
        "interval": None if value is None else (value - 10, value + 10),
        "confidence": Confidence.DEFINITE,
        "reason": "All sites together.",
        "subjective": "better",
        "sites_evaluable": "1 of 2",
        **more,
    }
    return ModalityOutcome(modality=modality, percent=value, outcome=verdict, **known)


def jpeg(shape=(20, 30)):
    return encode(np.full((*shape, 3), 99, np.uint8))


def picture(caption="4 March 2019", **more):
    borders = (Border(1, "M1 1L5 5L1 5Z", (6.0, 6.0)),)
    return Picture(jpeg(), 30, 20, caption, "Photo, deposits outlined", borders, 0.2, **more)


def pair(**more):
    known = {
        "before": 0,
        "after": 1,
        "reference": Reference.BASELINE,
        "total": row(),
        "lesions": (row("L1", lesion=1, event=Event.PERSISTED),),
        "alignment": AlignmentContent(Quality.GOOD, "homography", 0.3, 2.0, 0.9),
        "comparability": "Different kernels.",
        "views": (View("", picture(), picture("17 August 2022"), laid_over=True),),
        **more,
    }
    return PairContent(**known)


def site(*pairs, **more):
    size = Size(100.0, 90.0, 110.0, Unit.MM2, Method.AUTOMATIC)
    visits = (
        VisitContent(
            date(2019, 3, 4), "abc", size, 1, frozenset({Flag.BLUR}), "Scale marker in the photo"
        ),
        VisitContent(date(2022, 8, 17), "def", replace(size, value=52.0), 1, scale="Ruler"),
    )
    known = {
        "patient": "P01",
        "site": "left forearm",
        "modality": Modality.PHOTO,
        "quantity": Quantity.AREA,
        "verdict": row(),
        "visits": visits,
        "pairs": pairs or (pair(),),
        "histories": (LesionHistory(1, (100.0, 52.0)),),
        **more,
    }
    return SiteContent(**known)


def treatment(**more):
    known = {"group": "bisphosphonate", "start": date(2019, 3, 4), "stop": None, **more}
    return Treatment("pamidronate", words="90 mg, 12 cycles", **known)


def course(*points, modality=Modality.PHOTO, site="left forearm"):
    first = CoursePoint(date(2019, 3, 4), 0.0, None, None)
    later = CoursePoint(date(2022, 8, 17), -48.0, (-57.0, -37.0), Outcome.REGRESSION)
    return Course(site, modality, (first, *(points or (later,))))


def patient(name="P01", *outcomes, **more):
    return PatientContent(name, outcomes or (outcome(),), **more)


def study(*patients, **more):
    return StudyContent("Our study", CRITERIA, patients or (patient(),), **more)


def render(content=None, *sites):
    return "".join(render_report(content or study(), lambda _patient: sites))


class Reader(HTMLParser):
    """Collect tags, attributes and visible text."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def words(html):
    return " ".join(" ".join(read(html).text).replace("\u00a0", " ").split())


def poisoned(value):
    """Replace every text in nested content by something hostile."""
    if type(value) is str:
        return EVIL
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        changed = {item.name: poisoned(getattr(value, item.name)) for item in fields(value)}
        return replace(value, **changed)
    return value
