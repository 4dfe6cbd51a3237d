"""Small studies whose images take no time to draw."""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[3] / "sample_images"
SKIN, CHALK = (205, 160, 140), (250, 248, 235)
SETTINGS = "[scale]\nmarker_mm = 20\n"
TABLES = ("measurements.csv", "changes.csv", "patients.csv", "refused.csv", "sources.csv")
RESULTS = (*TABLES, "alignment.json", "lineage.json", "provenance.json", "report.html")


def draw_photo(path: Path, seed: int) -> None:
    """Draw a white disc on skin, 90 by 120 px."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((90, 120))
    pixels = np.full((90, 120, 3), SKIN) + random.normal(0, 3, (90, 120, 3))
    pixels[np.hypot(rows - 45, columns - 60) < random.uniform(6, 14)] = CHALK
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def write_photo_study(root: Path, patients: int, visits: int = 2) -> Path:
    """Write a study of tiny photos."""
    lines = ["patient,site,acquired,modality,path"]
    for patient in range(patients):
        for visit in range(visits):
            path = f"images/{patient}-{visit}.png"
            draw_photo(root / path, 100 * patient + visit)
            lines.append(f"P{patient},arm,{2020 + visit}-03-01,photo,{path}")
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "study.toml").write_text(SETTINGS, encoding="utf-8")
    return root


def take_from_sample(root: Path, patients: Sequence[str], modality: str) -> Path:
    """Copy visits of the sample cohort into a study of their own, or add them to one."""
    with (SAMPLE / "visits.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = [row for row in reader if row["patient"] in patients and row["modality"] == modality]
    for row in rows:
        (root / row["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLE / row["path"], root / row["path"])
    table = root / "visits.csv"
    new = not table.exists()
    with table.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, reader.fieldnames or ())
        if new:
            writer.writeheader()
        writer.writerows(rows)
    return root


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Read every file of a result folder but the record."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "record" not in path.relative_to(folder).parts
    }
