// std::atomic with every operation and every order. On x86-64 all the loads, and the relaxed and release stores,
// are plain moves: only the source and the inlined frames tell them from a race.
#include <atomic>

#include "stage.h"

namespace {

struct Job {
    uint64_t payload;
};

std::atomic<uint64_t> counter{0};
std::atomic<uint64_t> peak{0};
std::atomic<uint32_t> bits{0};
std::atomic<int> turns{0};
std::atomic<bool> ready{false};
std::atomic<double> gauge{0.0};
std::atomic<Job *> slot{nullptr};
std::atomic_flag gate = ATOMIC_FLAG_INIT;
uint64_t guarded_by_gate = 0;
alignas(8) uint64_t referenced = 0;

void store_in_every_order(uint64_t value) {
    counter.store(value, std::memory_order_relaxed);
    peak.store(value, std::memory_order_release);
    ready.store((value & 1) != 0, std::memory_order_seq_cst);
    gauge.store(static_cast<double>(value), std::memory_order_relaxed);
    std::atomic_ref<uint64_t>(referenced).store(value, std::memory_order_release);
}

uint64_t load_in_every_order() {
    uint64_t sum = counter.load(std::memory_order_relaxed);
    sum += peak.load(std::memory_order_acquire);
    sum += ready.load(std::memory_order_seq_cst) ? 1 : 0;
    sum += static_cast<uint64_t>(gauge.load(std::memory_order_relaxed));
    sum += std::atomic_ref<uint64_t>(referenced).load(std::memory_order_acquire);
    return sum;
}

void change_in_place(uint32_t step) {
    counter.fetch_add(step, std::memory_order_relaxed);
    counter.fetch_sub(1, std::memory_order_acq_rel);
    ++counter;
    bits.fetch_or(1u << (step & 31));
    bits.fetch_and(~(1u << ((step + 7) & 31)));
    bits ^= 5u;
    turns.fetch_add(1, std::memory_order_release);
    turns.notify_one();
}

// The operators of std::atomic: a load and a store by another spelling.
void raise_peak(uint64_t value) {
    uint64_t seen = peak;
    while (seen < value && !peak.compare_exchange_weak(seen, value, std::memory_order_release)) {}
    uint32_t none = 0;
    bits.compare_exchange_strong(none, 1u);
    counter = value;
}

// A spinlock: what it guards is plain memory, and no race.
void pass_the_gate() {
    while (gate.test_and_set(std::memory_order_acquire)) {
        while (gate.test(std::memory_order_relaxed)) {}
    }
    guarded_by_gate++;
    gate.clear(std::memory_order_release);
}

// A job is handed over by its pointer: the payload is plain memory, and no race.
void offer_job(uint64_t payload) {
    delete slot.exchange(new Job{payload}, std::memory_order_acq_rel);
}

uint64_t take_job() {
    Job *job = slot.exchange(nullptr, std::memory_order_acquire);
    if (job == nullptr) return 0;
    uint64_t payload = job->payload;
    delete job;
    return payload;
}

uint64_t first() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        store_in_every_order(operations);
        pass_the_gate();
        offer_job(operations);
        change_in_place(static_cast<uint32_t>(operations));
        stage_work(1500);
    }
    return operations;
}

uint64_t second() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        raise_peak(load_in_every_order() + take_job());
        pass_the_gate();
        stage_work(500);
        stage_pause(20);
    }
    return operations;
}

// Sleeps in the kernel until the number of turns changes; main's last word wakes it.
uint64_t waiter() {
    uint64_t operations = 0;
    int seen = turns.load();
    for (; !stage_over(); operations++) {
        turns.wait(seen, std::memory_order_acquire);
        seen = turns.load(std::memory_order_relaxed);
        stage_work(300);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    pthread_t threads[] = {stage_enter(first), stage_enter(second), stage_enter(waiter)};
    stage_wait(stage_seconds(argc, argv));
    __atomic_store_n(&stage_flag, 1, __ATOMIC_SEQ_CST);
    turns.fetch_add(1);
    turns.notify_all();
    uint64_t operations = 0;
    for (pthread_t thread : threads) operations += stage_leave(thread);
    delete slot.load();
    return stage_report(operations);
}
