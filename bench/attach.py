"""What attaching does to services under load, and what it finds: rounds of attaching and leaving, kills of jostle, pairs."""

import signal
import subprocess
import tomllib

from figures import ratio_text
from pairs import seen_in, signatures
from session import operations

# How long a service runs that one batch of rounds is made on.
BATCH_SECONDS = 60
# Rounds per batch: each takes a little over half a second.
BATCH = 50


def measure(session):
    services = {"Go (half-atomics mended, HTTP and direct)": go, "C (signals, threads, children)": c}
    rows = []
    for name, start in services.items():
        rows.append([name, "attached and left", *rounds(session, start, session.runs(500, 20), leave)])
        rows.append([name, "jostle killed with SIGKILL", *rounds(session, start, session.runs(200, 10), kill)])
    session.table(
        "Services that are attached to", ["service", "done to it", "rounds", "services dead", "books that do not balance"], rows
    )
    pairs(session)
    throughput(session)


def go(session, seconds=BATCH_SECONDS, variant="mended"):
    program = session.root / "casebook" / "half-atomics" / "build" / variant
    return spawn([program, "-drive", f"{seconds}s"])


def c(session):
    program = session.build / "service"
    source = session.root / "tests" / "targets" / "service.c"
    subprocess.run(["gcc", "-O2", "-g", "-pthread", "-o", program, source], check=True)
    return spawn([program, "orderly"])


def spawn(command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def rounds(session, start, count, once):
    """Rounds on as many services as it takes, each with books of its own; returns what became of them."""
    dead = wrong = 0
    service = None
    for done in range(count):
        if done % BATCH == 0:
            wrong += end(service)
            service = start(session)
        once(session, service.pid)
        if service.poll() is not None:
            dead += 1
            service = start(session)
    wrong += end(service)
    return count, dead, wrong


def end(service):
    """Asks a service to end; whether its books do not balance."""
    if service is None:
        return 0
    service.send_signal(signal.SIGTERM)
    said = service.communicate(timeout=30)[0].decode(errors="replace")
    good = "unharmed" in said or "wrong 0" in said and " 0 failed" in said
    return 0 if service.returncode == 0 and good else 1


def leave(session, pid):
    milliseconds = session.chance.randrange(20, 700)
    session.attach(pid, options=["--for", f"{milliseconds}ms"])


def kill(session, pid):
    jostle = spawn([session.jostle, "watch", "--format", "json", "-p", str(pid)])
    try:
        jostle.wait(timeout=session.chance.uniform(0.02, 0.9))
    except subprocess.TimeoutExpired:
        pass
    jostle.kill()
    # The tracer ends a moment later, and with it the output that it inherited.
    jostle.communicate(timeout=30)


def pairs(session):
    folder = session.root / "casebook" / "half-atomics"
    case = tomllib.loads((folder / "expected.toml").read_text())
    broken = next(variant for variant in case["variant"] if variant["name"] == "broken")
    listed, rare = signatures(broken["pair"]), signatures(broken.get("rare", []))
    found, strangers = [], 0
    for _ in session.interleaved(["attached, 10 s"], session.runs(20, 5)):
        service = go(session, 12, "broken")
        seen = {seen_in(finding) for finding in session.attach(service.pid, options=["--for", "10s"])[0]}
        service.communicate()
        found.append(len(listed & seen))
        strangers += len(seen - listed - rare)
    found.sort()
    session.table(
        "half-atomics broken, attached to for 10 s",
        ["figure", "measured"],
        [
            [f"of {len(listed)} listed pairs found, median (range)", f"{found[len(found) // 2]} ({found[0]} to {found[-1]})"],
            ["findings that are not listed", strangers],
        ],
    )


def throughput(session):
    ways = {"unwatched": False, "attached": True}
    done = {way: [] for way in ways}
    for way in session.interleaved(ways, session.runs(10, 3)):
        service = go(session, 10, "broken")
        watch = spawn([session.jostle, "watch", "-p", str(service.pid)]) if ways[way] else None
        done[way].append(operations(service.communicate()[0].decode(errors="replace")))
        if watch:
            watch.communicate()
    rows = [[way, len(values), ratio_text(session.chance, values, done["unwatched"])] for way, values in done.items()]
    session.table("Throughput of half-atomics broken", ["way", "runs", "of unwatched (95 % interval)"], rows)
