//! What of the merchant's own computer is used: its keyring ([`keyring`]), and cron or systemd to be run by
//! ([`schedule`]). Files and folders of ours are found by [`crate::context`].

pub mod keyring;
pub mod schedule;
