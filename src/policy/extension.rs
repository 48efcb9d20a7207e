//! Moving the deadline of a grant that exists.

use serde::{Deserialize, Serialize};

use super::name::{check_name, check_sentence};
use super::refusal::Broken;
use super::rule::Rule;
use super::{Check, Limits, LiveApproval, LiveRequest, Override, PolicyConfig};
use crate::deadline;
use crate::grant::UnixTime;
use crate::policy::desk::Desk;

/// A deadline that is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionRequest {
    /// The new deadline; an extension counts from now, not from the old one.
    pub deadline: UnixTime,
    /// Why. Shortening needs none.
    pub reason: Option<String>,
    /// The rules set aside.
    pub overrides: Vec<Override>,
    /// On a live environment: who approved the longer time, and the host name typed again.
    pub live: LiveRequest,
}

/// What an existing grant was agreed on, read back from the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The deadline as it stands.
    pub deadline: UnixTime,
    /// The latest it may ever be.
    pub deadline_maximum: UnixTime,
    /// Seconds after the deadline that running work may go on.
    pub drain: i64,
    /// How many times it may be extended.
    pub extensions: u16,
    /// How many times it has been extended.
    pub extended: u16,
    /// The host name that was typed, when the environment counted as live.
    pub live_host: Option<String>,
    /// When the time-box of the grant's case ends, if it has one.
    pub case_until: Option<UnixTime>,
}

/// The part of kept terms that an extension looks at.
#[derive(Deserialize)]
struct KeptTerms {
    extensions: u16,
    #[serde(default)]
    drain: i64,
    live: Option<LiveApproval>,
}

impl Agreed {
    /// Reads what was agreed from a grant's `terms`, its two deadlines, the number of extensions in
    /// its history, and the end of its case's time-box.
    ///
    /// # Errors
    /// Fails when the text is not what [`super::Terms`] is written as.
    pub fn read(
        terms: &str,
        deadline: UnixTime,
        deadline_maximum: UnixTime,
        extended: u16,
        case_until: Option<UnixTime>,
    ) -> Result<Self, serde_json::Error> {
        let kept: KeptTerms = serde_json::from_str(terms)?;
        Ok(Self {
            deadline,
            deadline_maximum,
            drain: kept.drain,
            extensions: kept.extensions,
            extended,
            live_host: kept.live.map(|live| live.confirmation),
            case_until,
        })
    }
}

/// The answer to a request for another deadline.
#[derive(Debug)]
#[must_use]
pub enum ExtensionDecision {
    /// The deadline may be moved.
    Allow(NewDeadline),
    /// It may not, and these are all the reasons.
    Deny(Vec<Broken>),
}

/// A deadline that policy allowed. Only [`decide_extension`] makes one; it is kept in the grant's
/// history.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NewDeadline {
    deadline: UnixTime,
    longer: bool,
    reason: Option<String>,
    overrides: Vec<Override>,
    approver: Option<String>,
    approval: Option<String>,
}

impl NewDeadline {
    /// When access ends.
    #[must_use]
    pub fn deadline(&self) -> UnixTime {
        self.deadline
    }

    /// Whether it is later than the old one, and counts as an extension.
    #[must_use]
    pub fn is_longer(&self) -> bool {
        self.longer
    }

