// Twenty threads, and an end after so many milliseconds: ends_soon MILLISECONDS
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 20 };

static void *wait_for_the_end(void *unused) {
    (void)unused;
    pause();
    return NULL;
}

int main(int count, char **arguments) {
    for (int started = 0; started < THREADS; started++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_for_the_end, NULL) != 0) return 1;
    }
    usleep(count > 1 ? 1000 * (useconds_t)atoi(arguments[1]) : 0);
    return 0;
}
