"""Dialogs: which images, which study, where to write."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import QDate, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QDateEdit,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from cctrack.model import Modality
from napari_cctrack.preferences import preferences
from napari_cctrack.session import loose
from napari_cctrack.session.shelf import Shelf
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.parts import choice, row, text
from napari_cctrack.widgets.work import Job, Steps

IMAGES = "Images (*.jpg *.jpeg *.png *.tif *.tiff *.heic *.heif *.dcm *.dicom *.ima *.zip);;All (*)"

KINDS = (Modality.PHOTO, Modality.XRAY)
"""What a picture without a DICOM header may be."""


class Openings:
    """Asks for files and folders, and opens what was chosen."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        self._desk = desk
        self._parent = parent

    def visits(self) -> None:
        """Ask for the images of one or more visits."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self._parent, "Open the images of one or more visits", "", IMAGES
        )
        if chosen:
            self.open_paths([Path(path) for path in chosen])

    def study(self) -> None:
        """Ask for a study folder."""
        chosen = QFileDialog.getExistingDirectory(self._parent, "Open a study folder")
        if chosen:
            self._desk.open_study(Path(chosen), first=True)

    def new_study(self) -> None:
        """Ask for an export and for a new folder, and make a study."""
        source = QFileDialog.getExistingDirectory(self._parent, "The folder with the images")
        if not source:
            return
        home = QFileDialog.getExistingDirectory(self._parent, "An empty folder for the new study")
        if home:
            self.make_study(Path(home), [Path(source)])

    def make_study(self, root: Path, paths: list[Path]) -> None:
        """Make a study of an export; images stay where they are."""

        def work() -> Steps:
            yield "Looking what is in the export …"
            yield loose.make_study(root, paths)

        def done(unfinished: int) -> None:
            if unfinished:
                self._desk.tell(
                    f"{unfinished} lines of visits.csv in the new folder have to be filled in. "
                    "Then open it with Open study…"
                )
            else:
                self._desk.open_study(root, first=True)

        self._desk.work.do(Job("Making a study", work, done))

    def open_paths(self, paths: list[Path]) -> None:
        """Open loose images; what they do not say themselves is asked for."""

        def work() -> Steps:
            yield "Looking at the images …"
            yield loose.find_images(paths)

        self._desk.work.do(Job("Opening images", work, self._found))

    def report(self) -> None:
        """Run the study and open its report in the browser."""
        shelf = self._desk.shelf
        if not isinstance(shelf, Shelf):
            self._desk.tell("Open a study first; a blinded reading has no report.")
            return
        self._desk.save_now()

        def work() -> Steps:
            def steps() -> Steps:
                yield "Running the study with all that was decided …"
                yield shelf.report(preferences().jobs)

            return steps()

        def done(result: Any) -> None:
            self._desk.report_written.emit(str(result.report))
            self._desk.tell("The report is written.")
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(result.report)))

        self._desk.work.do(Job("Writing the report", work, done))

    def ghost(self) -> None:
        """Ask where to write the ghost of the earlier view."""
        if self._desk.pair is None:
            self._desk.tell("Open a visit first.")
            return
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent,
            "Write the ghost for the next photo",
            "ghost.pdf",
            "PDF (*.pdf);;PNG (*.png)",
        )
        if chosen:
            self.write_ghost(Path(chosen))

    def write_ghost(self, path: Path) -> None:
        """Write the last visit with its outline, to take the next photo alike."""
        from napari_cctrack.session.ghost import write_ghost

        pair = self._desk.pair
        if pair is None:
            return
        measured = pair.visits[-1].measured

        def work() -> Steps:
            yield "Drawing the ghost …"
            write_ghost(path, measured)
            yield path

        self._desk.work.do(
            Job("Writing the ghost", work, lambda _path: self._desk.tell("The ghost is written."))
        )

    def _found(self, found: loose.Found) -> None:
        if found.refused:
            self._desk.tell(f"{len(found.refused)} files were left out: {found.refused[0].detail}")
        if found.ready:
            self._desk.open_study(found.root, first=True)
            return
        missing = [row for row in found.rows if not (row["acquired"] and row["modality"])]
        answers = Answers(found, self._parent)
        if missing and answers.exec() != QDialog.DialogCode.Accepted:
            return
        root = loose.complete(found, answers.dates, answers.modalities)
        self._desk.open_study(root, first=True)


class Answers(QDialog):
    """Asks for what images do not say: when they were taken, and whether they are films."""

    def __init__(self, found: loose.Found, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("When were these images taken?")
        form = QFormLayout()
        self._dates, self._kinds = [], []
        for number, line in enumerate(found.rows, start=1):
            day = QDateEdit(self)
            day.setCalendarPopup(True)
            day.setDisplayFormat("yyyy-MM-dd")
            day.setToolTip("The day the image was taken: which visit is the earlier rests on it")
            given = QDate.fromString(line["acquired"], "yyyy-MM-dd")
            day.setDate(given if given.isValid() else QDate.currentDate())
            kind = choice(["Photo", "Radiograph"], "What the picture is")
            kind.setCurrentIndex(1 if line["modality"] == Modality.XRAY else 0)
            kind.setEnabled(not line["modality"])
            self._dates.append(day)
            self._kinds.append((kind, line["modality"]))
            form.addRow(f"Image {number}", row(day, kind))
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text("Some images do not say when they were taken, or what they are."))
        layout.addLayout(form)
        layout.addWidget(buttons)

    @property
    def dates(self) -> list[Any]:
        """A date for each image."""
        return [day.date().toPyDate() for day in self._dates]

    @property
    def modalities(self) -> list[Modality]:
        """A modality for each image."""
        return [
            Modality(known) if known else KINDS[kind.currentIndex()] for kind, known in self._kinds
        ]
