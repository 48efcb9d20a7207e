//! `doctor`: checks everything that has to work before and after a grant, and says what to mend.

use clap::Args;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;

use crate::command::case::{all_ending, ends_text};
use crate::command::{schedule, sweep};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Case};
use crate::ledger::{Filter, Ledger};
use crate::machine::keyring::Availability;
use crate::message::{self, Id, Note, Told as _};
use crate::output::{Tone, paint};
use crate::remote::inputs;
use crate::remote::provider::{Provider, Verb, refuse_unsafe};
use crate::remote::script::{Answer, clean};
use crate::remote::server::{self, SKEW_LIMIT, Server};
use crate::remote::session::Session;
use crate::shared;
use crate::target::{Elevation, Target};
use crate::transport::{Connection, Route, TransportError};

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Check that every target with open grants can be logged in to as under cron: no agent, no
    /// keyring, no questions.
    #[arg(long)]
    pub unattended: bool,
    /// Do not connect to any target.
    #[arg(long, conflicts_with = "unattended")]
    pub offline: bool,
}

/// Targets checked at the same time.
const PARALLEL: usize = 4;

/// The most live grants that are looked at for the targets they are on.
const MOST: u32 = 100_000;

/// Seconds after which an open grant that no sweep could look at is told.
const LONG_UNSEEN: i64 = 24 * 60 * 60;

const LEDGER: Id = Id("doctor-what.ledger");
const GRANTS: Id = Id("doctor-what.grants");
/// The most cases whose time-box ends that are named.
const MOST_CASES: u32 = 20;

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct Finding {
    /// That of what was found, the same in every language.
    id: String,
    what: String,
    ok: bool,
    found: String,
    remedy: String,
    #[serde(skip)]
    kind: Kind,
}

impl Finding {
    fn good(what: impl Into<Note>, found: impl Into<Note>) -> Self {
        let (what, found) = (what.into().text, found.into());
        let (id, found) = (found.id, found.text);
        Self { id, what, ok: true, found, remedy: String::new(), kind: Kind::Internal }
    }

    fn bad(
        kind: Kind,
        what: impl Into<Note>,
        found: impl Into<Note>,
        remedy: impl Into<Note>,
    ) -> Self {
        let remedy = remedy.into().text;
        Self { ok: false, remedy, kind, ..Self::good(what, found) }
    }

    fn of(what: impl Into<Note>, e: &Error) -> Self {
        let found = Note { id: e.id.clone(), text: e.one_line() };
        Self::bad(e.kind, what, found, e.hints.first().map_or("", |hint| hint.text.as_str()))
    }
}

/// Runs the command.
///
/// # Errors
/// Something has to be mended; the exit code is that of the worst finding.
pub async fn run(context: Context, typed: &DoctorArgs) -> Result<()> {
    let context = if typed.unattended { context.unattended() } else { context };
    let progress = context.output.progress(&message::text("progress-checking", &[]));
    let mut findings = vec![configuration(&context)];
    let ledger = match context.ledger_to_read().await {
        Ok(ledger) => ledger,
        Err(e) => {
            findings.push(Finding::of(LEDGER, &e));
            None
        }
    };
    findings.extend(about_ledger(&context, ledger.as_ref()).await);
    if let Some(ledger) = &ledger {
        findings.extend(time_boxes(&context, ledger).await?);
    }
    findings.extend(shared_targets(&context));
    if !typed.unattended {
        findings.push(keyring(&context));
        if let Some(ledger) = &ledger {
            findings.push(sweeping(&context, ledger).await);
        }
    }
    if !typed.offline {
        findings.extend(targets(&context, ledger.as_ref(), typed.unattended).await?);
    }
    drop(progress);
    report(&context, &findings)
}

fn report(context: &Context, findings: &[Finding]) -> Result<()> {
    let mut text = String::new();
    let [good, bad] = [Id("doctor-mark.good"), Id("doctor-mark.bad")].map(Id::text);
    let width = good.chars().count().max(bad.chars().count());
    for finding in findings {
        let (tone, mark) = if finding.ok { (Tone::Good, &good) } else { (Tone::Bad, &bad) };
        let padded = format!("{mark:<width$}");
        let mark = paint(tone, &padded);
        text.push_str(&format!("{mark} {}: {}\n", finding.what, finding.found));
        if !finding.remedy.is_empty() {
            let remedy = [("remedy", finding.remedy.as_str().into())];
            let remedy = message::text("doctor-remedy", &remedy);
            text.push_str(&format!("{:width$} {remedy}\n", ""));
        }
    }
    let bad: Vec<&Finding> = findings.iter().filter(|finding| !finding.ok).collect();
    let Some(worst) = bad.iter().map(|finding| finding.kind).max() else {
        context.output.result(&text, json!({ "findings": findings }));
        return Ok(());
    };
    if !context.output.is_json() {
        context.output.result(&text, json!(null));
    }
    let mut error = Error::of(worst, "doctor-bad", &[("count", bad.len().into())]);
    error.more.result = Some(json!({ "findings": findings }));
    Err(error)
}

