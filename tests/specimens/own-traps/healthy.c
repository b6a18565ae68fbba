/* The twin of broken.c: the same handler, and the counter touched only under a mutex. */
#include "stage.h"

#include <signal.h>

static void on_trap(int signal) { (void)signal; }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t counter;

STAGE_OPAQUE static void increment(void) {
    pthread_mutex_lock(&lock);
    counter++;
    pthread_mutex_unlock(&lock);
}

STAGE_OPAQUE static uint64_t read_back(void) {
    pthread_mutex_lock(&lock);
    uint64_t value = counter;
    pthread_mutex_unlock(&lock);
    return value;
}

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        increment();
        stage_work(2000);
    }
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(read_back() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, NULL};
    signal(SIGTRAP, on_trap);
    return stage_play(argc, argv, roles);
}
