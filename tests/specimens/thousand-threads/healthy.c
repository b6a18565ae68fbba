/* The twin of broken.c: the same thousand threads, and the counter under a lock of its own. */
#include "crowd.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t requests;

STAGE_OPAQUE static void count(void) {
    pthread_mutex_lock(&lock);
    requests++;
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv) { return crowd_play(argc, argv); }
