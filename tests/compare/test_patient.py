"""From lesions to totals, sites, patients and rows."""

from datetime import date

import numpy as np
import pytest

from cctrack.compare import (
    CHANGE_COLUMNS,
    PATIENT_COLUMNS,
    Pair,
    SiteChange,
    Sizes,
    change_row,
    classify,
    classify_groups,
    combine_sites,
    load_criteria,
    not_evaluable,
    patient_row,
)
from cctrack.model import (
    Confidence,
    Event,
    LesionGroup,
    Measurement,
    Method,
    Modality,
    Outcome,
    Quantity,
    Reference,
    Site,
    Unit,
    add_up,
)

CRITERIA = load_criteria()
AREA = CRITERIA.of(Quantity.AREA)
PAIR = Pair("P01", "left forearm", Modality.PHOTO, date(2019, 3, 4), date(2022, 8, 17), CRITERIA)


def area(value, own=0.05, shared=0.02, *, unit=Unit.MM2, limit=5.0):
    return Measurement(Quantity.AREA, value, unit, Method.AUTOMATIC, own, shared, limit)


def site(name, before, after, *, unit=Unit.MM2, **more):
    change = classify(area(before, unit=unit), area(after, unit=unit), AREA)
    return SiteChange(Site(name, **more), change)


def test_own_errors_add_in_quadrature_and_shared_ones_linearly():
    total = add_up([area(100, 0.1, 0.02), area(100, 0.1, 0.02)])
    assert total.value == 200
    assert total.log_sd_own == pytest.approx(0.1 / np.sqrt(2))
    assert total.log_sd_shared == pytest.approx(0.02)


def test_different_kinds_do_not_add_up():
    with pytest.raises(ValueError, match="one kind"):
        add_up([area(1), area(1, unit=Unit.PX)])
    with pytest.raises(ValueError, match="one kind"):
        add_up([])


GROUPS = (
    LesionGroup((1,), (1,), Event.PERSISTED),
    LesionGroup((2, 3), (2,), Event.MERGED),
    LesionGroup((4,), (), Event.RESOLVED),
    LesionGroup((), (5,), Event.NEW),
    LesionGroup((6,), (), Event.NOT_IMAGED),
    LesionGroup((7,), (), Event.EXCISED),
)
BEFORE = {1: area(100), 2: area(50), 3: area(40), 4: area(60), 6: area(200), 7: area(300)}
AFTER = {1: area(200), 2: area(95), 5: area(70)}


def judged(before=BEFORE, after=AFTER, groups=GROUPS):
    changes = classify_groups(groups, Sizes(before, area(0)), Sizes(after, area(0)), AREA)
    return {change.lesion: change for change in changes}


def test_totals_leave_out_what_was_cut_out_or_not_imaged_at_both_visits():
    total = judged()["total"]
    assert total.before.value == 250
    assert total.after.value == 365
    assert total.outcome is Outcome.PROGRESSION


def test_no_verdict_rests_on_what_one_of_two_differently_made_scans_shows():
    before, after = (
        Sizes({1: area(100), 2: area(900)}, area(0), 1.0),
        Sizes({1: area(100)}, area(0), 1.0),
    )
    groups = (LesionGroup((1,), (1,), Event.PERSISTED), LesionGroup((2,), (), Event.RESOLVED))
    total, kept, lost = classify_groups(groups, before, after, AREA)
    assert total.outcome is lost.outcome is Outcome.NOT_EVALUABLE
    assert "differently made scans" in total.reason
    assert kept.outcome is Outcome.STABLE
    mostly_paired = Sizes({1: area(100), 2: area(5)}, area(0), 1.0)
    grown = Sizes({1: area(250)}, area(0), 1.0)
    assert classify_groups(groups, mostly_paired, grown, AREA)[0].outcome is Outcome.PROGRESSION


PAIRED = LesionGroup((1,), (1,), Event.PERSISTED)
NEW = LesionGroup((), (2,), Event.NEW)


def test_a_verdict_that_turns_on_an_unconfirmed_new_lesion_is_held_back():
    total, single, new = classify_groups(
        [PAIRED, NEW],
        Sizes({1: area(100)}, area(0), 0.5),
        Sizes({1: area(101), 2: area(300)}, area(0), 0.5),
        AREA,
    )
    assert total.outcome is Outcome.NOT_EVALUABLE
    assert "turn on" in total.reason
    assert "L2" in total.reason
    assert total.percent == pytest.approx(301, abs=1)
    assert single.outcome is Outcome.STABLE
    assert new.confidence is not Confidence.DEFINITE
    assert "look at both" in new.reason


