/*
 * Crashes in the way that it is asked to, while three other threads go about their work: "null", "wild", "unmapped",
 * "code", "abort", "double-free"; "survives" takes a hundred faults that it handles itself, and ends well. With "later" it
 * says "ready" and waits for SIGUSR1 before it follows a null pointer.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
    struct node *volatile next;
    long value;
};

static sigjmp_buf before;
static volatile sig_atomic_t asked;
static volatile long total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) static long follow(struct node *node) { return node->next->value; }

__attribute__((noinline)) static void overwrite_code(void) { *(volatile char *)(void *)follow = 0; }

__attribute__((noinline)) static void free_twice(void) {
    void *volatile block = malloc(100);
    free(block);
    free(block);
    total = 0; /* no tail call: it shall stay on the stack */
}

static void on_fault(int signal) { (void)signal; siglongjmp(before, 1); }
static void on_user(int signal) { (void)signal; asked = 1; }

__attribute__((noinline)) static int survive(void) {
    struct node lost = {NULL, 0};
    volatile int faults = 0;
    signal(SIGSEGV, on_fault);
    while (faults < 100)
        if (sigsetjmp(before, 1) == 0) follow(&lost); else faults++;
    printf("survived %d\n", faults);
    return 0;
}

static void *work(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        total = total + 1;
        pthread_mutex_unlock(&lock);
        usleep(1000);
    }
    return NULL;
}

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) return 99;
    usleep(100000);
    if (strcmp(way, "abort") == 0) abort();
    if (strcmp(way, "code") == 0) overwrite_code();
    if (strcmp(way, "double-free") == 0) free_twice();
    if (strcmp(way, "survives") == 0) return survive();
    if (strcmp(way, "later") == 0) {
        signal(SIGUSR1, on_user);
        printf("ready\n");
        fflush(stdout);
        while (!asked) usleep(1000);
    }
    struct node lost = {NULL, 1};
    if (strcmp(way, "wild") == 0) lost.next = (struct node *)0xdeadbeef00000000;
    if (strcmp(way, "unmapped") == 0) lost.next = (struct node *)0x700000000000;
    return (int)follow(&lost);
}
