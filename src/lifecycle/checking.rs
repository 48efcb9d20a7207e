//! Looking at a grant that is open: whether it is still what was made, and how it was used.
//!
//! Nothing on the server is changed. New uses and a change of what drifted are recorded; a look
//! that shows neither leaves no event behind.

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::{Kind, Result};
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::ledger::Ledger;
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::evidence::{Bounded, moved};
use crate::message::Note;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::{LayerState, OpenReply};
use crate::remote::provider::{Provider, Verb};
use crate::remote::saying::{self, SayingKind};
use crate::remote::script::{Answer, Reply, clean};
use crate::remote::session::Session;

/// Seconds between two looks at an open grant.
pub const EVERY: i64 = 60 * 60;

/// Seconds between two looks at a grant that drifted: whoever mends it wants to know.
pub const EVERY_WHILE_DRIFTED: i64 = 10 * 60;

/// What a look at the server showed.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the provider replied, layer by layer.
    pub replies: Vec<Reply>,
    /// Every way in which the grant is not what was made, such as `gate-gone`.
    pub drift: Vec<Note>,
    /// How many sessions or processes there are now, where that is known.
    pub sessions: Option<i64>,
    /// The uses that were not collected yet, `UNIXTIME ADDRESS KIND TEXT`.
    pub uses: Vec<String>,
    /// How many uses of each layer are known behind this look.
    counted: Vec<i64>,
}

impl Seen {
    /// Whether everything of the grant is there.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.replies.iter().all(|reply| reply.is("present"))
    }

    /// A number that layers said, added up; `None` where none did.
    #[must_use]
    pub fn sum(&self, key: &str) -> Option<i64> {
        self.replies.iter().filter_map(|reply| reply.number(key)).reduce(i64::saturating_add)
    }
}

/// Why nothing was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSeen {
    /// The reason, in one line.
    pub why: String,
    /// Whether the server said no; otherwise nobody saw an answer.
    pub refused: bool,
}

impl From<String> for NotSeen {
    fn from(why: String) -> Self {
        Self { why, refused: false }
    }
}

impl NotSeen {
    /// What it means for the exit code.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.refused { Kind::Refused } else { Kind::Unknown }
    }
}

/// A look, and the grant as it stands behind it.
#[derive(Debug)]
pub struct Checked {
    /// The grant as it is recorded now.
    pub grant: Grant,
    /// What was seen, or why nothing was: the server said no, or nobody saw an answer.
    pub seen: std::result::Result<Seen, NotSeen>,
    /// Whether what drifted is not what had drifted before.
    pub changed: bool,
}

/// Looks at a grant over a connection that is open already, and records nothing.
pub async fn look(
    context: &Context,
    session: &mut Session<'_>,
    grant: &Grant,
) -> std::result::Result<Seen, NotSeen> {
    let mut seen = Seen::default();
    for layer in &grant.layers {
        let provider = claim::provider_of(context, session, layer)?;
        let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
        let reply = ask(session, &provider, &inputs::of_layer(grant, layer, &moment)).await?;
        seen.drift.extend(drift_of(layer, &provider, &reply));
        let collected = LayerState::of(layer).uses_collected;
        let uses = Bounded::of_uses(&reply, collected);
        seen.counted.push(uses.total.max(collected));
        seen.uses.extend(uses.lines);
        seen.replies.push(reply);
    }
    seen.sessions = seen.sum("sessions");
    Ok(seen)
}

async fn ask(
    session: &mut Session<'_>,
    provider: &Provider,
    inputs: &crate::remote::script::Inputs<'_>,
) -> std::result::Result<Reply, NotSeen> {
    match session.call(provider, Verb::Check, inputs).await {
        Ok(Answer::Done(reply)) => Ok(reply),
        Ok(Answer::Refused { reason: why, .. }) => Err(NotSeen { why, refused: true }),
        Ok(Answer::Unknown { why }) => Err(why.into()),
        Err(e) => Err(e.one_line().into()),
    }
}

