//! Looking: what carries a mark on each target, held against the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::context::Context;
use crate::error::{Kind, Result};
use crate::grant::{Access, Grant, State};
use crate::ledger::{Filter, Ledger, LedgerError};
use crate::mark;
use crate::mark::survey::{self, Listing, Mark, Row, SurveyResult, SurveyScope};
use crate::message::{self, Note};
use crate::output::Progress;
use crate::remote::inputs;
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{AccountKind, Provider, RunAs, Verb};
use crate::remote::script::{Answer, LINES_LIMIT};
use crate::remote::session::Session;
use crate::target::{Elevation, Target};

/// Live grants that are held against marks.
const MOST: u32 = 100_000;

/// One target and what was found there.
pub(super) struct Surveyed {
    pub(super) target: String,
    /// The providers that listed their marks.
    pub(super) providers: Vec<String>,
    pub(super) judged: SurveyResult,
    pub(super) notes: Vec<Note>,
    /// Why it was not looked at.
    pub(super) unseen: Option<(Kind, String)>,
}

/// Looks at every target, so many at a time.
pub(super) async fn look(
    context: &Context,
    ledger: Option<&Ledger>,
    key: Option<&mark::Key>,
    targets: &[Target],
    parallel: usize,
) -> Result<Vec<Surveyed>> {
    let total = u64::try_from(targets.len()).unwrap_or(u64::MAX);
    let progress: &Progress =
        &context.output.progress_of(total, &message::text("progress-looking", &[]));
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
    let now = context.now();
    let ground = SurveyScope { listings: &listings, host_keys: &host_keys, key, live_before, now };
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
pub(super) async fn marks(
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
pub(super) fn placeholder_account(grant: &str) -> String {
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
pub(super) async fn grant_of(ledger: &Ledger, id: &str) -> Result<Option<Grant>> {
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
