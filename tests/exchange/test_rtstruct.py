"""Contours of a planning system become the outline they enclose, on their own image only."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from exchanged import AXIAL, CASES, UNEVEN, item, tilted
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

from cctrack.errors import UnreadableImage
from cctrack.io import Found, load, read_mask, scan
from cctrack.io.exchange.rtstruct import fill_contours
from cctrack.model import Because, Modality

MIDDLE = (12.3, 15.6)


def circle(centre, radius, corners=200):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.column_stack([centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle)])


def rtstruct(path, regions, frame_uid):
    """Write regions: name to list of contours (n, 3) in mm."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = RTStructureSetStorage, "1.2.3"
    dataset.Modality = "RTSTRUCT"
    dataset.StructureSetROISequence = [
        item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=frame_uid)
        for number, name in enumerate(regions, start=5)
    ]
    dataset.ROIContourSequence = [
        item(
            ReferencedROINumber=number,
            ContourSequence=[
                item(
                    ContourGeometricType="CLOSED_PLANAR",
                    NumberOfContourPoints=len(contour),
                    ContourData=[f"{value:.4f}" for value in contour.ravel()],
                )
                for contour in contours
            ],
        )
        for number, contours in enumerate(regions.values(), start=5)
    ]
    dataset.save_as(path)
    return path


def lifted(slice_contours, slices, files):
    """Place contours in px of some slices in the patient, by what their files say."""
    found = []
    for index in slices:
        header = pydicom.dcmread(files[index], stop_before_pixels=True)
        corner = np.array(header.ImagePositionPatient, dtype=float)
        cosines = np.array(header.ImageOrientationPatient, dtype=float)
        spacing = [float(value) for value in header.PixelSpacing]
        for contour in slice_contours:
            down, across = contour[:, :1] * spacing[0], contour[:, 1:] * spacing[1]
            found.append(corner + down * cosines[3:] + across * cosines[:3])
    return found


@pytest.fixture(params=["axial", "tilted", "uneven"])
def series(request, make, tmp_path):
    options = {
        "axial": {"directions": AXIAL},
        "tilted": {"directions": tilted(15)},
        "uneven": {"positions": UNEVEN},
    }
    case = make.ct_case(tmp_path, **options[request.param])
    _, image = make.found_at(case)
    return image, sorted(case.path.iterdir())


def test_contours_become_the_pixels_they_enclose(series, tmp_path):
    image, files = series
    disc, hole, other = circle(MIDDLE, 7), circle(MIDDLE, 3), circle((22.4, 32.3), 5)
    regions = {
        "chalk": lifted([disc, hole], range(2, 6), files),
        "other": lifted([other], range(4, 7), files),
    }
    path = rtstruct(tmp_path / "a.dcm", regions, image.provenance.frame_uid)
    labels = read_mask(path, image)
    rows, columns = np.mgrid[: image.shape[1], : image.shape[2]]
    away = np.hypot(rows - MIDDLE[0], columns - MIDDLE[1])
    ring = (away < 7) & (away >= 3)
    assert set(np.flatnonzero((labels == 1).any(axis=(1, 2)))) == {2, 3, 4, 5}
    assert np.mean((labels[3] == 1) == ring) > 0.995
    assert (labels == 1)[3].sum() == pytest.approx(np.pi * (49 - 9), rel=0.03)
    assert set(np.flatnonzero((labels == 2).any(axis=(1, 2)))) == {4, 5, 6}
    # Millimetres come out of the mask as out of the drawing.
    sizes = np.broadcast_to(image.scale.pixel_sizes(image.shape), image.shape)
    extents = [float(sizes[index, 0, 0]) for index in range(4, 7)]
    assert sizes[labels == 2].sum() == pytest.approx(np.pi * 25 * sum(extents), rel=0.03)


def test_names_of_lesions_are_kept(make, tmp_path):
    case = CASES["ct axial"](tmp_path)
    _, image = make.found_at(case)
    files = sorted(case.path.iterdir())
    regions = {
        "L7": lifted([circle((12, 15), 4)], (3,), files),
        "L2": lifted([circle((24, 32), 4)], (3,), files),
    }
    path = rtstruct(tmp_path / "a.dcm", regions, image.provenance.frame_uid)
    labels = read_mask(path, image)
    assert labels[3, 12, 15] == 7
    assert labels[3, 24, 32] == 2


