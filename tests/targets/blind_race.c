/* Races in the open until it is asked to end, however badly its debug information reads. */
#include "busy.h"

static volatile uint64_t contested;

__attribute__((noinline)) static void raise_it(void) { contested++; }

static void *racing(void *unused) {
    (void)unused;
    for (;;) raise_it();
    return NULL;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, racing, NULL);
    racing(NULL);
}
