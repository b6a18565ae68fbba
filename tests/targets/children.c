/* Makes two hundred children in each of three ways. They run code that is trapped in their parent. */
#include "busy.h"
#include <spawn.h>
#include <sys/wait.h>

enum { CHILDREN = 200 };
extern char **environ;

static int ended_well(pid_t child) {
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int forked(void) {
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 100; i++) busy_touch();
        _exit(0);
    }
    return ended_well(child);
}

static int vforked(char *self) {
    char *const arguments[] = {self, "child", NULL};
    pid_t child = vfork();
    if (child == 0) {
        busy_touch();
        execv(self, arguments);
        _exit(9);
    }
    return ended_well(child);
}

static int spawned(char *self) {
    char *const arguments[] = {self, "child", NULL};
    pid_t child;
    return posix_spawn(&child, self, NULL, NULL, arguments, environ) == 0 && ended_well(child);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        for (int i = 0; i < 100; i++) busy_touch();
        return 0;
    }
    int forks = 0, vforks = 0, spawns = 0;
    busy_begin();
    for (int i = 0; i < CHILDREN; i++) {
        forks += forked();
        vforks += vforked(argv[0]);
        spawns += spawned(argv[0]);
    }
    busy_end();
    printf("forked %d, vforked %d, spawned %d\n", forks, vforks, spawns);
    return 0;
}
