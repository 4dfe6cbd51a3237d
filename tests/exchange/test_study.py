"""Bar D3: a lesion has one tracking UID, at all visits and in every run; reports say its change."""

from dataclasses import replace
from datetime import date

import numpy as np
import pydicom
import pytest
from exchanged import dciodvfy_errors, require_validators
from scipy import ndimage

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.cli.main import main
from cctrack.compare import load_criteria
from cctrack.io import read_one, write_mask
from cctrack.io.write_photo import write_photo
from cctrack.model import Modality, Refused, Site, Visit
from cctrack.study.dicom_export import ExportTask, export_site
from cctrack.study.follow import SiteVisits
from cctrack.study.packed import pack
from cctrack.study.pipeline import MeasureOptions, measure_image
from cctrack.study.site import SiteTask

SHAPE = (240, 320)
MM = 0.3
VISITS = [
    [(80, 80, 24), (150, 220, 20)],
    [(80, 80, 22), (150, 220, 20)],
    [(80, 80, 19), (150, 220, 20), (70, 240, 14)],
    [(80, 80, 15), (150, 220, 21), (70, 240, 16)],
    [(150, 220, 21), (70, 240, 18)],
]
"""Row, column and radius in px: the first lesion heals, the third is new at the third visit."""

HEALING, STABLE = "L2", "L1"
"""As readers number them at the first visit."""