fn configuration(context: &Context) -> Finding {
    let what = Id("doctor-what.configuration");
    let path = context.targets_path();
    match context.targets() {
        Err(e) => Finding::of(what, &e),
        Ok(targets) if targets.iter().len() == 0 => {
            Finding::good(what, Note::of("doctor-targets.none", &[("file", (&path).into())]))
        }
        Ok(targets) => match refuse_unsafe(&path) {
            Ok(()) => {
                let args = [("count", targets.iter().len().into()), ("file", (&path).into())];
                Finding::good(what, Note::of("doctor-targets", &args))
            }
            Err(e) => Finding::bad(Kind::Internal, what, e.note(), Id("doctor-targets.way-out")),
        },
    }
}

async fn about_ledger(context: &Context, ledger: Option<&Ledger>) -> Vec<Finding> {
    let place = context.ledger_location().to_string();
    let Some(ledger) = ledger else {
        let none = Note::of("doctor-ledger.none", &[("place", place.into())]);
        return vec![Finding::good(LEDGER, none)];
    };
    let mut findings: Vec<Finding> = ledger
        .warnings()
        .iter()
        .map(|warning| Finding::bad(Kind::Internal, LEDGER, warning, Id("doctor-ledger.way-out")))
        .collect();
    match ledger.counts().await {
        Ok(counts) => {
            let args = [
                ("live", counts.live().into()),
                ("closed", counts.closed.into()),
                ("place", place.into()),
            ];
            findings.push(Finding::good(LEDGER, Note::of("doctor-ledger", &args)));
            if counts.stuck > 0 {
                findings.push(Finding::bad(
                    Kind::Stuck,
                    GRANTS,
                    Note::of("doctor-stuck", &[("count", counts.stuck.into())]),
                    Id("doctor-stuck.way-out"),
                ));
            }
        }
        Err(e) => findings.push(Finding::of(LEDGER, &Error::from(e))),
    }
    match ledger.alarms().await {
        Ok(alarms) => {
            let told = [
                (alarms.findings, Id("doctor-found"), Id("doctor-found.way-out")),
                (alarms.drifted, Id("doctor-drifted"), sweep::WAY_OUT_OF_DRIFT),
            ];
            for (count, found, remedy) in told.into_iter().filter(|(count, ..)| *count > 0) {
                let found = found.with(&[("count", count.into())]);
                findings.push(Finding::bad(Kind::Stuck, GRANTS, found, remedy));
            }
        }
        Err(e) => findings.push(Finding::of(LEDGER, &Error::from(e))),
    }
    match ledger.unseen_since(context.now() - LONG_UNSEEN).await {
        Ok(0) => {}
        Ok(count) => findings.push(Finding::bad(
            Kind::Unreachable,
            GRANTS,
            Note::of("doctor-unseen", &[("count", count.into())]),
            Id("doctor-unseen.way-out"),
        )),
        Err(e) => findings.push(Finding::of(LEDGER, &Error::from(e))),
    }
    findings
}

/// Open cases whose time-box is over have to be closed; those that end soon are told.
async fn time_boxes(context: &Context, ledger: &Ledger) -> Result<Vec<Finding>> {
    let now = context.now();
    let about = |case: &Case| {
        let is_over = case.time_box_until.is_some_and(|until| until <= now);
        Finding { ok: !is_over, kind: Kind::Stuck, ..Finding::good("case", ends_text(case, now)) }
    };
    Ok(all_ending(ledger, now, MOST_CASES).await?.iter().map(about).collect())
}

/// What a ledger that machines share says of targets, if it says anything.
fn shared_targets(context: &Context) -> Vec<Finding> {
    let known = context.known();
    let mut findings = Vec::new();
    if !known.targets.is_empty() {
        let names: Vec<&str> = known.targets.iter().map(|target| target.name.as_str()).collect();
        findings.push(Finding::good(Id("doctor-what.shared-targets"), names.join(", ")));
    }
    findings.extend(known.unproved.iter().map(|name| {
        let what = Note::of("doctor-what.shared-target", &[("target", clean(name).into())]);
        Finding::bad(Kind::Internal, what, Id("doctor-unproved"), shared::way_to_prove())
    }));
    findings
}

fn keyring(context: &Context) -> Finding {
    let needed = context.targets().map(|targets| {
        targets.iter().any(|target| {
            target.elevation == Elevation::SudoPassword
                || target.login == crate::target::Login::Password
        })
    });
    let needed = needed.unwrap_or(false);
    let what = Id("doctor-what.keyring");
    let (found, why) = match context.keyring().status() {
        Availability::Available => return Finding::good(what, Id("doctor-keyring")),
        Availability::Locked if needed => (Id("doctor-keyring.locked"), String::new()),
        Availability::Locked => (Id("doctor-keyring.locked-unneeded"), String::new()),
        Availability::Absent { why } if needed => (Id("doctor-keyring.absent"), why),
        Availability::Absent { why } => (Id("doctor-keyring.absent-unneeded"), why),
    };
    let found = found.with(&[("why", why.into())]);
    if needed {
        Finding::bad(Kind::Internal, what, found, Id("doctor-keyring.way-out"))
    } else {
        Finding::good(what, found)
    }
}

