//! What a provider saw while a grant was open and when it closed it, as the ledger keeps it:
//! bounded, and never a secret.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::deadline;
use crate::grant::{Layer, UnixTime};
use crate::ledger::Entry;
use crate::lifecycle::difference::{self, Class, Finding, Findings, Others};
use crate::message::Note;
use crate::remote::clock::ServerTime;
use crate::remote::layer::LayerState;
use crate::remote::script::{Reply, clean};

/// The most lines of one kind that one event keeps.
const MOST_LINES: usize = 1000;

/// The most bytes that the lines of one kind may take in one event.
const MOST_BYTES: usize = 64 * 1024;

/// The most bytes that any other value of a reply may take.
const MOST_VALUE: usize = 4096;

/// The replies that are lists, and are kept elsewhere in the evidence.
const LISTS: [&str; 4] = ["use", "found", "changed", "left"];

/// What a server says when there was nothing that could have let somebody in.
const NOTHING_MADE: &str = "nothing was made";

/// The first lines of a list, as many as may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Bounded {
    /// The lines.
    pub lines: Vec<String>,
    /// How many there were altogether.
    pub total: i64,
}

impl Bounded {
    /// Keeps what may be kept of the lines said with `key`; the server says with `KEY_total` how
    /// many there were, where it said fewer.
    #[must_use]
    pub fn of(reply: &Reply, key: &str) -> Self {
        let lines: Vec<&str> = reply.lines(key).filter(|line| !line.is_empty()).collect();
        let said = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let total = reply.number(&format!("{key}_total")).unwrap_or_default().max(said);
        Self { lines: those_that_fit(lines.into_iter()), total }
    }

    fn of_findings(findings: &Findings) -> Self {
        let lines = findings.lines();
        Self { lines: those_that_fit(lines.iter().map(String::as_str)), total: findings.total() }
    }

    /// Keeps the uses behind number `collected`, as far as they may be kept the newest of them. The
    /// server says its newest lines, and how many there are altogether; its own job knows nothing of
    /// what was collected.
    #[must_use]
    pub fn of_uses(reply: &Reply, collected: i64) -> Self {
        let lines: Vec<&str> = reply.lines("use").filter(|line| !line.is_empty()).collect();
        let said = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let total =
            reply.number("uses_total").unwrap_or_else(|| collected.saturating_add(said)).max(said);
        let new = usize::try_from(total.saturating_sub(collected)).unwrap_or_default();
        let mut lines = those_that_fit(lines.into_iter().rev().take(new));
        lines.reverse();
        Self { lines, total }
    }

    /// The lines and how many there were, as they stand in a document.
    fn put(&self, into: &mut Map<String, Value>, key: &str) {
        into.insert(key.to_owned(), json!(self.lines));
        into.insert(format!("{key}_total"), json!(self.total));
    }
}

/// The first lines, as many as one event may keep.
fn those_that_fit<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut room = MOST_BYTES;
    lines
        .take(MOST_LINES)
        .map(clean)
        .take_while(|line| {
            let fits = line.len() <= room;
            room = room.saturating_sub(line.len());
            fits
        })
        .collect()
}

/// What the account had where no session leaves anything by itself, of what a server says was left, and how
/// many more there are that it does not name. What it says otherwise is told, and asks for nothing; and mail
/// is put into the account's box by the server.
fn left_elsewhere(reply: &Reply, total: i64, account: &str) -> (Vec<Finding>, i64) {
    let lines: Vec<&str> = reply.lines("left").filter(|line| !line.is_empty()).collect();
    let named = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let found = lines.into_iter().take(MOST_LINES).filter_map(|line| {
        let ended = [
            ("deleted ", "it was deleted"),
            ("not deleted ", "it stays, since somebody else's is in it"),
            ("handed over ", "it was given to the shop's owner"),
        ];
        let (path, how) =
            ended.iter().find_map(|(word, how)| Some((line.strip_prefix(word)?, how)))?;
        let is_box = ["/var/mail/", "/var/spool/mail/"]
            .iter()
            .any(|folder| path.strip_prefix(folder) == Some(account));
        let text = clean(&format!("{path}: made by this account; {how}"));
        (!is_box).then(|| Finding::of(Class::Elsewhere, &text))
    });
    (found.collect(), total.saturating_sub(named))
}

