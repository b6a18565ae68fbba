// Drives libgates.so from plain threads, without Go and without purego: is the library itself at fault?
// The last line is "ops N, wrong M". Exit: 0 right, 1 wrong, 2 wrong command line, 4 could not start, 124 hung.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gates.h"
#include "host.h"
#include "visitor.h"

enum { RIGHT = 0, WRONG = 1, MISUSED = 2, NOT_STARTED = 4, HUNG = 124 };
// Answers take microseconds. Who has not come back this long after the end hangs.
enum { PATIENCE = 10, MOST_THREADS = 1000 };

struct drive {
    struct visitor *visitors;
    unsigned threads;
    atomic_bool stop;
};

static int complain(int status, const char *why) {
    fprintf(stderr, "native-c: %s\n", why);
    return status;
}

static uint64_t open_client(void) {
    uint64_t store = gates_store_create(next_specs, keep_specs);
    uint64_t observer = gates_observer_create(observe);
    const char *options = "{\"interval_ms\":20,\"exposure_percent\":1}";
    return gates_client_create(NULL, options, store, observer, take_exposures);
}

static bool start(struct drive *drive, uint64_t client) {
    drive->visitors = calloc(drive->threads, sizeof *drive->visitors);
    if (drive->visitors == NULL) return false;
    for (unsigned i = 0; i < drive->threads; i++) {
        struct visitor *visitor = &drive->visitors[i];
        visitor->number = i;
        visitor->client = client;
        visitor->stop = &drive->stop;
        if (pthread_create(&visitor->thread, NULL, visit, visitor) != 0) return false;
    }
    return true;
}

// Waits until all visitors have come back, or until patience ends.
static bool stop(struct drive *drive) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE;
    drive->stop = true;
    for (unsigned i = 0; i < drive->threads; i++)
        if (pthread_timedjoin_np(drive->visitors[i].thread, NULL, &limit) == ETIMEDOUT) return false;
    return true;
}

static void wait_for(double seconds) {
    struct timespec rest = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    while (nanosleep(&rest, &rest) == -1 && errno == EINTR) continue;
}

// Tells how it went; whether nothing was wrong.
static bool tell(const struct drive *drive, double seconds) {
    uint64_t answers = 0, wrong = 0;
    for (unsigned i = 0; i < drive->threads; i++) {
        answers += drive->visitors[i].answers;
        wrong += drive->visitors[i].wrong;
    }
    printf("%u threads, %.0f answers/s, specs reloaded %lu times, %lu batches of exposures\n", drive->threads,
           answers / seconds, specs_reloaded(), batches_taken());
    printf("ops %lu, wrong %lu\n", answers, wrong);
    fflush(stdout);
    return wrong == 0;
}

int main(int count, char **arguments) {
    struct drive drive = {.threads = 32};
    if (count < 3 || count > 4) return complain(MISUSED, "usage: native-c SPECS SECONDS [THREADS]");
    double seconds = strtod(arguments[2], NULL);
    if (count == 4) drive.threads = (unsigned)strtoul(arguments[3], NULL, 10);
    if (!(seconds > 0) || drive.threads == 0 || drive.threads > MOST_THREADS)
        return complain(MISUSED, "seconds and threads (1000 at most) must be positive numbers");
    if (!load_specs(arguments[1])) return complain(NOT_STARTED, "the specs cannot be read");
    uint64_t client = open_client();
    if (client == 0) return complain(NOT_STARTED, "the library refuses the specs");
    if (!start(&drive, client)) return complain(NOT_STARTED, "threads cannot be started");
    wait_for(seconds);
    if (!stop(&drive)) {
        tell(&drive, seconds);
        _exit(complain(HUNG, "visitors have not come back; ended by the time limit"));
    }
    gates_client_release(client);
    return tell(&drive, seconds) ? RIGHT : WRONG;
}
