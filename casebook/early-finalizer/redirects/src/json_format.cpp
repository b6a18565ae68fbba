#include <nlohmann/json.hpp>

#include "rule_set.h"

namespace redirects {

namespace {

using Json = nlohmann::json;

std::string read_conditions(const Json& entry, Rule& rule) {
    for (const auto& [kind, values] : entry.items()) {
        const auto list = values.get<std::vector<std::string>>();
        if (!rule.conditions.add(kind, {list.begin(), list.end()})) return "no condition: " + kind;
    }
    return "";
}

// Reads one entry. Returns what is wrong with it; empty if nothing. Throws if something has the
// wrong type.
std::string read_entry(const Json& entry, Rule& rule) {
    const auto path = entry.at("from").get<std::string>();
    std::optional<Pattern> from = Pattern::parse(path);
    if (!from) return "no path: " + path;
    rule.from = std::move(*from);
    rule.to = Target::parse(entry.at("to").get<std::string>());
    rule.status = entry.value("status", 301);
    rule.is_forced = entry.value("force", false);
    const Json nothing = Json::object();
    const Json query = entry.value("query", nothing);
    for (const auto& [name, value] : query.items()) {
        rule.query.push_back(parameter(name, value.get<std::string>()));
    }
    return read_conditions(entry.value("conditions", nothing), rule);
}

void add_entry(const Json& entry, size_t number, RuleSet& set) {
    auto rule = std::make_unique<Rule>();
    rule->line = number;
    std::string flaw;
    try {
        flaw = read_entry(entry, *rule);
    } catch (const Json::exception&) {
        flaw = "a part is missing or of the wrong type";
    }
    set.add(std::move(rule), std::move(flaw));
}

}  // namespace

RuleSet parse_json(std::string_view text) {
    RuleSet set;
    const Json whole = Json::parse(text, nullptr, false);
    const auto entries = whole.is_object() ? whole.find("redirects") : whole.end();
    if (!whole.is_object() || entries == whole.end() || !entries->is_array()) {
        set.bad_lines.push_back({0, "there is no list of redirects"});
        return set;
    }
    size_t number = 0;
    for (const Json& entry : *entries) add_entry(entry, ++number, set);
    return set;
}

}  // namespace redirects
