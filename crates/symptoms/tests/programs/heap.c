/* Misuses memory in the way that its argument names; for AddressSanitizer, Memcheck and glibc's own checks. */
#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
    struct list *next;
    char name[24];
};

__attribute__((noinline)) static char peek(const char *text, long at) { return text[at]; }

__attribute__((noinline)) static void name_it(char *to, const char *name) { strcpy(to, name); }

__attribute__((noinline)) static char *lost(void) {
    char *block = malloc(100);
    block[0] = 1;
    return block;
}

__attribute__((noinline)) static void smash(const char *name) {
    char local[8];
    strcpy(local, name);
    puts(local);
}

__attribute__((noinline)) static int deep(int n) {
    volatile char page[512];
    page[0] = (char)n;
    return deep(n + 1) + page[0];
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "use-after-free";
    const char *name = "a name that is much too long for the place where it goes to";
    volatile long one = argc > 1;
    if (!strcmp(how, "use-after-free")) {
        char *block = malloc(64);
        free(block);
        return peek(block, 8 * one);
    } else if (!strcmp(how, "overflow")) {
        struct list *item = malloc(sizeof *item);
        name_it(item->name, name);
        free(item);
    } else if (!strcmp(how, "stack-overflow")) {
        return deep(0);
    } else if (!strcmp(how, "smash")) {
        smash(name);
    } else if (!strcmp(how, "double-free")) {
        char *block = malloc(2000), *guard = malloc(16);
        free(block);
        free(block);
        free(guard);
    } else if (!strcmp(how, "tcache")) {
        char *block = malloc(24);
        free(block);
        free(block);
    } else if (!strcmp(how, "fasttop")) {
        mallopt(M_MXFAST, 64);
        char *block[9];
        for (int i = 0; i < 9; i++) block[i] = malloc(24);
        for (int i = 0; i < 8; i++) free(block[i]);
        free(block[7]);
    } else if (!strcmp(how, "invalid-pointer")) {
        char *block = malloc(64);
        free(block + 8 * one);
    } else if (!strcmp(how, "invalid-size")) {
        char *block = malloc(64);
        *(size_t *)(block - 8) = 0x1234567 * one;
        free(block);
    } else if (!strcmp(how, "munmap")) {
        char *block = malloc(400000);
        *(size_t *)(block - 16) = 3 * one;
        free(block);
    } else if (!strcmp(how, "top")) {
        char *block = malloc(24);
        memset(block, 0x41, 24 + 16 * one);
        free(malloc(100000));
    } else if (!strcmp(how, "prev-size")) {
        char *block = malloc(1500), *next = malloc(1500), *guard = malloc(1500);
        free(block);
        *(size_t *)(next - 16) = 0x40 * one;
        free(next);
        free(guard);
    } else if (!strcmp(how, "leak")) {
        lost();
    } else if (!strcmp(how, "uninitialised")) {
        char *block = malloc(10);
        if (peek(block, one)) puts("set");
    } else if (!strcmp(how, "null")) {
        return peek(NULL, 0);
    } else if (!strcmp(how, "wild")) {
        return peek((char *)0xdeadbeef00000000, one);
    } else if (!strcmp(how, "assert")) {
        assert(one == 2 && "orders are counted twice");
    }
    return 0;
}
