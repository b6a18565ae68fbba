/* Asks to be traced, as programs do that want no debugger. Under a tracer this is refused, and nothing else happens. */
#include "busy.h"
#include <errno.h>
#include <sys/ptrace.h>

int main(void) {
    busy_begin();
    busy_wait(200);
    long answer = ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    printf("%s\n", answer == -1 && errno == EPERM ? "refused" : "allowed");
    busy_wait(200);
    busy_end();
    return 0;
}
