"""One session of measuring: the machine, the random order, the runs, and the page that the results go to."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

# What runs longer hangs.
PATIENCE = 120


class Session:
    def __init__(self, root, chance, quick):
        self.root = root
        self.chance = chance
        self.quick = quick
        # Several checkouts or runs may keep their builds elsewhere, as cargo does.
        target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
        self.jostle = target / "release" / "jostle"
        self.build = root / "bench" / "build"
        self.build.mkdir(exist_ok=True)
        self.results = self.build / "results.md"
        self.results.write_text("")

    def runs(self, full, quick):
        """How many runs to make of something."""
        return quick if self.quick else full

    def heading(self, seed):
        kind = "quick, not to be cited" if self.quick else "full"
        machine = f"{os.cpu_count()} processors, Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the start"
        return f"# bench/run --seed {seed} ({kind})\n\n{machine}"

    def say(self, text):
        print(text, flush=True)
        with self.results.open("a") as page:
            page.write(text + "\n")

    def table(self, title, columns, rows):
        lines = [f"\n## {title}\n", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
        lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
        self.say("\n".join(lines))

    def interleaved(self, kinds, rounds):
        """Rounds of every kind once, each in an order of its own: what drifts in the machine meets all alike."""
        kinds = list(kinds)
        order = [kind for _ in range(rounds) for kind in self.chance.sample(kinds, len(kinds))]
        for done, kind in enumerate(order, 1):
            print(f"  {done}/{len(order)} {kind}", file=sys.stderr, flush=True)
            yield kind

    def run(self, command):
        """Exit code, output of both kinds and wall seconds."""
        begin = time.monotonic()
        command = [str(word) for word in command]
        process = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False
        )
        return process.returncode, process.stdout.decode(errors="replace"), time.monotonic() - begin

    def watch(self, program, *arguments, options=()):
        """What jostle says of a program that it starts: its findings, its summary, and all of the output."""
        seed = self.chance.randrange(1_000_000)
        ours = [self.jostle, "watch", "--format", "json", "--seed", seed, *options, "--"]
        return self.reported([*ours, program, *arguments])

    def attach(self, pid, options=()):
        """The same of a process that runs already."""
        seed = self.chance.randrange(1_000_000)
        return self.reported([self.jostle, "watch", "--format", "json", "--seed", seed, *options, "-p", pid])

    def reported(self, command):
        code, output, _ = self.run(command)
        lines = [line for line in map(parsed, output.splitlines()) if line]
        findings = [line for line in lines if line["kind"] == "finding"]
        summary = next((line for line in lines if line["kind"] == "summary"), None)
        if summary is None:
            raise RuntimeError(f"{command} failed with code {code}: {output}")
        return findings, summary, output

    def has(self, program):
        return shutil.which(program) is not None


def parsed(line):
    """A line of ours among the target's own."""
    if not line.startswith('{"schema":'):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def operations(output):
    """How much work the target did, by its last word; none when it did not say."""
    said = re.search(r"^ops (\d+)", output, re.M)
    return int(said[1]) if said else None


def shown_line(place):
    """The source line that a side of a finding is shown by, without indentation."""
    snippet = place.get("snippet")
    if not snippet:
        return ""
    lines = snippet["text"].splitlines()
    at = snippet["line"] - snippet["first_line"]
    return lines[at].strip() if at < len(lines) else ""
