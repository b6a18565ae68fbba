"""How many of half-atomics' racing pairs are found in ten seconds, and how soon the first."""

import tomllib

from figures import median_text
from session import shown_line


def signature(rule, lines):
    return rule, tuple(sorted(lines))


def signatures(pairs):
    return {signature(pair["rule"], pair["lines"]) for pair in pairs}


def seen_in(finding):
    return signature(finding["rule"], [shown_line(place) for place in finding["places"]])


def measure(session):
    folder = session.root / "casebook" / "half-atomics"
    case = tomllib.loads((folder / "expected.toml").read_text())
    broken = next(variant for variant in case["variant"] if variant["name"] == "broken")
    listed, rare = signatures(broken["pair"]), signatures(broken.get("rare", []))
    missed, first, strangers = [], [], {}
    for _ in session.interleaved(["broken"], session.runs(20, 5)):
        findings, _, _ = session.watch(folder / broken["program"], "-drive", "30s", options=["--for", "10s"])
        seen = {seen_in(finding) for finding in findings}
        missed.append(listed - seen)
        first += [min(finding["evidence"]["at_ms"] for finding in findings)] if findings else []
        for finding in findings:
            if seen_in(finding) not in listed | rare:
                strangers[seen_in(finding)] = strangers.get(seen_in(finding), 0) + 1
    say(session, listed, missed, first, strangers)


def say(session, listed, missed, first, strangers):
    runs = len(missed)
    whole = sum(not pairs for pairs in missed)
    late = first + [float("inf")] * (runs - len(first))
    session.table(
        "half-atomics broken, default budget, 10 s",
        ["figure", "measured", "goal"],
        [
            [f"runs that found all {len(listed)} listed pairs", f"{whole} of {runs}", "≥ 19 of 20"],
            ["time to the first finding, median", median_text(late, "ms"), "≤ 1000 ms"],
            ["findings that are not listed", sum(strangers.values()), "0"],
        ],
    )
    rows = [[rule, " ~ ".join(lines), f"{runs - sum((rule, lines) in pairs for pairs in missed)} of {runs}"]
            for rule, lines in sorted(listed)]
    rows += [[rule, " ~ ".join(lines), f"not listed, {count} times"] for (rule, lines), count in strangers.items()]
    session.table("Pair by pair", ["rule", "lines", "found in"], [[r, f"`{l}`", f] for r, l, f in rows])
