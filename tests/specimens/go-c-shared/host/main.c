/*
 * A C program with a library in Go (-buildmode=c-shared), in which two of its threads keep a ledger: Go's runtime is a guest here,
 * and its goroutines run on threads that are not its own.
 */
#include "stage.h"

extern void LedgerRecord(uint64_t amount);
extern uint64_t LedgerSum(void);

static uint64_t clerk(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        LedgerRecord(1);
        stage_work(2000);
    }
    return operations;
}

static uint64_t auditor(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(LedgerSum() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {clerk, auditor, NULL};
    return stage_play(argc, argv, roles);
}
