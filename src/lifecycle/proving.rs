//! Proving again what was proved before, any time later: that a closed grant is still gone. A backup
//! that is restored brings back accounts and keys with everything else.

use serde_json::{Value, json};

use crate::context::Context;
use crate::error::Result;
use crate::grant::{Grant, Layer};
use crate::ledger::Ledger;
use crate::lifecycle::checking::NotSeen;
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::closing;
use crate::lifecycle::evidence;
use crate::lifecycle::refusal::{self, Offer, Proof};
use crate::message::{self, Arg, Note};
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::{LayerState, OpenReply};
use crate::remote::provider::{AccountKind, Provider, Verb};
use crate::remote::saying::{self, SayingKind};
use crate::remote::script::{Answer, Reply, clean};
use crate::remote::session::Session;
use crate::target::Target;
use crate::transport;

/// What was seen of a grant that is over.
#[must_use]
#[derive(Debug)]
pub enum Seen {
    /// Nothing of it is there.
    Gone(Found),
    /// Some of it is back.
    Back(Found),
    /// Nobody saw.
    Unseen(NotSeen),
}

/// What was read and tried.
#[derive(Debug, Default)]
pub struct Found {
    /// What is there, one thing each.
    pub there: Vec<Note>,
    /// What the merchant should know, one sentence each.
    pub notes: Vec<Note>,
    /// What was replied and answered, layer by layer.
    pub evidence: Vec<Value>,
}

/// Reads the state of a grant that is over again, offers the supporter's key, which has to be
/// refused, and records what was seen.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn prove_gone(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
) -> Result<Seen> {
    let mut found = Found::default();
    for layer in &grant.layers {
        if let Some(why) = look(context, ledger, session, grant, layer, &mut found).await? {
            return Ok(Seen::Unseen(why));
        }
    }
    let back = !found.there.is_empty();
    let verb = if back { "grant.reappeared" } else { "grant.verified" };
    let detail = json!({
        "state": grant.state,
        "layers": found.evidence,
        "there": found.there,
        "notes": found.notes,
    });
    ledger.note(&event(context, grant, verb, detail)).await?;
    Ok(if back { Seen::Back(found) } else { Seen::Gone(found) })
}

/// Looks at one layer; why it could not, where it could not.
async fn look(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    layer: &Layer,
    found: &mut Found,
) -> Result<Option<NotSeen>> {
    let provider = match claim::provider_of(context, session, layer) {
        Ok(provider) => provider,
        Err(why) => return Ok(Some(why.into())),
    };
    let moment = CallInputs { deadline: grant.deadline, ..CallInputs::default() };
    let inputs = inputs::of_layer(grant, layer, &moment);
    let reply = match session.call(&provider, Verb::Check, &inputs).await {
        Ok(Answer::Done(reply)) => reply,
        Ok(Answer::Refused { reason: why, .. }) => return Ok(Some(NotSeen { why, refused: true })),
        Ok(Answer::Unknown { why }) => return Ok(Some(why.into())),
        Err(e) => return Ok(Some(e.one_line().into())),
    };
    let mut there = what_is_there(layer, &provider, &reply);
    if reply.is("foreign") {
        let kind = provider.account.id().into();
        let args = [("account", layer.account.as_str().into()), ("kind", kind)];
        found.notes.push(Note::of("drift-foreign", &args));
    }
    let mut login = Value::Null;
    if provider.account != AccountKind::None {
        context.output.mark("trying the login that must be refused");
        let target = session.target;
        let proof =
            refusal::prove_refused(context, ledger, target, grant, layer, &provider, &reply, None);
        let (answer, text) = match proof.await? {
            Proof::Refused(note) => ("refused", note),
            Proof::NotTried(note) => ("not-tried", note),
            Proof::StillAccepted(text) => {
                let note = Note { id: "login-still-accepted".into(), text };
                there.push(note.clone());
                ("accepted", note)
            }
            // What was read is seen, whatever became of the login.
            Proof::Unseen(text) if !there.is_empty() => {
                ("unseen", Note { id: "login-unseen".into(), text })
            }
            Proof::Unseen(text) => return Ok(Some(text.into())),
        };
        login = json!({ "answer": answer, "text": text.text });
        found.notes.push(text.of_login());
    }
    found.there.append(&mut there);
    found.evidence.push(json!({
        "provider": layer.provider,
        "account": layer.account,
        "digest": provider.digest,
        "state_read_back": evidence::read_back(&reply),
        "login": login,
    }));
    Ok(None)
}

