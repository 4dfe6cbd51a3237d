"""Studies come from a real server as they were stored, whole or not at all."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pydicom
import pytest

from cctrack.cli.main import main
from cctrack.io import Found, scan
from cctrack.io.pacs.folder import name_of
from cctrack.io.write_dicom import Compression
from cctrack.model import Because


def stored_bytes(folder):
    return {path.read_bytes() for path in folder.rglob("*.dcm")}


def measured_rows(path, out):
    main(["measure", str(path), "--out", str(out), "--jobs", "1", "--quiet"])
    with (out / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        # Where the file lies is all that may differ.
        del row["source"]
    return sorted(rows, key=lambda row: (row["image_id"], row["row_id"]))


@pytest.mark.usefixtures("signed_in")
def test_bar_r1_two_scans_stored_found_pulled_and_measured_are_the_same(
    orthanc, two_scans, pulling, tmp_path
):
    started = time.monotonic()
    for images in two_scans:
        orthanc.stow(images.files)
        assert pulling(orthanc.url, images.study, tmp_path / "pulled") == 0
        assert "CT" in pulling.out
        assert pulling.lines == []
    assert time.monotonic() - started < 30
    for images in two_scans:
        folder = tmp_path / "pulled" / name_of(images.study) / name_of(images.series)
        pulled = {path.name: path for path in folder.iterdir()}
        assert len(pulled) == len(images.instances) == 40
        for path, uid in zip(images.files, images.instances, strict=True):
            before, after = pydicom.dcmread(path), pydicom.dcmread(pulled[f"{name_of(uid)}.dcm"])
            assert np.array_equal(before.pixel_array, after.pixel_array)
        assert stored_bytes(folder) == {path.read_bytes() for path in images.files}
    images = two_scans[0]
    rows = measured_rows(images.folder, tmp_path / "original")
    assert float(next(row for row in rows if row["quantity"] == "volume")["value"]) > 0
    folder = tmp_path / "pulled" / name_of(images.study)
    assert measured_rows(folder, tmp_path / "again") == rows


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("compression", "seed"), [(Compression.JPEG2000, 6), (Compression.RLE, 7)], ids=str
)
def test_compressed_pixels_come_as_they_are_stored(
    orthanc, pulling, make, tmp_path, compression, seed
):
    images = make.write_noise_ct(tmp_path / "ct", seed=seed, compression=compression)
    orthanc.stow(images.files)
    assert pulling(orthanc.url, images.study, tmp_path / "out") == 0
    assert stored_bytes(tmp_path / "out") == {path.read_bytes() for path in images.files}


@pytest.mark.usefixtures("signed_in")
def test_a_second_pull_fetches_nothing_and_later_images_only(orthanc, pulling, make, tmp_path):
    images = make.write_noise_ct(tmp_path / "ct", slices=6, seed=8)
    orthanc.stow(images.files[:4])
    states = []
    for more in ([], [], images.files[4:]):
        if more:
            orthanc.stow(more)
        assert pulling(orthanc.url, images.study, tmp_path / "out", "--json") == 0
        state = json.loads(pulling.out)
        states.append((state["announced"], state["kept"], state["fetched"], state["complete"]))
    assert states == [(4, 0, 4, True), (4, 4, 0, True), (6, 4, 2, True)]
    assert stored_bytes(tmp_path / "out") == {path.read_bytes() for path in images.files}


@pytest.mark.usefixtures("signed_in")
def test_only_the_series_asked_for_comes(orthanc, pulling, make, tmp_path):
    wanted, other = (make.write_noise_ct(tmp_path / name, seed=9) for name in ("a", "b"))
    other = make.in_study(other, wanted.study)
    orthanc.stow([*wanted.files, *other.files])
    more = ("--series-uid", wanted.series)
    assert pulling(orthanc.url, wanted.study, tmp_path / "out", *more) == 0
    assert stored_bytes(tmp_path / "out") == {path.read_bytes() for path in wanted.files}
    assert pulling(orthanc.url, wanted.study, tmp_path / "out", "--series-uid", "1.2.3") == 1
    assert pulling.lines == ["cctrack: series 1.2.3: in none of the studies"]


@pytest.mark.usefixtures("signed_in")
def test_an_unknown_study_is_one_line_and_the_others_still_come(orthanc, pulling, make, tmp_path):
    images = make.write_noise_ct(tmp_path / "ct", seed=10)
    orthanc.stow(images.files)
    assert pulling(orthanc.url, "1.2.3", tmp_path / "out", "--study-uid", images.study) == 1
    assert pulling.lines == ["cctrack: study 1.2.3: the server knows no such study"]
    assert len(stored_bytes(tmp_path / "out")) == len(images.files)


def test_a_wrong_password_is_one_line_that_does_not_repeat_it(
    orthanc, pulling, monkeypatch, tmp_path
):
    monkeypatch.setenv("CCTRACK_PACS_USER", "reader")
    monkeypatch.setenv("CCTRACK_PACS_PASSWORD", "wrong-password")
    assert pulling(orthanc.url, "1.2.3", tmp_path / "out") == 1
    assert pulling.lines == ["cctrack: the server did not accept the credential (401)"]
    monkeypatch.delenv("CCTRACK_PACS_PASSWORD")
    assert pulling(orthanc.url, "1.2.3", tmp_path / "out") == 1
    assert "asks for a credential" in pulling.lines[0]


def test_a_pull_killed_at_any_point_is_resumed_and_nothing_partial_is_measured(
    serve, make, tmp_path, pulling
):
    running = serve(images=make.write_noise_ct(tmp_path / "ct", slices=12, seed=11))
    images, out = running.pacs.images, tmp_path / "out"
    chance = np.random.default_rng(3)
    victims = [str(uid) for uid in chance.choice(images.instances, size=3, replace=False)]
    for victim in victims:
        killed_at(victim, running, out)
        assert not any(isinstance(item, Found) for item in scan([out]))
        assert {item.because for item in scan([out])} <= {
            Because.INCOMPLETE_TRANSFER,
            Because.EMPTY,
            Because.NOT_FOUND,
        }
    there = {path.name for path in out.rglob("*.dcm")}
    running.pacs.asked.clear()
    assert pulling(running.url, images.study, out) == 0
    missing = {uid for uid in images.instances if f"{name_of(uid)}.dcm" not in there}
    fetched = {path.rsplit("/", 1)[-1].split("?")[0] for path in running.pacs.asked}
    assert fetched & set(images.instances) == missing
    assert stored_bytes(out) == {path.read_bytes() for path in images.files}
    assert not list(out.rglob("*.incomplete"))
    assert not list(out.rglob("*.part"))


def killed_at(uid, running, out):
    """Start a pull in another process and end it the hard way while it fetches an instance."""
    program = [sys.executable, "-c", "from cctrack.cli.main import main; main()"]
    arguments = ["pull", running.url, "--study-uid", running.pacs.images.study, "--out", str(out)]
    process = subprocess.Popen(program + arguments, stderr=subprocess.DEVNULL)

    def kill(request):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        request.close_connection = True

    running.pacs.answers[uid] = kill
    try:
        process.wait(30)
    finally:
        del running.pacs.answers[uid]
