//! What closing a grant in the merchant's own account showed, judged by what the ledger knows.
//!
//! The supporter was that account. What lies in it, a result of the server's too, is their word: a hint,
//! and never evidence. What has to be there by the ledger and is not, and what began while access was
//! open and is nobody's, is a finding.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::deadline;
use crate::evidence::Evidence;
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::message::{self, Arg};
use crate::script::{Reply, clean};
use crate::session::Known;

/// Seconds by which the two clocks may have been read wrongly.
const DOUBT: UnixTime = 5;

/// The most names of processes in one finding.
const NAMES: usize = 8;

/// Adds to the evidence what somebody has to look at, and takes from it what only the supporter can
/// have written. `before` is the state in which the grant was when it was to be closed.
pub fn judge(grant: &Grant, before: State, layer: &Layer, reply: &Reply, evidence: &mut Evidence) {
    // Nobody was let in by a grant that never opened.
    if grant.opened_at.is_none() || !Known::is_shared(layer) {
        return;
    }
    let account = layer.account.as_str();
    let mut found = record(grant, before, layer, reply, evidence);
    found.extend(reply.lines("stray").filter_map(|line| stray_login(account, line)));
    found.extend(stray_processes(account, reply));
    if reply.text("hidden") == "more" {
        found.push(say("shared-hidden", &[("account", account.into())]));
    }
    evidence.add_found(found);
}

