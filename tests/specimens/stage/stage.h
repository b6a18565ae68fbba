/*
 * The stage on which the C and C++ specimens play: it starts each role in a thread of its own, lets them run for
 * argv[1] seconds (10 by default), raises an atomic flag, joins them and prints "ops N".
 *
 * Nothing here races: the flag is atomic, and each role hands its count back through its join.
 */
#ifndef STAGE_H
#define STAGE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A function that the compiler may neither inline nor reason about: calls to it stay where they are written. */
#define STAGE_OPAQUE __attribute__((noipa))

enum { STAGE_MOST_ROLES = 1000 };

/* Plays until stage_over(), then returns how many operations it did. */
typedef uint64_t stage_role(void);

/* On a cache line of its own, so that it is no neighbour of what the specimens share. */
static int stage_flag __attribute__((aligned(64)));

static inline int stage_over(void) { return __atomic_load_n(&stage_flag, __ATOMIC_ACQUIRE); }

/* A little of what programs do between two shared accesses: about a nanosecond a step, on memory of its own. */
STAGE_OPAQUE static uint64_t stage_work(unsigned steps) {
    static __thread uint64_t cells[64];
    uint64_t mix = cells[0] + steps;
    for (unsigned i = 0; i < steps; i++) {
        mix = (mix ^ (mix >> 29)) * UINT64_C(0x9e3779b97f4a7c15);
        cells[mix & 63] += mix;
    }
    return mix;
}

/* Sleeps for `microseconds`, and what the timer adds: about 60. */
static inline void stage_pause(unsigned microseconds) {
    struct timespec span = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    nanosleep(&span, NULL);
}

/* Sleeps until `seconds` have passed, however often a signal or a tracer interrupts. */
static inline void stage_wait(double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + (int64_t)(seconds * 1e9);
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

static inline double stage_seconds(int argc, char **argv) { return argc > 1 ? strtod(argv[1], NULL) : 10.0; }

static void *stage_thread(void *role) {
    stage_role *play;
    *(void **)&play = role;
    return (void *)(uintptr_t)play();
}

static inline pthread_t stage_enter(stage_role *role) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, stage_thread, *(void **)&role) != 0) {
        perror("pthread_create");
        exit(1);
    }
    return thread;
}

static inline uint64_t stage_leave(pthread_t thread) {
    void *operations;
    pthread_join(thread, &operations);
    return (uintptr_t)operations;
}

static inline int stage_report(uint64_t operations) {
    printf("ops %" PRIu64 "\n", operations);
    return 0;
}

/* The whole play: `roles` ends with NULL. Returns the exit code for main. */
static inline int stage_play(int argc, char **argv, stage_role *const *roles) {
    pthread_t threads[STAGE_MOST_ROLES];
    int count = 0;
    for (; count < STAGE_MOST_ROLES && roles[count] != NULL; count++) threads[count] = stage_enter(roles[count]);
    stage_wait(stage_seconds(argc, argv));
    __atomic_store_n(&stage_flag, 1, __ATOMIC_SEQ_CST);
    uint64_t operations = 0;
    for (int i = 0; i < count; i++) operations += stage_leave(threads[i]);
    return stage_report(operations);
}

#endif
