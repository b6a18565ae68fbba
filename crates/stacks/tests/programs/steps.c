// Records its own registers and stack before every instruction of a stretch of code, by the trap flag, and
// writes them to the file argv[1]. The stretch calls through an unresolved PLT entry, is called back from
// libc, realigns its stack, and takes a signal on another stack.
#define _GNU_SOURCE
#include <alloca.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES 8192
#define BELOW 256
#define MOST_STEPS 6000

struct step {
    int64_t registers[23]; // gregset_t: r8..r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, ...
    uint64_t base;         // the address of stack[0]
    unsigned char stack[STACK_BYTES];
};

static struct step *steps;
static size_t taken;
static uintptr_t stack_end;
static volatile int sink;

static void record(const ucontext_t *context) {
    if (taken == MOST_STEPS)
        return;
    struct step *step = &steps[taken++];
    memcpy(step->registers, context->uc_mcontext.gregs, sizeof step->registers);
    step->base = (uint64_t)context->uc_mcontext.gregs[REG_RSP] - BELOW;
    uint64_t end = step->base + STACK_BYTES;
    size_t length = end > stack_end ? stack_end - step->base : STACK_BYTES;
    for (size_t i = 0; i < length; i++)
        step->stack[i] = ((unsigned char *)step->base)[i];
}

static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    record(context);
}

// The compiler does not know that these push: asking for the frame's address makes it find the caller by the
// frame pointer.
__attribute__((noinline)) static void trace_on(void) {
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf" ::"r"(__builtin_frame_address(0)) : "memory", "cc");
}
__attribute__((noinline)) static void trace_off(void) {
    __asm__ volatile("pushf; andl $~0x100, (%%rsp); popf" ::"r"(__builtin_frame_address(0)) : "memory", "cc");
}

__attribute__((noinline)) static int compare(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static int realigned(int n) {
    alignas(64) volatile char block[64];
    char *more = alloca((size_t)n * 16);
    memset(more, n, (size_t)n);
    block[n % 64] = more[n / 2];
    sink = block[n % 64];
    return block[n % 64];
}

__attribute__((noinline)) static int leaf(int n) { return sink = n * 3 + sink; }

__attribute__((noinline)) static int recursive(int n) { return n == 0 ? leaf(n) : recursive(n - 1) + leaf(n); }

__attribute__((noinline)) static void outer(void) {
    int numbers[] = {5, 3, 9, 1};
    char text[32];
    trace_on();
    qsort(numbers, 4, sizeof numbers[0], compare);
    sink = recursive(3);
    sink += realigned(numbers[2]);
    sink += snprintf(text, sizeof text, "%d", sink);
    sink += (int)strlen(text);
    trace_off();
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    stack_end = (here | 4095) + 1;
    steps = calloc(MOST_STEPS, sizeof *steps);
    stack_t other = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGTRAP, &action, NULL);
    outer();
    FILE *out = fopen(argv[1], "wb");
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        fputs(line, out);
    fputs("\n", out);
    fwrite(steps, sizeof *steps, taken, out);
    return fclose(out);
}
