"""The exact interval of a share: what every table of counts shows."""


def exact_interval(count: int, of: int) -> tuple[float, float]:
    """Return the Clopper-Pearson 95 % interval of ``count`` out of ``of``, 0–1.

    Clopper and Pearson, Biometrika 1934;26:404-413. Of nobody, anything is possible: 0 to 1.

    Raises
    ------
    ValueError
        If ``count`` does not lie between 0 and ``of``.
    """
    from scipy.stats import beta

    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is no share")
    low = 0.0 if count == 0 else float(beta.ppf(0.025, count, of - count + 1))
    high = 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))
    return low, high
