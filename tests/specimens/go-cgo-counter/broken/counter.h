#include <stdint.h>

uint64_t *counter_new(void);
void counter_bump(uint64_t *counter, uint64_t by);
