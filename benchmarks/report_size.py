"""How large is the report of a large study, how long does writing take, how fast does it open?

Content is made up with pictures as noisy as skin, two kinds of image and three visits a patient;
nothing is measured. The opening is timed in headless Chromium, from the call to the load event.

    python benchmarks/report_size.py --patients 200
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from scipy import ndimage

from cctrack.compare import load_criteria
from cctrack.io import write_text
from cctrack.model import (
    Confidence,
    Event,
    Method,
    Modality,
    Outcome,
    Quality,
    Quantity,
    Reference,
    Site,
    Unit,
    Visit,
)
from cctrack.report.borders import trace_borders
from cctrack.report.content import JudgedStudy, ModalityOutcome, PatientOutcomes
from cctrack.report.figures import encode
from cctrack.report.site_content import (
    AlignmentContent,
    LesionHistory,
    LesionRow,
    PairContent,
    Picture,
    SiteContent,
    Size,
    View,
    VisitContent,
)
from cctrack.report.stored import to_json
from cctrack.study.folder import StudyFolder, StudySettings
from cctrack.study.follow import group_sites
from cctrack.study.report import keep_judged, open_kept, write_report
from cctrack.study.report_site import site_file

SITES = ((Modality.PHOTO, Site("forearm", "left")), (Modality.CT, Site("thigh", "right")))
DAYS = (0, 400, 800)
LESIONS = 6
SIDE_PX = (480, 640)


def main() -> None:
    """Make the study, write its report, open it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder to leave the report in")
    arguments = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="cctrack-report-"))
    try:
        page = make(root, arguments.patients, np.random.default_rng(arguments.seed))
        if arguments.keep:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, arguments.keep / "report.html")
        opened, worked = open_in_browser(page)
        print(f"opened in    {opened:.2f} s (load event), {worked:.2f} s of them work")
    finally:
        shutil.rmtree(root)


def make(root: Path, patients: int, rng: np.random.Generator) -> Path:
    """Lay down what a run would have kept and write the report."""
    study = study_of(root, patients)
    out = root / "results"
    drawn = [picture(rng) for _ in range(24)]
    for site in group_sites(study.visits):
        content = site_content(site.patient, site.site, site.modality, drawn, rng)
        write_text(site_file(out, site), json.dumps(to_json(content)))
    judged = tuple(PatientOutcomes(name, tuple(judge(rng))) for name in study.patients)
    keep_judged(out, JudgedStudy(load_criteria("calcinosis-25"), "0", judged))
    stored = sum(path.stat().st_size for path in (out / "report").iterdir())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.perf_counter(), time.process_time()
    write_report(study, out, out / "report.html")
    taken, worked = time.perf_counter() - started, time.process_time() - worked
    print(f"patients     {patients}, {len(study.visits)} visits")
    print(
        f"kept         {stored / 1e6:.1f} MB, pictures shown at {open_kept(study, out).share:.2f}"
    )
    print(f"written in   {taken:.1f} s, {worked:.1f} s of them work")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"memory       {grown / 1024:.0f} MB more than before")
    print(f"report.html  {(out / 'report.html').stat().st_size / 1e6:.1f} MB")
    return out / "report.html"


def study_of(root: Path, patients: int) -> StudyFolder:
    """Visits, drugs and answers of made-up patients."""
    names = [f"P{number:03d}" for number in range(1, patients + 1)]
    visits = tuple(
        Visit(name, site, date(2019, 3, 4) + timedelta(days), modality, "made.up")
        for name in names
        for modality, site in SITES
        for days in DAYS
    )
    drugs = tuple(
        {"patient": name, "drug": "pamidronate", "class": "bisphosphonate", "start": "2019-03-04"}
        for name in names
    )
    return StudyFolder(root, StudySettings(title="Made up"), visits, treatments=drugs)


