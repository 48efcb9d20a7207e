//! The plan: what would be made, what ends it, and what is to be known before.

use chrono::Local;
use serde_json::{Value, json};

use super::Seen;
use super::wanted::{SealTo, Wanted};
use crate::command::view;
use crate::deadline;
use crate::grant::{Access, UnixTime};
use crate::message::{self, Arg, Note};
use crate::output::{Label, Tone, fields, paint};
use crate::policy::desk::Need;
use crate::policy::{EnvironmentFinding, Rule, Terms};
use crate::promise::Promise;
use crate::public_key::SupporterKey;

/// What will be made, before it is made: `--dry-run` prints this very plan.
pub(super) struct Plan<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) seen: &'a Seen,
    pub(super) terms: &'a Terms,
    pub(super) account: &'a str,
}

impl Plan<'_> {
    pub(super) fn text(&self, now: UnixTime) -> String {
        let Self { wanted, seen, terms, account } = self;
        let request = &wanted.request;
        let from: Vec<String> = terms.from().iter().map(ToString::to_string).collect();
        let mut lines = vec![
            (
                Label::of("label.for"),
                format!("{} ({})", request.supporter.name, request.supporter.company),
            ),
            (
                Label::of("label.case"),
                message::text(
                    "plan-case",
                    &[
                        ("case", (&wanted.case.reference).into()),
                        ("desk", (&wanted.desk.manifest.name).into()),
                    ],
                ),
            ),
            (Label::of("label.server"), format!("{} ({})", wanted.target.name, wanted.route)),
            (Label::of("label.environment"), environment_in_words(terms.environment())),
            (
                Label::of("label.access"),
                access_in_words(terms.access(), wanted.target.path.as_deref()),
            ),
            (Label::of("label.not-opened"), self.stays_closed()),
            (Label::of("label.opened-secrets"), self.opened_secrets()),
            (Label::of("label.account"), made_by((*account).into(), &wanted.provider.name)),
            (Label::of("label.beside-it"), self.beside()),
            (Label::of("label.credential"), self.credential()),
            (
                Label::of("label.from"),
                if from.is_empty() { message::text("plan-anywhere", &[]) } else { from.join(", ") },
            ),
            (Label::of("label.ends"), deadline::human(terms.deadline(), &Local, now)),
            (Label::of("label.at-the-end"), at_end_in_words(terms.drain())),
        ];
        lines.extend(promise_in_words(&seen.promise));
        for one in terms.overrides() {
            lines.push((Label::of("label.override"), format!("{}: {}", one.rule, one.reason)));
        }
        if let Some(live) = terms.live() {
            lines.push((
                Label::of("label.live"),
                message::text(
                    "plan-approved",
                    &[("approver", (&live.approver).into()), ("approval", (&live.approval).into())],
                ),
            ));
            lines.extend(view::backup_lines(live, now));
        }
        for warning in self.notes() {
            lines.push((Label::of("label.note"), paint(Tone::Warn, &warning.text)));
        }
        if let Some(id) = wanted.key.as_ref().and_then(SupporterKey::warning) {
            lines.push((Label::of("label.note"), paint(Tone::Warn, &message::text(id, &[]))));
        }
        format!("{}\n{}", paint(Tone::Strong, &message::text("plan-title", &[])), fields(&lines))
    }

    /// What is to be known before.
    fn notes(&self) -> Vec<Note> {
        let seen = self.seen.server.warnings.iter().chain(&self.seen.notes).cloned();
        let seen = seen.chain(self.terms.environment().notes());
        seen.chain(self.unanswered()).collect()
    }

    /// The desk asks for answers first, and some of those that it needs are missing.
    fn unanswered(&self) -> Option<Note> {
        let Wanted { desk, case, .. } = self.wanted;
        let desk_rule = desk.speaks_for(Rule::Answers)?;
        let missing = desk.missing(&case.answers, Need::Required);
        let args = [
            ("number", (&desk_rule.id).into()),
            ("count", missing.len().into()),
            ("case", (&case.reference).into()),
        ];
        (!missing.is_empty()).then(|| Note::of("plan-unanswered", &args))
    }

    /// The files that others could not read before, as far as `detect` named them.
    pub(super) fn closed_files(&self) -> String {
        let reply = &self.seen.server.reply;
        let mut named: Vec<&str> = reply.lines("path_closed").take(6).collect();
        let total = reply.number("path_closed_total").unwrap_or_default();
        let rest = total.saturating_sub(i64::try_from(named.len()).unwrap_or_default());
        let more = match rest {
            0 => String::new(),
            rest if total >= 1000 => message::text("plan-more.at-least", &[("count", rest.into())]),
            rest => message::text("plan-more", &[("count", rest.into())]),
        };
        named.extend(Some(more.as_str()).filter(|more| !more.is_empty()));
        named.join(", ")
    }

    pub(super) fn stays_closed(&self) -> String {
        match (self.terms.with_secrets(), self.closed_files()) {
            (None, files) if !files.is_empty() => {
                message::text("plan-not-opened", &[("files", files.into())])
            }
            _ => String::new(),
        }
    }

    pub(super) fn opened_secrets(&self) -> String {
        let Some(reason) = self.terms.with_secrets() else { return String::new() };
        message::text(
            "plan-opened",
            &[("files", self.closed_files().into()), ("reason", reason.into())],
        )
    }

    pub(super) fn credential(&self) -> String {
        let mut parts = Vec::new();
        if let Some(key) = &self.wanted.key {
            parts
                .push(message::text("plan-own-key", &[("fingerprint", (&key.fingerprint).into())]));
        }
        if self.wanted.generate_key {
            parts.push(message::text("plan-new-pair", &[]));
        }
        if self.wanted.password {
            parts.push(message::text("plan-new-password", &[]));
        }
        let parts = message::both(parts);
        match &self.wanted.seal {
            None => parts,
            Some(SealTo::Key(to)) => {
                let args = [("what", parts.into()), ("fingerprint", to.fingerprint().into())];
                message::text("plan-sealed-to", &args)
            }
            Some(SealTo::Passphrase) => {
                message::text("plan-sealed-with", &[("what", parts.into())])
            }
        }
    }

    pub(super) fn beside(&self) -> String {
        let each = self.wanted.beside.iter().zip(&self.seen.beside);
        let each = each.map(|(one, reply)| made_by(one.plan(reply).into(), &one.name));
        each.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn document(&self) -> Value {
        let Self { wanted, seen, terms, account } = self;
        let beside = wanted.beside.iter().zip(&seen.beside).map(|(one, reply)| {
            json!({ "provider": one.name, "summary": one.plan(reply), "run_as": one.run_as.id() })
        });
        json!({
            "case": wanted.case.reference,
            "desk": wanted.desk.id,
            "target": wanted.target.name,
            "server": wanted.route.to_string(),
            "server_id": seen.server.server_id,
            "supporter": wanted.request.supporter,
            "provider": wanted.provider.name,
            "account": account,
            "beside": beside.collect::<Vec<Value>>(),
            "path": wanted.target.path,
            "closed_files": seen.server.reply.lines("path_closed").collect::<Vec<_>>(),
            "closed_files_total": seen.server.reply.number("path_closed_total").unwrap_or_default(),
            "key_fingerprint": wanted.key.as_ref().map(|key| &key.fingerprint),
            "generate_key": wanted.generate_key,
            "password": wanted.password,
            "sealed_to": match &wanted.seal {
                None => Value::Null,
                Some(SealTo::Key(to)) => json!(to.fingerprint()),
                Some(SealTo::Passphrase) => json!("passphrase"),
            },
            "clock_ahead_seconds": seen.server.clock_ahead.seconds(),
            "promise": seen.promise,
            "notes": self.notes(),
            "terms": terms,
        })
    }
}

