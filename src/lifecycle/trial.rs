//! The trial login of a grant: what it is put to, what came of it, and what to do where it failed.
//!
//! A grant is open only when its own gate has answered the trial, the shop's folder was opened, a file
//! read and, where writing was granted, one written and removed, and when what must be refused was seen
//! to be refused, all of it on the connection that the trial logged in on. What a server cannot have, by
//! the plan, is told as not tried.

use serde::Serialize;

use crate::grant::{Access, Grant, Layer};
use crate::message::{Arg, Note};
use crate::promise::{self, CredentialPromise, Promise};
use crate::remote::layer::{LayerState, OpenReply};
use crate::remote::provider::{Provider, Verb};
use crate::remote::saying::{SayingKind, Seen};
use crate::remote::script::Reply;
use crate::remote::server::Server;
use crate::transport::{Part, Shown, Trial};

/// What a login is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The supporter's key, in whose place the verification key logs in.
    Key,
    /// The password.
    Password,
}

/// What was made on a server.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// The server as it was seen.
    pub server: &'a Server,
    /// What ends the grant there.
    pub promise: &'a Promise,
    /// What `open` replied.
    pub opened: &'a OpenReply,
}

/// What one login of a grant is put to.
#[derive(Debug)]
pub struct Plan {
    access: Access,
    nonce: String,
    gate: Option<String>,
    folder: Option<String>,
    shell_is_known: bool,
    may_forward: bool,
}

impl Plan {
    /// What was made for the layer, by what `open` replied, has to be what the login meets.
    #[must_use]
    pub fn of(
        grant: &Grant,
        layer: &Layer,
        credential: Credential,
        made: &Made<'_>,
        nonce: &str,
    ) -> Self {
        let Made { server, promise, opened } = made;
        let known = LayerState::of(layer);
        let (name, has_gate) = match credential {
            Credential::Key => (promise::KEY, opened.has_gate()),
            Credential::Password => {
                (promise::PASSWORD, promise::password_gate_made(server, opened))
            }
        };
        let gate = has_gate.then(|| {
            format!(
                "grant={} access={} deadline={} confined={}",
                grant.id,
                grant.access.id(),
                known.clock_ahead.theirs(grant.deadline).seconds(),
                u8::from(opened.confined() == Some(true)),
            )
        });
        let folder = [opened.shop_path(), known.path.as_str()]
            .into_iter()
            .find(|folder| !folder.is_empty())
            .map(str::to_owned);
        let promised = promise.credentials.iter().find(|one| one.credential == name);
        Self {
            access: grant.access,
            nonce: nonce.to_owned(),
            gate,
            folder,
            shell_is_known: promised.is_some_and(CredentialPromise::lets_commands_run),
            may_forward: credential == Credential::Password && opened.may_forward(),
        }
    }

    /// The same for the transport; `again` when an earlier try may have left its file.
    #[must_use]
    pub fn trial(&self, again: bool) -> Trial<'_> {
        Trial {
            access: self.access,
            nonce: &self.nonce,
            gate: self.gate.as_deref(),
            folder: self.folder.as_deref(),
            shell_is_known: self.shell_is_known,
            may_forward: self.may_forward,
            again,
        }
    }

    /// Whether the gate has to have written down that it answered.
    #[must_use]
    pub fn has_gate(&self) -> bool {
        self.gate.is_some()
    }
}

/// What was proved by trying, as the ledger keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// How: `trial-login`.
    pub kind: &'static str,
    /// `proved`, or `partly` where something was not tried.
    pub result: &'static str,
    /// What was not tried, for people; empty where all was.
    pub why: String,
    /// What came of each login.
    pub logins: Vec<Login>,
}

/// What came of one login.
#[derive(Debug, Clone, Serialize)]
pub struct Login {
    /// `key` or `password`.
    pub with: &'static str,
    /// What came of each part.
    pub parts: Vec<Part>,
}

