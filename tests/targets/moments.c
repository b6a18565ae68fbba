/*
 * Eight threads that each run for a moment every few milliseconds, in a loop that they entered long ago, until SIGTERM: a service
 * with a thread for each connection. They add to one number: "racing" without a lock, "orderly" with one.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How many there are, how often each adds in one moment, and the microseconds between two. */
enum { THREADS = 8, ADDITIONS = 30000, BETWEEN = 6000 };

static volatile sig_atomic_t asked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile uint64_t total;
static int is_orderly;

static void on_term(int signal) { (void)signal; asked = 1; }

static void *serve(void *unused) {
    (void)unused;
    while (!asked) {
        if (is_orderly) pthread_mutex_lock(&lock);
        for (int i = 0; i < ADDITIONS; i++) total = total + 1;
        if (is_orderly) pthread_mutex_unlock(&lock);
        usleep(BETWEEN);
    }
    return NULL;
}

int main(int argc, char **argv) {
    is_orderly = argc > 1 && strcmp(argv[1], "orderly") == 0;
    signal(SIGTERM, on_term);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, serve, NULL) != 0) return 99;
    printf("ready\n");
    fflush(stdout);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("served\n");
    return 0;
}
