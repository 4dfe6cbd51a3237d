"""Images of known deposits in many geometries, and what cctrack writes of them as DICOM."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import exchanged


@pytest.fixture
def make() -> ModuleType:
    """The functions of the module beside this one."""
    return exchanged


@pytest.fixture(scope="session")
def tools() -> ModuleType:
    """The same, where the validators are installed."""
    exchanged.require_validators()
    return exchanged


@pytest.fixture(scope="session", params=exchanged.PARAMS)
def written(request, tmp_path_factory) -> exchanged.Exchanged:
    """One case after another, measured and written."""
    folder = tmp_path_factory.mktemp("case")
    return exchanged.exchange(exchanged.CASES[request.param](folder), folder)
