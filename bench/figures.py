"""Numbers about numbers."""

from statistics import median

BOOTSTRAPS = 2000


def paired_ratio(chance, above, below):
    """The median of the rounds' ratios, with its 95 % bootstrap interval (percentile method, Efron 1979).

    Round by round, because a shared machine may be twice as fast a minute later; within a round it rarely is.
    """
    ratios = [a / b for a, b in zip(above, below, strict=True) if a and b]
    if not ratios:
        return None
    drawn = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(BOOTSTRAPS))
    return median(ratios), drawn[int(0.025 * BOOTSTRAPS)], drawn[int(0.975 * BOOTSTRAPS) - 1]


def ratio_text(chance, above, below):
    interval = paired_ratio(chance, above, below)
    return "–" if interval is None else "{:.3f} ({:.3f} to {:.3f})".format(*interval)


def median_text(values, unit):
    known = [value for value in values if value is not None]
    return f"{median(known):.3g} {unit}" if known else "–"
