// Asks the engine through its C ABI, as its users do.
#pragma once

#include <string>

#include "redirects.h"

// A request for a page that does not exist, by nobody in particular.
inline redirects_request request(const char* path, const char* query = "") {
    return {path, query, "", "", "", "", 0};
}

class Site {
  public:
    explicit Site(const std::string& text, redirects_format format = REDIRECTS_TEXT)
        : matcher_(redirects_new()) {
        count = redirects_parse(matcher_, text.data(), text.size(), format);
    }
    Site(const Site&) = delete;
    ~Site() { redirects_free(matcher_); }

    // "301 /target", or "none".
    std::string ask(const redirects_request& request) const {
        redirects_answer answer;
        if (!redirects_match(matcher_, &request, &answer)) return "none";
        std::string told = std::to_string(answer.status) + " " + answer.target;
        redirects_string_free(answer.target);
        return told;
    }
    std::string ask(const char* path, const char* query = "") const {
        return ask(request(path, query));
    }

    // "2: there is no target", for each bad line.
    std::string bad() const {
        std::string all;
        for (size_t index = 0; index < redirects_bad_lines(matcher_); index++) {
            const char* reason;
            const size_t line = redirects_bad_line(matcher_, index, &reason);
            all += std::to_string(line) + ": " + reason + "\n";
        }
        return all;
    }

    const redirects_matcher* get() const { return matcher_; }

    size_t count;

  private:
    redirects_matcher* matcher_;
};
