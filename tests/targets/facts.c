/* Says everything that a program inherits, after half a second of being watched; copies stdin, exits with 7. */
#include "busy.h"
#include <dirent.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

extern char **environ;

static void say_signals(void) {
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int signal = 1; signal < 65; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) != 0) continue;
        printf("signal %d: blocked %d, ignored %d, default %d\n", signal, sigismember(&mask, signal),
               action.sa_handler == SIG_IGN, action.sa_handler == SIG_DFL);
    }
}

static void say_descriptors(void) {
    for (int fd = 0; fd < 1024; fd++) {
        struct stat status;
        if (fstat(fd, &status) == 0) printf("descriptor %d: type %o\n", fd, status.st_mode & S_IFMT);
    }
}

static void say_limits(void) {
    for (int which = 0; which < RLIM_NLIMITS; which++) {
        struct rlimit limit;
        getrlimit(which, &limit);
        printf("limit %d: %lu of %lu\n", which, limit.rlim_cur, limit.rlim_max);
    }
}

static void say_place(void) {
    char directory[4096];
    mode_t mask = umask(0);
    printf("in %s, group %d, session %d, umask %o\n", getcwd(directory, sizeof directory), getpgrp(), getsid(0), mask);
    printf("priority %d, dumpable %d, slack %d, personality %x\n", getpriority(PRIO_PROCESS, 0),
           prctl(PR_GET_DUMPABLE), prctl(PR_GET_TIMERSLACK), personality(0xffffffff));
    printf("death signal %d, subreaper %d, no new privileges %d, seccomp %d\n", prctl(PR_GET_PDEATHSIG, 0),
           prctl(PR_GET_CHILD_SUBREAPER, 0), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP));
}

int main(int argc, char **argv) {
    int slack = prctl(PR_GET_TIMERSLACK);
    say_signals();
    say_descriptors();
    busy_for(500);
    for (int i = 0; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
    for (char **entry = environ; *entry != NULL; entry++) printf("environment: %s\n", *entry);
    say_signals();
    say_descriptors();
    say_limits();
    say_place();
    printf("slack at the start %d\n", slack);
    for (int c; (c = getchar()) != EOF;) putchar(c);
    fputs("and this to standard error\n", stderr);
    return 7;
}
