/*
 * Copies code of its own and runs the copies, as .NET does with its stubs and V8 with its built-in functions: what stands in
 * the code at that moment comes along.
 */
#include <sys/mman.h>

#include "busy.h"

enum { PAGE = 4096, TEMPLATES = 8, ROUNDS = 50, CALLS = 1000 };

/* Never run where they stand, only as copies. */
#define TEMPLATE(number)                                                                                          \
    __attribute__((noinline, aligned(PAGE))) static void template_##number(volatile uint64_t *cells) {           \
        cells[number] += number + 1;                                                                              \
        cells[TEMPLATES] = cells[number];                                                                         \
    }
#define EIGHT(of) of(0) of(1) of(2) of(3) of(4) of(5) of(6) of(7)
EIGHT(TEMPLATE)

typedef void (*code)(volatile uint64_t *cells);
#define NAME(number) template_##number,
static const code templates[TEMPLATES] = {EIGHT(NAME)};
static code copies[TEMPLATES];

static void copy_all(void) {
    for (int i = 0; i < TEMPLATES; i++) {
        void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) exit(97);
        memcpy(page, (const void *)(uintptr_t)templates[i], PAGE / 2);
        if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0) exit(96);
        copies[i] = (code)(uintptr_t)page;
    }
}

/* How many of the copies have a trap in them. */
static int trapped(void) {
    int count = 0;
    for (int i = 0; i < TEMPLATES; i++) count += memchr((const void *)(uintptr_t)copies[i], 0xcc, 32) != NULL;
    return count;
}

static void discard_all(void) {
    for (int i = 0; i < TEMPLATES; i++) munmap((void *)(uintptr_t)copies[i], PAGE);
}

static void *run_all(void *sum) {
    uint64_t cells[TEMPLATES + 1] = {0};
    for (int call = 0; call < CALLS; call++)
        for (int i = 0; i < TEMPLATES; i++) copies[i](cells);
    for (int i = 0; i < TEMPLATES; i++) *(uint64_t *)sum += cells[i];
    return NULL;
}

/* Fifty times; or once, and then it runs the copy after so many milliseconds as it is told. */
int main(int argc, char **argv) {
    uint64_t sum = 0;
    long later = argc > 1 ? atol(argv[1]) : 0;
    int rounds = later > 0 ? 1 : ROUNDS;
    busy_begin();
    for (int round = 0; round < rounds; round++) {
        pthread_t other;
        uint64_t others = 0;
        busy_wait(later > 0 ? 500 : 20);
        copy_all();
        if (later > 0) fprintf(stderr, "%d copies with traps\n", trapped());
        busy_wait(later);
        if (pthread_create(&other, NULL, run_all, &others) != 0) return 99;
        run_all(&sum);
        pthread_join(other, NULL);
        sum += others;
        discard_all();
    }
    busy_end();
    printf("%s\n", sum == 2ull * (uint64_t)rounds * CALLS * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) ? "all was counted" : "some was not");
    return 0;
}
