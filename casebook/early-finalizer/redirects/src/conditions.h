// What a rule asks of the visitor besides the path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "visitor.h"

namespace redirects {

class Conditions {
  public:
    // Adds "Country" or another kind with the values of which one must hold. False if there is no
    // such kind.
    bool add(std::string_view kind, const std::vector<std::string_view>& values);

    bool hold_for(const Visitor& visitor) const;

  private:
    std::vector<std::string> countries_;
    std::vector<std::string> languages_;
    std::vector<std::string> roles_;
    std::vector<std::string> cookies_;
};

}  // namespace redirects
