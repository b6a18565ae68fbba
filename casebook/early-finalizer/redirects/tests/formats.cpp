#include "check.h"
#include "site.h"

TEST("comments and empty lines are no rules") {
    const Site site("# moved in May\n\n/a /b # for good\n   \n/c\t/d\r\n");
    CHECK_EQUAL(site.count, 2u);
    CHECK_EQUAL(site.bad(), "");
    CHECK_EQUAL(site.ask("/c"), "301 /d");
}

TEST("bad lines are told, and the others hold") {
    const Site site(
        "/a /b\nnowhere /b\n/c\n/d word /e\n/f /g 3o1\n/h /i 299\n/j /k 301 Planet=mars\n"
        "/l/*/m /n\n/o /p/:q\n/r* /s\n/y /z\n");
    CHECK_EQUAL(site.count, 2u);
    CHECK_EQUAL(site.ask("/y"), "301 /z");
    CHECK_EQUAL(site.bad(),
                "2: no path: nowhere\n3: there is no target\n4: no target: word\n"
                "5: no status: 3o1\n6: there is no status 299\n7: no condition: Planet=mars\n"
                "8: no path: /l/*/m\n9: nothing captures :q\n10: no path: /r*\n");
}

TEST("both formats mean the same") {
    const Site site(R"({"redirects": [
        {"from": "/shop", "query": {"id": ":id"}, "to": "/products/:id", "status": 302},
        {"from": "/admin/*", "to": "/console/:splat", "status": 200, "force": true,
         "conditions": {"Role": ["admin"], "Country": ["de", "at"]}}]})",
                    REDIRECTS_JSON);
    CHECK_EQUAL(site.count, 2u);
    CHECK_EQUAL(site.ask("/shop", "id=7"), "302 /products/7");
    CHECK_EQUAL(site.ask(redirects_request{"/admin/x", "", "AT", "", "admin", "", 1}),
                "200 /console/x");
}

TEST("bad entries are told, and the others hold") {
    const Site site(
        R"({"redirects": [{"from": "/a"}, {"from": 7, "to": "/b"}, {"from": "c", "to": "/d"},
        {"from": "/e", "to": "/f", "conditions": {"Planet": ["mars"]}}, {"from": "/y", "to": "/z"}]})",
        REDIRECTS_JSON);
    CHECK_EQUAL(site.ask("/y"), "301 /z");
    CHECK_EQUAL(
        site.bad(),
        "1: a part is missing or of the wrong type\n2: a part is missing or of the wrong type\n"
        "3: no path: c\n4: no condition: Planet\n");
}

TEST("what is no JSON is one bad line") {
    for (const char* text : {"", "{", "[]", "{\"redirects\": 7}"}) {
        const Site site(text, REDIRECTS_JSON);
        CHECK_EQUAL(site.count, 0u);
        CHECK_EQUAL(site.bad(), "0: there is no list of redirects\n");
    }
}

TEST("an empty matcher matches nothing") { CHECK_EQUAL(Site("").ask("/"), "none"); }

TEST("parsing again replaces the rules") {
    redirects_matcher* matcher = redirects_new();
    redirects_parse(matcher, "/a /b", 5, REDIRECTS_TEXT);
    CHECK_EQUAL(redirects_parse(matcher, "", 0, REDIRECTS_TEXT), 0u);
    redirects_free(matcher);
}

TEST("rules that were pulled out answer as their matcher does") {
    const Site site("/a /b\n");
    const redirects_request visit = request("/a");
    redirects_answer answer;
    CHECK_EQUAL(redirects_rules_match(redirects_rules_of(site.get()), &visit, &answer), 1);
    CHECK_EQUAL(std::string(answer.target), "/b");
    redirects_string_free(answer.target);
}
