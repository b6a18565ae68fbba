// A request as the rules see it.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "redirects.h"

namespace redirects {

// A path without the slash at its end: "/a/" and "/a" are one page, and "/" is "".
std::string_view without_trailing_slash(std::string_view path);

struct Visitor {
    explicit Visitor(const redirects_request& request);

    // The value of a query parameter, the first one if it stands there twice.
    const std::string_view* parameter(std::string_view name) const;

    std::string_view path;
    std::string_view query;
    std::vector<std::pair<std::string_view, std::string_view>> parameters;
    std::string_view country;
    std::string_view language;
    std::vector<std::string_view> roles;
    std::vector<std::string_view> cookies;
    bool exists;
};

}  // namespace redirects
