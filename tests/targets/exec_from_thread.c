/* A second thread replaces the whole program by another one. */
#include "busy.h"

static void *replace(void *path) {
    execl(path, path, "argument", (char *)NULL);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2) return 1;
    pthread_t thread;
    busy_begin();
    busy_wait(300);
    pthread_create(&thread, NULL, replace, argv[1]);
    pthread_join(thread, NULL);
    return 1;
}
