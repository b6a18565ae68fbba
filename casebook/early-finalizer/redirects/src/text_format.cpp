#include <charconv>

#include "rule_set.h"
#include "words.h"

namespace redirects {

namespace {

using Words = std::vector<std::string_view>;

bool is_target(std::string_view word) {
    return starts_with(word, "/") || starts_with(word, "https://") || starts_with(word, "http://");
}

// "301", or "200!" for a forced rule. False if it is no number.
bool read_status(std::string_view word, Rule& rule) {
    if (word.back() == '!') {
        rule.is_forced = true;
        word.remove_suffix(1);
    }
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), rule.status);
    return error == std::errc() && end == word.data() + word.size();
}

// Reads one line that is not empty. Returns what is wrong with it; empty if nothing.
std::string read_line(const Words& line, Rule& rule) {
    std::optional<Pattern> from = Pattern::parse(line[0]);
    if (!from) return "no path: " + std::string(line[0]);
    rule.from = std::move(*from);

    size_t at = 1;
    for (; at < line.size() && !is_target(line[at]); at++) {
        const size_t equals = line[at].find('=');
        if (equals == std::string_view::npos) return "no target: " + std::string(line[at]);
        rule.query.push_back(parameter(line[at].substr(0, equals), line[at].substr(equals + 1)));
    }
    if (at == line.size()) return "there is no target";
    rule.to = Target::parse(line[at++]);

    if (at < line.size() && line[at].find('=') == std::string_view::npos) {
        if (!read_status(line[at], rule)) return "no status: " + std::string(line[at]);
        at++;
    }
    for (; at < line.size(); at++) {
        const size_t equals = line[at].find('=');
        if (equals == std::string_view::npos ||
            !rule.conditions.add(line[at].substr(0, equals),
                                 split(line[at].substr(equals + 1), ','))) {
            return "no condition: " + std::string(line[at]);
        }
    }
    return "";
}

// A word that begins with # begins a comment.
Words without_comment(Words line) {
    for (size_t at = 0; at < line.size(); at++) {
        if (line[at][0] == '#') line.resize(at);
    }
    return line;
}

}  // namespace

RuleSet parse_text(std::string_view text) {
    RuleSet set;
    size_t number = 0;
    for (const std::string_view row : split(text, '\n')) {
        number++;
        const Words line = without_comment(words(row));
        if (line.empty()) continue;
        auto rule = std::make_unique<Rule>();
        rule->line = number;
        std::string flaw = read_line(line, *rule);
        set.add(std::move(rule), std::move(flaw));
    }
    return set;
}

}  // namespace redirects
