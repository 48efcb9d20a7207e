//! One test binary: every test talks to real servers, databases and clients.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

mod acknowledge;
mod again;
mod bad_input;
mod cli;
mod clock;
mod conformance;
mod corpora;
mod cut;
mod demo;
mod ending;
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
mod matrix;
mod peers;
mod postgres;
mod readme;
mod reconcile;
mod schedule;
mod screen;
mod ssh_config;
mod stage;
mod sweep;
mod transport;
mod transport_host;
mod trial;
mod unattended;
mod verify;
