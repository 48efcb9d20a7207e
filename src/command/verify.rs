//! `verify`: prove again, any time later, that an open grant works as it should and that a closed
//! one is still gone.

use std::collections::BTreeMap;

use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::command::{revoke, view};
use crate::complete;
use crate::context::Context;
use crate::deadline;
use crate::error::{Error, Kind, Result};
use crate::grant::{Grant, State};
use crate::ledger::{Cursor, Filter, Ledger};
use crate::lifecycle::checking;
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::closing::LastWord;
use crate::lifecycle::evidence;
use crate::lifecycle::opening::{self, TriedAgain};
use crate::lifecycle::proving::{self, Offered, Seen};
use crate::lifecycle::trial::Proof;
use crate::message::{self, Arg, Id, Note};
use crate::output::{Progress, Tone, paint};
use crate::remote::provider::AccountKind;
use crate::remote::session::Session;
use crate::target::Target;

/// `verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass verify k7m2x9
  stagepass verify --all
  stagepass verify k7m2x9 --trial
  stagepass verify k7m2x9 --close

A backup that is restored on a server brings back what was closed since. Run `verify --all` after
that: what is back is told, with exit code 8, and --close takes it away again.")]
pub struct VerifyArgs {
    /// The grants' ids, or the beginnings of them.
    #[arg(required_unless_present_any = ["all", "case"], add = complete::all_grants())]
    pub grants: Vec<String>,
    /// Every grant of this case, the closed ones too.
    #[arg(long, value_name = "REF", conflicts_with = "grants", add = complete::all_cases())]
    pub case: Option<String>,
    /// Every grant, the closed ones too.
    #[arg(long, conflicts_with_all = ["grants", "case"])]
    pub all: bool,
    /// Close again what was closed and is back.
    #[arg(long)]
    pub close: bool,
    /// Log in as the supporter would, where a grant is open, and try everything again that was tried
    /// when it was granted. For a moment a verification key stands beside the supporter's.
    #[arg(long)]
    pub trial: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what would be verified, and connect to nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Grants read from the ledger at a time.
const PAGE: u32 = 1000;

/// Grants whose reasons are told one by one.
const TOLD: usize = 10;

/// How many times a lost connection to one target is opened again in one run.
const MOST_CONNECTIONS: u32 = 3;

/// How verifying one grant ended.
#[derive(Debug)]
enum Ended {
    /// It is as the ledger says, with what the merchant should know, and what its trial showed where it was
    /// put to one again.
    Proved { proof: Option<Proof>, notes: Vec<Note> },
    /// It is open, and not as it was made.
    Drifted { drift: Vec<Note>, notes: Vec<Note> },
    /// It is closed in the ledger, and there again.
    Back { there: Vec<Note>, notes: Vec<Note> },
    /// It was there again, and was closed again.
    ClosedAgain { there: Vec<Note>, notes: Vec<Note> },
    /// It should be over and is not proved to be: the sweep has it in hand.
    Unfinished { why: String },
    /// Nobody saw.
    Unseen { kind: Kind, why: String },
}

/// One grant, and how verifying it ended.
type Verified = (Grant, Ended);

/// Runs the command.
///
/// # Errors
/// There is no such grant, the ledger fails, or a grant is not as the ledger says.
pub async fn run(context: &Context, typed: &VerifyArgs) -> Result<()> {
    if context.ledger_to_read().await?.is_none() {
        return Err(Error::of(Kind::NotFound, "no-grants", &[]).hint_of("no-grants.lost", &[]));
    }
    let ledger = context.ledger().await?;
    let Chosen { grants, left_out } = chosen(context, &ledger, typed).await?;
    if typed.dry_run {
        return show_plan(context, &grants);
    }
    let verified = verify_all(context, &ledger, grants, typed).await?;
    if !left_out.is_empty() {
        let count = left_out.len();
        let text = message::text("verify-left-out", &[("count", count.into())]);
        context.output.say(Tone::Faint, &text);
    }
    let document = document(context, &verified, &left_out);
    let error = failure(&verified);
    if !context.output.is_json() || error.is_none() {
        context.output.result(&text(&verified), document.clone());
    }
    error.map_or(Ok(()), |error| Err(error.with_result(document)))
}

/// What is to be verified.
struct Chosen {
    grants: Vec<Grant>,
    /// Ids of grants that are closed, and whose target is no longer in the list.
    left_out: Vec<String>,
}

/// The grants that were meant, each once. Those that were given up, or are closed on a target that
/// was removed, are meant only by their id: nobody can look there.
async fn chosen(context: &Context, ledger: &Ledger, typed: &VerifyArgs) -> Result<Chosen> {
    let mut chosen = Chosen { grants: Vec::new(), left_out: Vec::new() };
    for id in &typed.grants {
        let grant = ledger.grant(id).await?;
        if !chosen.grants.iter().any(|known| known.id == grant.id) {
            chosen.grants.push(grant);
        }
    }
    if !(typed.all || typed.case.is_some()) {
        return Ok(chosen);
    }
    if let Some(reference) = &typed.case {
        ledger.case(reference).await?;
    }
    let targets = context.targets()?;
    let filter = Filter { case: typed.case.clone(), ..Filter::default() };
    let mut after: Option<Cursor> = None;
    loop {
        let page = ledger.grants(&filter, PAGE, after.as_ref()).await?;
        let Some(last) = page.last() else { return Ok(chosen) };
        after = Some(Cursor::after(last));
        for grant in page {
            match grant.state {
                State::Forgotten => {}
                State::Closed if targets.find(&grant.target).is_none() => {
                    chosen.left_out.push(grant.id);
                }
                _ => chosen.grants.push(grant),
            }
        }
    }
}

fn show_plan(context: &Context, grants: &[Grant]) -> Result<()> {
    let now = context.now();
    let would = message::text("would-be-verified", &[("count", grants.len().into())]);
    let text = match grants.is_empty() {
        true => format!("{would}\n"),
        false => format!("{}\n{would}\n", view::grants(grants, now)),
    };
    let documents: Vec<Value> = grants.iter().map(|grant| view::document(grant, now)).collect();
    context.output.result(&text, json!({ "would_verify": documents, "dry_run": true }));
    Ok(())
}

/// Verifies grants on many targets: one connection a target, and so many targets at a time.
async fn verify_all(
    context: &Context,
    ledger: &Ledger,
    grants: Vec<Grant>,
    typed: &VerifyArgs,
) -> Result<Vec<Verified>> {
    let total = u64::try_from(grants.len()).unwrap_or(u64::MAX);
    let progress = context.output.progress_of(total, &message::text("progress-verifying", &[]));
    let mut by_target: BTreeMap<String, Vec<Grant>> = BTreeMap::new();
    for grant in grants {
        by_target.entry(grant.target.clone()).or_default().push(grant);
    }
    let targets = context.targets()?;
    let (targets, progress) = (&targets, &progress);
    futures_util::stream::iter(by_target)
        .map(|(name, grants)| async move {
            let (close, trial) = (typed.close, typed.trial);
            let on = On { context, ledger, close, trial, progress };
            match targets.find(&name) {
                Some(target) => on.target(target, grants).await,
                None => Ok(on.none(
                    grants,
                    Kind::NotFound,
                    &message::text("target-unknown", &[("target", (&name).into())]),
                )),
            }
        })
        .buffer_unordered(usize::from(typed.parallel))
        .try_fold(Vec::new(), async |mut all, mut some: Vec<Verified>| {
            all.append(&mut some);
            Ok(all)
        })
        .await
}

/// What verifying needs on every target.
struct On<'a> {
    context: &'a Context,
    ledger: &'a Ledger,
    close: bool,
    trial: bool,
    progress: &'a Progress,
}

