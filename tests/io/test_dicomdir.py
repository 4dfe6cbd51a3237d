"""Discs with an index: what it names and nobody gave is told; what is there is never lost by it."""

import io
import shutil
import subprocess
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.fileset import FileSet
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from cctrack.errors import UnreadableImage
from cctrack.io import Found, read_one, scan
from cctrack.io.dicom_file import parse_header
from cctrack.io.dicomdir import is_index, read_index
from cctrack.io.found import Member
from cctrack.model import Because, Refused

EVEN = np.arange(-6.0, 7.0)
NEEDED = {"StudyTime": "120000", "StudyID": "1", "SeriesNumber": "1"}


def slices(make, series="7", **tags):
    made = make.ct_slices(EVEN, SeriesInstanceUID=series, **NEEDED, **tags)
    for number, dataset in enumerate(made):
        dataset.InstanceNumber = number + 1
    return made


def film(make, **tags):
    stored = np.arange(40 * 30, dtype=np.uint16).reshape(40, 30)
    return make.blank_dicom(
        "DX",
        stored,
        **{"SeriesInstanceUID": "30", "InstanceNumber": "1", **NEEDED, **tags},
    )


def write_disc(datasets, folder):
    """A disc as a clinic burns it; its files, in the order of the datasets."""
    index = FileSet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        added = [index.add(dataset) for dataset in datasets]
        files = [folder / instance.FileID for instance in added]
        folder.mkdir(parents=True, exist_ok=True)
        index.write(folder)
    return files


@pytest.fixture
def disc(make, tmp_path, tmp_path_factory):
    """One CT of 13 slices and one film, with their index: (folder, files)."""
    burnt = tmp_path_factory.getbasetemp() / "burnt once"
    names = burnt.with_suffix(".txt")
    if not names.exists():
        files = write_disc([*slices(make), film(make)], burnt)
        names.write_text("\n".join(path.relative_to(burnt).as_posix() for path in files))
    root = tmp_path / "CD1"
    shutil.copytree(burnt, root)
    return root, [root / name for name in names.read_text().splitlines()]


def results(*paths):
    return list(scan(list(paths)))


def refusals(outcomes):
    return {item.source: (item.because, item.detail) for item in outcomes if item_refused(item)}


def item_refused(item):
    return isinstance(item, Refused)


def series_found(outcomes):
    return [item for item in outcomes if isinstance(item, Found) and item.frames > 1]


def zipped(folder, rename):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, rename(path.relative_to(folder).as_posix()))
    return stream.getvalue()


def test_a_whole_disc_has_all_its_images_and_one_line_for_its_index(disc):
    root, _ = disc
    outcomes = results(root)
    assert refusals(outcomes) == {
        "DICOMDIR": (Because.NOT_AN_IMAGE, "a DICOMDIR index: 14 images, 0 missing")
    }
    assert [item.frames for item in series_found(outcomes)] == [13]


@pytest.mark.parametrize("place", [0, 12])
def test_a_slice_missing_at_an_end_is_only_known_from_the_index(disc, place):
    root, files = disc
    gone = files[place]
    gone.unlink()
    told = refusals(results(root))
    assert told["DICOMDIR"][1] == "a DICOMDIR index: 14 images, 1 missing"
    assert told.pop(gone.relative_to(root).as_posix())[0] is Because.NOT_FOUND
    because, detail = told[files[1].parent.relative_to(root).as_posix()]
    assert because is Because.MISSING_SLICES
    assert detail == "the DICOMDIR names 13 images of this series, 12 are here"


def test_without_the_index_such_a_series_looks_whole(disc):
    root, files = disc
    files[0].unlink()
    (root / "DICOMDIR").unlink()
    assert len(series_found(results(root))) == 1


def test_a_file_in_the_place_of_a_slice_that_is_no_dicom_leaves_its_series_short(disc):
    root, files = disc
    files[12].write_bytes(b"copied badly" * 100)
    told = refusals(results(root))
    assert told.pop(files[12].relative_to(root).as_posix())[0] is Because.NOT_AN_IMAGE
    assert Because.MISSING_SLICES in {because for because, _ in told.values()}


