/* The twin of broken.c: c-threads-healthy with the same handler. */
#include <signal.h>

#include "../c-threads/healthy.c"

static void on_trap(int signal) { (void)signal; }

__attribute__((constructor)) static void take_traps(void) { signal(SIGTRAP, on_trap); }
