"""CT from files to numbers against SimpleITK, as ratios within one run; and the memory it takes.

    python benchmarks/ct.py [--slices N] [--side PX] [--threads N]
    python benchmarks/ct.py --whole-body

A simulated thigh with deposits and noise is repeated to a series and written as DICOM,
uncompressed and, where dcmtk's dcmcjpeg is there, as lossless JPEG. Ours are `load`, `outline_ct`
and `measure_ct`. SimpleITK's are its series reader and what its users write, in three ways:

- with the body: what ours does first. The body by threshold, opening and filled holes, calcium
  inside it, components, shape and intensity of each. Most of its time is the opening.
- without: calcium anywhere, table and padding too; components, shape and intensity of each.
- the same with LabelStatistics, the filter of that name, which is slower than the former two.

The same steps alone are timed too: threshold, components and the statistics of each, anywhere in
the image, as cctrack does them before it asks what each component is.

All are timed in turns, on the same processor cores; a ratio is that of the fastest of the turns,
in processor time and by the clock. Memory is the highest that segmenting and measuring took in a
process of its own, over the bytes of the volume, the volume included.

``--whole-body`` runs the whole of ``cctrack measure`` on 1500 slices of 512 x 512 px, filled by a
thigh of twice its size, where a process may take no more than 6 GB.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from cctrack.io import Found, load, scan
from cctrack.io.write_dicom import write_ct
from cctrack.measure.volume import measure_ct
from cctrack.model import Acquisition, AxisScale, Ct, Quantity, ScaleSource
from cctrack.phantom import ct as phantom
from cctrack.segment.ct import outline_ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.components import find_components

TURNS = 3
SPACING_MM = 0.75
CALCIUM_HU, BODY_HU = 130, -400
LEAST_VOXELS = 12
Times = tuple[float, float]
WHOLE_BODY_SLICES, WHOLE_BODY_BYTES = 1500, 6 * 10**9


def draw_volume(slices: int, side_px: int) -> Ct:
    """Repeat a simulated thigh along its length, in the middle of a frame of air."""
    subject = phantom.random_subject(np.random.default_rng(5), "thigh")
    session = phantom.CtSession(shape=(60, 212, 212), spacing_mm=SPACING_MM, table=True)
    block = phantom.draw_ct(subject, session).ct.hu
    hu = np.full((slices, side_px, side_px), -1000, np.int16)
    first = (side_px - block.shape[1]) // 2
    # Every other block runs backwards, so that the limb goes on without a step.
    there_and_back = np.concatenate([block, block[::-1]])
    place = np.arange(slices) % len(there_and_back)
    rows = slice(max(first, 0), max(first, 0) + min(side_px, block.shape[1]))
    hu[:, rows, rows] = there_and_back[place][:, :side_px, :side_px]
    rng = np.random.default_rng(1)
    for plane in hu:
        plane += rng.normal(0, 6, plane.shape).astype(np.int16)
    scale = AxisScale((1.0, SPACING_MM, SPACING_MM), ScaleSource.SLICE_POSITIONS)
    affine = np.array(
        [[0, 0, SPACING_MM, 0], [0, SPACING_MM, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]]
    )
    made = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=1.0)
    return Ct(hu, affine, scale, made)


def read_cctrack(folder: Path) -> Ct:
    """Read with cctrack."""
    (found,) = (item for item in scan([folder]) if isinstance(item, Found))
    image = load(found).image
    assert isinstance(image, Ct)
    return image


def read_simpleitk(folder: Path):
    """Read with SimpleITK's series reader."""
    import SimpleITK as sitk

    return sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))


def measure_simpleitk(image) -> int:
    """Body, threshold, components and the statistics of each label, as a user would write it."""
    import SimpleITK as sitk

    body = sitk.BinaryThreshold(image, BODY_HU, 5000)
    body = sitk.BinaryMorphologicalOpening(body, [3, 3, 1], sitk.sitkBall)
    largest = sitk.RelabelComponent(sitk.ConnectedComponent(body), sortByObjectSize=True) == 1
    body = sitk.BinaryFillhole(largest)
    calcium = sitk.BinaryThreshold(image, CALCIUM_HU, 5000)
    return _describe_simpleitk(image, sitk.And(calcium, sitk.Cast(body, sitk.sitkUInt8)))


