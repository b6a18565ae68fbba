// A sequence lock as it must be written since C++11: the data are relaxed atomics, so readers that overlap a writer
// are no race; they see an odd or changed sequence number and try again. All of it compiles to plain moves.
// (H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012, figure 6.)
#include <atomic>

#include "stage.h"

namespace {

struct Quote {
    uint64_t bid, ask;
};

class Ticker {
public:
    STAGE_OPAQUE void write(Quote quote) {
        unsigned before = sequence_.load(std::memory_order_relaxed);
        sequence_.store(before + 1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        bid_.store(quote.bid, std::memory_order_relaxed);
        ask_.store(quote.ask, std::memory_order_relaxed);
        sequence_.store(before + 2, std::memory_order_release);
    }

    STAGE_OPAQUE Quote read() const {
        for (;;) {
            unsigned before = sequence_.load(std::memory_order_acquire);
            Quote quote{bid_.load(std::memory_order_relaxed), ask_.load(std::memory_order_relaxed)};
            std::atomic_thread_fence(std::memory_order_acquire);
            if (before % 2 == 0 && before == sequence_.load(std::memory_order_relaxed)) return quote;
        }
    }

private:
    std::atomic<unsigned> sequence_{0};
    std::atomic<uint64_t> bid_{0};
    std::atomic<uint64_t> ask_{1};
};

Ticker ticker;

uint64_t writer() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        ticker.write({operations, operations + 1});
        stage_work(1000);
    }
    return operations;
}

uint64_t reader() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        Quote quote = ticker.read();
        if (quote.ask != quote.bid + 1) abort();
        stage_work(200);
        stage_pause(20);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, reader, nullptr};
    return stage_play(argc, argv, roles);
}
