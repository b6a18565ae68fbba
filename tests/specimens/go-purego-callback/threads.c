/* Threads that Go knows nothing of call a function, each with a number and its complement, until it returns 0. */
#include <pthread.h>
#include <stdint.h>

enum { THREADS = 3 };

typedef uint64_t callback(uint64_t thread, uint64_t number, uint64_t complement);

static callback *call;

static void *caller(void *thread) {
    for (uint64_t number = 0; call((uintptr_t)thread, number, ~number) != 0; number++) {
    }
    return NULL;
}

/* Returns how many threads it has started. */
uint64_t call_back(callback *from_threads) {
    call = from_threads;
    uint64_t started = 0;
    for (uintptr_t thread = 0; thread < THREADS; thread++) {
        pthread_t id;
        started += pthread_create(&id, NULL, caller, (void *)thread) == 0 && pthread_detach(id) == 0;
    }
    return started;
}
