// The innermost of three: follows a pointer that its caller made up.
struct Gate {
    int rules[4];
    __attribute__((noinline)) int evaluate(int user) const { return rules[user & 3]; }
};

extern "C" int gate_evaluate(const Gate *gate, int user) { return gate->evaluate(user) + 1; }
