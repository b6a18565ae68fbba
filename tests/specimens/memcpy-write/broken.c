/*
 * A buffer that one thread copies with memcpy while another writes single fields of it. The load happens inside
 * the C library, in vector registers of up to 64 bytes; the store is eight bytes wide.
 * The race: the memcpy in copy_out() against the store in write_field().
 */
#include <string.h>

#include "stage.h"

enum { FIELDS = 40 };

struct record {
    size_t bytes;
    uint64_t fields[FIELDS];
};

static struct record shared = {.bytes = sizeof(uint64_t[FIELDS])};

STAGE_OPAQUE static void write_field(struct record *record, unsigned field, uint64_t value) {
    record->fields[field] = value; /* races with copy_out() */
}

STAGE_OPAQUE static uint64_t copy_out(const struct record *record, uint64_t *copy) {
    memcpy(copy, record->fields, record->bytes); /* races with write_field() */
    return copy[0];
}

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        write_field(&shared, operations % FIELDS, operations);
        stage_work(1000);
    }
    return operations;
}

static uint64_t copier(void) {
    uint64_t operations = 0;
    uint64_t copy[FIELDS];
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(copy_out(&shared, copy) & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, copier, NULL};
    return stage_play(argc, argv, roles);
}
