// The C interface of libgates.so. Made by cbindgen from src/abi; `make test` sees that it is up to date.

#ifndef GATES_H
#define GATES_H

#include <stdbool.h>
#include <stdint.h>

// Takes a JSON list of exposures.
typedef void (*TakeExposures)(const char *exposures);

// Gives the text that is kept under a key, or null. The text stays the host's and is copied at once.
typedef const char *(*StoreGet)(const char *key);

// Keeps a text under a key.
typedef void (*StoreSet)(const char *key, const char *text);

// Takes note of a count since the last one.
typedef void (*Observe)(const char *name, uint64_t count);

// Whether the user passes a gate, and by which rule.
//
// # Safety
// `name` is null or a C string; `length` is null or may be written.
char *gates_get_gate(uint64_t client, uint64_t user, const char *name, uint64_t *length);

// Whether the user passes a gate, and nothing else. False if something is missing.
//
// # Safety
// `name` is null or a C string.
bool gates_check_gate(uint64_t client, uint64_t user, const char *name);

// The values of a dynamic config.
//
// # Safety
// `name` is null or a C string; `length` is null or may be written.
char *gates_get_config(uint64_t client, uint64_t user, const char *name, uint64_t *length);

// The values of the user's group in an experiment.
//
// # Safety
// `name` is null or a C string; `length` is null or may be written.
char *gates_get_experiment(uint64_t client, uint64_t user, const char *name, uint64_t *length);

// A parameter of a parameter store.
//
// # Safety
// `store` and `parameter` are null or C strings; `length` is null or may be written.
char *gates_get_parameter(uint64_t client,
                          uint64_t user,
                          const char *store,
                          const char *parameter,
                          uint64_t *length);

// Everything that is decided for the user, for an app to start with.
//
// # Safety
// `length` is null or may be written.
char *gates_bootstrap(uint64_t client, uint64_t user, uint64_t *length);

// A layer as the user sees it now. It goes on when the specs, the client or the user are gone. 0 if something is
// missing.
//
// # Safety
// `name` is null or a C string.
uint64_t gates_layer_create(uint64_t client,
                            uint64_t user,
                            const char *name);

// A parameter of a layer. The first look at it exposes the user.
//
// # Safety
// `parameter` is null or a C string; `length` is null or may be written.
char *gates_layer_value(uint64_t layer, const char *parameter, uint64_t *length);

// Lets go of a layer.
void gates_layer_release(uint64_t layer);

// A client that decides by the specs, or by those in the data store if `specs` is null. `options` is JSON or null:
// `interval_ms`, `batch`, `exposure_percent`. `store` and `observer` may be 0, `take_exposures` null.
// 0 if the specs or the options are of no use.
//
// # Safety
// `specs` and `options` are null or C strings.
uint64_t gates_client_create(const char *specs,
                             const char *options,
                             uint64_t store,
                             uint64_t observer,
                             TakeExposures take_exposures);

// Hands over the last exposures, ends the background thread and lets go of the client.
void gates_client_release(uint64_t client);

// Decides by newer specs from now on, and keeps them in the data store. False if they are older or of no use.
//
// # Safety
// `specs` is null or a C string.
bool gates_client_update(uint64_t client,
                         const char *specs);

// Hands over the exposures that wait, in the calling thread. How many.
uint64_t gates_client_flush(uint64_t client);

// Notes an event beside the exposures. False if something is missing.
//
// # Safety
// `name` and `value` are null or C strings.
bool gates_log_event(uint64_t client, uint64_t user, const char *name, const char *value);

// A data store of the host's. The functions are called from any thread. 0 if one of them is null.
uint64_t gates_store_create(StoreGet get, StoreSet set);

// Lets go of a data store. Clients that use it go on doing so.
void gates_store_release(uint64_t store);

// An observer of the host's. The function is called from any thread. 0 if it is null.
uint64_t gates_observer_create(Observe observe);

// Lets go of an observer. Clients that use it go on doing so.
void gates_observer_release(uint64_t observer);

// The gate is open or shut for the user from now on. False if something is missing.
//
// # Safety
// `name` and `user_id` are null or C strings.
bool gates_override_gate(uint64_t client, const char *name, const char *user_id, bool open);

// The config has these values, a JSON object, for the user from now on. False if something is missing.
//
// # Safety
// `name`, `user_id` and `values` are null or C strings.
bool gates_override_config(uint64_t client,
                           const char *name,
                           const char *user_id,
                           const char *values);

// The user is in this group of the experiment from now on. False if something is missing.
//
// # Safety
// `experiment`, `user_id` and `group` are null or C strings.
bool gates_override_group(uint64_t client,
                          const char *experiment,
                          const char *user_id,
                          const char *group);

// All overrides are gone.
void gates_override_clear(uint64_t client);

// Gives back the memory of an answer. Null is allowed and does nothing.
//
// # Safety
// `answer` is null or came out of this library and was not given back before.
void free_string(char *answer);

// A user described in JSON: `user_id`, and if known `email`, `country`, `app_version` and `custom` (text by name).
// 0 if the description is of no use.
//
// # Safety
// `json` is null or a C string.
uint64_t gates_user_create(const char *json);

// Lets go of a user.
void gates_user_release(uint64_t user);

#endif  /* GATES_H */
