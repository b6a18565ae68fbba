// Cutting text into parts without copying it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace redirects {

// What stands between separators; nothing for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

// What stands between blanks and tabs.
std::vector<std::string_view> words(std::string_view line);

std::string lower(std::string_view text);

inline bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

}  // namespace redirects
