/* Fails in the way that its argument names; for ThreadSanitizer, Helgrind and DRD. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long hits;
static pthread_mutex_t front = PTHREAD_MUTEX_INITIALIZER, back = PTHREAD_MUTEX_INITIALIZER;
static char *shared;

static void count(void) { hits++; }

static void *worker(void *unused) {
    for (int i = 0; i < 1000; i++) count();
    return unused;
}

static void *reader(void *unused) {
    usleep(100000);
    printf("%c\n", shared[3]);
    return unused;
}

static void *leaker(void *unused) { return unused; }

static void lock_both(pthread_mutex_t *first, pthread_mutex_t *second) {
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void *forwards(void *unused) {
    lock_both(&front, &back);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t thread;
    const char *how = argc > 1 ? argv[1] : "race";
    if (!strcmp(how, "race")) {
        pthread_create(&thread, NULL, worker, NULL);
        worker(NULL);
        pthread_join(thread, NULL);
    } else if (!strcmp(how, "free")) {
        shared = strdup("abcdef");
        pthread_create(&thread, NULL, reader, NULL);
        free(shared);
        pthread_join(thread, NULL);
    } else if (!strcmp(how, "order")) {
        pthread_create(&thread, NULL, forwards, NULL);
        pthread_join(thread, NULL);
        lock_both(&back, &front);
    } else if (!strcmp(how, "unlock")) {
        pthread_mutex_unlock(&front);
    } else if (!strcmp(how, "leak")) {
        pthread_create(&thread, NULL, leaker, NULL);
        sleep(1);
    }
    return 0;
}
