"""A sphere of 583 mm³, written as scanners and exports write it, and as they should not."""

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.io import Found, load, read_one, scan
from cctrack.model import AxisScale, Because, Ct, Flag, Read, Refused, SliceExtents

TRUTH_MM3 = 583.0
EVEN = np.arange(-10.0, 11.0)


def volume_mm3(ct):
    """Calcium volume as share of 1000 HU per voxel, padding and air counting nothing."""
    share = np.clip(ct.hu, 0, None) / 1000.0
    return float((share * ct.scale.pixel_sizes(ct.shape)).sum())


def refusals(folder):
    return [result for result in scan([folder]) if isinstance(result, Refused)]


def only_refusal(folder):
    results = list(scan([folder]))
    outcomes = [load(item) if isinstance(item, Found) else item for item in results]
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], Refused)
    return outcomes[0]


def test_an_even_series_gives_the_volume_of_the_sphere(make, tmp_path):
    ct = read_one(make.save_series(make.ct_slices(EVEN), tmp_path))
    assert isinstance(ct, Ct)
    assert isinstance(ct.scale, AxisScale)
    assert ct.scale.mm == pytest.approx((1.0, 1.0, 1.0))
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert ct.acquisition.kvp == 120
    assert ct.acquisition.kernel == "B30f"
    assert ct.acquired is not None


def test_file_names_in_any_order_give_the_same_volume(make, tmp_path):
    shuffled = make.ct_slices(EVEN)[::-1]
    ct = read_one(make.save_series(shuffled[::2] + shuffled[1::2], tmp_path))
    assert np.array_equal(ct.hu, make.sphere_hu(EVEN))


@pytest.mark.parametrize("thickness", ["2.5", "0.8", None])
def test_positions_win_over_the_slice_thickness_of_the_header(make, tmp_path, thickness):
    slices = make.ct_slices(EVEN, SliceThickness=thickness, SpacingBetweenSlices="2.5")
    ct = read_one(make.save_series(slices, tmp_path))
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)


def test_a_missing_slice_is_refused(make, tmp_path):
    slices = make.ct_slices(EVEN)
    refused = only_refusal(make.save_series(slices[:9] + slices[10:], tmp_path))
    assert refused.because is Because.MISSING_SLICES
    assert len(refused.members) == len(EVEN) - 1


def test_three_missing_slices_in_a_row_are_refused(make, tmp_path):
    slices = make.ct_slices(EVEN)
    refused = only_refusal(make.save_series(slices[:5] + slices[8:], tmp_path))
    assert refused.because is Because.MISSING_SLICES
    assert "3 missing" in refused.detail


@pytest.mark.parametrize("gap", [1.6, 2.5, 3.4, 7.5])
@pytest.mark.parametrize("at", [1, 9, 20])
def test_one_hole_among_even_slices_is_refused_whatever_its_width(make, tmp_path, gap, at):
    heights = np.where(np.arange(21) < at, EVEN, EVEN + gap - 1)
    refused = only_refusal(make.save_series(make.ct_slices(heights), tmp_path))
    assert refused.because is Because.MISSING_SLICES


def test_blocks_of_three_spacings_are_read_as_in_a_head_scan(make, tmp_path):
    gaps = [1.08] * 8 + [4.0] * 4 + [7.0] * 3
    heights = np.cumsum([-6.0, *gaps])
    slices = make.ct_slices(heights, SliceThickness=None)
    ct = read_one(make.save_series(slices, tmp_path))
    assert isinstance(ct.scale, SliceExtents)
    assert ct.scale.extents_mm == pytest.approx([1.08] * 8 + [2.54] + [4.0] * 3 + [5.5] + [7.0] * 3)


def test_uneven_slices_each_count_with_their_own_extent(make, tmp_path):
    heights = np.cumsum([-12.0, 1.08, 1.08, 1.3, 1.08, 1.3, 0.9] + [1.08, 1.6, 0.9, 1.3] * 4)
    ct = read_one(make.save_series(make.ct_slices(heights), tmp_path))
    assert isinstance(ct.scale, SliceExtents)
    assert Flag.UNEVEN_SLICES in ct.flags
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.02)


