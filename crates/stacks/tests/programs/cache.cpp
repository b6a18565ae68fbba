// Inlined standard-library atomics, templates, namespaces, overloads and a destructor.
#include <atomic>
#include <string>
#include <vector>

namespace cache {

template <typename T> class Ring {
  public:
    void push(const T &value) {
        slots_[next_.load(std::memory_order_relaxed) % slots_.size()] = value;
        next_.store(next_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    __attribute__((noinline)) ~Ring() { slots_.clear(); }
    std::vector<T> slots_ = std::vector<T>(8);

  private:
    std::atomic<unsigned> next_{0};
};

__attribute__((noinline)) int find(int key) { return key * 3; }
__attribute__((noinline)) int find(const std::string &key) { return static_cast<int>(key.size()); }

std::atomic<long> hits;
int misses;

__attribute__((noinline)) void count(bool hit) {
    if (hit)
        hits.fetch_add(1);
    else
        misses++;
}

} // namespace cache

int main(int argc, char **) {
    cache::Ring<std::string> ring;
    ring.push(std::to_string(argc));
    cache::count(cache::find(argc) > cache::find(ring.slots_[0]));
    return cache::misses;
}
