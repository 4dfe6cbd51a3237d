"""How far readers agree with each other, and each with itself, as one tidy table."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations

import numpy as np

from cctrack.compare.agreement import (
    Estimate,
    intraclass_correlation,
    ratio_limits,
    weighted_kappa,
)
from cctrack.errors import CctrackError
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.model import FloatArray, Outcome
from cctrack.study.reading_session.disagreement import first_turns
from cctrack.study.reading_session.plan import Task
from cctrack.study.reading_session.readings import ReadingRow

ORDER = (str(Outcome.REGRESSION), str(Outcome.STABLE), str(Outcome.PROGRESSION))

COLUMNS = (
    Column("kind", meaning="between two readers, within one (first and second turn), or all"),
    Column("task", meaning="outline or verdict"),
    Column("modality", meaning="photo, xray, ct or mr"),
    Column("unit", meaning="of the sizes"),
    Column("reader", meaning="the first reader; empty for all"),
    Column("other", meaning="the second reader"),
    Column("pairs", Kind.COUNT, "things that both read"),
    Column("left_out", Kind.COUNT, "of them, those that cannot enter: size 0, not_evaluable"),
    Column("statistic", meaning="icc_2_1, kappa, ratio, ratio_lower, ratio_upper"),
    Column("value", Kind.NUMBER, "ratios are other / reader, or second / first turn"),
    Column("lower95", Kind.NUMBER, "lower end of its 95 % interval"),
    Column("upper95", Kind.NUMBER, "upper end of it"),
    Column("note", meaning="why there is no value"),
)

Pair = tuple[ReadingRow, ReadingRow]
Row = Mapping[str, object]
Group = tuple[str, str, str]


def reading_agreement(rows: Sequence[ReadingRow]) -> Sheet:
    """Compare readers with each other by their first turns, and with themselves by both."""
    found: list[Row] = []
    groups: dict[Group, list[ReadingRow]] = defaultdict(list)
    for row in rows:
        groups[row.task, row.modality, row.unit].append(row)
    for group, read in groups.items():
        first = first_turns(read)
        readers = sorted({row.reader for row in first})
        if len(readers) > 2 and group[0] == Task.OUTLINE:
            found += _of_all(group, first, readers)
        for one, other in combinations(readers, 2):
            found += _compared(("between", one, other), group, _same(first, one, other))
        for reader in sorted({row.reader for row in read if row.turn == 2}):
            found += _compared(("within", reader, reader), group, _twice(read, reader))
    return Sheet("agreement_of_readers", COLUMNS, found)


def _same(first: Sequence[ReadingRow], one: str, other: str) -> list[Pair]:
    said = {(row.reader, row.thing): row for row in first}
    things = [row.thing for row in first if row.reader == one]
    return [(said[one, t], said[other, t]) for t in things if (other, t) in said]


def _twice(read: Sequence[ReadingRow], reader: str) -> list[Pair]:
    again = {(row.session, row.thing): row for row in read if row.turn == 2}
    return [
        (row, again[row.session, row.thing])
        for row in read
        if row.reader == reader and row.turn == 1 and (row.session, row.thing) in again
    ]


def _compared(who: tuple[str, str, str], group: Group, pairs: Sequence[Pair]) -> Iterator[Row]:
    if group[0] == Task.VERDICT:
        known = [pair for pair in pairs if all(row.verdict in ORDER for row in pair)]
        about = _about(who, group, len(pairs), len(pairs) - len(known))
        yield {**about, "statistic": "kappa", **_value(lambda: _kappa(known))}
        return
    known = [pair for pair in pairs if all(row.value for row in pair)]
    about = _about(who, group, len(pairs), len(pairs) - len(known))
    sizes = np.array([[row.value for row in pair] for pair in known], dtype=float).reshape(-1, 2)
    yield {**about, "statistic": "icc_2_1", **_value(lambda: _icc(sizes))}
    for name, part in (("ratio", "bias"), ("ratio_lower", "lower"), ("ratio_upper", "upper")):
        yield {**about, "statistic": name, **_value(partial(_limit, sizes, part))}


def _of_all(group: Group, first: Sequence[ReadingRow], readers: Sequence[str]) -> Iterator[Row]:
    """ICC of three readers and more, on what all of them read."""
    said = {(row.thing, row.reader): row.value for row in first}
    things = dict.fromkeys(row.thing for row in first)
    whole = [t for t in things if all((t, reader) in said for reader in readers)]
    sizes = np.array([[said[t, reader] or np.nan for reader in readers] for t in whole], float)
    known = sizes.reshape(-1, len(readers))
    known = known[np.isfinite(known).all(axis=1)]
    about = _about(("all", "", ""), group, len(whole), len(whole) - len(known))
    yield {**about, "statistic": "icc_2_1", **_value(lambda: _icc(known))}


def _icc(sizes: FloatArray) -> Estimate:
    # On logarithms: the error of a size grows with it, and one large deposit would decide alone.
    return intraclass_correlation(np.log(sizes))


def _limit(sizes: FloatArray, part: str) -> Estimate:
    found: Estimate = getattr(ratio_limits(sizes[:, 0], sizes[:, 1]), part)
    return found


def _kappa(pairs: Sequence[Pair]) -> Estimate:
    if len(pairs) < 2:
        raise ValueError(f"2 pairs are needed, got {len(pairs)}")
    return weighted_kappa([a.verdict for a, _ in pairs], [b.verdict for _, b in pairs], ORDER)


def _value(compute: Callable[[], Estimate]) -> Row:
    try:
        found = compute()
    except (ValueError, CctrackError) as error:
        return {"note": str(error)}
    if math.isnan(found.value):
        return {"note": "all readings are the same"}
    ends = {"lower95": found.low, "upper95": found.high}
    return {"value": found.value, **{k: v for k, v in ends.items() if math.isfinite(v)}}


def _about(who: tuple[str, str, str], group: Group, pairs: int, left_out: int) -> Row:
    names = ("kind", "reader", "other", "task", "modality", "unit")
    return {**dict(zip(names, (*who, *group), strict=True)), "pairs": pairs, "left_out": left_out}
