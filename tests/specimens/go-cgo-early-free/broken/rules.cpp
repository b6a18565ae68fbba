#include "rules.h"

#include <array>

struct Rule {
    uint64_t path, target;
};

struct rules {
    uint64_t version;
    std::array<Rule, 64> all;
};

rules *rules_new(uint64_t version) {
    rules *made = new rules{version, {}};
    for (uint64_t path = 0; path < made->all.size(); path++) made->all[path] = {path, path * version};
    return made;
}

uint64_t rules_match(const rules *rules, uint64_t path) {
    uint64_t sum = 0;
    for (int again = 0; again < 200; again++) {
        for (const Rule &rule : rules->all) { // races with rules_free
            if (rule.path == (path & 63)) sum += rule.target;
        }
        asm volatile("" ::: "memory");
    }
    return sum;
}

void rules_free(rules *rules) { delete rules; }
