/*
 * Threads that allocate, grow, pass on and free. The allocator gives the same addresses to one thread after another,
 * writes its own lists into freed blocks, and hands memory over with locks (and moves) that are its own business.
 */
#include <string.h>

#include "stage.h"

enum { SLOTS = 16 };

struct block {
    size_t size;
    unsigned char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *shelf[SLOTS];

static struct block *make(size_t size) {
    struct block *block = malloc(sizeof *block + size);
    block->size = size;
    memset(block->bytes, (int)size, size);
    return block;
}

static struct block *grow(struct block *block) {
    size_t size = block->size * 2;
    block = realloc(block, sizeof *block + size);
    memset(block->bytes + size / 2, 1, size / 2);
    block->size = size;
    return block;
}

/* Leaves a block on the shelf and takes home what lay there. */
static struct block *swap(unsigned slot, struct block *block) {
    pthread_mutex_lock(&lock);
    struct block *other = shelf[slot % SLOTS];
    shelf[slot % SLOTS] = block;
    pthread_mutex_unlock(&lock);
    return other;
}

STAGE_OPAQUE static uint64_t use_up(struct block *block) {
    if (block == NULL) return 0;
    uint64_t sum = block->bytes[0] + block->bytes[block->size - 1];
    free(block);
    return sum;
}

static uint64_t trader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        uint64_t random = stage_work(300);
        struct block *block = make(16 + (random >> 32) % 500);
        if (random & 1) block = grow(block);
        use_up(swap((unsigned)random, block));
    }
    return operations;
}

/* Trades blocks too large for the per-thread caches, now and then one of its own mapping. */
static uint64_t wholesaler(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        struct block *block = make(operations % 64 == 0 ? 200000 : 3000);
        use_up(swap((unsigned)operations, block));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {trader, trader, wholesaler, NULL};
    int code = stage_play(argc, argv, roles);
    for (int i = 0; i < SLOTS; i++) free(shelf[i]);
    return code;
}