def test_thin_and_thick_blocks_made_on_purpose_are_read(make, tmp_path):
    heights = np.concatenate([np.arange(-10, 0.1, 0.5), np.arange(1.0, 10.1, 1.0)])
    slices = make.ct_slices(heights)
    for height, dataset in zip(heights, slices, strict=True):
        dataset.SliceThickness = "0.5" if height <= 0 else "1.0"
    ct = read_one(make.save_series(slices, tmp_path))
    assert isinstance(ct.scale, SliceExtents)
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)


def test_slices_that_leave_most_tissue_unseen_are_refused(make, tmp_path):
    heights = np.arange(-50.0, 51.0, 10.0)
    refused = only_refusal(make.save_series(make.ct_slices(heights), tmp_path))
    assert refused.because is Because.MISSING_SLICES


def test_a_gantry_tilt_of_20_degrees_keeps_the_volume(make, tmp_path):
    tilt = np.radians(20)
    table = np.arange(-11.0, 11.5, 1.0)
    along_rows = np.array([0, np.cos(tilt), -np.sin(tilt)])
    normal = np.cross([1, 0, 0], along_rows)
    hu = []
    slices = []
    for z in table:
        # The table moves along z; the sphere's centre lies in this slice's own frame.
        height = float(np.array([0, 0, z]) @ normal)
        offset = float(np.array([0, 0, -z]) @ along_rows)
        hu.append(_tilted_slice(height, offset))
        corner = np.array([-12.0, 0, z]) - 20 * along_rows
        slices.append(
            make.ct_slices(
                np.array([0.0]),
                hu[-1][None],
                ImagePositionPatient=[f"{value:.5f}" for value in corner],
                ImageOrientationPatient=["1", "0", "0", *(f"{value:.6f}" for value in along_rows)],
            )[0]
        )
    ct = read_one(make.save_series(slices, tmp_path))
    assert Flag.GANTRY_TILT in ct.flags
    assert ct.scale.mean_mm[0] == pytest.approx(np.cos(tilt), rel=1e-3)
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)
    # The affine carries the shear: the sphere's centre of mass comes out at the origin.
    weights = np.clip(ct.hu, 0, None)
    index = [float((axis * weights).sum() / weights.sum()) for axis in np.indices(ct.shape)]
    assert ct.affine @ np.array([*index, 1.0]) == pytest.approx([0, 0, 0, 1], abs=0.6)


def _tilted_slice(height_mm, offset_mm, shape=(40, 24), radius_mm=5.1822):
    fine = 8
    rows = (np.arange(shape[0] * fine) + 0.5) / fine - 20 - offset_mm
    columns = (np.arange(shape[1] * fine) + 0.5) / fine - 12
    inside = rows[:, None] ** 2 + columns[None, :] ** 2 + height_mm**2 < radius_mm**2
    share = inside.reshape(shape[0], fine, shape[1], fine).mean(axis=(1, 3))
    return np.rint(1000 * share).astype(np.int16)


def test_the_affine_puts_a_voxel_where_the_patient_has_it(make, tmp_path):
    slices = make.ct_slices(
        EVEN,
        PixelSpacing=["0.8", "0.5"],
        ImageOrientationPatient=["0", "1", "0", "0", "0", "-1"],
    )
    for number, dataset in enumerate(slices):
        dataset.ImagePositionPatient = [f"{10 - 2 * number}", "20", "30"]
    ct = read_one(make.save_series(slices, tmp_path))
    # Sagittal: columns run to the back (+y), rows to the feet (-z), the normal to the right (-x).
    assert ct.affine @ (3, 0, 0, 1) == pytest.approx([4, 20, 30, 1])
    assert ct.affine @ (0, 5, 0, 1) == pytest.approx([10, 20, 26, 1])
    assert ct.affine @ (0, 0, 4, 1) == pytest.approx([10, 22, 30, 1])
    assert ct.scale.mm == pytest.approx((2.0, 0.8, 0.5))
    assert np.array_equal(ct.hu, make.sphere_hu(EVEN))


