//! What came of each thing that a trial tried.

use serde::Serialize;

/// One thing that a trial tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `gate`, `command`, `folder`, `read`, `write` or `forwarding`.
    pub part: &'static str,
    /// What came of it.
    pub result: Shown,
    /// What was seen, or why nothing was tried, without a full stop.
    pub why: String,
}

/// What came of one thing that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// It was seen to be as it was granted.
    Proved,
    /// It was seen to be otherwise.
    Failed,
    /// It was not tried.
    NotTried,
}

impl Part {
    pub(crate) fn proved(part: &'static str, why: String) -> Self {
        Self { part, result: Shown::Proved, why }
    }

    pub(crate) fn failed(part: &'static str, why: String) -> Self {
        Self { part, result: Shown::Failed, why }
    }

    pub(crate) fn not_tried(part: &'static str, why: String) -> Self {
        Self { part, result: Shown::NotTried, why }
    }

    /// Whether it was seen to be otherwise than it was granted.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.result == Shown::Failed
    }
}