impl On<'_> {
    /// Nothing could be looked at.
    fn none(&self, grants: Vec<Grant>, kind: Kind, why: &str) -> Vec<Verified> {
        let unseen = |grant| {
            self.progress.advance();
            (grant, Ended::Unseen { kind, why: why.to_owned() })
        };
        grants.into_iter().map(unseen).collect()
    }

    /// The grants on one target, over one connection. One that is lost is opened again.
    async fn target(&self, target: &Target, grants: Vec<Grant>) -> Result<Vec<Verified>> {
        let mut session = match Session::open(self.context, target).await {
            Ok(session) => session,
            Err(e) => return Ok(self.none(grants, e.kind, &e.one_line())),
        };
        let (mut verified, mut lost) = (Vec::new(), 0);
        let mut grants = grants.into_iter();
        while let Some(grant) = grants.next() {
            let ended = self.one(&mut session, &grant).await?;
            let unseen = matches!(ended, Ended::Unseen { kind: Kind::Unknown, .. });
            verified.push((grant, ended));
            self.progress.advance();
            // Nobody knows what state the old connection is in.
            if unseen && lost < MOST_CONNECTIONS && grants.len() > 0 {
                lost += 1;
                session = match Session::open(self.context, target).await {
                    Ok(session) => session,
                    Err(e) => {
                        let why = e.one_line();
                        verified.append(&mut self.none(grants.collect(), e.kind, &why));
                        return Ok(verified);
                    }
                };
            }
        }
        session.close().await;
        Ok(verified)
    }

    async fn one(&self, session: &mut Session<'_>, grant: &Grant) -> Result<Ended> {
        if grant.altered {
            return Ok(Ended::Unfinished { why: revoke::ALTERED.text() });
        }
        match grant.state {
            State::Open if self.context.now() < claim::latest_end(grant) => {
                self.open(session, grant).await
            }
            State::Closed | State::Forgotten => self.over(session, grant).await,
            _ => Ok(Ended::Unfinished { why: unfinished(grant) }),
        }
    }

    /// A grant that is open: as it was made, and its key is taken.
    async fn open(&self, session: &mut Session<'_>, grant: &Grant) -> Result<Ended> {
        let (context, ledger) = (self.context, self.ledger);
        let checked = checking::check(context, ledger, session, grant).await?;
        let seen = match checked.seen {
            Ok(seen) => seen,
            Err(not) => return Ok(Ended::Unseen { kind: not.kind(), why: not.why }),
        };
        // Another process may have ended it, or moved its end, since it was read: then what was seen
        // is no drift.
        let now_is = ledger.grant(&grant.id).await?;
        if (now_is.state, now_is.deadline) != (grant.state, grant.deadline) {
            return Box::pin(self.one(session, &now_is)).await;
        }
        let mut drift = seen.drift.clone();
        let (mut notes, mut proof) = (Vec::new(), None);
        let now = context.now();
        let draining = claim::is_draining(grant, now);
        if draining {
            let until = deadline::utc(claim::latest_end(grant));
            notes.push(Note::of("verify-drains", &[("until", until.into())]));
        }
        if self.trial && !draining {
            match opening::try_again(context, ledger, session, &now_is).await? {
                TriedAgain::Proved(shown) => {
                    let told = view::trial_in_words(&json!(shown)).unwrap_or_default();
                    proof = Some(shown);
                    notes.push(Note { id: "login-tried".into(), text: told }.of_login());
                }
                TriedAgain::NotTried(text) => {
                    notes.push(Note { id: "login-not-tried".into(), text }.of_login());
                }
                TriedAgain::Failed(text) => drift.push(Note { id: "trial-failed".into(), text }),
                TriedAgain::Unseen(why) => return Ok(Ended::Unseen { kind: Kind::Unknown, why }),
            }
        }
        // Behind the deadline nobody new gets in.
        for layer in grant.layers.iter().filter(|_| !draining && !self.trial) {
            let kind = context.provider(&layer.provider)?.account;
            if kind == AccountKind::None {
                continue;
            }
            let offered =
                proving::prove_taken(context, ledger, session.target, grant, layer, kind).await?;
            match offered {
                Offered::Taken => notes.push(Note::of("login-key-taken", &[]).of_login()),
                Offered::NotTried(note) => notes.push(note.of_login()),
                Offered::Refused(text) => {
                    drift.push(Note { id: "login-key-not-taken".into(), text });
                }
                Offered::Unseen(why) => return Ok(Ended::Unseen { kind: Kind::Unknown, why }),
            }
        }
        let replies: Vec<_> = seen.replies.iter().map(evidence::read_back).collect();
        let detail = json!({
            "state": grant.state,
            "state_read_back": replies,
            "drift": drift,
            "notes": notes,
        });
        let verb = if drift.is_empty() { "grant.verified" } else { "grant.not-verified" };
        ledger.note(&event(context, grant, verb, detail)).await?;
        Ok(match drift.is_empty() {
            true => Ended::Proved { proof, notes },
            false => Ended::Drifted { drift, notes },
        })
    }

    /// A grant that is over: nothing of it is there, and its key is refused.
    async fn over(&self, session: &mut Session<'_>, grant: &Grant) -> Result<Ended> {
        let found = match proving::prove_gone(self.context, self.ledger, session, grant).await? {
            Seen::Gone(found) => return Ok(Ended::Proved { proof: None, notes: found.notes }),
            Seen::Unseen(not) => return Ok(Ended::Unseen { kind: not.kind(), why: not.why }),
            Seen::Back(found) => found,
        };
        let there = found.there;
        if !self.close {
            return Ok(Ended::Back { there, notes: found.notes });
        }
        let why = &message::text("reason-there-again", &[]);
        let closed = proving::close_again(self.context, self.ledger, session, grant, why).await?;
        Ok(match closed {
            Ok(notes) => Ended::ClosedAgain { there, notes },
            Err((why, _)) => Ended::Back {
                there,
                notes: vec![Note::of("verify-close-failed", &[("why", why.into())])],
            },
        })
    }
}

