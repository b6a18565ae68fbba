/*
 * Every kind of pthread mutex, and a spinlock, each around plain memory. Inside the C library the locks' own words
 * are touched by plain moves too (the spinlock's unlock, the owner of a recursive mutex): those are no races.
 */
#include "stage.h"

static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t checking = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_spinlock_t spin;

static uint64_t by_normal, by_recursive, by_checking, by_adaptive, by_spin;

STAGE_OPAQUE static void under_normal(void) {
    pthread_mutex_lock(&normal);
    by_normal++;
    pthread_mutex_unlock(&normal);
}

STAGE_OPAQUE static void under_recursive(int depth) {
    pthread_mutex_lock(&recursive);
    by_recursive++;
    if (depth > 0) under_recursive(depth - 1);
    pthread_mutex_unlock(&recursive);
}

STAGE_OPAQUE static void under_checking(void) {
    if (pthread_mutex_trylock(&checking) != 0) return;
    by_checking++;
    pthread_mutex_unlock(&checking);
}

STAGE_OPAQUE static void under_adaptive(void) {
    pthread_mutex_lock(&adaptive);
    by_adaptive += by_adaptive % 3 + 1;
    pthread_mutex_unlock(&adaptive);
}

STAGE_OPAQUE static void under_spin(void) {
    pthread_spin_lock(&spin);
    by_spin++;
    pthread_spin_unlock(&spin);
}

static void round_of_locks(void) {
    under_normal();
    under_recursive(2);
    under_checking();
    under_adaptive();
    under_spin();
}

static uint64_t busy(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        round_of_locks();
        stage_work(1500);
    }
    return operations;
}

static uint64_t sleepy(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        round_of_locks();
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {busy, busy, sleepy, NULL};
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    return stage_play(argc, argv, roles);
}
