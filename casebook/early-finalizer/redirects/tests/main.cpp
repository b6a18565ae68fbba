#include <cstdio>

#include "check.h"

namespace {

int failures = 0;

}  // namespace

std::vector<Test>& all_tests() {
    static std::vector<Test> tests;
    return tests;
}

void failed(const char* file, int line, const std::string& what) {
    failures++;
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

int main() {
    for (const Test& test : all_tests()) {
        const int before = failures;
        test.run();
        if (failures > before) std::printf("FAILED: %s\n", test.fact);
    }
    std::printf("redirects: %zu tests, %d failed checks\n", all_tests().size(), failures);
    return failures > 0;
}
