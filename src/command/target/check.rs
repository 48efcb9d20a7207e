//! `target check`: what can be granted on a target, whose shop is in its folder, and whether it is staging, with
//! everything by which that is known. Changes nothing.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::command::{refusal, shop};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Answers, Supporter};
use crate::message::{self, Id};
use crate::output::{Cell, Column, Label, Progress, Tone, fields, fields_within, paint, table};
use crate::policy::{
    self, Broken, Credential, EnvironmentFinding, EnvironmentVerdict, LiveRequest, Request, Says,
    ShopSeen,
};
use crate::promise::{Asked, Promise};
use crate::remote::inputs;
use crate::remote::layer::ExpiryForm;
use crate::remote::provider::{AccountKind, Provider, Verb};
use crate::remote::script::{Answer, Reply, clean};
use crate::remote::server::{self, Server};
use crate::remote::session::{Session, unreachable};
use crate::target::Target;
use crate::transport::Route;

/// The id and the account that a look goes by which is about no grant.
const NOBODYS: (&str, Access) = ("0000000000", Access::Sftp);

/// Logs in, looks around with every provider that could be used, and says what is possible.
pub(super) async fn check(context: &Context, name: &str, folder: Option<String>) -> Result<()> {
    let target = shop::with_folder(context.find_target(name).await?, folder)?;
    let progress = context
        .output
        .progress(&message::text("progress-connecting-to", &[("target", name.into())]));
    let mut session = Session::open(context, &target).await?;
    let route = Route::of(&target, &context.surroundings).map_err(|e| unreachable(&target, e))?;
    let gives_account = |one: &Arc<Provider>| one.account != AccountKind::None;
    let all = Provider::list(&context.providers_dir()).into_iter().flatten();
    let mut looked = Vec::new();
    for provider in all.filter(gives_account) {
        let with = [("provider", provider.name.as_str().into())];
        progress.step(&message::text("progress-looking-with", &with));
        let server = look(context, &mut session, &route, &provider).await?;
        looked.push((provider, server));
    }
    let servers = || looked.iter().filter_map(|(_, server)| server.as_ref().ok());
    let shops = look_at_shops(context, &mut session, &route, servers().next(), &progress).await?;
    let server_id = session.server_id().to_owned();
    session.close().await;
    drop(progress);

    let mut text = fields(&[
        (Label::of("label.target"), format!("{name} ({route})")),
        (Label::of("label.server"), server_id.clone()),
    ]);
    let (mut documents, mut refused) = (Vec::new(), Vec::new());
    for (provider, server) in &looked {
        let named = provider.name.as_str();
        text.push_str(&format!("\n{}\n", paint(Tone::Strong, named)));
        match server {
            Ok(server) => {
                let broken =
                    standing_against(context, &target, &route, provider, server, &shops.seen)?;
                let is_final = broken.iter().any(|one| one.rule.is_final());
                text.push_str(&seen(server, &broken));
                documents.push(json!({
                    "provider": named, "usable": !is_final, "seen": server.reply.values(),
                    "clock_ahead_seconds": server.clock_ahead.seconds(), "notes": server.warnings,
                    "expiry_form": server.expiry_form, "broken": broken,
                }));
                if is_final && refused.is_empty() {
                    refused = broken;
                }
            }
            Err(why) => {
                text.push_str(&noted(Id("check-unusable"), why));
                documents.push(json!({ "provider": named, "usable": false, "why": why }));
            }
        }
    }
    let usable = documents.iter().any(|one| one.get("usable") == Some(&Value::Bool(true)));
    if !usable && !refused.is_empty() {
        return Err(refusal(&refused));
    }
    if !usable {
        return Err(nothing_usable(name, &documents));
    }
    text.push_str(&shops.text);
    let found = servers().next().map(|server| shop::found(context, &server.reply));
    let found = found.unwrap_or_default();
    text.push_str(&found_elsewhere(name, &found));
    let facts = servers().next().map(|server| {
        let mut facts = server.facts(&route, Vec::new(), target.path.as_deref());
        facts.shop = shops.seen.clone();
        facts
    });
    let environment = facts.map(|facts| {
        let declared = Some(target.environment);
        EnvironmentFinding::judge(declared, route.host.as_deref(), &facts, context.now())
    });
    text.push_str(&environment.as_ref().map(verdict).unwrap_or_default());
    let notes = environment.as_ref().map(EnvironmentFinding::notes);
    let document = json!({
        "target": name, "server_id": server_id, "providers": documents, "shops": shops.documents,
        "shops_found": shop::found_documents(&found),
        "environment": environment, "environment_notes": notes,
    });
    context.output.result(&text, document);
    Ok(())
}

