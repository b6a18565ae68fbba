/* A sum over the machine code of the program and its libraries: whoever writes into it changes the sum. */
#ifndef OWN_TEXT_H
#define OWN_TEXT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <link.h>
#include <stdint.h>

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

#endif
