/* Sends itself signals in three ways, and counts what its handlers get. */
#include "busy.h"
#include <sys/time.h>

enum { ROUNDS = 10000 };
static volatile sig_atomic_t direct, queued, queued_sum, alarms;

static void on_direct(int signal) { (void)signal; direct++; busy_touch(); }
static void on_alarm(int signal) { (void)signal; alarms++; }
static void on_queued(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    queued++;
    queued_sum += info->si_value.sival_int;
}

static void handle(int signal, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(signal, &action, NULL);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN, &action, NULL);
    handle(SIGUSR1, on_direct);
    handle(SIGALRM, on_alarm);
    busy_begin();
    struct itimerval often = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        raise(SIGUSR1);
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i % 7});
    }
    busy_wait(300);
    struct itimerval never = {0};
    setitimer(ITIMER_REAL, &never, NULL);
    busy_end();
    printf("direct %d, queued %d with sum %d, alarms %s\n", direct, queued, queued_sum, alarms > 20 ? "many" : "few");
    return 0;
}
