//! public_key
