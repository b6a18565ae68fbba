/*
 * Two accesses of different widths that overlap in part: eight bytes at +3 (+3 to +10) and four at +8 (+8 to +11).
 * They share only the bytes +8 to +10, and start at neither the same address nor in the same word.
 * The race: the store in store_wide() against the load in load_narrow().
 */
#include <string.h>

#include "stage.h"

static unsigned char packet[64] __attribute__((aligned(64)));

STAGE_OPAQUE static void store_wide(uint64_t value) {
    memcpy(packet + 3, &value, sizeof value); /* races with load_narrow() */
}

STAGE_OPAQUE static uint32_t load_narrow(void) {
    uint32_t value;
    memcpy(&value, packet + 8, sizeof value); /* races with store_wide() */
    return value;
}

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) store_wide(stage_work(1500));
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(load_narrow() & 255);
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, NULL};
    return stage_play(argc, argv, roles);
}
