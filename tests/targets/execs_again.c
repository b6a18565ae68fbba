/* A thread other than the first replaces the program by itself, as often as it is told; then it waits for SIGTERM. */
#include "busy.h"

static volatile sig_atomic_t asked;
static int left, done;

static void on_term(int signal) {
    (void)signal;
    asked = 1;
}

static void *replace(void *unused) {
    char still[16], until_now[16];
    (void)unused;
    busy_wait(150);
    snprintf(still, sizeof still, "%d", left - 1);
    snprintf(until_now, sizeof until_now, "%d", done + 1);
    execl("/proc/self/exe", "execs_again", still, until_now, (char *)NULL);
    exit(98);
}

int main(int argc, char **argv) {
    if (argc < 2) return 1;
    left = atoi(argv[1]);
    done = argc > 2 ? atoi(argv[2]) : 0;
    signal(SIGTERM, on_term);
    pthread_t thread;
    busy_begin();
    if (done == 0) {
        puts("ready");
        fflush(stdout);
    }
    if (left > 0) pthread_create(&thread, NULL, replace, NULL);
    while (!asked) busy_wait(10);
    printf("replaced %d times\n", done);
    return 0;
}
