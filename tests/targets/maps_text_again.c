/*
 * Maps a page of its own code a second time, amid memory of its own, as V8 does with its built-in functions: whoever takes
 * that for the whole program once more writes into that memory.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "busy.h"

enum { PAGE = 4096, AROUND = 256 * PAGE, PATTERN = 0x7f };

/* So many accesses on so many pages of code that there is something to take for more of it. */
#define TOUCH(number)                                                                                             \
    __attribute__((noinline, aligned(PAGE))) static void touch_##number(void) { busy_cells[number] += number; }
#define EIGHT(of) of(0) of(1) of(2) of(3) of(4) of(5) of(6) of(7)
EIGHT(TOUCH)

#define CALL(number) touch_##number();

static void *touch_all(void *unused) {
    (void)unused;
    while (!__atomic_load_n(&busy_over, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&busy_lock);
        EIGHT(CALL)
        pthread_mutex_unlock(&busy_lock);
    }
    return NULL;
}

/* The offset in the file of the code at `address`. */
static long offset_of(uintptr_t address) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end, offset;
        if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && start <= address && address < end) {
            fclose(maps);
            return (long)(offset + address - start);
        }
    }
    exit(98);
}

/* Memory full of one byte, with the page of `touch_3` in the midst of it. */
static unsigned char *map_again(void) {
    unsigned char *memory =
        mmap(NULL, 2 * AROUND, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int program = open("/proc/self/exe", O_RDONLY);
    memset(memory, PATTERN, 2 * AROUND);
    void *code = mmap(memory + AROUND, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, program,
                      offset_of((uintptr_t)touch_3));
    if (program < 0 || code == MAP_FAILED) exit(97);
    close(program);
    return memory;
}

static bool is_whole(const unsigned char *memory, size_t size) {
    for (size_t at = 0; at < size; at++)
        if (memory[at] != PATTERN) return false;
    return true;
}

int main(void) {
    unsigned char *memory = map_again();
    pthread_t third;
    busy_begin();
    if (pthread_create(&third, NULL, touch_all, NULL) != 0) return 99;
    busy_wait(2000);
    busy_end();
    pthread_join(third, NULL);
    bool whole = is_whole(memory, AROUND) && is_whole(memory + AROUND + PAGE, AROUND - PAGE);
    puts(whole ? "the memory is whole" : "somebody wrote into the memory");
    return whole ? 0 : 1;
}
