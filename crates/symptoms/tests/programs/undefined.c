/* Undefined behaviour of the kind that its argument names. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    int a, b;
};

static int add(int a, int b) { return a + b; }
static int shift(int a, int by) { return a << by; }
static int element(int at) {
    static int table[4] = {1, 2, 3, 4};
    return table[at];
}
static int second(struct pair *pair) { return pair->b; }

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "overflow";
    if (!strcmp(how, "overflow")) return add(INT_MAX, argc) == 0;
    if (!strcmp(how, "shift")) return shift(1, 40 * argc);
    if (!strcmp(how, "bounds")) return element(argc + 5);
    if (!strcmp(how, "misaligned")) return second((struct pair *)((char *)calloc(4, 4) + argc - 1));
    if (!strcmp(how, "null")) return second(argc > 5 ? calloc(1, 8) : NULL);
    return 0;
}