fn unfinished(grant: &Grant) -> String {
    let error = grant.last_error.as_deref();
    let args = [
        ("state", grant.state.id().into()),
        ("word", grant.state.word().into()),
        ("last", if error.is_some() { "failed" } else { "none" }.into()),
        ("error", error.unwrap_or_default().into()),
    ];
    message::text("verify-unfinished", &args)
}

fn joined(notes: &[Note]) -> String {
    notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("; ")
}

/// How it ended, for people.
fn text(verified: &[Verified]) -> String {
    let mut lines = String::new();
    for (grant, ended) in verified {
        let (tone, word, said, notes): (Tone, Id, String, &[Note]) = match ended {
            Ended::Proved { notes, .. } if grant.state == State::Open => {
                (Tone::Good, Id("verify-word.proved"), message::text("verify-as-made", &[]), notes)
            }
            Ended::Proved { notes, .. } => match LastWord::of(grant) {
                LastWord::NothingLeft => (
                    Tone::Good,
                    Id("verify-word.proved"),
                    message::text("verify-nothing-there", &[("state", grant.state.word().into())]),
                    notes,
                ),
                word @ LastWord::TakenAway => {
                    (Tone::Good, Id("verify-word.not-back"), word.text(grant), notes)
                }
            },
            Ended::Drifted { drift, notes } => {
                (Tone::Bad, Id("verify-word.drifted"), joined(drift), notes)
            }
            Ended::Back { there, notes } => {
                (Tone::Bad, Id("verify-word.back"), joined(there), notes)
            }
            Ended::ClosedAgain { there, notes } => (
                Tone::Good,
                Id("verify-word.closed-again"),
                message::text("verify-there-was", &[("what", joined(there).into())]),
                notes,
            ),
            Ended::Unfinished { why } => {
                (Tone::Bad, Id("verify-word.unfinished"), why.clone(), &[])
            }
            Ended::Unseen { why, .. } => (Tone::Bad, Id("verify-word.unseen"), why.clone(), &[]),
        };
        let args = [
            ("grant", (&grant.id).into()),
            ("target", (&grant.target).into()),
            ("supporter", (&grant.supporter.name).into()),
            ("said", said.into()),
        ];
        lines.push_str(&format!(
            "{} {}\n",
            paint(tone, &word.text()),
            message::text("verify-line", &args)
        ));
        for note in notes {
            lines.push_str(&format!("  {}\n", paint(Tone::Faint, &note.text)));
        }
    }
    if lines.is_empty() {
        lines.push_str(&(message::text("nothing-to-verify", &[]) + "\n"));
    }
    lines
}