/// What stagepass had put into the account, and what is there in its place.
fn record(
    grant: &Grant,
    before: State,
    layer: &Layer,
    reply: &Reply,
    evidence: &mut Evidence,
) -> Vec<String> {
    let opened: BTreeMap<String, Value> = serde_json::from_str(&layer.outputs).unwrap_or_default();
    let made = |key: &str| opened.get(key).and_then(Value::as_str).unwrap_or_default();
    let gate = made("gate") == "true";
    let failsafe = !matches!(made("failsafe"), "" | "none");
    let account = ("account", Arg::from(layer.account.as_str()));
    match reply.text("history") {
        "own" => {
            let there: Vec<&str> = reply.text("there").split(' ').collect();
            // That the list is gone is told by the comparison, and the job may have gone in an
            // editor of the merchant's, which a look at an open grant tells.
            let gone = gate && !there.contains(&"gate");
            gone.then(|| say("shared-gate-gone", &[account])).into_iter().collect()
        }
        "none" if gate || failsafe || made("baseline") == "true" => {
            let keys = reply.lines("key_now").map(|key| format!("key {}", clean(key)));
            std::iter::once(say("shared-all-gone", &[account])).chain(keys).collect()
        }
        "result" => match evidence.by_server {
            Some(at) if at.saturating_add(DOUBT) < grant.deadline => {
                evidence.by_server = None;
                let at = ("at", Arg::from(deadline::utc(at)));
                vec![say("shared-too-early", &[account, at])]
            }
            None if before == State::Open => vec![say("shared-not-ours", &[account])],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// `login PID BEGAN`.
fn stray_login(account: &str, line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let ("login", Some(pid), Some(began)) = (words.next()?, words.next(), words.next()) else {
        return None;
    };
    let began = began.parse().map(deadline::utc).unwrap_or_default();
    Some(say(
        "shared-login",
        &[("account", account.into()), ("pid", clean(pid).into()), ("at", began.into())],
    ))
}

/// `process PID BEGAN NAME`: all of them in one line.
fn stray_processes(account: &str, reply: &Reply) -> Option<String> {
    let processes: Vec<String> = reply
        .lines("stray")
        .filter_map(|line| {
            let mut words = line.splitn(4, ' ');
            (words.next()? == "process").then_some(())?;
            let (pid, _, name) = (words.next()?, words.next()?, words.next()?);
            Some(format!("{} ({})", clean(name), clean(pid)))
        })
        .collect();
    let count = processes.len();
    let names = processes.into_iter().take(NAMES).collect::<Vec<_>>().join(", ");
    (count > 0).then(|| {
        let args = [("account", account.into()), ("count", count.into()), ("names", names.into())];
        say("shared-processes", &args)
    })
}

fn say(id: &str, args: &[(&str, Arg)]) -> String {
    message::text(id, args)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::{Access, NewGrant, Supporter};

    const MADE: &str = r#"{"gate":"true","failsafe":"crontab","baseline":"true"}"#;

    fn grant(outputs: &str) -> Grant {
        let mut grant = NewGrant {
            id: "k3v9q2m7xa".into(),
            case: "C-1".into(),
            target: "shop".into(),
            supporter: Supporter { name: "Ana".into(), company: "Acme".into() },
            access: Access::Ssh,
            created_at: 1_000,
            deadline: 5_000,
            deadline_maximum: 5_000,
            terms: String::new(),
            layers: vec![Layer {
                provider: "authorized-key".into(),
                digest: String::new(),
                account: "deploy".into(),
                public_key: None,
                key_fingerprint: None,
                has_password: false,
                inputs: json!({}).to_string(),
                outputs: outputs.into(),
            }],
        }
        .grant();
        grant.opened_at = Some(1_010);
        grant
    }

    fn judged(grant: &Grant, before: State, said: &[(&str, &str)]) -> Evidence {
        let values = said.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let reply = Reply::from_values(values.collect());
        let mut evidence = Evidence::of(&grant.layers[0], &reply, 9_000);
        judge(grant, before, &grant.layers[0], &reply, &mut evidence);
        evidence
    }

    fn found(before: State, said: &[(&str, &str)]) -> Vec<String> {
        judged(&grant(MADE), before, said).found.lines
    }

    #[test]
    fn a_close_that_saw_everything_finds_nothing() {
        let said = [("history", "own"), ("there", "folder gate baseline failsafe")];
        assert!(found(State::Open, &said).is_empty());
        assert!(
            found(
                State::Open,
                &[("hidden", "unknown"), ("history", "own"), ("there", "gate failsafe")]
            )
            .is_empty()
        );
    }

    #[test]
    fn what_has_to_be_there_and_is_not_is_a_finding() {
        let lines = found(State::Open, &[("history", "own"), ("there", "folder baseline")]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let lines = found(
            State::Open,
            &[("history", "none"), ("key_now", "ssh-rsa ...x in /a\nssh-rsa ...y in /b")],
        );
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines.iter().any(|line| line == "key ssh-rsa ...y in /b"), "{lines:?}");
        // Where nothing could be made nothing is missed.
        let bare = grant(r#"{"gate":"false","failsafe":"none","baseline":"false"}"#);
        assert!(judged(&bare, State::Open, &[("history", "none")]).found.lines.is_empty());
    }

    #[test]
    fn the_server_closes_nothing_before_its_deadline() {
        let at = |at| [("history", "result"), ("by_server", "true"), ("server_closed_at", at)];
        let early = judged(&grant(MADE), State::Open, &at("3000"));
        assert_eq!((early.found.lines.len(), early.by_server), (1, None));
        let in_time = judged(&grant(MADE), State::Open, &at("5000"));
        assert_eq!((in_time.found.lines.len(), in_time.by_server), (0, Some(5_000)));
    }

    #[test]
    fn a_close_of_ours_that_nobody_began_is_a_finding() {
        let said = [("history", "result"), ("by_server", "false")];
        assert_eq!(found(State::Open, &said).len(), 1);
        // One that was begun and not heard wrote it.
        assert!(found(State::Closing, &said).is_empty());
        assert!(found(State::Stuck, &said).is_empty());
    }

    #[test]
    fn what_is_nobodys_is_told_by_number_and_time() {
        let strays = "login 4711 1795348800\nprocess 12 1795348800 perl\nprocess 13 1795348800 a b";
        let said =
            [("history", "own"), ("there", "gate failsafe"), ("stray", strays), ("hidden", "more")];
        let lines = found(State::Open, &said);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("login ") && line.contains("4711")));
        assert!(lines.iter().any(|line| line.contains("perl (12), a b (13)")), "{lines:?}");
    }

    #[test]
    fn a_grant_that_never_opened_and_an_account_of_its_own_are_not_judged() {
        let mut never = grant(MADE);
        never.opened_at = None;
        let mut own = grant(MADE);
        own.layers[0].provider = "linux-account".into();
        for grant in [never, own] {
            assert!(
                judged(&grant, State::Open, &[("history", "none"), ("hidden", "more")])
                    .found
                    .lines
                    .is_empty()
            );
        }
    }
}
