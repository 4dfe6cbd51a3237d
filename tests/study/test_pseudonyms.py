"""A pseudonym is stable within a study, says nothing of the patient and needs the study's key."""

import stat

import pytest

from cctrack.errors import StudyError
from cctrack.study.pseudonyms import key_name, pseudonym, require_distinct, study_key


def test_a_patient_keeps_the_pseudonym_as_long_as_the_study_keeps_its_key(tmp_path):
    first = pseudonym(study_key(tmp_path), "patient")
    assert pseudonym(study_key(tmp_path), "patient") == first
    assert first.startswith("P")
    assert len(first) == 13


def test_two_studies_call_one_patient_by_different_names(tmp_path):
    keys = [study_key(tmp_path / name) for name in ("a", "b")]
    assert pseudonym(keys[0], "patient") != pseudonym(keys[1], "patient")
    assert key_name(keys[0]) != key_name(keys[1])


def test_only_its_owner_can_read_the_key(tmp_path):
    study_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "record" / "key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "record").iterdir()] == ["key"]


@pytest.mark.parametrize("content", ["", "not hexadecimal", "ab" * 31])
def test_a_damaged_key_is_never_replaced_by_a_new_one(tmp_path, content):
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "key").write_text(content, encoding="ascii")
    with pytest.raises(StudyError, match="record/key is damaged"):
        study_key(tmp_path)
    assert (tmp_path / "record" / "key").read_text(encoding="ascii") == content


def test_two_patients_who_share_a_pseudonym_are_noticed():
    require_distinct(["P1", "P2"])
    with pytest.raises(StudyError, match="share a pseudonym"):
        require_distinct(["P1", "P1"])
