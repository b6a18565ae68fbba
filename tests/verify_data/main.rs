//! `jostle verify` on production data: what it says of a fix that worked and of one that did not, the same from every kind
//! of source; and of everything that can be wrong with data, one clear error.

mod asked;
mod bad_input;
mod databases;
mod incident;
mod server;
mod site;
mod troubles;
mod verdicts;
