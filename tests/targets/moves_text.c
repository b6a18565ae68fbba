/*
 * Puts other memory in the place of a part of its own code, as programs do that run from huge pages: whoever looks there by the
 * file does not find what is run.
 */
#include "busy.h"

#include <sys/mman.h>

enum { PAGE = 4096, PARTS = 8, CALLS = 100000 };

/* Each on a page of its own, one behind the other. */
#define PART(number)                                                                                              \
    __attribute__((noinline, aligned(PAGE))) static void part_##number(volatile uint64_t *cells) {               \
        cells[number] += number + 1;                                                                              \
        cells[PARTS] = cells[number];                                                                             \
        cells[PARTS + 1] = cells[PARTS];                                                                          \
    }
#define EIGHT(of) of(0) of(1) of(2) of(3) of(4) of(5) of(6) of(7)
EIGHT(PART)
__attribute__((noinline, aligned(PAGE))) static void end_of_parts(void) { __asm__ volatile(""); }

#define CALL(number) part_##number(cells);

static void move_parts(void) {
    unsigned char *from = (unsigned char *)(uintptr_t)part_0;
    size_t size = (size_t)((unsigned char *)(uintptr_t)end_of_parts - from);
    unsigned char *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (size != PARTS * PAGE || to == MAP_FAILED) exit(97);
    memcpy(to, from, size);
    if (mprotect(to, size, PROT_READ | PROT_EXEC) != 0) exit(96);
    if (mremap(to, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, from) != from) exit(95);
}

static uint64_t run_parts(void) {
    uint64_t cells[PARTS + 2] = {0}, sum = 0;
    for (int call = 0; call < CALLS; call++) {
        EIGHT(CALL)
    }
    for (int i = 0; i < PARTS; i++) sum += cells[i];
    return sum;
}

int main(void) {
    move_parts();
    busy_begin();
    busy_wait(500);
    uint64_t sum = run_parts();
    busy_wait(500);
    end_of_parts();
    busy_end();
    puts(sum == (uint64_t)CALLS * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) ? "all was counted" : "some was not");
    return 0;
}
