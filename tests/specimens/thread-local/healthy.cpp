// The same variable in several threads, and yet never the same memory: thread_local, with and without a constructor,
// and pthread_getspecific. Short-lived threads get the stack and the thread-local memory of those before them, so the
// same addresses come back in another thread, one after the other.
#include <string>
#include <thread>

#include "stage.h"

namespace {

thread_local uint64_t plain = 0;
thread_local std::string built = "built on first use";
pthread_key_t key;

STAGE_OPAQUE void touch_plain() { plain += 3; }

STAGE_OPAQUE void touch_built() {
    built.push_back(static_cast<char>('a' + built.size() % 26));
    if (built.size() > 100) built.clear();
}

STAGE_OPAQUE void touch_specific() {
    auto *mine = static_cast<uint64_t *>(pthread_getspecific(key));
    if (mine == nullptr) {
        mine = new uint64_t{0};
        pthread_setspecific(key, mine);
    }
    ++*mine;
}

void touch_all() {
    touch_plain();
    touch_built();
    touch_specific();
}

uint64_t steady() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        touch_all();
        stage_work(1000);
    }
    return operations;
}

uint64_t generations() {
    uint64_t operations = 0;
    while (!stage_over()) {
        std::thread([&operations] {
            for (int i = 0; i < 50; i++, operations++) {
                touch_all();
                stage_work(300);
            }
        }).join();
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    static stage_role *const roles[] = {steady, steady, generations, nullptr};
    pthread_key_create(&key, [](void *mine) { delete static_cast<uint64_t *>(mine); });
    return stage_play(argc, argv, roles);
}