@pytest.mark.parametrize("signed", [True, False])
def test_bits_above_the_stored_ones_are_no_density(make, tmp_path, signed):
    slices = make.ct_slices(EVEN, BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    offset = 0 if signed else 1024
    for dataset, hu in zip(slices, make.sphere_hu(EVEN), strict=True):
        stored = (hu.astype(np.int32) + offset) & 0x0FFF
        dataset.PixelData = (stored | 0x5000).astype(np.uint16).tobytes()
        dataset.RescaleIntercept = str(-offset)
    assert np.array_equal(read_one(make.save_series(slices, tmp_path)).hu, make.sphere_hu(EVEN))


def test_an_exact_duplicate_slice_is_counted_once_and_named(make, tmp_path):
    slices = make.ct_slices(EVEN)
    folder = make.save_series([*slices, slices[10]], tmp_path)
    assert volume_mm3(read_one_with_refusals(folder)) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert [item.because for item in refusals(folder)] == [Because.DUPLICATE]


def read_one_with_refusals(folder):
    (found,) = (item for item in scan([folder]) if isinstance(item, Found))
    outcome = load(found)
    assert isinstance(outcome, Read)
    return outcome.image


def test_one_slice_stored_twice_under_two_uids_is_counted_once(make, tmp_path):
    slices = make.ct_slices(EVEN)
    again = make.ct_slices(EVEN)[10]
    ct = read_one(make.save_series([*slices, again], tmp_path))
    assert ct.shape[0] == len(EVEN)
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert len(ct.provenance.members) == len(EVEN) + 1


def test_two_different_slices_at_one_place_are_refused(make, tmp_path):
    slices = make.ct_slices(EVEN)
    other = make.ct_slices(EVEN, make.sphere_hu(EVEN) // 2)[10]
    refused = only_refusal(make.save_series([*slices, other], tmp_path))
    assert refused.because is Because.DUPLICATE


def test_two_different_files_under_one_uid_are_refused(make, tmp_path):
    slices = make.ct_slices(EVEN)
    other = make.ct_slices(EVEN, make.sphere_hu(EVEN) // 2)[10]
    other.SOPInstanceUID = slices[10].SOPInstanceUID
    other.file_meta.MediaStorageSOPInstanceUID = slices[10].SOPInstanceUID
    refused = only_refusal(make.save_series([*slices, other], tmp_path))
    assert refused.because is Because.DUPLICATE
    assert len(refused.members) == len(EVEN) + 1


def test_two_acquisitions_in_one_series_are_two_images(make, tmp_path):
    plain = make.ct_slices(EVEN, AcquisitionNumber=1)
    contrast = make.ct_slices(EVEN, make.sphere_hu(EVEN) + 100, AcquisitionNumber=2)
    found = list(scan([make.save_series([*plain, *contrast], tmp_path)]))
    assert len(found) == 2
    means = sorted(float(load(item).image.hu.min()) for item in found)
    assert means == [0, 100]


@pytest.mark.parametrize("padding", [4095, 63536])
def test_padding_is_air_whatever_its_value(make, tmp_path, padding):
    hu = make.sphere_hu(EVEN)
    slices = make.ct_slices(EVEN, hu)
    for dataset in slices:
        stored = np.frombuffer(dataset.PixelData, dtype=np.int16).reshape(24, 24).copy()
        stored[:3] = np.uint16(padding).astype(np.int16)
        dataset.PixelData = stored.tobytes()
        dataset.add_new(0x00280120, "US" if padding > 32767 else "SS", padding)
    ct = read_one(make.save_series(slices, tmp_path))
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert ct.padding is not None
    assert ct.padding[:, :3].all()
    assert not ct.padding[:, 3:].any()
    assert (ct.hu[:, :3] == -1024).all()


def test_padding_of_the_same_circle_in_all_slices_takes_the_memory_of_one(make, tmp_path):
    slices = make.ct_slices(EVEN)
    circle = np.hypot(*(np.indices((24, 24)) - 11.5)) > 11.5
    pad(slices, [circle] * len(slices))
    ct = read_one(make.save_series(slices, tmp_path))
    assert (ct.padding == circle).all()
    assert ct.padding.strides[0] == 0


def test_padding_that_differs_between_slices_is_kept_for_each(make, tmp_path):
    slices = make.ct_slices(EVEN)
    corners = np.zeros((len(slices), 24, 24), bool)
    for number in range(5, len(slices)):
        corners[number, : 1 + number // 10] = True
    pad(slices, corners)
    ct = read_one(make.save_series(slices, tmp_path))
    np.testing.assert_array_equal(ct.padding, corners)


def pad(slices, outside):
    """Mark where each slice holds no data."""
    for dataset, where in zip(slices, outside, strict=True):
        stored = np.frombuffer(dataset.PixelData, dtype=np.int16).reshape(24, 24).copy()
        stored[where] = -2000
        dataset.PixelData = stored.tobytes()
        dataset.add_new(0x00280120, "SS", -2000)


def test_a_padding_range_is_masked_as_a_whole(make, tmp_path):
    slices = make.ct_slices(EVEN)
    for dataset in slices:
        stored = np.frombuffer(dataset.PixelData, dtype=np.int16).reshape(24, 24).copy()
        stored[0], stored[1] = 4000, 4090
        dataset.PixelData = stored.tobytes()
        dataset.add_new(0x00280120, "SS", 4000)
        dataset.add_new(0x00280121, "SS", 4095)
    ct = read_one(make.save_series(slices, tmp_path))
    assert ct.padding[:, :2].all()
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)


def test_each_slice_is_rescaled_by_its_own_slope(make, tmp_path):
    slices = make.ct_slices(EVEN)
    for number, dataset in enumerate(slices):
        slope = (1.0, 0.5, -1.0)[number % 3]
        hu = make.sphere_hu(EVEN)[number]
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), "-1000"
        dataset.PixelData = np.rint((hu + 1000) / slope).astype(np.int16).tobytes()
    ct = read_one(make.save_series(slices, tmp_path))
    assert np.array_equal(ct.hu, make.sphere_hu(EVEN))


def test_cut_pixel_data_are_refused(make, tmp_path):
    folder = make.save_series(make.ct_slices(EVEN), tmp_path)
    victim = folder / "IM0010"
    victim.write_bytes(victim.read_bytes()[:-200])
    refused = only_refusal(folder)
    assert refused.because is Because.TRUNCATED
    assert len(refused.members) == len(EVEN)


@pytest.mark.parametrize("victim", ["IM0000", "IM0010", "IM0020"])
def test_a_slice_cut_within_its_header_leaves_no_volume(make, tmp_path, victim):
    folder = make.save_series(make.ct_slices(EVEN), tmp_path)
    data = (folder / victim).read_bytes()
    (folder / victim).write_bytes(data[: data.index(bytes.fromhex("28001000"))])
    results = list(scan([folder]))
    assert {item.because for item in results} == {Because.TRUNCATED}
    assert sum(len(item.members) or 1 for item in results) == len(EVEN)


def test_one_slice_is_no_volume(make, tmp_path):
    refused = only_refusal(make.save_series(make.ct_slices(EVEN[:1]), tmp_path))
    assert refused.because is Because.SINGLE_SLICE


@pytest.mark.parametrize(
    ("tags", "because"),
    [
        ({"RescaleSlope": None, "RescaleIntercept": None}, Because.NOT_HOUNSFIELD),
        ({"RescaleType": "US"}, Because.NOT_HOUNSFIELD),
        ({"RescaleType": "HU_MOD"}, Because.NOT_HOUNSFIELD),
        ({"RescaleIntercept": "40000"}, Because.NOT_HOUNSFIELD),
        ({"ImageType": ["DERIVED", "SECONDARY", "PERFUSION", "RCBF"]}, Because.NOT_HOUNSFIELD),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "IODINE"]}, Because.NOT_HOUNSFIELD),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, Because.DERIVED),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR"]}, Because.DERIVED),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "VRT"]}, Because.DERIVED),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, Because.LOCALIZER),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, Because.SECONDARY_CAPTURE),
        ({"ImagePositionPatient": None}, Because.NO_POSITIONS),
        ({"ImageOrientationPatient": ["1", "0", "0", "1", "0", "0"]}, Because.NO_POSITIONS),
        ({"ImagePositionPatient": ["0", "0", "0"]}, Because.NO_POSITIONS),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, Because.SECONDARY_CAPTURE),
        ({"PixelSpacing": None}, Because.NO_SPACING),
        ({"PixelSpacing": ["0", "0"]}, Because.NO_SPACING),
        ({"PixelSpacing": ["NaN", "1"]}, Because.NO_SPACING),
        ({"Modality": "PT"}, Because.UNSUPPORTED_MODALITY),
        ({"Modality": "US"}, Because.UNSUPPORTED_MODALITY),
        ({"Modality": "XA"}, Because.UNSUPPORTED_MODALITY),
    ],
)
def test_what_is_no_hounsfield_volume_is_refused_by_name(make, tmp_path, tags, because):
    refused = only_refusal(make.save_series(make.ct_slices(EVEN, **tags), tmp_path))
    assert refused.because is because
    assert len(refused.members) == len(EVEN)


