// The twin of broken.cpp: the same member, guarded by a std::mutex in the same object.
#include <memory>
#include <mutex>

#include "stage.h"

class Account {
public:
    void deposit(int64_t amount) {
        std::lock_guard guard(lock_);
        balance_ += amount;
    }
    int64_t euros() const {
        std::lock_guard guard(lock_);
        return balance_ / 100;
    }

private:
    mutable std::mutex lock_;
    int64_t balance_ = 0;
};

namespace {

std::unique_ptr<Account> account;

uint64_t depositor() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        account->deposit(static_cast<int64_t>(stage_work(1500) & 7));
    }
    return operations;
}

uint64_t auditor() {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work(static_cast<unsigned>(account->euros() & 511));
        stage_pause(20);
    }
    return operations;
}

} // namespace

int main(int argc, char **argv) {
    account = std::make_unique<Account>();
    static stage_role *const roles[] = {depositor, auditor, nullptr};
    return stage_play(argc, argv, roles);
}
