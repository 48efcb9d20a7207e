//! stagepass: temporary, proven access to a staging shop for support engineers, over SSH.
//!
//! The binary is a few lines over this library, so that tests, benches and fuzzers reach the code.

pub mod cli;
pub mod closing;
pub mod command;
pub mod context;
pub mod deadline;
pub mod desk;
pub mod error;
pub mod grant;
pub mod keyring;
pub mod ledger;
pub mod message;
pub mod opening;
pub mod output;
pub mod policy;
pub mod provider;
pub mod public_key;
pub mod schedule;
pub mod script;
pub mod secret;
pub mod server;
pub mod session;
pub mod target;
pub mod transport;
