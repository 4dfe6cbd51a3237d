"""Simulated deposits in three dimensions, of exactly known volume.

Points are in mm along (slice, row, column) of the phantom that holds the deposit; a radiograph
phantom reads the first axis as depth.
"""

from cctrack.phantom.deposit.attenuation import contrast_at_kvp, excess_hu, excess_per_mm
from cctrack.phantom.deposit.grow import merge, moved, scaled, split, turned
from cctrack.phantom.deposit.raster import (
    bounds_mm,
    density_ratio,
    occupancy,
    occupancy_on_grid,
    projected_thickness,
    rasterise,
)
from cctrack.phantom.deposit.sample import REALISTIC_MIX, DepositMix, NoRoom, random_deposit
from cctrack.phantom.deposit.value import Deposit, DepositLook, Point, make_deposit

__all__ = [
    "REALISTIC_MIX",
    "Deposit",
    "DepositLook",
    "DepositMix",
    "NoRoom",
    "Point",
    "bounds_mm",
    "contrast_at_kvp",
    "density_ratio",
    "excess_hu",
    "excess_per_mm",
    "make_deposit",
    "merge",
    "moved",
    "occupancy",
    "occupancy_on_grid",
    "projected_thickness",
    "random_deposit",
    "rasterise",
    "scaled",
    "split",
    "turned",
]
