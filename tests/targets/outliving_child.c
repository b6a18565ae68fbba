/* Leaves a busy child behind, which writes to standard output long after its parent has ended. */
#include "busy.h"

int main(void) {
    busy_begin();
    busy_wait(300);
    if (fork() == 0) {
        for (int i = 0; i < 50; i++) {
            busy_touch();
            usleep(20000);
        }
        printf("the child ends well\n");
        fflush(stdout);
        _exit(0);
    }
    busy_end();
    printf("the parent ends\n");
    return 0;
}
