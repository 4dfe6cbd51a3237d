"""Layers show what was measured: mm only where there is a scale, and one colour a lesion."""

import numpy as np
import pytest

from cctrack.model import AxisScale, PlaneHomography, ScaleSource
from napari_cctrack.drawing import line_px
from napari_cctrack.layers import lesion_colours, place
from napari_cctrack.session import actions
from napari_cctrack.session.state import PairState
from napari_cctrack.stage import Role, Stage
from napari_cctrack.tools import Tool, Tools
from napari_cctrack.views import Mode, Views, checkerboard

components = pytest.importorskip("napari.components")

FINE = AxisScale((0.1, 0.1), ScaleSource.GIVEN)
COARSE = AxisScale((0.2, 0.2), ScaleSource.GIVEN)
SHAPE = (300, 400)


@pytest.fixture
def stage(pair):
    stage = Stage(components.ViewerModel())
    stage.show(pair)
    Views(stage).apply()
    return stage


def test_two_visits_with_scales_lie_in_mm():
    earlier, later = place((FINE, COARSE), (SHAPE, SHAPE))
    assert earlier.units == later.units == ("mm", "mm")
    assert (earlier.scale, later.scale) == ((0.1, 0.1), (0.2, 0.2))


@pytest.mark.parametrize(
    "other", [None, PlaneHomography(np.diag([0.1, 0.1, 1]), SHAPE, ScaleSource.MARKER)]
)
def test_one_visit_without_an_even_scale_leaves_both_in_px(other):
    for placement in place((FINE, other), (SHAPE, SHAPE)):
        assert placement.units == ("pixel", "pixel")
        assert placement.scale == (1.0, 1.0)


def test_an_alignment_moves_the_earlier_visit_and_no_scale(pair):
    aligned = actions.move(pair, (5.0, 4.0), 0.0).aligned.alignment
    earlier, later = place((FINE, FINE), (SHAPE, SHAPE), aligned)
    assert earlier.scale == (0.1, 0.1)
    assert earlier.affine[:2, 2] == pytest.approx([0.5, 0.4])
    assert later.affine == pytest.approx(np.eye(3))


def test_without_an_alignment_the_visits_lie_centre_on_centre():
    earlier, _ = place((FINE, FINE), ((100, 100), (200, 200)))
    assert earlier.affine[:2, 2] == pytest.approx([5.0, 5.0])


