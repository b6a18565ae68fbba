#include "host.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char version_line[] = "\"version\": 1,";
static char *before_version, *after_version, *published;
static size_t published_size;
static unsigned last_version;
static atomic_uint_fast64_t reloads, batches;

static char *contents(const char *file) {
    FILE *stream = fopen(file, "r");
    if (stream == NULL) return NULL;
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', stream) < 0) text = NULL;
    fclose(stream);
    return text;
}

bool load_specs(const char *file) {
    before_version = contents(file);
    char *line = before_version == NULL ? NULL : strstr(before_version, version_line);
    if (line == NULL) return false;
    *line = '\0';
    after_version = line + strlen(version_line);
    published_size = strlen(before_version) + strlen(after_version) + 64;
    published = malloc(published_size);
    return published != NULL;
}

// Only one thread at a time asks: who creates the client, and then its background thread.
const char *next_specs(const char *key) {
    if (strcmp(key, "specs") != 0) return NULL;
    snprintf(published, published_size, "%s\"version\": %u,%s", before_version, ++last_version, after_version);
    return published;
}

void keep_specs(const char *key, const char *text) { (void)key, (void)text; }

void observe(const char *name, uint64_t count) {
    if (strcmp(name, "specs.reloaded") == 0) reloads += count;
}

void take_exposures(const char *exposures) {
    if (exposures[0] == '[') batches++;
}

uint64_t specs_reloaded(void) { return reloads; }
uint64_t batches_taken(void) { return batches; }
