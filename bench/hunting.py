"""What a trial of a hunt costs beside a bare loop and beside Go's stress, and how soon a hunt has something to tell."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from figures import median_text, ratio_text

STRESS = "golang.org/x/tools/cmd/stress@v0.52.0"


def measure(session):
    start_up(session)
    first_failure(session)
    effect(session)
    parked(session)
    large_case(session)


def start_up(session):
    """Trials of a program that does nothing, as many in each way: one after the other, and as many at a time as by default."""
    count = 1000
    bare, stress = bare_loop(session), stress_tool(session)
    quick = ["--trials", count, "--perturb", "none"]
    ways = {
        "fork and exec alone": lambda: session.run([bare, count, "/bin/true"])[2],
        "jostle hunt --jobs 1": lambda: hunt(session, [*quick, "--jobs", 1], ["/bin/true"])[1],
        "jostle hunt": lambda: hunt(session, quick, ["/bin/true"])[1],
    }
    if stress:
        ways["stress -p 1"] = lambda: session.run([stress, "-p", "1", "-count", count, "/bin/true"])[2]
        ways["stress"] = lambda: session.run([stress, "-count", count, "/bin/true"])[2]
    times = {way: [] for way in ways}
    for way in session.interleaved(ways, session.runs(10, 3)):
        times[way].append(ways[way]() / count * 1e3)
    rows = [
        [way, len(values), median_text(values, " ms"), ratio_text(session.chance, values, times["fork and exec alone"])]
        for way, values in times.items()
    ]
    title = "One trial of /bin/true (goal: at most 1 ms more than fork and exec alone, no slower than stress)"
    session.table(title, ["way", "runs", "a trial, median", "of fork and exec alone (95 % interval)"], rows)


def bare_loop(session):
    source, program = session.build / "spawn.c", session.build / "spawn"
    source.write_text(
        "#include <spawn.h>\n#include <stdlib.h>\n#include <sys/wait.h>\nextern char **environ;\n"
        "int main(int argc, char **argv) {\n"
        "    for (int i = argc > 2 ? atoi(argv[1]) : 0; i > 0; i--) {\n"
        "        pid_t pid;\n"
        "        if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0) return 1;\n"
        "        waitpid(pid, NULL, 0);\n"
        "    }\n"
        "}\n"
    )
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    return program


def stress_tool(session):
    """Go's stress, or nothing where it cannot be had."""
    if not session.has("go"):
        return None
    environment = {**os.environ, "GOBIN": str(session.build)}
    made = subprocess.run(["go", "install", STRESS], env=environment, capture_output=True, check=False)
    return session.build / "stress" if made.returncode == 0 else None


def hunt(session, options, command):
    """The summary of a hunt in a case of its own, how long it took, and when its first failure was told."""
    place = tempfile.mkdtemp(prefix="jostle-bench-")
    ours = [session.jostle, "hunt", "--format", "json", "--case", place, "--seed", session.chance.randrange(1_000_000)]
    words = [str(word) for word in [*ours, *options, "--", *command]]
    begin, first, summary = time.monotonic(), None, None
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            said = json.loads(line)
            if first is None and said.get("outcome") in ("failed", "hung"):
                first = time.monotonic() - begin
            summary = said if said["kind"] == "summary" else summary
    took = time.monotonic() - begin
    shutil.rmtree(place)
    return summary, took, first


def first_failure(session):
    case = session.root / "casebook" / "swapped-returns"
    subprocess.run(["make", "-s", "-C", case, "build/client-v0.9.1-none", "build/libgates.so"], check=True)
    command = [case / "build/client-v0.9.1-none", "-specs", case / "specs/shop.json"]
    command += ["-library", case / "build/libgates.so", "-for", "20s"]
    times, kinds, families = [], set(), set()
    for _ in range(session.runs(20, 3)):
        summary, _, first = hunt(session, ["--failures", 3, "--timeout", "60s"], command)
        times += [first] if first is not None else []
        kinds |= {kind["kind"] for family in summary["families"] for kind in family["kinds"]}
        families |= {family["name"] for family in summary["families"]}
    rows = [["first failure, median", median_text(times, " s")], ["hunts", len(times)]]
    rows += [["kinds", ", ".join(sorted(kinds))], ["families", ", ".join(sorted(families))]]
    session.table("swapped-returns broken, answers given back (goal: first failure within 5 s)", ["figure", "measured"], rows)


