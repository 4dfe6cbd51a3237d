"""How well films are outlined by a reader's strokes, on simulated hands with exact truth.

    python -m benchmarks.film_strokes FIRST COUNT [FILM_CACHE]
    python -m benchmarks.film_strokes real FOLDER

Films are drawn as in ``cctrack validate``. Each deposit of 10 mm² or more that the film shows whole
is outlined alone, by a simulated reader (`film_reader`): two strokes on it and one beside it that
goes part of the way around (*arc*) or all of it (*ring*), a box, or one click. *automatic* is what
the same films give without a reader, over bone included. Areas are held against those of the true
outline on the film, so that all errors are the outline's.

*real*: simulated stones put into the flesh of the real hands in FOLDER/xray-hand, as in
`real_images`, and clicks where nothing was put in.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.film_reader import strokes_on
from benchmarks.real_images import films, with_stones
from benchmarks.train_strokes import Film, drawings_on, kept_film
from cctrack.measure.error import border_log_sd
from cctrack.model import Modality, Outline, Radiograph
from cctrack.phantom.radiograph.shadow import TRUTH_SHARE
from cctrack.segment.radiograph import outline_radiograph
from cctrack.segment.radiograph.grid import film_spacing_mm
from cctrack.segment.scribble import click, outline_from_strokes
from cctrack.study.validate.drawing import draw_one
from cctrack.study.validate.truth import Truth

LEAST_MM2 = 10.0
STYLES = ("arc", "ring", "box", "click")
COMPACT = ("stone", "amorphous")
CLICKS = 10
"""Clicks on nothing in each real hand."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one deposit by one way of outlining it.

    ``log_error`` is ln(outlined / true area), ``log_sd`` its stated error.
    """

    seed: int
    style: str
    kind: str
    place: str
    area_mm2: float
    dice: float
    log_error: float
    log_sd: float


def usual_film(seed: int) -> Truth:
    """Draw a film as ``cctrack validate`` does."""
    return draw_one(Modality.XRAY, seed)


def judge(film: Film, seed: int) -> Iterator[Row]:
    """Outline every deposit of a film in every way."""
    automatic = outline_radiograph(film.radiograph)
    for drawing in drawings_on(film, seed, STYLES):
        if film.sizes[drawing.deposit] < LEAST_MM2:
            continue
        if drawing.style == STYLES[0]:
            yield _row(film, seed, drawing.deposit, ("automatic", automatic))
        outline = outline_from_strokes(film.radiograph, drawing.strokes)
        yield _row(film, seed, drawing.deposit, (drawing.style, outline))


def _row(film: Film, seed: int, deposit: int, outlined: tuple[str, Outline]) -> Row:
    style, outline = outlined
    true = film.labels == deposit
    hit = np.bincount(outline.labels[true], minlength=2)
    hit[0] = 0
    # By strokes all that was drawn; automatically the lesion that shares most.
    drawn = outline.lesions if style != "automatic" else (int(hit.argmax()),) * bool(hit.any())
    region = np.isin(outline.labels, drawn) & (outline.labels > 0)
    parts = [(outline.labels == one, outline.border_sd_of(one)) for one in drawn]
    variance = sum((border_log_sd(part, sd) * part.sum()) ** 2 for part, sd in parts)
    area, all_px = int(region.sum()), int(true.sum())
    return Row(
        seed,
        style,
        film.kinds[deposit],
        film.places[deposit],
        film.sizes[deposit],
        2 * int((region & true).sum()) / (area + all_px),
        float(np.log(area / all_px)) if area else float("nan"),
        float(np.sqrt(variance)) / area if area else float("nan"),
    )


def real_hands(folder: Path) -> Iterator[str]:
    """Draw on stones in real hands: Dice by style; and how many clicks on nothing outline some."""
    hands = [film for _, film in films(folder) if film.scale is None]
    clicks = [clicked(film, np.random.default_rng(seed)) for seed, film in enumerate(hands)]
    yield f"clicks on nothing that outline something: {sum(clicks)} of {CLICKS * len(hands)}"
    for style in ("arc", "ring", "click"):
        dice = [one for seed, film in enumerate(hands) for one in _on_stones(film, seed, style)]
        yield f"{style:6s} {len(dice)} stones, Dice {np.median(dice):.2f}, lowest {min(dice):.2f}"


def clicked(film: Radiograph, rng: np.random.Generator) -> int:
    """Click on a hand without calcium: how many clicks outline something."""
    places = np.argwhere(film.pixels > np.median(film.pixels))
    chosen = [places[rng.integers(len(places))] for _ in range(CLICKS)]
    return sum(
        bool(outline_from_strokes(film, click(float(row), float(column))).lesions)
        for row, column in chosen
    )


def _on_stones(film: Radiograph, seed: int, style: str) -> Iterator[float]:
    for again in range(2):
        pixels, stones = with_stones(film, np.random.default_rng(seed + 10 * again))
        filled, more = replace(film, pixels=pixels), pixels - film.pixels
        for number, stone in enumerate(stones):
            near = ndimage.binary_dilation(stone, iterations=5)
            own = near & (more > TRUTH_SHARE * more[stone].max())
            rng = np.random.default_rng([3, seed, again, number])
            strokes = strokes_on(own, film_spacing_mm(film), style, net=False, rng=rng)
            drawn = outline_from_strokes(filled, strokes).labels > 0
            yield 2 * int((drawn & own).sum()) / int(drawn.sum() + own.sum())


def table(rows: Iterable[Row]) -> Iterator[str]:
    """One line for each way, morphology and place."""
    rows = list(rows)
    yield "way        deposit            n  Dice  >=.85   bias  |error|  covered  stated +-"
    for style in ("automatic", *STYLES):
        own = [row for row in rows if row.style == style]
        for kinds, name in ((COMPACT, "compact"), (("plate",), "plates"), (("net",), "nets")):
            for place in ("off bone", "over bone"):
                group = [row for row in own if row.kind in kinds and row.place == place]
                if group:
                    yield f"{style:10s} {name:8s}{place:10s}" + _figures(group)


def _figures(rows: list[Row]) -> str:
    dice = np.array([row.dice for row in rows])
    found = [row for row in rows if np.isfinite(row.log_error)]
    errors, sds = (
        np.array([getattr(row, name) for row in found]) for name in ("log_error", "log_sd")
    )
    said = f"{len(rows):4d}  {np.median(dice):.2f}   {100 * np.mean(dice >= 0.85):3.0f} %"
    if not found:
        return said
    held = np.abs(errors) <= 1.96 * sds
    return (
        f"{said}  {100 * np.median(errors):+4.0f} %   {100 * np.median(np.abs(errors)):4.0f} %"
        f"    {100 * np.mean(held):3.0f} %     {196 * np.median(sds):3.0f} %"
    )


def main(first: int, count: int, cache: Path | None) -> None:
    rows = []
    for seed in range(first, first + count):
        rows += judge(kept_film(usual_film, seed, cache), seed)
    print(*table(rows), sep="\n")


if __name__ == "__main__" and sys.argv[1] == "real":
    print(*real_hands(Path(sys.argv[2])), sep="\n")
elif __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
