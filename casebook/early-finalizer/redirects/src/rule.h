// One rule, and the parts from which both formats make it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conditions.h"
#include "pattern.h"
#include "visitor.h"

namespace redirects {

// A query parameter that must be there, and what its value must be or is to be called.
struct Parameter {
    std::string name;
    std::string value;
    bool is_captured;
};

struct Answer {
    int status;
    size_t line;
    std::string target;
};

struct Rule {
    // The answer for this visitor, unless the rule is not for them.
    std::optional<Answer> answer(const Visitor& visitor) const;

    // What is wrong with the rule; empty if nothing.
    std::string flaw() const;

    Pattern from;
    std::vector<Parameter> query;
    Target to;
    int status = 301;
    bool is_forced = false;
    Conditions conditions;
    size_t line = 0;

  private:
    bool matches_query(const Visitor& visitor, Captures& captures) const;
};

// "id=:id" captures the value, "id=7" asks for it.
Parameter parameter(std::string_view name, std::string_view value);

}  // namespace redirects
