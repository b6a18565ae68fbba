/* The __atomic and __sync builtins on plain variables: the declarations say nothing, only each access does. */
#include "stage.h"

static uint64_t counter;
static uint32_t state;
static unsigned char byte;
static uint64_t *published;
static int spin;
static uint64_t behind_spin;

STAGE_OPAQUE static void store_all(uint64_t value) {
    __atomic_store_n(&counter, value, __ATOMIC_RELAXED);
    __atomic_store_n(&state, (uint32_t)value, __ATOMIC_RELEASE);
    __atomic_store_n(&byte, (unsigned char)value, __ATOMIC_SEQ_CST);
}

STAGE_OPAQUE static uint64_t load_all(void) {
    uint64_t sum = __atomic_load_n(&counter, __ATOMIC_RELAXED);
    sum += __atomic_load_n(&state, __ATOMIC_ACQUIRE);
    return sum + __atomic_load_n(&byte, __ATOMIC_SEQ_CST);
}

STAGE_OPAQUE static void change_all(uint64_t value) {
    uint32_t expected = (uint32_t)value;
    __atomic_fetch_add(&counter, value, __ATOMIC_RELAXED);
    __atomic_compare_exchange_n(&state, &expected, 7, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    __atomic_or_fetch(&byte, 1, __ATOMIC_RELEASE);
    __sync_fetch_and_sub(&counter, 1);
    __sync_bool_compare_and_swap(&state, 7, 8);
}

STAGE_OPAQUE static void under_spin(void) {
    while (__atomic_exchange_n(&spin, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&spin, __ATOMIC_RELAXED)) {}
    }
    behind_spin++;
    __atomic_store_n(&spin, 0, __ATOMIC_RELEASE);
}

STAGE_OPAQUE static uint64_t trade(uint64_t value) {
    uint64_t *mine = malloc(sizeof *mine);
    *mine = value;
    uint64_t *theirs = __atomic_exchange_n(&published, mine, __ATOMIC_ACQ_REL);
    uint64_t got = theirs ? *theirs : 0;
    free(theirs);
    return got;
}

static uint64_t first(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        store_all(operations);
        under_spin();
        stage_work((unsigned)(trade(operations) & 255) + 1000);
    }
    return operations;
}

static uint64_t second(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        change_all(load_all());
        under_spin();
        trade(operations);
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {first, second, NULL};
    int code = stage_play(argc, argv, roles);
    free(published);
    return code;
}
