"""A large binary: how long it waits for its first sample, and whether two threads in one small function are found."""

import subprocess

from figures import median_text

# Functions, and how many stores each makes: together a binary of a hundred megabytes.
FUNCTIONS = 220_000
STORES = 60

# Lengths of watches to try, in milliseconds.
SHORTEST, LONGEST = 50, 10_000

# Written as macros, because a compiler takes half an hour for so many functions, and the assembler seconds.
FUNCTIONS_TEXT = f"""
    .macro function
    .text
    .globl f\\@
    .type f\\@, @function
f\\@:
    push %rbp
    mov %rsp, %rbp
    lea cells(%rip), %rax
    .rept {STORES}
    incq (8 * (\\@ % 64))(%rax)
    .endr
    pop %rbp
    ret
    .size f\\@, . - f\\@
    .section .data.rel.ro, "aw"
    .quad f\\@
    .endm

    .section .data.rel.ro, "aw"
    .globl all
all:
    .rept {FUNCTIONS}
    function
    .endr
    .comm cells, 512, 64
    .section .note.GNU-stack, "", @progbits
"""

MAIN = f"""
#include <pthread.h>
#include <time.h>
typedef void function(void);
extern function *const all[];
static int over;
/* Runs through all of the code again and again: whichever site is armed first is met within milliseconds. */
static void *walk(void *unused) {{
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        for (unsigned i = 0; i < {FUNCTIONS}; i++) all[i]();
    return unused;
}}
/* Stays in one function, somewhere in the middle. */
static void *stay(void *unused) {{
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) all[{FUNCTIONS // 2}]();
    return unused;
}}
int main(int count, char **arguments) {{
    (void)arguments;
    pthread_t one, other;
    void *(*work)(void *) = count > 1 ? stay : walk;
    pthread_create(&one, 0, work, 0);
    pthread_create(&other, 0, work, 0);
    nanosleep(&(struct timespec){{10, 0}}, 0);
    __atomic_store_n(&over, 1, __ATOMIC_RELAXED);
    pthread_join(one, 0);
    pthread_join(other, 0);
}}
"""


def build(session):
    program = session.build / "large"
    parts = {"functions.s": FUNCTIONS_TEXT, "main.c": MAIN}
    folder = session.build / "large.d"
    folder.mkdir(parents=True, exist_ok=True)
    if all([write(folder / name, text) for name, text in parts.items()]) and program.exists():
        return program
    subprocess.run(["gcc", "-O1", "-pthread", "-o", program, *(folder / name for name in parts)], check=True)
    return program


def write(path, text):
    """Whether the file was as it should be already."""
    if path.exists() and path.read_text() == text:
        return True
    path.write_text(text)
    return False


def first_sample(session, program):
    """An upper bound in milliseconds: the shortest watch that samples anything, of lengths a fifth apart."""
    length = SHORTEST
    while length < LONGEST:
        _, summary, _ = session.watch(program, options=["--for", f"{length}ms"])
        if summary["counts"]["samples"] > 0:
            return length
        length = int(length * 1.2)
    return None


def finds_the_race(session, program):
    """Whether ten seconds suffice for two threads that never leave one of the functions."""
    findings, _, _ = session.watch(program, "stay", options=["--for", "9s", "--stop-after", "1"])
    return bool(findings)


def measure(session):
    program = build(session)
    megabytes = program.stat().st_size / 1e6
    runs = session.runs(10, 3)
    values = [first_sample(session, program) for _ in session.interleaved(["large binary"], runs)]
    found = [finds_the_race(session, program) for _ in range(runs)]
    session.table(
        f"A binary of {megabytes:.0f} MB with {FUNCTIONS} functions",
        ["figure", "measured", "goal"],
        [
            ["from its start until a watch has met an armed site, median, at most", median_text(values, "ms"), "2000 ms"],
            ["tries that met one", f"{sum(value is not None for value in values)} of {len(values)}", "all"],
            ["two threads in one of its functions found within 9 s", f"{sum(found)} of {len(found)}", "all"],
        ],
    )
