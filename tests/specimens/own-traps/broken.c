/*
 * A race in a program that has a handler for SIGTRAP, as the runtimes of .NET and of Lisps do: a breakpoint in its code would
 * cost it that handler, if the signal happened to be blocked.
 * The race: `counter++` in increment() against `return counter` in read_back().
 */
#include "stage.h"

#include <signal.h>

static void on_trap(int signal) { (void)signal; }

static uint64_t counter;

STAGE_OPAQUE static void increment(void) { counter++; /* races with read_back() */ }

STAGE_OPAQUE static uint64_t read_back(void) { return counter; /* races with increment() */ }

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        increment();
        stage_work(2000);
    }
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(read_back() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, NULL};
    signal(SIGTRAP, on_trap);
    return stage_play(argc, argv, roles);
}
