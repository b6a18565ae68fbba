// A test is a function that registers itself; CHECK_EQUAL says what was not as expected, and where.
#pragma once

#include <sstream>
#include <string>
#include <vector>

struct Test {
    const char* fact;
    void (*run)();
};

std::vector<Test>& all_tests();
void failed(const char* file, int line, const std::string& what);

struct Registration {
    Registration(const char* fact, void (*run)()) { all_tests().push_back({fact, run}); }
};

template <typename One, typename Other>
void check_equal(const One& is, const Other& wanted, const char* text, const char* file, int line) {
    if (is == wanted) return;
    std::ostringstream what;
    what << text << " is " << is << ", not " << wanted;
    failed(file, line, what.str());
}

#define TEST_NAMED(fact, name)                          \
    static void name();                                 \
    static const Registration name##_known(fact, name); \
    static void name()
#define TEST_AT(fact, line) TEST_NAMED(fact, test_at_##line)
#define TEST_IN(fact, line) TEST_AT(fact, line)
#define TEST(fact) TEST_IN(fact, __LINE__)
#define CHECK_EQUAL(is, wanted) check_equal((is), (wanted), #is, __FILE__, __LINE__)