def test_a_film_that_is_not_there_has_one_line(disc):
    root, files = disc
    files[13].unlink()
    outcomes = results(root)
    name = files[13].relative_to(root).as_posix()
    assert refusals(outcomes)[name] == (
        Because.NOT_FOUND,
        "the DICOMDIR names it and it is not here",
    )
    assert len(series_found(outcomes)) == 1


def test_a_series_of_which_nothing_is_there_is_one_refusal(make, tmp_path):
    files = write_disc([*slices(make), *slices(make, series="8")], tmp_path)
    for path in files[:13]:
        path.unlink()
    outcomes = results(tmp_path)
    (absent,) = [item for item in outcomes if item_refused(item) and item.members]
    assert absent.because is Because.NOT_FOUND
    assert len(absent.members) == 13
    assert len(series_found(outcomes)) == 1


def test_an_index_that_was_copied_alone_names_what_should_be_there(disc, tmp_path):
    root, _ = disc
    shutil.copy(root / "DICOMDIR", tmp_path / "index of the disc")
    outcomes = results(tmp_path / "index of the disc")
    assert [item.because for item in outcomes].count(Because.NOT_FOUND) == 2
    assert refusals(outcomes)["index of the disc"][1] == "a DICOMDIR index: 14 images, 14 missing"


def test_an_index_given_by_itself_opens_the_disc_around_it(disc):
    root, files = disc
    (root / "notes.txt").write_text("not named by the index, and not given")
    files[13].unlink()
    outcomes = results(root / "DICOMDIR")
    assert [item.frames for item in series_found(outcomes)] == [13]
    assert set(refusals(outcomes)) == {"DICOMDIR", files[13].relative_to(root).as_posix()}
    with_folder = results(root / "DICOMDIR", files[0].parent)
    assert len(series_found(with_folder)) == 1


@pytest.mark.parametrize("letter", ["ü", "\0", "\n"])
def test_a_name_that_no_disk_holds_is_only_missing(disc, letter):
    root, _ = disc

    def rename(dataset):
        dataset.DirectoryRecordSequence[-1].ReferencedFileID = [letter * 64]

    rewritten(root, rename)
    assert all("\n" not in item.source for item in results(root / "DICOMDIR"))


def test_an_index_never_leads_out_of_its_folder_through_a_link(disc, tmp_path):
    root, files = disc
    elsewhere = tmp_path / "elsewhere"
    shutil.move(files[0].parent, elsewhere)
    files[0].parent.symlink_to(elsewhere, target_is_directory=True)
    outcomes = results(root / "DICOMDIR")
    assert not series_found(outcomes)


