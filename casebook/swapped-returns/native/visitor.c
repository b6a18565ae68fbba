#include "visitor.h"

#include <stdio.h>
#include <string.h>

#include "gates.h"

// Every so many users one asks for everything at once, as a browser does that opens the shop.
enum { USERS_PER_BOOTSTRAP = 64, ID_SIZE = 16, PREFIX_SIZE = 32 };

struct user {
    uint64_t handle;
    char id[ID_SIZE];
};

// Counts without a locked instruction: nobody else writes.
static void add_one(atomic_uint_fast64_t *count) {
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

// The oracle: the answer names the user that was asked about, and is as long as was told.
static bool is_right(const char *answer, uint64_t length, const struct user *user) {
    char begin[PREFIX_SIZE];
    int size = snprintf(begin, sizeof begin, "{\"user_id\":\"%s\"", user->id);
    return answer != NULL && strncmp(answer, begin, size) == 0 && strlen(answer) == length;
}

static void judge(struct visitor *visitor, const struct user *user, char *answer, uint64_t length) {
    if (!is_right(answer, length, user)) {
        add_one(&visitor->wrong);
        fprintf(stderr, "wrong: asked about %s, got %.60s\n", user->id, answer == NULL ? "nothing" : answer);
    }
    free_string(answer);
    add_one(&visitor->answers);
}

static void ask_about(struct visitor *visitor, const struct user *user) {
    uint64_t length = 0;
    char *answer = gates_get_gate(visitor->client, user->handle, "new-checkout", &length);
    judge(visitor, user, answer, length);
    answer = gates_get_config(visitor->client, user->handle, "search-tuning", &length);
    judge(visitor, user, answer, length);
    answer = gates_get_experiment(visitor->client, user->handle, "price-page", &length);
    judge(visitor, user, answer, length);
    answer = gates_get_parameter(visitor->client, user->handle, "app", "banner", &length);
    judge(visitor, user, answer, length);
    uint64_t layer = gates_layer_create(visitor->client, user->handle, "selling");
    answer = gates_layer_value(layer, "columns", &length);
    judge(visitor, user, answer, length);
    gates_layer_release(layer);
}

static void ask_for_everything(struct visitor *visitor, const struct user *user) {
    uint64_t length = 0;
    char *answer = gates_bootstrap(visitor->client, user->handle, &length);
    judge(visitor, user, answer, length);
}

static struct user arrive(unsigned visitor, unsigned number) {
    static const char *const countries[] = {"DE", "AT", "US", "FR"};
    struct user user;
    char description[160];
    snprintf(user.id, sizeof user.id, "c%02u-%08u", visitor % 100, number % 100000000);
    snprintf(description, sizeof description, "{\"user_id\":\"%s\",\"country\":\"%s\",\"app_version\":\"2.%u.0\"}",
             user.id, countries[number % 4], number % 7);
    user.handle = gates_user_create(description);
    return user;
}

void *visit(void *argument) {
    struct visitor *visitor = argument;
    for (unsigned number = 0; !*visitor->stop; number++) {
        struct user user = arrive(visitor->number, number);
        ask_about(visitor, &user);
        if (number % USERS_PER_BOOTSTRAP == 0) ask_for_everything(visitor, &user);
        gates_user_release(user.handle);
    }
    return NULL;
}
