//! What was found and done, for people and in JSON.

use serde_json::{Value, json};

use super::chosen::on_target;
use super::look::Surveyed;
use super::{Chosen, Done, Ended, Failed, TOLD};
use crate::command::view;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::State;
use crate::mark::survey::{Finding, FindingKind};
use crate::message::{self, Id, Note};
use crate::output::{Tone, paint};
use crate::public_key;

pub(super) fn show_plan(
    context: &Context,
    surveyed: &[Surveyed],
    close: &[Chosen<'_>],
    adopt: &[Chosen<'_>],
) -> Result<()> {
    let mut text = text(surveyed);
    for (word, chosen) in [("closed", close), ("adopted", adopt)] {
        for (target, finding) in chosen {
            text.push_str(
                &(message::text(
                    "reconcile-would-be",
                    &[
                        ("grant", (&finding.grant).into()),
                        ("target", (*target).into()),
                        ("word", word.into()),
                    ],
                ) + "\n"),
            );
        }
    }
    text.push_str(&(message::text("nothing-touched", &[]) + "\n"));
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

pub(super) fn report(context: &Context, surveyed: &[Surveyed], done: &Done<'_>) -> Result<()> {
    let now = context.now();
    let mut text = text(surveyed);
    for Ended { target, id, notes } in &done.closed {
        text.push_str(&format!(
            "{} {}\n",
            paint(Tone::Good, &State::Closed.word()),
            message::text(
                "reconcile-closed",
                &[("grant", (*id).into()), ("target", (*target).into())]
            )
        ));
        for note in notes {
            text.push_str(&format!("  {}\n", paint(Tone::Faint, &note.text)));
        }
    }
    for grant in &done.adopted {
        text.push_str(&format!(
            "{} {}\n",
            paint(Tone::Good, &message::text("reconcile-adopted", &[])),
            message::text(
                "reconcile-adopted.next",
                &[("grant", (&grant.id).into()), ("target", (&grant.target).into())],
            )
        ));
    }
    for Failed { target, id, why } in &done.failed {
        text.push_str(&format!(
            "{} {}\n",
            paint(Tone::Bad, &message::text("reconcile-not-done", &[])),
            message::text(
                "grant-on",
                &[("grant", (*id).into()), ("target", (*target).into()), ("why", why.into())],
            )
        ));
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
    let mut wrong: Vec<(Kind, Note)> = Vec::new();
    let mut hints: Vec<Note> = Vec::new();
    for one in surveyed {
        let open = one
            .judged
            .findings
            .iter()
            .filter(|finding| finding.matters() && !done.has_dealt_with(&one.target, finding));
        for finding in open {
            wrong.push((Kind::Stuck, Note::of("grant-on", &on_target(&one.target, finding))));
            let hint = way_out(&one.target, finding);
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        if let Some((kind, why)) = &one.unseen {
            let args = [("target", (&one.target).into()), ("why", why.into())];
            wrong.push((*kind, Note::of("target-why", &args)));
        }
    }
    for Failed { target, id, why } in &done.failed {
        let args = [("grant", (*id).into()), ("target", (*target).into()), ("why", why.into())];
        wrong.push((Kind::Stuck, Note::of("grant-on", &args)));
    }
    let worst = wrong.iter().map(|(kind, _)| *kind).max()?;
    let mut error = match worst {
        Kind::Stuck => Error::of(worst, "does-not-fit", &[("count", wrong.len().into())]),
        _ => Error::of(worst, "not-every-target", &[]),
    };
    for (_, why) in wrong.into_iter().take(TOLD) {
        error = error.because_text(why);
    }
    for hint in hints.into_iter().take(TOLD) {
        error = error.hint(hint);
    }
    Some(error)
}

fn way_out(target: &str, finding: &Finding) -> Note {
    let id = match finding.matter {
        FindingKind::Unknown => Id("does-not-fit.adopt-or-close"),
        FindingKind::Missing => Id("does-not-fit.end-in-ledger"),
        _ if finding.state.is_some_and(State::is_live) => Id("does-not-fit.by-hand"),
        _ if finding.proved => Id("does-not-fit.close"),
        _ => Id("does-not-fit.close-unproved"),
    };
    id.with(&[("target", target.into()), ("grant", (&finding.grant).into())])
}

/// What was found, for people.
fn text(surveyed: &[Surveyed]) -> String {
    let mut text = String::new();
    for one in surveyed {
        if let Some((_, why)) = &one.unseen {
            text.push_str(&format!(
                "{} {}: {why}\n",
                paint(Tone::Bad, &message::text("verify-word.unseen", &[])),
                one.target
            ));
        } else {
            let fit = one.judged.as_recorded.len();
            let strange = one.judged.findings.len();
            let by = if one.providers.is_empty() {
                message::text("reconcile-no-lists", &[])
            } else {
                let providers = message::both(one.providers.iter().map(ToString::to_string));
                message::text("reconcile-by", &[("providers", providers.into())])
            };
            let args = [("by", by.into()), ("fit", fit.into()), ("strange", strange.into())];
            text.push_str(&format!(
                "{} {}\n",
                paint(Tone::Strong, &one.target),
                message::text("reconcile-fit", &args)
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
        text.push_str(&(message::text("reconcile-no-targets", &[]) + "\n"));
    }
    text
}

fn line(finding: &Finding) -> String {
    let word = match finding.matter {
        FindingKind::Unknown => Id("reconcile-word.unknown"),
        FindingKind::Over => Id("reconcile-word.over"),
        FindingKind::Unproved => Id("reconcile-word.unproved"),
        FindingKind::Copy => Id("reconcile-word.copy"),
        FindingKind::Missing => Id("reconcile-word.missing"),
        FindingKind::Leftover => Id("reconcile-word.leftover"),
    };
    let tone = if finding.matters() { Tone::Bad } else { Tone::Faint };
    let of = finding
        .account
        .as_ref()
        .map(|account| message::text("reconcile-account", &[("account", account.into())]));
    let mut line = format!(
        "  {} {}{}: {}\n",
        paint(tone, &word.text()),
        finding.grant,
        of.unwrap_or_default(),
        finding.why
    );
    for (thing, place) in &finding.things {
        line.push_str(&format!(
            "    {}\n",
            paint(Tone::Faint, &[&thing.words(), ": ", place].concat())
        ));
    }
    line
}

/// A finding as it stands in documents and in the ledger.
pub(super) fn found(finding: &Finding) -> Value {
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
