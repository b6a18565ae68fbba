"""How long a large binary waits for its first sample: what start-up costs must not grow with the file."""

import subprocess

from figures import median_text

# Functions in each file, and files: together a binary of a hundred megabytes with its debug information.
FUNCTIONS = 2000
FILES = 110

# Lengths of watches to try, in milliseconds.
SHORTEST, LONGEST = 50, 10_000


def source(number):
    """Small functions, all different, so that none are folded into one."""
    lines = ["#include <stdint.h>", "extern volatile uint64_t cells[64];"]
    lines += [
        f"uint64_t f{number}_{i}(uint64_t a) {{ for (uint64_t j = 0; j < a; j++) {{ cells[(a + j) & 63] += a ^ {i}; "
        f"if (cells[j & 63] == {i * 7 + number}) cells[{i & 63}] = j; }} return cells[{(i + number) & 63}]; }}"
        for i in range(FUNCTIONS)
    ]
    return "\n".join(lines) + "\n"


MAIN = r"""
#include <pthread.h>
#include <stdint.h>
#include <time.h>
typedef uint64_t function(uint64_t);
#define F(name) extern function name;
#include "names.h"
#undef F
#define F(name) name,
static function *const all[] = {
#include "names.h"
};
volatile uint64_t cells[64];
static int over;
/* Runs through all of the code again and again: whichever site is armed first is met within milliseconds. */
static void *walk(void *unused) {
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        for (unsigned i = 0; i < sizeof all / sizeof *all; i++) all[i](1);
    return unused;
}
int main(void) {
    pthread_t one, other;
    pthread_create(&one, 0, walk, 0);
    pthread_create(&other, 0, walk, 0);
    nanosleep(&(struct timespec){10, 0}, 0);
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    pthread_join(one, 0);
    pthread_join(other, 0);
}
"""

MAKEFILE = """
../large: {objects}
\tgcc -pthread -o $@ $^
%.o: %.c
\tgcc -g3 -O1 -c -o $@ $<
"""


def build(session):
    program = session.build / "large"
    folder = session.build / "large.d"
    folder.mkdir(exist_ok=True)
    write(folder / "main.c", MAIN)
    write(folder / "names.h", "\n".join(f"F(f{n}_{i})" for n in range(FILES) for i in range(FUNCTIONS)) + "\n")
    for number in range(FILES):
        write(folder / f"part{number}.c", source(number))
    objects = " ".join(f"{name}.o" for name in ["main", *(f"part{number}" for number in range(FILES))])
    write(folder / "Makefile", MAKEFILE.format(objects=objects))
    subprocess.run(["make", "-s", "-j2", "-C", folder], check=True)
    return program


def write(path, text):
    """Leaves a file alone that is as it should be, so that make has nothing to do."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def first_sample(session, program):
    """An upper bound in milliseconds: the shortest watch that samples anything, of lengths a fifth apart."""
    length = SHORTEST
    while length < LONGEST:
        _, summary, _ = session.watch(program, options=["--for", f"{length}ms"])
        if summary["counts"]["samples"] > 0:
            return length
        length = int(length * 1.2)
    return None


def measure(session):
    program = build(session)
    megabytes = program.stat().st_size / 1e6
    values = [first_sample(session, program) for _ in session.interleaved(["large binary"], session.runs(10, 3))]
    session.table(
        f"Start-up of a binary of {megabytes:.0f} MB with {FUNCTIONS * FILES} functions",
        ["figure", "measured", "goal"],
        [
            ["from its start until a watch has met an armed site, median, at most", median_text(values, "ms"), "2000 ms"],
            ["tries that met one", f"{sum(value is not None for value in values)} of {len(values)}", "all"],
        ],
    )
