//! The merchant's own secrets, in the operating system's keyring.
