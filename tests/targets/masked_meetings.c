/* Blocks every signal, meets another thread in memory, runs on through code that is trapped, and unblocks again: a
   watchpoint's signal is then pending when the thread hits a breakpoint, and the kernel keeps only one of the two. */
#include "busy.h"

enum { THREADS = 3, ROUNDS = 9000, MASKED = 10000 };
static volatile long shared[8];

__attribute__((noinline)) static void fill(long value) {
    for (int i = 0; i < 8; i++) shared[i] = value + i;
}

__attribute__((noinline)) static long sum(void) {
    long total = 0;
    for (int i = 0; i < 8; i++) total += shared[i];
    return total;
}

static void *meet(void *done) {
    sigset_t all, before;
    sigfillset(&all);
    for (long round = 0; round < ROUNDS; round++) {
        pthread_sigmask(SIG_BLOCK, &all, &before);
        for (long step = 0; step < MASKED; step++) fill(round), sum();
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        sum();
    }
    *(long *)done = 1;
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    long done[THREADS] = {0};
    busy_begin();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, meet, &done[i]);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    busy_end();
    printf("%ld of %d ended well\n", done[0] + done[1] + done[2], THREADS);
    return 0;
}
