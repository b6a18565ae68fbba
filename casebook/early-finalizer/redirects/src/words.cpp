#include "words.h"

namespace redirects {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

std::vector<std::string_view> words(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    std::vector<std::string_view> found;
    size_t begin = line.find_first_not_of(blanks);
    while (begin != std::string_view::npos) {
        const size_t end = line.find_first_of(blanks, begin);
        found.push_back(line.substr(begin, end - begin));
        begin = line.find_first_not_of(blanks, end);
    }
    return found;
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& letter : lowered) {
        if (letter >= 'A' && letter <= 'Z') letter += 'a' - 'A';
    }
    return lowered;
}

}  // namespace redirects
