/* Creates and joins two thousand threads, each of which does a little. */
#include "busy.h"

static void *brief(void *argument) {
    pthread_mutex_lock(&busy_lock);
    busy_touch();
    pthread_mutex_unlock(&busy_lock);
    return argument;
}

int main(void) {
    long joined = 0;
    busy_begin();
    for (long i = 0; i < 2000; i++) {
        pthread_t thread;
        void *result;
        if (pthread_create(&thread, NULL, brief, (void *)i) != 0) return 1;
        pthread_join(thread, &result);
        joined += result == (void *)i;
    }
    busy_end();
    printf("joined %ld\n", joined);
    return 0;
}
