// What a library does that should not be used.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic int inside;

// Follows a null pointer when two threads are inside at once; alone, it is fine.
int crash_together(void) {
    int others = atomic_fetch_add(&inside, 1);
    for (volatile int i = 0; i < 200; i++) continue;
    if (others > 0) *(volatile int *)NULL = 1;
    atomic_fetch_sub(&inside, 1);
    return 0;
}

int crash(void) { return *(volatile int *)NULL; }
void leave(void) { _exit(7); }
void freeze(void) {
    for (;;) pause();
}

// Two locks, taken in the order that the caller asks for.
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
void lock_both(uint64_t order) {
    pthread_mutex_t *first = order % 2 == 0 ? &one : &other, *second = order % 2 == 0 ? &other : &one;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

const char *wild(void) { return (const char *)(uintptr_t)0xdead0000beef0000; }
void *refuse(void) { return NULL; }

// Wrong, whoever calls.
int one_too_many(int number) { return number + 1; }

// Says when it was called more often than any serial run would.
int announce(void) {
    static _Atomic int times;
    if (atomic_fetch_add(&times, 1) == 100000) fputs("many have called\n", stderr);
    return 7;
}
