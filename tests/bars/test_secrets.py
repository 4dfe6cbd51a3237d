"""No name, note, place or file name of a patient gets into what the program writes or says."""

import csv
import os
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
from exchanged import CASES
from planting import found_in, plant_in_dicom, plant_in_photo

from cctrack.cli.main import main

FOLDER, FILE = "Zs700Q Erika", "Zs701Q hand"
NAMES = {"folder": "Zs700Q", "file": "Zs701Q", "archive": "Zs702Q"}
IMAGES = {
    "photo": ("photo with a scale", plant_in_photo),
    "xray": ("xray DX calibrated", plant_in_dicom),
    "ct": ("ct axial", plant_in_dicom),
}


SOME = [
    "photo",
    pytest.param("xray", marks=pytest.mark.bars),
    pytest.param("ct", marks=pytest.mark.bars),
]
"""Photos in every run, all with `make bars`."""


@pytest.fixture(params=SOME)
def export(request, tmp_path):
    """A folder with one image full of secrets, and the secrets by their place."""
    case, plant = IMAGES[request.param]
    made = tmp_path / "made"
    made.mkdir()
    path = CASES[case](made).path
    secrets = plant(path)
    assert len(secrets) >= 60
    inside = [path] if path.is_file() else sorted(path.iterdir())
    assert len(found_in(inside, secrets)) >= 60
    folder = tmp_path / "export" / FOLDER
    folder.mkdir(parents=True)
    path.rename(folder / f"{FILE}{path.suffix}")
    return request.param, tmp_path / "export", secrets | NAMES


@pytest.fixture
def told(tmp_path, capfd):
    """Run commands; gather what they say in a file."""
    log = tmp_path / "log.txt"

    def run(*words):
        status = main([str(word) for word in words])
        said = capfd.readouterr()
        with log.open("a", encoding="utf-8") as stream:
            stream.write(said.out + said.err)
        assert status in (0, 1), said.err

    run.log = log
    return run


def files_in(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def kept_apart(path):
    """Whether a file is one of those that map an image's id to its place, for the owner alone."""
    return path.name == "sources.csv" or "sources" in path.parts


def leaks(folder, secrets):
    """Secrets in what anybody may see of a folder; what is kept apart is the owner's alone."""
    files = files_in(folder)
    assert files
    apart = [path for path in files if kept_apart(path)]
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in apart} <= {0o600}
    return found_in([path for path in files if path not in apart], secrets)


def test_sixty_secrets_and_the_files_names_stay_out_of_a_measurement(export, told, tmp_path):
    modality, data, secrets = export
    told("inspect", data, "--json")
    # A look at one's own files says where they are; nothing that is written in them.
    assert found_in([told.log], secrets) <= set(NAMES)
    told.log.unlink()
    out = tmp_path / "out"
    more = ("--pseudonymous", "--masks", "--overlays", "--seg")
    known = () if modality == "ct" else ("--modality", modality)
    told("measure", data, *known, *more, "--out", out)
    assert leaks(out, secrets) == set()
    assert found_in([told.log], secrets) == set()


def test_sixty_secrets_and_the_files_names_stay_out_of_a_study(export, told, tmp_path):
    modality, data, secrets = export
    root = tmp_path / "study"
    told("study", "new", root, "--from", data, "--patient", "one", "--site", "forearm")
    # Says which lines of visits.csv stand for which of one's own files; nothing written in them.
    assert found_in([told.log], secrets) <= set(NAMES)
    told.log.unlink()
    complete(root / "visits.csv", modality)
    told("study", "run", root)
    told("study", "status", root)
    told("study", "report", root, "--figures")
    told("study", "export", root, "--out", tmp_path / "tables", "--format", "xlsx")
    told("study", "dicom", root, "--out", tmp_path / "dicom")
    assert leaks(root, secrets) == set()
    assert leaks(tmp_path / "dicom", secrets) == set()
    assert leaks(tmp_path / "tables", secrets) == set()
    assert found_in([told.log], secrets) == set()


def complete(visits, modality):
    """Fill in what `study new` could not know."""
    with visits.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 1
    rows[0] |= {"acquired": "2024-05-01", "modality": modality}
    with visits.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
