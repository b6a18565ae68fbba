/* Is stopped and continued by a child, which looks whether its parent really stands still and really goes on. */
#include "busy.h"
#include <sys/mman.h>
#include <sys/wait.h>

static int child(volatile uint64_t *clock) {
    pid_t parent = getppid();
    for (int round = 0; round < 5; round++) {
        busy_wait(100);
        if (kill(parent, SIGSTOP) != 0) return 10;
        busy_wait(100);
        uint64_t stood_at = *clock;
        busy_wait(100);
        if (*clock != stood_at) return 11;
        if (kill(parent, SIGCONT) != 0) return 12;
        busy_wait(100);
        if (*clock == stood_at) return 13;
    }
    return 0;
}

int main(void) {
    volatile uint64_t *clock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t helper = fork();
    if (helper == 0) _exit(child(clock));
    busy_begin();
    int status;
    while (waitpid(helper, &status, WNOHANG) == 0) {
        ++*clock;
        usleep(500);
    }
    busy_end();
    printf("the child says %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 0;
}
