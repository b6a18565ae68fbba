// Functions for Go to call: through a callback and back down to a place that tells where it stands and waits.
#define _GNU_SOURCE
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

// Tells the registers, then waits to be read: whoever started the program walks this stack meanwhile.
__attribute__((noinline)) int stop(int n) {
    ucontext_t context;
    unsigned long thread;
    char byte;
    getcontext(&context);
    const greg_t *g = context.uc_mcontext.gregs;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    dprintf(1, "registers %llx %llx %llx %llx %llx %llx %llx %llx %lx\n", g[REG_RIP], g[REG_RSP], g[REG_RBP],
            g[REG_RBX], g[REG_R12], g[REG_R13], g[REG_R14], g[REG_R15], thread);
    return n + (int)read(0, &byte, 1);
}

__attribute__((noinline)) int second(int (*callback)(int), int n) { return callback(n) + 1; }

__attribute__((noinline)) int first(int (*callback)(int), int n) { return second(callback, n + 1) * 2; }
