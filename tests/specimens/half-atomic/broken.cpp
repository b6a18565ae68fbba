// Half of a handshake: one side updates the counter atomically, the other reads the same memory as a plain field,
// as code does that was written before the field became shared.
// The race: the fetch_add in Meter::tick against `return raw_` in Meter::peek.
#include <atomic>

#include "stage.h"

namespace {

class Meter {
public:
    STAGE_OPAQUE void tick() { std::atomic_ref<uint64_t>(raw_).fetch_add(1, std::memory_order_relaxed); /* races */ }
    STAGE_OPAQUE uint64_t peek() const { return raw_; /* races with tick() */ }

private:
    uint64_t raw_ = 0;
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
