/* Says "ready", then runs until SIGTERM or SIGINT; "stubborn" ignores both. Exits with 3. */
#include "busy.h"

static volatile sig_atomic_t asked;
static void on_ask(int signal) { asked = signal; }

int main(int argc, char **argv) {
    int stubborn = argc > 1 && strcmp(argv[1], "stubborn") == 0;
    signal(SIGTERM, stubborn ? SIG_IGN : on_ask);
    signal(SIGINT, stubborn ? SIG_IGN : on_ask);
    busy_begin();
    busy_wait(100);
    printf("ready\n");
    fflush(stdout);
    while (!asked) usleep(1000);
    busy_end();
    printf("asked by signal %d\n", asked);
    return 3;
}
