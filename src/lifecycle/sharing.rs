//! What closing a grant in the merchant's own account showed, judged by what the ledger knows.
//!
//! The supporter was that account. What lies in it, a result of the server's too, is their word: a hint,
//! and never evidence. What has to be there by the ledger and is not, and what began while access was
//! open and is nobody's, is a finding.
//!
//! Another stagepass that is at work in the account, or the gate of another grant that is just ending, looks
//! the same for as long as it lasts, and so it is looked at again ([`may_pass`], [`looked_again`]). What stays,
//! and what the gate of another grant wrote down as its own, is no finding where the ledger has that grant open
//! there: it ends with that one, whose close looks again. A grant that only the account itself speaks of is
//! quickly made up.

use std::ops::RangeInclusive;

use crate::deadline;
use crate::grant::{Grant, Layer, State, UnixTime};
use crate::lifecycle::difference::{Finding, Others};
use crate::lifecycle::evidence::Evidence;
use crate::message::{self, Arg, Note};
use crate::remote::clock::{ServerTime, Skew};
use crate::remote::layer::{LayerState, OpenReply};
use crate::remote::script::{Reply, clean};

/// Seconds by which the two clocks may have been read wrongly.
const DOUBT: UnixTime = 5;

/// The most names of processes in one finding.
const NAMES: usize = 8;

/// Adds to the evidence what somebody has to look at, and takes from it what only the supporter can
/// have written. `before` is the state in which the grant was when it was to be closed, [`State::Open`] where no
/// result can be of a close of ours; `asked` is when the server was asked to, and when it had answered, by our
/// clock. What cannot be told from another grant of the ledger is answered, to be noted.
pub fn judge(
    grant: &Grant,
    before: State,
    layer: &Layer,
    reply: &Reply,
    others: &Others,
    asked: &RangeInclusive<UnixTime>,
    evidence: &mut Evidence,
) -> Vec<Note> {
    // Nobody was let in by a grant that never opened.
    if !is_judged(grant, layer) {
        return Vec::new();
    }
    let (account, skew) = (layer.account.as_str(), LayerState::of(layer).clock_ahead);
    let mut found = record(grant, before, layer, reply, asked, evidence);
    let (known, strays): (Vec<Stray<'_>>, Vec<_>) =
        strays(reply).partition(|stray| stray.is_known(account, others));
    found.extend(
        strays.iter().filter(|stray| stray.name.is_none()).map(|one| login(account, one, skew)),
    );
    found.extend(processes(account, &strays));
    let mut grants: Vec<&str> = known.iter().filter_map(|stray| stray.claim).collect();
    grants.sort_unstable();
    grants.dedup();
    let notes = grants.iter().map(|id| {
        Note::of("shared-beside", &[("account", account.into()), ("grant", (*id).into())])
    });
    if reply.text("hidden") == "more" && grants.is_empty() {
        found.push(say("shared-hidden", &[("account", account.into())]));
    }
    evidence.found.add(found.iter().map(|line| Finding::said(line)));
    notes.collect()
}

/// Seconds for which something that just began may be the work of another stagepass.
const YOUNG: UnixTime = 120;

/// Whether what is nobody's in this reply may be gone in a moment. `now` is the time of the server.
#[must_use]
pub fn may_pass(
    grant: &Grant,
    layer: &Layer,
    reply: &Reply,
    others: &Others,
    now: ServerTime,
) -> bool {
    if !is_judged(grant, layer) {
        return false;
    }
    let (known, strays): (Vec<_>, Vec<_>) =
        strays(reply).partition(|stray| stray.is_known(&layer.account, others));
    let is_young = |stray: &Stray<'_>| stray.began.is_none_or(|began| now.since(began) < YOUNG);
    (reply.text("hidden") == "more" && known.is_empty()) || strays.iter().any(is_young)
}

/// The first reply with what a later look saw. A login counts when both saw it: one that came since did not
/// come by the key that was taken away before. Of processes the last look counts: what hands over to a child
/// has another number each time.
#[must_use]
pub fn looked_again(first: &Reply, later: &Reply) -> Reply {
    let seen: Vec<&str> =
        strays(first).filter(|one| one.name.is_none()).map(|one| one.pid).collect();
    let stays = |line: &&str| {
        Stray::of(line).is_some_and(|one| one.name.is_some() || seen.contains(&one.pid))
    };
    let lines: Vec<&str> = later.lines("stray").filter(stays).collect();
    let kept = ["hidden", "sessions_left"].map(|key| (key.into(), later.text(key).into()));
    first.clone().with(kept).with([("stray".into(), lines.join("\n"))])
}

fn is_judged(grant: &Grant, layer: &Layer) -> bool {
    grant.opened_at.is_some() && LayerState::is_shared(layer)
}

/// What began while access was open, and is nobody's by what the server can tell.
struct Stray<'a> {
    pid: &'a str,
    /// By the clock of the server, where it could be read.
    began: Option<ServerTime>,
    /// The name of a process; a login has none.
    name: Option<&'a str>,
    /// The grant whose gate wrote it down as its own.
    claim: Option<&'a str>,
}

