// std::shared_ptr copied, moved and dropped in several threads. The counts are atomic (and the last owner touches
// them plainly); the slot is under a mutex; what is pointed to is written by its maker only, before it is shared.
#include <memory>
#include <mutex>
#include <vector>

#include "stage.h"

namespace {

struct Snapshot {
    explicit Snapshot(uint64_t turn) : turn(turn), values(16, turn) {}
    const uint64_t turn;
    const std::vector<uint64_t> values;
};

class Slot {
public:
    void publish(std::shared_ptr<const Snapshot> next) {
        std::lock_guard guard(lock_);
        current_.swap(next);
    }
    std::shared_ptr<const Snapshot> current() const {
        std::lock_guard guard(lock_);
        return current_;
    }

private:
    mutable std::mutex lock_;
    std::shared_ptr<const Snapshot> current_ = std::make_shared<const Snapshot>(0);
};

Slot slot;

uint64_t publisher() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        slot.publish(std::make_shared<const Snapshot>(operations));
        stage_work(1000);
    }
    return operations;
}

STAGE_OPAQUE uint64_t pass_around(std::shared_ptr<const Snapshot> mine) {
    std::weak_ptr<const Snapshot> weak = mine;
    std::vector<std::shared_ptr<const Snapshot>> copies(3, mine);
    mine.reset();
    auto again = weak.lock();
    return again ? again->values[again->turn % again->values.size()] : 0;
}

uint64_t reader() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(static_cast<unsigned>(pass_around(slot.current()) & 255));
        stage_pause(20);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    static stage_role *const roles[] = {publisher, reader, reader, nullptr};
    return stage_play(argc, argv, roles);
}