SPELLINGS = {
    "small letters": lambda name: name.lower(),
    "a version": lambda name: f"{name};1",
    "an extension": lambda name: name if name == "DICOMDIR" else f"{name}.dcm",
    "an extension in capitals": lambda name: name if name == "DICOMDIR" else f"{name}.DCM",
    "a final dot": lambda name: f"{name}.",
    "backslashes": lambda name: name.replace("/", "\\"),
    "a folder above": lambda name: f"export/{name}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("nested", [False, True])
def test_names_are_matched_as_discs_and_archives_spell_them(disc, tmp_path, spelling, nested):
    root, files = disc
    for path in files:
        # Other UIDs, so that nothing but the name can tell that the file is there.
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.SeriesInstanceUID = "99" if dataset.Modality == "CT" else "98"
        dataset.save_as(path)
    data = zipped(root, SPELLINGS[spelling])
    if nested:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            packed.writestr("CD.zip", data)
        data = stream.getvalue()
    (tmp_path / "export.zip").write_bytes(data)
    outcomes = results(tmp_path / "export.zip")
    assert {because for because, _ in refusals(outcomes).values()} == {Because.NOT_AN_IMAGE}
    assert len(series_found(outcomes)) == 1


def test_files_that_a_server_renamed_are_known_by_their_instance(disc, tmp_path):
    root, files = disc
    moved = tmp_path / "renamed"
    moved.mkdir()
    shutil.copy(root / "DICOMDIR", moved / "index.dcm")
    for number, path in enumerate(reversed(files)):
        # Under a name that the index gives to another file: the instance is what counts.
        target = moved / files[number].relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    outcomes = results(moved)
    assert [because for because, _ in refusals(outcomes).values()] == [Because.NOT_AN_IMAGE]
    assert len(series_found(outcomes)) == 1


def test_a_renamed_file_does_not_stand_for_the_one_that_is_missing(disc):
    root, files = disc
    shutil.move(files[5], files[12])
    told = refusals(results(root))
    assert Because.MISSING_SLICES in {because for because, _ in told.values()}
    assert told["DICOMDIR"][1] == "a DICOMDIR index: 14 images, 1 missing"


def test_a_series_made_anonymous_and_renamed_is_not_refused(disc):
    root, files = disc
    for number, path in enumerate(files[:13]):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(path.with_name(f"anonymous{number}"))
        path.unlink()
    outcomes = results(root)
    assert len(series_found(outcomes)) == 1
    assert set(refusals(outcomes)) == {"DICOMDIR"}


def test_two_discs_of_the_same_layout_do_not_stand_in_for_each_other(make, tmp_path):
    first = write_disc(slices(make, StudyInstanceUID="1"), tmp_path / "a" / "CD")
    write_disc(slices(make, series="8", StudyInstanceUID="2"), tmp_path / "b" / "CD")
    first[12].unlink()
    outcomes = results(tmp_path / "a", tmp_path / "b")
    assert [item.because for item in outcomes if item_refused(item)].count(
        Because.MISSING_SLICES
    ) == 1
    assert len(series_found(outcomes)) == 1


def test_an_index_given_twice_names_what_is_missing_once(disc):
    root, files = disc
    files[13].unlink()
    outcomes = results(root / "DICOMDIR", root)
    told = Counter(item.because for item in outcomes if item_refused(item))
    assert told == {Because.NOT_AN_IMAGE: 2, Because.NOT_FOUND: 1}


PYDICOMS = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"


@pytest.mark.parametrize("way", ["", "-bigEnd", "-implicit", "-nooffset", "-reordered"])
def test_real_indexes_are_read_however_they_were_written(way):
    if not PYDICOMS.exists():
        pytest.skip("this pydicom comes without its test files")
    told = refusals(results(PYDICOMS))
    assert told[f"DICOMDIR{way}"][1] == "a DICOMDIR index: 31 images, 0 missing"


# Broken indexes: the images are measured all the same.


def rewritten(root, change):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(root / "DICOMDIR")
        change(dataset)
        dataset.save_as(root / "DICOMDIR")


def in_circles(dataset):
    records = dataset.DirectoryRecordSequence
    records[-1].OffsetOfTheNextDirectoryRecord = records[0].seq_item_tell


def to_nowhere(dataset):
    dataset.DirectoryRecordSequence[0].OffsetOfReferencedLowerLevelDirectoryEntity = 7


def without_records(dataset):
    del dataset.DirectoryRecordSequence


def outside(dataset):
    dataset.DirectoryRecordSequence[-1].ReferencedFileID = ["..", "..", "ETC"]


def endless_name(dataset):
    dataset.DirectoryRecordSequence[-1].ReferencedFileID = ["A" * 5000]


@pytest.mark.parametrize("change", [in_circles, to_nowhere, without_records, outside, endless_name])
def test_a_broken_index_is_named_and_not_believed(disc, change):
    root, files = disc
    files[12].unlink()
    rewritten(root, change)
    outcomes = results(root)
    ((because, detail),) = refusals(outcomes).values()
    assert because is Because.NOT_AN_IMAGE
    assert detail.startswith("a damaged DICOMDIR index, not used: ")
    assert len(series_found(outcomes)) == 1


def test_records_out_of_use_are_passed_over(disc):
    root, files = disc
    files[13].unlink()

    def retire(dataset):
        (record,) = [
            record
            for record in dataset.DirectoryRecordSequence
            if record.get("ReferencedFileID") == list(files[13].relative_to(root).parts)
        ]
        record.RecordInUseFlag = 0

    rewritten(root, retire)
    assert refusals(results(root))["DICOMDIR"][1] == "a DICOMDIR index: 13 images, 0 missing"


def test_reports_and_private_records_are_no_images(disc):
    root, files = disc
    files[13].unlink()

    def as_report(dataset):
        for record in dataset.DirectoryRecordSequence:
            if record.get("ReferencedFileID") == list(files[13].relative_to(root).parts):
                record.DirectoryRecordType = "SR DOCUMENT"

    rewritten(root, as_report)
    told = refusals(results(root))
    assert told["DICOMDIR"][1] == "a DICOMDIR index: 13 images, 0 missing"
    assert [because for because, _ in told.values()].count(Because.NOT_FOUND) == 1


def test_nothing_a_person_typed_into_an_index_is_repeated(disc):
    root, files = disc
    for path in files:
        path.unlink()
    for item in results(root):
        assert "Secret" not in f"{item.source}{item.detail}{item.members}"
        assert "SECRET" not in f"{item.source}{item.detail}{item.members}"


@pytest.mark.parametrize("seed", range(12))
def test_a_garbled_index_is_never_a_crash_and_costs_no_image(disc, seed):
    root, files = disc
    rng = np.random.default_rng(seed)
    data = bytearray((root / "DICOMDIR").read_bytes())
    for _ in range(int(rng.integers(1, 40))):
        data[int(rng.integers(132, len(data)))] = int(rng.integers(0, 256))
    (root / "DICOMDIR").write_bytes(bytes(data[: int(rng.integers(400, len(data) + 1))]))
    outcomes = results(root)
    given = {path.relative_to(root).as_posix() for path in files}
    named = [
        name
        for item in outcomes
        for name in (item.member_names if isinstance(item, Found) else item.members)
        or [item.source]
    ]
    assert given <= set(named)
    assert Because.CRASHED not in {item.because for item in outcomes if item_refused(item)}


def test_an_index_of_another_program_is_read_the_same(disc):
    program = shutil.which("dcmmkdir")
    if program is None:
        pytest.skip("dcmtk is not installed")
    root, files = disc
    (root / "DICOMDIR").unlink()
    made = subprocess.run(
        [program, "+r", "+id", str(root), "+D", str(root / "DICOMDIR"), "-Nxc"],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("dcmmkdir does not take these files")
    files[0].unlink()
    told = refusals(results(root))
    assert told["DICOMDIR"][1] == "a DICOMDIR index: 14 images, 1 missing"
    assert Because.MISSING_SLICES in {because for because, _ in told.values()}


def test_an_index_of_thousands_of_files_is_followed_to_its_end():
    dataset = pydicom.Dataset()
    records = []
    for number in range(3000):
        record = pydicom.Dataset()
        record.OffsetOfTheNextDirectoryRecord = number + 2 if number < 2999 else 0
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = ["DICOM", f"IM{number}"]
        record.seq_item_tell = number + 1
        records.append(record)
    dataset.DirectoryRecordSequence = records
    dataset.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 1
    for number, record in enumerate(dataset.DirectoryRecordSequence):
        record.seq_item_tell = number + 1
    index = read_index(dataset, Member("DICOMDIR", None))
    assert index.damage == ""
    assert len(index.entries) == 3000


def test_an_ordinary_image_is_no_index(make):
    dataset = film(make)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    assert not is_index(parse_header(io.BytesIO(make.dicom_bytes(dataset))))


def test_one_series_asked_for_is_refused_for_its_missing_slice(make, tmp_path):
    files = write_disc(slices(make), tmp_path)
    files[0].unlink()
    with pytest.raises(UnreadableImage, match="names 13 images of this series, 12 are here"):
        read_one(tmp_path)
