"""Whatever is thrown together: every file is in exactly one image or one refusal, never in two."""

import io
import warnings
import zipfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.fileset import FileSet

from cctrack.io import Found, scan
from cctrack.model import Because

HEIGHTS = np.arange(4.0)


def picture(seed):
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=0)
    return stream.getvalue()


def slices(make, series):
    made = make.ct_slices(HEIGHTS, SeriesInstanceUID=series, StudyTime="1", StudyID="1")
    for number, dataset in enumerate(made, start=1):
        dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    return made


@pytest.fixture
def contents(make, tmp_path):
    """Bytes of all kinds of files, and an index of a disc that holds the first series."""
    one, two = slices(make, "7"), slices(make, "8")
    index = FileSet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dataset in one:
            index.add(dataset)
        index.write(tmp_path / "disc")
    film = make.blank_dicom("DX", np.arange(40 * 30, dtype=np.uint16).reshape(40, 30))
    report = make.blank_dicom("SR", np.zeros((8, 8), dtype=np.uint16))
    return [
        *map(make.dicom_bytes, [*one, *two, film, report]),
        (tmp_path / "disc" / "DICOMDIR").read_bytes(),
        make.dicom_bytes(film)[:-30],
        *(picture(seed) for seed in range(3)),
        picture(0)[:300],
        b"notes",
        b"",
    ]


WAYS = ("", "a/", "a/b/")
PACKED = ("disk", "one.zip", "two.zip", "two.zip!in/three.zip")

pieces = st.tuples(st.integers(0, 17), st.sampled_from(WAYS), st.sampled_from(PACKED))


def lay_out(root, contents, drawn):
    """Write the drawn files into folders, archives and an archive in an archive; their names."""
    streams = {name: io.BytesIO() for name in PACKED[1:]}
    archives = {name: zipfile.ZipFile(stream, "w") for name, stream in streams.items()}
    names = []
    for number, (which, way, where) in enumerate(drawn):
        inside = f"{way}F{number}" + (".mask.png" if number % 11 == 10 else "")
        if where == "disk":
            path = root / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[which])
            names.append(inside)
        else:
            archives[where].writestr(inside, contents[which])
            names.append(f"{where}!{inside}")
    held = {where for _, _, where in drawn}
    archives[PACKED[3]].close()
    if PACKED[3] in held:
        archives["two.zip"].writestr("in/three.zip", streams[PACKED[3]].getvalue())
    for name in PACKED[1:3]:
        archives[name].close()
        if name in held or (name == "two.zip" and PACKED[3] in held):
            (root / name).write_bytes(streams[name].getvalue())
    return names


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(pieces, min_size=1, max_size=25))
def test_nothing_is_unmentioned_and_nothing_is_told_twice(drawn, contents, tmp_path_factory):
    root = tmp_path_factory.mktemp("export")
    names = lay_out(root, contents, drawn)
    told = Counter()
    for outcome in scan([root]):
        if isinstance(outcome, Found):
            told.update(outcome.member_names)
        elif outcome.because is not Because.NOT_FOUND:
            told.update(outcome.members or [outcome.source])
    assert told == Counter(names)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(pieces, min_size=1, max_size=15))
def test_the_same_folder_twice_adds_no_image(drawn, contents, tmp_path_factory):
    root = tmp_path_factory.mktemp("export")
    lay_out(root, contents, drawn)
    once = [item for item in scan([root]) if isinstance(item, Found)]
    twice = [item for item in scan([root, root]) if isinstance(item, Found)]
    assert Counter(item.source for item in once) == Counter(item.source for item in twice)


def test_a_link_that_leads_to_itself_hides_nothing_that_lies_beside_it(tmp_path):
    for name in ("a.png", "z.png"):
        (tmp_path / name).write_bytes(picture(ord(name[0])))
    (tmp_path / "itself").symlink_to("itself")
    outcomes = {item.source: item for item in scan([tmp_path])}
    assert set(outcomes) == {"a.png", "itself", "z.png"}
    assert outcomes["itself"].because is Because.UNREADABLE_PIXELS
