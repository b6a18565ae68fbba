// The twin of broken.cpp: whoever serves from a site shares in it, so it lives for as long as anybody does.
#include <memory>
#include <mutex>
#include <string>

#include "stage.h"

struct Site {
    uint64_t version, weight;
    std::string name;
};

namespace {

std::mutex lock;
std::shared_ptr<const Site> current;

std::shared_ptr<const Site> share() {
    std::lock_guard guard(lock);
    return current;
}

std::shared_ptr<const Site> parse(uint64_t version) {
    return std::shared_ptr<const Site>(
        new Site{version, version & 7, "a name too long to stand within its object, number " + std::to_string(version)});
}

uint64_t replacer() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        std::shared_ptr<const Site> next = parse(operations);
        {
            std::lock_guard guard(lock);
            current.swap(next);
        }
        stage_pause(20);
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
        std::shared_ptr<const Site> site = share();
        stage_work(static_cast<unsigned>(serve(site.get()) & 255));
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    current = parse(0);
    static stage_role *const roles[] = {replacer, server, nullptr};
    return stage_play(argc, argv, roles);
}
