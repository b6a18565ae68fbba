/*
 * A program that loads its plugin 0.3 s after it started, when whoever watches it has long read its mappings.
 * PLUGIN, set by the build, names the library; it lies beside the program. The program itself races nowhere:
 * see broken/plugin.c and healthy/plugin.c.
 */
#include <dlfcn.h>

#include "stage.h"

static void (*plugin_update)(uint64_t);
static uint64_t (*plugin_snapshot)(void);

static int load(void) {
    void *plugin = dlopen(PLUGIN, RTLD_NOW);
    if (plugin == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 0;
    }
    *(void **)&plugin_update = dlsym(plugin, "plugin_update");
    *(void **)&plugin_snapshot = dlsym(plugin, "plugin_snapshot");
    return plugin_update != NULL && plugin_snapshot != NULL;
}

static uint64_t updater(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) plugin_update(stage_work(1500));
    return operations;
}

static uint64_t observer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(plugin_snapshot() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {updater, observer, NULL};
    stage_wait(0.3);
    if (!load()) return 1;
    return stage_play(argc, argv, roles);
}