/// Looks at an open grant, and records new uses and what drifted. While another process works on
/// the grant, or where it is not open any more, nothing is recorded: the next look sees the same.
///
/// # Errors
/// Fails only when the ledger does; that the server did not answer is in [`Checked::seen`].
pub async fn check(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
) -> Result<Checked> {
    let seen = match look(context, session, grant).await {
        Ok(seen) => seen,
        Err(NotSeen { why, refused }) => {
            let seen = Err(NotSeen { why: clean(&why), refused });
            return Ok(Checked { grant: grant.clone(), seen, changed: false });
        }
    };
    let (grant, changed) = record(context, ledger, grant, &seen).await?;
    Ok(Checked { grant, seen: Ok(seen), changed })
}

/// Records a look: one event for new uses, one where what drifted changed.
async fn record(
    context: &Context,
    ledger: &Ledger,
    grant: &Grant,
    seen: &Seen,
) -> Result<(Grant, bool)> {
    let mut grant = grant.clone();
    if grant.state != State::Open {
        return Ok((grant, false));
    }
    let now = context.now();
    if !seen.uses.is_empty() {
        let mut used = grant.clone();
        for (layer, counted) in used.layers.iter_mut().zip(&seen.counted) {
            LayerState::change(layer, |state| state.uses_collected = *counted);
        }
        let event = event(context, &used, "grant.used", used_detail(seen));
        match ledger.record_if_free(&used, now, &event).await? {
            Some(recorded) => grant = recorded,
            None => return Ok((grant, false)),
        }
    }
    let drift = as_text(&seen.drift);
    let changed = drift != grant.drift;
    if changed {
        let mut drifted = grant.clone();
        drifted.drift = drift;
        let verb = if drifted.drift.is_some() { "grant.drifted" } else { "grant.drift-ended" };
        let texts: Vec<&str> = seen.drift.iter().map(|one| one.text.as_str()).collect();
        let event = event(context, &drifted, verb, json!({ "drift": texts }));
        match ledger.record_if_free(&drifted, now, &event).await? {
            Some(recorded) => grant = recorded,
            None => return Ok((grant, false)),
        }
    }
    ledger.checked(&grant.id, now, next_look(&grant, now)).await?;
    grant.checked_at = Some(now);
    Ok((grant, changed))
}

fn next_look(grant: &Grant, now: UnixTime) -> UnixTime {
    now + if grant.drift.is_some() { EVERY_WHILE_DRIFTED } else { EVERY }
}

fn used_detail(seen: &Seen) -> Value {
    json!({
        "uses": seen.uses,
        "uses_total": seen.counted.iter().copied().fold(0, i64::saturating_add),
        "moved": moved(&seen.replies),
    })
}