impl Proof {
    /// Sums up what the logins showed.
    #[must_use]
    pub fn of(logins: Vec<Login>) -> Self {
        let left_out: Vec<&str> = logins
            .iter()
            .flat_map(|login| &login.parts)
            .filter(|part| part.result == Shown::NotTried)
            .map(|part| part.why.as_str())
            .collect();
        let result = if left_out.is_empty() { "proved" } else { "partly" };
        Self { kind: "trial-login", result, why: left_out.join("; "), logins }
    }
}

/// Why a grant cannot stay, and the way out.
#[derive(Debug)]
pub struct Fault {
    /// What is not as it was granted.
    pub message: Note,
    /// What was seen instead.
    pub cause: Note,
    /// What can be done.
    pub hints: Vec<Note>,
}

/// What a trial's parts say against a grant; `None` where nothing does. `seen` is what `detect` replied,
/// `opened` what `open` did.
#[must_use]
pub fn fault(
    parts: &[Part],
    layer: &Layer,
    provider: &Provider,
    access: Access,
    seen: &Reply,
    opened: &Reply,
) -> Option<Fault> {
    let failed = |name: &str| parts.iter().find(|part| part.part == name && part.is_failed());
    let cause = |part: &Part| Note::quoted(part.why.as_str());
    if let Some(part) = failed("gate") {
        return Some(Fault {
            message: Note::of("trial-fault-gate", &[]),
            cause: cause(part),
            hints: way_past_forced_command(&layer.account, seen),
        });
    }
    if let Some(part) = failed("command") {
        return Some(Fault {
            message: Note::of("trial-fault-more", &[]),
            cause: cause(part),
            hints: vec![Note::of("trial-hint-shell", &[])],
        });
    }
    if access == Access::SftpReadOnly
        && let Some(part) = failed("write")
    {
        return Some(Fault {
            message: Note::of("trial-fault-more", &[]),
            cause: cause(part),
            hints: Vec::new(),
        });
    }
    if let Some(part) = failed("forwarding") {
        return Some(Fault {
            message: Note::of("trial-fault-more", &[]),
            cause: cause(part),
            hints: Vec::new(),
        });
    }
    let undone: Vec<&str> =
        parts.iter().filter(|part| part.is_failed()).map(|part| part.why.as_str()).collect();
    if undone.is_empty() {
        return None;
    }
    let mut cause = undone.join("; ");
    let reason = opened.text("shop_reason");
    if !reason.is_empty() {
        cause = format!("{cause}. {}", reason.trim_end_matches('.'));
    }
    Some(Fault {
        message: Note::of("trial-fault-work", &[]),
        cause: cause.into(),
        hints: way_into_the_shop(parts, layer, provider, access, seen, opened),
    })
}

/// What goes before the gate is most often a `ForceCommand`.
fn way_past_forced_command(account: &str, seen: &Reply) -> Vec<Note> {
    let forced = seen.text("force_command");
    let what = match forced {
        "" | "none" => Note::of("trial-hint-forced.unknown", &[("account", Arg::of(account))]),
        forced => Note::of("trial-hint-forced.known", &[("forced", Arg::of(forced))]),
    };
    vec![what, Note::of("trial-hint-forced.way-out", &[])]
}

