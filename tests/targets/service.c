/*
 * A process that runs before anybody attaches, keeps books of everything that a tracer could disturb, and says at SIGTERM
 * whether they balance: signals delivered, threads and children ended well, its own machine code. "racing" has two threads
 * add to one number without a lock, "orderly" with one.
 */
#include "own_text.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static uint64_t delivered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int racing;
static volatile uint64_t total;

static void on_term(int signal) { (void)signal; asked = 1; }
static void on_user(int signal) { (void)signal; delivered++; }

__attribute__((noinline)) static void add_to_total(void) { total = total + 1; }

static void *adder(void *unused) {
    (void)unused;
    while (!asked) {
        if (!racing) pthread_mutex_lock(&lock);
        add_to_total();
        if (!racing) pthread_mutex_unlock(&lock);
        for (volatile int pause = 0; pause < 200; pause++) {}
    }
    return NULL;
}

static void *brief(void *number) { return number; }

/* Starts a thread that ends at once; whether it did. */
static int thread_ends_well(void) {
    pthread_t thread;
    void *returned = NULL;
    return pthread_create(&thread, NULL, brief, (void *)&total) == 0 && pthread_join(thread, &returned) == 0 &&
           returned == &total;
}

static int child_ends_well(void) {
    pid_t child = fork();
    if (child == 0) _exit(7);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

int main(int argc, char **argv) {
    racing = argc > 1 && strcmp(argv[1], "racing") == 0;
    uint64_t before = own_text(), sent = 0, failed = 0;
    signal(SIGTERM, on_term);
    signal(SIGUSR1, on_user);
    pthread_t adders[2];
    sigset_t ours, mask;
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    sigaddset(&ours, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ours, &mask);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&adders[i], NULL, adder, NULL) != 0) return 99;
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    printf("ready\n");
    fflush(stdout);
    for (uint64_t turn = 0; !asked; turn++) {
        failed += !thread_ends_well();
        if (turn % 16 == 0) failed += !child_ends_well();
        sent += kill(getpid(), SIGUSR1) == 0;
        usleep(500);
    }
    for (int i = 0; i < 2; i++) pthread_join(adders[i], NULL);
    int good = failed == 0 && delivered == sent && own_text() == before;
    printf("%s: signals %lu of %lu, failures %lu, text %s\n", good ? "unharmed" : "harmed", (unsigned long)delivered,
           (unsigned long)sent, (unsigned long)failed, own_text() == before ? "unchanged" : "changed");
    return good ? 0 : 1;
}
