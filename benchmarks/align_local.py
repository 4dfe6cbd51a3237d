"""Where deposits lie at the next visit: a patch for each, against one B-spline for all.

    python -m benchmarks.align_local xray|ct [FIRST] [COUNT]

For each seed two visits of one simulated patient, posed anew, the deposits as they were. Ours is
the global transform and one rigid patch per deposit, told where the deposits of the first visit
are. Beside it SimpleITK's registration as its users write it: affine by mutual information on a
pyramid, then a B-spline with a node every 25 mm (film) or 30 mm (CT). The error is how far
each deposit's centre is put from where it is, in mm; time is processor time of one pair.
"""

import os
import sys
import time
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from cctrack.align.ct import align_cts
from cctrack.align.radiograph import align_radiographs
from cctrack.errors import AlignmentFailed
from cctrack.phantom import ct, radiograph

FILM_MM = 0.4
"""Pixels on which the B-spline is fitted: finer ones take it minutes."""

NODE_MM = {"xray": 25.0, "ct": 30.0}


@dataclass(frozen=True)
class Visit:
    """An image, its mm per px along each axis, and where its deposits are."""

    image: object
    values: np.ndarray
    spacing_mm: tuple[float, ...]
    labels: np.ndarray
    centres_px: dict


def films(seed):
    """Two films of one hand."""
    rng = np.random.default_rng(seed)
    subject = radiograph.random_subject(rng, "hand", 6)
    ranges = radiograph.usual_range("hand")
    first = radiograph.random_session(rng, ranges)
    found = []
    for session in (first, radiograph.random_session(rng, ranges, like=first)):
        drawn = radiograph.draw_radiograph(subject, session)
        spacing = (session.spacing_mm, session.spacing_mm)
        values = drawn.radiograph.pixels
        found.append(Visit(drawn.radiograph, values, spacing, drawn.labels, dict(drawn.centres_px)))
    return found


def scans(seed):
    """Two scans of one limb."""
    rng = np.random.default_rng(seed)
    subject = ct.random_subject(rng, "forearm", 6)
    found = []
    for _ in range(2):
        session = ct.random_session(rng, subject.region)
        drawn = ct.draw_ct(subject, session)
        spacing = tuple(float(mm) for mm in np.linalg.norm(drawn.ct.affine[:3, :3], axis=0))
        found.append(Visit(drawn.ct, drawn.ct.hu, spacing, drawn.labels, dict(drawn.centres_px)))
    return found


def ours(modality, before, after):
    """Follow-up px of each deposit's centre."""
    align = align_radiographs if modality == "xray" else align_cts
    found = align(before.image, after.image, baseline_labels=before.labels)
    return {
        key: found.transform(np.array([at], dtype=float), lesion=key)[0]
        for key, at in before.centres_px.items()
    }


def itk_image(visit, step_mm):
    """The image as ITK has it, on pixels no finer than that."""
    image = sitk.GetImageFromArray(visit.values.astype(np.float32))
    image.SetSpacing([float(mm) for mm in reversed(visit.spacing_mm)])
    shrink = [max(1, round(step_mm / mm)) for mm in image.GetSpacing()]
    return sitk.Shrink(sitk.DiscreteGaussian(image, [step_mm**2 / 4] * len(shrink)), shrink)


def registration(seed=1):
    """What both steps have in common."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(40)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.2, seed)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4, 2, 0])
    return method


def b_spline(modality, before, after):
    """Follow-up px of each deposit's centre."""
    step_mm = FILM_MM if modality == "xray" else 1.5
    fixed, moving = itk_image(before, step_mm), itk_image(after, step_mm)
    axes = fixed.GetDimension()
    start = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.AffineTransform(axes), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = registration()
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start)
    affine = method.Execute(fixed, moving)
    size_mm = [n * mm for n, mm in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    mesh = [max(2, round(mm / NODE_MM[modality])) for mm in size_mm]
    method = registration()
    method.SetOptimizerAsLBFGSB(numberOfIterations=60)
    method.SetMovingInitialTransform(affine)
    spline = sitk.BSplineTransformInitializer(fixed, mesh)
    method.SetInitialTransform(spline, True)
    method.Execute(fixed, moving)
    both = sitk.CompositeTransform([affine, spline])
    spacing = np.array(before.spacing_mm), np.array(after.spacing_mm)
    put = {}
    for key, at in before.centres_px.items():
        point = [float(mm) for mm in reversed(np.asarray(at) * spacing[0])]
        put[key] = np.array(both.TransformPoint(point))[::-1] / spacing[1]
    return put


def errors_mm(after, put, labels):
    """Of the deposits that both visits show."""
    seen = set(np.unique(labels)) & set(np.unique(after.labels)) - {0}
    spacing = np.array(after.spacing_mm)
    return [
        float(np.linalg.norm((put[key] - np.asarray(after.centres_px[key])) * spacing))
        for key in sorted(seen)
    ]


def timed(align, modality, before, after):
    started = time.process_time()
    try:
        put = align(modality, before, after)
    except AlignmentFailed:
        return [], time.process_time() - started, 1
    return errors_mm(after, put, before.labels), time.process_time() - started, 0


def main():
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    modality = sys.argv[1]
    first, count = (int(text) for text in (*sys.argv[2:], "300", "6")[:2])
    draw = films if modality == "xray" else scans
    results = {"cctrack": [], "b-spline": []}
    for seed in range(first, first + count):
        pair = draw(seed)
        for name, align in (("cctrack", ours), ("b-spline", b_spline)):
            results[name].append(timed(align, modality, *pair))
    seconds = {}
    for name, rows in results.items():
        errors = np.array([error for row in rows for error in row[0]])
        seconds[name] = float(np.median([row[1] for row in rows]))
        median, ninth = np.percentile(errors, [50, 90])
        refused = sum(row[2] for row in rows)
        print(
            f"{name}: {len(errors)} deposits, {refused} of {count} pairs refused, "
            f"median {median:.2f} mm, 90 % within {ninth:.2f} mm, {seconds[name]:.1f} s a pair"
        )
    print(f"{seconds['b-spline'] / seconds['cctrack']:.0f} times as fast")


if __name__ == "__main__":
    main()
