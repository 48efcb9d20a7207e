//! What a sweep that nobody watches has told lately: the same finding is told once and then daily,
//! until it is acknowledged.

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::file;
use crate::grant::UnixTime;

/// How long the same is not told again, in seconds.
const DAILY: UnixTime = 24 * 60 * 60;

/// Whether the very same was told within a day; else it counts as told now. What cannot be written
/// down is told.
///
/// `about` is the name of the file in the state folder that says so: what is told of one thing does
/// not count for another.
pub fn lately(context: &Context, about: &str, lines: &[String], now: UnixTime) -> bool {
    let file = context.state_dir.join(about);
    let mark = Sha256::digest(lines.join("\n"));
    let mark = data_encoding::HEXLOWER.encode(&mark);
    let known = fs::read_to_string(&file).unwrap_or_default();
    if let Some((at, told)) = known.trim().split_once(' ')
        && told == mark
        && at.parse().is_ok_and(|at: UnixTime| (0..DAILY).contains(&(now - at)))
    {
        return true;
    }
    let _ = file::replace(&file, format!("{now} {mark}\n").as_bytes(), 0o600);
    false
}