def write_visit(folder, number, discs):
    field = np.random.default_rng(5)
    grey = sum(ndimage.gaussian_filter(field.normal(size=SHAPE), s) * s for s in (2, 4, 9))
    grey = 130 + 70 * grey / np.abs(grey).max() + np.random.default_rng(number).normal(0, 2, SHAPE)
    pixels = np.stack([grey + 40, grey, grey - 20], axis=-1).clip(0, 255).astype(np.uint8)
    write_photo(folder / f"{number}.jpg", pixels, acquired=date(2020 + number, 3, 1))
    labels = np.zeros(SHAPE, dtype=np.uint16)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    # A reader numbers anew at each visit: the last drawn lesion is the first here.
    for label, (row, column, radius) in enumerate(reversed(discs), start=1):
        labels[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = label
    image = read_one(folder / f"{number}.jpg", modality=Modality.PHOTO)
    write_mask(folder / "mask.png", labels, image)
    options = MeasureOptions(PhotoScaleOptions(mm_per_px=MM), mask=folder / "mask.png")
    return measure_image(image, options)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Five visits of one forearm."""
    folder = tmp_path_factory.mktemp("site")
    visits, measured = [], []
    for number, discs in enumerate(VISITS):
        day = date(2020 + number, 3, 1)
        visits.append(Visit("P007", Site("forearm"), day, Modality.PHOTO, f"{number}.jpg"))
        measured.append(write_visit(folder, number, discs))
    listed = SiteVisits("P007", Site("forearm"), Modality.PHOTO, tuple(visits))
    criteria = load_criteria("calcinosis-25")
    return SiteTask(folder, listed, criteria, tuple(map(pack, measured)))


@pytest.fixture(scope="module")
def exported(site, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return export_site(ExportTask(site, out, keep_identity=False)), out


def segmentations(out):
    """Oldest first."""
    found = [pydicom.dcmread(path) for path in (out / "seg").iterdir()]
    return sorted(found, key=lambda dataset: dataset.ContentDate)


def centre(dataset, segment):
    frames = dataset.pixel_array.reshape(-1, *SHAPE)
    numbers = [
        (
            frame.get("SegmentIdentificationSequence")
            or dataset.SharedFunctionalGroupsSequence[0].SegmentIdentificationSequence
        )[0].ReferencedSegmentNumber
        for frame in dataset.PerFrameFunctionalGroupsSequence
    ]
    rows, columns = np.nonzero(frames[numbers.index(segment.SegmentNumber)])
    return round(rows.mean()), round(columns.mean())


def test_bar_d3_one_uid_for_a_lesion_at_all_five_visits(exported):
    done, out = exported
    assert len(done.images) == 5
    assert done.refused == ()
    where = {}
    seen = []
    for dataset in segmentations(out):
        uids = {}
        for segment in dataset.SegmentSequence:
            where.setdefault(segment.TrackingUID, set()).add(centre(dataset, segment))
            uids[segment.TrackingUID] = segment.TrackingID
            assert segment.TrackingID == segment.SegmentLabel
        seen.append(uids)
    # Each UID stays in one place, and each place has one UID.
    assert sorted(map(sorted, where.values())) == [[(70, 240)], [(80, 80)], [(150, 220)]]
    assert [len(uids) for uids in seen] == [2, 2, 3, 3, 2]
    assert {name for uids in seen for name in uids.values()} == {"L1", "L2", "L201"}


@pytest.mark.bars
def test_bar_d3_another_run_gives_the_same_files(site, exported, tmp_path):
    _, out = exported
    export_site(ExportTask(site, tmp_path, keep_identity=False))
    first = {path.name: path.read_bytes() for path in out.rglob("*.dcm")}
    again = {path.name: path.read_bytes() for path in tmp_path.rglob("*.dcm")}
    assert first == again


@pytest.mark.bars
def test_bar_d3_a_later_visit_changes_no_uid(site, exported, tmp_path):
    _, out = exported
    visits = SiteVisits("P007", Site("forearm"), Modality.PHOTO, site.site.visits[:3])
    shorter = SiteTask(site.root, visits, site.criteria, site.visits[:3])
    export_site(ExportTask(shorter, tmp_path, keep_identity=False))
    for before, after in zip(segmentations(tmp_path), segmentations(out), strict=False):
        assert before == after


def groups(path):
    """Tracking id to a flat list of (name, value, reference) of one report."""
    report = pydicom.dcmread(path)
    (measured,) = [
        item
        for item in report.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == "126010"
    ]
    found = {}
    for group in measured.ContentSequence:
        entries, name = [], ""
        for entry in group.ContentSequence:
            concept = entry.ConceptNameCodeSequence[0].CodeValue
            if concept == "112039":
                name = entry.TextValue
            entries.append((concept, value_of(entry), reference_of(entry)))
        found[name] = entries
    return found


def value_of(entry):
    if entry.ValueType == "NUM":
        return float(entry.MeasuredValueSequence[0].NumericValue)
    if entry.ValueType == "CODE":
        return entry.ConceptCodeSequence[0].CodeValue
    return entry.get("TextValue", "")


def reference_of(entry):
    for child in entry.get("ContentSequence", ()):
        if child.ConceptNameCodeSequence[0].CodeValue == "reference":
            return child.ConceptCodeSequence[0].CodeValue
    return ""


def report_of(out, number):
    reports = sorted(
        (out / "sr").iterdir(), key=lambda path: str(pydicom.dcmread(path).ContentDate)
    )
    return reports[number]


def test_a_report_says_how_much_and_since_when(exported):
    found = groups(report_of(exported[1], 3))
    changes = {reference: value for name, value, reference in found[HEALING] if name == "change"}
    assert changes["baseline"] == pytest.approx(100 * ((15 / 24) ** 2 - 1), abs=2)
    assert changes["prior"] == pytest.approx(100 * ((15 / 19) ** 2 - 1), abs=2)
    assert ("111049", "19776001", "baseline") in found[HEALING]
    assert ("111049", "129723006", "baseline") in found[STABLE]
    assert ("event", "new", "baseline") in found["L201"]
    told = [(name, reference) for name, _, reference in found["L201"]]
    assert ("change", "baseline") not in told
    assert ("111049", "baseline") in [(name, against) for name, _, against in found["total"]]


def test_a_healed_lesion_is_told_under_its_own_uid(exported):
    _, out = exported
    first = segmentations(out)[0]
    uid = next(item.TrackingUID for item in first.SegmentSequence if item.TrackingID == HEALING)
    last = pydicom.dcmread(report_of(out, 4))
    assert uid in str(last)
    found = groups(report_of(out, 4))[HEALING]
    assert ("event", "resolved", "baseline") in found
    assert [value for name, value, _ in found if name == "42798000"] == [0.0]
    assert -100.0 in [value for name, value, _ in found if name == "change"]


def test_a_report_names_the_earlier_outline_it_is_against(exported):
    _, out = exported
    first, *_, last = segmentations(out)
    report = pydicom.dcmread(report_of(out, 4))
    assert first.SOPInstanceUID in str(report)
    assert last.SOPInstanceUID in str(report)
    assert first.StudyInstanceUID in str(report.PertinentOtherEvidenceSequence)


def test_every_file_of_a_study_conforms(exported):
    require_validators()
    for path in sorted(exported[1].rglob("*.dcm")):
        assert dciodvfy_errors(path) == []


def test_a_visit_that_was_refused_is_left_out_and_the_others_written(site, tmp_path):
    refused = Refused("1.jpg", "unreadable_pixels", "the pixels cannot be read")
    visits = (site.visits[0], refused, site.visits[2])
    listed = SiteVisits("P007", Site("forearm"), Modality.PHOTO, site.site.visits[:3])
    done = export_site(
        ExportTask(SiteTask(site.root, listed, site.criteria, visits), tmp_path, False)
    )
    assert len(done.images) == 2


@pytest.mark.bars
def test_the_command_writes_every_visit_of_the_sample(tmp_path, capsys):
    from pathlib import Path

    sample = Path(__file__).parents[2] / "sample_images"
    status = main(["study", "dicom", str(sample), "--out", str(tmp_path / "out")])
    assert status == 0
    assert "22 visits written" in capsys.readouterr().out
    assert not (sample / "record").exists()


def test_one_film_of_two_hands_gives_each_hand_its_own_files(site, tmp_path):
    shared = frozenset(visit.path for visit in site.site.visits)
    for name in ("left", "right"):
        listed = replace(site.site, site=Site("hand", name))
        task = ExportTask(replace(site, site=listed), tmp_path, False, shared)
        assert len(export_site(task).images) == 5
    assert len(list((tmp_path / "sr").iterdir())) == 10
    assert len(list((tmp_path / "seg").iterdir())) == 10
