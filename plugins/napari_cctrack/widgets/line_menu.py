"""What can be said about a line of the lesion table: which lesion it is, whether it counts."""

from collections.abc import Callable
from functools import partial

from qtpy.QtWidgets import QMenu, QWidget

from cctrack.model import LinkAction, Modality
from napari_cctrack.session import actions
from napari_cctrack.session.state import PairState
from napari_cctrack.session.table import Line
from napari_cctrack.widgets.desk import Desk


def line_menu(
    desk: Desk, pair: PairState, line: Line, others: tuple[Line, ...], owner: QWidget
) -> QMenu:
    """Make the menu of a lesion's line; what cannot be said about it is not in it.

    Parameters
    ----------
    desk : Desk
    pair : PairState
        Compared.
    line : Line
        Of a lesion.
    others : tuple of Line
        All lines.
    owner : QWidget
    """
    menu = QMenu(owner)
    menu.setToolTipsVisible(True)
    if pair.modality is Modality.XRAY:
        _add_counting(menu, desk, line)
    if pair.links is None:
        _add(menu, "Links: in a links file", "The site has more than two visits", None)
    elif line.before and line.after:
        _add_both(menu, desk, line)
    else:
        _add_partners(menu, desk, line, others)
    return menu


def _add_counting(menu: QMenu, desk: Desk, line: Line) -> None:
    lesion, name = line.lesion, f"L{line.lesion}"

    def count(counts: bool) -> None:
        def judged(now: PairState) -> PairState:
            return actions.compare(actions.count_over_bone(now, lesion, counts=counts))

        desk.do(f"{name} counts" if counts else f"{name} left out", judged)

    if line.counted:
        tip = "It lies over bone, or is bone: leave it out of the totals of both visits"
        _add(menu, f"Leave {name} out: it lies over bone", tip, partial(count, False))
    else:
        tip = "You can tell it from the bone: it counts at every visit that shows it"
        _add(menu, f"Count {name}: it is a deposit", tip, partial(count, True))


def _add_both(menu: QMenu, desk: Desk, line: Line) -> None:
    name = line.cells[0]
    _add(
        menu,
        f"{name}: yes, the same lesion",
        "Confirm it: no later run may say otherwise",
        partial(_say, desk, LinkAction.CONFIRM, line.before, line.after),
    )
    _add(
        menu,
        f"{name}: not the same lesion",
        "The earlier one is gone, and the later one is new",
        partial(_say, desk, LinkAction.REJECT, line.before, line.after),
    )


def _add_partners(menu: QMenu, desk: Desk, line: Line, others: tuple[Line, ...]) -> None:
    for other in others:
        earlier, later = line.before or other.before, line.after or other.after
        if other is line or not other.lesion or not (earlier and later):
            continue
        _add(
            menu,
            f"{line.cells[0]}: the same as {other.cells[0]}",
            "Say that the two are one lesion",
            partial(_say, desk, LinkAction.REDRAW, earlier, later),
        )


def _say(desk: Desk, action: LinkAction, earlier: tuple[int, ...], later: tuple[int, ...]) -> None:
    reader = desk.reader
    desk.do("Linking", lambda pair: actions.say_link(pair, action, earlier, later, reader))


def _add(menu: QMenu, words: str, tip: str, action: Callable[[], None] | None) -> None:
    item = menu.addAction(words)
    if item is None:
        return
    item.setToolTip(tip)
    item.setEnabled(action is not None)
    if action is not None:
        item.triggered.connect(lambda _checked=False: action())
