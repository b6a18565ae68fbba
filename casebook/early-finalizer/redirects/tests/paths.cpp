#include "check.h"
#include "site.h"

TEST("a literal path is one page, with or without a slash at its end") {
    const Site site("/old /new\n");
    CHECK_EQUAL(site.ask("/old"), "301 /new");
    CHECK_EQUAL(site.ask("/old/"), "301 /new");
    CHECK_EQUAL(site.ask("/older"), "none");
    CHECK_EQUAL(site.ask("/old/page"), "none");
    CHECK_EQUAL(site.ask("/"), "none");
}

TEST("the root can be redirected") { CHECK_EQUAL(Site("/ /home 302\n").ask("/"), "302 /home"); }

TEST("placeholders take one segment each") {
    const Site site("/news/:year/:slug/print /blog/:slug/:year\n");
    CHECK_EQUAL(site.ask("/news/2014/rain/print"), "301 /blog/rain/2014");
    CHECK_EQUAL(site.ask("/news/2014/print"), "none");
    CHECK_EQUAL(site.ask("/news//rain/print"), "none");
    CHECK_EQUAL(site.ask("/news/2014/rain/print/all"), "none");
}

TEST("a splat takes the rest, which may be nothing") {
    const Site site("/docs/* /v2/:splat 302\n");
    CHECK_EQUAL(site.ask("/docs/a/b"), "302 /v2/a/b");
    CHECK_EQUAL(site.ask("/docs"), "302 /v2/");
    CHECK_EQUAL(site.ask("/documents"), "none");
}

TEST("a target may be elsewhere, with a port") {
    CHECK_EQUAL(Site("/api/* https://api.example.org:8080/:splat 200\n").ask("/api/users"),
                "200 https://api.example.org:8080/users");
}

TEST("the first rule that matches wins") {
    const Site site("/a/b /first\n/a/:x /second\n/* /last 404\n");
    CHECK_EQUAL(site.ask("/a/b"), "301 /first");
    CHECK_EQUAL(site.ask("/a/c"), "301 /second");
    CHECK_EQUAL(site.ask("/c"), "404 /last");
}

TEST("a page that exists is hidden by forced rules only") {
    const Site site("/page /soft\n/page /hard 301!\n");
    redirects_request existing = request("/page");
    CHECK_EQUAL(site.ask(existing), "301 /soft");
    existing.exists = 1;
    CHECK_EQUAL(site.ask(existing), "301 /hard");
}

TEST("twelve thousand rules are asked in order") {
    std::string text;
    for (int number = 0; number < 12000; number++) {
        const std::string page = std::to_string(number);
        text += "/blog/2014/05/post-" + page + " /articles/" + page + "\n";
    }
    const Site site(text);
    CHECK_EQUAL(site.count, 12000u);
    CHECK_EQUAL(site.ask("/blog/2014/05/post-11999"), "301 /articles/11999");
}