/// How it ended, for programs.
fn document(context: &Context, verified: &[Verified], left_out: &[String]) -> Value {
    let now = context.now();
    let mut lists: BTreeMap<&str, Vec<Value>> =
        ["proved", "drifted", "back", "closed_again", "unfinished", "unseen"]
            .map(|name| (name, Vec::new()))
            .into();
    for (grant, ended) in verified {
        let shown = view::document(grant, now);
        let (name, entry) = match ended {
            Ended::Proved { proof, notes } => {
                ("proved", json!({ "grant": shown, "proof": proof, "notes": notes }))
            }
            Ended::Drifted { drift, notes } => {
                ("drifted", json!({ "grant": shown, "drift": drift, "notes": notes }))
            }
            Ended::Back { there, notes } => {
                ("back", json!({ "grant": shown, "there": there, "notes": notes }))
            }
            Ended::ClosedAgain { there, notes } => {
                ("closed_again", json!({ "grant": shown, "there": there, "notes": notes }))
            }
            Ended::Unfinished { why } => ("unfinished", json!({ "grant": shown, "why": why })),
            Ended::Unseen { why, .. } => ("unseen", json!({ "grant": shown, "why": why })),
        };
        lists.entry(name).or_default().push(entry);
    }
    lists.insert("left_out", left_out.iter().map(|id| json!(id)).collect());
    json!(lists)
}

