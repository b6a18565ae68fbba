// A site's settings, replaced while requests are served from them. The pointer is atomic, and every Site is complete
// before it is published: only its end comes too early.
// The use after free: `delete old` in replace against what serve still reads of it.
#include <atomic>
#include <string>

#include "stage.h"

struct Site {
    uint64_t version, weight; // the allocator writes over these when it takes the block back
    std::string name;
};

namespace {

std::atomic<Site *> current;

Site *parse(uint64_t version) {
    return new Site{version, version & 7, "a name too long to stand within its object, number " + std::to_string(version)};
}

uint64_t replacer() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        Site *old = current.exchange(parse(operations));
        stage_pause(20);
        delete old; // serve() may be using it
    }
    return operations;
}

__attribute__((noinline)) uint64_t serve(const Site *site) {
    uint64_t sum = 0;
    for (int path = 0; path < 50; path++) {
        sum += stage_work(200) + site->weight + static_cast<unsigned char>(site->name[path & 31]);
    }
    return sum;
}

uint64_t server() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(static_cast<unsigned>(serve(current.load()) & 255));
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    current = parse(0);
    static stage_role *const roles[] = {replacer, server, nullptr};
    return stage_play(argc, argv, roles);
}
