/*
 * Uses SIGTRAP for purposes of its own: from the kernel (int3), from itself (raise), from outside (kill). From the beginning, or
 * from as many milliseconds on as it is told.
 */
#include "busy.h"

static volatile sig_atomic_t traps, from_kernel, right_address;
static void *volatile expected;

static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal;
    traps++;
    if (info->si_code > 0) {
        from_kernel++;
        right_address += ((ucontext_t *)context)->uc_mcontext.gregs[16] == (greg_t)expected; /* REG_RIP */
    }
}

__attribute__((noinline, noclone)) static void breakpoint(void) {
    __asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\tint3\n1:" : "=m"(expected) : : "rax", "memory");
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    long later = argc > 1 ? atol(argv[1]) : 0;
    if (later == 0) sigaction(SIGTRAP, &action, NULL);
    busy_begin();
    busy_wait(100);
    if (later > 0) {
        busy_wait(later);
        sigaction(SIGTRAP, &action, NULL);
        busy_wait(700);
    }
    for (int i = 0; i < 300; i++) {
        breakpoint();
        raise(SIGTRAP);
        kill(getpid(), SIGTRAP);
        /* One that is sent to the process may come to a busy thread a moment later: wait for it. */
        while (traps < (i + 1) * 3) sched_yield();
    }
    busy_end();
    printf("traps %d, by int3 %d, at the right address %d\n", traps, from_kernel, right_address);
    return 0;
}
