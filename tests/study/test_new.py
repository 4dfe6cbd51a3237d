"""From an export to a study that runs: what is known is written, guesses say so, names stay out."""

import csv
import shutil
import stat
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.calibrate.options import NOTHING_GIVEN
from cctrack.errors import StudyError
from cctrack.io import hash_bytes
from cctrack.model import Because, Modality
from cctrack.study.add import AddOptions, add_images
from cctrack.study.folder import open_study
from cctrack.study.given import read_pseudonyms
from cctrack.study.identity import image_id
from cctrack.study.measuring import VisitTask, measure_visit
from cctrack.study.new import new_study
from cctrack.study.run import RunOptions, run_study

SAMPLES = Path(__file__).parents[2] / "sample_images"

HERE = AddOptions()


def photo(path: Path, seed: int, colour=(40, 0, -20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(seed).integers(90, 110, (48, 64, 1))
    Image.fromarray((grey + np.array(colour)).astype(np.uint8)).save(path)
    return path


def lines(root: Path) -> list[dict[str, str]]:
    with (root / "visits.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def study(root: Path, *paths: Path, **options) -> list[dict[str, str]]:
    if not (root / "visits.csv").exists():
        new_study(root)
    add_images(root, paths, AddOptions(**options))
    return lines(root)


@pytest.fixture
def films(tmp_path):
    """Give the films of two simulated patients and the photos of one of them."""
    if not SAMPLES.exists():
        pytest.skip("the sample images are not in an installed package")
    export = tmp_path / "export"
    for name in ("P1/xray-2014-03-03.dcm", "P1/photo-2014-03-03.jpg", "P4/xray-2014-03-03.dcm"):
        (export / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / name, export / name)
    return export


def test_a_film_says_all_of_its_line_by_itself(tmp_path, films):
    rows = [row for row in study(tmp_path / "s", films) if row["modality"] == "xray"]
    assert [(row["site"], row["acquired"], row["guessed"]) for row in rows] == [
        ("hand", "2014-03-03", "")
    ] * 2
    assert {row["laterality"] for row in rows} == {"left", "right"}
    assert len({row["patient"] for row in rows}) == 2


def test_a_photo_beside_the_films_of_one_patient_is_guessed_to_be_of_that_patient(tmp_path, films):
    rows = study(tmp_path / "s", films)
    (row,) = [row for row in rows if row["modality"] == "photo"]
    (film,) = [row for row in rows if row["laterality"] == "left"]
    assert row["patient"] == film["patient"]
    assert row["guessed"] == "patient"
    assert (row["site"], row["note"]) == ("", "fill in site")


def test_a_photo_among_films_of_two_patients_is_nobodys(tmp_path, films):
    shutil.copy(films / "P4/xray-2014-03-03.dcm", films / "P1/other.dcm")
    (films / "P4/xray-2014-03-03.dcm").unlink()
    (row,) = [row for row in study(tmp_path / "s", films) if row["modality"] == "photo"]
    assert row["patient"] == ""
    assert row["note"] == "fill in patient, site"


def test_what_new_writes_can_be_run(tmp_path, films):
    root = tmp_path / "s"
    study(root, films)
    opened = open_study(root)
    assert {visit.modality for visit in opened.visits} == {Modality.XRAY}
    measured = measure_visit(VisitTask(root, opened.visits[0], NOTHING_GIVEN))
    assert measured.refused is None
    assert measured.packed is not None
    assert opened.visits[0].path == f"source:{image_id(measured.sha256)}"
    (left_out,) = opened.incomplete
    assert left_out.because is Because.INCOMPLETE_VISIT
    assert left_out.detail == "site to fill in"


def test_a_study_with_nothing_but_lines_to_complete_runs_and_says_so(tmp_path):
    root = tmp_path / "s"
    study(root, photo(tmp_path / "hand.png", 1))
    result = run_study(root, root / "results", RunOptions())
    assert [item.because for item in result.refused] == [Because.INCOMPLETE_VISIT]
    assert not result.complete


def test_no_name_of_a_file_or_a_patient_gets_into_the_tables(tmp_path):
    secret = photo(tmp_path / "export" / "Mustermann_Erika" / "left hand Mustermann.png", 1)
    root = tmp_path / "s"
    study(root, secret.parents[1], patient_folders=True)
    told = [path for path in root.rglob("*") if path.is_file() and b"Muster" in path.read_bytes()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in told)
    assert {path.relative_to(root).parts[:2] for path in told} == {
        ("record", "sources"),
        ("record", "sources.csv"),
    }


def test_a_site_and_a_date_are_guessed_from_the_names_of_files(tmp_path):
    for name in ("Unterarm links/IMG_20170503_1015.png", "x/2019-02-30 knee.png", "y/born.png"):
        photo(tmp_path / "e" / name, len(name))
    rows = {row["site"]: row for row in study(tmp_path / "s", tmp_path / "e")}
    assert (rows["forearm"]["laterality"], rows["forearm"]["acquired"]) == ("left", "2017-05-03")
    assert rows["forearm"]["guessed"] == "acquired;laterality;site"
    assert rows["knee"]["acquired"] == ""  # No 30 February.
    assert rows[""]["note"] == "fill in patient, site, acquired"


def test_a_date_of_birth_in_a_folders_name_is_no_date_of_a_photo(tmp_path):
    photo(tmp_path / "e" / "Doe 2003-04-05" / "hand.png", 1)
    photo(tmp_path / "e" / "2018-04-05" / "hand.png", 2)
    assert sorted(row["acquired"] for row in study(tmp_path / "s", tmp_path / "e")) == [
        "",
        "2018-04-05",
    ]


def test_folders_are_patients_only_when_somebody_says_so(tmp_path):
    for patient in ("a", "b"):
        photo(tmp_path / "e" / patient / "2018-04-05 hand.png", ord(patient))
    assert {row["patient"] for row in study(tmp_path / "s", tmp_path / "e")} == {""}
    said = study(tmp_path / "t", tmp_path / "e", patient_folders=True)
    assert len({row["patient"] for row in said}) == 2
    assert all(row["guessed"] == "acquired;site" for row in said)


def test_what_is_said_of_all_images_fills_what_they_do_not_tell(tmp_path, films):
    photo(films / "loose" / "2018-04-05.png", 1)
    rows = study(tmp_path / "s", films, patient="P1", site="forearm")
    told = {(row["patient"] == "P1", row["site"]) for row in rows if row["modality"] == "photo"}
    assert told == {(True, "forearm")}
    assert {row["site"] for row in rows if row["modality"] == "xray"} == {"hand"}
    assert all(row["patient"] != "P1" for row in rows if row["modality"] == "xray")
    study(tmp_path / "s", photo(tmp_path / "2019-04-05.png", 2), patient="P1", site="forearm")
    assert [visit.patient for visit in open_study(tmp_path / "s").visits].count("P1") == 3


def test_a_study_keeps_the_pseudonyms_it_had(tmp_path):
    photo(tmp_path / "e" / "Doe" / "2018-04-05 hand.png", 1)
    table = tmp_path / "key.csv"
    table.write_text("patient_id,pseudonym\nDoe,SSc-017\n", encoding="utf-8")
    given = read_pseudonyms(table)
    rows = study(tmp_path / "s", tmp_path / "e", patient_folders=True, pseudonyms=given)
    assert rows[0]["patient"] == "SSc-017"


@pytest.mark.parametrize(
    "text", ["a,b\n", "patient_id,pseudonym\nDoe,=1+1\n", "patient_id,pseudonym\nDoe,A\nDoe,B\n"]
)
def test_pseudonyms_that_cannot_be_used_are_refused_without_a_name(tmp_path, text):
    (tmp_path / "key.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        read_pseudonyms(tmp_path / "key.csv")
    assert "Doe" not in str(refused.value)


def test_adding_again_adds_only_what_is_new(tmp_path):
    export = tmp_path / "e"
    photo(export / "a.png", 1)
    root = tmp_path / "s"
    study(root, export)
    photo(export / "b.png", 2)
    shutil.copy(export / "a.png", export / "copy of a.png")
    added = add_images(root, [export], HERE)
    assert (len(added.rows), added.known) == (1, 1)
    assert [item.because for item in added.refused] == [Because.DUPLICATE]
    assert len(lines(root)) == 2


def test_what_somebody_wrote_stays(tmp_path):
    root = tmp_path / "s"
    study(root, photo(tmp_path / "a.png", 1))
    text = (root / "visits.csv").read_text(encoding="utf-8")
    edited = text.replace(",,,photo,", "P1,hand,2020-01-01,photo,").replace("fill in", "was")
    (root / "visits.csv").write_text("\ufeff" + edited.rstrip("\n"), encoding="utf-8")
    study(root, photo(tmp_path / "b.png", 2))
    assert (root / "visits.csv").read_text(encoding="utf-8").startswith("\ufeff" + edited)
    assert len((root / "visits.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_a_table_with_columns_of_its_own_keeps_them(tmp_path):
    root = tmp_path / "s"
    root.mkdir()
    text = (
        'patient,site,acquired,modality,path,"my ""own"""\nP1,hand,2020-01-05,photo,a.jpg,"x,y"\n'
    )
    (root / "visits.csv").write_text(text, encoding="utf-8")
    study(root, photo(tmp_path / "b.png", 2))
    old, new = lines(root)
    assert old['my "own"'] == "x,y"
    assert new["path"].startswith("source:")
    assert new["note"]


def test_an_image_that_lies_alone_within_the_study_goes_by_its_own_path(tmp_path):
    root = tmp_path / "s"
    new_study(root)
    photo(root / "images" / "hand.png", 1)
    (row,) = study(root, root / "images")
    assert row["path"] == "images/hand.png"
    assert study(root, root) == [row]


def test_pictures_that_cctrack_made_are_no_images_of_the_study(tmp_path):
    root = tmp_path / "s"
    new_study(root)
    photo(root / "results" / "overlays" / "x.png", 1)
    added = add_images(root, [root], HERE)
    assert added.rows == ()
    details = {item.detail for item in added.refused}
    assert "a picture in the study's own record or results" in details


def test_an_image_that_was_moved_is_found_again_by_adding_it(tmp_path):
    root = tmp_path / "s"
    before = photo(tmp_path / "old" / "2018-04-05 hand.png", 1)
    study(root, before, pseudonyms={})
    after = tmp_path / "new.png"
    before.rename(after)
    assert len(study(root, after)) == 1
    (row,) = lines(root)
    (root / "visits.csv").write_text(
        f"patient,site,acquired,modality,path\nP1,hand,2018-04-05,photo,{row['path']}\n",
        encoding="utf-8",
    )
    visit = measure_visit(VisitTask(root, open_study(root).visits[0], NOTHING_GIVEN))
    assert visit.packed is not None
    assert visit.sha256 == hash_bytes(after.read_bytes())


def test_a_line_whose_files_are_unknown_is_refused_and_the_study_goes_on(tmp_path):
    new_study(tmp_path)
    (tmp_path / "visits.csv").write_text(
        "patient,site,acquired,modality,path\nP1,hand,2018-04-05,photo,source:0123456789ab\n",
        encoding="utf-8",
    )
    visit = measure_visit(VisitTask(tmp_path, open_study(tmp_path).visits[0], NOTHING_GIVEN))
    assert visit.refused is not None
    assert visit.refused.because is Because.NOT_FOUND


@pytest.mark.parametrize("path", ["source:../../key", "source:", "source:a/b"])
def test_a_path_cannot_lead_out_of_the_list_of_sources(tmp_path, path):
    new_study(tmp_path)
    (tmp_path / "visits.csv").write_text(
        f"patient,site,acquired,modality,path\nP1,hand,2018-04-05,photo,{path}\n", encoding="utf-8"
    )
    visit = measure_visit(VisitTask(tmp_path, open_study(tmp_path).visits[0], NOTHING_GIVEN))
    assert visit.refused is not None


def test_several_images_of_a_site_on_one_day_are_told_apart(tmp_path):
    for seed in (1, 2):
        photo(tmp_path / "e" / "p" / f"2018-04-05 hand {seed}.png", seed)
    photo(tmp_path / "e" / "p" / "2019-04-05 hand.png", 3)
    rows = study(tmp_path / "s", tmp_path / "e", patient_folders=True)
    views = [(row["acquired"], row["view"]) for row in rows]
    assert sorted(views) == [
        ("2018-04-05", "image 1"),
        ("2018-04-05", "image 2"),
        ("2019-04-05", "image 1"),
    ]
    assert all("view" in row["guessed"] for row in rows)


def test_a_lost_key_is_not_replaced_while_patients_are_known_by_it(tmp_path):
    root = tmp_path / "s"
    study(root, photo(tmp_path / "a.png", 1))
    (root / "record" / "key").unlink()
    with pytest.raises(StudyError, match="record/key is missing"):
        add_images(root, [tmp_path], HERE)


def test_a_study_is_never_made_over_another(tmp_path):
    new_study(tmp_path, title="One")
    with pytest.raises(StudyError, match="holds a study already"):
        new_study(tmp_path, title="Two")
    assert 'title = "One"' in (tmp_path / "study.toml").read_text(encoding="utf-8")


def test_a_title_of_any_characters_is_read_back(tmp_path):
    title = 'He said "x\\y"\n# = [a]'
    new_study(tmp_path, title=title)
    (tmp_path / "visits.csv").write_text(
        "patient,site,acquired,modality,path\nP1,hand,2018-04-05,photo,a.png\n", encoding="utf-8"
    )
    assert open_study(tmp_path).settings.title == title
    assert open_study(tmp_path).visits[0].acquired == date(2018, 4, 5)
