/*
 * One trial of a hunt: ends as its first argument says. Some ends depend on a number, so that the same seed fails again.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *sleep_on(void *unused) {
    (void)unused;
    for (;;) pause();
    return NULL;
}

__attribute__((noinline)) static void follow(volatile int *pointer) { *pointer = 7; }

static void wait_for_nobody(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    signal(SIGTERM, SIG_IGN);
    pthread_create(&thread, NULL, sleep_on, NULL);
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

/* Leaves a process behind that nobody is meant to find, and says which. */
static void leave_a_daemon(const char *file) {
    pid_t child = fork();
    if (child == 0) {
        setsid();
        signal(SIGTERM, SIG_IGN);
        sleep_on(NULL);
    }
    FILE *told = fopen(file, "w");
    fprintf(told, "%d\n", child);
    fclose(told);
}

static void write_much(void) {
    static char line[1 << 16];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 3000; i++) fwrite(line, 1, sizeof line, stdout);
    printf("\xff\xfe no text\nops 12345, wrong 0\n");
}

/* Takes memory until there is none. */
static void eat(void) {
    for (;;) {
        char *food = malloc(1 << 20);
        if (food) memset(food, 1, 1 << 20);
    }
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "well";
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (strcmp(how, "sometimes") == 0) {
        printf("ops 1000\n");
        return seed % 5 == 0 ? 3 : 0;
    }
    if (strcmp(how, "crash") == 0 && seed % 3 == 0) follow(NULL);
    if (strcmp(how, "hang") == 0) wait_for_nobody();
    if (strcmp(how, "daemon") == 0) leave_a_daemon(argv[2]);
    if (strcmp(how, "much") == 0) write_much();
    if (strcmp(how, "hungry") == 0) eat();
    if (strcmp(how, "wrong") == 0) printf("ops 10, wrong 2\n");
    if (strcmp(how, "slowly") == 0) usleep(20 * 1000);
    if (strcmp(how, "uninitialised") == 0) {
        /* Fresh memory is zero, as it happens; what the C library fills with something else is not. */
        volatile char *field = malloc(5000);
        return field[2500] == 0 ? 0 : 4;
    }
    return 0;
}
