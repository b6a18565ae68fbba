/*
 * A plain variable beside an atomic one, on the same lines of source: the one does not excuse the other.
 * The race: `latest` in note() against `latest` in read_back().
 */
#include "stage.h"

static uint64_t latest;
static _Atomic uint64_t notes;

STAGE_OPAQUE static void note(uint64_t value) { latest = value; notes++; /* races with read_back() */ }

STAGE_OPAQUE static uint64_t read_back(void) { return latest + notes; /* races with note() */ }

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) note(stage_work(2000));
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(read_back() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, NULL};
    return stage_play(argc, argv, roles);
}
