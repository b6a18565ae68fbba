/*
 * The twin of broken.c: neighbours that never overlap. Within one aligned word, one thread owns the bytes +1 to +4,
 * the other the bytes +5 and +6, and in the next words +12 (one byte) lies between +8 to +11 and +13 to +16.
 * A watchpoint rounded up to the word would see a collision here that does not exist.
 */
#include <string.h>

#include "stage.h"

static unsigned char packet[64] __attribute__((aligned(64)));

STAGE_OPAQUE static void left_store(uint32_t value) {
    memcpy(packet + 1, &value, sizeof value);
    memcpy(packet + 8, &value, sizeof value);
    memcpy(packet + 13, &value, sizeof value);
}

STAGE_OPAQUE static void right_store(uint16_t value) {
    memcpy(packet + 5, &value, sizeof value);
    packet[12] = (unsigned char)value;
}

STAGE_OPAQUE static uint32_t right_load(void) {
    uint16_t value;
    memcpy(&value, packet + 5, sizeof value);
    return value + packet[12];
}

static uint64_t left(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) left_store((uint32_t)stage_work(1500));
    return operations;
}

static uint64_t right(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        right_store((uint16_t)operations);
        stage_work(right_load() & 255);
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {left, right, NULL};
    return stage_play(argc, argv, roles);
}
