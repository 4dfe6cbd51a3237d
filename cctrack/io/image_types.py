"""Words that scanners write into ImageType when a slice is not a plain reconstruction."""

import re
from collections.abc import Iterable

_NOT_HOUNSFIELD = """
    PERFUSION RCBF RCBV CBF CBV MTT TTP TMAX PERMEABILITY IODINE EFF_Z EFF_ATOMIC_NUM EFF_DOSE
    ELECTRON_DENSITY PROTON_DENSITY MATERIAL_FRACTION MATERIAL_REMOVED MAT_FRACTIONAL MAT_REMOVED
    MAT_MODIFIED MAT_VALUE_BASED VALUE_MAP VIRTUAL_NON_CONTRAST VNC VMI MONOENERGETIC
    MONO_ENERGETIC MONO SUBTRACTION
"""
_DERIVED = """
    MPR REFORMATTED CPR CSA CSAMPR CSAPARALLEL CSARADIAL MIP MINIP MAX_IP MIN_IP PROJECTION VR VRT
    VOLUME_RENDER 3D SSD SURFACE RENDERED
"""
_LOCALIZER = "LOCALIZER SCOUT TOPOGRAM"
_CAPTURED = "SCREEN CAPTURE SCREENSAVE"


def not_hounsfield(image_type: Iterable[str]) -> frozenset[str]:
    """Words of dual-energy, perfusion and difference maps: no HU of one X-ray spectrum."""
    return _words(image_type) & frozenset(_NOT_HOUNSFIELD.split())


def derived(image_type: Iterable[str]) -> frozenset[str]:
    """Words of reformats and renderings: made from the slices that should be measured.

    Examples
    --------
    >>> sorted(derived(["DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR"]))
    ['MPR']
    """
    return _words(image_type) & frozenset(_DERIVED.split())


def localizer(image_type: Iterable[str]) -> bool:
    """Whether it is the projection that a scan is planned on."""
    return bool(_words(image_type) & frozenset(_LOCALIZER.split()))


def captured(image_type: Iterable[str]) -> bool:
    """Whether it is the picture of a screen."""
    return bool(_words(image_type) & frozenset(_CAPTURED.split()))


def _words(image_type: Iterable[str]) -> frozenset[str]:
    """Values and the words in them: Siemens writes ``CT_SOM5 MPR`` into one value."""
    values = {value.upper() for value in image_type}
    return frozenset(values | {word for value in values for word in re.split(r"[\s/]+", value)})
