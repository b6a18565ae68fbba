/* Blocks SIGTRAP before it starts its threads: no watchpoint can report there. Ends by itself, with 5,
 * after 1.5 seconds or as many milliseconds as it is told. */
#include "busy.h"

static void *blind_thread(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&busy_over, __ATOMIC_ACQUIRE)) busy_touch();
    return NULL;
}

int main(int argc, char **argv) {
    sigset_t trap;
    sigemptyset(&trap);
    sigaddset(&trap, SIGTRAP);
    sigprocmask(SIG_BLOCK, &trap, NULL);
    for (int i = 0; i < 2; i++) pthread_create(&busy_threads[i], NULL, blind_thread, NULL);
    busy_wait(argc > 1 ? atol(argv[1]) : 1500);
    busy_end();
    printf("ended by itself\n");
    return 5;
}