/// The worst of what was found: what is there and should not be before what nobody saw.
fn failure(verified: &[Verified]) -> Option<Error> {
    let why = |text: &str| [("why", Arg::from(text))];
    let mut wrong: Vec<(&Grant, Kind, String)> = Vec::new();
    for (grant, ended) in verified {
        wrong.push(match ended {
            Ended::Proved { .. } | Ended::ClosedAgain { .. } => continue,
            Ended::Back { there, .. } => {
                (grant, Kind::Stuck, message::text("is-back", &why(&joined(there))))
            }
            Ended::Drifted { drift, .. } => {
                (grant, Kind::Stuck, message::text("is-not-as-made", &why(&joined(drift))))
            }
            Ended::Unfinished { why: not } => {
                (grant, Kind::Stuck, message::text("is-not-over", &why(not)))
            }
            Ended::Unseen { kind, why: not } => {
                (grant, *kind, message::text("was-not-seen", &why(not)))
            }
        });
    }
    let worst = wrong.iter().map(|(_, kind, _)| *kind).max()?;
    let mut error = Error::of(worst, "not-proved", &[("count", wrong.len().into())]);
    for (grant, _, why) in wrong.iter().take(TOLD) {
        error = error.because_of(
            "not-proved-grant",
            &[
                ("grant", (&grant.id).into()),
                ("target", (&grant.target).into()),
                ("why", why.into()),
            ],
        );
    }
    let any = |is: fn(&Ended) -> bool| verified.iter().find(|(_, ended)| is(ended));
    if let Some((grant, _)) = any(|ended| matches!(ended, Ended::Back { .. })) {
        error = error.hint_of("not-proved-close", &[("grant", (&grant.id).into())]);
    }
    if let Some((grant, _)) = any(|ended| matches!(ended, Ended::Drifted { .. })) {
        error = error.hint_of("not-proved-revoke", &[("grant", (&grant.id).into())]);
    }
    if any(|ended| matches!(ended, Ended::Unfinished { .. })).is_some() {
        error = error.hint_of("not-proved-sweep", &[]);
    }
    Some(error)
}
