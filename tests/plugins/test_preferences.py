"""What a reader chose in napari's preferences holds, and nonsense is refused there."""

import pytest

pytest.importorskip("napari")
npe2 = pytest.importorskip("npe2")

from napari_cctrack.preferences import PLUGIN, Preferences, preferences  # noqa: E402


@pytest.fixture
def chosen():
    """The plugin's part of napari's settings, made of its manifest as napari makes it."""
    from napari import settings
    from napari.plugins import _initialize_plugins

    _initialize_plugins()
    made = settings.get_plugin_settings(PLUGIN)
    before = made.reading.reader, made.reading.jobs
    yield made.reading
    made.reading.reader, made.reading.jobs = before


def test_the_manifest_offers_a_reader_and_a_number_of_processes():
    manifest = npe2.PluginManifest.from_distribution(PLUGIN)
    reading = manifest.contributions.configurations["reading"]
    kinds = {name: one.type for name, one in reading.properties.items()}
    assert kinds == {"reader": "string", "jobs": "integer"}
    assert all(one.description for one in reading.properties.values())
    assert reading.properties["jobs"].minimum == 1


def test_what_was_chosen_holds(chosen):
    chosen.reader, chosen.jobs = " R7 ", 4
    assert preferences() == Preferences("R7", 4)


def test_without_a_name_decisions_go_by_the_account(chosen, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "clinic-pc")
    chosen.reader = "  "
    assert preferences().reader == "clinic-pc"


@pytest.mark.parametrize("jobs", [0, 65, "many"])
def test_no_number_of_processes_is_taken_that_makes_no_sense(chosen, jobs):
    with pytest.raises(ValueError, match="jobs"):
        chosen.jobs = jobs
    assert 1 <= preferences().jobs <= 64
