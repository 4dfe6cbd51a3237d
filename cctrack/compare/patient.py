"""From the sites of a patient to one outcome per modality: a sum, never a vote of labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cctrack.compare.classify import classify, not_evaluable
from cctrack.model import Change, Measurement, Outcome, Reference, Site, Thresholds, Unit


@dataclass(frozen=True, slots=True)
class SiteChange:
    """The change of the total of one site.

    Attributes
    ----------
    site : Site
    change : Change
        The site's verdict.
    against_baseline : Change or None
        The same visit against baseline, where ``change`` is against another reference: values of
        several sites only add up when they are all of one visit.
    """

    site: Site
    change: Change
    against_baseline: Change | None = None

    @property
    def summable(self) -> Change | None:
        """The change that may be added to other sites'; None if there is none."""
        known = (self.change, self.against_baseline)
        listed = [item for item in known if item and item.reference is Reference.BASELINE]
        return listed[0] if listed else None


@dataclass(frozen=True, slots=True)
class PatientResult:
    """One patient, one modality.

    Attributes
    ----------
    change : Change
        Of the sum over all sites that could be measured and compared at both visits.
    evaluable, sites : int
        How many sites went into it, of how many.
    """

    change: Change
    evaluable: int
    sites: int

    @property
    def sites_evaluable(self) -> str:
        """How much was evaluable, as ``2 of 3``."""
        return f"{self.evaluable} of {self.sites}"


def combine_sites(sites: Sequence[SiteChange], thresholds: Thresholds) -> PatientResult:
    """Sum the sites of one patient and judge the sum.

    A site counts when both visits were measured and may be compared; that one site alone is too
    imprecise to judge does not keep it out. Several views of one site are never summed: the first
    that counts stands for the site. Several sites are summed against baseline only; one that has
    grown since its nadir is named in the reason. Relative areas have no common unit, so they only
    count where a single site can be compared.

    Parameters
    ----------
    sites : sequence of SiteChange
        Of one modality and one quantity.
    thresholds : Thresholds

    Raises
    ------
    ValueError
        If there are no sites.
    """
    if not sites:
        raise ValueError("a patient needs at least one site")
    number = len({_place(item.site) for item in sites})
    if number == 1:
        return _single_site(sites)
    counted = _with_common_unit(_one_view_each(_against_baseline(sites)))
    if not counted:
        return PatientResult(not_evaluable("total", _why_none(sites)), 0, number)
    change = _judge_sum([item.change for item in counted], thresholds)
    notes = [change.reason]
    if len(counted) < number:
        notes.append(f"{len(counted)} of {number} sites could be compared.")
    if regrown := [str(item.site) for item in sites if _regrown(item.change)]:
        notes.append(f"Grown again since the smallest value so far: {', '.join(regrown)}.")
    return PatientResult(replace(change, reason=" ".join(notes)), len(counted), number)


def _single_site(sites: Sequence[SiteChange]) -> PatientResult:
    views = _one_view_each(sites)
    if not views:
        return PatientResult(not_evaluable("total", sites[0].change.reason), 0, 1)
    return PatientResult(views[0].change, 1, 1)


def _against_baseline(sites: Sequence[SiteChange]) -> list[SiteChange]:
    return [SiteChange(item.site, item.summable) for item in sites if item.summable]


def _regrown(change: Change) -> bool:
    return change.reference is Reference.NADIR and change.outcome is Outcome.PROGRESSION


def _one_view_each(sites: Sequence[SiteChange]) -> list[SiteChange]:
    """Sites that count, one view for each."""
    chosen: dict[tuple[str, str], SiteChange] = {}
    for item in sites:
        change = item.change
        if change.comparable and change.before is not None and change.after is not None:
            chosen.setdefault(_place(item.site), item)
    return list(chosen.values())


def _with_common_unit(sites: list[SiteChange]) -> list[SiteChange]:
    physical = [item for item in sites if _unit(item) is not Unit.RELATIVE]
    if not physical:
        return sites if len(sites) == 1 else []
    return [item for item in physical if _unit(item) is _unit(physical[0])]


def _judge_sum(changes: list[Change], thresholds: Thresholds) -> Change:
    before = _sum([change.before for change in changes if change.before])
    after = _sum([change.after for change in changes if change.after])
    return classify(
        before,
        after,
        thresholds,
        reference=changes[0].reference,
        extra_log_sd=_extra_of_sum(changes, after.value or before.value),
        alike=True,
    )


def _sum(parts: list[Measurement]) -> Measurement:
    """Add up sites: each is an image of its own, so nothing is shared between them."""
    total = math.fsum(part.value for part in parts)
    own = math.hypot(*(part.value * part.log_sd_repeat for part in parts))
    common = math.hypot(*(part.value * part.log_sd_common for part in parts))
    limit = math.sqrt(math.fsum(part.detection_limit**2 for part in parts))
    return replace(
        parts[0],
        value=total,
        log_sd_own=own / total if total else 0.0,
        log_sd_shared=0.0,
        log_sd_common=common / total if total else 0.0,
        detection_limit=limit,
    )


def _extra_of_sum(changes: list[Change], total: float) -> float:
    """Error that a site's pair has beyond its two measurements, carried over to the sum."""
    weighed = []
    for change in changes:
        if change.before is None or change.after is None or total == 0:
            continue
        left = change.after.log_sd_common - change.before.log_sd_common
        known = math.hypot(change.before.log_sd_repeat, change.after.log_sd_repeat, left)
        extra = math.sqrt(max(0.0, change.log_sd**2 - known**2))
        weighed.append(extra * (change.after.value or change.before.value) / total)
    return math.hypot(*weighed)


def _why_none(sites: Sequence[SiteChange]) -> str:
    reasons = [item.change.reason for item in sites if not item.change.comparable]
    if not reasons:
        return "Sites without a scale cannot be summed, so there is no common outcome."
    return f"No site could be compared. {sites[0].site}: {reasons[0]}"


def _place(site: Site) -> tuple[str, str]:
    return site.name, site.laterality


def _unit(item: SiteChange) -> Unit:
    if item.change.after is None:
        raise ValueError("a site that counts was measured at both visits")
    return item.change.after.unit
