// The C ABI: shared ownership inside, explicit free outside.
#include <cstring>
#include <memory>

#include "redirects.h"
#include "rule_set.h"

using redirects::Answer;
using redirects::RuleSet;
using redirects::Visitor;

struct redirects_matcher {
    std::shared_ptr<const RuleSet> rules = std::make_shared<const RuleSet>();
};

namespace {

const redirects_rules* opaque(const RuleSet* rules) {
    return reinterpret_cast<const redirects_rules*>(rules);
}

const RuleSet* transparent(const redirects_rules* rules) {
    return reinterpret_cast<const RuleSet*>(rules);
}

int match(const RuleSet& rules, const redirects_request& request, redirects_answer& answer) {
    const std::optional<Answer> found = rules.match(Visitor(request));
    if (!found) return 0;
    answer = {found->status, found->line, strdup(found->target.c_str())};
    return 1;
}

}  // namespace

redirects_matcher* redirects_new(void) { return new redirects_matcher; }

size_t redirects_parse(redirects_matcher* matcher, const char* text, size_t length,
                       redirects_format format) {
    const auto parse = format == REDIRECTS_JSON ? redirects::parse_json : redirects::parse_text;
    matcher->rules = std::make_shared<const RuleSet>(parse({text, length}));
    return matcher->rules->rules.size();
}

size_t redirects_bad_lines(const redirects_matcher* matcher) {
    return matcher->rules->bad_lines.size();
}

size_t redirects_bad_line(const redirects_matcher* matcher, size_t index, const char** reason) {
    const redirects::BadLine& bad = matcher->rules->bad_lines.at(index);
    *reason = bad.reason.c_str();
    return bad.line;
}

int redirects_match(const redirects_matcher* matcher, const redirects_request* request,
                    redirects_answer* answer) {
    const std::shared_ptr<const RuleSet> share = matcher->rules;
    return match(*share, *request, *answer);
}

const redirects_rules* redirects_rules_of(const redirects_matcher* matcher) {
    return opaque(matcher->rules.get());
}

int redirects_rules_match(const redirects_rules* rules, const redirects_request* request,
                          redirects_answer* answer) {
    return match(*transparent(rules), *request, *answer);
}

void redirects_string_free(char* target) { free(target); }

void redirects_free(redirects_matcher* matcher) { delete matcher; }
