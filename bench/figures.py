"""Numbers about numbers."""

from statistics import median

BOOTSTRAPS = 2000


def ratio_interval(chance, above, below):
    """The ratio of two medians with its 95 % bootstrap interval (percentile method, Efron 1979)."""
    if not above or not below:
        return None
    drawn = sorted(
        median(chance.choices(above, k=len(above))) / median(chance.choices(below, k=len(below)))
        for _ in range(BOOTSTRAPS)
    )
    low, high = drawn[int(0.025 * BOOTSTRAPS)], drawn[int(0.975 * BOOTSTRAPS) - 1]
    return median(above) / median(below), low, high


def ratio_text(chance, above, below):
    interval = ratio_interval(chance, above, below)
    return "–" if interval is None else "{:.3f} ({:.3f} to {:.3f})".format(*interval)


def median_text(values, unit):
    return f"{median(values):.3g} {unit}" if values else "–"
