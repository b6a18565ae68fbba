#include "counter.h"

#include <stdlib.h>

uint64_t *counter_new(void) { return calloc(1, sizeof(uint64_t)); }

void counter_bump(uint64_t *counter, uint64_t by) { __atomic_fetch_add(counter, by, __ATOMIC_SEQ_CST); }
