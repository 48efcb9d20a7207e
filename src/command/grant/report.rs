//! What is told when access is open.

use chrono::Local;
use serde_json::{Value, json};

use super::Seen;
use super::credential::{SecretFile, secret_files};
use super::look::notes_of;
use super::wanted::Wanted;
use crate::command::handover::Handover;
use crate::command::view;
use crate::connect::Connect;
use crate::context::Context;
use crate::deadline;
use crate::grant::{Grant, Layer};
use crate::lifecycle::opening::Opened;
use crate::message::{self, Note};
use crate::output::{Label, Tone, fields, paint};
use crate::remote::layer::{LayerState, OpenReply};

pub(super) fn report(
    context: &Context,
    wanted: &Wanted,
    seen: &Seen,
    opened: &Opened,
    plan: Value,
    handed: Option<Handover>,
) {
    let Opened { grant, promise, proof, beside } = opened;
    let mut text = format!(
        "{} {}\n",
        paint(Tone::Good, &message::text("granted", &[("grant", (&grant.id).into())])),
        tried_in_words(grant)
    );
    let connect = Connect::of(grant, &wanted.target, &wanted.route, seen.server.reply.text("fqdn"));
    let given = grant
        .supporter
        .name
        .split_whitespace()
        .next()
        .map_or_else(|| message::text("granted.somebody", &[]), str::to_owned);
    let who = message::text("granted.connects", &[("given", given.into())]);
    let tried_beside: Vec<String> =
        beside.iter().map(|(provider, note)| format!("{provider}: {note}")).collect();
    text.push_str(&fields(&[
        (Label::text(who), connect.command.clone()),
        (Label::of("label.host-key"), connect.host_keys.join(", ")),
        (Label::of("label.ends"), deadline::human(grant.deadline, &Local, context.now())),
        (Label::of("label.enforced-by"), promise.enforced_by().join("; ")),
        (Label::of("label.tried"), tried_beside.join("; ")),
        (Label::of("label.beside-it"), users_beside(grant).join(", ")),
        (Label::of("label.revoke"), format!("stagepass revoke {}", grant.id)),
    ]));
    let mut files = Vec::new();
    for SecretFile { holds, label, path } in secret_files(wanted) {
        let Some(path) = path.filter(|_| handed.is_none()) else { continue };
        let place = message::text("granted.file", &[("path", path.display().into())]);
        text.push_str(&fields(&[(Label::text(label), place)]));
        files.push(json!({ "holds": holds, "path": path }));
    }
    let written = handed.as_ref().and(wanted.output.as_ref());
    if let Some(path) = written {
        let place = message::text("granted.file", &[("path", path.display().into())]);
        text.push_str(&fields(&[(Label::of("granted.hand-over"), place)]));
        files.push(json!({ "holds": "hand-over", "path": path }));
    }
    let mut notes = notes(grant);
    for (layer, provider) in grant.layers.iter().skip(1).zip(&wanted.beside) {
        notes.extend(notes_of(provider, OpenReply::of(layer).reply()));
    }
    let doubt = connect.doubt.clone();
    notes.extend(doubt.map(|text| Note { id: "connect-doubt".into(), text }));
    for note in &notes {
        text.push_str(&fields(&[(Label::of("label.note"), paint(Tone::Warn, &note.text))]));
    }
    if let Some(handed) = handed.as_ref().filter(|_| written.is_none()) {
        let title = message::text("granted.send-this", &[]);
        text.push_str(&format!("\n{}\n\n{}", paint(Tone::Strong, &title), handed.text()));
    }
    let grant = view::document(grant, context.now());
    let tried = |(provider, note): &(String, Note)| json!({ "provider": provider, "id": note.id, "text": note.text });
    let beside: Vec<Value> = beside.iter().map(tried).collect();
    let document = json!({ "grant": grant, "notes": notes, "promise": promise, "plan": plan,
        "proof": proof, "beside": beside, "files": files, "connect": connect,
        "handover": handed.as_ref().map(Handover::document) });
    context.output.result(&text, document);
}

/// The name that goes with each password beside the account, and where it is asked for.
fn users_beside(grant: &Grant) -> Vec<String> {
    let beside = grant.layers.iter().skip(1).filter(|layer| layer.has_password);
    let told = |layer: &Layer| {
        let made = OpenReply::of(layer);
        let args = [
            ("user", made.login_name(&layer.account).into()),
            ("provider", (&layer.provider).into()),
            ("place", made.login_url().into()),
        ];
        let id = if made.login_url().is_empty() { "granted-user" } else { "granted-user.at" };
        message::text(id, &args)
    };
    beside.map(told).collect()
}

/// What the merchant should know of what `open` replied.
pub(super) fn notes(grant: &Grant) -> Vec<Note> {
    let made = grant.login().map(OpenReply::of).unwrap_or_default();
    let reply = made.reply();
    let said = |key: &str| reply.text(key);
    let (is, denied) = (|key: &str| reply.is(key), |key: &str| said(key) == "false");
    let all = [
        ("made-same-key-foreign", is("same_key_foreign")),
        ("made-same-key-kept", is("same_key_kept")),
        ("made-shop-partial", is("shop_partial")),
        ("made-no-rights", said("shop_access") == "none" && !said("shop_path").is_empty()),
        ("made-shop-reason", !said("shop_reason").is_empty()),
        ("made-uses-unprotected", denied("uses_protected")),
        ("made-no-baseline", denied("baseline")),
        ("made-forwards", is("password_forwarding")),
    ];
    let args = [
        ("shop_reason", said("shop_reason").trim_end_matches('.').into()),
        ("baseline_reason", said("baseline_reason").trim_end_matches('.').into()),
    ];
    Note::those(all, &args).collect()
}

/// What the proof was: the supporter's private key is not ours to log in with.
fn tried_in_words(grant: &Grant) -> String {
    let layer = grant.login();
    let key = layer.is_some_and(|layer| layer.public_key.is_some());
    let password = layer.is_some_and(|layer| layer.has_password);
    let limited = layer.map(LayerState::of).is_some_and(|it| it.is_limited() && !it.taken_here);
    match (key, password) {
        (true, _) if limited => message::text("tried-limited", &[]),
        (true, false) => message::text("tried-key", &[]),
        (true, true) => message::text("tried-both", &[]),
        _ => message::text("tried-password", &[]),
    }
}
