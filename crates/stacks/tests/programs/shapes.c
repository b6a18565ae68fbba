// Every kind of C function and variable that a symbol table or debug information tells apart.
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef _Atomic long counter_t;

struct ring {
    _Atomic unsigned head;
    unsigned tail;
    const volatile counter_t totals[4];
};

struct ring shared_ring;
atomic_int ready;
int plain[16];
static int hidden = 7;
const char greeting[] = "hello";
static __thread int per_thread;

static inline int twice(int n) { return n + n + hidden; }

static inline int thrice(int n) {
    return twice(n) +
           n;
}

__attribute__((noinline)) int visible(int n) {
    per_thread += n;
    return thrice(n) * plain[n & 15];
}

__attribute__((noinline)) static int internal(int n) {
    atomic_fetch_add(&ready, 1);
    shared_ring.head++;
    return visible(n) + (int)shared_ring.tail + (int)shared_ring.totals[0];
}

__attribute__((weak)) int replaceable(int n) { return internal(n) - 1; }
int another_name(int n) __attribute__((alias("visible")));

int (*volatile pointer)(const char *, const char *) = strcmp;

int main(int argc, char **argv) {
    char copy[64];
    memcpy(copy, greeting, sizeof greeting);
    hidden += (int)strlen(argv[0]);
    printf("%s %d %d\n", copy, replaceable(argc), pointer(copy, greeting));
    return 0;
}
