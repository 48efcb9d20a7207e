//! `reconcile`: everything on a server that carries our mark, held against the ledger both ways.
//! Changes nothing unless it is told what to close or to adopt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::command::case::own_case;
use crate::command::view;
use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Grant, Layer, NewGrant, State, Supporter};
use crate::ledger::{Event, Filter, Lease, Ledger, LedgerError};
use crate::lifecycle::claim;
use crate::lifecycle::closing;
use crate::lifecycle::proving;
use crate::mark::survey::{Finding, FindingKind, Listing, Mark, Row, SurveyResult, SurveyScope};
use crate::mark::{self, survey};
use crate::message::Note;
use crate::output::{Progress, Tone, paint};
use crate::public_key;
use crate::remote::inputs;
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{AccountKind, Provider, RunAs, Verb};
use crate::remote::script::{Answer, LINES_LIMIT};
use crate::remote::session::Session;
use crate::target::{Elevation, Target};

/// `reconcile`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass reconcile staging
  stagepass reconcile --all --adopt-all
  stagepass reconcile staging --close k7m2x9

Without --close or --adopt nothing is changed. Where the ledger was lost, --adopt-all takes every
grant whose marks this installation made into the new one, and the next sweep closes them.")]
pub struct ReconcileArgs {
    /// The targets' names.
    #[arg(required_unless_present = "all", add = complete::targets())]
    pub targets: Vec<String>,
    /// Every target.
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
    /// Close what this grant left on the targets. May be given several times.
    #[arg(long, value_name = "GRANT", add = complete::all_grants())]
    pub close: Vec<String>,
    /// Take this grant, which the ledger does not know, into the ledger, to be closed by the next
    /// sweep. May be given several times.
    #[arg(long, value_name = "GRANT")]
    pub adopt: Vec<String>,
    /// Adopt every grant that the ledger does not know and whose marks are proved to be ours.
    #[arg(long, conflicts_with = "adopt")]
    pub adopt_all: bool,
    /// Let --close and --adopt act on marks that are not proved to be ours, after a question.
    #[arg(long)]
    pub unproved: bool,
    /// Answer that question with yes.
    #[arg(long, requires = "unproved")]
    pub yes: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what --close and --adopt would do, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Live grants that are held against marks.
const MOST: u32 = 100_000;

/// Findings that an error tells one by one.
const TOLD: usize = 10;

/// The case of adopted grants, and the desk that no desk is called.
const CASE: &str = "adopted";
const NO_DESK: &str = "none";

/// One target and what was found there.
struct Surveyed {
    target: String,
    /// The providers that listed their marks.
    providers: Vec<String>,
    judged: SurveyResult,
    notes: Vec<Note>,
    /// Why it was not looked at.
    unseen: Option<(Kind, String)>,
}

/// What was done.
#[derive(Default)]
struct Done<'a> {
    closed: Vec<Ended<'a>>,
    failed: Vec<Failed<'a>>,
    adopted: Vec<Grant>,
    /// What was closed or adopted, or is in the ledger by now in any case.
    dealt_with: Vec<Chosen<'a>>,
}

/// One thing to act on: a target's name and a finding there.
type Chosen<'a> = (&'a str, &'a Finding);

/// Something that was closed.
struct Ended<'a> {
    target: &'a str,
    id: &'a str,
    /// What to say about it.
    notes: Vec<Note>,
}

/// Something that could not be closed or adopted.
struct Failed<'a> {
    target: &'a str,
    id: &'a str,
    why: String,
}

impl<'a> Done<'a> {
    fn fail(&mut self, (target, finding): Chosen<'a>, why: String) {
        self.failed.push(Failed { target, id: &finding.grant, why });
    }

    /// What only lies about and lets nobody in goes with the grant.
    fn has_dealt_with(&self, target: &str, finding: &Finding) -> bool {
        self.dealt_with.iter().any(|(on, one)| {
            *on == target
                && (*one == finding
                    || (finding.matter == FindingKind::Leftover && one.grant == finding.grant))
        })
    }
}

