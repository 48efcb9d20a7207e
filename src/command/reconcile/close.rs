//! Closing what was found, whether the ledger knows it or not.

use serde_json::{Value, json};

use super::look::{grant_of, marks, placeholder_account};
use super::report::found;
use super::{CASE, Chosen, Done, Ended};
use crate::context::Context;
use crate::error::Result;
use crate::grant::{Access, Grant, Layer, NewGrant, Supporter};
use crate::ledger::{Event, Ledger};
use crate::lifecycle::{closing, proving};
use crate::mark::survey::{Finding, FindingKind};
use crate::message::{self, Note};
use crate::public_key;
use crate::remote::layer::{self, LayerState};
use crate::remote::provider::{AccountKind, Provider};
use crate::remote::session::Session;
use crate::target::Target;

/// Closes what was chosen: one connection a target. What fails at one of them keeps none of the
/// others, nor what was done before from being told.
pub(super) async fn close_all<'a>(
    context: &Context,
    ledger: &Ledger,
    targets: &[Target],
    chosen: &[Chosen<'a>],
    done: &mut Done<'a>,
) {
    let progress = context.output.progress_of(
        u64::try_from(chosen.len()).unwrap_or(u64::MAX),
        &message::text("progress-closing", &[]),
    );
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
pub(super) fn is_of(finding: &Finding, grant: &Grant, target: &Target) -> bool {
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
                closing::Ended::Busy => Err(message::text("reconcile-busy", &[])),
            }
        }
        Some(grant) if grant.state.is_live() => Err(message::text(
            "reconcile-live",
            &[("grant", (&grant.id).into()), ("state", grant.state.word().into())],
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
        Err((_, why)) => {
            return Ok(Err(message::text("reconcile-not-looked-at", &[("why", why.into())])));
        }
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
    Ok(Err(message::text("reconcile-left", &[("marks", left.join(", ").into())])))
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
pub(super) fn rebuilt(
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
