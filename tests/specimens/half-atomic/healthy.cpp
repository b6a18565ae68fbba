// The twin of broken.cpp: both sides atomic. The load is the same plain move.
#include <atomic>

#include "stage.h"

namespace {

class Meter {
public:
    STAGE_OPAQUE void tick() { count_.fetch_add(1, std::memory_order_relaxed); }
    STAGE_OPAQUE uint64_t peek() const { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<uint64_t> count_{0};
};

Meter meter;

uint64_t ticker() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        meter.tick();
        stage_work(1500);
    }
    return operations;
}

uint64_t reader() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(static_cast<unsigned>(meter.peek() & 255));
        stage_pause(20);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    static stage_role *const roles[] = {ticker, reader, nullptr};
    return stage_play(argc, argv, roles);
}