/// What the server says was not compared, and why, where it says so.
fn not_compared(reply: &Reply) -> Option<(&'static str, &str)> {
    let state = reply.text("difference");
    let why = |prefix| state.strip_prefix(prefix).map(str::trim);
    why("none:")
        .map(|why| ("nothing", why))
        .or_else(|| why("partial:").map(|why| ("not everything", why)))
}

/// What one layer's `close` showed.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What may have been left behind to get in again: somebody has to look at it.
    pub found: Findings,
    /// Other files of the shop that are new, changed or gone.
    pub changed: Bounded,
    /// Uses that were not collected before, and how many there were altogether.
    pub uses: Bounded,
    /// Files of the account that were left, given away or deleted.
    pub left: Bounded,
    /// When the server itself closed the layer, by this machine's clock.
    pub by_server: Option<UnixTime>,
    /// What the comparison showed of other grants, which stagepass itself made or took away.
    pub of_others: Vec<String>,
}

impl Evidence {
    /// Reads the reply to `close`. The server's clock is put right by what is known of it, and
    /// what it says cannot be in the future.
    #[must_use]
    pub fn of(layer: &Layer, reply: &Reply, now: UnixTime) -> Self {
        let said = reply.number("server_closed_at").filter(|at| *at > 0).map(ServerTime::said);
        let known = LayerState::of(layer);
        let skew = known.clock_ahead;
        let differs = difference::judge(reply.records(), &layer.account);
        // What a provider of the merchant's judges itself stands beside it.
        let own = Bounded::of(reply, "found");
        let unnamed = own.total.saturating_sub(i64::try_from(own.lines.len()).unwrap_or(i64::MAX));
        let own = own.lines.iter().map(|line| Finding::said(line));
        let left = Bounded::of(reply, "left");
        let (elsewhere, more) = left_elsewhere(reply, left.total, &layer.account);
        // Whoever can make a log too long to be read can hide in it what came later.
        let cut = reply.is("uses_cut").then(|| {
            Finding::of(
                Class::Record,
                "The log of what was done was too long to be read whole; what came later may be missing.",
            )
        });
        let mut changed = Bounded::of(reply, "changed");
        changed.total = changed.total.saturating_add(differs.changed_total);
        changed.lines.extend(differs.changed);
        changed.lines = those_that_fit(changed.lines.iter().map(String::as_str));
        Self {
            found: Findings::new(
                differs.found.into_iter().chain(own).chain(elsewhere).chain(cut).collect(),
                differs.found_unnamed.saturating_add(unnamed).saturating_add(more),
            ),
            changed,
            uses: Bounded::of_uses(reply, known.uses_collected),
            left,
            by_server: said.filter(|_| reply.is("by_server")).map(|at| skew.ours(at).min(now)),
            of_others: Vec::new(),
        }
    }

    /// Makes a finding of it when not everything was compared: what could have been left where
    /// nobody looked is as good as found. Before a grant was open nobody was in, and a list that
    /// was not made yet is missed by nobody.
    #[must_use]
    pub fn with_what_was_not_compared(mut self, reply: &Reply, was_open: bool) -> Self {
        if was_open && reply.is("left_partial") {
            let text = "not everything was looked at: files of the account may be left elsewhere on the server";
            self.found.add([Finding::of(Class::Uncompared, text)]);
        }
        let Some((how, why)) = not_compared(reply) else { return self };
        if how == "nothing" && (!was_open || why == NOTHING_MADE) {
            return self;
        }
        // Said by the list itself already: it is gone.
        if how == "nothing" && self.found.has(Class::Baseline) {
            return self;
        }
        let text = clean(&format!("{how} was compared: {why}"));
        self.found.add([Finding::of(Class::Uncompared, &text)]);
        self
    }

