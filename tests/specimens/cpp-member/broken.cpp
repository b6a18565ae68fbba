// A member of a heap object, changed and read through its methods, which the compiler inlines into the threads.
// The race: `balance_ += amount` in Account::deposit against `return balance_ / 100` in Account::euros.
#include <memory>

#include "stage.h"

class Account {
public:
    void deposit(int64_t amount) { balance_ += amount; /* races with euros() */ }
    int64_t euros() const { return balance_ / 100; /* races with deposit() */ }

private:
    char owner_[40] = "a member some way into its object";
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
