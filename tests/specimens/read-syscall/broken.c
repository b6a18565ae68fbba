/*
 * The kernel is one side: read(2) fills a buffer while another thread looks at it. No instruction of the program
 * stores there.
 * The race: the read(2) in receive() against the load in peek().
 */
#include <string.h>
#include <unistd.h>

#include "stage.h"

enum { MESSAGE = 64 };

static int ends[2];
static uint64_t inbox[MESSAGE / sizeof(uint64_t)];

STAGE_OPAQUE static int receive(void) {
    return read(ends[0], inbox, MESSAGE) == MESSAGE; /* races with peek() */
}

STAGE_OPAQUE static uint64_t peek(void) { return inbox[0]; /* races with receive() */ }

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
    for (; receive(); operations++) stage_work(500);
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