fn way_into_the_shop(
    parts: &[Part],
    layer: &Layer,
    provider: &Provider,
    access: Access,
    seen: &Reply,
    opened: &Reply,
) -> Vec<Note> {
    let failed = |name: &str| parts.iter().any(|part| part.part == name && part.is_failed());
    let yes = |is: bool| if is { "true" } else { "false" };
    let of_grant = [
        ("access", access.id()),
        ("cannot_read", yes(failed("read"))),
        ("with_secrets", yes(LayerState::of(layer).with_secrets)),
        ("is_owner", yes(seen.text("path_owner") == layer.account)),
    ];
    let facts = Seen { reply: seen, made: opened, account: &layer.account, grant: &of_grant };
    let hints = provider.said(Verb::Detect, SayingKind::Hint, &facts);
    let mut hints: Vec<Note> = hints.into_iter().collect();
    if access == Access::Sftp && failed("write") && !failed("read") && !failed("folder") {
        hints.push(Note::of("trial-hint-read-only", &[]));
    }
    if failed("folder") {
        hints.push(Note::of("trial-hint-folder", &[]));
    }
    hints
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn part(part: &'static str, result: Shown) -> Part {
        Part { part, result, why: format!("{part} it was") }
    }

    fn layer(provider: &str) -> Layer {
        Layer {
            provider: provider.into(),
            digest: String::new(),
            account: "deploy".into(),
            public_key: None,
            key_fingerprint: None,
            has_password: false,
            inputs: "{}".into(),
            outputs: "{}".into(),
            ..Layer::default()
        }
    }

    fn reply(values: &[(&str, &str)]) -> Reply {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Reply::from_values(values.collect())
    }

    #[track_caller]
    fn told(parts: &[Part], provider: &str, access: Access, seen: &[(&str, &str)]) -> String {
        let opened = reply(&[("shop_access", "none"), ("shop_reason", "It has none.")]);
        let made_by = Provider::find(provider, Path::new("/nonexistent")).unwrap();
        let fault =
            fault(parts, &layer(provider), &made_by, access, &reply(seen), &opened).unwrap();
        let hints: Vec<String> = fault.hints.iter().map(ToString::to_string).collect();
        format!("{}: {}; {}", fault.message, fault.cause, hints.join("; "))
    }

    #[test]
    fn nothing_is_held_against_what_was_proved_or_not_tried() {
        let parts = [part("gate", Shown::Proved), part("read", Shown::NotTried)];
        let none = reply(&[]);
        let provider = Provider::find("linux-account", Path::new("/nonexistent")).unwrap();
        let layer = layer("linux-account");
        assert!(fault(&parts, &layer, &provider, Access::Sftp, &none, &none).is_none());
        let logins = vec![Login { with: "key", parts: parts.into() }];
        let proof = json!(Proof::of(logins));
        assert_eq!(proof["result"], "partly");
        assert_eq!(proof["why"], "read it was");
        assert_eq!(proof["logins"][0]["parts"][1]["result"], "not-tried");
        assert_eq!(Proof::of(Vec::new()).result, "proved");
    }

    #[test]
    fn a_gate_that_did_not_answer_is_said_before_anything_else() {
        let parts = [part("folder", Shown::Failed), part("gate", Shown::Failed)];
        let text = told(&parts, "authorized-key", Access::Sftp, &[("force_command", "/opt/rec")]);
        assert!(text.contains("does not pass") && text.contains("forces `/opt/rec`"), "{text}");
        let text = told(&parts, "authorized-key", Access::Sftp, &[]);
        assert!(text.contains("sshd -T -C user=deploy"), "{text}");
    }

    #[test]
    fn work_that_cannot_be_done_has_a_way_out() {
        let parts = [part("read", Shown::Proved), part("write", Shown::Failed)];
        let seen = [("has_setfacl", "false"), ("path_owner", "www-data")];
        let text = told(&parts, "linux-account", Access::Sftp, &seen);
        for words in ["write it was. It has none", "package `acl`", "as `www-data`", "read-only"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let text = told(&parts, "authorized-key", Access::Ssh, &seen);
        assert!(text.contains("`www-data`'s") && !text.contains("acl"), "{text}");
        let text = told(&parts, "authorized-key", Access::SftpReadOnly, &seen);
        assert!(text.starts_with("more can be done"), "{text}");
        // A shop in which everything is closed to others.
        let parts = [part("read", Shown::Failed), part("write", Shown::Proved)];
        let seen = |total| [("path_closed_total", total), ("has_setfacl", "true")];
        let text = told(&parts, "linux-account", Access::Sftp, &seen("12"));
        assert!(text.contains("`--with-secrets --reason TEXT` opens them"), "{text}");
        let text = told(&parts, "linux-account", Access::Sftp, &seen("0"));
        assert!(!text.contains("--with-secrets"), "{text}");
    }
}
