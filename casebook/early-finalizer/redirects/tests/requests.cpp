#include "check.h"
#include "site.h"

TEST("query parameters are asked for, and captured") {
    const Site site("/shop id=:id tag=sale /products/:id/sale\n/shop id=:id /products/:id\n");
    CHECK_EQUAL(site.ask("/shop", "id=7&tag=sale"), "301 /products/7/sale");
    CHECK_EQUAL(site.ask("/shop", "tag=new&id=7"), "301 /products/7");
    CHECK_EQUAL(site.ask("/shop", "tag=sale"), "none");
    CHECK_EQUAL(site.ask("/shop", "id=7&id=8"), "301 /products/7");
}

TEST("a query that no rule asked for goes on with the visitor") {
    const Site site("/a /b\n/c /d?from=c\n");
    CHECK_EQUAL(site.ask("/a", "page=2"), "301 /b?page=2");
    CHECK_EQUAL(site.ask("/c", "page=2"), "301 /d?from=c");
}

TEST("countries are compared without regard to case") {
    const Site site("/ /de 302 Country=de,AT\n");
    redirects_request visit = request("/");
    CHECK_EQUAL(site.ask(visit), "none");
    visit.country = "AT";
    CHECK_EQUAL(site.ask(visit), "302 /de");
    visit.country = "fr";
    CHECK_EQUAL(site.ask(visit), "none");
}

TEST("a language is meant with all its dialects") {
    const Site site("/ /gb 302 Language=en-GB\n/ /en 302 Language=en\n");
    redirects_request visit = request("/");
    visit.language = "en-gb";
    CHECK_EQUAL(site.ask(visit), "302 /gb");
    visit.language = "en-AU";
    CHECK_EQUAL(site.ask(visit), "302 /en");
    visit.language = "eo";
    CHECK_EQUAL(site.ask(visit), "none");
}

TEST("one of the roles and one of the cookies is enough, but both are needed") {
    const Site site("/admin/* /console/:splat 200! Role=admin,editor Cookie=session\n");
    redirects_request visit = request("/admin/users");
    visit.roles = "reader,editor";
    CHECK_EQUAL(site.ask(visit), "none");
    visit.cookies = "theme,session";
    CHECK_EQUAL(site.ask(visit), "200 /console/users");
    visit.roles = "reader";
    CHECK_EQUAL(site.ask(visit), "none");
}