def test_a_verdict_that_holds_without_the_new_lesion_stands():
    total, *_ = classify_groups(
        [PAIRED, NEW],
        Sizes({1: area(100)}, area(0), 0.5),
        Sizes({1: area(250), 2: area(30)}, area(0), 0.5),
        AREA,
    )
    assert total.outcome is Outcome.PROGRESSION


def test_a_reader_is_believed_that_a_lesion_is_new():
    total, _, new = classify_groups(
        [PAIRED, NEW],
        Sizes({1: area(100)}, area(0)),
        Sizes({1: area(101), 2: area(300)}, area(0)),
        AREA,
    )
    assert total.outcome is Outcome.PROGRESSION
    assert "look at both" not in new.reason


def test_merged_lesions_are_judged_by_their_sum():
    merged = judged()["L2+L3"]
    assert merged.before.value == 90
    assert merged.outcome is Outcome.STABLE


def test_each_group_keeps_its_event_and_its_own_verdict():
    changes = judged()
    assert changes["L1"].outcome is Outcome.PROGRESSION
    assert changes["L4"].outcome is Outcome.REGRESSION
    assert changes["L5"].outcome is Outcome.PROGRESSION
    assert changes["L7"].outcome is Outcome.NOT_EVALUABLE


def test_a_lesion_outside_one_image_is_listed_without_a_size_there():
    change = judged()["L6"]
    assert change.before.value == 200
    assert change.after is None
    assert change.percent is None


def test_lesions_that_are_not_counted_are_not_listed():
    assert "L1" not in judged({}, {5: area(70)})


def test_a_deposit_over_bone_at_one_visit_only_is_no_regression():
    over_bone = {1: AFTER[1], 5: AFTER[5]}  # the merged L2+L3 now lies over bone
    changes = judged(after=over_bone)
    assert changes["total"].before.value == 160
    assert changes["L2+L3"].outcome is Outcome.NOT_EVALUABLE
    assert "left out at both" in changes["L2+L3"].reason
    assert changes["L2+L3"].percent is None


ALONG = (
    LesionGroup((1,), (1,), Event.PERSISTED),
    LesionGroup((2,), (2,), Event.PERSISTED),
)


def test_where_most_cannot_be_counted_at_one_visit_no_total_is_called_stable():
    changes = judged({1: area(100), 2: area(400)}, {1: area(100)}, ALONG)
    assert changes["total"].outcome is Outcome.NOT_EVALUABLE
    assert changes["total"].reason.startswith("80% of what was outlined cannot be counted")


def test_what_little_cannot_be_counted_at_one_visit_hides_no_change():
    changes = judged({1: area(100), 2: area(20)}, {1: area(100)}, ALONG)
    assert changes["total"].outcome is Outcome.STABLE


def test_nothing_at_either_visit_is_stable():
    assert judged({}, {}, ())["total"].outcome is Outcome.STABLE


def test_the_verdict_of_a_patient_is_on_the_sum_not_a_vote():
    sites = [site("hand", 30, 50), site("elbow", 30, 50), site("thigh", 1000, 500)]
    result = combine_sites(sites, AREA)
    assert result.change.outcome is Outcome.REGRESSION
    assert result.change.after.value == 600
    assert result.sites_evaluable == "3 of 3"


def test_a_site_that_cannot_be_compared_is_left_out_and_told():
    sites = [site("hand", 100, 100), SiteChange(Site("hip"), not_evaluable("total", "No luck."))]
    result = combine_sites(sites, AREA)
    assert result.change.before.value == 100
    assert result.sites_evaluable == "1 of 2"
    assert "1 of 2 sites could be compared." in result.change.reason


def test_an_imprecise_site_still_counts_in_the_sum():
    vague = classify(area(10, 0.6), area(10, 0.6), AREA)
    assert vague.outcome is Outcome.NOT_EVALUABLE
    result = combine_sites([SiteChange(Site("hip"), vague), site("hand", 300, 300)], AREA)
    assert result.sites_evaluable == "2 of 2"
    assert result.change.outcome is Outcome.STABLE


def test_views_of_one_site_are_never_summed():
    sites = [site("hand", 100, 100, view="overview"), site("hand", 90, 90, view="close-up")]
    result = combine_sites(sites, AREA)
    assert result.change.before.value == 100
    assert result.sites_evaluable == "1 of 1"


