/* C11 _Atomic fields, by the generic functions and by the plain-looking operators: `x = 1` on an _Atomic is atomic. */
#include <stdatomic.h>
#include <stdbool.h>

#include "stage.h"

static struct {
    atomic_ullong total;
    _Atomic uint32_t version;
    atomic_bool ready;
    atomic_uchar small;
    _Atomic(uint64_t *) slot;
    atomic_flag gate;
    uint64_t behind_gate;
} shared = {.gate = ATOMIC_FLAG_INIT};

STAGE_OPAQUE static void write_fields(uint64_t value) {
    shared.version = (uint32_t)value;
    shared.small++;
    atomic_store_explicit(&shared.total, value, memory_order_relaxed);
    atomic_store_explicit(&shared.ready, true, memory_order_release);
}

STAGE_OPAQUE static uint64_t read_fields(void) {
    uint64_t sum = shared.version + shared.small;
    if (atomic_load_explicit(&shared.ready, memory_order_acquire)) sum++;
    return sum + atomic_load_explicit(&shared.total, memory_order_relaxed);
}

STAGE_OPAQUE static void change_fields(uint64_t value) {
    unsigned long long expected = value;
    atomic_compare_exchange_strong(&shared.total, &expected, value + 1);
    shared.version += 2;
    atomic_fetch_or(&shared.small, 1);
    atomic_exchange(&shared.ready, false);
}

STAGE_OPAQUE static void pass_the_gate(void) {
    while (atomic_flag_test_and_set_explicit(&shared.gate, memory_order_acquire)) {}
    shared.behind_gate++;
    atomic_flag_clear_explicit(&shared.gate, memory_order_release);
}

/* A cell changes hands by its pointer; its content is plain. */
STAGE_OPAQUE static uint64_t trade(uint64_t value) {
    uint64_t *mine = malloc(sizeof *mine);
    *mine = value;
    uint64_t *theirs = atomic_exchange_explicit(&shared.slot, mine, memory_order_acq_rel);
    uint64_t got = theirs ? *theirs : 0;
    free(theirs);
    return got;
}

static uint64_t first(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        write_fields(operations);
        pass_the_gate();
        stage_work((unsigned)(trade(operations) & 255) + 1000);
    }
    return operations;
}

static uint64_t second(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        change_fields(read_fields());
        pass_the_gate();
        trade(operations);
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {first, second, NULL};
    int code = stage_play(argc, argv, roles);
    free(atomic_load(&shared.slot));
    return code;
}
