"""Who was imaged when: images of an export sorted by patient and visit, nobody ever merged."""

from datetime import date
from pathlib import Path

import pytest

from cctrack.io import Found, Kind, Member
from cctrack.io.found import Technique
from cctrack.model import (
    AxisScale,
    Because,
    Flag,
    Modality,
    Refused,
    ScaleSource,
    SpacingTags,
)
from cctrack.study.listing import group_images, group_refused, image_row, totals


def image(source, modality=Modality.CT, **fields):
    kinds = {Modality.PHOTO: Kind.PICTURE, Modality.XRAY: Kind.PROJECTION, None: Kind.PICTURE}
    return Found(
        modality=modality,
        source=source,
        kind=kinds.get(modality, Kind.SERIES),
        members=(Member(source, Path(source), (), 1000),),
        rows=4,
        columns=5,
        **fields,
    )


def visits(group):
    return {item.found.source: (item.visit, item.days) for item in group.images}


def test_images_of_one_day_are_one_visit_whatever_their_study():
    (group,) = group_images(
        [
            image("ct", patient_key="a", study_uid="1", acquired=date(2020, 3, 1)),
            image("film", Modality.XRAY, patient_key="a", study_uid="2", acquired=date(2020, 3, 1)),
            image("later", patient_key="a", study_uid="3", acquired=date(2021, 3, 1)),
        ]
    )
    assert visits(group) == {"ct": (1, 0), "film": (1, 0), "later": (2, 365)}
    assert group.visits == 2


def test_visits_are_numbered_by_date_not_by_the_order_found():
    (group,) = group_images(
        [
            image("second", patient_key="a", acquired=date(2021, 1, 1)),
            image("first", patient_key="a", acquired=date(2020, 1, 1)),
        ]
    )
    assert [item.found.source for item in group.images] == ["first", "second"]


def test_two_patients_are_never_one_even_in_one_study_on_one_day():
    groups = group_images(
        [
            image("a", patient_key="a", study_uid="1", acquired=date(2020, 1, 1)),
            image("b", patient_key="b", study_uid="1", acquired=date(2020, 1, 1)),
        ]
    )
    assert [group.patient for group in groups] == ["a", "b"]


def test_without_a_patient_id_a_study_is_the_most_that_holds_images_together():
    groups = group_images(
        [
            image("one", study_uid="1", acquired=date(2020, 1, 1)),
            image("two", study_uid="1", acquired=date(2020, 1, 1)),
            image("other", study_uid="2", acquired=date(2020, 1, 1)),
        ]
    )
    assert [len(group.images) for group in groups] == [2, 1]
    assert {group.visits for group in groups} == {0}


def test_photos_say_nothing_of_a_patient_and_claim_no_visit():
    (group,) = group_images(
        [
            image("anna/1.jpg", Modality.PHOTO, acquired=date(2020, 1, 1)),
            image("bert/1.jpg", Modality.PHOTO, acquired=date(2020, 1, 1)),
        ]
    )
    assert (group.patient, group.study, group.visits) == ("", "", 0)
    assert set(visits(group).values()) == {(None, None)}


def test_an_image_without_a_date_is_in_no_visit_and_comes_last():
    (group,) = group_images(
        [image("undated", patient_key="a"), image("z", patient_key="a", acquired=date(2020, 1, 1))]
    )
    assert visits(group) == {"z": (1, 0), "undated": (None, None)}
    assert group.images[-1].found.source == "undated"


@pytest.mark.parametrize(
    ("tags", "source", "flags"),
    [
        (SpacingTags(imager_pixel_spacing=(0.14, 0.14)), "detector", set()),
        (
            SpacingTags(imager_pixel_spacing=(0.14, 0.14), magnification=1.1),
            "detector_magnification_corrected",
            set(),
        ),
        (
            SpacingTags((0.13, 0.13), (0.14, 0.14), calibration_type="FIDUCIAL"),
            "calibrated",
            set(),
        ),
        (
            SpacingTags(pixel_spacing=(0.14, 0.14)),
            "unknown_calibration",
            {Flag.UNKNOWN_CALIBRATION},
        ),
        (SpacingTags(pixel_spacing=(0.0, 0.0)), "", {Flag.NO_SCALE, Flag.BAD_SPACING}),
        (SpacingTags(), "", {Flag.NO_SCALE}),
    ],
)
def test_a_radiograph_is_listed_with_the_scale_that_measuring_uses(tags, source, flags):
    film = image("film", Modality.XRAY, patient_key="a", technique=Technique(spacing=tags))
    ((listed,),) = [group.images for group in group_images([film])]
    row = image_row(listed)
    assert row["scale_source"] == source
    assert (row["scale_mm"] == "") == (source == "")
    assert listed.flags - {Flag.PRESENTATION} == flags


def test_a_ct_is_listed_with_the_scale_of_its_slice_positions():
    scale = AxisScale((3.0, 0.7, 0.8), ScaleSource.SLICE_POSITIONS)
    ((listed,),) = [group.images for group in group_images([image("ct", scale=scale)])]
    row = image_row(listed)
    assert (row["scale_mm"], row["scale_source"]) == ("0.7 x 0.8 x 3", "slice_positions")


def test_a_uid_that_is_text_is_not_repeated():
    odd = image("ct", study_uid="Somebody", series_uid="1.2.3", patient_key="a")
    ((listed,),) = [group.images for group in group_images([odd])]
    assert image_row(listed)["study"] == ""
    assert image_row(listed)["series"] == "1.2.3"


def test_refusals_of_one_folder_and_reason_are_one_line():
    refused = [
        *(Refused(f"cd!a/{number}.txt", Because.NOT_AN_IMAGE, "text") for number in range(5)),
        Refused("cd!b/1.txt", Because.NOT_AN_IMAGE, "text"),
        Refused("cd!a/2.dcm", Because.EMPTY, "0 bytes"),
        Refused("cd!pet", Because.UNSUPPORTED_MODALITY, "PT", ("cd!pet/1", "cd!pet/2")),
        Refused("x.txt", Because.NOT_AN_IMAGE, "text"),
        Refused("y.txt", Because.NOT_AN_IMAGE, "text"),
    ]
    assert [(item.source, item.files) for item in group_refused(refused)] == [
        ("cd!a", 5),
        ("cd!a/2.dcm", 1),
        ("cd!b/1.txt", 1),
        ("cd!pet", 2),
        ("x.txt and others", 2),
    ]


def test_the_totals_are_one_sentence():
    groups = group_images(
        [
            image("a", patient_key="a", acquired=date(2020, 1, 1)),
            image("b", patient_key="b", acquired=date(2020, 1, 1)),
            image("c", Modality.XRAY, patient_key="b", acquired=date(2021, 1, 1)),
            image("d", Modality.PHOTO),
        ]
    )
    refused = [Refused("e", Because.EMPTY, ""), Refused("f", Because.DERIVED, "", ("f1", "f2"))]
    assert totals(groups, refused) == (
        "2 patients, 3 visits, 2 CT series, 1 radiograph, 1 photo; 3 files refused"
    )
    assert totals((), ()) == "no image"
