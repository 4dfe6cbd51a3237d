"""How well films are outlined by a reader's strokes, on simulated hands with exact truth.

    python -m benchmarks.film_strokes FIRST COUNT [FILM_CACHE]

Films are drawn as in ``cctrack validate``. Each deposit of 10 mm² or more that the film shows whole
is outlined alone, by a simulated reader (`film_reader`): two strokes on it and one beside it that
goes part of the way around (*arc*) or all of it (*ring*), a box, or one click. *automatic* is what
the same films give without a reader, over bone included. Areas are held against those of the true
outline on the film, so that all errors are the outline's.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.train_strokes import Film, drawings_on, kept_film
from cctrack.measure.error import border_log_sd
from cctrack.model import Modality, Outline
from cctrack.segment.radiograph import outline_radiograph
from cctrack.segment.scribble import outline_from_strokes
from cctrack.study.validate.drawing import draw_one
from cctrack.study.validate.truth import Truth

LEAST_MM2 = 10.0
STYLES = ("arc", "ring", "box", "click")
COMPACT = ("stone", "amorphous")


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


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
