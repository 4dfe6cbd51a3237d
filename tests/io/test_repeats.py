"""The same photo under two names is one photo, also before anything was measured."""

import io
import zipfile

import numpy as np
from PIL import Image

from cctrack.io import Found, scan
from cctrack.io.repeats import hash_members
from cctrack.model import Because, Refused


def picture(seed):
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=0)
    return stream.getvalue()


def split(outcomes):
    outcomes = list(outcomes)
    found = [item.source for item in outcomes if isinstance(item, Found)]
    refused = {item.source: item for item in outcomes if isinstance(item, Refused)}
    return found, refused


def test_a_copy_of_a_photo_is_refused_and_named_after_the_first(tmp_path):
    (tmp_path / "a.png").write_bytes(picture(1))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr("copy.png", picture(1))
        packed.writestr("other.png", picture(2))
    found, refused = split(scan([tmp_path]))
    assert found == ["a.png", "b.zip!other.png"]
    assert refused["b.zip!copy.png"].because is Because.DUPLICATE
    assert refused["b.zip!copy.png"].detail == "the same content as a.png"


def test_photos_of_one_length_are_not_one_photo(tmp_path):
    assert len(picture(1)) == len(picture(2))
    for seed in range(5):
        (tmp_path / f"{seed}.png").write_bytes(picture(seed))
    found, refused = split(scan([tmp_path]))
    assert len(found) == 5
    assert not refused


def test_photos_of_different_lengths_are_not_even_read_for_it(tmp_path):
    (tmp_path / "a.png").write_bytes(picture(1))
    (tmp_path / "b.png").write_bytes(picture(2) + b"more")
    asked = []

    def run(function, items):
        asked.extend(items if function is hash_members else ())
        return map(function, items)

    list(scan([tmp_path], run))
    assert asked == []


def test_a_path_given_twice_is_one_photo(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    found, refused = split(scan([path, path]))
    assert found == ["a.png"]
    assert [item.because for item in refused.values()] == [Because.DUPLICATE]