    /// Takes out of what was found what stagepass made or took away for other grants on the same
    /// server; the comparison took place at `compared_at` or later.
    pub fn leave_out(&mut self, others: &Others, compared_at: UnixTime) {
        self.of_others = self.found.take_out(|one| others.explain(one, compared_at));
    }

    /// What is kept with the event: only what the server said.
    #[must_use]
    pub fn document(&self, reply: &Reply) -> Map<String, Value> {
        let mut kept = Map::new();
        if let Some(at) = self.by_server {
            kept.insert("by_server".into(), json!(true));
            kept.insert("server_closed_at".into(), json!(at));
        }
        for key in ["sessions_ended", "uses_total"] {
            if let Some(number) = reply.number(key) {
                kept.insert(key.into(), json!(number));
            }
        }
        if !self.uses.lines.is_empty() {
            kept.insert("uses".into(), json!(self.uses.lines));
        }
        if let Some(moved) = moved(std::slice::from_ref(reply)) {
            kept.insert("moved".into(), moved);
        }
        let state = reply.text("difference");
        let differs =
            self.found.total() > 0 || self.changed.total > 0 || !self.of_others.is_empty();
        if !state.is_empty() || differs {
            let mut difference = Map::new();
            difference.insert("state".into(), json!(state));
            if !self.of_others.is_empty() {
                difference.insert("of_other_grants".into(), json!(self.of_others));
            }
            Bounded::of_findings(&self.found).put(&mut difference, "found");
            self.changed.put(&mut difference, "changed");
            kept.insert("difference".into(), Value::Object(difference));
        }
        if self.left.total > 0 {
            self.left.put(&mut kept, "left");
        }
        kept.insert("state_read_back".into(), read_back(reply));
        kept
    }

    /// What the merchant should know of it, one sentence each.
    #[must_use]
    pub fn notes(&self, reply: &Reply) -> Vec<Note> {
        let mut notes = Vec::new();
        if let Some(at) = self.by_server {
            notes.push(Note::of("end-by-server", &[("at", deadline::utc(at).into())]));
        }
        if let Some(count) = reply.number("sessions_ended").filter(|count| *count > 0) {
            notes.push(Note::of("end-sessions-ended", &[("count", count.into())]));
        }
        if let Some((how, why)) = not_compared(reply)
            && ![Class::Baseline, Class::Uncompared].iter().any(|class| self.found.has(*class))
        {
            let args = [("how", how.into()), ("why", why.into())];
            notes.push(Note::of("end-not-compared", &args));
        }
        let counted = [
            ("end-of-other-grants", i64::try_from(self.of_others.len()).unwrap_or(i64::MAX)),
            ("end-files-changed", self.changed.total),
        ];
        for (id, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
            notes.push(Note::of(id, &[("count", count.into())]));
        }
        notes
    }
}

/// What the events of one grant tell of how it was used and how it ended.
#[derive(Debug, Clone, Default, Serialize)]
pub struct History {
    /// What may have been left behind to get in again, the worst first.
    pub found: Bounded,
    /// Other files of the shop that are new, changed or gone.
    pub changed: Bounded,
    /// Files of the account that were left, given away or deleted.
    pub left: Bounded,
    /// How the grant was used, oldest first: `UNIXTIME ADDRESS KIND TEXT`.
    pub uses: Bounded,
    /// How the state at the close was compared with that at the opening: `done`, `none: why`,
    /// `partial: why`, or empty.
    pub difference: String,
    /// How many sessions were ended at the close.
    pub sessions_ended: Option<i64>,
    /// What SFTP moved, counted from the beginning: `bytes_read`, `bytes_written`, `files_read`,
    /// `files_written`.
    pub moved: BTreeMap<String, i64>,
    /// When the server itself closed it.
    pub by_server: Option<UnixTime>,
    /// Who closed it last, and why.
    pub closed_by: Option<Attribution>,
    /// Who acknowledged what was found last, and why.
    pub acknowledged: Option<Attribution>,
}

/// Something that somebody did for a reason.
#[derive(Debug, Clone, Serialize)]
pub struct Attribution {
    /// When.
    pub at: UnixTime,
    /// Who: `user@host`.
    pub actor: String,
    /// Why.
    pub why: String,
}

