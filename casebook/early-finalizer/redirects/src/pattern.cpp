#include "pattern.h"

#include <algorithm>
#include <cctype>

#include "visitor.h"
#include "words.h"

namespace redirects {

namespace {

constexpr std::string_view splat_name = "splat";

bool begins_name(char letter) { return std::isalpha(static_cast<unsigned char>(letter)) != 0; }

bool continues_name(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

}  // namespace

std::optional<Pattern::Segment> Pattern::segment(std::string_view text) {
    if (text == "*") return Segment{Segment::Kind::splat, std::string(splat_name)};
    if (text.find('*') != std::string_view::npos) return std::nullopt;
    if (text.size() > 1 && text[0] == ':') {
        return Segment{Segment::Kind::placeholder, std::string(text.substr(1))};
    }
    return Segment{Segment::Kind::literal, std::string(text)};
}

std::optional<Pattern> Pattern::parse(std::string_view text) {
    if (text.empty() || text[0] != '/') return std::nullopt;
    Pattern pattern;
    for (const std::string_view part : split(without_trailing_slash(text.substr(1)), '/')) {
        if (!pattern.rest_.empty() && pattern.rest_.back().kind == Segment::Kind::splat) {
            return std::nullopt;
        }
        std::optional<Segment> next = segment(part);
        if (!next) return std::nullopt;
        if (pattern.rest_.empty() && next->kind == Segment::Kind::literal) {
            pattern.prefix_.append("/").append(next->text);
        } else {
            pattern.rest_.push_back(std::move(*next));
        }
    }
    return pattern;
}

bool Pattern::matches(std::string_view path, Captures& captures) const {
    if (!starts_with(path, prefix_)) return false;
    path.remove_prefix(prefix_.size());
    if (rest_.empty()) return path.empty();
    return (path.empty() || path[0] == '/') && matches_rest(path, captures);
}

bool Pattern::matches_rest(std::string_view rest, Captures& captures) const {
    for (const Segment& wanted : rest_) {
        if (wanted.kind == Segment::Kind::splat) {
            captures.emplace_back(wanted.text, rest.empty() ? rest : rest.substr(1));
            return true;
        }
        if (rest.empty()) return false;
        rest.remove_prefix(1);
        const std::string_view found = rest.substr(0, rest.find('/'));
        rest.remove_prefix(found.size());
        if (wanted.kind == Segment::Kind::literal ? found != wanted.text : found.empty())
            return false;
        if (wanted.kind == Segment::Kind::placeholder) captures.emplace_back(wanted.text, found);
    }
    return rest.empty();
}

bool Pattern::captures(std::string_view name) const {
    return std::any_of(rest_.begin(), rest_.end(), [name](const Segment& segment) {
        return segment.kind != Segment::Kind::literal && segment.text == name;
    });
}

Target Target::parse(std::string_view text) {
    Target target;
    while (!text.empty()) {
        const bool is_name = text.size() > 1 && text[0] == ':' && begins_name(text[1]);
        size_t end = 1;
        while (end < text.size() && (is_name ? continues_name(text[end]) : text[end] != ':')) end++;
        const std::string_view piece = text.substr(0, end);
        target.pieces_.push_back({is_name, std::string(is_name ? piece.substr(1) : piece)});
        text.remove_prefix(end);
    }
    return target;
}

std::string Target::expand(const Captures& captures) const {
    std::string expanded;
    for (const Piece& piece : pieces_) {
        if (!piece.is_name) {
            expanded += piece.text;
            continue;
        }
        for (const auto& [name, value] : captures) {
            if (name == piece.text) {
                expanded += value;
                break;
            }
        }
    }
    return expanded;
}

bool Target::has_query() const {
    return std::any_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
        return piece.text.find('?') != std::string::npos;
    });
}

std::vector<std::string_view> Target::names() const {
    std::vector<std::string_view> found;
    for (const Piece& piece : pieces_) {
        if (piece.is_name) found.push_back(piece.text);
    }
    return found;
}

}  // namespace redirects
