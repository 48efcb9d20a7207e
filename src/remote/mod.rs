//! What runs on a server, and what it says: the two clocks ([`clock`]), the providers and their manifests ([`provider`]), what a verb is told
//! ([`inputs`]) and the ledger keeps for it ([`layer`]), the script that is sent and the reply that is read
//! ([`script`]), what it means to people ([`saying`]), one connection with the verbs that run over it ([`session`]), and a server as it was seen ([`server`]).
//!
//! How the bytes get there is the business of [`crate::transport`]; what a reply means for a grant, that of
//! [`crate::lifecycle`].

pub mod clock;
pub mod inputs;
pub mod layer;
pub mod provider;
pub(crate) mod saying;
pub mod script;
pub mod server;
pub mod session;
