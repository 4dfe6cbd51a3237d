"""Files that share one SOP Instance UID are compared once each, however many there are."""

import numpy as np

from cctrack.io import Found, copies, scan
from cctrack.model import Because


def test_a_series_whose_slices_were_all_given_one_uid_is_refused_soon(make, tmp_path, monkeypatch):
    slices = make.ct_slices(np.arange(40.0), SOPInstanceUID="1.2.9")
    for number, dataset in enumerate(slices):
        dataset.save_as(tmp_path / f"{number:02}.dcm")
    decoded = []
    decode = copies.image_of
    monkeypatch.setattr(copies, "image_of", lambda member: decoded.append(member) or decode(member))
    (outcome,) = scan([tmp_path])
    assert not isinstance(outcome, Found)
    assert outcome.because is Because.DUPLICATE
    assert len(decoded) == len(slices)
