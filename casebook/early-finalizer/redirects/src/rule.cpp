#include "rule.h"

#include <algorithm>

namespace redirects {

namespace {

constexpr int statuses[] = {200, 301, 302, 303, 307, 308, 401, 403, 404, 410, 451};

}  // namespace

Parameter parameter(std::string_view name, std::string_view value) {
    const bool is_captured = value.size() > 1 && value[0] == ':';
    return {std::string(name), std::string(is_captured ? value.substr(1) : value), is_captured};
}

std::optional<Answer> Rule::answer(const Visitor& visitor) const {
    Captures captures;
    if ((visitor.exists && !is_forced) || !from.matches(visitor.path, captures) ||
        !matches_query(visitor, captures) || !conditions.hold_for(visitor)) {
        return std::nullopt;
    }
    std::string target = to.expand(captures);
    // A query that no rule asked for goes on to where the visitor is sent.
    if (query.empty() && !visitor.query.empty() && !to.has_query()) {
        target.append("?").append(visitor.query);
    }
    return Answer{status, line, std::move(target)};
}

bool Rule::matches_query(const Visitor& visitor, Captures& captures) const {
    for (const Parameter& wanted : query) {
        const std::string_view* value = visitor.parameter(wanted.name);
        if (value == nullptr || (!wanted.is_captured && *value != wanted.value)) return false;
        if (wanted.is_captured) captures.emplace_back(wanted.value, *value);
    }
    return true;
}

std::string Rule::flaw() const {
    if (std::find(std::begin(statuses), std::end(statuses), status) == std::end(statuses)) {
        return "there is no status " + std::to_string(status);
    }
    for (const std::string_view name : to.names()) {
        const bool in_query = std::any_of(query.begin(), query.end(), [name](const Parameter& it) {
            return it.is_captured && it.value == name;
        });
        if (!in_query && !from.captures(name)) return "nothing captures :" + std::string(name);
    }
    return "";
}

}  // namespace redirects
