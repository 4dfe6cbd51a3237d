"""How strongly tissues weaken X-rays, by one effective energy for the whole beam.

Mass attenuation coefficients are close to the tables of Hubbell and Seltzer (NIST XCOM, tissues of
ICRU Report 44). Compact bone was compared with a copy of the table; the other rows are approximate.
Hydroxyapatite is what is left of compact bone without its soft tissue (56.4 % mineral, by its
calcium). They make films look and add up right; they are no basis for dosimetry.
"""

from enum import StrEnum

import numpy as np


class Material(StrEnum):
    """What a ray passes through."""

    SOFT = "soft"
    FAT = "fat"
    CORTEX = "cortex"
    LUNG = "lung"
    AIR = "air"
    ALUMINIUM = "aluminium"
    LEAD = "lead"
    GOLD = "gold"
    HYDROXYAPATITE = "hydroxyapatite"


ENERGIES_KEV = (20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
"""Energies of the table below; between them log μ is linear in log energy."""

_CM2_PER_G = {
    Material.SOFT: (0.823, 0.379, 0.269, 0.226, 0.205, 0.182, 0.169),
    Material.FAT: (0.568, 0.306, 0.240, 0.212, 0.197, 0.180, 0.169),
    Material.CORTEX: (4.00, 1.33, 0.666, 0.424, 0.315, 0.223, 0.186),
    Material.LUNG: (0.831, 0.382, 0.270, 0.227, 0.205, 0.183, 0.170),
    Material.AIR: (0.778, 0.354, 0.249, 0.208, 0.188, 0.166, 0.154),
    Material.ALUMINIUM: (3.44, 1.13, 0.569, 0.368, 0.278, 0.202, 0.170),
    Material.LEAD: (86.4, 30.3, 14.4, 8.04, 5.02, 2.42, 5.55),
    Material.GOLD: (78.8, 27.5, 13.0, 7.26, 4.53, 2.19, 5.16),
    Material.HYDROXYAPATITE: (6.47, 2.07, 0.973, 0.577, 0.400, 0.255, 0.198),
}

_G_PER_CM3 = {
    Material.SOFT: 1.06,
    Material.FAT: 0.95,
    Material.CORTEX: 1.92,
    Material.LUNG: 0.26,
    Material.AIR: 0.0012,
    Material.ALUMINIUM: 2.70,
    Material.LEAD: 11.35,
    Material.GOLD: 15.0,
    Material.HYDROXYAPATITE: 3.16,
}

KEV_PER_KVP = 0.35
"""Slope of the effective energy; with the offset 55 kVp gives 31 keV and 110 kVp gives 50 keV."""

KEV_OFFSET = 12.0
"""See `KEV_PER_KVP`. Usual diagnostic beams lie between a third and a half of the peak energy."""


def effective_energy_kev(kvp: float) -> float:
    """Effective energy in keV of a usual diagnostic beam of this tube voltage.

    Raises
    ------
    ValueError
        If the voltage lies outside 40–150 kVp.
    """
    if not 40.0 <= kvp <= 150.0:
        raise ValueError(f"tube voltage must lie within 40–150 kVp, got {kvp}")
    return KEV_OFFSET + KEV_PER_KVP * kvp


def mu_per_mm(material: Material, kev: float) -> float:
    """Linear attenuation coefficient in 1/mm at an effective energy.

    Raises
    ------
    ValueError
        If the energy lies outside the table (20–100 keV).
    """
    if not ENERGIES_KEV[0] <= kev <= ENERGIES_KEV[-1]:
        raise ValueError(f"energy must lie within 20–100 keV, got {kev}")
    log_mu = np.interp(np.log(kev), np.log(ENERGIES_KEV), np.log(_CM2_PER_G[material]))
    return float(np.exp(log_mu)) * _G_PER_CM3[material] / 10.0


def deposit_excess_per_mm(density_g_cm3: float, kev: float) -> float:
    """Attenuation in 1/mm of a deposit above the soft tissue that its mineral displaces.

    Parameters
    ----------
    density_g_cm3 : float
        Hydroxyapatite per volume of deposit.
    kev : float
    """
    share = density_g_cm3 / _G_PER_CM3[Material.HYDROXYAPATITE]
    mineral = mu_per_mm(Material.HYDROXYAPATITE, kev)
    return share * (mineral - mu_per_mm(Material.SOFT, kev))