async fn sweeping(context: &Context, ledger: &Ledger) -> Finding {
    let what = Id("doctor-what.schedule");
    match schedule::warning(context, ledger).await {
        None => Finding::good(what, Id("doctor-swept")),
        Some(warning) => Finding::bad(Kind::Stuck, what, warning, Id("doctor-swept.way-out")),
    }
}

/// Every target, or for cron those with live grants.
async fn targets(
    context: &Context,
    ledger: Option<&Ledger>,
    only_live: bool,
) -> Result<Vec<Finding>> {
    // That the file cannot be used is among the findings already.
    let Ok(targets) = context.targets() else { return Ok(Vec::new()) };
    let filter = Filter { live_only: true, ..Filter::default() };
    let live = match ledger {
        Some(ledger) => ledger.grants(&filter, MOST, None).await?,
        None => Vec::new(),
    };
    let wanted = targets
        .iter()
        .filter(|target| !only_live || live.iter().any(|grant| grant.target == target.name));
    let mut findings: Vec<Finding> = stream::iter(wanted)
        .map(|target| about_target(context, target))
        .buffered(PARALLEL)
        .collect()
        .await;
    for grant in &live {
        if targets.find(&grant.target).is_none() {
            findings.push(Finding::bad(
                Kind::Stuck,
                Note::of("doctor-what.grant", &[("grant", (&grant.id).into())]),
                Note::of("doctor-lost-target", &[("target", (&grant.target).into())]),
                Id("doctor-lost-target.way-out"),
            ));
        }
    }
    Ok(findings)
}

async fn about_target(context: &Context, target: &Target) -> Finding {
    let what = Note::of("doctor-what.target", &[("target", (&target.name).into())]);
    match look(context, target).await {
        Err(e) => Finding::of(what, &e),
        Ok(server) if server.clock_ahead.seconds().saturating_abs() > SKEW_LIMIT => Finding::bad(
            Kind::Internal,
            what,
            Note::of("doctor-clock", &[("seconds", server.clock_ahead.seconds().into())]),
            Id("doctor-clock.way-out"),
        ),
        Ok(server) => {
            let args = [("server", server.server_id.into())];
            Finding::good(what, Note::of("doctor-reached", &args))
        }
    }
}

/// Logs in and detects with the provider that would be used.
async fn look(context: &Context, target: &Target) -> Result<Server> {
    let opened =
        Connection::open(target, context, &context.surroundings, context.step_deadline()).await;
    let connection = opened.map_err(|e| not_reached(context, target, e))?;
    let route = Route::of(target, &context.surroundings)
        .map_err(|e| crate::remote::session::unreachable(target, e))?;
    let mut session = Session::over(context, target, &route.user, connection);
    let provider = context.provider(Provider::preferred(target.elevation, &route.user))?;
    let inputs = inputs::of_detect(target, &route.user, "0000000000", Access::Sftp, None);
    let asked_at = context.now();
    let answer = session.call(&provider, Verb::Detect, &inputs).await?;
    let server_id = session.server_id().to_owned();
    session.close().await;
    let refused = |why: &str| {
        let provider = [("provider", provider.name.as_str().into())];
        Error::of(Kind::Refused, "doctor-refused", &provider)
            .because_text(why.to_owned())
            .hint(way_to_root(context, target))
    };
    match answer {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            Some(why) => Err(refused(&why)),
            None => Ok(Server::read(&server_id, &reply, asked_at..=context.now())),
        },
        Answer::Refused { reason, .. } => Err(refused(&reason)),
        Answer::Unknown { why } => Err(refused(&why)),
    }
}

/// What an attended login has and cron has not.
const NOBODY_THERE: Id = Id("doctor-nobody-there");

/// A login that only fails because nobody is there has a remedy of its own.
fn not_reached(context: &Context, target: &Target, e: TransportError) -> Error {
    let about_login = matches!(
        e,
        TransportError::AuthRefused { .. }
            | TransportError::NoPassword { .. }
            | TransportError::KeyFile { .. }
    );
    let mut error = crate::remote::session::unreachable(target, e);
    if context.unattended && about_login {
        error.hints = vec![NOBODY_THERE.into()];
    }
    error
}

/// What to do where the login works and the provider does not.
fn way_to_root(context: &Context, target: &Target) -> Note {
    let id = match target.elevation {
        Elevation::SudoPassword if context.unattended => NOBODY_THERE,
        Elevation::SudoPassword => Id("doctor-root.sudo-password"),
        Elevation::Sudo => Id("doctor-root.sudo"),
        Elevation::None => Id("doctor-root.none"),
    };
    id.with(&[("target", (&target.name).into())])
}
