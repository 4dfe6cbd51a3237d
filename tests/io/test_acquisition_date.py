"""The day an image was taken, on which visits and months rest."""

from datetime import date

import pytest
from pydicom import Dataset

from cctrack.io.dicom_header import acquisition_date


def dated(**tags):
    dataset = Dataset()
    for name, value in tags.items():
        setattr(dataset, name, value)
    return acquisition_date(dataset)


def test_a_scan_that_was_converted_years_later_is_of_the_day_it_was_taken():
    assert dated(StudyDate="20050702", ContentDate="20190820") == date(2005, 7, 2)


def test_the_acquisition_date_wins_over_all_others():
    assert dated(StudyDate="20050702", AcquisitionDate="20050703") == date(2005, 7, 3)


def test_a_study_of_several_days_is_told_apart_by_its_series():
    assert dated(StudyDate="20050702", SeriesDate="20050703") == date(2005, 7, 3)


@pytest.mark.parametrize("odd", ["", "00000000", "20051399", "unknown"])
def test_a_date_that_is_none_gives_way_to_the_next(odd):
    assert dated(AcquisitionDate=odd, StudyDate="20050702") == date(2005, 7, 2)
    assert dated(AcquisitionDate=odd) is None
