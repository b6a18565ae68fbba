/* What can be returned: pointers, strings, numbers, and what a callback returns. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { ENTRIES = 4096 };
struct entry {
    uint64_t id, square;
    char name[16];
};
static struct entry entries[ENTRIES];

void prepare(void)
{
    for (uint64_t id = 0; id < ENTRIES; id++) {
        entries[id] = (struct entry){.id = id, .square = id * id};
        snprintf(entries[id].name, sizeof entries[id].name, "entry %u", (unsigned)id);
    }
}

struct entry *entry_of(uint64_t id) { return &entries[id % ENTRIES]; }
char *name_of(uint64_t id) { return entries[id % ENTRIES].name; }
bool is_even(uint64_t id) { return id % 2 == 0; }
double half_of(double number) { return number / 2; }
void forget(struct entry *entry) { (void)entry; }
uint64_t ask(uint64_t (*answer)(uint64_t), uint64_t id) { return answer(id) + 1; }
