"""What being watched costs: operations of half-atomics in ten seconds, beside the -race build of the same program."""

from figures import median_text, ratio_text
from session import operations

SECONDS = 10


def measure(session):
    compare(session, "Throughput of half-atomics broken (goal: watched ≥ 0.98)", [])
    compare(session, "The same with next to nothing in its heap, collecting garbage all the time", ["-archive", "0"])


def compare(session, title, options):
    build = session.root / "casebook" / "half-atomics" / "build"
    drive = ["-drive", f"{SECONDS}s", *options]
    ways = {
        "unwatched": lambda: session.run([build / "broken", *drive])[1],
        "watched": lambda: session.watch(build / "broken", *drive)[2],
        "-race": lambda: session.run([build / "broken-race", *drive])[1],
    }
    rates = {way: [] for way in ways}
    for way in session.interleaved(ways, session.runs(10, 3)):
        done = operations(ways[way]())
        rates[way].append(None if done is None else done / SECONDS)
    rows = [
        [way, len(values), median_text(values, "/s"), ratio_text(session.chance, values, rates["unwatched"])]
        for way, values in rates.items()
    ]
    session.table(title, ["build", "runs", "operations, median", "of unwatched (95 % interval)"], rows)
