"""What being watched costs: operations of half-atomics, beside the -race build of the same program."""

from figures import median_text, ratio_text
from session import operations

# While most is found, and long enough for the watch to have backed off.
SHORT = 10
LONG = 60


def measure(session):
    compare(session, "Throughput of half-atomics broken in a minute (goal: watched ≥ 0.98)", LONG, [])
    compare(session, "The same in the first ten seconds", SHORT, [])
    barren = ["-archive", "0"]
    compare(session, "The same with next to nothing in its heap, collecting garbage all the time", SHORT, barren)


def compare(session, title, seconds, options):
    build = session.root / "casebook" / "half-atomics" / "build"
    drive = ["-drive", f"{seconds}s", *options]
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
    session.table(title, ["build", "runs", "operations, median", "of unwatched (95 % interval)"], rows)
