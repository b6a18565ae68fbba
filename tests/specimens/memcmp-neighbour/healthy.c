/* The twin of broken.c: what is compared ends before the counter. A comparison with a mask (AVX-512, in glibc's memcmp)
 * reaches for the bytes behind its end, and does not use them. */
#include <string.h>

#include "stage.h"

struct visitor {
    char name[16];
    uint64_t visits;
    uint64_t rest[13];
};

static struct visitor shared = {.name = "twelve bytes"};
static struct visitor known = {.name = "twelve bytes"};
static size_t compared = 12;

STAGE_OPAQUE static void count(struct visitor *visitor) { visitor->visits++; }

STAGE_OPAQUE static int is_behind(const struct visitor *visitor) { return memcmp(visitor, &known, compared) > 0; }

static uint64_t counter(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        count(&shared);
        stage_work(2000);
    }
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(is_behind(&shared) ? 200 : 100);
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {counter, reader, NULL};
    return stage_play(argc, argv, roles);
}