def measure_simpleitk_bare(image) -> int:
    """Threshold, components and the statistics of each label, wherever they are."""
    import SimpleITK as sitk

    return _describe_simpleitk(image, sitk.BinaryThreshold(image, CALCIUM_HU, 5000))


def _describe_simpleitk(image, calcium) -> int:
    import SimpleITK as sitk

    labels = sitk.RelabelComponent(sitk.ConnectedComponent(calcium), LEAST_VOXELS)
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.ComputeFeretDiameterOff()
    shapes.Execute(labels)
    values = sitk.LabelIntensityStatisticsImageFilter()
    values.Execute(labels, image)
    found = [
        (shapes.GetPhysicalSize(label), values.GetMean(label), values.GetMaximum(label))
        for label in shapes.GetLabels()
    ]
    return len(found)


def measure_simpleitk_named(image) -> int:
    """Threshold, components and SimpleITK's LabelStatistics."""
    import SimpleITK as sitk

    calcium = sitk.BinaryThreshold(image, CALCIUM_HU, 5000)
    labels = sitk.RelabelComponent(sitk.ConnectedComponent(calcium), LEAST_VOXELS)
    values = sitk.LabelStatisticsImageFilter()
    values.Execute(image, labels)
    found = [(values.GetCount(label), values.GetMean(label)) for label in values.GetLabels()]
    return len(found)


def measure_cctrack(ct: Ct) -> int:
    """Outline and measure."""
    findings = measure_ct(ct, outline_ct(ct))
    return sum(item.measurement.quantity is Quantity.VOLUME for item in findings)


def label_cctrack(ct: Ct) -> int:
    """Threshold, components and the statistics of each, wherever they are: no more than that."""
    nothing = np.zeros((1, 1, 1))
    everywhere = Body(nothing == 0, nothing.astype(np.float32), nothing > 0, False, ct.shape)
    components = find_components(ct, everywhere, CALCIUM_HU)
    starts = components.starts[:-1][np.diff(components.starts) > 0]
    values = ct.hu.ravel()[components.places]
    counts = np.diff([*starts, len(values)])
    sums, peaks = (
        np.add.reduceat(values, starts, dtype=np.int64),
        np.maximum.reduceat(values, starts),
    )
    kept = counts >= LEAST_VOXELS
    found = np.column_stack([counts, sums / counts, peaks])[kept]
    return len(found)


def times_s(*jobs: Callable[[], object]) -> list[Times]:
    """Fastest (processor time, wall time) of several turns of each job, taken alternately."""
    best = [(float("inf"), float("inf"))] * len(jobs)
    for _ in range(TURNS):
        for number, job in enumerate(jobs):
            started, clock = time.process_time(), time.perf_counter()
            job()
            taken = time.process_time() - started, time.perf_counter() - clock
            best[number] = (min(best[number][0], taken[0]), min(best[number][1], taken[1]))
    return best