def test_a_scan_is_shifted_and_never_tilted():
    scale = AxisScale((2.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    from cctrack.model import Alignment, AlignmentModel, Quality

    turned = np.eye(4)
    turned[1:3, 1:3] = [[0.98, -0.2], [0.2, 0.98]]
    found = Alignment(AlignmentModel.RIGID, turned, Quality.GOOD, residual_px=0.1)
    earlier, _ = place((scale, scale), ((10, 20, 20), (10, 20, 20)), found)
    assert earlier.affine[:3, :3] == pytest.approx(np.eye(3))


def test_a_lesion_has_the_colour_of_the_reports():
    from cctrack.report.colours import LESION_COLOURS

    colours = lesion_colours()
    assert tuple(round(value * 255) for value in colours[3][:3]) == LESION_COLOURS[2]
    assert colours[0][3] == 0


def test_every_layer_of_a_visit_has_the_same_units_and_scale(stage):
    for layer in stage.viewer.layers:
        assert {str(unit) for unit in layer.units} == {"millimeter"}
        assert tuple(layer.scale) == (0.1, 0.1)


def test_both_visits_are_shown_with_as_many_layers(stage):
    names = [layer.name for layer in stage.viewer.layers]
    assert len(names) == 8
    assert names[0] == "Earlier image"
    assert names[4] == "Later image"


def test_another_pair_is_shown_in_the_layers_that_are_there(stage, pair):
    before = list(stage.viewer.layers)
    stage.set_points(0, [(10.0, 20.0)])
    stage.layer(0, Role.LESIONS).paint((5, 5), 7)
    turned = PairState(pair.visits[::-1], pair.criteria)
    stage.show(turned)
    assert list(stage.viewer.layers) == before
    assert stage.layer(0, Role.IMAGE).data is turned.visits[0].measured.image.pixels
    assert np.array_equal(stage.labels(0), turned.visits[0].measured.outline.labels)
    assert len(stage.layer(0, Role.POINTS).data) == 0
    stage.layer(0, Role.LESIONS).undo()
    assert 7 not in stage.labels(0)


def test_a_single_visit_after_a_pair_gets_layers_of_its_own(stage, pair):
    stage.show(PairState(pair.visits[:1], pair.criteria))
    assert len(stage.viewer.layers) == 4


def test_what_is_painted_is_a_copy_of_what_was_measured(stage, pair):
    stage.layer(0, Role.LESIONS).data[:] = 3
    assert pair.visits[0].measured.outline.lesions == (1,)


def test_a_new_state_is_shown_without_loading_the_image_again(stage, pair):
    image = stage.layer(1, Role.IMAGE)
    stage.update(actions.add_at(pair, 1, (200, 300)))
    assert stage.layer(1, Role.IMAGE) is image
    assert stage.labels(1)[200, 300] == 2


def test_a_stroke_that_is_not_saved_yet_is_not_painted_over(stage, pair):
    stage.layer(0, Role.LESIONS).data[10, 10] = 9
    stage.update(pair, unsaved={(0, Role.LESIONS)})
    assert stage.labels(0)[10, 10] == 9
    stage.update(pair)
    assert stage.labels(0)[10, 10] == 0


@pytest.mark.parametrize(
    ("shape", "wanted", "width"),
    [
        ((1200, 1600), 2.0, 2),
        ((3000, 4000), 20.0, 0),
        ((3000, 4000), 4.0, 2),
        ((90, 512, 512), 1, 1),
    ],
)
def test_outlines_are_as_wide_as_they_can_be_drawn_at_once(shape, wanted, width):
    assert line_px(shape, wanted) == width


def test_landmarks_that_were_kept_are_shown_when_a_pair_is_opened(pair):
    stage = Stage(components.ViewerModel())
    stage.show(actions.set_points(pair, 0, [(10.0, 20.0), (30.0, 40.0)]))
    assert stage.layer(0, Role.POINTS).data.tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert len(stage.layer(1, Role.POINTS).data) == 0


def test_landmarks_are_numbered(stage):
    stage.set_points(0, [(10.0, 20.0), (30.0, 40.0)])
    assert stage.layer(0, Role.POINTS).features["n"].tolist() == ["1", "2"]


def test_our_layers_are_taken_away_and_others_stay(stage):
    stage.viewer.add_image(np.zeros((4, 4)), name="mine")
    stage.clear()
    assert [layer.name for layer in stage.viewer.layers] == ["mine"]


def overlaid(stage, pair):
    pair = actions.move(pair, (0.0, 0.0), 0.0)
    picture = pair.visits[0].measured.image.pixels
    stage.put_overlay(picture, pair.visits[0].measured.outline.labels, pair)
    return Views(stage)


def test_side_by_side_has_one_cell_for_each_visit(stage):
    Views(stage).apply()
    grid = stage.viewer.canvas.grid
    assert grid.enabled
    assert (grid.stride, grid.shape) == (4, (1, 2))


def test_the_overlay_shows_the_later_visit_below_the_earlier(stage, pair):
    views = overlaid(stage, pair)
    views.show(Mode.OVERLAY)
    shown = [layer.name for layer in stage.viewer.layers if layer.visible]
    assert not stage.viewer.canvas.grid.enabled
    assert shown[:2] == ["Later image", "Earlier on later"]
    assert "Earlier lesions" not in shown


def test_blinking_shows_one_visit_and_then_the_other(stage, pair):
    views = overlaid(stage, pair)
    views.blink(True)
    assert stage.layer(1, Role.OTHER_IMAGE).opacity == 1.0
    views.blink(False)
    assert stage.layer(1, Role.OTHER_IMAGE).opacity == 0.0


def test_going_back_to_side_by_side_keeps_the_cells(stage, pair):
    views = overlaid(stage, pair)
    views.show(Mode.OVERLAY)
    views.show(Mode.SIDE_BY_SIDE)
    grid = stage.viewer.canvas.grid
    left = [stage.viewer.layers[n].name for n in grid.contents_at((0, 0), stage.viewer.layers)]
    assert left == ["Earlier image", "Earlier lesions", "Earlier marks", "Earlier landmarks"]


def test_hidden_outlines_come_back(stage, pair):
    views = overlaid(stage, pair)
    views.hide_outlines(True)
    assert not stage.layer(0, Role.LESIONS).visible
    views.hide_outlines(False)
    assert stage.layer(0, Role.LESIONS).visible


def test_without_an_alignment_there_is_no_overlay(stage):
    views = Views(stage)
    views.show(Mode.OVERLAY)
    assert views.mode is Mode.SIDE_BY_SIDE


def test_a_checkerboard_has_squares_of_both():
    mixed = checkerboard(np.zeros((80, 80, 3), np.uint8), np.full((80, 80, 3), 9, np.uint8))
    assert mixed[0, 0, 0] == 0
    assert mixed[0, 15, 0] == 9
    assert set(np.unique(mixed)) == {0, 9}


def tools_of(stage):
    return Tools(stage, lambda *_: None, lambda *_: None, lambda *_: None)


def test_a_tool_is_taken_in_hand_at_both_visits(stage):
    tools = tools_of(stage)
    tools.take(Tool.BRUSH)
    assert [layer.mode for _, layer in stage.layers(Role.LESIONS)] == ["paint", "paint"]
    tools.take(Tool.LANDMARK)
    assert [layer.mode for _, layer in stage.layers(Role.LESIONS)] == ["pan_zoom", "pan_zoom"]
    assert [layer.mode for _, layer in stage.layers(Role.POINTS)] == ["add", "add"]


def test_drawing_with_the_pen_does_not_move_the_image(stage):
    tools = tools_of(stage)
    tools.take(Tool.PEN_LESION)
    assert not stage.layer(0, Role.IMAGE).mouse_pan
    tools.take(Tool.LOOK)
    assert stage.layer(0, Role.IMAGE).mouse_pan


def test_the_other_visit_is_worked_on_at_a_key(stage):
    tools = tools_of(stage)
    tools.take(Tool.BRUSH)
    assert stage.viewer.layers.selection.active.name == "Later lesions"
    tools.swap()
    assert stage.viewer.layers.selection.active.name == "Earlier lesions"


def test_the_mouse_is_given_back(stage):
    before = len(stage.viewer.mouse_drag_callbacks)
    tools = tools_of(stage)
    tools.bind()
    tools.unbind()
    assert len(stage.viewer.mouse_drag_callbacks) == before
