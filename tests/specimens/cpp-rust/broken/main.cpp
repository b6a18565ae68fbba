// A C++ program with a Rust static library: Rust writes into a buffer that C++ owns and reads.
// The race: the load in Window::sum against the store in window_push (window.rs).
#include <array>
#include <memory>

#include "stage.h"

extern "C" void window_push(uint64_t *cells, size_t length, uint64_t turn, uint64_t value);

namespace {

class Window {
public:
    void push(uint64_t turn, uint64_t value) { window_push(cells_.data(), cells_.size(), turn, value); }

    STAGE_OPAQUE uint64_t sum() const {
        uint64_t sum = 0;
        for (uint64_t cell : cells_) sum += cell; // races with window_push
        return sum;
    }

private:
    std::array<uint64_t, 8> cells_{};
};

std::unique_ptr<Window> window;

uint64_t feeder() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) window->push(operations, stage_work(1500));
    return operations;
}

uint64_t summer() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(static_cast<unsigned>(window->sum() & 255));
        stage_pause(20);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    window = std::make_unique<Window>();
    static stage_role *const roles[] = {feeder, summer, nullptr};
    return stage_play(argc, argv, roles);
}