def test_a_localizer_in_the_series_does_not_spoil_it(make, tmp_path):
    scout = make.ct_slices(
        np.array([0.0]),
        np.zeros((1, 30, 40), dtype=np.int16),
        ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"],
        ImageOrientationPatient=["1", "0", "0", "0", "0", "-1"],
    )
    folder = make.save_series([*scout, *make.ct_slices(EVEN)], tmp_path)
    assert volume_mm3(read_one_with_refusals(folder)) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert [item.because for item in refusals(folder)] == [Because.LOCALIZER]


def test_a_dose_screen_in_the_series_does_not_spoil_it(make, tmp_path):
    screen = make.blank_dicom("SC", np.zeros((64, 64), dtype=np.uint8), Modality="CT")
    folder = make.save_series([screen, *make.ct_slices(EVEN)], tmp_path)
    assert volume_mm3(read_one_with_refusals(folder)) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert [item.because for item in refusals(folder)] == [Because.SECONDARY_CAPTURE]


def test_slices_that_stray_sideways_are_refused(make, tmp_path):
    slices = make.ct_slices(EVEN)
    slices[7].ImagePositionPatient = ["-2", "-12", "-3"]
    refused = only_refusal(make.save_series(slices, tmp_path))
    assert refused.because is Because.INCONSISTENT_SERIES


