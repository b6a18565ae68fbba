#include "rule_set.h"

namespace redirects {

std::optional<Answer> RuleSet::match(const Visitor& visitor) const {
    for (const std::shared_ptr<const Rule>& rule : rules) {
        if (std::optional<Answer> answer = rule->answer(visitor)) return answer;
    }
    return std::nullopt;
}

void RuleSet::add(std::unique_ptr<Rule> rule, std::string flaw) {
    if (flaw.empty()) flaw = rule->flaw();
    if (flaw.empty()) {
        rules.push_back(std::move(rule));
    } else {
        bad_lines.push_back({rule->line, std::move(flaw)});
    }
}

}  // namespace redirects
