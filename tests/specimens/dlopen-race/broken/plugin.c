/* The race: the store in plugin_update() against the load in plugin_snapshot(). */
#include <stdint.h>

static struct {
    uint64_t updates;
    uint64_t latest;
} state;

void plugin_update(uint64_t value) {
    state.updates++;
    state.latest = value; /* races with plugin_snapshot() */
}

uint64_t plugin_snapshot(void) { return state.latest; /* races with plugin_update() */ }
