/*
 * The twin of broken.c: read(2) fills a buffer of the receiver's own, which is copied into the inbox under a mutex;
 * a second buffer is filled by read(2) under the mutex itself.
 */
#include <string.h>
#include <unistd.h>

#include "stage.h"

enum { MESSAGE = 64 };

static int ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t inbox[MESSAGE / sizeof(uint64_t)];
static uint64_t filled_under_lock[MESSAGE / sizeof(uint64_t)];

static int receive_aside(void) {
    uint64_t message[MESSAGE / sizeof(uint64_t)];
    if (read(ends[0], message, MESSAGE) != MESSAGE) return 0;
    pthread_mutex_lock(&lock);
    memcpy(inbox, message, MESSAGE);
    pthread_mutex_unlock(&lock);
    return 1;
}

static int receive_locked(void) {
    pthread_mutex_lock(&lock);
    int whole = read(ends[0], filled_under_lock, MESSAGE) == MESSAGE;
    pthread_mutex_unlock(&lock);
    return whole;
}

STAGE_OPAQUE static uint64_t peek(void) {
    pthread_mutex_lock(&lock);
    uint64_t value = inbox[0] + filled_under_lock[0];
    pthread_mutex_unlock(&lock);
    return value;
}

static uint64_t sender(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        uint64_t message[MESSAGE / sizeof(uint64_t)] = {operations, ~operations};
        if (write(ends[1], message, MESSAGE) != MESSAGE) break;
        stage_pause(20);
    }
    close(ends[1]);
    return operations;
}

/* Ends when the sender has closed its end. */
static uint64_t receiver(void) {
    uint64_t operations = 0;
    for (; receive_aside() && receive_locked(); operations++) stage_work(500);
    return operations;
}

static uint64_t observer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) stage_work((unsigned)(peek() & 255) + 1500);
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {sender, receiver, observer, NULL};
    if (pipe(ends) != 0) return 1;
    return stage_play(argc, argv, roles);
}