def test_left_and_right_are_two_sites():
    sites = [site("hand", 100, 100, laterality="left"), site("hand", 90, 90, laterality="right")]
    assert combine_sites(sites, AREA).change.before.value == 190


def test_sites_judged_against_different_visits_are_summed_against_baseline():
    nadir = classify(area(20), area(60), AREA, reference=Reference.NADIR)
    baseline = classify(area(200), area(60), AREA)
    regrown = SiteChange(Site("hip"), nadir, against_baseline=baseline)
    result = combine_sites([regrown, site("hand", 100, 90)], AREA)
    assert result.change.before.value == 300
    assert result.change.outcome is Outcome.REGRESSION
    assert "Grown again since the smallest value so far: hip." in result.change.reason


def test_a_site_known_only_against_its_nadir_is_not_summed():
    nadir = SiteChange(Site("hip"), classify(area(20), area(60), AREA, reference=Reference.NADIR))
    result = combine_sites([nadir, site("hand", 100, 90)], AREA)
    assert result.change.before.value == 100
    assert result.sites_evaluable == "1 of 2"
    assert combine_sites([nadir], AREA).change.outcome is Outcome.PROGRESSION


def test_the_only_comparable_site_may_be_relative():
    missing = SiteChange(Site("hip"), not_evaluable("total", "No luck."))
    result = combine_sites([missing, site("hand", 9, 3, unit=Unit.RELATIVE)], AREA)
    assert result.change.outcome is Outcome.REGRESSION
    assert result.sites_evaluable == "1 of 2"


def test_relative_areas_of_several_sites_have_no_sum():
    sites = [site("hand", 9, 3, unit=Unit.RELATIVE), site("hip", 9, 3, unit=Unit.RELATIVE)]
    result = combine_sites(sites, AREA)
    assert result.change.outcome is Outcome.NOT_EVALUABLE
    assert "without a scale" in result.change.reason
    assert combine_sites(sites[:1], AREA).change.outcome is Outcome.REGRESSION


def test_relative_areas_are_left_out_of_a_sum_in_mm2():
    result = combine_sites([site("hand", 9, 3, unit=Unit.RELATIVE), site("hip", 100, 99)], AREA)
    assert result.change.before.value == 100
    assert result.sites_evaluable == "1 of 2"


def test_no_comparable_site_gives_no_outcome_but_a_reason():
    result = combine_sites([SiteChange(Site("hip"), not_evaluable("total", "No luck."))], AREA)
    assert (result.change.reason, result.sites_evaluable) == ("No luck.", "0 of 1")
    with pytest.raises(ValueError, match="at least one site"):
        combine_sites([], AREA)


def test_the_sum_carries_the_error_of_scans_that_differ():
    before, after = area(100, 0.01, 0.0), area(120, 0.01, 0.0)
    wide = classify(before, after, AREA, extra_log_sd=0.3)
    result = combine_sites([SiteChange(Site("a"), wide), SiteChange(Site("b"), wide)], AREA)
    assert result.change.log_sd == pytest.approx(0.3 / np.sqrt(2), rel=0.01)


def test_a_change_becomes_a_row_with_the_promised_columns():
    change = classify(area(100), area(200), AREA)
    row = change_row(change, PAIR, row_id="r1", quantity=Quantity.AREA)
    assert tuple(row) == CHANGE_COLUMNS
    assert row["change_percent"] == pytest.approx(100)
    assert row["lower95"] < 100 < row["upper95"]
    assert (row["outcome"], row["criteria"], row["unit"]) == ("progression", "calcinosis-25", "mm2")


def test_a_change_without_meaning_leaves_its_percentage_empty():
    change = not_evaluable("total", "No luck.", before=area(100))
    row = change_row(change, PAIR, row_id="r1", quantity=Quantity.AREA)
    assert (row["baseline"], row["followup"]) == (100, None)
    assert (row["change_percent"], row["lower95"], row["log_sd"]) == (None, None, None)
    assert row["confidence"] == ""


def test_a_patient_becomes_a_row_with_months_and_what_was_evaluable():
    result = combine_sites([site("hand", 100, 200)], AREA)
    row = patient_row(result, PAIR, subjective="better")
    assert tuple(row) == PATIENT_COLUMNS
    assert (row["months"], row["sites_evaluable"]) == (41.5, "1 of 1")
    assert row["percent_per_year"] == pytest.approx(22.2, abs=0.1)
