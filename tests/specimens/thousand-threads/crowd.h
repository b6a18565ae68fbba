/* A stage for a thousand threads that all play the same role. */
#ifndef CROWD_H
#define CROWD_H

#include "stage.h"

enum { CROWD = 1000, CROWD_RESTS = 64 };

/*
 * What each of them does between two requests: something of its own, something under a lock that all of them want, and a
 * rest now and then.
 */
static inline void crowd_turn(uint64_t operations) {
    stage_work(200);
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t turns;
    pthread_mutex_lock(&turn);
    turns++;
    pthread_mutex_unlock(&turn);
    if (operations % CROWD_RESTS == 0) stage_pause(200);
}

static inline int crowd_play(int argc, char **argv, stage_role *role) {
    static pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++) threads[i] = stage_enter(role);
    stage_wait(stage_seconds(argc, argv));
    __atomic_store_n(&stage_flag, 1, __ATOMIC_SEQ_CST);
    uint64_t operations = 0;
    for (int i = 0; i < CROWD; i++) operations += stage_leave(threads[i]);
    return stage_report(operations);
}

#endif