    /// Why, in the merchant's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// Whether a grant's deadline may be moved. Earlier is always allowed, as long as it lies in the
/// future; later needs a reason, counts from now, and ends at what was agreed.
pub fn decide_extension(
    request: &ExtensionRequest,
    agreed: &Agreed,
    desk: &Desk,
    config: &PolicyConfig,
    now: UnixTime,
) -> ExtensionDecision {
    let mut check = Check { desk, broken: Vec::new() };
    let longer = request.deadline > agreed.deadline;
    let mut new = NewDeadline {
        deadline: request.deadline,
        longer,
        reason: None,
        overrides: Vec::new(),
        approver: None,
        approval: None,
    };
    // Shortening needs no reason, but one that is given has to be fit to be kept.
    if longer || request.reason.is_some() {
        let reason = request.reason.as_deref();
        new.reason = check.said(Rule::ExtensionReason, reason, check_sentence);
    }
    if longer {
        check.extension(request, agreed, now);
        let limits = Limits::of(desk, config, agreed.case_until, now);
        check.deadline(request.deadline, agreed.drain, &limits, now);
        if let Some(host) = &agreed.live_host {
            let said = &request.live;
            new.approver = check.said(Rule::LiveApprover, said.approver.as_deref(), check_name);
            new.approval = check.said(Rule::LiveApproval, said.approval.as_deref(), check_sentence);
            check.confirmation(said.confirmation.as_deref(), host);
        }
    } else if request.deadline <= now {
        check.breaks(Rule::DeadlinePast, vec![("when", deadline::utc(request.deadline).into())]);
    }
    new.overrides = check.set_aside(&request.overrides);
    if check.broken.is_empty() {
        ExtensionDecision::Allow(new)
    } else {
        ExtensionDecision::Deny(check.all_broken())
    }
}

impl Check<'_> {
    fn extension(&mut self, request: &ExtensionRequest, agreed: &Agreed, now: UnixTime) {
        if agreed.deadline <= now {
            let when = deadline::utc(agreed.deadline);
            self.breaks(Rule::ExtensionState, vec![("when", when.into())]);
        }
        if agreed.extended >= agreed.extensions {
            self.breaks(Rule::ExtensionCount, vec![("count", agreed.extensions.into())]);
        }
        if request.deadline > agreed.deadline_maximum {
            let latest = deadline::utc(agreed.deadline_maximum);
            self.breaks(Rule::ExtensionTotal, vec![("latest", latest.into())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::DAY;
    use super::super::tests::{NOW, desk, ids, live, overridden, reads_well};
    use super::*;

    /// A grant of fourteen days of which ten are over, never extended.
    fn agreed() -> Agreed {
        Agreed {
            deadline: NOW + 4 * DAY,
            deadline_maximum: NOW + 25 * DAY,
            drain: 0,
            extensions: 2,
            extended: 0,
            live_host: None,
            case_until: None,
        }
    }

    fn extension(deadline: UnixTime, reason: Option<&str>) -> ExtensionRequest {
        ExtensionRequest {
            deadline,
            reason: reason.map(String::from),
            overrides: Vec::new(),
            live: LiveRequest::default(),
        }
    }

    fn extended(
        request: &ExtensionRequest,
        agreed: &Agreed,
    ) -> Result<NewDeadline, Vec<&'static str>> {
        match decide_extension(request, agreed, &desk(), &PolicyConfig::default(), NOW) {
            ExtensionDecision::Allow(new) => Ok(new),
            ExtensionDecision::Deny(broken) => {
                broken.iter().for_each(reads_well);
                Err(ids(&broken))
            }
        }
    }

    #[test]
    fn an_extension_counts_from_now_and_needs_a_reason() {
        let new = extended(&extension(NOW + 7 * DAY, Some(" more logs ")), &agreed()).unwrap();
        assert_eq!(new.deadline(), NOW + 7 * DAY);
        assert_eq!(new.reason(), Some("more logs"));
        assert!(new.is_longer() && new.overrides.is_empty());
        for reason in [None, Some(""), Some(" "), Some("a\nb"), Some("\u{1b}")] {
            let refused = extended(&extension(NOW + 7 * DAY, reason), &agreed()).unwrap_err();
            assert_eq!(refused, ["extension.reason"], "{reason:?}");
        }
    }

    #[test]
    fn extensions_are_capped_in_number_and_in_time() {
        let reason = Some("more logs");
        let _ = extended(&extension(NOW + 25 * DAY, reason), &agreed()).unwrap();
        let refused = extended(&extension(NOW + 25 * DAY + 1, reason), &agreed()).unwrap_err();
        assert_eq!(refused, ["extension.total"]);
        let refused = extended(&extension(NOW + 36 * DAY, reason), &agreed()).unwrap_err();
        assert_eq!(refused, ["deadline.hard", "extension.total"]);
        for (extended_before, fine) in [(0, true), (1, true), (2, false), (u16::MAX, false)] {
            let agreed = Agreed { extended: extended_before, ..agreed() };
            match extended(&extension(NOW + 7 * DAY, reason), &agreed) {
                Ok(_) => assert!(fine, "{extended_before}"),
                Err(refused) => assert_eq!((refused, fine), (vec!["extension.count"], false)),
            }
        }
        for count in [0, 1, 2] {
            let agreed = Agreed { extensions: count, extended: count, ..agreed() };
            let refused = extended(&extension(NOW + 7 * DAY, reason), &agreed).unwrap_err();
            assert_eq!(refused, ["extension.count"]);
        }
    }

    #[test]
    fn shortening_is_always_allowed_as_long_as_something_is_left() {
        let exhausted = Agreed {
            extended: 9,
            deadline_maximum: NOW - 1,
            live_host: Some("www.acme.nl".into()),
            ..agreed()
        };
        for deadline in [NOW + 1, NOW + DAY, NOW + 4 * DAY] {
            let new = extended(&extension(deadline, None), &exhausted).unwrap();
            assert!(!new.is_longer());
            assert_eq!(new.deadline(), deadline);
        }
        for deadline in [NOW, NOW - 1, i64::MIN] {
            let refused = extended(&extension(deadline, None), &exhausted).unwrap_err();
            assert_eq!(refused, ["deadline.past"]);
        }
        let refused = extended(&extension(NOW + DAY, Some("\u{1b}")), &exhausted).unwrap_err();
        assert_eq!(refused, ["extension.reason"]);
    }

    #[test]
    fn what_has_ended_is_not_extended() {
        for deadline in [NOW, NOW - 1, NOW - 30 * DAY] {
            let ended = Agreed { deadline, ..agreed() };
            let refused = extended(&extension(NOW + DAY, Some("again")), &ended).unwrap_err();
            assert_eq!(refused, ["extension.state"]);
        }
    }

    #[test]
    fn more_time_on_a_live_environment_is_approved_anew() {
        let live_host = Some("www.acme.nl".into());
        let agreed = Agreed { live_host, ..agreed() };
        let mut request = extension(NOW + 7 * DAY, Some("more logs"));
        let refused = extended(&request, &agreed).unwrap_err();
        assert_eq!(refused, ["live.approver", "live.approval", "live.confirmation"]);
        request.live = live().0.live;
        let new = extended(&request, &agreed).unwrap();
        let json = serde_json::to_value(&new).unwrap();
        assert_eq!(json["approver"], "Ben Jansen");
        assert_eq!(json["approval"], "ticket 99");
    }

    #[test]
    fn an_extension_beyond_the_merchants_own_limit_needs_an_override() {
        let config = PolicyConfig { deadline_maximum_days: Some(5), ..PolicyConfig::default() };
        let mut request = extension(NOW + 6 * DAY, Some("more logs"));
        let decide = |request: &ExtensionRequest| {
            decide_extension(request, &agreed(), &desk(), &config, NOW)
        };
        let ExtensionDecision::Deny(broken) = decide(&request) else { panic!("allowed") };
        assert_eq!(ids(&broken), ["deadline.maximum"]);
        request.overrides = overridden("deadline.maximum", "they are on holiday");
        let ExtensionDecision::Allow(new) = decide(&request) else { panic!("refused") };
        assert_eq!(new.overrides.len(), 1);
    }
}
