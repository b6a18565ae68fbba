/* The twin of broken/plugin.c: the same state under a mutex. */
#include <pthread.h>
#include <stdint.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint64_t updates;
    uint64_t latest;
} state;

void plugin_update(uint64_t value) {
    pthread_mutex_lock(&lock);
    state.updates++;
    state.latest = value;
    pthread_mutex_unlock(&lock);
}

uint64_t plugin_snapshot(void) {
    pthread_mutex_lock(&lock);
    uint64_t value = state.latest;
    pthread_mutex_unlock(&lock);
    return value;
}
