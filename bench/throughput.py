"""What being watched costs: operations of half-atomics in ten seconds, beside the -race build of the same program."""

from figures import median_text, ratio_text
from session import operations


def measure(session):
    build = session.root / "casebook" / "half-atomics" / "build"
    seconds = 10
    drive = ["-drive", f"{seconds}s"]
    ways = {
        "unwatched": lambda: session.run([build / "broken", *drive])[1],
        "watched": lambda: session.watch(build / "broken", *drive)[2],
        "-race": lambda: session.run([build / "broken-race", *drive])[1],
    }
    rates = {way: [] for way in ways}
    for way in session.interleaved(ways, session.runs(10, 3)):
        done = operations(ways[way]())
        rates[way].append(None if done is None else done / seconds)
    rows = [
        [way, len(values), median_text(values, "/s"), ratio_text(session.chance, values, rates["unwatched"])]
        for way, values in rates.items()
    ]
    session.table(
        "Throughput of half-atomics broken (goal: watched ≥ 0.98)",
        ["build", "runs", "operations, median", "of unwatched (95 % interval)"],
        rows,
    )
