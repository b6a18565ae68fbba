// The path that a rule is for, and the target with its blanks to fill in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace redirects {

// What a match has taken from the request. Names are the rule's, values the request's.
using Captures = std::vector<std::pair<std::string_view, std::string_view>>;

// "/news/:year/*": literal segments, named ones, and at the end perhaps everything that follows.
class Pattern {
  public:
    // Nothing if it does not begin with a slash or goes on behind a star.
    static std::optional<Pattern> parse(std::string_view text);

    bool matches(std::string_view path, Captures& captures) const;

    // Whether a match captures something of that name.
    bool captures(std::string_view name) const;

  private:
    struct Segment {
        enum class Kind { literal, placeholder, splat };
        Kind kind;
        std::string text;
    };

    static std::optional<Segment> segment(std::string_view text);
    bool matches_rest(std::string_view rest, Captures& captures) const;

    std::string prefix_;  // the literal segments at the start, which settle most questions
    std::vector<Segment> rest_;
};

// "/blog/:year/:splat": text with names to be replaced by what was captured.
class Target {
  public:
    static Target parse(std::string_view text);

    std::string expand(const Captures& captures) const;
    bool has_query() const;
    std::vector<std::string_view> names() const;

  private:
    struct Piece {
        bool is_name;
        std::string text;
    };
    std::vector<Piece> pieces_;
};

}  // namespace redirects
