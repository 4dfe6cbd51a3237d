"""Measure cctrack itself on simulated images with exact truth, and write what came out."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from cctrack import __version__
from cctrack.io import Lost, write_table, write_text
from cctrack.report.validation import render_validation
from cctrack.study.rows import Row
from cctrack.study.validate.content import content_of
from cctrack.study.validate.figures import Figure, figures_of
from cctrack.study.validate.limits import Checked, Standing, check, shipped_limits
from cctrack.study.validate.pairs import PairCase, PairTask, judge_pair_of
from cctrack.study.validate.plan import Plan
from cctrack.study.validate.single import ImageCase, ImageTask, judge_image
from cctrack.study.workers import Workers

Progress = Callable[[int, int], None]

CASE_LIMIT_S = 600.0
"""Wall time of one image or pair; the slowest take 30 s."""

DEPOSIT_COLUMNS = (
    "modality", "seed", "deposit", "kind", "place", "true", "measured", "log_sd", "dice", "about",
)  # fmt: skip
IMAGE_COLUMNS = (
    "modality", "seed", "scaled", "false_finds", "true", "measured", "log_sd", "about",
)  # fmt: skip
PAIR_COLUMNS = (
    "modality", "seed", "scenario", "true_ratio", "ratio", "log_sd", "true_outcome", "outcome",
    "confidence", "quality", "off_mm", "events",
)  # fmt: skip
FIGURE_COLUMNS = ("key", "modality", "group", "name", "value", "unit", "count", "lower", "upper")


@dataclass(frozen=True, slots=True)
class Validation:
    """How well cctrack measures.

    Attributes
    ----------
    figures : tuple of Figure
    checked : tuple of Checked
        Figures with a stated limit.
    lost : tuple of str
        Images and pairs whose worker died, in words.
    report : Path
    """

    figures: tuple[Figure, ...]
    checked: tuple[Checked, ...]
    lost: tuple[str, ...]
    report: Path

    @property
    def kept(self) -> bool:
        """Whether no limit was broken and nothing was lost."""
        broken = any(item.standing is Standing.FAIL for item in self.checked)
        return not broken and not self.lost


def validate(
    out: Path,
    plan: Plan,
    *,
    jobs: int,
    progress: Progress,
    today: date,
) -> Validation:
    """Draw, measure and judge everything in a plan; write tables and a report.

    Parameters
    ----------
    out : Path
        Gets deposits.csv, images.csv, pairs.csv, figures.csv and validation.html.
    plan : Plan
    jobs : int
        Worker processes; 0 works in this one.
    progress : callable
        Called with cases done and cases in all.
    today : date
        For the report.
    """
    images, pairs, lost = _judge(plan, jobs, progress)
    figures = figures_of(images, pairs)
    checked = check(figures, shipped_limits())
    out.mkdir(parents=True, exist_ok=True)
    _write_tables(out, images, pairs, figures)
    made = {"cctrack": __version__, "date": today.isoformat(), **_machine()}
    content = content_of(images, pairs, figures, checked, made)
    write_text(out / "validation.html", render_validation(content))
    return Validation(figures, checked, lost, out / "validation.html")


def _judge(
    plan: Plan, jobs: int, progress: Progress
) -> tuple[list[ImageCase], list[PairCase], tuple[str, ...]]:
    images: list[ImageCase] = []
    pairs: list[PairCase] = []
    lost: list[str] = []
    image_tasks, pair_tasks = plan.image_tasks, plan.pair_tasks
    count = len(image_tasks) + len(pair_tasks)
    with Workers(jobs) as workers:
        judged = workers.run(judge_image, image_tasks, lambda _task: CASE_LIMIT_S)
        for image_task, image in zip(image_tasks, judged, strict=True):
            if isinstance(image, Lost):
                lost.append(_lost(image_task, image))
            else:
                images.append(image)
            progress(len(images) + len(lost), count)
        compared = workers.run(judge_pair_of, pair_tasks, lambda _task: CASE_LIMIT_S)
        for pair_task, pair in zip(pair_tasks, compared, strict=True):
            if isinstance(pair, Lost):
                lost.append(_lost(pair_task, pair))
            else:
                pairs.append(pair)
            progress(len(images) + len(pairs) + len(lost), count)
    return images, pairs, tuple(lost)


def _lost(task: ImageTask | PairTask, why: Lost) -> str:
    return f"{task.modality} {task.seed}: {why.detail}"


def _machine() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _write_tables(
    out: Path,
    images: Sequence[ImageCase],
    pairs: Sequence[PairCase],
    figures: Sequence[Figure],
) -> None:
    deposits = (item for image in images for item in image.deposits)
    write_table(out / "deposits.csv", DEPOSIT_COLUMNS, map(_row, deposits))
    write_table(out / "images.csv", IMAGE_COLUMNS, map(_row, images))
    write_table(out / "pairs.csv", PAIR_COLUMNS, map(_row, pairs))
    write_table(out / "figures.csv", FIGURE_COLUMNS, map(_row, figures))


def _row(case: object) -> Row:
    """Turn a case into cells; what is not one value becomes ``a=b c=d``."""
    cells = asdict(case)  # type: ignore[call-overload]
    cells.pop("deposits", None)
    if "about" in cells:
        cells["about"] = _words(cells["about"])
    if "events" in cells:
        cells["events"] = "; ".join(_words(event) for event in cells["events"])
    return {key: _finite(value) for key, value in cells.items()}


def _words(values: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _finite(value: object) -> object:
    return None if isinstance(value, float) and value != value else value
