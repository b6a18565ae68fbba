// All rules of a site. Read once and never changed afterwards, so that any number of threads may
// ask it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule.h"

namespace redirects {

struct BadLine {
    size_t line;
    std::string reason;
};

struct RuleSet {
    // The answer of the first rule that is for this visitor.
    std::optional<Answer> match(const Visitor& visitor) const;

    // Takes the rule in, or what is wrong with it if anything is.
    void add(std::unique_ptr<Rule> rule, std::string flaw);

    std::vector<std::shared_ptr<const Rule>> rules;
    std::vector<BadLine> bad_lines;
};

// One rule a line: FROM [QUERY...] TO [STATUS[!]] [CONDITION...]
RuleSet parse_text(std::string_view text);

// {"redirects": [{"from": ..., "to": ...}, ...]}
RuleSet parse_json(std::string_view text);

}  // namespace redirects