impl<'a> Stray<'a> {
    /// `login PID BEGAN [GRANT]`, `process PID BEGAN NAME`, or `of GRANT PID BEGAN NAME`.
    fn of(line: &'a str) -> Option<Self> {
        let (kind, rest) = line.split_once(' ')?;
        let (claim, rest) = match kind {
            "of" => rest.split_once(' ').map(|(id, rest)| (Some(id), rest))?,
            _ => (None, rest),
        };
        let mut words = rest.splitn(3, ' ');
        let (pid, began, last) = (words.next()?, words.next()?, words.next());
        let began = began.parse().ok().map(ServerTime::said);
        match kind {
            "login" => Some(Self { pid, began, name: None, claim: last }),
            "process" | "of" => Some(Self { pid, began, name: Some(last?), claim }),
            _ => None,
        }
    }

    /// Whether the ledger has the grant open in this account whose it is said to be.
    fn is_known(&self, account: &str, others: &Others) -> bool {
        self.claim.is_some_and(|id| others.share(id, account))
    }
}

fn strays(reply: &Reply) -> impl Iterator<Item = Stray<'_>> {
    reply.lines("stray").filter_map(Stray::of)
}

/// What stagepass had put into the account, and what is there in its place.
fn record(
    grant: &Grant,
    before: State,
    layer: &Layer,
    reply: &Reply,
    asked: &RangeInclusive<UnixTime>,
    evidence: &mut Evidence,
) -> Vec<String> {
    let opened = OpenReply::of(layer);
    let (gate, failsafe) = (opened.has_gate(), opened.failsafe().is_some());
    let account = ("account", Arg::from(layer.account.as_str()));
    match reply.text("history") {
        "own" => {
            let there: Vec<&str> = reply.text("there").split(' ').collect();
            // That the list is gone is told by the comparison, and the job may have gone in an
            // editor of the merchant's, which a look at an open grant tells.
            let gone = gate && !there.contains(&"gate");
            gone.then(|| say("shared-gate-gone", &[account])).into_iter().collect()
        }
        "none" if gate || failsafe || opened.has_baseline() => {
            let keys = reply.lines("key_now").map(|key| format!("key {}", clean(key)));
            std::iter::once(say("shared-all-gone", &[account])).chain(keys).collect()
        }
        "result" => match evidence.by_server {
            Some(at) if at.saturating_add(DOUBT) < grant.deadline => {
                evidence.by_server = None;
                // A close shuts the way in before it waits for its turn, and from then on the server's own job has
                // something to do: it came first. What it says of the time is believed of no more than that.
                if was_asked(layer, reply, asked) {
                    return Vec::new();
                }
                let at = ("at", Arg::from(deadline::utc(at)));
                vec![say("shared-too-early", &[account, at])]
            }
            None if before == State::Open => vec![say("shared-not-ours", &[account])],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether the server says that it closed while it was asked to, by our clock. What is in the future is a lie.
fn was_asked(layer: &Layer, reply: &Reply, asked: &RangeInclusive<UnixTime>) -> bool {
    let skew = LayerState::of(layer).clock_ahead;
    let at = reply.number("server_closed_at").map(ServerTime::said);
    at.is_some_and(|at| asked.contains(&skew.ours(at)))
}

fn login(account: &str, stray: &Stray<'_>, skew: Skew) -> String {
    let began = stray.began.map(|began| deadline::utc(skew.ours(began))).unwrap_or_default();
    let args = [
        ("account", account.into()),
        ("pid", clean(stray.pid).into()),
        ("at", Arg::from(began)),
        ("grant", clean(stray.claim.unwrap_or_default()).into()),
    ];
    say(if stray.claim.is_some() { "shared-login-claimed" } else { "shared-login" }, &args)
}

/// All of them in one line.
fn processes(account: &str, strays: &[Stray<'_>]) -> Option<String> {
    let processes: Vec<String> = strays
        .iter()
        .filter_map(|one| Some(format!("{} ({})", clean(one.name?), clean(one.pid))))
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
                inputs: json!({ "shared": true }).to_string(),
                outputs: outputs.into(),
                ..Layer::default()
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
        let asked = 8_000..=9_000;
        judge(grant, before, &grant.layers[0], &reply, &Others::default(), &asked, &mut evidence);
        evidence
    }

    fn reply(said: &[(&str, &str)]) -> Reply {
        Reply::from_values(said.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    fn found(before: State, said: &[(&str, &str)]) -> Vec<String> {
        judged(&grant(MADE), before, said).found.lines()
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
        assert!(judged(&bare, State::Open, &[("history", "none")]).found.lines().is_empty());
    }

    #[test]
    fn the_server_closes_nothing_before_its_deadline() {
        let at = |at| [("history", "result"), ("by_server", "true"), ("server_closed_at", at)];
        let early = judged(&grant(MADE), State::Open, &at("3000"));
        assert_eq!((early.found.lines().len(), early.by_server), (1, None));
        // Nor in the future; but what was closed while we asked for it was closed by us.
        for (said, found) in [("8200", 0), ("9001", 1), ("99999", 1), ("7999", 1)] {
            let late = Grant { deadline: 100_000, ..grant(MADE) };
            let closed = judged(&late, State::Open, &at(said));
            assert_eq!((closed.found.lines().len(), closed.by_server), (found, None), "{said}");
        }
        // At its deadline it does it by itself, whoever asks just then.
        let due = Grant { deadline: 8_100, ..grant(MADE) };
        assert_eq!(judged(&due, State::Open, &at("8200")).by_server, Some(8_200));
        let in_time = judged(&grant(MADE), State::Open, &at("5000"));
        assert_eq!((in_time.found.lines().len(), in_time.by_server), (0, Some(5_000)));
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
        own.layers[0].inputs = "{}".into();
        for grant in [never, own] {
            assert!(
                judged(&grant, State::Open, &[("history", "none"), ("hidden", "more")])
                    .found
                    .lines()
                    .is_empty()
            );
        }
    }

    #[test]
    fn what_is_said_to_be_another_grants_is_believed_of_the_ledger_alone() {
        let this = grant(MADE);
        let mut other = grant(MADE);
        other.id = "ab3de6gh9k".into();
        let said = reply(&[
            ("history", "own"),
            ("there", "gate"),
            ("hidden", "more"),
            ("stray", "login 7 2000 ab3de6gh9k\nof ab3de6gh9k 8 2000 a b"),
        ]);
        let judged = |others: &Others| {
            let mut evidence = Evidence::of(&this.layers[0], &said, 9_000);
            let notes = judge(
                &this,
                State::Open,
                &this.layers[0],
                &said,
                others,
                &(8_000..=9_000),
                &mut evidence,
            );
            (notes.len(), evidence.found.lines())
        };
        let (notes, found) = judged(&Others::of(&this, [other.clone()]));
        assert_eq!((notes, found.len()), (1, 0), "{found:?}");
        let mut over = other.clone();
        over.closed_at = Some(1_500);
        let mut elsewhere = other;
        elsewhere.layers[0].account = "web".into();
        for others in [vec![over], vec![elsewhere], vec![]] {
            let (notes, found) = judged(&Others::of(&this, others));
            assert_eq!((notes, found.len()), (0, 3), "{found:?}");
            assert!(found.iter().any(|line| line.contains("ab3de6gh9k")), "{found:?}");
        }
    }

    #[test]
    fn what_just_began_is_looked_at_again_and_nothing_else() {
        let this = grant(MADE);
        let asked = |said: &[(&str, &str)], now| {
            let now = ServerTime::said(now);
            may_pass(&this, &this.layers[0], &reply(said), &Others::default(), now)
        };
        assert!(asked(&[("stray", "login 7 2000")], 2_010));
        assert!(asked(&[("stray", "process 7 - sh")], 2_010));
        assert!(asked(&[("hidden", "more")], 2_010));
        assert!(!asked(&[("stray", "login 7 2000")], 9_000));
        assert!(!asked(&[("hidden", "unknown")], 2_010));
    }

    #[test]
    fn a_login_counts_when_it_stays_and_a_process_as_it_was_seen_last() {
        let first = reply(&[
            ("stray", "login 7 2000\nlogin 8 2000\nprocess 9 2000 sh"),
            ("hidden", "more"),
            ("sessions_left", "unknown"),
            ("uses_total", "3"),
        ]);
        let later = reply(&[
            ("stray", "login 8 2000\nlogin 10 2003\nprocess 11 2003 perl"),
            ("hidden", "none"),
            ("sessions_left", "0"),
            ("uses_total", "0"),
        ]);
        let both = looked_again(&first, &later);
        assert_eq!(both.text("stray"), "login 8 2000\nprocess 11 2003 perl");
        assert_eq!((both.text("hidden"), both.text("sessions_left")), ("none", "0"));
        assert_eq!(both.text("uses_total"), "3");
    }
}
