"""Names of files stay out of what is given away, and every one can be found again."""

from cctrack.model import Because, Refused
from cctrack.study.without_names import without_names

ROWS = [{"image_id": "3f2a", "source": "Erika/hand.png", "value": 12.5}]
AGAIN = Refused("Erika/copy.png", Because.DUPLICATE, "the same content as Erika/hand.png")
SERIES = Refused("CT", Because.MISSING_SLICES, "found 7 of 9", ("CT/1", "CT/2"))


def test_no_row_and_no_reason_names_a_file():
    named = without_names(ROWS, [AGAIN, SERIES])
    assert named.rows == ({"image_id": "3f2a", "source": "", "value": 12.5},)
    assert named.refused[0].detail == "the same content as 3f2a"
    assert named.refused[1].detail == "found 7 of 9"
    assert [item.source for item in named.refused] == ["file-2", "file-3"]
    assert named.refused[1].members == ("file-4", "file-5")


def test_every_name_can_be_found_again():
    named = without_names(ROWS, [AGAIN, SERIES])
    places = {row["image_id"]: row["source"] for row in named.sources}
    assert places["3f2a"] == "Erika/hand.png"
    assert [places[name] for name in named.refused[1].members] == ["CT/1", "CT/2"]
