//! What of the findings was chosen to be closed or adopted, and whether that may be.

use super::look::Surveyed;
use super::{Chosen, ReconcileArgs, TOLD};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::mark::survey::{Finding, FindingKind};
use crate::message::{self, Arg};

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
        return Err(Error::of(
            Kind::NotFound,
            "reconcile-nothing",
            &[("grant", crate::remote::script::clean(typed).into())],
        )
        .hint_of("reconcile-nothing.way-out", &[]));
    };
    if found.iter().any(|(_, finding)| finding.grant != first.grant) {
        return Err(Error::of(Kind::Usage, "reconcile-several", &[("grant", wanted.into())])
            .hint_of("reconcile-several.way-out", &[]));
    }
    Ok(found)
}

pub(super) fn to_close<'a>(
    surveyed: &'a [Surveyed],
    typed: &ReconcileArgs,
) -> Result<Vec<Chosen<'a>>> {
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

pub(super) fn to_adopt<'a>(
    surveyed: &'a [Surveyed],
    typed: &ReconcileArgs,
) -> Result<Vec<Chosen<'a>>> {
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
                return Err(Error::of(
                    Kind::Usage,
                    "reconcile-known",
                    &[("grant", (&finding.grant).into())],
                )
                .hint_of(
                    "reconcile-known.close",
                    &[("target", target.into()), ("grant", (&finding.grant).into())],
                ));
            }
            if !chosen.contains(&(target, finding)) {
                chosen.push((target, finding));
            }
        }
    }
    Ok(chosen)
}

/// Which grant it is, where it was found, and what is wrong about it.
pub(super) fn on_target(target: &str, finding: &Finding) -> [(&'static str, Arg); 3] {
    let (grant, why) = (&finding.grant, &finding.why);
    [("grant", grant.into()), ("target", target.into()), ("why", why.into())]
}

/// Nothing is touched that somebody else may have made, unless it was said twice.
pub(super) fn confirm(
    context: &Context,
    typed: &ReconcileArgs,
    close: &[Chosen<'_>],
    adopt: &[Chosen<'_>],
) -> Result<()> {
    let unproved: Vec<&Chosen<'_>> =
        close.iter().chain(adopt).filter(|(_, finding)| !finding.proved).collect();
    let Some((_, first)) = unproved.first() else { return Ok(()) };
    let refused = || {
        let mut error = Error::of(Kind::Policy, "reconcile-unproved", &[]);
        for (target, finding) in unproved.iter().take(TOLD) {
            error = error.because_of("grant-on", &on_target(target, finding));
        }
        error
    };
    if !typed.unproved {
        return Err(refused().hint_of("reconcile-unproved.way-out", &[]));
    }
    if typed.yes {
        return Ok(());
    }
    let args = [("count", unproved.len().into()), ("grant", (&first.grant).into())];
    let question = message::text("ask-unproved", &args);
    match context.output.confirm(&question) {
        Some(true) => Ok(()),
        Some(false) => Err(refused()),
        None => Err(refused().hint_of("reconcile-unproved.yes", &[])),
    }
}