/// Runs the command.
///
/// # Errors
/// Something does not fit and was not dealt with, a target was not seen, or the ledger fails.
pub async fn run(context: &Context, typed: &ReconcileArgs) -> Result<()> {
    let targets = chosen(context, typed)?;
    let key = mark::Key::load(context)?;
    let ledger = context.ledger_to_read().await?;
    if key.is_none() {
        context.output.warn(
            "there is no `mark.key` in the state folder: nothing can be proved to be ours; put it \
             back from your backup",
        );
    }
    let parallel = usize::from(typed.parallel);
    let surveyed = look(context, ledger.as_ref(), key.as_ref(), &targets, parallel).await?;
    drop(ledger);

    let close = to_close(&surveyed, typed)?;
    let adopt = to_adopt(&surveyed, typed)?;
    if typed.dry_run {
        return show_plan(context, &surveyed, &close, &adopt);
    }
    confirm(context, typed, &close, &adopt)?;
    let mut done = Done::default();
    if !close.is_empty() || !adopt.is_empty() {
        let ledger = context.ledger().await?;
        close_all(context, &ledger, &targets, &close, &mut done).await;
        adopt_all(context, &ledger, &targets, &adopt, &mut done).await;
    }
    report(context, &surveyed, &done)
}

/// The targets that were meant, each once.
fn chosen(context: &Context, typed: &ReconcileArgs) -> Result<Vec<Target>> {
    if typed.all {
        return Ok(context.targets()?.iter().cloned().collect());
    }
    let mut targets: Vec<Target> = Vec::new();
    for name in &typed.targets {
        let target = context.target(name)?;
        if !targets.iter().any(|known| known.name == target.name) {
            targets.push(target);
        }
    }
    Ok(targets)
}

// ---- looking -----------------------------------------------------------------------------------

/// Looks at every target, so many at a time.
async fn look(
    context: &Context,
    ledger: Option<&Ledger>,
    key: Option<&mark::Key>,
    targets: &[Target],
    parallel: usize,
) -> Result<Vec<Surveyed>> {
    let total = u64::try_from(targets.len()).unwrap_or(u64::MAX);
    let progress: &Progress = &context.output.progress_of(total, "looking");
    let live_before = &live(ledger).await?;
    let mut surveyed: Vec<Surveyed> = futures_util::stream::iter(targets)
        .map(|target| async move {
            let seen = look_at(context, ledger, key, target, live_before).await;
            progress.advance();
            seen
        })
        .buffer_unordered(parallel)
        .try_collect()
        .await?;
    surveyed.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(surveyed)
}

/// Everything that is live now, on whichever target.
async fn live(ledger: Option<&Ledger>) -> Result<BTreeMap<String, State>> {
    let Some(ledger) = ledger else { return Ok(BTreeMap::new()) };
    let filter = Filter { live_only: true, ..Filter::default() };
    let grants = ledger.grants(&filter, MOST, None).await?;
    Ok(grants.into_iter().map(|grant| (grant.id, grant.state)).collect())
}

async fn look_at(
    context: &Context,
    ledger: Option<&Ledger>,
    key: Option<&mark::Key>,
    target: &Target,
    live_before: &BTreeMap<String, State>,
) -> Result<Surveyed> {
    let mut surveyed = Surveyed {
        target: target.name.clone(),
        providers: Vec::new(),
        judged: SurveyResult::default(),
        notes: Vec::new(),
        unseen: None,
    };
    let mut session = match Session::open(context, target).await {
        Ok(session) => session,
        Err(e) => {
            surveyed.unseen = Some((e.kind, e.one_line()));
            return Ok(surveyed);
        }
    };
    let (mut all, mut logins) = (Vec::new(), Vec::new());
    for provider in usable(context, &session) {
        match marks(&mut session, &provider, &mut surveyed.notes).await {
            Ok(mut marks) => all.append(&mut marks),
            Err((kind, why)) => {
                surveyed.unseen = Some((kind, format!("`{}`: {why}", provider.name)));
                break;
            }
        }
        logins.push((provider.run_as == RunAs::Login).then(|| session.user().to_owned()));
        surveyed.providers.push(provider.name.clone());
    }
    let host_keys = layer::host_keys(target);
    let listings: Vec<Listing<'_>> = surveyed
        .providers
        .iter()
        .zip(&logins)
        .map(|(provider, login)| Listing { provider, login: login.as_deref() })
        .collect();
    let ground = SurveyScope { listings: &listings, host_keys: &host_keys, key, live_before };
    let rows = rows(ledger, target, &all).await?;
    surveyed.judged = survey::judge(&ground, &all, &rows);
    session.close().await;
    Ok(surveyed)
}

