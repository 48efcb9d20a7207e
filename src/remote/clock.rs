//! Two clocks: ours, whose seconds are [`UnixTime`], and that of a server, whose seconds are [`ServerTime`]. What a server
//! keeps a deadline by is its own; what the ledger says and people read is ours. One becomes the other by [`Skew`]
//! alone.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::grant::UnixTime;

/// A moment by a server's own clock, in seconds since 1970; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(i64);

impl ServerTime {
    /// What a server said is a moment of its clock.
    #[must_use]
    pub const fn said(seconds: i64) -> Self {
        Self(seconds)
    }

    /// As a server is told it.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to this.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<i64> for ServerTime {
    type Output = Self;

    fn add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// How many seconds a server's clock is ahead of ours; below 0 where it is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Skew(i64);

impl Skew {
    /// So many seconds.
    #[must_use]
    pub const fn by(seconds: i64) -> Self {
        Self(seconds)
    }

    /// How many.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// A moment of ours by the server's clock.
    #[must_use]
    pub const fn theirs(self, ours: UnixTime) -> ServerTime {
        ServerTime(ours.saturating_add(self.0))
    }

    /// A moment of the server's by our clock.
    #[must_use]
    pub const fn ours(self, theirs: ServerTime) -> UnixTime {
        theirs.0.saturating_sub(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_there_and_back() {
        for ahead in [-7_200, 0, 300] {
            let skew = Skew::by(ahead);
            let theirs = skew.theirs(1_000_000);
            assert_eq!(theirs.seconds(), 1_000_000 + ahead);
            assert_eq!(skew.ours(theirs), 1_000_000);
            assert_eq!((theirs + 60).since(theirs), 60);
        }
        assert_eq!(Skew::by(1).theirs(i64::MAX).seconds(), i64::MAX);
    }
}
