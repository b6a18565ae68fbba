/* The twin of broken.c: the copy and the store both hold the record's lock. */
#include <string.h>

#include "stage.h"

enum { FIELDS = 40 };

struct record {
    pthread_mutex_t lock;
    size_t bytes;
    uint64_t fields[FIELDS];
};

static struct record shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .bytes = sizeof(uint64_t[FIELDS])};

STAGE_OPAQUE static void write_field(struct record *record, unsigned field, uint64_t value) {
    pthread_mutex_lock(&record->lock);
    record->fields[field] = value;
    pthread_mutex_unlock(&record->lock);
}

STAGE_OPAQUE static uint64_t copy_out(struct record *record, uint64_t *copy) {
    pthread_mutex_lock(&record->lock);
    memcpy(copy, record->fields, record->bytes);
    pthread_mutex_unlock(&record->lock);
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
