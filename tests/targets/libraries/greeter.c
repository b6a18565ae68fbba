// Greets by name. Built with -DSHARED the greeting lies in one place for all threads, as in the C library's strtok or
// asctime: who reads it late reads somebody else's. Built without, each call has a place of its own.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SHARED
static char shared[128];
#endif

// The caller gives it back by greeting_free.
char *greeting_make(const char *name) {
#ifdef SHARED
    char *place = shared;
#else
    char *place = malloc(128);
    if (place == NULL) return NULL;
#endif
    snprintf(place, 128, "hello, %s", name);
    return place;
}

void greeting_free(char *greeting) {
#ifdef SHARED
    (void)greeting;
#else
    free(greeting);
#endif
}

// A handle that remembers a number.
struct memory { uint64_t number; };
struct memory *memory_open(uint64_t number) {
    struct memory *memory = malloc(sizeof *memory);
    if (memory != NULL) memory->number = number;
    return memory;
}
uint64_t memory_number(const struct memory *memory) { return memory->number; }
void memory_close(struct memory *memory) { free(memory); }

// The same through places that the caller lends, with a code that says how it went.
int copy(const void *bytes, size_t size, char *to, size_t room, size_t *written, struct memory **handle) {
    if (size >= room) return -1;
    memcpy(to, bytes, size);
    *written = size;
    *handle = memory_open(size);
    return 0;
}

double mean(double a, float b, int c, uint8_t d) { return (a + b + c + d) / 4; }
_Bool is_even(int32_t number) { return number % 2 == 0; }
int32_t negated(int32_t number) { return -number; }

// How often it was called: never the same twice.
uint64_t calls(void) {
    static uint64_t number;
    return __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
}

void call_back(int (*function)(const char *, double)) { function("x", 1.5); }
