// A site's rules, behind a C interface.
#ifdef __cplusplus
extern "C" {
#endif
#include <stdint.h>

struct rules;
struct rules *rules_new(uint64_t version);
uint64_t rules_match(const struct rules *rules, uint64_t path);
void rules_free(struct rules *rules);

#ifdef __cplusplus
}
#endif
