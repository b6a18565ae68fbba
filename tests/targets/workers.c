/*
 * A server as many are: a master with one thread forks workers that have two. Argument 1 says what the workers do:
 * "racing" ones add to a number of their own without a lock, "orderly" ones with one, and "crashing" ones do so until one
 * of them writes to address 8. Argument 2 is how they come to be: "forked" ones go on in the master's program, "executed"
 * ones run it anew. Every worker compares its machine code before and after; the master's last line says how many ended well.
 */
#define _GNU_SOURCE
#include "own_text.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, LIFE_MS = 20000 };

static volatile sig_atomic_t asked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int racing;
static volatile uint64_t total;

static void on_term(int signal) { (void)signal; asked = 1; }

__attribute__((noinline)) static void serve_one(void) { total = total + 1; }
__attribute__((noipa)) static void lose_its_mind(volatile int *at) { *at = 1; }

static void *serve(void *unused) {
    (void)unused;
    while (!asked) {
        if (!racing) pthread_mutex_lock(&lock);
        serve_one();
        if (!racing) pthread_mutex_unlock(&lock);
        for (volatile int pause = 0; pause < 200; pause++) {}
    }
    return NULL;
}

static int work(const char *how) {
    uint64_t before = own_text();
    racing = strcmp(how, "racing") == 0;
    prctl(PR_SET_NAME, "worker");
    /* No worker outlives its master. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, serve, NULL) != 0) return 99;
    for (int lived = 0; lived < LIFE_MS && !asked; lived++) {
        usleep(1000);
        if (lived == 1500 && strcmp(how, "crashing") == 0) lose_its_mind((volatile int *)8);
    }
    asked = 1;
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    return own_text() == before ? 7 : 8;
}

int main(int argc, char **argv) {
    signal(SIGTERM, on_term);
    const char *how = argc > 1 ? argv[1] : "racing", *come = argc > 2 ? argv[2] : "forked";
    if (strcmp(come, "worker") == 0) return work(how);
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] != 0) continue;
        if (strcmp(come, "executed") != 0) _exit(work(how));
        execl("/proc/self/exe", argv[0], how, "worker", NULL);
        _exit(98);
    }
    printf("ready\n");
    fflush(stdout);
    for (int lived = 0; lived < LIFE_MS && !asked; lived++) usleep(1000);
    int well = 0;
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;
        kill(workers[i], SIGTERM);
        while (waitpid(workers[i], &status, 0) < 0) {}
        well += WIFEXITED(status) && WEXITSTATUS(status) == 7;
    }
    printf("%d of %d workers ended well\n", well, WORKERS);
    return 0;
}