def refusal(path, image):
    with pytest.raises(UnreadableImage) as caught:
        read_mask(path, image)
    assert caught.value.because == Because.MASK
    return caught.value.detail


def test_what_does_not_fit_is_refused(make, tmp_path):
    case = CASES["ct axial"](tmp_path)
    _, image = make.found_at(case)
    files, uid = sorted(case.path.iterdir()), image.provenance.frame_uid
    disc = circle((12, 15), 4)
    fine = lifted([disc], (3,), files)
    refused = {
        "another frame": ({"a": fine}, "1.2.3"),
        "between the slices": ({"a": [fine[0] + (0, 0, 1.2)]}, uid),
        "beyond the image": ({"a": [fine[0] + (30, 0, 0)]}, uid),
        "overlap": ({"a": fine, "b": lifted([circle((13, 16), 4)], (3,), files)}, uid),
        "every 2. slice": ({"a": lifted([disc], (1, 3, 5), files)}, uid),
        "encloses nothing": ({"a": []}, uid),
        "three points": ({"a": [fine[0][:2]]}, uid),
        "between the": ({"a": [fine[0][:, [0, 2, 1]]]}, uid),
    }
    for words, (regions, frame_uid) in refused.items():
        assert words in refusal(rtstruct(tmp_path / "a.dcm", regions, frame_uid), image)
    case = make.film_case(tmp_path)
    _, film = make.found_at(case)
    path = rtstruct(tmp_path / "a.dcm", {"a": fine}, uid)
    assert "CT or MR only" in refusal(path, film)


def test_a_keyhole_contour_leaves_its_hole_empty():
    outer, inner = circle((20, 20), 9), circle((20, 20), 4)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner[-1:], inner, outer[:1]])
    apart = fill_contours([outer, inner], (40, 40))
    joined = fill_contours([keyhole], (40, 40))
    assert not joined[20, 20]
    assert joined.sum() == pytest.approx(apart.sum(), abs=3)


def test_the_area_of_many_contours_is_right_on_average():
    chance = np.random.default_rng(4)
    pixels, truth = 0, 0.0
    for _ in range(150):
        centre, radius = chance.uniform(14, 16, 2), chance.uniform(2.5, 9)
        pixels += int(fill_contours([circle(centre, radius)], (30, 30)).sum())
        truth += np.pi * radius**2
    assert pixels == pytest.approx(truth, rel=2e-3)


def test_neighbours_share_no_pixel_and_leave_none_out():
    chance = np.random.default_rng(5)
    for _ in range(50):
        cut = np.array([[-1, chance.uniform(2, 8)], [11, chance.uniform(2, 8)]])
        left = np.concatenate([cut, [[11, -1], [-1, -1]]])
        right = np.concatenate([cut, [[11, 11], [-1, 11]]])
        both = fill_contours([left], (10, 10)) + fill_contours([right], (10, 10)).astype(int)
        assert (both == 1).all()


def test_pixel_centres_exactly_on_an_edge_belong_to_one_side():
    square = np.array([[2.0, 2.0], [2.0, 6.0], [6.0, 6.0], [6.0, 2.0]])
    assert fill_contours([square], (10, 10)).sum() == 16


def test_a_real_rtstruct_gives_the_volume_of_its_contours():
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "export-mixed-modalities"
    if not folder.exists():
        pytest.skip("the real images are not here")
    images = [
        load(item).image
        for item in scan([folder])
        if isinstance(item, Found) and item.modality is Modality.CT
    ]
    (path, *_) = sorted(folder.rglob("RS.dcm"))
    labels = read_mask(path, images[0])
    drawn_mm3 = 0.0
    for contour in pydicom.dcmread(path).ROIContourSequence[0].ContourSequence:
        x, y, _ = np.array(contour.ContourData, dtype=float).reshape(-1, 3).T
        area_mm2 = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        drawn_mm3 += area_mm2 * images[0].scale.mean_mm[0]
    sizes = np.broadcast_to(images[0].scale.pixel_sizes(labels.shape), labels.shape)
    assert sizes[labels == 1].sum() == pytest.approx(drawn_mm3, rel=5e-3)