/// The providers that can list their marks on this target: those that need root where there is a
/// way to it.
fn usable(context: &Context, session: &Session<'_>) -> Vec<Arc<Provider>> {
    let root = session.target.elevation != Elevation::None || session.user() == "root";
    Provider::list(&context.providers_dir())
        .into_iter()
        .filter_map(std::result::Result::ok)
        .filter(|provider| provider.lists_marks() && (root || provider.run_as == RunAs::Login))
        .collect()
}

/// What carries a mark, as one provider lists it.
async fn marks(
    session: &mut Session<'_>,
    provider: &Provider,
    notes: &mut Vec<Note>,
) -> std::result::Result<Vec<Mark>, (Kind, String)> {
    let account = match provider.account {
        AccountKind::Shared => session.user().to_owned(),
        AccountKind::Own | AccountKind::None => placeholder_account("0"),
    };
    let inputs = inputs::of_detect(session.target, &account, "0", Access::Sftp, None);
    let reply = match session.call(provider, Verb::Marks, &inputs).await {
        Ok(Answer::Done(reply)) => reply,
        Ok(Answer::Refused { reason, .. }) => return Err((Kind::Refused, reason)),
        Ok(Answer::Unknown { why }) => return Err((Kind::Unknown, why)),
        Err(e) => return Err((e.kind, e.one_line())),
    };
    let lines: Vec<&str> = reply.lines("mark").collect();
    let marks: Vec<Mark> =
        lines.iter().filter_map(|line| Mark::parse(line, &provider.name)).collect();
    let odd = lines.len() - marks.len();
    if odd > 0 {
        let args = [("count", odd.into()), ("provider", provider.name.as_str().into())];
        notes.push(Note::of("marks-unreadable", &args));
    }
    if lines.len() >= LINES_LIMIT {
        let args = [("count", LINES_LIMIT.into()), ("provider", provider.name.as_str().into())];
        notes.push(Note::of("marks-more", &args));
    }
    Ok(marks)
}

/// The name of an account that nobody made.
fn placeholder_account(grant: &str) -> String {
    format!("sp-{grant}").chars().take(32).collect()
}

/// The grants that the marks name, and those that are live on the target, as the ledger has them.
async fn rows(
    ledger: Option<&Ledger>,
    target: &Target,
    marks: &[Mark],
) -> Result<BTreeMap<String, Row>> {
    let mut rows = BTreeMap::new();
    let Some(ledger) = ledger else { return Ok(rows) };
    let filter = Filter { target: Some(target.name.clone()), live_only: true, ..Filter::default() };
    let mut grants = ledger.grants(&filter, MOST, None).await?;
    for mark in marks {
        if !grants.iter().any(|known| has_layer(known, &mark.grant)) {
            grants.extend(grant_of(ledger, &mark.grant).await?);
        }
    }
    for grant in grants {
        // The server's key says which server it is; a target may have been renamed.
        let here =
            grant.layers.iter().all(|layer| LayerState::of(layer).elsewhere(target).is_none());
        let ids: BTreeSet<String> = grant.layers.iter().map(|l| grant.layer_id(l)).collect();
        for id in ids {
            rows.insert(id, Row { grant: grant.clone(), here });
        }
    }
    Ok(rows)
}

fn has_layer(grant: &Grant, id: &str) -> bool {
    grant.layers.iter().any(|layer| grant.layer_id(layer) == id)
}