fn nothing_usable(name: &str, documents: &[Value]) -> Error {
    let mut error = Error::of(Kind::Refused, "check-nothing-usable", &[("target", name.into())]);
    for one in documents {
        let said = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        let args = [("provider", said("provider").into()), ("why", said("why").into())];
        error = error.because_of("check-nothing-usable.why", &args);
    }
    error.hint_of("check-nothing-usable.way-out", &[])
}

/// What the server is; or why this provider cannot be used there.
async fn look(
    context: &Context,
    session: &mut Session<'_>,
    route: &Route,
    provider: &Provider,
) -> Result<std::result::Result<Server, String>> {
    let (id, access) = NOBODYS;
    let inputs = inputs::of_detect(session.target, &route.user, id, access, None);
    let asked_at = context.now();
    Ok(match session.call(provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            Some(why) => Err(why),
            None => Ok(Server::read(session.server_id(), &reply, asked_at..=context.now())
                .with_provider(provider, false, access)
                .with_path(session.target.path.as_deref())),
        },
        Answer::Refused { reason, .. } => Err(reason),
        Answer::Unknown { why } => Err(why),
    })
}

/// The shops in the target's folder.
#[derive(Default)]
struct Shops {
    text: String,
    documents: Vec<Value>,
    seen: ShopSeen,
}

/// Looks into the shop by the software whose files were seen in the folder.
async fn look_at_shops(
    context: &Context,
    session: &mut Session<'_>,
    route: &Route,
    server: Option<&Server>,
    progress: &Progress,
) -> Result<Shops> {
    let mut shops = Shops::default();
    let signs = server.map(|server| server.reply.text("path_signs")).unwrap_or_default();
    let mut replies = Vec::new();
    for provider in shop::known_by(context, signs) {
        let with = [("provider", provider.name.as_str().into())];
        progress.step(&message::text("progress-looking-into-shop", &with));
        let (id, access) = NOBODYS;
        let looked = shop::look(context, session, &provider, ("stagepass", id, access)).await?;
        let (named, title) = (provider.name.as_str(), paint(Tone::Strong, &provider.name));
        match looked {
            Ok(reply) => {
                shops.text.push_str(&format!("\n{title}\n{}", shop_in_words(&provider, &reply)));
                shops.documents.push(json!({
                    "provider": named, "usable": true, "seen": reply.values(),
                }));
                replies.push(reply);
            }
            Err(shop::Unusable { why, reply }) => {
                shops.text.push_str(&format!("\n{title}\n{}", noted(Id("check-unusable"), &why)));
                shops.documents.push(json!({
                    "provider": named, "usable": false, "why": why,
                }));
                replies.extend(reply);
            }
        }
    }
    shops.seen = shop::seen(session, route, &replies.iter().collect::<Vec<_>>()).await;
    Ok(shops)
}

/// The shops on the server, where the target names none of them.
fn found_elsewhere(name: &str, found: &[shop::Found]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let line = |one: &shop::Found| format!("  {}  ({})\n", clean(&one.folder), clean(&one.sign));
    format!(
        "\n{}\n{}  {}\n  {}\n",
        paint(Tone::Strong, &message::text("target-shops-seen", &[("count", found.len().into())])),
        found.iter().map(line).collect::<String>(),
        message::text("target-shops-seen-hint", &[("target", name.into())]),
        message::text("target-shops-seen-once", &[("target", name.into())])
    )
}

/// A line of its own below what it is about.
fn noted(id: Id, text: &str) -> String {
    format!("  {} {text}\n", paint(Tone::Warn, &id.text()))
}

