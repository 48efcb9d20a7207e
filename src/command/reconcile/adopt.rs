//! Taking what was found into the ledger.

use serde_json::json;

use super::close::{is_of, rebuilt};
use super::look::grant_of;
use super::report::found;
use super::{CASE, Chosen, Done};
use crate::command::case::own_case;
use crate::context::Context;
use crate::error::Error;
use crate::grant::{Grant, State};
use crate::ledger::{Lease, Ledger, LedgerError};
use crate::lifecycle::claim;
use crate::mark::survey::Finding;
use crate::message;
use crate::target::Target;

/// What the desk of that case is called: as no desk is.
const NO_DESK: &str = "none";

/// Takes grants into the ledger as `closing`, so that the next sweep closes and proves them.
pub(super) async fn adopt_all<'a>(
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
    let detail = json!({ "why": &message::text("reason-not-known", &[]) });
    ledger.record(&grant, &claim::event(context, &grant, "grant.closing", detail)).await
}
