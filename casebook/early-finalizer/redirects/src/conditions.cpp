#include "conditions.h"

#include <algorithm>

#include "words.h"

namespace redirects {

namespace {

bool contains(const std::vector<std::string>& wanted, std::string_view value) {
    return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool contains_any(const std::vector<std::string>& wanted,
                  const std::vector<std::string_view>& values) {
    return std::any_of(values.begin(), values.end(),
                       [&](std::string_view value) { return contains(wanted, value); });
}

// "en" is meant for "en-gb", too.
bool speaks(const std::vector<std::string>& wanted, std::string_view language) {
    const std::string full = lower(language);
    return contains(wanted, full) || contains(wanted, full.substr(0, full.find('-')));
}

}  // namespace

bool Conditions::add(std::string_view kind, const std::vector<std::string_view>& values) {
    const bool in_lower_case = kind == "Country" || kind == "Language";
    std::vector<std::string>* list = kind == "Country"    ? &countries_
                                     : kind == "Language" ? &languages_
                                     : kind == "Role"     ? &roles_
                                     : kind == "Cookie"   ? &cookies_
                                                          : nullptr;
    if (list == nullptr || values.empty()) return false;
    for (const std::string_view value : values) {
        list->push_back(in_lower_case ? lower(value) : std::string(value));
    }
    return true;
}

bool Conditions::hold_for(const Visitor& visitor) const {
    return (countries_.empty() || contains(countries_, lower(visitor.country))) &&
           (languages_.empty() || speaks(languages_, visitor.language)) &&
           (roles_.empty() || contains_any(roles_, visitor.roles)) &&
           (cookies_.empty() || contains_any(cookies_, visitor.cookies));
}

}  // namespace redirects
