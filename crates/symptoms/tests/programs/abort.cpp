// Ends in the way that its argument names.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Shape {
    Shape() { describe(); }
    virtual ~Shape() = default;
    void describe() { draw(); }
    virtual void draw() = 0;
};

struct Circle : Shape {
    void draw() override { std::puts("circle"); }
};

namespace orders {
struct Rejected {
    int code;
};
}  // namespace orders

int main(int argc, char **argv) {
    std::string how = argc > 1 ? argv[1] : "throw";
    if (how == "throw") throw std::runtime_error("order 17 is unknown");
    if (how == "own") throw orders::Rejected{4};
    if (how == "range") return std::vector<int>(3).at(argc + 5);
    if (how == "thread") {
        std::thread worker([] { throw std::logic_error("from a thread"); });
        worker.join();
    }
    if (how == "joinable") std::thread worker([] {});
    if (how == "pure") Circle circle;
    if (how == "rethrow") throw;
    return 0;
}