/// The grant of which a layer has this id.
async fn grant_of(ledger: &Ledger, id: &str) -> Result<Option<Grant>> {
    let mut shorter = id.chars();
    shorter.next_back();
    // The first layer has the id of the grant; every other one a character more.
    for id_of_grant in [id, shorter.as_str()] {
        match ledger.grant(id_of_grant).await {
            // What is no whole id may be the beginning of one.
            Ok(grant) if grant.id == id_of_grant && has_layer(&grant, id) => {
                return Ok(Some(grant));
            }
            Ok(_) | Err(LedgerError::NoSuchGrant { .. } | LedgerError::Ambiguous { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(None)
}

// ---- what is to be done ------------------------------------------------------------------------

/// The findings of one grant, whose id, or the beginning of it, was typed.
fn named<'a>(surveyed: &'a [Surveyed], typed: &str) -> Result<Vec<Chosen<'a>>> {
    let wanted = typed.trim().to_ascii_lowercase();
    let all = surveyed
        .iter()
        .flat_map(|one| one.judged.findings.iter().map(|finding| (one.target.as_str(), finding)));
    let found: Vec<Chosen<'a>> = all
        .filter(|(_, finding)| !wanted.is_empty() && finding.grant.starts_with(&wanted))
        .collect();
    let whole: Vec<Chosen<'a>> =
        found.iter().copied().filter(|(_, finding)| finding.grant == wanted).collect();
    let found = if whole.is_empty() { found } else { whole };
    let Some((_, first)) = found.first() else {
        return Err(Error::new(
            Kind::NotFound,
            format!("nothing was found of a grant `{}`", crate::remote::script::clean(typed)),
        )
        .hint(
            "`stagepass reconcile TARGET` lists what does not fit; what fits is ended by `revoke`",
        ));
    };
    if found.iter().any(|(_, finding)| finding.grant != first.grant) {
        return Err(Error::new(Kind::Usage, format!("`{wanted}` begins more than one grant's id"))
            .hint("write more of it"));
    }
    Ok(found)
}

fn to_close<'a>(surveyed: &'a [Surveyed], typed: &ReconcileArgs) -> Result<Vec<Chosen<'a>>> {
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    for id in &typed.close {
        for one in named(surveyed, id)? {
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
    }
    Ok(chosen)
}

fn to_adopt<'a>(surveyed: &'a [Surveyed], typed: &ReconcileArgs) -> Result<Vec<Chosen<'a>>> {
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    if typed.adopt_all {
        for one in surveyed {
            // Always proved to be ours.
            let ours =
                one.judged.findings.iter().filter(|finding| finding.matter == FindingKind::Unknown);
            chosen.extend(ours.map(|finding| (one.target.as_str(), finding)));
        }
    }
    for id in &typed.adopt {
        for (target, finding) in named(surveyed, id)? {
            if finding.state.is_some() {
                return Err(Error::new(
                    Kind::Usage,
                    format!("the ledger knows the grant {} already", finding.grant),
                )
                .hint(format!("`stagepass reconcile {target} --close {}`", finding.grant)));
            }
            if !chosen.contains(&(target, finding)) {
                chosen.push((target, finding));
            }
        }
    }
    Ok(chosen)
}