def effect(session):
    case = session.root / "casebook" / "early-finalizer"
    subprocess.run(["make", "-s", "-C", case, "build/broken"], check=True)
    seconds = session.runs(600, 60)
    summary, _, _ = hunt(session, ["--for", seconds], [case / "build/broken", "-drive", "100ms", "-clients", 1])
    rows = [["none", summary["rate"]["events"], summary["rate"]["of"], "1"]]
    for effect in summary["perturbations"]:
        ratio = effect["ratio"]
        seen = f"{ratio['seen']:.1f}" if "seen" in ratio else "?"
        high = f"{ratio['high']:.1f}" if "high" in ratio else "∞"
        row = [effect["perturbation"], effect["rate"]["events"], effect["rate"]["of"], f"{seen} ({ratio['low']:.2f} to {high})"]
        rows.append(row)
    title = f"early-finalizer broken, one visitor for 100 ms at a time, {seconds} s (goal: some perturbation ≥ 10 times)"
    session.table(title, ["perturbation", "failures", "trials", "times as often (95 %)"], rows)


def parked(session):
    """How many calls return somebody else's value when goroutines are made to lose their turn, and when nothing is done."""
    case = session.root / "casebook" / "swapped-returns"
    rows = []
    for driver, library, options in [("minimum", "libnames.so", []), ("client", "libgates.so", ["-specs", "specs/shop.json", "-keep"])]:
        program = f"build/{driver}-v0.9.1-none"
        subprocess.run(["make", "-s", "-C", case, program, f"build/{library}"], check=True)
        command = [case / program, "-library", case / "build" / library, "-for", "2s", *options]
        counts = calls_by_perturbation(session, [str(word) for word in command], case)
        unperturbed = counts["none"][1] / counts["none"][0]
        for perturbation, (calls, wrong) in sorted(counts.items()):
            rate = wrong / calls
            rows.append([driver, perturbation, calls, wrong, f"{rate * 1e6:.1f}", f"{rate / unperturbed:.0f}" if unperturbed else "?"])
    title = "swapped-returns, wrong answers per call under --perturb park (goal: 100 times as many)"
    session.table(title, ["program", "perturbation", "calls", "wrong", "per million", "times as often"], rows)


def calls_by_perturbation(session, command, place):
    """The drivers count both and say so in their last line; whose line it is tells the seed of the trial."""
    counts = {}
    with tempfile.TemporaryDirectory(prefix="jostle-bench-") as said:
        ours = [session.jostle, "hunt", "--format", "json", "--case", f"{said}/case", "--jobs", 1, "--perturb", "park"]
        ours += ["--trials", session.runs(40, 6), "--seed", session.chance.randrange(1_000_000)]
        ours += ["--", "bash", "-c", f'exec "$@" > {said}/{{seed}}', "bash", *command]
        words = [str(word) for word in ours]
        told = subprocess.run(words, cwd=place, stdout=subprocess.PIPE, text=True, check=False).stdout
        for trial in (json.loads(line) for line in told.splitlines()):
            if trial["kind"] != "trial":
                continue
            last = re.search(r"ops (\d+), wrong (\d+)", Path(said, str(trial["seed"])).read_text())
            if last:
                calls, wrong = counts.get(trial["perturbation"], (0, 0))
                counts[trial["perturbation"]] = (calls + int(last[1]), wrong + int(last[2]))
    return counts


def large_case(session):
    trials = session.runs(100_000, 5_000)
    place = tempfile.mkdtemp(prefix="jostle-bench-")
    session.run([session.jostle, "hunt", "--case", place, "--trials", 1, "--perturb", "none", "--", "/bin/true"])
    resume = [session.jostle, "hunt", "--case", place, "--resume", "--format", "json"]
    with subprocess.Popen(
        [str(word) for word in [*resume, "--trials", trials - 1, "--perturb", "none", "--", "/bin/true"]],
        stdout=subprocess.DEVNULL,
    ) as process:
        sizes = []
        while process.poll() is None:
            sizes.append(resident(process.pid))
            time.sleep(1)
    took = session.run([session.jostle, "case", "show", "--case", place])[2]
    size = sum(file.stat().st_size for file in Path(place).iterdir())
    shutil.rmtree(place)
    sizes = [size for size in sizes if size]
    rows = [["report", f"{took:.2f} s"], ["case", f"{size / 1e6:.1f} MB"]]
    if sizes:
        rows.append(["memory of the hunt, in its first and its last tenth", first_and_last(sizes)])
    session.table(f"A case of {trials} trials (goal: report within 2 s, memory flat)", ["figure", "measured"], rows)


def first_and_last(sizes):
    tenth = max(1, len(sizes) // 10)
    return f"{max(sizes[:tenth]) / 1024:.1f} MB, {max(sizes[-tenth:]) / 1024:.1f} MB"


def resident(pid):
    """In KiB; nothing when it is gone."""
    try:
        said = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None
    return int(said[1]) if said else None
