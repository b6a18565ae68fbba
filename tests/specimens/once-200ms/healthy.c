/* The twin of broken.c: the judge has been joined before the herald begins. */
#include "stage.h"

static uint64_t verdict;

STAGE_OPAQUE static void decide(uint64_t value) { verdict = value; }

STAGE_OPAQUE static uint64_t announce(void) { return verdict; }

/* Other, private work until a random moment between 90 and 94 ms after the start of the thread. */
static void deliberate(unsigned salt) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned random = ((unsigned)now.tv_nsec ^ salt) * 2654435761u;
    stage_wait(0.09 + (random >> 16) % 4000 * 1e-6);
}

static uint64_t judge(void) {
    deliberate(1);
    decide(stage_work(100) | 1);
    return 1;
}

static uint64_t herald(void) {
    deliberate(0x5bd1e995);
    stage_work((unsigned)(announce() & 255));
    return 1;
}

int main(void) {
    uint64_t operations = stage_leave(stage_enter(judge));
    return stage_report(operations + stage_leave(stage_enter(herald)));
}