/// Nothing is touched that somebody else may have made, unless it was said twice.
fn confirm(
    context: &Context,
    typed: &ReconcileArgs,
    close: &[Chosen<'_>],
    adopt: &[Chosen<'_>],
) -> Result<()> {
    let unproved: Vec<&Chosen<'_>> =
        close.iter().chain(adopt).filter(|(_, finding)| !finding.proved).collect();
    let Some((_, first)) = unproved.first() else { return Ok(()) };
    let refused = || {
        let mut error = Error::new(
            Kind::Policy,
            "nothing was touched: not everything that was named is proved to be ours",
        );
        for (target, finding) in unproved.iter().take(TOLD) {
            error = error.because_text(format!("{} on {target}: {}", finding.grant, finding.why));
        }
        error
    };
    if !typed.unproved {
        return Err(refused()
            .hint("look at it on the server; `--unproved` lets this act on it, after a question"));
    }
    if typed.yes {
        return Ok(());
    }
    let question = match unproved.len() {
        1 => format!("{} is not proved to be ours. Go on?", first.grant),
        count => format!("{count} of these are not proved to be ours. Go on?"),
    };
    match context.output.confirm(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(refused()),
        None => Err(refused().hint("`--yes` answers the question where nobody can be asked")),
    }
}

fn show_plan(
    context: &Context,
    surveyed: &[Surveyed],
    close: &[Chosen<'_>],
    adopt: &[Chosen<'_>],
) -> Result<()> {
    let mut text = text(surveyed);
    for (word, chosen) in [("closed", close), ("adopted", adopt)] {
        for (target, finding) in chosen {
            text.push_str(&format!("{} on {target} would be {word}\n", finding.grant));
        }
    }
    text.push_str("nothing was touched\n");
    let ids = |chosen: &[Chosen<'_>]| -> Vec<Value> {
        chosen
            .iter()
            .map(|(target, finding)| json!({ "grant": finding.grant, "target": target }))
            .collect()
    };
    let document = json!({
        "targets": surveyed.iter().map(document).collect::<Vec<Value>>(),
        "would_close": ids(close),
        "would_adopt": ids(adopt),
        "dry_run": true,
    });
    context.output.result(&text, document);
    Ok(())
}

// ---- closing -----------------------------------------------------------------------------------

/// Closes what was chosen: one connection a target. What fails at one of them keeps none of the
/// others, nor what was done before from being told.
async fn close_all<'a>(
    context: &Context,
    ledger: &Ledger,
    targets: &[Target],
    chosen: &[Chosen<'a>],
    done: &mut Done<'a>,
) {
    let progress =
        context.output.progress_of(u64::try_from(chosen.len()).unwrap_or(u64::MAX), "closing");
    for target in targets {
        let here: Vec<Chosen<'a>> =
            chosen.iter().filter(|(name, _)| *name == target.name).copied().collect();
        if here.is_empty() {
            continue;
        }
        let mut session = match Session::open(context, target).await {
            Ok(session) => session,
            Err(e) => {
                let why = e.one_line();
                here.into_iter().for_each(|one| done.fail(one, why.clone()));
                continue;
            }
        };
        for one in here {
            match close_one(context, ledger, &mut session, one.1).await {
                Ok(Ok(notes)) => {
                    done.closed.push(Ended { target: one.0, id: &one.1.grant, notes });
                    done.dealt_with.push(one);
                }
                Ok(Err(why)) => done.fail(one, why),
                Err(e) => done.fail(one, e.one_line()),
            }
            progress.advance();
        }
        session.close().await;
    }
}

/// Whether a finding is in the account, and of the kind, that a grant of the ledger has there.
fn is_of(finding: &Finding, grant: &Grant, target: &Target) -> bool {
    grant.layers.iter().any(|layer| {
        layer.provider == finding.provider
            && finding.account.as_deref().is_none_or(|account| account == layer.account)
            && LayerState::of(layer).elsewhere(target).is_none()
    })
}

/// Closes one finding, and looks whether anything still carries the mark. What to say about it, or
/// why it failed.
async fn close_one(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    finding: &Finding,
) -> Result<std::result::Result<Vec<Note>, String>> {
    let provider = match context.provider(&finding.provider) {
        Ok(provider) => provider,
        Err(e) => return Ok(Err(e.one_line())),
    };
    let why = format!("reconciled: {}", finding.why);
    let known = match finding.state {
        Some(_) => grant_of(ledger, &finding.grant).await?,
        None => None,
    };
    let closed = match known {
        // What else has the name of a live grant is no reason to end the grant.
        Some(grant) if finding.matter == FindingKind::Missing && grant.state.is_live() => {
            match closing::close(context, ledger, session, &grant.id, &why).await? {
                closing::Ended::Closed(closed) => Ok(closed.notes),
                closing::Ended::Failed { why, .. } => Err(why),
                closing::Ended::Busy => Err("another process is working on it".to_owned()),
            }
        }
        Some(grant) if grant.state.is_live() => Err(format!(
            "the grant {} itself is {}, and closing what only has its name could end it: \
             `stagepass revoke {}` first",
            grant.id, grant.state, grant.id
        )),
        Some(grant) if is_of(finding, &grant, session.target) => {
            proving::close_again(context, ledger, session, &grant, &why)
                .await?
                .map_err(|(why, _)| why)
        }
        _ => close_unlisted(context, ledger, session, &provider, finding, &why).await?,
    };
    let notes = match closed {
        Ok(notes) => notes,
        Err(why) => return Ok(Err(why)),
    };
    let left = match marks(session, &provider, &mut Vec::new()).await {
        Ok(marks) => marks,
        Err((_, why)) => return Ok(Err(format!("it was closed, and not looked at again: {why}"))),
    };
    let left: Vec<String> = left
        .iter()
        .filter(|mark| mark.grant == finding.grant && !mark.thing.is_note())
        .filter(|mark| finding.account.is_none() || mark.account == finding.account)
        .map(|mark| format!("{} ({})", mark.thing.words(), mark.detail))
        .collect();
    if left.is_empty() {
        return Ok(Ok(notes));
    }
    Ok(Err(format!("it was closed, and this still carries its mark: {}", left.join(", "))))
}

/// Closes what the ledger has no row for, by what its marks say. It is recorded all the same, before
/// and after.
async fn close_unlisted(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    provider: &Provider,
    finding: &Finding,
    why: &str,
) -> Result<std::result::Result<Vec<Note>, String>> {
    let grant = rebuilt(context, session.target, provider, finding, session.user());
    let target = session.target.name.clone();
    let event = |verb: &str, detail: Value| Event {
        grant: Some(finding.grant.clone()),
        target: Some(target.clone()),
        ..Event::new(context.now(), context.actor.clone(), verb, detail)
    };
    let detail = json!({ "why": why, "found": found(finding), "layers": grant.layers });
    ledger.note(&event("grant.closing-unlisted", detail)).await?;
    match closing::close_again(context, ledger, session, &grant).await? {
        Ok(closed) => {
            let detail = json!({ "why": why, "layers": closed.layers, "notes": closed.notes });
            ledger.note(&event("grant.closed-unlisted", detail)).await?;
            if !closed.kept.is_empty() {
                // What the server keeps for longer it throws away by itself.
                let _ = closing::forget_results(context, session, &grant, &closed.kept).await;
            }
            Ok(Ok(closed.notes))
        }
        Err((why, refused, layers)) => {
            let detail = json!({ "why": why, "refused": refused, "layers": layers });
            ledger.note(&event("grant.close-unlisted-failed", detail)).await?;
            Ok(Err(why))
        }
    }
}

/// A grant as far as its marks tell: enough to close it.
fn rebuilt(
    context: &Context,
    target: &Target,
    provider: &Provider,
    finding: &Finding,
    user: &str,
) -> Grant {
    let account = match (&finding.account, provider.account) {
        (Some(account), _) => account.clone(),
        (None, AccountKind::Shared) => user.to_owned(),
        (None, AccountKind::Own | AccountKind::None) => placeholder_account(&finding.grant),
    };
    let state = LayerState {
        path: target.path.clone().unwrap_or_default(),
        restrict: true,
        tag: finding.tag.clone().unwrap_or_default(),
        shared: provider.account == AccountKind::Shared,
        host_keys: Some(layer::host_keys(target)),
        ..LayerState::default()
    };
    let now = context.now();
    NewGrant {
        id: finding.grant.clone(),
        case: CASE.to_owned(),
        target: target.name.clone(),
        supporter: Supporter {
            // One person has one grant on a target in a case.
            name: format!("not known ({})", finding.grant),
            company: "not known".to_owned(),
        },
        access: Access::Sftp,
        created_at: now,
        deadline: now,
        deadline_maximum: now,
        terms: json!({ "adopted": found(finding) }).to_string(),
        layers: vec![Layer {
            provider: provider.name.clone(),
            digest: provider.digest.clone(),
            account,
            key_fingerprint: finding.public_key.as_deref().and_then(public_key::fingerprint_of),
            public_key: finding.public_key.clone(),
            has_password: false,
            inputs: state.text(),
            outputs: "{}".to_owned(),
            ..Layer::default()
        }],
    }
    .grant()
}

// ---- adopting ----------------------------------------------------------------------------------

/// Takes grants into the ledger as `closing`, so that the next sweep closes and proves them.
async fn adopt_all<'a>(
    context: &Context,
    ledger: &Ledger,
    targets: &[Target],
    chosen: &[Chosen<'a>],
    done: &mut Done<'a>,
) {
    if chosen.is_empty() {
        return;
    }
    let case = match own_case(context, ledger, CASE, NO_DESK).await {
        Ok(case) => case,
        Err(e) => {
            let why = e.one_line();
            return chosen.iter().for_each(|one| done.fail(*one, why.clone()));
        }
    };
    for one in chosen {
        let (name, finding) = *one;
        let Some(target) = targets.iter().find(|target| target.name == name) else { continue };
        let provider = match context.provider(&finding.provider) {
            Ok(provider) => provider,
            Err(e) => {
                done.fail(*one, e.one_line());
                continue;
            }
        };
        let user = finding.account.clone().unwrap_or_default();
        let mut grant = rebuilt(context, target, &provider, finding, &user);
        grant.case.clone_from(&case);
        match adopt(context, ledger, &grant, finding).await {
            Ok(grant) => {
                done.adopted.push(grant);
                done.dealt_with.push(*one);
            }
            // Two targets may lead to one server, where the first has found the same.
            Err(LedgerError::Exists { .. }) if is_known(ledger, finding, target).await => {
                done.dealt_with.push(*one);
            }
            Err(e) => done.fail(*one, Error::from(e).one_line()),
        }
    }
}

/// Whether the ledger has a live grant by now that is what was found.
async fn is_known(ledger: &Ledger, finding: &Finding, target: &Target) -> bool {
    let known = grant_of(ledger, &finding.grant).await;
    known.is_ok_and(|known| {
        known.is_some_and(|grant| grant.state.is_live() && is_of(finding, &grant, target))
    })
}

async fn adopt(
    context: &Context,
    ledger: &Ledger,
    grant: &Grant,
    finding: &Finding,
) -> std::result::Result<Grant, LedgerError> {
    let now = context.now();
    let detail = json!({ "found": found(finding), "layers": grant.layers });
    let event = claim::event(context, grant, "grant.adopted", detail);
    let mut grant = ledger.begin(grant, &Lease::mine(now, 60), &event).await?;
    grant.move_to(State::Closing);
    claim::release(&mut grant);
    let detail = json!({ "why": "the ledger did not know it" });
    ledger.record(&grant, &claim::event(context, &grant, "grant.closing", detail)).await
}

// ---- telling -----------------------------------------------------------------------------------

fn report(context: &Context, surveyed: &[Surveyed], done: &Done<'_>) -> Result<()> {
    let now = context.now();
    let mut text = text(surveyed);
    for Ended { target, id, notes } in &done.closed {
        text.push_str(&format!("{} {id} on {target}\n", paint(Tone::Good, "closed")));
        for note in notes {
            text.push_str(&format!("  {}\n", paint(Tone::Faint, &note.text)));
        }
    }
    for grant in &done.adopted {
        text.push_str(&format!(
            "{} {} on {}: the next sweep closes it\n",
            paint(Tone::Good, "adopted"),
            grant.id,
            grant.target
        ));
    }
    for Failed { target, id, why } in &done.failed {
        text.push_str(&format!("{} {id} on {target}: {why}\n", paint(Tone::Bad, "NOT DONE")));
    }
    let closed = done
        .closed
        .iter()
        .map(|one| json!({ "grant": one.id, "target": one.target, "notes": one.notes }));
    let failed = done
        .failed
        .iter()
        .map(|one| json!({ "grant": one.id, "target": one.target, "why": one.why }));
    let document = json!({
        "targets": surveyed.iter().map(document).collect::<Vec<Value>>(),
        "closed": closed.collect::<Vec<Value>>(),
        "adopted": done.adopted.iter().map(|one| view::document(one, now)).collect::<Vec<Value>>(),
        "failed": failed.collect::<Vec<Value>>(),
    });
    let error = failure(surveyed, done);
    if !context.output.is_json() || error.is_none() {
        context.output.result(&text, document.clone());
    }
    error.map_or(Ok(()), |error| Err(error.with_result(document)))
}

/// What does not fit and was not dealt with; else what was not seen.
fn failure(surveyed: &[Surveyed], done: &Done<'_>) -> Option<Error> {
    let mut wrong: Vec<(Kind, String)> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for one in surveyed {
        let open = one
            .judged
            .findings
            .iter()
            .filter(|finding| finding.matters() && !done.has_dealt_with(&one.target, finding));
        for finding in open {
            wrong.push((
                Kind::Stuck,
                format!("{} on {}: {}", finding.grant, one.target, finding.why),
            ));
            let hint = way_out(&one.target, finding);
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        if let Some((kind, why)) = &one.unseen {
            wrong.push((*kind, format!("{}: {why}", one.target)));
        }
    }
    for Failed { target, id, why } in &done.failed {
        wrong.push((Kind::Stuck, format!("{id} on {target}: {why}")));
    }
    let worst = wrong.iter().map(|(kind, _)| *kind).max()?;
    let message = match (worst, wrong.len()) {
        (Kind::Stuck, 1) => "one thing does not fit".to_owned(),
        (Kind::Stuck, count) => format!("{count} things do not fit"),
        _ => "not every target was seen".to_owned(),
    };
    let mut error = Error::new(worst, message);
    for (_, why) in wrong.into_iter().take(TOLD) {
        error = error.because_text(why);
    }
    for hint in hints.into_iter().take(TOLD) {
        error = error.hint(hint);
    }
    Some(error)
}

fn way_out(target: &str, finding: &Finding) -> String {
    let id = &finding.grant;
    match finding.matter {
        FindingKind::Unknown => format!(
            "`stagepass reconcile {target} --adopt {id}` lets the next sweep close it, \
             `--close {id}` closes it now"
        ),
        FindingKind::Missing => {
            format!("`stagepass revoke {id}` ends it in the ledger, with the proof")
        }
        _ if finding.state.is_some_and(State::is_live) => format!(
            "look at it on {target}, and take it away by hand; or `stagepass revoke {id}` ends the \
             grant, and then run this again"
        ),
        _ if finding.proved => format!("`stagepass reconcile {target} --close {id}` closes it"),
        _ => format!(
            "look at {id} on {target}: if it is yours, `stagepass reconcile {target} --close {id} \
             --unproved` closes it"
        ),
    }
}

/// What was found, for people.
fn text(surveyed: &[Surveyed]) -> String {
    let mut text = String::new();
    for one in surveyed {
        if let Some((_, why)) = &one.unseen {
            text.push_str(&format!("{} {}: {why}\n", paint(Tone::Bad, "NOT SEEN"), one.target));
        } else {
            let fit = one.judged.as_recorded.len();
            let strange = one.judged.findings.len();
            let by = if one.providers.is_empty() {
                "nothing can list its marks here".to_owned()
            } else {
                format!("by {}", one.providers.join(" and "))
            };
            text.push_str(&format!(
                "{} ({by}): {fit} as recorded, {strange} not\n",
                paint(Tone::Strong, &one.target)
            ));
        }
        for finding in &one.judged.findings {
            text.push_str(&line(finding));
        }
        for note in &one.notes {
            text.push_str(&format!("  {}\n", paint(Tone::Warn, &note.text)));
        }
    }
    if text.is_empty() {
        text.push_str("there are no targets\n");
    }
    text
}

fn line(finding: &Finding) -> String {
    let word = match finding.matter {
        FindingKind::Unknown => "UNKNOWN",
        FindingKind::Over => "BACK",
        FindingKind::Unproved => "NOT PROVED",
        FindingKind::Copy => "COPY",
        FindingKind::Missing => "MISSING",
        FindingKind::Leftover => "leftover",
    };
    let tone = if finding.matters() { Tone::Bad } else { Tone::Faint };
    let of = finding.account.as_ref().map(|account| format!(", account `{account}`"));
    let mut line = format!(
        "  {} {}{}: {}\n",
        paint(tone, word),
        finding.grant,
        of.unwrap_or_default(),
        finding.why
    );
    for (thing, place) in &finding.things {
        line.push_str(&format!(
            "    {}\n",
            paint(Tone::Faint, &format!("{}: {place}", thing.words()))
        ));
    }
    line
}

/// A finding as it stands in documents and in the ledger.
fn found(finding: &Finding) -> Value {
    let things: Vec<Value> = finding
        .things
        .iter()
        .map(|(thing, place)| json!({ "kind": thing.id(), "where": place }))
        .collect();
    json!({
        "matter": finding.matter.id(),
        "grant": finding.grant,
        "provider": finding.provider,
        "account": finding.account,
        "key_fingerprint": finding.public_key.as_deref().and_then(public_key::fingerprint_of),
        "proved": finding.proved,
        "state": finding.state,
        "why": finding.why,
        "things": things,
        "needs_action": finding.matters(),
    })
}

fn document(one: &Surveyed) -> Value {
    json!({
        "target": one.target,
        "providers": one.providers,
        "as_recorded": one.judged.as_recorded,
        "findings": one.judged.findings.iter().map(found).collect::<Vec<Value>>(),
        "notes": one.notes,
        "unseen": one.unseen.as_ref().map(|(_, why)| why),
    })
}
