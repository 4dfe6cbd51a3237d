"""Whose an image is: told by the hash of the patient's id, and never guessed."""

import numpy as np
import pytest

from cctrack.io import Found, scan
from cctrack.model import Because, Refused

LOW, HIGH = np.arange(0.0, 6.0), np.arange(6.0, 12.0)


@pytest.mark.parametrize("other", ["SOMEBODY-ELSE", None])
def test_slices_of_two_patients_in_one_series_are_no_volume(make, tmp_path, other):
    make.save_series([*make.ct_slices(LOW), *make.ct_slices(HIGH, PatientID=other)], tmp_path)
    (refused,) = scan([tmp_path])
    assert isinstance(refused, Refused)
    assert refused.because is Because.INCONSISTENT_SERIES
    assert len(refused.members) == 12


def test_one_id_given_by_two_hospitals_is_two_patients(make, tmp_path):
    make.save_series(make.ct_slices(LOW, IssuerOfPatientID="A"), tmp_path / "a")
    make.save_series(
        make.ct_slices(LOW, IssuerOfPatientID="B", SeriesInstanceUID="9"), tmp_path / "b"
    )
    found = [item for item in scan([tmp_path]) if isinstance(item, Found)]
    assert len({item.patient_key for item in found}) == 2


def test_an_empty_id_is_no_patient(make, tmp_path):
    make.save_series(make.ct_slices(LOW, PatientID="  "), tmp_path)
    (found,) = scan([tmp_path])
    assert found.patient_key == ""
    assert found.study_uid == "1.2.3.1"
