/*
 * c-threads in a program that has a handler for SIGTRAP, as the runtimes of .NET and of Lisps do: a breakpoint in its code would
 * cost it that handler, if the signal happened to be blocked.
 */
#include <signal.h>

#include "../c-threads/broken.c"

static void on_trap(int signal) { (void)signal; }

__attribute__((constructor)) static void take_traps(void) { signal(SIGTRAP, on_trap); }
