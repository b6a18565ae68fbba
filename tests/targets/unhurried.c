/*
 * Two threads that add to one number with a lock, each for a given share of the time, in percent, until SIGTERM: a service
 * with as much to do as that.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* How long they work at a time, in microseconds. */
enum { TURN = 100 };

static volatile sig_atomic_t asked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile uint64_t total;
static long percent;

static void on_term(int signal) { (void)signal; asked = 1; }

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

__attribute__((noinline)) static void add_to_total(void) { total = total + 1; }

static void *adder(void *unused) {
    (void)unused;
    while (!asked) {
        for (int64_t until = now() + TURN; now() < until;) {
            pthread_mutex_lock(&lock);
            add_to_total();
            pthread_mutex_unlock(&lock);
        }
        if (percent < 100) usleep(TURN * (100 - percent) / percent);
    }
    return NULL;
}

int main(int argc, char **argv) {
    percent = argc > 1 ? atol(argv[1]) : 0;
    if (percent < 1 || percent > 100) return 2;
    signal(SIGTERM, on_term);
    pthread_t adders[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&adders[i], NULL, adder, NULL) != 0) return 99;
    printf("ready\n");
    fflush(stdout);
    for (int i = 0; i < 2; i++) pthread_join(adders[i], NULL);
    printf("added\n");
    return 0;
}
