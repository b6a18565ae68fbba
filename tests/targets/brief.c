/* Ends as it is told: "at-once", "crash" after a while, or "silent", with its standard streams closed. */
#include "busy.h"

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "at-once";
    if (strcmp(how, "at-once") == 0) return 0;
    if (strcmp(how, "silent") == 0)
        for (int fd = 0; fd < 3; fd++) close(fd);
    busy_begin();
    busy_wait(400);
    if (strcmp(how, "crash") == 0) raise(SIGSEGV);
    busy_end();
    return 0;
}
