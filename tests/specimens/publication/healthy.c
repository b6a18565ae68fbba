/*
 * The twin of broken.c: the flag is stored with release and loaded with acquire. The machine code is the same, plain
 * moves; the letter is plain memory in both and races in neither while the flag does not.
 */
#include <stdatomic.h>

#include "stage.h"

static struct {
    uint64_t letter[4];
    atomic_int full __attribute__((aligned(64)));
} box;

STAGE_OPAQUE static int publish(uint64_t value) {
    if (atomic_load_explicit(&box.full, memory_order_acquire)) return 0;
    for (int i = 0; i < 4; i++) box.letter[i] = value + (uint64_t)i;
    atomic_store_explicit(&box.full, 1, memory_order_release);
    return 1;
}

STAGE_OPAQUE static uint64_t consume(void) {
    if (!atomic_load_explicit(&box.full, memory_order_acquire)) return 0;
    uint64_t sum = box.letter[0] + box.letter[3];
    atomic_store_explicit(&box.full, 0, memory_order_release);
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
