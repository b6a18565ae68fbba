"""What a watch does to HTTP servers under load: requests, latency, their code in memory; and to itself in a long run."""

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from statistics import geometric_mean, median

from attach import BATCH, kill, leave
from figures import median_text, ratio_text
from hunting import resident

# How many connections keep a server busy.
CONNECTIONS = 8
# Well below what such a server can answer: a service with nothing to spare has no latency to speak of.
REQUESTS_A_SECOND = 2000
# A minute of latency is measured in windows of so many seconds.
SECONDS = 6
WINDOWS = 10
# The parts of a watched minute: what is new to a watch, and costs most, is nearly over after half of one.
PARTS = {
    "the first half": slice(0, WINDOWS // 2),
    "the second half": slice(WINDOWS // 2, WINDOWS),
    "all of it": slice(0, WINDOWS),
}
# A window does not count if the host of a virtual machine has run others for a larger part of it: a hundredth of the time
# in which nobody is served makes the slowest hundredth several times as slow, watched or not.
MOST_TAKEN = 0.01


def measure(session):
    if not session.has("wrk"):
        session.say("\nWithout wrk there is no load to attach to servers under.")
        return
    rounds(session)
    latency(session)
    findings(session)
    long_run(session)


class Server:
    """An HTTP server on a free port of loopback."""

    def __init__(self, command, path):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{path}"
        self.process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url).read()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"nobody answers at {self.url}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def is_dead(self):
        return self.process.poll() is not None

    def text(self):
        """What its code is, as it lies in memory."""
        digest = hashlib.sha256()
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
                span, rights, *others = line.split(maxsplit=5)
                if "x" in rights and others[-1].startswith("/"):
                    start, end = (int(part, 16) for part in span.split("-"))
                    memory.seek(start)
                    digest.update(memory.read(end - start))
        return digest.hexdigest()


def servers(session):
    binary = session.build / "server"
    source = Path(__file__).parent / "servers" / "server.cpp"
    subprocess.run(["g++", "-std=c++20", "-O2", "-g", "-pthread", "-o", binary, source], check=True)
    site = session.root / "casebook" / "half-atomics" / "build" / "mended"
    return {
        "Go (half-atomics mended)": lambda: Server(lambda port: [site, "-listen", f"127.0.0.1:{port}"], "/api/status"),
        "C++ (bench/servers)": lambda: Server(lambda port: [binary, str(port)], "/"),
    }


def rounds(session):
    rows = []
    for name, start in servers(session).items():
        rows.append([name, "attached and left", *attached(session, start, session.runs(500, 20), leave)])
        rows.append([name, "jostle killed with SIGKILL", *attached(session, start, session.runs(200, 10), kill)])
    columns = ["server", "done to it", "rounds", "servers dead", "requests", "requests failed", "code that changed"]
    session.table("HTTP servers under load that are attached to (goal: none dead, none failed, none changed)", columns, rows)


def attached(session, start, count, once):
    dead = failed = requests = changed = 0
    for done in range(0, count, BATCH):
        with start() as server:
            before = server.text()
            with loaded(server) as load:
                for _ in range(min(BATCH, count - done)):
                    once(session, server.pid)
            answered, lost = told_by_wrk(load.stdout.read().decode())
            requests, failed = requests + answered, failed + lost
            dead += server.is_dead()
            changed += not server.is_dead() and server.text() != before
    return count, dead, requests, failed, changed


@contextlib.contextmanager
def loaded(server):
    """As much load as it bears, until the end of the block."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d1h", server.url]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield load
    finally:
        load.send_signal(signal.SIGINT)
        load.wait()


def told_by_wrk(said):
    """Requests, and how many of them failed in any way."""
    answered = re.search(r"(\d+) requests in", said)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = sum(int(count) for count in errors.groups()) if errors else 0
    return int(answered[1]) if answered else 0, lost + (int(others[1]) if others else 0)


def latency(session):
    """At a steady pace, as visitors come, whether or not earlier ones were answered."""
    if not session.has("oha"):
        session.say("\nWithout oha there is no load at a steady pace to measure latency under.")
        return
    for name, start in servers(session).items():
        minutes = {"unwatched": [], "watched": []}
        with start() as server:
            for way in session.interleaved(minutes, session.runs(10, 2)):
                with watched(session, server) if way == "watched" else contextlib.nullcontext():
                    minutes[way].append([window(server) for _ in range(WINDOWS)])
        rows = [
            [part, figure, *compared(session, minutes, span, figure)]
            for part, span in PARTS.items()
            for figure in ("p50", "p99")
        ]
        title = f"Latency of {name}, {REQUESTS_A_SECOND} requests a second, in the first minute of a watch (goal: p50 ≤ 1.02, p99 ≤ 1.10)"
        session.table(title, ["part", "figure", "rounds", "unwatched", "watched", "of unwatched (95 % interval)"], rows)


def compared(session, minutes, span, figure):
    """Of a part of each watched minute and of all of the unwatched one in the same round, where there was a calm window in both."""
    watched = [middle(minute[span], figure) for minute in minutes["watched"]]
    unwatched = [middle(minute, figure) for minute in minutes["unwatched"]]
    rounds = sum(bool(above and below) for above, below in zip(watched, unwatched, strict=True))
    medians = median_text(unwatched, "ms"), median_text(watched, "ms")
    return rounds, *medians, ratio_text(session.chance, watched, unwatched)


def middle(windows, figure):
    """The geometric mean of the calm windows."""
    return geometric_mean([each[figure] for each in windows if each]) if any(windows) else None


def window(server):
    """What visitors wait for in milliseconds, if the host left us the processors meanwhile."""
    before = taken_away()
    said = steady(server.url)
    is_calm = taken_away() - before <= MOST_TAKEN * SECONDS
    return {figure: said[figure] * 1e3 for figure in ("p50", "p99")} if is_calm else None


def taken_away():
    """For how many seconds the host of this virtual machine has run others in its place (proc_stat(5), steal)."""
    return int(Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def findings(session):
    """What ten seconds find in a service that does nothing most of the time."""
    if not session.has("oha"):
        return
    binary = session.build / "quiet"
    source = Path(__file__).parent / "servers" / "quiet.go"
    subprocess.run(["go", "build", "-o", binary, source], check=True)
    found, firsts, holds = [], [], []
    for _ in session.interleaved(["a quiet service"], session.runs(20, 3)):
        with Server(lambda port: [binary, "-listen", f"127.0.0.1:{port}"], "/") as server, paced(server):
            races, summary, _ = session.attach(server.pid, ["--for", "10s"])
        found.append(len(races))
        firsts += [min(race["evidence"]["at_ms"] for race in races)] if races else []
        holds.append(summary["counts"]["holds"])
    none = found.count(0)
    row = [len(found), f"{sum(found) / len(found):.1f}", none, median_text(firsts, "ms"), f"{median(holds):.0f}"]
    title = f"A Go service with three unguarded fields, {REQUESTS_A_SECOND} requests a second, attached to for 10 s"
    session.table(title, ["runs", "findings of 5", "runs without any", "first finding", "holds"], [row])


@contextlib.contextmanager
def paced(server):
    """Load at a steady pace, until the end of the block."""
    load = subprocess.Popen(at_a_steady_pace(server.url, 60), stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
    finally:
        load.kill()
        load.wait()


@contextlib.contextmanager
def watched(session, server):
    command = [session.jostle, "watch", "--format", "json", "-p", str(server.pid)]
    watch = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield watch
    finally:
        watch.send_signal(signal.SIGINT)
        watch.wait()


def at_a_steady_pace(url, seconds):
    pace = ["-q", str(REQUESTS_A_SECOND), "--latency-correction", "-c", str(CONNECTIONS)]
    return ["oha", "--no-tui", "--output-format", "json", "-z", f"{seconds}s", *pace, url]


def steady(url):
    said = subprocess.run(at_a_steady_pace(url, SECONDS), stdout=subprocess.PIPE, check=True).stdout
    return json.loads(said)["latencyPercentiles"]


def long_run(session):
    """One server is watched for an hour, its twin is not; both get the same load in turns."""
    start = servers(session)["Go (half-atomics mended)"]
    until = time.monotonic() + session.runs(3600, 60)
    ratios, sizes, descriptors = [], [], []
    with start() as server, start() as twin:
        with watched(session, server):
            time.sleep(1)
            while time.monotonic() < until:
                rates = [rate(each.url) for each in (server, twin)]
                ratios.append(rates[0] / rates[1])
                tracer = tracer_of(server.pid)
                sizes.append(resident(tracer))
                descriptors.append(len(list(Path(f"/proc/{tracer}/fd").iterdir())))
        alive = not server.is_dead()
    tenth = max(1, len(ratios) // 10)
    parts = {"first tenth": slice(0, tenth), "last tenth": slice(-tenth, None)}
    rows = [
        [name, f"{median(ratios[part]):.3f}", f"{max(sizes[part]) / 1024:.1f} MB", max(descriptors[part])]
        for name, part in parts.items()
    ]
    title = f"A Go server watched for {session.runs(3600, 60)} s, and its twin in turns; alive afterwards: {alive}"
    session.table(title, ["part", "throughput of the twin's", "memory of the tracer", "descriptors of the tracer"], rows)


def rate(url):
    said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", "-d3s", url], stdout=subprocess.PIPE, check=True).stdout.decode()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def tracer_of(pid):
    return int(re.search(r"TracerPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
