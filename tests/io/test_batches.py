"""What a clinic hands over: folders, archives in archives, and whatever lies about in them."""

import io
import os
import zipfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from cctrack.errors import UnreadableImage
from cctrack.io import Found, Lost, archive, load, read_one, scan, write_table
from cctrack.model import Because, Ct, Modality, Radiograph, Read, Refused

EVEN = np.arange(-6.0, 7.0)


def photo_bytes(seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def film(make, **tags):
    stored = np.arange(40 * 30, dtype=np.uint16).reshape(40, 30)
    return make.blank_dicom("DX", stored, **tags)


def outcomes(*paths):
    return [load(item) if isinstance(item, Found) else item for item in scan(list(paths))]


def because_of(results):
    return {item.source: item.because for item in results if isinstance(item, Refused)}


@pytest.fixture
def messy(make, tmp_path):
    """An export as it comes: two series, films, photos, masks, reports, a zip, rubbish."""
    root = tmp_path / "export"
    make.save_series(make.ct_slices(EVEN), root / "DICOM" / "CT")
    make.save_series(make.ct_slices(EVEN, Modality="PT", SeriesInstanceUID="9"), root / "PET")
    make.save(film(make), root / "film.dcm")
    make.save(film(make, NumberOfFrames=2), root / "cine.dcm")
    again = make.save(film(make), root / "twice" / "a.dcm")
    (root / "twice" / "b.dcm").write_bytes(again.read_bytes())
    (root / "photo.png").write_bytes(photo_bytes())
    (root / "photo.mask.png").write_bytes(photo_bytes())
    (root / ".DS_Store").write_bytes(b"\0\0\0\1Bud1" + b"\0" * 100)
    (root / "README.md").write_text("notes")
    (root / "empty.dcm").write_bytes(b"")
    (root / "nothing here").mkdir()
    (root / "cut.png").write_bytes(photo_bytes()[:500])
    with zipfile.ZipFile(root / "more.zip", "w") as packed:
        packed.writestr("DICOM/IM000001", make.dicom_bytes(film(make)))
        packed.writestr("notes.txt", "text")
        packed.writestr("../escape.png", photo_bytes())
    return root


def expected_names(root):
    names = []
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                names += [f"{name}!{member}" for member in packed.namelist()]
        elif path.is_file():
            names.append(name)
    return names


def mentioned(results):
    """Every file named by an outcome: members of a series, else the source itself."""
    counted = Counter()
    for result in results:
        names = result.member_names if isinstance(result, Found) else result.members
        counted.update(names or [result.source])
    return counted


def test_every_file_given_has_exactly_one_outcome(messy):
    assert mentioned(scan([messy])) == Counter(expected_names(messy))


def test_every_outcome_is_the_right_one(messy):
    results = outcomes(messy)
    assert because_of(results) == {
        "PET": Because.UNSUPPORTED_MODALITY,
        "cine.dcm": Because.UNSUPPORTED_MODALITY,
        "twice/b.dcm": Because.DUPLICATE,
        "photo.mask.png": Because.MASK,
        ".DS_Store": Because.NOT_AN_IMAGE,
        "README.md": Because.NOT_AN_IMAGE,
        "empty.dcm": Because.EMPTY,
        "cut.png": Because.TRUNCATED,
        "more.zip!notes.txt": Because.NOT_AN_IMAGE,
        "more.zip!../escape.png": Because.UNSAFE_ARCHIVE,
    }
    read = sorted(item.image.provenance.source for item in results if isinstance(item, Read))
    assert read == ["DICOM/CT", "film.dcm", "more.zip!DICOM/IM000001", "photo.png", "twice/a.dcm"]


def test_an_archive_gives_the_same_images_as_the_folder_it_was_made_of(make, tmp_path):
    folder = make.save_series(make.ct_slices(EVEN), tmp_path / "CT")
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(folder.iterdir()):
            out.write(path, f"DICOM/{path.name}")
    loose, zipped = read_one(folder), read_one(packed)
    assert isinstance(zipped, Ct)
    assert np.array_equal(loose.hu, zipped.hu)
    assert loose.provenance.sha256 == zipped.provenance.sha256
    assert zipped.provenance.source == "export.zip!DICOM"
    assert zipped.provenance.members[0] == "export.zip!DICOM/IM0000"


def test_series_in_one_flat_folder_are_told_apart_by_their_first_file(make, tmp_path):
    first = make.ct_slices(EVEN, SeriesInstanceUID="7")
    second = make.ct_slices(EVEN, SeriesInstanceUID="8")
    make.save_series([*first, *second], tmp_path / "flat")
    make.save_series(make.ct_slices(EVEN, SeriesInstanceUID="9"), tmp_path / "own")
    assert [item.source for item in scan([tmp_path])] == ["flat/IM0000", "flat/IM0013", "own"]


def test_an_archive_in_an_archive_is_read(make, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as out:
        for number, dataset in enumerate(make.ct_slices(EVEN)):
            out.writestr(f"IM{number}", make.dicom_bytes(dataset))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as out:
        out.writestr("visit.zip", inner.getvalue())
    ct = read_one(tmp_path / "outer.zip")
    assert ct.shape[0] == len(EVEN)
    assert ct.provenance.source == "outer.zip!visit.zip"


def test_archives_nested_without_end_are_refused(tmp_path):
    data = photo_bytes()
    for depth in range(6):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as out:
            out.writestr(f"{depth}.zip" if depth else "a.png", data)
        data = stream.getvalue()
    (tmp_path / "deep.zip").write_bytes(data)
    (refused,) = outcomes(tmp_path / "deep.zip")
    assert refused.because is Because.UNSAFE_ARCHIVE


@pytest.mark.parametrize(
    "name", ["../a.png", "/etc/a.png", "a/../../b.png", "C:\\a.png", "c:/a.png", "..\\a.png"]
)
def test_a_member_that_points_outside_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(name, photo_bytes())
        out.writestr("good.png", photo_bytes(1))
    results = outcomes(tmp_path / "a.zip")
    assert [item.because for item in results if isinstance(item, Refused)] == [
        Because.UNSAFE_ARCHIVE
    ]
    assert sum(isinstance(item, Read) for item in results) == 1


def test_a_symbolic_link_in_an_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(link, "/etc/passwd")
    (refused,) = outcomes(tmp_path / "a.zip")
    assert refused.because is Because.UNSAFE_ARCHIVE


def test_a_bomb_is_refused_and_the_good_files_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("bomb.dcm", b"\0" * (20 << 20))
        out.writestr("good.png", photo_bytes())
    results = outcomes(tmp_path / "a.zip")
    assert because_of(results) == {"a.zip!bomb.dcm": Because.TOO_LARGE}
    assert sum(isinstance(item, Read) for item in results) == 1


def test_an_archive_of_too_many_files_is_refused_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        for number in range(4):
            out.writestr(f"{number}.png", photo_bytes(number))
    (refused,) = outcomes(tmp_path / "a.zip")
    assert refused.because is Because.TOO_LARGE


def test_a_password_is_asked_for_by_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.png", photo_bytes())
    data = bytearray((tmp_path / "a.zip").read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    (tmp_path / "a.zip").write_bytes(bytes(data))
    (refused,) = outcomes(tmp_path / "a.zip")
    assert refused.because is Because.ENCRYPTED


def test_an_encrypted_dicom_is_refused_by_name(tmp_path):
    enveloped = bytes.fromhex("308006092a864886f70d010703a080") + os.urandom(600)
    (tmp_path / "a.dcm").write_bytes(enveloped)
    (refused,) = outcomes(tmp_path / "a.dcm")
    assert refused.because is Because.ENCRYPTED


def test_a_damaged_archive_is_one_refusal(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.png", photo_bytes())
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-40])
    (refused,) = outcomes(tmp_path / "a.zip")
    assert refused.because is Because.UNREADABLE_PIXELS


def test_an_archive_cut_within_hides_nothing_behind_an_archive_it_holds(make, tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("one.png", b"one")
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("lost.dcm", make.dicom_bytes(make.ct_slices([0.0])[0]))
        archive.writestr("inner.zip", inner.getvalue())
    (tmp_path / "cut.zip").write_bytes(outer.getvalue()[:-30])
    (outcome,) = scan([tmp_path])
    assert (outcome.source, outcome.because) == ("cut.zip", Because.TRUNCATED)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("7z", b"7z\xbc\xaf\x27\x1c"),
        ("RAR", b"Rar!\x1a\x07\x01\0"),
        ("tar", b"a.dcm".ljust(257, b"\0") + b"ustar\x0000"),
    ],
)
def test_archives_that_are_not_read_are_refused_by_name(tmp_path, name, start):
    (tmp_path / "export").write_bytes(start.ljust(2000, b"\1"))
    (outcome,) = scan([tmp_path])
    assert outcome.because is Because.UNSUPPORTED_FORMAT
    assert outcome.detail.startswith(name)


def test_a_spreadsheet_is_one_refusal_not_a_dozen(tmp_path):
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w") as out:
        out.writestr("[Content_Types].xml", "<a/>")
        out.writestr("xl/workbook.xml", "<a/>")
    (refused,) = outcomes(tmp_path / "list.xlsx")
    assert refused.because is Because.NOT_AN_IMAGE


def test_two_members_of_one_name_are_two_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.png", photo_bytes(1))
        with pytest.warns(UserWarning, match="Duplicate name"):
            out.writestr("a.png", photo_bytes(2))
    first, second = outcomes(tmp_path / "a.zip")
    assert first.image.provenance.sha256 != second.image.provenance.sha256


def test_what_is_not_there_is_refused(tmp_path):
    (tmp_path / "bare").mkdir()
    with zipfile.ZipFile(tmp_path / "bare.zip", "w"):
        pass
    results = outcomes(tmp_path / "gone", tmp_path / "bare", tmp_path / "bare.zip")
    assert [item.because for item in results] == [
        Because.NOT_FOUND,
        Because.EMPTY,
        Because.EMPTY,
    ]


def test_names_that_no_table_can_hold_are_written_out(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (b"\xff\xfe.txt", b"line\nbreak.txt", b"\x1b[2Jclear.txt", "Fuß.txt".encode()):
        (folder / os.fsdecode(name)).write_text("text")
    results = outcomes(folder)
    assert sorted(item.source for item in results) == [
        "Fuß.txt",
        "\\udcff\\udcfe.txt",
        "\\x1b[2Jclear.txt",
        "line\\nbreak.txt",
    ]
    write_table(tmp_path / "refused.csv", ["source"], [{"source": r.source} for r in results])


def test_links_that_lead_in_circles_end(tmp_path):
    (tmp_path / "a.png").write_bytes(photo_bytes())
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    results = outcomes(tmp_path)
    assert set(because_of(results).values()) == {Because.NOT_AN_IMAGE}
    assert len(results) == 4


def test_a_dicomdir_is_an_index_and_the_files_are_read_directly(make, tmp_path):
    index = film(make, SOPClassUID="1.2.840.10008.1.3.10", Modality=None)
    make.save(index, tmp_path / "DICOMDIR")
    make.save(film(make), tmp_path / "IM1")
    results = outcomes(tmp_path)
    assert because_of(results) == {"DICOMDIR": Because.NOT_AN_IMAGE}
    assert isinstance(read_one(tmp_path), Radiograph)


def test_the_same_image_given_twice_counts_once(make, tmp_path):
    path = make.save(film(make), tmp_path / "a.dcm")
    results = outcomes(path, path)
    assert sorted(type(item).__name__ for item in results) == ["Read", "Refused"]


def test_a_cut_copy_does_not_spoil_the_whole_one(make, tmp_path):
    whole = make.save(film(make), tmp_path / "b.dcm")
    (tmp_path / "a.dcm").write_bytes(whole.read_bytes()[:-20])
    results = outcomes(tmp_path)
    assert because_of(results) == {"a.dcm": Because.TRUNCATED}
    assert sum(isinstance(item, Read) for item in results) == 1


def test_a_file_that_vanishes_between_scan_and_load_is_refused(make, tmp_path):
    path = make.save(film(make), tmp_path / "a.dcm")
    (found,) = scan([path])
    path.unlink()
    refused = load(found)
    assert isinstance(refused, Refused)
    assert str(tmp_path) not in refused.detail


@pytest.mark.parametrize("seed", range(40))
def test_a_garbled_file_is_never_a_crash(make, tmp_path, seed):
    rng = np.random.default_rng(seed)
    good = make.dicom_bytes(film(make)) if seed % 2 else photo_bytes()
    data = bytearray(good)
    for _ in range(int(rng.integers(1, 30))):
        data[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
    (tmp_path / "a").write_bytes(bytes(data[: int(rng.integers(1, len(data) + 1))]))
    results = outcomes(tmp_path / "a")
    assert len(results) == 1
    for item in results:
        if isinstance(item, Refused):
            assert "\n" not in item.detail
            assert item.because is not Because.CRASHED


def test_more_than_one_image_is_not_one_image(make, tmp_path):
    make.save(film(make), tmp_path / "a")
    make.save(film(make), tmp_path / "b")
    with pytest.raises(UnreadableImage, match="2 images"):
        read_one(tmp_path)


def test_the_input_folder_is_left_as_it_was(messy):
    before = {path: path.stat().st_mtime_ns for path in messy.rglob("*")}
    outcomes(messy)
    assert {path: path.stat().st_mtime_ns for path in messy.rglob("*")} == before


def test_every_real_file_has_exactly_one_outcome(shared_data):
    root = shared_data("dicom-variety")
    assert mentioned(scan([root])) == Counter(expected_names(root))


def test_a_real_mixed_export_is_sorted(shared_data):
    results = outcomes(shared_data("export-mixed-modalities"))
    read = {item.image.modality for item in results if isinstance(item, Read)}
    assert read == {Modality.CT, Modality.MR}
    assert set(because_of(results).values()) == {Because.UNSUPPORTED_MODALITY}


def test_real_single_slices_are_no_volumes(shared_data):
    refused = because_of(outcomes(shared_data("ct-slice-pairs")))
    assert set(refused.values()) == {Because.SINGLE_SLICE}
    assert len(refused) == 12


def test_a_file_that_kills_its_worker_is_one_refused_file(make, tmp_path):
    for name in ("a", "b", "c"):
        make.save(film(make), tmp_path / name)

    def run(function, items):
        """Stand in for workers of which file b is the end."""
        for members in items:
            deadly = any(getattr(member, "name", "") == "b" for member in members)
            yield Lost(Because.CRASHED, "it ended the worker") if deadly else function(members)

    results = list(scan([tmp_path], run))
    assert because_of(results) == {"b": Because.CRASHED}
    assert sorted(item.source for item in results if isinstance(item, Found)) == ["a", "c"]


def test_an_unfinished_transfer_is_never_measured(make, tmp_path):
    folder = make.save_series(make.ct_slices(EVEN), tmp_path / "series.incomplete")
    for given in (tmp_path, folder):
        results = outcomes(given)
        assert {item.because for item in results} == {Because.INCOMPLETE_TRANSFER}
        assert len(results) == len(EVEN)
