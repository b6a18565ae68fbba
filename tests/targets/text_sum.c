/* Sums up its own machine code at the start, and again when asked to end: both must be the same. */
#include "busy.h"
#include <link.h>

static volatile sig_atomic_t asked;
static void on_term(int signal) { (void)signal; asked = 1; }

static int add(struct dl_phdr_info *object, size_t size, void *sum) {
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
        const unsigned char *bytes = (const unsigned char *)(object->dlpi_addr + segment->p_vaddr);
        for (size_t at = 0; at < segment->p_filesz; at++) *(uint64_t *)sum = *(uint64_t *)sum * 31 + bytes[at];
    }
    return 0;
}

static uint64_t own_text(void) {
    uint64_t sum = 0;
    dl_iterate_phdr(add, &sum);
    return sum;
}

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