/// What ends it on time: "gate, key expiry, failsafe (systemd timer)", or what cannot.
fn promise_in_words(promise: &Promise) -> Vec<(Label, String)> {
    let mut lines = vec![(Label::of("label.enforced-by"), promise.enforced_by().join("; "))];
    for layer in promise.weak() {
        let text = message::text("plan-weak", &[("layer", layer.into())]);
        lines.push((Label::none(), paint(Tone::Warn, &text)));
    }
    let backstops = message::both(promise.backstops.iter().map(|one| one.text.clone()));
    let then = message::text("plan-then", &[("backstops", backstops.into())]);
    lines.push((Label::of("label.then"), then));
    lines
}

/// What is made, and by which provider.
fn made_by(what: Arg, provider: &str) -> String {
    message::text("made-by", &[("what", what), ("provider", provider.into())])
}

fn at_end_in_words(drain: i64) -> String {
    match drain {
        0 => message::text("plan-at-end", &[]),
        drain => message::text("plan-drain", &[("time", deadline::duration(drain).into())]),
    }
}

fn environment_in_words(finding: &EnvironmentFinding) -> String {
    format!("{} ({})", finding.verdict.word(), finding.telling())
}

fn access_in_words(access: Access, path: Option<&str>) -> String {
    let place = path.map_or_else(|| message::text("plan-no-folder", &[]), |path| path.to_owned());
    match access {
        Access::Sftp => message::text("plan-sftp", &[("place", place.into())]),
        Access::SftpReadOnly => message::text("plan-read-only", &[("place", place.into())]),
        Access::Ssh => message::text("plan-ssh", &[("place", place.into())]),
    }
}
