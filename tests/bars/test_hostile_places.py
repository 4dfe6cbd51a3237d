"""Names, ids and folders of an enemy: nothing outside the output, nobody merged, nothing run."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.io.dicom_options import DicomOptions
from cctrack.io.write_dicom import write_radiograph
from cctrack.model import Radiograph, SpacingTags

PLANTED = ("numpy.py", "sitecustomize.py", "dl.py", "cctrack.py", "pydicom.py", "usercustomize.py")

NAMES = (
    "a;rm -rf b.png", "$(touch x).png", "`id`.png", "-rf.png", "--help.png", "=1+1.png", "+1.png",
    "@SUM(A1).png", "CON.png", "nul.png", "a\tb.png", "a\nb.png", "a\rb.png", "\u202egnp.exe.png",
    "é.png", "e\u0301.png", "\U0001f600.png", " .png", "...png", "a" * 200 + ".png", "<b>.png",
    "&amp;.png", "'quote'.png", '"double".png', "a,b.png", "\\back.png", "%2e%2e%2f.png",
    "a\x7f.png",     "\u2400.png", "пациент.png", "患者.png", "مريض.png",
)  # fmt: skip

MEMBERS = (
    "../up.png", "../../up.png", "/tmp/cctrack-escape.png", "C:\\up.png", "..\\up.png",
    "a/../../up.png", "./../up.png", "a//../..//up.png", "//server/share/up.png",
    "a/./b/../../../up.png",
)  # fmt: skip

IDS = (
    "P1", "P1 ", "p1", "P\u200b1", "P1\u0301", "../P1", "P1/../P2", "P1;P2", "=P1", "P1\n",
    "Ρ1", "P1,P2",
)  # fmt: skip


PIECES = (
    "..", "/", "\\", "P1", "p1", "P2", " ", ";", "=", "\u200b", "%00", "\u0301", "$(id)", "é", "\n",
    "'", '"', "<", "CON", "Ρ",
)  # fmt: skip

FULL = pytest.mark.bars


def more_of(known, count, seed):
    """The names that are known, and made-up ones out of pieces, no two alike."""
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(known)
    while len(found) < count:
        pieces = rng.choice(PIECES, int(rng.integers(2, 6)))
        found.setdefault("".join(pieces))
    return tuple(found)[:count]


def picture(seed):
    pixels = np.random.default_rng(seed).integers(100, 200, (70, 90, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def film(seed):
    """A small film of nothing, none like another."""
    grey = np.random.default_rng(seed).normal(1500, 60, (96, 96)).astype(np.float32)
    return Radiograph(grey, (0.0, 4095.0), SpacingTags(imager_pixel_spacing=(0.2, 0.2)))


def run(*arguments, cwd):
    """Run the installed command as a user does, from inside the data."""
    command = [str(Path(sys.executable).parent / "cctrack"), *map(str, arguments)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=300, check=False
    )


def everything_in(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


@pytest.mark.parametrize("count", [len(NAMES), pytest.param(90, marks=FULL)])
def test_names_of_an_enemy_stay_inside_the_output_folder(tmp_path, count):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    written = 0
    for seed, name in enumerate(more_of(NAMES, count, 1)):
        try:
            (data / Path(f"{name}.png").name).write_bytes(picture(seed))
        except OSError:  # the file system takes no such name
            continue
        written += 1
    with zipfile.ZipFile(data / "members.zip", "w") as packed:
        for seed, name in enumerate(MEMBERS):
            packed.writestr(name, picture(1000 + seed))
    before = everything_in(tmp_path)
    done = run(
        "measure", data, "--modality", "photo", "--masks", "--overlays", "--out", out, cwd=data
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    new = everything_in(tmp_path) - before
    assert all(path.parts[0] == "out" for path in new)
    assert not Path("/tmp/cctrack-escape.png").exists()
    names = [path.name for path in (out / "masks").iterdir()]
    assert all(name.removesuffix(".mask.png").isalnum() for name in names)
    with (out / "refused.csv").open(encoding="utf-8", newline="") as stream:
        refused = list(csv.DictReader(stream))
    assert sum("members.zip" in row["source"] for row in refused) >= len(MEMBERS) - 1
    assert len(names) + len(refused) >= written


@pytest.mark.parametrize("count", [30, pytest.param(100, marks=FULL)])
def test_no_two_ids_of_an_enemy_become_one_patient(tmp_path, count):
    data = tmp_path / "data"
    data.mkdir()
    ids = more_of(IDS, count, 2)
    for number, patient in enumerate(ids):
        write_radiograph(data / f"{number}.dcm", film(number), DicomOptions(patient=patient))
    done = run("study", "new", tmp_path / "study", "--from", data, cwd=data)
    assert "Traceback" not in done.stderr
    with (tmp_path / "study" / "visits.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    people = {row["patient"] for row in rows} - {""}
    # Blanks around an id do not count in DICOM: "P1", "P1 " and "P1" with a line feed are one.
    assert len(people) >= len({patient.strip() for patient in ids})
    assert all(person.isalnum() for person in people)


@pytest.mark.parametrize("command", ["inspect", "measure"])
def test_modules_planted_among_the_images_are_never_run(tmp_path, command):
    data = tmp_path / "data"
    data.mkdir()
    for name in PLANTED:
        (data / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n")
    (data / "a.png").write_bytes(picture(1))
    more = ("--out", tmp_path / "out", "--modality", "photo") if command == "measure" else ()
    done = run(command, ".", *more, cwd=data)
    assert done.returncode in (0, 1), done.stderr
    assert not (tmp_path / "ran").exists()
