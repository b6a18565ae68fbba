// What a host lends to the library: a data store with ever newer specs, an observer, a taker of exposures.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Reads the specs that the store publishes again and again, under a new version each time.
bool load_specs(const char *file);

const char *next_specs(const char *key);
void keep_specs(const char *key, const char *text);
void observe(const char *name, uint64_t count);
void take_exposures(const char *exposures);

// What the library has called us for.
uint64_t specs_reloaded(void);
uint64_t batches_taken(void);