/// What drifted, as the ledger keeps it; nothing where all is well.
fn as_text(drift: &[Note]) -> Option<String> {
    let lines: Vec<String> =
        drift.iter().map(|one| format!("{} {}", one.id, clean(&one.text))).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What drifted, as the ledger has it: an id and a sentence each.
#[must_use]
pub fn drifted(grant: &Grant) -> Vec<(&str, &str)> {
    entries(grant.drift.as_deref().unwrap_or_default())
}

fn entries(text: &str) -> Vec<(&str, &str)> {
    text.lines().map(|line| line.split_once(' ').unwrap_or(("", line))).collect()
}

/// Every way in which a layer is not what `open` made: what every kind of layer has, and then what the provider says
/// by itself. What it does not say is not known, and no drift.
fn drift_of(layer: &Layer, provider: &Provider, reply: &Reply) -> Vec<Note> {
    let account = layer.account.as_str();
    let opened = OpenReply::of(layer);
    let no = |key: &str| reply.text(key) == "false";
    let fewer = reply
        .number("uses_total")
        .is_some_and(|total| total < LayerState::of(layer).uses_collected);
    let (path, shop) = (reply.text("path_now"), opened.shop_path());
    let all = [
        ("drift-foreign", reply.is("foreign")),
        ("drift-gone", no("present") && !reply.is("foreign")),
        ("drift-keys-changed", no("keys_match") && !no("present")),
        ("drift-gate-gone", no("gate_present") && opened.has_gate()),
        ("drift-baseline-gone", no("baseline_present") && opened.has_baseline()),
        ("drift-failsafe-gone", no("failsafe_present") && opened.failsafe().is_some()),
        ("drift-drop-in-gone", no("drop_in_present") && opened.password_gate() == Some("drop-in")),
        ("drift-forced", !reply.text("forced").is_empty()),
        ("drift-path-moved", !path.is_empty() && !shop.is_empty() && path != shop),
        ("drift-uses-gone", fewer),
    ];
    let args = [
        ("account", account.into()),
        ("kind", provider.account.id().into()),
        ("why", reply.text("forced").trim_end_matches('.').into()),
        ("path", path.into()),
        ("shop", shop.into()),
    ];
    let common = Note::those(all, &args)
        .map(|note| Note { id: note.id.trim_start_matches("drift-").to_owned(), ..note });
    let seen = saying::Seen { reply, made: opened.reply(), account, grant: &[] };
    let own = provider.said(Verb::Check, SayingKind::Drift, &seen).into_iter();
    common.chain(own).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn layer(outputs: &Value, collected: i64) -> Layer {
        Layer {
            provider: "linux-account".into(),
            digest: String::new(),
            account: "sp-ada".into(),
            public_key: None,
            key_fingerprint: None,
            has_password: false,
            inputs: json!({ "uses_collected": collected }).to_string(),
            outputs: outputs.to_string(),
            ..Layer::default()
        }
    }

    fn ids(outputs: &Value, collected: i64, reply: &[(&str, &str)]) -> Vec<String> {
        let provider = Provider::find("linux-account", Path::new("/nonexistent")).unwrap();
        let values = reply.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let reply = Reply::from_values(values.collect());
        let drift = drift_of(&layer(outputs, collected), &provider, &reply);
        drift.into_iter().map(|drift| drift.id).collect()
    }

    #[test]
    fn what_a_provider_does_not_say_is_no_drift() {
        let opened = json!({ "gate": "true", "failsafe": "systemd", "password_gate": "drop-in" });
        assert_eq!(ids(&opened, 0, &[]), [""; 0]);
        assert_eq!(ids(&opened, 7, &[("present", "true"), ("sessions", "3")]), [""; 0]);
    }

    #[test]
    fn what_the_provider_says_by_itself_is_drift_too() {
        let made = json!({ "shop_access": "acl", "shop_partial": "false" });
        let said = [("locked", "true"), ("shop_reached", "false"), ("expiry_matches", "true")];
        assert_eq!(ids(&made, 0, &said), ["locked", "rights-lost"]);
        assert_eq!(ids(&json!({ "shop_access": "none" }), 0, &said), ["locked"]);
    }

    #[test]
    fn what_was_not_there_at_open_is_not_missed() {
        let gone = [
            ("gate_present", "false"),
            ("failsafe_present", "false"),
            ("drop_in_present", "false"),
        ];
        assert_eq!(ids(&json!({}), 0, &gone), [""; 0]);
        let without = json!({ "gate": "false", "failsafe": "none", "password_gate": "shell" });
        assert_eq!(ids(&without, 0, &gone), [""; 0]);
        let with = json!({ "gate": "true", "failsafe": "crontab", "password_gate": "drop-in" });
        assert_eq!(ids(&with, 0, &gone), ["gate-gone", "failsafe-gone", "drop-in-gone"]);
    }

    #[test]
    fn what_is_gone_altogether_is_said_once() {
        let gone = [("present", "false"), ("keys_match", "false"), ("home_present", "false")];
        assert_eq!(ids(&json!({}), 0, &gone), ["gone"]);
        assert_eq!(ids(&json!({}), 0, &[("present", "false"), ("foreign", "true")]), ["foreign"]);
    }

    #[test]
    fn a_record_of_uses_that_became_shorter_is_drift() {
        assert_eq!(ids(&json!({}), 3, &[("uses_total", "3")]), [""; 0]);
        assert_eq!(ids(&json!({}), 3, &[("uses_total", "2")]), ["uses-gone"]);
    }

    #[test]
    fn what_the_ledger_keeps_of_a_drift_is_read_back() {
        let seen = [
            Note { id: "gate-gone".into(), text: "the gate is gone".into() },
            Note { id: "locked".into(), text: "the account is locked".into() },
        ];
        let kept = as_text(&seen);
        let read = [("gate-gone", "the gate is gone"), ("locked", "the account is locked")];
        assert_eq!(entries(&kept.unwrap()), read);
        assert_eq!(as_text(&[]), None);
    }
}
