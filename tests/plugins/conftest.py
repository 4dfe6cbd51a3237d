"""Two visits of one site, made on the spot, and a screen for the tests that need a window."""

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.compare import load_criteria
from cctrack.io import write_table
from cctrack.io.write_photo import write_photo
from cctrack.model import (
    AxisScale,
    Flag,
    Modality,
    Outline,
    Photo,
    Provenance,
    Radiograph,
    ScaleSource,
    Site,
    Visit,
)
from cctrack.study.options import MeasureOptions
from cctrack.study.pipeline import Measured, quantify
from cctrack.study.record import open_record
from napari_cctrack.session.keep import Keeper
from napari_cctrack.session.links import Links
from napari_cctrack.session.session import Session
from napari_cctrack.session.state import PairState, VisitState

MM = 0.1
SHAPE = (300, 400)
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SAMPLE = Path(__file__).parents[2] / "sample_images"


@pytest.fixture(scope="session")
def display():
    """A screen: the one that is there, or a virtual one; Qt asks for it when it is imported."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("no screen and no Xvfb: windows cannot be tested")
    reading, writing = os.pipe()
    command = [
        program,
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1920x1080x24",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as stream:
        os.environ["DISPLAY"] = f":{stream.readline().strip()}"
    yield os.environ["DISPLAY"]
    del os.environ["DISPLAY"]
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(10)


def skin(seed, places):
    """Skin with pale deposits of 40 x 40 px at some places."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(rng.normal((190, 140, 120), 4, (*SHAPE, 3)), 0, 255).astype(np.uint8)
    for row, column in places:
        pixels[row : row + 40, column : column + 40] = (245, 235, 215)
    return pixels


@pytest.fixture(scope="session")
def pixels():
    """The earlier and the later visit: the second deposit is new, the first has stayed."""
    return skin(1, [(80, 100)]), skin(2, [(85, 104), (180, 280)])


def visit_of(day, name):
    return Visit("P1", Site("forearm", "left"), date(2021 + day, 3, 1), Modality.PHOTO, name)


def state_of(pixels, number, scale=True):
    """A visit whose first deposit is outlined."""
    known = AxisScale((MM, MM), ScaleSource.GIVEN, 0.02) if scale else None
    provenance = Provenance(sha256=f"{number}" * 64, source=f"{number}.jpg")
    photo = Photo(pixels, date(2021 + number, 3, 1), known, provenance=provenance)
    labels = np.zeros(SHAPE, np.uint16)
    top, left = ((80, 100), (85, 104))[number]
    labels[top : top + 40, left : left + 40] = 1
    outline = Outline(labels)
    sizes = PhotoScaleOptions(mm_per_px=MM) if scale else PhotoScaleOptions()
    measured = Measured(photo, outline, quantify(photo, outline, MeasureOptions()), sizes)
    return VisitState(visit_of(number, f"{number}.jpg"), measured, measured)


@pytest.fixture
def pair(pixels):
    """Two visits, outlined, of 0.1 mm per px."""
    states = tuple(state_of(image, number) for number, image in enumerate(pixels))
    return PairState(states, load_criteria("calcinosis-25"))


def film_of(number):
    """A film with a deposit, and one that the program takes to lie over bone."""
    known = AxisScale((MM, MM), ScaleSource.DETECTOR, 0.02)
    labels = np.zeros(SHAPE, np.uint16)
    labels[80:140, 100:160] = 1
    labels[180:240, 280:330] = 2
    bright = np.where(labels > 0, 0.8, 0.3).astype(np.float32)
    film = Radiograph(
        bright,
        (0.0, 1.0),
        scale=known,
        acquired=date(2021 + number, 3, 1),
        provenance=Provenance(sha256=f"{number}f" * 32, source=f"{number}.dcm"),
    )
    over_bone = frozenset({Flag.OVER_BONE})
    outline = Outline(labels, detection_limit_px=100.0, lesion_flags={2: over_bone})
    measured = Measured(film, outline, quantify(film, outline, MeasureOptions()))
    visit = replace(visit_of(number, f"{number}.dcm"), modality=Modality.XRAY)
    return VisitState(visit, measured, measured)


@pytest.fixture
def films():
    """Two films, the second deposit of each over bone."""
    states = (film_of(0), film_of(1))
    return PairState(states, load_criteria("calcinosis-25"), links=Links())


@pytest.fixture
def unscaled(pixels):
    """The same without a scale."""
    states = tuple(state_of(image, number, scale=False) for number, image in enumerate(pixels))
    return PairState(states, load_criteria("calcinosis-25"))


@pytest.fixture
def study(tmp_path, pixels):
    """The same two visits as a study folder."""
    root = tmp_path / "study"
    root.mkdir()
    rows = []
    for number, image in enumerate(pixels):
        write_photo(root / f"{number}.jpg", image, acquired=date(2021 + number, 3, 1), quality=95)
        row = {"patient": "P1", "site": "forearm", "modality": "photo", "laterality": "left"}
        rows.append({**row, "acquired": f"{2021 + number}-03-01", "path": f"{number}.jpg"})
    columns = ("patient", "site", "acquired", "modality", "path", "laterality")
    write_table(root / "visits.csv", columns, rows)
    return root


@pytest.fixture
def record(tmp_path):
    with open_record(tmp_path) as opened:
        yield opened


@pytest.fixture
def session(pair, record):
    return Session(pair, Keeper(record, "R1", lambda: NOON))


@pytest.fixture
def keeper(record):
    return Keeper(record, "R1", lambda: NOON)


@pytest.fixture
def samples(tmp_path, monkeypatch):
    """The simulated pairs, where the window looks for them, without drawing them again."""
    monkeypatch.setenv("CCTRACK_DATA", str(tmp_path / "data"))
    rows = {
        "photo": [("P1", "forearm", "2014-03-03", "photo-2014-03-03.jpg"),
                  ("P1", "forearm", "2017-05-03", "photo-2017-05-03.jpg")],
        "xray": [("P1", "hand", "2014-03-03", "xray-2014-03-03.dcm"),
                 ("P1", "hand", "2015-05-03", "xray-2015-05-03.dcm")],
        "ct": [("P2", "thigh", "2014-03-03", "ct-2014-03-03.zip"),
               ("P2", "thigh", "2015-10-02", "ct-2015-10-02.zip")],
    }  # fmt: skip
    for modality, visits in rows.items():
        root = tmp_path / "data" / "samples" / modality
        lines = []
        for patient, site, day, name in visits:
            source = SAMPLE / patient / name
            if not source.exists():
                pytest.skip("sample_images is not there")
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / name)
            lines.append({"patient": patient, "site": site, "acquired": day, "modality": modality,
                          "path": name})  # fmt: skip
        write_table(root / "visits.csv", ("patient", "site", "acquired", "modality", "path"), lines)
    return tmp_path / "data"
