/* A site's redirect rules: read once, then asked for every request. First match wins. */
#ifndef REDIRECTS_H
#define REDIRECTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Owns the rules of one site. Made by redirects_new, ended by redirects_free. */
typedef struct redirects_matcher redirects_matcher;

/* The rules themselves, as redirects_rules_of pulls them out of their owner. */
typedef struct redirects_rules redirects_rules;

typedef enum { REDIRECTS_TEXT, REDIRECTS_JSON } redirects_format;

/* A request. Lists are separated by commas; what is unknown is "". */
typedef struct {
    const char* path;
    const char* query; /* without the question mark */
    const char* country;
    const char* language; /* the one that the visitor likes best */
    const char* roles;
    const char* cookies; /* their names */
    int exists;          /* whether the site has a page at the path: only forced rules hide it */
} redirects_request;

/* What a rule says. The target is the caller's, to be given to redirects_string_free. */
typedef struct {
    int status;
    size_t line;
    char* target;
} redirects_answer;

redirects_matcher* redirects_new(void);

/* Replaces the rules. Lines that cannot be read are left out and kept for redirects_bad_line.
 * Returns how many rules there are. */
size_t redirects_parse(redirects_matcher* matcher, const char* text, size_t length,
                       redirects_format format);

size_t redirects_bad_lines(const redirects_matcher* matcher);

/* The number of the index-th bad line, and in *reason, which is the matcher's, what is wrong with
 * it. */
size_t redirects_bad_line(const redirects_matcher* matcher, size_t index, const char** reason);

/* Whether a rule applies; then it is in *answer. Holds a share of the rules until it returns. */
int redirects_match(const redirects_matcher* matcher, const redirects_request* request,
                    redirects_answer* answer);

/* The rules without a share in them: good only as long as the matcher is. */
const redirects_rules* redirects_rules_of(const redirects_matcher* matcher);

/* As redirects_match, for who has pulled the rules out. */
int redirects_rules_match(const redirects_rules* rules, const redirects_request* request,
                          redirects_answer* answer);

void redirects_string_free(char* target);

/* Ends the matcher, and the rules with it unless a match still has a share in them. */
void redirects_free(redirects_matcher* matcher);

#ifdef __cplusplus
}
#endif

#endif
