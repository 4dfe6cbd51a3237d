"""Words that scanners write where a slice is not a plain reconstruction."""

import re
from collections.abc import Iterable

_NOT_HOUNSFIELD = """
    PERFUSION RCBF RCBV CBF CBV MTT TTP TMAX TTD PBV BV BF PERMEABILITY IODINE EFF_Z ZEFF
    EFF_ATOMIC_NUM EFF_DOSE ELECTRON_DENSITY PROTON_DENSITY RHO_Z MATERIAL_FRACTION
    MATERIAL_REMOVED MATERIAL_SPECIFIC MAT_SPECIFIC MAT_FRACTIONAL MAT_REMOVED MAT_MODIFIED
    MAT_VALUE_BASED VALUE_MAP VIRTUAL_NON_CONTRAST VNC VNCA VNI VUE LUNG_VESSEL VMI MONOENERGETIC
    MONO_ENERGETIC MONO MONO_PLUS MONOE GSI_MONO SUBTRACTION SUBTRACT SUBTRACTED DIVISION
    MULTIPLICATION VARIANCE T_TEST Z_SCORE BONE_REMOVED BONEREMOVED BONEREMOVAL BONE_REMOVAL
    VESSEL_ONLY
"""
_DERIVED = """
    MPR REFORMATTED CPR CURVED_MPR CSA CSAMPR CSAPARALLEL CSARADIAL MIP MINIP MAX_IP MIN_IP MIPTHIN
    MIP_THIN PROJECTION MAXIMUM MINIMUM VR VRT VOLUME_RENDER SURFACE_RENDER VOLREN 3D SSD SURFACE
    RENDERED FUSED FUSION SAMPLED DISTORTED
"""
_LOCALIZER = "LOCALIZER SCOUT TOPOGRAM TOPO SURVIEW SCANOGRAM SCANOSCOPE"
_CAPTURED = "SCREEN CAPTURE SCREENSAVE PROT PROTOCOL DOSE DOSE_INFO PASTA"
_BLENDED = "ENERGY_PROP_WT DET_AB DE_MIXED BLENDED"

_CONE_BEAM = re.compile(r"\b(?:cbct|cone.?beam|dynact|xper.?ct)\b", re.IGNORECASE)
_CONE_BEAM_DEVICE = re.compile(
    r"\b(?:o-arm|i-cat|newtom|accuitomo|promax|orthophos|galileos|veraview\w*|ziehm\w*|cios|arcadis"
    r"|verity|pedcat|lineup|hirise|onsight|on-board imager|obi|xvi)\b",
    re.IGNORECASE,
)
"""Devices with a flat detector: scatter moves their grey values far from Hounsfield units."""

_SPECTRAL = re.compile(
    r"\d\s?kev\b|\bmono\s?e(?:nerg\w*)?\b|\bmono\+|\bvmi\b|\bvnc(?:a)?\b|\bvirtual non.?c\w*"
    r"|\biodine (?:map|overlay|no water|density|conc\w*)|\bz.?eff(?:ective)?\b"
    r"|\belectron density\b|\bcalcium suppress\w*",
    re.IGNORECASE,
)
"""Dual-energy results whose ImageType looks like a plain one (GE, Philips)."""

CONE_BEAM, SPECTRAL = "cone beam", "dual energy"


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
    """Whether it is the picture of a screen, such as a dose report."""
    return bool(_words(image_type) & frozenset(_CAPTURED.split()))


def blended(image_type: Iterable[str]) -> bool:
    """Whether two tube voltages were mixed into one image, so that KVP names only one of them."""
    return bool(_words(image_type) & frozenset(_BLENDED.split()))


def hints_in(device: Iterable[str], series: Iterable[str]) -> frozenset[str]:
    """Find what the names of a device and a series give away, in words of our own.

    Examples
    --------
    >>> sorted(hints_in(["Planmed Verity"], ["Hand MonoE 70 keV"]))
    ['cone beam', 'dual energy']
    """
    names, title = " ".join(device), " ".join(series)
    hints = set()
    if _CONE_BEAM.search(f"{names} {title}") or _CONE_BEAM_DEVICE.search(names):
        hints.add(CONE_BEAM)
    if _SPECTRAL.search(title):
        hints.add(SPECTRAL)
    return frozenset(hints)


def _words(image_type: Iterable[str]) -> frozenset[str]:
    """Values and the words in them: Siemens writes ``CT_SOM5 MPR`` into one value."""
    values = {value.upper() for value in image_type}
    return frozenset(values | {word for value in values for word in re.split(r"[\s/]+", value)})
