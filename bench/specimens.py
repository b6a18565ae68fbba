"""The specimens: who finds which race, at what slowdown, and who accuses the healthy."""

import re
import tomllib
from statistics import median

from session import operations

# The program's own seconds under the heavy peers; all of them see these races many times in two.
PEER_SECONDS = 2
JOSTLE_SECONDS = 10

REPORTS = {
    "TSan": re.compile(r"WARNING: ThreadSanitizer: .*?(?=^=====|\Z)", re.M | re.S),
    "-race": re.compile(r"WARNING: DATA RACE.*?(?=^=====|\Z)", re.M | re.S),
    "Helgrind": re.compile(r"Possible data race.*?(?=^==\d+== -----|^==\d+== *\n==\d+== *\n|\Z)", re.M | re.S),
    "DRD": re.compile(r"Conflicting (?:load|store) by thread.*?(?=^==\d+== *$|\Z)", re.M | re.S),
}


def manifest(session):
    return tomllib.loads((session.root / "tests" / "specimens" / "specimens.toml").read_text())["specimen"]


def is_native(specimen):
    return "go" not in specimen["languages"]


def command(session, peer, name, seconds):
    build = session.root / "tests" / "specimens" / "build"
    if peer in ("Helgrind", "DRD"):
        return ["valgrind", f"--tool={peer.lower()}", "--fair-sched=try", build / name, seconds]
    ending = {"TSan": ".tsan", "-race": ".race", "unwatched": ""}[peer]
    return [build / f"{name}{ending}", seconds]


def peers(session, specimen):
    """Who can be asked about this one: the sanitizers where a build exists, Valgrind's tools on what is not Go."""
    asked = [peer for peer in ("TSan", "-race") if command(session, peer, specimen["name"], 1)[0].exists()]
    if is_native(specimen) and session.has("valgrind"):
        asked += ["Helgrind", "DRD"]
    return asked


def tells(text, specimen):
    """Whether a report is about the pair. Peers spell C++ scopes and Go methods in their own ways."""
    parts = [re.split(r"::|\)\.", part)[-1] for part in specimen.get("between", [])]
    return not parts or any(part in text for part in parts)


def tells_both(finding, specimen):
    """Whether the two stacks of our own finding hold the two sides."""
    one, other = (
        " ".join(frame.get("function", "") for frame in place["stack"]) for place in finding["places"][:2]
    ) if len(finding["places"]) > 1 else ("", "")
    pair = specimen.get("between") or ["", ""]
    return any(a in one and b in other for a, b in (pair, pair[::-1]))


class Tally:
    """What one watcher made of one specimen."""

    def __init__(self):
        self.runs = self.found = self.strange = 0
        self.rates = []

    def add(self, found, strange, rate):
        self.runs += 1
        self.found += found
        self.strange += strange
        if rate:
            self.rates.append(rate)

    def text(self, plain):
        if not self.runs:
            return "–"
        slower = f", speed {median(self.rates) / median(plain):.2f}" if self.rates and plain else ""
        strange = f", {self.strange} strange" if self.strange else ""
        return f"{self.found}/{self.runs}{strange}{slower}"


def ask_jostle(session, specimen, tally):
    seconds = JOSTLE_SECONDS
    path = session.root / "tests" / "specimens" / "build" / specimen["name"]
    findings, _, output = session.watch(path, seconds)
    right = [finding["rule"] == specimen.get("rule") and tells_both(finding, specimen) for finding in findings]
    done = operations(output)
    tally.add(any(right), len(right) - sum(right), done and done / seconds)


def ask_peer(session, peer, specimen, tally):
    _, output, _ = session.run(command(session, peer, specimen["name"], PEER_SECONDS))
    reports = REPORTS[peer].findall(output) if peer in REPORTS else []
    about = [specimen["expect"] == "race" and tells(text, specimen) for text in reports]
    done = operations(output)
    tally.add(any(about), len(about) - sum(about), done and done / PEER_SECONDS)


WATCHERS = ["jostle", "unwatched", "TSan", "-race", "Helgrind", "DRD"]


def tallies(session, chosen, rounds, peer_rounds):
    """Every watcher on every specimen, all in one random order."""
    table = {(specimen["name"], watcher): Tally() for specimen in chosen for watcher in WATCHERS}
    known = {specimen["name"]: specimen for specimen in chosen}
    jobs = [(name, "jostle") for name in known for _ in range(rounds)]
    for name, specimen in known.items():
        jobs += [(name, peer) for peer in ["unwatched", *peers(session, specimen)] for _ in range(peer_rounds)]
    for name, watcher in session.interleaved(jobs, 1):
        tally = table[name, watcher]
        if watcher == "jostle":
            ask_jostle(session, known[name], tally)
        else:
            ask_peer(session, watcher, known[name], tally)
    return table


def say(session, title, chosen, table):
    shown = [watcher for watcher in WATCHERS if watcher != "unwatched"]
    rows = [
        [name := specimen["name"], *(table[name, who].text(table[name, "unwatched"].rates) for who in shown)]
        for specimen in chosen
    ]
    session.table(title, ["specimen", *shown], rows)


def measure_broken(session):
    chosen = [specimen for specimen in manifest(session) if specimen["expect"] == "race"]
    table = tallies(session, chosen, session.runs(20, 2), session.runs(3, 1))
    title = f"Broken specimens: runs that found the race, jostle in {JOSTLE_SECONDS} s, peers in {PEER_SECONDS} s; speed as a share of unwatched"
    say(session, title, chosen, table)


def measure_healthy(session):
    chosen = [specimen for specimen in manifest(session) if specimen["expect"] == "silence"]
    table = tallies(session, chosen, session.runs(20, 1), session.runs(1, 1))
    title = "Healthy specimens: 0 found is right; every strange report is a false alarm"
    say(session, title, chosen, table)
    mended = session.root / "casebook" / "half-atomics" / "build" / "mended"
    rounds = session.runs(20, 1)
    alarms = sum(
        len(session.watch(mended, "-drive", "30s", options=["--for", "10s"])[0])
        for _ in session.interleaved(["mended"], rounds)
    )
    session.table("half-atomics mended", ["runs of 10 s", "findings", "goal"], [[rounds, alarms, 0]])