/// What is there of a shop, as far as a merchant recognises it by that.
fn shop_in_words(provider: &Provider, reply: &Reply) -> String {
    let fact = |name: &str| clean(reply.text(name));
    let mut lines = vec![
        (Label::of("label.can-be-used"), message::text("check-yes", &[])),
        (Label::of("label.would-make"), provider.plan(reply)),
        (Label::of("label.version"), fact("version")),
        (Label::of("label.folder"), fact("shop_root")),
        (Label::of("label.address"), fact("home")),
        (Label::of("label.admin"), fact("login_url")),
        (Label::of("label.owned-by"), fact("owner")),
        (Label::of("label.php"), fact("php_version")),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    let mut text = fields_within(&lines);
    for note in provider.warnings(reply, "", &[]) {
        text.push_str(&noted(Id("check-note"), &note.text));
    }
    text
}

const SIGNALS: [Column; 3] = [
    Column::new(Id("label.signal"), 0),
    Column::new(Id("label.where"), 1),
    Column::new(Id("label.says"), 0),
];

/// Staging or live, and every signal behind it: what was seen, where it was read, and how much it weighs.
fn verdict(finding: &EnvironmentFinding) -> String {
    let tone = match finding.verdict {
        EnvironmentVerdict::Staging => Tone::Good,
        EnvironmentVerdict::Live | EnvironmentVerdict::Unknown => Tone::Warn,
    };
    let rows = finding.signals.iter().map(|signal| {
        let tone = if signal.says == Says::Live { Tone::Warn } else { Tone::Plain };
        vec![
            signal.telling().into(),
            signal.place.as_str().into(),
            Cell::toned(tone, signal.says.in_words()),
        ]
    });
    let mut text = format!(
        "\n{} {}\n{}",
        paint(Tone::Strong, &message::text("check-environment", &[])),
        paint(tone, &finding.verdict.word()),
        table(&SIGNALS, rows.collect())
    );
    for note in finding.notes() {
        text.push_str(&noted(Id("check-note"), &note.text));
    }
    text
}

/// What stands against a grant of SFTP by key, which is the least that can be asked for with writing.
pub(in crate::command) fn standing_against(
    context: &Context,
    target: &Target,
    route: &Route,
    provider: &Provider,
    server: &Server,
    shop: &ShopSeen,
) -> Result<Vec<Broken>> {
    let own_account = provider.account == AccountKind::Own;
    let account = if server.reply.text("uid") == "0" { "root" } else { &route.user };
    let request = Request {
        case: "check".into(),
        answers: Answers::new(),
        time_box_until: None,
        supporter: Supporter { name: "check".into(), company: "check".into() },
        target: target.name.clone(),
        scheme: if route.host.is_some() { "ssh" } else { "local" }.into(),
        host: route.host.clone(),
        port: route.host.is_some().then_some(route.port),
        declared: Some(target.environment),
        account: (!own_account).then(|| account.to_owned()),
        path: target.path.clone(),
        access: Access::Sftp,
        with_secrets: None,
        credentials: vec![Credential::Key],
        own_key: None,
        from: Vec::new(),
        deadline: None,
        drain: 0,
        overrides: Vec::new(),
        live: LiveRequest::default(),
        password_beside: false,
        accept_weak_expiry: false,
    };
    let asked = Asked { key: true, password: false, own_account, access: Access::Sftp };
    let promise = Promise::planned(server, asked);
    let mut facts = server.facts(route, promise.weak(), target.path.as_deref());
    facts.shop = shop.clone();
    let desk = context.desk("multisafepay")?;
    Ok(policy::decide_target(&request, &facts, &desk, &context.policy, context.now()))
}

/// What matters to somebody who is about to give access; every fact is in the JSON document.
fn seen(server: &Server, broken: &[Broken]) -> String {
    let fact = |name: &str| clean(server.reply.text(name));
    let ahead = server.clock_ahead.seconds();
    let clock = match ahead {
        0 => Id("check-clock.same"),
        1.. => Id("check-clock.ahead"),
        _ => Id("check-clock.behind"),
    };
    let clock = clock.with(&[("seconds", ahead.saturating_abs().into())]).text;
    let folder = match (fact("path_exists").as_str(), fact("path_owner")) {
        ("true", owner) if !owner.is_empty() => {
            message::text("check-folder.owned", &[("owner", owner.into())])
        }
        ("true", _) => message::text("check-folder", &[]),
        _ => String::new(),
    };
    let usable = match broken {
        [] => Id("check-yes"),
        broken if broken.iter().any(|one| one.rule.is_final()) => Id("check-no"),
        _ => Id("check-yes.with"),
    };
    let key_ends = match server.expiry_form {
        ExpiryForm::None => Id("check-key-ends.not"),
        ExpiryForm::Utc | ExpiryForm::Local => Id("check-key-ends"),
    };
    let system = format!("{} {}", fact("os_id"), fact("os_version")).trim().to_owned();
    let mut lines: Vec<(Label, String)> = vec![
        (Label::of("label.can-be-used"), usable.text()),
        (Label::of("label.system"), system),
        (Label::of("label.clock"), clock),
        (Label::of("label.logs-in-with"), logins(server)),
        (Label::of("label.key-ends"), key_ends.text()),
        (Label::of("label.gate"), yes_or_why(server, "can_gate", "gate_reason")),
        (Label::of("label.failsafe"), failsafe_in_words(server)),
        (Label::of("label.confines"), yes_or_why(server, "can_confine", "confine_reason")),
        (Label::of("label.shop-folder"), folder),
    ];
    // Settings that are not the default may keep a new account out. sshd's words for them stay.
    for (label, name) in [
        ("AllowUsers", "allow_users"),
        ("AllowGroups", "allow_groups"),
        ("DenyUsers", "deny_users"),
        ("DenyGroups", "deny_groups"),
        ("ForceCommand", "force_command"),
        ("ChrootDirectory", "chroot_directory"),
        ("AuthenticationMethods", "authentication_methods"),
    ] {
        let value = fact(name);
        let default = ["", "none", "any"].contains(&value.as_str());
        lines.push((Label::name(label), if default { String::new() } else { value }));
    }
    lines.retain(|(_, value)| !value.is_empty());
    let mut text = fields_within(&lines);
    for one in broken {
        let (id, what, way_out) = (one.rule.id(), one.what(), one.way_out());
        text.push_str(&format!(
            "  {} {what}\n    {way_out}\n",
            paint(Tone::Warn, &[id, ":"].concat())
        ));
    }
    for warning in &server.warnings {
        text.push_str(&noted(Id("check-note"), &warning.text));
    }
    text
}

/// `yes`, or `no` and why; nothing where the provider does not say.
fn yes_or_why(server: &Server, key: &str, reason: &str) -> String {
    let why = clean(server.reply.text(reason));
    match (server.reply.text(key), why.as_str()) {
        ("true", _) => message::text("check-yes", &[]),
        ("false", "") => message::text("check-no", &[]),
        ("false", why) => message::text("check-no.why", &[("why", why.into())]),
        _ => String::new(),
    }
}

/// What would close a grant here with nobody around.
fn failsafe_in_words(server: &Server) -> String {
    let why = clean(server.reply.text("failsafe_reason"));
    match (server.reply.text("failsafe"), why.as_str()) {
        ("systemd", _) => message::text("check-failsafe.systemd", &[]),
        ("cron.d", _) => message::text("check-failsafe.cron", &[]),
        ("crontab", _) => message::text("check-failsafe.crontab", &[]),
        ("none", "") => message::text("check-failsafe.none", &[]),
        ("none", why) => message::text("check-failsafe.none-why", &[("why", why.into())]),
        _ => String::new(),
    }
}

/// How the supporter could log in there.
fn logins(server: &Server) -> String {
    let by_key = server.reply.text("pubkey_authentication") != "no";
    match (by_key, server.reply.is("can_password")) {
        (true, true) => message::text("check-logins", &[]),
        (true, false) => message::text("check-logins.key", &[]),
        (false, true) => message::text("check-logins.password", &[]),
        (false, false) => message::text("check-logins.neither", &[]),
    }
}
