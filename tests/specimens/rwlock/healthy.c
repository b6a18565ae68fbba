/* A pthread reader-writer lock: several readers at once, plain memory behind it. */
#include "stage.h"

enum { ENTRIES = 16 };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static uint64_t table[ENTRIES];

STAGE_OPAQUE static void update(uint64_t turn) {
    pthread_rwlock_wrlock(&lock);
    table[turn % ENTRIES] += turn;
    pthread_rwlock_unlock(&lock);
}

STAGE_OPAQUE static int update_if_free(uint64_t turn) {
    if (pthread_rwlock_trywrlock(&lock) != 0) return 0;
    table[turn % ENTRIES]++;
    pthread_rwlock_unlock(&lock);
    return 1;
}

STAGE_OPAQUE static uint64_t sum(void) {
    uint64_t sum = 0;
    pthread_rwlock_rdlock(&lock);
    for (int i = 0; i < ENTRIES; i++) sum += table[i];
    pthread_rwlock_unlock(&lock);
    return sum;
}

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        update(operations);
        stage_work(1000);
        update_if_free(operations);
        stage_pause(20);
    }
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) stage_work((unsigned)(sum() & 255) + 1000);
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, reader, NULL};
    return stage_play(argc, argv, roles);
}
