//! The C interface. Nothing is decided here: handles and texts are turned into references, answers into C strings.

mod asking;
mod client;
mod lent;
mod overriding;
mod strings;
mod user;

pub use crate::host::{Observe, StoreGet, StoreSet, TakeExposures};
pub use asking::*;
pub use client::*;
pub use lent::*;
pub use overriding::*;
pub use strings::free_string;
pub use user::*;

use crate::client::Client;
use crate::host::{DataStore, Observer};
use crate::layer::Layer;
use crate::registry::Registry;
use crate::user::User;
use std::panic::{AssertUnwindSafe, catch_unwind};

static CLIENTS: Registry<Client> = Registry::new(b'C');
static USERS: Registry<User> = Registry::new(b'U');
static LAYERS: Registry<Layer> = Registry::new(b'L');
static STORES: Registry<DataStore> = Registry::new(b'S');
static OBSERVERS: Registry<Observer> = Registry::new(b'O');

/// Does the work; whatever is missing, and a panic as well, gives the value for failure.
fn attempt<T: Default>(work: impl FnOnce() -> Option<T>) -> T {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten().unwrap_or_default()
}
