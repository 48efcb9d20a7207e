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

/// The most cases whose time-box ends that are named.
const MOST_CASES: u32 = 20;

/// What to do about findings.
const FOUND: &str =
    "`stagepass list` shows them; once somebody has looked: `stagepass acknowledge`";

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    ok: bool,
    found: String,
    remedy: String,
    #[serde(skip)]
    kind: Kind,
}

impl Finding {
    fn good(what: impl Into<String>, found: impl Into<String>) -> Self {
        let (what, found) = (what.into(), found.into());
        Self { what, ok: true, found, remedy: String::new(), kind: Kind::Internal }
    }

    fn bad(kind: Kind, what: impl Into<String>, found: impl Into<String>, remedy: &str) -> Self {
        let (what, found) = (what.into(), found.into());
        Self { what, ok: false, found, remedy: remedy.to_owned(), kind }
    }

    fn of(what: impl Into<String>, e: &Error) -> Self {
        let mut found = e.message.clone();
        for cause in &e.causes {
            found.push_str(": ");
            found.push_str(&cause.text);
        }
        Self::bad(e.kind, what, found, e.hints.first().map_or("", |hint| hint.text.as_str()))
    }
}

/// Runs the command.
///
/// # Errors
/// Something has to be mended; the exit code is that of the worst finding.
pub async fn run(context: Context, typed: &DoctorArgs) -> Result<()> {
    let context = if typed.unattended { context.unattended() } else { context };
    let progress = context.output.progress("checking");
    let mut findings = vec![configuration(&context)];
    let ledger = match context.ledger_to_read().await {
        Ok(ledger) => ledger,
        Err(e) => {
            findings.push(Finding::of("ledger", &e));
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
    for finding in findings {
        let mark = if finding.ok { paint(Tone::Good, "ok  ") } else { paint(Tone::Bad, "MEND") };
        text.push_str(&format!("{mark} {}: {}\n", finding.what, finding.found));
        if !finding.remedy.is_empty() {
            text.push_str(&format!("     {} {}\n", paint(Tone::Strong, "do:"), finding.remedy));
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
    let mut error = Error::new(
        worst,
        match bad.len() {
            1 => "one thing has to be mended".to_owned(),
            count => format!("{count} things have to be mended"),
        },
    );
    error.more.result = Some(json!({ "findings": findings }));
    Err(error)
}

fn configuration(context: &Context) -> Finding {
    let what = "configuration";
    let path = context.targets_path();
    match context.targets() {
        Err(e) => Finding::of(what, &e),
        Ok(targets) if targets.iter().len() == 0 => {
            Finding::good(what, format!("no targets yet in {}", path.display()))
        }
        Ok(targets) => match refuse_unsafe(&path) {
            Ok(()) => Finding::good(
                what,
                format!("{} in {}", counted(targets.iter().len(), "target"), path.display()),
            ),
            Err(e) => Finding::bad(
                Kind::Internal,
                what,
                e.to_string(),
                "it holds the host keys that are believed: `chmod go-w` it",
            ),
        },
    }
}

async fn about_ledger(context: &Context, ledger: Option<&Ledger>) -> Vec<Finding> {
    let place = context.ledger_location().to_string();
    let Some(ledger) = ledger else {
        return vec![Finding::good("ledger", format!("none yet ({place})"))];
    };
    let mut findings: Vec<Finding> = ledger
        .warnings()
        .iter()
        .map(|warning| {
            Finding::bad(
                Kind::Internal,
                "ledger",
                warning.clone(),
                "only you may read and write it",
            )
        })
        .collect();
    match ledger.counts().await {
        Ok(counts) => {
            findings.push(Finding::good(
                "ledger",
                format!("live grants: {}, closed: {}, in {place}", counts.live(), counts.closed),
            ));
            if counts.stuck > 0 {
                findings.push(Finding::bad(
                    Kind::Stuck,
                    "grants",
                    format!("{} are stuck", counts.stuck),
                    "`stagepass list` shows them first",
                ));
            }
        }
        Err(e) => findings.push(Finding::of("ledger", &Error::from(e))),
    }
    match ledger.alarms().await {
        Ok(alarms) => {
            let told = [
                (alarms.findings, "closed with findings that nobody has acknowledged", FOUND),
                (alarms.drifted, "open and not what was made", sweep::WAY_OUT_OF_DRIFT),
            ];
            for (count, what, remedy) in told.into_iter().filter(|(count, ..)| *count > 0) {
                let found = format!("{what}: {count}");
                findings.push(Finding::bad(Kind::Stuck, "grants", found, remedy));
            }
        }
        Err(e) => findings.push(Finding::of("ledger", &Error::from(e))),
    }
    match ledger.unseen_since(context.now() - LONG_UNSEEN).await {
        Ok(0) => {}
        Ok(count) => findings.push(Finding::bad(
            Kind::Unreachable,
            "grants",
            format!("open and not looked at for a day: {count}"),
            "`stagepass sweep --check` says why",
        )),
        Err(e) => findings.push(Finding::of("ledger", &Error::from(e))),
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
        findings.push(Finding::good("targets in the ledger", names.join(", ")));
    }
    findings.extend(known.unproved.iter().map(|name| {
        let what = format!("target {} in the ledger", clean(name));
        let found = "nothing proves that it is yours, and it is not used";
        Finding::bad(Kind::Internal, what, found, &shared::way_to_prove())
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
    let (found, there) = match context.keyring().status() {
        Availability::Available => ("it answers".to_owned(), true),
        Availability::Locked => ("it is locked".to_owned(), false),
        Availability::Absent { why } => (format!("there is none here ({why})"), false),
    };
    if there || !needed {
        let rest = if there { "" } else { "; no target needs one" };
        return Finding::good("keyring", format!("{found}{rest}"));
    }
    Finding::bad(
        Kind::Internal,
        "keyring",
        format!("{found}, and a target needs it"),
        "unlock it, or give that target a key without a passphrase and sudo without a password",
    )
}

async fn sweeping(context: &Context, ledger: &Ledger) -> Finding {
    match schedule::warning(context, ledger).await {
        None => Finding::good("schedule", "open grants are swept on time, or there are none"),
        Some(warning) => {
            Finding::bad(Kind::Stuck, "schedule", warning, "`stagepass schedule install`")
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("one {what}") } else { format!("{count} {what}s") }
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
                format!("grant {}", grant.id),
                format!("its target `{}` is no longer in the list", grant.target),
                "add the target again, so that the grant can be closed",
            ));
        }
    }
    Ok(findings)
}

async fn about_target(context: &Context, target: &Target) -> Finding {
    let what = format!("target {}", target.name);
    match look(context, target).await {
        Err(e) => Finding::of(what, &e),
        Ok(server) if server.clock_ahead.seconds().saturating_abs() > SKEW_LIMIT => Finding::bad(
            Kind::Internal,
            what,
            format!("its clock is {} s off", server.clock_ahead.seconds()),
            "turn on time synchronisation on the server (timedatectl set-ntp true)",
        ),
        Ok(server) => Finding::good(what, format!("logged in; {}", server.server_id)),
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
        Error::new(Kind::Refused, format!("logged in, but `{}` cannot be used", provider.name))
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
const NOBODY_THERE: &str = "cron has no agent, no keyring and nobody to ask: give the target a key \
                            file without a passphrase (`--identity`), and sudo without a password";

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
fn way_to_root(context: &Context, target: &Target) -> String {
    let name = &target.name;
    match target.elevation {
        Elevation::SudoPassword if context.unattended => NOBODY_THERE.to_owned(),
        Elevation::SudoPassword => {
            format!("keep the password of `sudo` with `stagepass secret set sudo {name}`")
        }
        Elevation::Sudo => "as root on the server, run `visudo -f /etc/sudoers.d/stagepass` and \
                            write `deploy ALL=(root) NOPASSWD: /bin/sh -s`, with your login in \
                            place of `deploy`"
            .to_owned(),
        Elevation::None => format!("`stagepass target check {name}` shows what the server has"),
    }
}
