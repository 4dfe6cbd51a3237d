"""Bar D1: what is written conforms, and programs of others read the same numbers out of it."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from exchanged import CASES, SAMPLE

from cctrack.model import Flag, SliceExtents

WITHIN = 1e-3


def test_bar_d1_there_are_twenty_cases():
    assert len(CASES) >= 20
    assert set(SAMPLE) < set(CASES)


def test_bar_d1_no_error_in_any_file(written, tools):
    assert len(written.files) >= 2
    for path in written.files:
        assert tools.dciodvfy_errors(path) == []


def test_bar_d1_dcmtk_reads_the_report(written, tools):
    done = tools.run("dsrdump", written.file("sr"))
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if "VR checker" not in line]
    assert "".join(lines).strip() == ""
    for words in ("PRELIMINARY", "UNVERIFIED", "Research use only"):
        assert words in done.stdout


def test_bar_d1_dcmqi_reads_the_numbers_of_the_table(written, tools, tmp_path):
    groups = tools.dcmqi_report(written.file("sr"), tmp_path)
    size = "Volume" if written.measured.outline.labels.ndim == 3 else "Area"
    lesions = written.measured.outline.lesions
    assert set(groups) == {"total", *(f"L{lesion}" for lesion in lesions)}
    for lesion in (0, *lesions):
        name = f"L{lesion}" if lesion else "total"
        assert groups[name][size] == pytest.approx(written.value(lesion), rel=WITHIN)
    assert written.value(0) > 0


def test_bar_d1_highdicom_reads_the_numbers_of_the_table(written):
    from highdicom.sr import ComprehensiveSR

    report = ComprehensiveSR.from_dataset(pydicom.dcmread(written.file("sr"))).content
    groups = [
        *report.get_planar_roi_measurement_groups(),
        *report.get_volumetric_roi_measurement_groups(),
        *report.get_image_measurement_groups(),
    ]
    read = {group.tracking_identifier: group for group in groups}
    for lesion in written.measured.outline.lesions:
        first = read[f"L{lesion}"].get_measurements()[0]
        assert first.value == pytest.approx(written.value(lesion), rel=WITHIN)
        assert read[f"L{lesion}"].tracking_uid == written.written.tracking.uid_of(lesion)
    assert read["total"].get_measurements()[0].value == pytest.approx(written.value(0), rel=WITHIN)


def test_bar_d1_highdicom_reads_every_pixel_where_it_was(written):
    from highdicom.seg import Segmentation

    seg = Segmentation.from_dataset(pydicom.dcmread(written.file("seg")))
    labels = written.measured.outline.labels
    planes = labels if labels.ndim == 3 else labels[None]
    uids = [item.header.SOPInstanceUID for item in written.written.source.slices]
    frames = [item.frame for item in written.written.source.slices]
    if frames[0] is None:
        read = seg.get_pixels_by_source_instance(uids, ignore_spatial_locations=True)
    else:
        read = seg.get_pixels_by_source_frame(
            uids[0],
            frames,
            ignore_spatial_locations=True,
            assert_missing_frames_are_empty=True,
        )
    numbers = {item.lesion: item.number for item in written.written.seg.segments.values()}
    for lesion in written.measured.outline.lesions:
        assert np.array_equal(read[..., numbers[lesion] - 1] > 0, planes == lesion)
        description = seg.get_segment_description(numbers[lesion])
        assert description.segment_label == description.tracking_id == f"L{lesion}"


def test_bar_d1_dcmqi_reads_volumes_or_refuses_what_it_cannot_hold(written, tools, tmp_path):
    outline, scale = written.measured.outline, written.measured.image.scale
    volumes = tools.dcmqi_volumes(written.file("seg"), tmp_path / "itk")
    if outline.labels.ndim == 2 or isinstance(scale, SliceExtents):
        # It knows neither films nor uneven slices; it must not make numbers up.
        assert volumes is None
        return
    if Flag.GANTRY_TILT in written.measured.image.flags and not volumes:
        return  # It cannot hold a shear either, and reads only some.
    sizes = np.broadcast_to(scale.pixel_sizes(outline.labels.shape), outline.labels.shape)
    for lesion, segment in written.written.seg.segments.items():
        count, mm3 = volumes[segment.number]
        assert count == int((outline.labels == lesion).sum())
        assert mm3 == pytest.approx(float(sizes[outline.labels == lesion].sum()), rel=WITHIN)


def comments(path):
    return [str(item.value) for item in pydicom.dcmread(path).iterall() if item.VR == "UT"]


def test_a_report_says_how_the_scale_is_known_and_what_to_beware_of(tools, tmp_path):
    said = {}
    for name in ("xray CR at the detector", "photo without a scale", "ct uneven slices"):
        (tmp_path / name).mkdir()
        done = tools.exchange(CASES[name](tmp_path / name), tmp_path / name)
        said[name] = " ".join(comments(done.file("sr")))
    assert "Scale: detector." in said["xray CR at the detector"]
    assert "presentation" in said["xray CR at the detector"]
    assert "No scale: sizes are in pixels." in said["photo without a scale"]
    assert "no_scale" in said["photo without a scale"]
    assert "uneven_slices" in said["ct uneven slices"]


def test_an_image_without_deposits_gets_a_report_and_no_segmentation(tools, tmp_path):
    for name in ("ct axial", "photo with a scale"):
        folder = tmp_path / name
        folder.mkdir()
        case = CASES[name](folder)
        nothing = np.zeros_like(case.labels)
        done = tools.exchange(replace(case, labels=nothing), folder)
        assert not done.file("seg").exists()
        for path in done.files:
            assert tools.dciodvfy_errors(path) == []
        assert tools.run("dsrdump", done.file("sr")).returncode == 0
        (group,) = tools.dcmqi_report(done.file("sr"), folder).values()
        assert group["Area" if "photo" in name else "Volume"] == 0
        assert group["Number of deposits"] == 0
