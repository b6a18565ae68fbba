#include "visitor.h"

#include "words.h"

namespace redirects {

std::string_view without_trailing_slash(std::string_view path) {
    if (!path.empty() && path.back() == '/') path.remove_suffix(1);
    return path;
}

Visitor::Visitor(const redirects_request& request)
    : path(without_trailing_slash(request.path)),
      query(request.query),
      country(request.country),
      language(request.language),
      roles(split(request.roles, ',')),
      cookies(split(request.cookies, ',')),
      exists(request.exists != 0) {
    for (const std::string_view part : split(query, '&')) {
        const size_t equals = part.find('=');
        const bool has_value = equals != std::string_view::npos;
        parameters.emplace_back(part.substr(0, equals),
                                has_value ? part.substr(equals + 1) : std::string_view());
    }
}

const std::string_view* Visitor::parameter(std::string_view name) const {
    for (const auto& [known, value] : parameters) {
        if (known == name) return &value;
    }
    return nullptr;
}

}  // namespace redirects
