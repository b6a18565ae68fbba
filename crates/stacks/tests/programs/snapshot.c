// Snapshots a thread inside nested calls, then inside a signal handler on another stack: registers, stacks and
// what libgcc's own unwinder says the callers are. Everything goes to the file argv[1], as text.
#define _GNU_SOURCE
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static FILE *out;
static char *other_stack;
#define OTHER_BYTES (1 << 16)

static void memory(const unsigned char *start, const unsigned char *end) {
    fprintf(out, "memory %lx ", (unsigned long)start);
    for (; start < end; start++)
        fprintf(out, "%02x", *start);
    fputs("\n", out);
}

static void stack_of_thread(const unsigned char *from) {
    pthread_attr_t attributes;
    void *start;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &start, &size);
    const unsigned char *end = (unsigned char *)start + size;
    memory(from, from + 65536 < end ? from + 65536 : end);
}

__attribute__((noinline)) static void snapshot(const char *name, const unsigned char *thread_stack) {
    ucontext_t context;
    void *callers[128];
    int count = backtrace(callers, 128);
    getcontext(&context);
    const greg_t *g = context.uc_mcontext.gregs;
    fprintf(out, "snapshot %s\n", name);
    fprintf(out, "registers rip %llx rsp %llx rbp %llx rbx %llx r12 %llx r13 %llx r14 %llx r15 %llx\n", g[REG_RIP],
            g[REG_RSP], g[REG_RBP], g[REG_RBX], g[REG_R12], g[REG_R13], g[REG_R14], g[REG_R15]);
    for (int i = 0; i < count; i++)
        fprintf(out, "caller %lx\n", (unsigned long)callers[i]);
    if (other_stack)
        memory((unsigned char *)other_stack, (unsigned char *)other_stack + OTHER_BYTES);
    stack_of_thread(thread_stack);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    snapshot("signal", (unsigned char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP] - 256);
}

__attribute__((noinline)) static int third(int n) {
    snapshot("nested", (unsigned char *)__builtin_frame_address(0) - 8192);
    return n + 1;
}
__attribute__((noinline)) static int second(int n) { return third(n) * 2; }
__attribute__((noinline)) static int first(int n) { return second(n) + 7; }

static void *thread(void *argument) {
    int *n = argument;
    *n = first(*n);
    other_stack = malloc(OTHER_BYTES);
    stack_t other = {.ss_sp = other_stack, .ss_size = OTHER_BYTES};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
    sigaction(SIGABRT, &action, NULL);
    raise(SIGABRT);
    return n;
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    int n = 1;
    out = fopen(argv[1], "w");
    char line[4096];
    pthread_t other;
    pthread_create(&other, NULL, thread, &n);
    pthread_join(other, NULL);
    FILE *maps = fopen("/proc/self/maps", "r"); // by now all libraries are loaded
    while (fgets(line, sizeof line, maps))
        fprintf(out, "map %s", line);
    return fclose(out);
}
