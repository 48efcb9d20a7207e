//! One test binary: every test talks to real servers, databases and clients.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod transport;
