"""Bar E1: every case of the guide's table is read right, or refused by the name the table gives.

What comes out is measured through the real reader: the volume of a sphere of 583.0 mm³, the area
of a rectangle of 32 mm². ``docs/reading.md`` holds the same cases; write its tables again with
``python tests/io/cases/table.py``.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cctrack.calibrate.detector import read_detector
from cctrack.io import Found, load, scan
from cctrack.model import Because, Ct, Mr, Radiograph, Read, Refused

WITHIN = 0.01
TRUTH_MM3 = 583.0


def _table():
    path = Path(__file__).parent / "cases" / "table.py"
    spec = spec_from_file_location("reading_table", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE = _table()
SPHERE = TABLE.load("sphere")
FILMS = TABLE.load("films")
CASES = TABLE.all_cases()
DIRECTIONS = {
    "CORONAL": SPHERE.CORONAL,
    "SAGITTAL": SPHERE.SAGITTAL,
    "TILT20": SPHERE.tilted(20),
}


@pytest.fixture
def tools(make):
    names = {name: value for name, value in vars(make).items() if not name.startswith("_")}
    return SimpleNamespace(**{**names, **{n: v for n, v in vars(SPHERE).items() if n[0] != "_"}})


def written(case, tools, folder):
    options = dict(case.options)
    if case.group == "films":
        files = [FILMS.film(tools, **options)]
        if case.change is not None:
            case.change(tools, files[0])
    else:
        if isinstance(options.get("directions"), str):
            options["directions"] = DIRECTIONS[options["directions"]]
        files = SPHERE.slices(tools, **options)
        if case.change is not None:
            files = case.change(tools, files) or files
    for number, file in enumerate(files):
        data = file if isinstance(file, bytes) else tools.dicom_bytes(file)
        (folder / f"IM{number:04d}").write_bytes(data)
    return folder


def outcomes(folder):
    """Images, and the refusals of what is no mere by-catch."""
    results = [load(item) if isinstance(item, Found) else item for item in scan([folder])]
    images = [result.image for result in results if isinstance(result, Read)]
    return images, [result for result in results if isinstance(result, Refused)]


def judged(image):
    """What the table says of an image: what it is measured in, and what is flagged."""
    flags = {str(flag) for flag in image.flags} - {"presentation"}
    if isinstance(image, Radiograph):
        scale, _ = read_detector(image.spacing)
        words = ["px"] if scale is None else ["mm2", str(scale.source)]
        return [*words, *sorted(flags)]
    if isinstance(image, Mr):
        return ["MR", "mm3", *sorted(flags)]
    if image.acquisition.kvp is None:
        flags.add("kvp_unknown")
    return ["mm3", *sorted(flags)]


def share_of_truth(image):
    """Measured size as a share of the true one."""
    if isinstance(image, Radiograph):
        bright = image.pixels > (image.pixels.min() + image.pixels.max()) / 2
        scale, _ = read_detector(image.spacing)
        if scale is None:
            return float(bright.sum()) / FILMS.RECTANGLE_PX
        return float(bright.sum() * np.prod(scale.mm)) / FILMS.RECTANGLE_MM2
    values = image.hu if isinstance(image, Ct) else image.values - 1024
    return SPHERE.volume_mm3(values, image.scale) / TRUTH_MM3


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.name}")
def test_it_is_measured_right_or_refused_by_name(case, tools, tmp_path):
    images, refused = outcomes(written(case, tools, tmp_path))
    if case.result in set(Because):
        assert not images, [share_of_truth(image) for image in images]
        assert case.result in {item.because for item in refused}
        assert all(len(item.detail) > 8 and "\n" not in item.detail for item in refused)
        return
    words = case.result.split()
    count = int(words.pop(0)) if words[0].isdigit() else 1
    assert len(images) == count, [item.detail for item in refused]
    shares = [share_of_truth(image) for image in images]
    if words == ["parts"]:
        assert sum(shares) == pytest.approx(1.0, rel=WITHIN)
        return
    assert [judged(image) for image in images] == [words] * count
    assert shares == pytest.approx([1.0] * count, rel=WITHIN)


def test_the_guide_holds_these_cases_and_no_others():
    guide = TABLE.GUIDE.read_text(encoding="utf-8")
    assert guide == TABLE.with_tables(guide)
    assert all(f"| {case.name} | {TABLE.in_words(case.result)} |" in guide for case in CASES)


def test_no_two_cases_have_one_name():
    names = [(case.group, case.name) for case in CASES]
    assert len(names) == len(set(names)) >= 40
