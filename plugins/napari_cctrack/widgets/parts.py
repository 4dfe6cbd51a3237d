"""Small parts that the steps share; every control comes with its explanation."""

from collections.abc import Callable, Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

CHIP_PX = 12
"""Side of the square that shows a lesion's colour."""


def button(text: str, tip: str, action: Callable[[], None]) -> QPushButton:
    """Make a button."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.clicked.connect(lambda _checked=False: action())
    made.setAutoDefault(False)
    return made


def main_button(text: str, tip: str, action: Callable[[], None]) -> QPushButton:
    """Make the button that most readers press at this step: it is bold."""
    made = button(text, tip, action)
    font = made.font()
    font.setBold(True)
    made.setFont(font)
    made.setMinimumHeight(30)
    return made


def toggle(text: str, tip: str) -> QPushButton:
    """Make a button that stays down."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setCheckable(True)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    made.setAutoDefault(False)
    return made


def exclusive(buttons: Sequence[QPushButton], owner: QWidget) -> QButtonGroup:
    """Let only one of several buttons be down."""
    group = QButtonGroup(owner)
    group.setExclusive(True)
    for number, one in enumerate(buttons):
        group.addButton(one, number)
    return group


def text(words: str = "", tip: str = "") -> QLabel:
    """Make a paragraph that breaks its lines."""
    made = QLabel(words)
    made.setWordWrap(True)
    made.setToolTip(tip)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # As high as its lines at the width that there is; its own hint is that of a narrow column.
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made


def heading(words: str) -> QLabel:
    """Make a bold line."""
    made = QLabel(words)
    font = made.font()
    font.setBold(True)
    made.setFont(font)
    return made


def row(*parts: QWidget | int) -> QWidget:
    """Lay parts side by side; a number stretches."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        else:
            layout.addWidget(part)
    return made


def column(*parts: QWidget | int, margin: int = 6) -> QWidget:
    """Lay parts below each other; a number stretches."""
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(6)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        else:
            layout.addWidget(part)
    return made


def keep_low(part: QWidget) -> None:
    """Let a part be no higher than it needs: what room is left goes to another one."""
    part.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


def table(headings: Sequence[str], tip: str, mode: QHeaderView.ResizeMode) -> QTableWidget:
    """Make a table whose lines are read and clicked, never edited."""
    made = QTableWidget(0, len(headings))
    made.setHorizontalHeaderLabels(list(headings))
    made.setToolTip(tip)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    # It takes the room that is left, instead of pushing what is below out of a small screen.
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    across, down = made.horizontalHeader(), made.verticalHeader()
    if across is not None and down is not None:
        across.setSectionResizeMode(mode)
        down.setVisible(False)
    return made


def number_box(unit: str, tip: str, ends: tuple[float, float], decimals: int = 2) -> QDoubleSpinBox:
    """Make a field for a number with its unit."""
    made = QDoubleSpinBox()
    made.setRange(*ends)
    made.setDecimals(decimals)
    made.setSuffix(f" {unit}")
    made.setToolTip(tip)
    return made


def choice(words: Sequence[str], tip: str) -> QComboBox:
    """Make a list to choose from."""
    made = QComboBox()
    made.addItems(list(words))
    made.setToolTip(tip)
    return made


def colour_chip(colour: tuple[int, int, int]) -> QIcon:
    """Make a small square of a lesion's colour."""
    picture = QPixmap(CHIP_PX, CHIP_PX)
    picture.fill(QColor(*colour))
    return QIcon(picture)