/// What `check` found of a grant of which nothing should be there: what every kind of layer has, and then what the
/// provider says by itself.
fn what_is_there(layer: &Layer, provider: &Provider, reply: &Reply) -> Vec<Note> {
    let kind = provider.account;
    let lines = reply.number("key_lines").unwrap_or_default() > 0;
    let sessions = reply.number("sessions").unwrap_or_default();
    // The key was in no other line when access was made, and is in one now.
    let moved = same_key_before(layer) == Some(false) && reply.is("same_key_foreign");
    let all = [
        ("there-account", kind == AccountKind::Own && reply.is("present")),
        ("there-layer", kind == AccountKind::None && reply.is("present")),
        ("there-key-line", lines || (kind == AccountKind::Shared && reply.is("present"))),
        ("there-gate", reply.is("gate_present")),
        ("there-failsafe", reply.is("failsafe_present")),
        ("there-drop-in", reply.is("drop_in_present")),
        // What is not logged in to by SSH has no processes of its own.
        ("there-processes", kind != AccountKind::None && sessions > 0),
        ("there-sessions", kind == AccountKind::None && sessions > 0),
        ("there-key-elsewhere", moved),
    ];
    let account = layer.account.as_str();
    let args = [
        ("account", account.into()),
        ("provider", layer.provider.as_str().into()),
        ("count", sessions.into()),
    ];
    let common = Note::those(all, &args);
    let opened = OpenReply::of(layer);
    let seen = saying::Seen { reply, made: opened.reply(), account, grant: &[] };
    common.chain(provider.said(Verb::Check, SayingKind::There, &seen)).collect()
}

/// What an offer of a live grant's key showed.
#[must_use]
#[derive(Debug)]
pub enum Offered {
    /// The server takes it.
    Taken,
    /// It was not tried, for this reason.
    NotTried(Note),
    /// The server does not take it.
    Refused(String),
    /// Nobody saw an answer.
    Unseen(String),
}

/// Offers the supporter's key, which has to be taken.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn prove_taken(
    context: &Context,
    ledger: &Ledger,
    target: &Target,
    grant: &Grant,
    layer: &Layer,
    kind: AccountKind,
) -> Result<Offered> {
    Ok(match refusal::offer(context, ledger, target, layer, kind, grant.access, None).await? {
        // We may be somewhere else today.
        Offer::Answered(transport::Answer::Refused { .. })
            if LayerState::of(layer).is_limited() =>
        {
            Offered::NotTried(Note::of("login-key-limited-by-now", &[]))
        }
        Offer::Answered(transport::Answer::Refused { methods }) => Offered::Refused(message::text(
            "proving-key-refused",
            &[("supporter", (&grant.supporter.name).into()), ("methods", Arg::of(clean(&methods)))],
        )),
        Offer::Answered(_) => Offered::Taken,
        Offer::NotTried(why) => Offered::NotTried(why),
        Offer::Unseen(why) => Offered::Unseen(why),
    })
}

/// What `open` said about the supporter's key in lines that are not ours.
fn same_key_before(layer: &Layer) -> Option<bool> {
    OpenReply::of(layer).same_key_foreign()
}

/// Closes a grant again that had been closed: the same steps, and the same proof. The grant stays
/// `closed` in the ledger, which keeps what was done. What to say about it, or why it failed and
/// whether the server said no.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn close_again(
    context: &Context,
    ledger: &Ledger,
    session: &mut Session<'_>,
    grant: &Grant,
    why: &str,
) -> Result<std::result::Result<Vec<Note>, (String, bool)>> {
    ledger.note(&event(context, grant, "grant.closing-again", json!({ "why": why }))).await?;
    match closing::close_again(context, ledger, session, grant).await? {
        Ok(closed) => {
            let detail = json!({ "why": why, "layers": closed.layers, "notes": closed.notes });
            ledger.note(&event(context, grant, "grant.closed-again", detail)).await?;
            if !closed.kept.is_empty() {
                // What the server keeps for longer it throws away by itself.
                let _ = closing::forget_results(context, session, grant, &closed.kept).await;
            }
            Ok(Ok(closed.notes))
        }
        Err((why, refused, layers)) => {
            let detail = json!({ "why": why, "refused": refused, "layers": layers });
            ledger.note(&event(context, grant, "grant.close-again-failed", detail)).await?;
            Ok(Err((why, refused)))
        }
    }
}