impl History {
    /// Reads the events of one grant, oldest first.
    #[must_use]
    pub fn of(events: &[Entry]) -> Self {
        let mut story = Self::default();
        // A close that failed and was done again may say the same uses twice.
        let mut last_uses = Vec::new();
        let mut most_uses = 0;
        for entry in events {
            let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
            let said = |path: &str| {
                let why = at(&detail, path).as_str().unwrap_or_default().to_owned();
                Some(Attribution { at: entry.at, actor: entry.actor.clone(), why })
            };
            match entry.verb.as_str() {
                "grant.used" => {
                    story.uses.lines.extend(lines(at(&detail, "/uses")));
                    most_uses =
                        most_uses.max(at(&detail, "/uses_total").as_i64().unwrap_or_default());
                    story.add_moved(at(&detail, "/moved"));
                }
                "grant.closing" => story.closed_by = said("/why"),
                "grant.acknowledged" => story.acknowledged = said("/reason"),
                "grant.closed" | "grant.close-failed" | "grant.stuck" => {
                    let layers = at(&detail, "/layers").as_array().map(Vec::as_slice);
                    for layer in layers.unwrap_or_default() {
                        story.add_layer(layer);
                        let uses: Vec<String> = lines(at(layer, "/uses")).collect();
                        last_uses = if uses.is_empty() { last_uses } else { uses };
                        most_uses =
                            most_uses.max(at(layer, "/uses_total").as_i64().unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        story.uses.lines.append(&mut last_uses);
        let known = i64::try_from(story.uses.lines.len()).unwrap_or(i64::MAX);
        story.uses.total = most_uses.max(known);
        story
    }

    fn add_layer(&mut self, layer: &Value) {
        let difference = at(layer, "/difference");
        for (kept, from, key) in [
            (&mut self.found, difference, "found"),
            (&mut self.changed, difference, "changed"),
            (&mut self.left, layer, "left"),
        ] {
            let total = at(from, &format!("/{key}_total")).as_i64().unwrap_or_default();
            if total > 0 {
                *kept = Bounded { lines: lines(at(from, &format!("/{key}"))).collect(), total };
            }
        }
        if let Some(state) = at(difference, "/state").as_str() {
            state.clone_into(&mut self.difference);
        }
        self.sessions_ended = at(layer, "/sessions_ended").as_i64().or(self.sessions_ended);
        self.add_moved(at(layer, "/moved"));
        self.by_server = at(layer, "/server_closed_at").as_i64().or(self.by_server);
    }

    /// What the server counts, it counts from the beginning.
    fn add_moved(&mut self, sums: &Value) {
        for (key, sum) in sums.as_object().into_iter().flatten() {
            let known = self.moved.entry(key.clone()).or_default();
            *known = (*known).max(sum.as_i64().unwrap_or_default());
        }
    }
}

/// A part of a document, by its path.
fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    document.pointer(path).unwrap_or(&Value::Null)
}

fn lines(list: &Value) -> impl Iterator<Item = String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned)
}

/// How much SFTP has moved since the beginning, of all layers together.
#[must_use]
pub fn moved(replies: &[Reply]) -> Option<Value> {
    let mut sums = Map::new();
    for key in ["bytes_read", "bytes_written", "files_read", "files_written"] {
        let numbers = replies.iter().filter_map(|reply| reply.number(key));
        if let Some(sum) = numbers.reduce(i64::saturating_add) {
            sums.insert(key.into(), json!(sum));
        }
    }
    (!sums.is_empty()).then_some(Value::Object(sums))
}

/// What was replied, without the lists: what a server says is kept for ever, and has an end.
pub(crate) fn read_back(reply: &Reply) -> Value {
    let kept = reply.values().iter().filter(|(key, _)| !LISTS.contains(&key.as_str()));
    let kept = kept.map(|(key, value)| {
        let short: String = value
            .char_indices()
            .take_while(|(at, c)| at + c.len_utf8() <= MOST_VALUE)
            .map(|(_, c)| c)
            .collect();
        (key.clone(), json!(short))
    });
    Value::Object(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(values: &[(&str, String)]) -> Reply {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Reply::from_values(values.collect())
    }

    fn layer(ahead: i64) -> Layer {
        Layer {
            provider: "linux-account".into(),
            digest: String::new(),
            account: "sp-ada".into(),
            public_key: None,
            key_fingerprint: None,
            has_password: false,
            inputs: json!({ "clock_ahead": ahead }).to_string(),
            outputs: "{}".into(),
            ..Layer::default()
        }
    }

    #[test]
    fn a_provider_that_says_nothing_of_it_leaves_no_empty_evidence() {
        let reply = reply(&[("absent", "true".into())]);
        let evidence = Evidence::of(&layer(0), &reply, 1_000);
        let kept = Value::Object(evidence.document(&reply));
        assert_eq!(kept, json!({ "state_read_back": { "absent": "true" } }));
        assert_eq!(evidence.notes(&reply), []);
        assert_eq!(evidence.found, Findings::default());
    }

    #[test]
    fn what_a_provider_says_itself_stands_beside_what_is_judged_here() {
        let values =
            [("found", "code a.php\nodd thing".to_owned()), ("found_total", "7".to_owned())];
        let mut reply = reply(&values);
        reply.tell(b"+login\t/etc/ld.so.preload\tx\t", false);
        reply.tell(b"aimg/x.jpg//f 644 1 1", false);
        let evidence = Evidence::of(&layer(0), &reply, 0);
        let lines = ["login new: /etc/ld.so.preload", "code a.php", "odd thing"];
        assert_eq!(evidence.found.lines(), lines);
        assert_eq!(evidence.found.total(), 8);
        assert_eq!(
            (evidence.changed.lines.as_slice(), evidence.changed.total),
            (&["new img/x.jpg".to_owned()][..], 1)
        );
    }

    #[test]
    fn what_was_not_compared_is_a_finding() {
        let of = |state: &str, found: &str, was_open| {
            let said = [("difference", state.to_owned()), ("found", found.to_owned())];
            let reply = reply(&said);
            let evidence = Evidence::of(&layer(0), &reply, 0);
            let evidence = evidence.with_what_was_not_compared(&reply, was_open);
            let lines = evidence.found.lines();
            assert_eq!(i64::try_from(lines.len()).unwrap(), evidence.found.total());
            let notes = evidence.notes(&reply);
            let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
            (lines.join("\n"), notes.join("\n"))
        };
        let found = |line: &str| (line.to_owned(), String::new());
        let noted = |note: &str| (String::new(), note.to_owned());
        assert_eq!(of("done", "", true), found(""));
        assert_eq!(
            of("partial: /a is too deep", "code x.php", true),
            found("uncompared not everything was compared: /a is too deep\ncode x.php")
        );
        assert_eq!(
            of("partial: /a is too deep", "", false),
            found("uncompared not everything was compared: /a is too deep")
        );
        assert_eq!(
            of("none: no list was made", "", true),
            found("uncompared nothing was compared: no list was made")
        );
        // One line for one thing.
        assert_eq!(of("none: the list is gone", "baseline gone", true), found("baseline gone"));
        // Nobody was let in.
        assert_eq!(
            of("none: no list was made", "", false),
            noted("nothing was compared: no list was made")
        );
        assert_eq!(
            of("none: nothing was made", "", true),
            noted("nothing was compared: nothing was made")
        );
        assert_eq!(of("", "", true), found(""));
    }

    #[test]
    fn what_the_account_left_elsewhere_is_found_by_its_name() {
        let left = "deleted /srv/open/a file\nnot deleted /srv/open/both\ndeleted /var/mail/sp-ada\n\
            handed over /srv/2/x.php\nclosed to everybody: 3 of the account's files in /srv/shop\n\
            deleted /srv/open/mail/sp-ada";
        let reply = reply(&[("left", left.to_owned()), ("left_total", "9".to_owned())]);
        let evidence = Evidence::of(&layer(0), &reply, 0);
        let expected = [
            "elsewhere /srv/open/a file: made by this account; it was deleted",
            "elsewhere /srv/open/both: made by this account; it stays, since somebody else's is in it",
            "elsewhere /srv/2/x.php: made by this account; it was given to the shop's owner",
            "elsewhere /srv/open/mail/sp-ada: made by this account; it was deleted",
        ];
        assert_eq!(evidence.found.lines(), expected);
        assert_eq!((evidence.found.total(), evidence.left.total), (4 + 3, 9));
    }

    #[test]
    fn a_log_or_a_search_that_was_cut_is_a_finding() {
        let found = |key: &str, was_open| {
            let reply = reply(&[(key, "true".to_owned()), ("difference", "done".to_owned())]);
            let evidence = Evidence::of(&layer(0), &reply, 0);
            let evidence = evidence.with_what_was_not_compared(&reply, was_open);
            evidence.found.lines().join("\n")
        };
        assert!(found("uses_cut", true).starts_with("record The log of what was done"));
        assert!(found("left_partial", true).starts_with("uncompared not everything was looked at"));
        // Nobody was let in.
        assert_eq!(found("left_partial", false), "");
        // An ended SFTP session could not say what it moved: that happens at every end.
        assert_eq!(found("uses_partial", true), "");
    }

    #[test]
    fn an_event_stays_small_whatever_a_server_says() {
        let lines = |what: &str| vec![format!("{what} {}", "ü".repeat(390)); 1000].join("\n");
        let reply = reply(&[
            ("found", lines("code")),
            ("found_total", "12000".into()),
            ("changed", lines("new")),
            ("left", lines("left")),
            ("use", lines("1 - shell")),
            ("noise", lines("noise")),
        ]);
        let evidence = Evidence::of(&layer(0), &reply, 0);
        assert_eq!(evidence.found.total(), 12_000);
        assert_eq!(evidence.changed.total, 1000);
        let size = Value::Object(evidence.document(&reply)).to_string().len();
        assert!((100_000..300_000).contains(&size), "{size}");
    }

    #[test]
    fn uses_are_kept_once_and_the_newest_first_of_all() {
        let uses = |lines: &str, total: &str, collected| {
            let said = [("use", lines.to_owned()), ("uses_total", total.to_owned())];
            Bounded::of_uses(&reply(&said), collected)
        };
        let kept = |lines: &[&str], total| Bounded {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            total,
        };
        assert_eq!(uses("1 a\n2 b\n3 c", "3", 0), kept(&["1 a", "2 b", "3 c"], 3));
        // The job on the server says all of them again.
        assert_eq!(uses("1 a\n2 b\n3 c", "3", 2), kept(&["3 c"], 3));
        assert_eq!(uses("1 a\n2 b\n3 c", "3", 3), kept(&[], 3));
        // Of very many it says the newest only.
        assert_eq!(uses("8 x\n9 y", "9", 3), kept(&["8 x", "9 y"], 9));
        // A provider that does not count.
        assert_eq!(Bounded::of_uses(&reply(&[("use", "4 d".into())]), 3), kept(&["4 d"], 4));
        let long = (0..1000).map(|n| format!("{n} {}", "x".repeat(300)));
        let said = long.collect::<Vec<_>>().join("\n");
        let newest = uses(&said, "1000", 0).lines;
        assert!(newest.last().unwrap().starts_with("999 ") && newest.len() < 300);
    }

    #[test]
    fn when_the_server_closed_is_told_by_our_clock_and_never_lies_ahead() {
        let by_server = |at: &str, ahead| {
            let said = [("by_server", "true".to_owned()), ("server_closed_at", at.to_owned())];
            Evidence::of(&layer(ahead), &reply(&said), 1_000).by_server
        };
        assert_eq!(by_server("900", 0), Some(900));
        assert_eq!(by_server("900", 50), Some(850));
        assert_eq!(by_server("900", -50), Some(950));
        assert_eq!(by_server("5000", 0), Some(1_000));
        assert_eq!(by_server("0", 0), None);
        let not = reply(&[("by_server", "false".into()), ("server_closed_at", "900".into())]);
        assert_eq!(Evidence::of(&layer(0), &not, 1_000).by_server, None);
    }
}