def test_jitter_in_the_orientation_does_not_split_a_series(make, tmp_path):
    slices = make.ct_slices(EVEN)
    for number, dataset in enumerate(slices):
        tiny = 0.0005 + 0.00001 * (-1) ** number
        dataset.ImageOrientationPatient = ["1", f"{tiny:.6f}", "0", f"{-tiny:.6f}", "1", "0"]
    assert read_one(make.save_series(slices, tmp_path)).shape[0] == len(EVEN)


def test_a_patient_is_a_hash_and_a_refusal_holds_no_name(make, tmp_path):
    ct = read_one(make.save_series(make.ct_slices(EVEN), tmp_path))
    assert len(ct.provenance.patient_key) == 16
    assert "SECRET" not in repr(ct.provenance)
    with pytest.raises(UnreadableImage) as caught:
        read_one(make.save_series(make.ct_slices(EVEN, Modality="PT"), tmp_path / "pet"))
    assert "SECRET" not in caught.value.detail


def test_a_hundred_directions_in_one_series_are_refused_as_one(make, tmp_path):
    hu = make.sphere_hu(np.zeros(1))
    slices = []
    for number in range(200):
        angle = np.radians(0.9 * (number // 2))
        along = [np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0]
        (dataset,) = make.ct_slices(
            np.array([float(number)]),
            hu,
            ImageOrientationPatient=[f"{value:.6f}" for value in along],
        )
        slices.append(dataset)
    refused = only_refusal(make.save_series(slices, tmp_path))
    assert refused.because is Because.INCONSISTENT_SERIES
