// A visitor asks the library about users that nobody else asks about, and looks whom each answer names.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct visitor {
    pthread_t thread;
    unsigned number;
    uint64_t client;
    const atomic_bool *stop;
    // Written by the visitor alone, read by the driver while it runs.
    atomic_uint_fast64_t answers, wrong;
};

// Visits until told to stop. The argument is the visitor.
void *visit(void *visitor);
