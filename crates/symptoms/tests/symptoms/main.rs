//! Genuine reports and what is made of them, twins that only look like reports, and any bytes at all.

mod cases;
mod crashes;
mod disguised;
mod genuine;
mod survival;
mod twins;