def picture(rng: np.random.Generator) -> Picture:
    """Draw noise as fine as skin's with round lesions."""
    noise = sum(
        ndimage.gaussian_filter(rng.normal(size=SIDE_PX), sigma) * sigma for sigma in (0.8, 3, 12)
    )
    labels = np.zeros(SIDE_PX, np.uint16)
    grid = np.indices(SIDE_PX)
    for lesion in range(1, LESIONS + 1):
        row, column = rng.uniform(60, SIDE_PX[0] - 60), rng.uniform(60, SIDE_PX[1] - 60)
        near = np.hypot(grid[0] - row, grid[1] - column) < rng.uniform(10, 40)
        labels[near] = lesion
    grey = 140 + 22 * noise + 60 * (labels > 0)
    pixels = np.clip(grey[..., None] + (35, 0, -20), 0, 255).astype(np.uint8)
    return Picture(
        jpeg=encode(pixels, quality=82),
        width=SIDE_PX[1],
        height=SIDE_PX[0],
        caption="4 March 2019",
        description="Made up",
        borders=trace_borders(labels, 1.0),
        mm_per_px=0.2,
    )


def row(name: str, rng: np.random.Generator, lesion: int = 0) -> LesionRow:
    """Make up a change."""
    percent = float(rng.uniform(-80, 150))
    verdict = Outcome.PROGRESSION if percent > 25 else Outcome.STABLE
    verdict = Outcome.REGRESSION if percent < -25 else verdict
    return LesionRow(
        name=name,
        event=Event.PERSISTED,
        before=100.0,
        after=100.0 + percent,
        unit=Unit.MM2,
        percent=percent,
        interval=(percent - 10, percent + 12),
        outcome=verdict,
        confidence=Confidence.DEFINITE,
        reason=f"The total changed by {percent:.0f} %, which is made up.",
        lesion=lesion,
    )


def site_content(
    patient: str, site: Site, modality: Modality, drawn: list[Picture], rng: np.random.Generator
) -> SiteContent:
    """Make up a site with three visits; a CT has two views."""
    chosen = rng.integers(len(drawn), size=4)
    views = tuple(
        View(title, drawn[chosen[2 * number]], drawn[chosen[2 * number + 1]], laid_over=True)
        for number, title in enumerate(("Front", "Slice") if modality is Modality.CT else ("",))
    )
    size = Size(100.0, 90.0, 111.0, Unit.MM2, Method.AUTOMATIC)
    pairs = tuple(
        PairContent(
            before=0,
            after=after,
            reference=Reference.BASELINE,
            total=row("total", rng),
            lesions=tuple(row(f"L{n}", rng, n) for n in range(1, LESIONS + 1)),
            alignment=AlignmentContent(Quality.GOOD, "homography", 0.3, 2.0, 0.9),
            views=views if after == len(DAYS) - 1 else (),
        )
        for after in range(1, len(DAYS))
    )
    return SiteContent(
        patient=patient,
        site=str(site),
        modality=modality,
        quantity=Quantity.AREA,
        verdict=pairs[-1].total,
        visits=tuple(
            VisitContent(date(2019, 3, 4) + timedelta(days), "0" * 12, size, LESIONS, scale="Ruler")
            for days in DAYS
        ),
        pairs=pairs,
        histories=tuple(LesionHistory(n, (10.0, 11.0, 12.0)) for n in range(1, LESIONS + 1)),
    )


def judge(rng: np.random.Generator) -> list[ModalityOutcome]:
    """Make up a patient's outcomes."""
    answers = ("better", "same", "worse", "")
    return [
        ModalityOutcome(
            modality=modality,
            first=date(2019, 3, 4),
            last=date(2021, 5, 12),
            months=26.3,
            percent=found.percent,
            interval=found.interval,
            outcome=found.outcome,
            confidence=found.confidence,
            reason=found.reason,
            subjective=str(rng.choice(answers)),
            sites_evaluable="1 of 1",
        )
        for modality, _ in SITES
        for found in (row("total", rng),)
    ]


def open_in_browser(page: Path) -> tuple[float, float]:
    """Medians of three openings in s: to the load event, and of work of the page's main thread.

    Other programs of a busy machine lengthen the first and not the second.
    """
    from playwright.sync_api import sync_playwright

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    taken, worked = [], []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(3):
            tab = started.new_page(viewport={"width": 1366, "height": 768})
            tab.set_default_timeout(120_000)
            session = tab.context.new_cdp_session(tab)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            before = time.perf_counter()
            tab.goto(page.as_uri(), wait_until="load")
            taken.append(time.perf_counter() - before)
            metrics = session.send("Performance.getMetrics")["metrics"]
            worked.append(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))
            tab.close()
        started.close()
    return float(np.median(taken)), float(np.median(worked))


if __name__ == "__main__":
    main()
