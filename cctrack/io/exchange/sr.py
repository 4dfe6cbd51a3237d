"""Write measurements and verdicts as a structured report (TID 1500), preliminary and unverified."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydicom import Dataset

from cctrack import __version__
from cctrack.io.exchange.codes import COMMENT, IMAGING_PROCEDURE, PRIVATE_SCHEME, coded
from cctrack.io.exchange.content import Report
from cctrack.io.exchange.finish import MAKER, SERIAL_NUMBER, finish
from cctrack.io.exchange.groups import measurement_groups
from cctrack.io.exchange.uids import derived_uid
from cctrack.io.shield import quiet
from cctrack.model.notice import RESEARCH_ONLY

if TYPE_CHECKING:
    from highdicom.coding_schemes import CodingSchemeIdentificationItem
    from highdicom.sr import MeasurementReport

    from cctrack.io.exchange.groups import Group

SERIES_NUMBER = 9902
"""Behind the segmentation of the same image."""

DEVICE_UID = derived_uid("cctrack", __version__)
"""Names the program that observed, in this version."""


def make_sr(report: Report) -> Dataset:
    """Make a report on one image: each lesion's numbers, its change, and the total.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Dataset
        Comprehensive SR, ready to be saved.
    """
    from highdicom.sr import ComprehensiveSR

    with quiet():
        content = _content(measurement_groups(report))
        dataset = ComprehensiveSR(
            evidence=list(_evidence(report)),
            content=content[0],
            series_instance_uid="2.25.0",
            series_number=SERIES_NUMBER,
            sop_instance_uid="2.25.0",
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            device_serial_number=SERIAL_NUMBER,
            is_complete=True,
            is_final=False,
            is_verified=False,
            series_description=f"Measurements. {RESEARCH_ONLY}",
            content_date=report.source.first.ContentDate,
            content_time="000000",
            coding_schemes=[_own_scheme()],
        )
        finish(dataset)
    return dataset


def _content(groups: "list[Group]") -> "MeasurementReport":
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
        RelationshipTypeValues,
        TextContentItem,
    )
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        uid=DEVICE_UID, name=MAKER, manufacturer_name=MAKER, model_name=f"{MAKER} {__version__}"
    )
    report = MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=ObserverContext(codes.DCM.Device, device)
        ),
        procedure_reported=coded(IMAGING_PROCEDURE),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    caution = TextContentItem(coded(COMMENT), RESEARCH_ONLY, RelationshipTypeValues.CONTAINS)
    report[0].ContentSequence.append(caution)
    return report


def _evidence(report: Report) -> Iterator[Dataset]:
    """Yield every instance the report refers to, once each; the measured image comes first."""
    seen: set[str] = set()
    headers = [item.header for item in report.source.slices]
    seg = [report.seg.dataset] if report.seg else []
    priors = [item.prior for item in report.compared if item.prior is not None]
    for dataset in (*headers, *seg, *priors):
        if dataset.SOPInstanceUID not in seen:
            seen.add(dataset.SOPInstanceUID)
            yield dataset


def _own_scheme() -> "CodingSchemeIdentificationItem":
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return CodingSchemeIdentificationItem(
        PRIVATE_SCHEME, name="Codes of cctrack", responsible_organization=MAKER
    )
