/*
 * Publication by a plain flag: the letter is written, then the flag, and nothing keeps that order but the processor.
 * The race: the flag, and with it the letter, between publish() and consume(), in both directions.
 */
#include "stage.h"

static struct {
    uint64_t letter[4];
    int full __attribute__((aligned(64)));
} box;

STAGE_OPAQUE static int publish(uint64_t value) {
    if (box.full) return 0; /* races with consume() */
    for (int i = 0; i < 4; i++) box.letter[i] = value + (uint64_t)i;
    box.full = 1; /* races with consume() */
    return 1;
}

STAGE_OPAQUE static uint64_t consume(void) {
    if (!box.full) return 0; /* races with publish() */
    uint64_t sum = box.letter[0] + box.letter[3];
    box.full = 0; /* races with publish() */
    return sum;
}

static uint64_t publisher(void) {
    uint64_t operations = 0;
    while (!stage_over()) {
        operations += (uint64_t)publish(operations);
        stage_work(500);
    }
    return operations;
}

static uint64_t consumer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(consume() & 255) + 500);
        if (operations % 8 == 0) stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {publisher, consumer, NULL};
    return stage_play(argc, argv, roles);
}
