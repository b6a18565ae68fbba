/*
 * A short life with one race in it: the program lives about 200 ms whatever argv says, and each of two threads
 * touches the verdict once, at a random moment within the same 4 ms.
 * The race: the store in decide() against the load in announce().
 */
#include "stage.h"

static uint64_t verdict;

STAGE_OPAQUE static void decide(uint64_t value) { verdict = value; /* races with announce() */ }

STAGE_OPAQUE static uint64_t announce(void) { return verdict; /* races with decide() */ }

/* Other, private work until a random moment between 100 and 104 ms after the start. */
static void deliberate(unsigned salt) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned random = ((unsigned)now.tv_nsec ^ salt) * 2654435761u;
    stage_wait(0.1 + (random >> 16) % 4000 * 1e-6);
}

static uint64_t judge(void) {
    deliberate(1);
    decide(stage_work(100) | 1);
    stage_wait(0.09);
    return 1;
}

static uint64_t herald(void) {
    deliberate(0x5bd1e995);
    stage_work((unsigned)(announce() & 255));
    stage_wait(0.09);
    return 1;
}

int main(void) {
    pthread_t first = stage_enter(judge);
    pthread_t second = stage_enter(herald);
    uint64_t operations = stage_leave(first);
    return stage_report(operations + stage_leave(second));
}
