/* Sums up its own machine code at the start, and again when asked to end: both must be the same. */
#include "busy.h"
#include "own_text.h"

static volatile sig_atomic_t asked;
static void on_term(int signal) { (void)signal; asked = 1; }

int main(void) {
    signal(SIGTERM, on_term);
    uint64_t before = own_text();
    busy_begin();
    while (!asked) usleep(1000);
    uint64_t after = own_text();
    busy_end();
    printf("text %s\n", before == after ? "unchanged" : "changed");
    return 0;
}
