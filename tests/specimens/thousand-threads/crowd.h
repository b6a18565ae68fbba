/* A stage for a thousand threads that all play the same role. */
#ifndef CROWD_H
#define CROWD_H

#include "stage.h"

enum { CROWD = 1000, CROWD_RESTS = 64 };

/* Counts a request: each twin in its own way. */
STAGE_OPAQUE static void count(void);

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

static uint64_t crowd_worker(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        crowd_turn(operations);
        count();
    }
    return operations;
}

static inline int crowd_play(int argc, char **argv) {
    static stage_role *roles[CROWD + 1];
    for (int i = 0; i < CROWD; i++) roles[i] = crowd_worker;
    return stage_play(argc, argv, roles);
}

#endif
