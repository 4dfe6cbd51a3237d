"""What is typed after --strokes, --finger and --review is what measuring gets."""

import json

import pytest

from cctrack.cli.main import build_parser
from cctrack.cli.options import compare_options, measure_options
from cctrack.errors import CctrackError
from cctrack.study.fingers import AUTO


def options_of(*typed):
    return measure_options(build_parser().parse_args(["measure", "in", "--out", "out", *typed]))


@pytest.fixture
def said(tmp_path):
    path = tmp_path / "said.json"
    path.write_text(json.dumps({"format": 1, "images": {"arm.png": {"edits": []}}}))
    return path


def test_nothing_typed_leaves_all_automatic():
    reader = options_of().reader
    assert (reader.strokes, reader.finger, reader.review) == (None, None, None)


def test_auto_seeks_the_finger_in_every_photo():
    assert options_of("--finger", "auto").reader.finger.others == AUTO


@pytest.mark.parametrize("option", ["strokes", "finger", "review"])
def test_a_file_is_read_for_the_images_it_names(said, option):
    file = getattr(options_of(f"--{option}", str(said)).reader, option)
    assert file.of(("0a1b2c3d4e5f", "arm.png")) == {"edits": []}
    assert file.of(("0a1b2c3d4e5f", "leg.png")) is None


@pytest.mark.parametrize("option", ["strokes", "finger", "review"])
def test_a_file_that_is_not_there_is_one_line(tmp_path, option):
    with pytest.raises(CctrackError, match=f"the {option} file must be JSON like"):
        options_of(f"--{option}", str(tmp_path / "none.json"))


def test_each_visit_may_have_its_own_strokes(said):
    typed = ["compare", "a", "b", "--out", "out", "--baseline-strokes", str(said)]
    options = compare_options(build_parser().parse_args(typed))
    assert options.baseline_strokes.of(("arm.png",)) == {"edits": []}
    assert options.followup_strokes is None
