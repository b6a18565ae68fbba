//! Feature gates, dynamic configs, experiments and layers, decided in the process that asks.
//!
//! Other languages use it through a C interface (`abi`, header `include/gates.h`):
//!
//! - what is made by `gates_X_create` is named by a `u64` handle and let go by `gates_X_release`; 0 is no handle;
//! - answers are JSON texts in memory of this library, to be given back with `free_string`; null means failure;
//! - the host may lend a data store, an observer and an exposure callback. They are called from the thread that
//!   asks and from the client's own background thread, and never while a lock of this library is held.
//!
//! Every function may be called from any thread at any time.

pub mod abi;
mod answer;
mod background;
mod bootstrap;
mod client;
mod condition;
mod evaluate;
mod exposure;
mod hash;
mod host;
mod layer;
mod overrides;
mod registry;
mod specs;
mod user;
mod version;
