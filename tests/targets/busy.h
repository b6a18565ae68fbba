/*
 * Two threads that keep at the same memory in the background, orderly: without company a watcher has nothing to trap,
 * and a test of harmlessness would test nothing.
 */
#ifndef BUSY_H
#define BUSY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t busy_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile uint64_t busy_cells[64];
static int busy_over;
static pthread_t busy_threads[2];

/* Memory accesses of the program's own, outside any runtime: what a sampler wants to trap. */
__attribute__((noinline)) static void busy_touch(void) {
    for (int i = 0; i < 64; i++) busy_cells[i] = busy_cells[(i + 7) & 63] + 1;
}

static void *busy_thread(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&busy_over, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&busy_lock);
        busy_touch();
        pthread_mutex_unlock(&busy_lock);
    }
    return NULL;
}

static inline void busy_begin(void) {
    /* Signals meant for the process come to the main thread, where the tests count them. */
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGTRAP);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&busy_threads[i], NULL, busy_thread, NULL) != 0) exit(99);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static inline void busy_end(void) {
    __atomic_store_n(&busy_over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) pthread_join(busy_threads[i], NULL);
}

/* Sleeps for all of `milliseconds`, whatever interrupts. */
static inline void busy_wait(long milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += milliseconds % 1000 * 1000000;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {}
}

static inline void busy_for(long milliseconds) {
    busy_begin();
    busy_wait(milliseconds);
    busy_end();
}

#endif
