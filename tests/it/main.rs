//! One test binary: every test talks to real servers, databases and clients.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod again;
mod bad_input;
mod cli;
mod conformance;
mod cut;
mod demo;
mod faults;
mod grants;
mod harness;
mod host;
mod hostile;
mod job;
mod json;
mod keyring;
mod lake;
mod ledger;
mod postgres;
mod readme;
mod schedule;
mod stage;
mod sweep;
mod transport;
mod transport_host;
mod unattended;
