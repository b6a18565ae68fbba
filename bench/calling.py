"""What a call by jostle call costs beside the same call in a loop that somebody wrote in C."""

import json
import resource
import subprocess

from figures import median_text, ratio_text
from statistics import median

THREADS = 2

# The least that a function can do, and one that takes a text of its own and gives one back.
PLANS = {
    "a number": """
[[step]]
call = "negated"
arguments = [{ i32 = 6 }]
returns = "i32"
expect = [{ equals = -6 }]
""",
    "a text, given back": """
[[step]]
call = "greeting_make"
arguments = ["{token}"]
returns = "string"
free = "greeting_free"
expect = [{ equals = "hello, {token}" }]
""",
}

# argv: which of them, how many calls each thread makes.
LOOP = r"""
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int32_t negated(int32_t);
char *greeting_make(const char *);
void greeting_free(char *);
static char which;
static unsigned long calls;
static void *numbers(void *wrong) {
    for (unsigned long i = 0; i < calls; i++) *(unsigned long *)wrong += negated(6) != -6;
    return NULL;
}
static void *texts(void *wrong) {
    char wanted[64] = "hello, ";
    for (unsigned long i = 0; i < calls; i++) {
        snprintf(wanted + 7, sizeof wanted - 7, "t%p-%lu", wrong, i);
        char *got = greeting_make(wanted + 7);
        *(unsigned long *)wrong += strcmp(got, wanted) != 0;
        greeting_free(got);
    }
    return NULL;
}
int main(int argc, char **argv) {
    if (argc < 3) return 2;
    pthread_t threads[THREADS];
    unsigned long wrong[THREADS][8] = {0}, all = 0;
    which = argv[1][0], calls = strtoul(argv[2], NULL, 10);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, which == 'n' ? numbers : texts, wrong[i]);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL), all += wrong[i][0];
    printf("ops %lu, wrong %lu\n", calls * THREADS, all);
    return all != 0;
}
"""


def measure(session):
    folder = session.build / "calling"
    folder.mkdir(exist_ok=True)
    library, loop = build(session, folder)
    rows = []
    for (name, steps), letter, calls in zip(PLANS.items(), "nt", (20_000_000, 4_000_000), strict=True):
        plan = folder / f"{letter}.toml"
        plan.write_text(f'library = "{library.name}"\nthreads = {THREADS}\ncalls = {calls}\n{steps}')
        ways = {
            "by hand": lambda letter=letter, calls=calls: by_hand(session, loop, letter, calls),
            "jostle call": lambda plan=plan: by_jostle(session, plan),
        }
        rows += compare(session, name, ways, session.runs(10, 3))
    title = f"Processor time of a call (goal: at most 100 ns above a loop by hand), {THREADS} threads"
    session.table(title, ["call", "way", "runs", "median", "more than by hand", "of by hand (95 % interval)"], rows)
    gates(session)


def compare(session, name, ways, rounds):
    times = {way: [] for way in ways}
    for way in session.interleaved(ways, rounds):
        times[way].append(ways[way]())
    base = times["by hand"]
    return [
        [
            name,
            way,
            len(values),
            median_text(values, "ns"),
            f"{median(value - hand for value, hand in zip(values, base, strict=True)):.1f} ns",
            ratio_text(session.chance, values, base),
        ]
        for way, values in times.items()
    ]


def build(session, folder):
    library, loop = folder / "libgreeter.so", folder / "loop"
    source = session.root / "tests" / "targets" / "libraries" / "greeter.c"
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-o", library, source], check=True)
    (folder / "loop.c").write_text(LOOP)
    link = [f"-L{folder}", "-lgreeter", "-Wl,-rpath,$ORIGIN"]
    subprocess.run(["cc", "-O2", "-pthread", f"-DTHREADS={THREADS}", "-o", loop, folder / "loop.c", *link], check=True)
    return library, loop


def by_hand(session, loop, letter, calls):
    spent, (code, output, _) = spending(lambda: session.run([loop, letter, calls // THREADS]))
    if code != 0:
        raise RuntimeError(output)
    return spent / calls * 1e9


def by_jostle(session, plan):
    spent, (code, output, _) = spending(lambda: session.run([session.jostle, "call", "--format", "json", plan]))
    if code != 0:
        raise RuntimeError(output)
    summary = json.loads(output.splitlines()[-1])
    return spent / (summary["calls"] + summary["serial"]["calls"]) * 1e9


def spending(work):
    """Seconds of processor time that children have taken, of all their threads, and what came of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def gates(session):
    """A real library: swapped-returns' own, 32 threads, beside that case's driver in C. Both count answers."""
    case = session.root / "casebook" / "swapped-returns"
    seconds = 5
    ways = {
        "by hand": lambda: answers_by_hand(session, case, seconds),
        "jostle call": lambda: answers_by_jostle(session, case, seconds),
    }
    rows = compare(session, "an answer of libgates.so", ways, session.runs(10, 3))
    title = "Processor time of an answer, with all that belongs to it: user, layer, release; 32 threads"
    session.table(title, ["call", "way", "runs", "median", "more than by hand", "of by hand (95 % interval)"], rows)


def answers_by_hand(session, case, seconds):
    spent, (code, output, _) = spending(
        lambda: session.run([case / "build" / "native-c", case / "specs" / "shop.json", seconds])
    )
    if code != 0:
        raise RuntimeError(output)
    return spent / int(output.split("ops ")[-1].split(",")[0]) * 1e9


def answers_by_jostle(session, case, seconds):
    spent, (code, output, _) = spending(
        lambda: session.run([session.jostle, "call", "--format", "json", "--for", f"{seconds}s", case / "call.toml"])
    )
    if code != 0:
        raise RuntimeError(output)
    steps = json.loads(output.splitlines()[-1])["steps"]
    asked = ("gates_get_", "gates_layer_value", "gates_bootstrap")
    return spent / sum(step["calls"] for step in steps if step["step"].startswith(asked)) * 1e9