def _peak(slices: int, side_px: int) -> int:
    ct = draw_volume(slices, side_px)
    measure_cctrack(draw_volume(40, 256))  # libraries are loaded before the memory is watched
    highest = held = _resident_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, _resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    measure_cctrack(ct)
    done.set()
    watcher.join()
    return highest - held + ct.hu.nbytes


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def peak_bytes(slices: int, side_px: int) -> int:
    """Memory that segmenting and measuring take at most, the volume included."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as apart:
        return apart.submit(_peak, slices, side_px).result()


def _tell(name: str, ours: Times, peer: Times) -> None:
    print(
        f"  {name:34} {peer[0] / ours[0]:5.2f} x faster by processor time "
        f"({ours[0]:.2f} against {peer[0]:.2f} s), {peer[1] / ours[1]:5.2f} x by the clock "
        f"({ours[1]:.2f} against {peer[1]:.2f} s)"
    )


def _add(one: Times, two: Times) -> Times:
    return one[0] + two[0], one[1] + two[1]


def _compressed(folder: Path) -> Path | None:
    """Write the series again as lossless JPEG; None where there is no dcmcjpeg."""
    if not shutil.which("dcmcjpeg"):
        return None
    compressed = folder.with_name("jpeg")
    compressed.mkdir()
    for file in sorted(folder.iterdir()):
        subprocess.run(["dcmcjpeg", "+e1", str(file), str(compressed / file.name)], check=True)
    return compressed


def compare(slices: int, side_px: int) -> None:
    """Print how much faster ours is than SimpleITK, and the memory it takes."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "series"
        ct = draw_volume(slices, side_px)
        write_ct(folder, ct)
        ours, peer = times_s(lambda: read_cctrack(folder), lambda: read_simpleitk(folder))
        _tell("reading", ours, peer)
        if jpeg := _compressed(folder):
            _tell("reading lossless JPEG", *_read_times(jpeg))
        image = read_simpleitk(folder)
    outline = outline_ct(ct)
    outlining, measuring, *theirs = times_s(
        lambda: outline_ct(ct),
        lambda: measure_ct(ct, outline),
        lambda: measure_simpleitk(image),
        lambda: measure_simpleitk_bare(image),
        lambda: measure_simpleitk_named(image),
    )
    assert label_cctrack(ct) == measure_simpleitk_bare(image)
    (labelling,) = times_s(lambda: label_cctrack(ct))
    print(f"  ours: outlining {outlining[0]:.2f} s, measuring {measuring[0]:.2f} s")
    both = _add(outlining, measuring)
    _tell("outlining and measuring", both, theirs[0])
    _tell("threshold, components, statistics", labelling, theirs[1])
    _tell("the same by LabelStatistics", labelling, theirs[2])
    names = ("with the body", "without the body", "without, by LabelStatistics")
    for name, their in zip(names, theirs, strict=True):
        _tell(f"all of it, {name}", _add(ours, both), _add(peer, their))


def _read_times(folder: Path) -> list[Times]:
    return times_s(lambda: read_cctrack(folder), lambda: read_simpleitk(folder))


def measure_whole_body() -> None:
    """Print the memory and the time that the program takes for a whole body."""
    small = draw_volume(120, 212)
    thick = np.repeat(np.repeat(small.hu, 2, axis=1), 2, axis=2)
    hu = np.full((WHOLE_BODY_SLICES, 512, 512), -1000, np.int16)
    there_and_back = np.arange(WHOLE_BODY_SLICES) % (2 * len(thick))
    hu[:, 44:468, 44:468] = np.concatenate([thick, thick[::-1]])[there_and_back]
    with tempfile.TemporaryDirectory() as scratch:
        write_ct(Path(scratch) / "series", replace(small, hu=hu))
        size = hu.nbytes
        del hu
        started = time.perf_counter()
        command = [str(Path(sys.executable).with_name("cctrack")), "measure", f"{scratch}/series"]
        command += ["--out", f"{scratch}/out", "--jobs", "1"]
        subprocess.run(command, check=True, preexec_fn=_limit_memory)
        taken_s = time.perf_counter() - started
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"  {size / 1e9:.2f} GB of voxels: {most / 1e9:.2f} GB of memory, {taken_s:.0f} s")


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (WHOLE_BODY_BYTES, WHOLE_BODY_BYTES))


def main() -> None:
    """Read the command line and print what it asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--whole-body", action="store_true")
    given = parser.parse_args()
    if given.whole_body:
        measure_whole_body()
        return
    import SimpleITK as sitk

    # All on the same cores, whatever number of threads a library would like to start.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(given.threads)
    print(
        f"a CT of {given.slices} slices of {given.side} x {given.side} px, on {given.threads} "
        f"cores, against SimpleITK {sitk.Version_VersionString()}"
    )
    compare(given.slices, given.side)
    share = peak_bytes(given.slices, given.side) / (given.slices * given.side**2 * 2)
    print(f"  memory {share:.2f} x the volume")


if __name__ == "__main__":
    main()
