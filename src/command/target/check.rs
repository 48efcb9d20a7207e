//! `target check`: what can be granted on a target, whose shop is in its folder, and whether it is staging, with
//! everything by which that is known. Changes nothing.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::command::{refusal, shop};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Answers, Supporter};
use crate::message;
use crate::output::{Cell, Column, Progress, Tone, fields, paint, table};
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
pub(super) async fn check(context: &Context, name: &str) -> Result<()> {
    let target = context.find_target(name).await?;
    let progress = context.output.progress(&format!("connecting to {name}"));
    let mut session = Session::open(context, &target).await?;
    let route = Route::of(&target, &context.surroundings).map_err(|e| unreachable(&target, e))?;
    let gives_account = |one: &Arc<Provider>| one.account != AccountKind::None;
    let all = Provider::list(&context.providers_dir()).into_iter().flatten();
    let mut looked = Vec::new();
    for provider in all.filter(gives_account) {
        progress.step(&format!("looking with {}", provider.name));
        let server = look(context, &mut session, &route, &provider).await?;
        looked.push((provider, server));
    }
    let servers = || looked.iter().filter_map(|(_, server)| server.as_ref().ok());
    let shops = look_at_shops(context, &mut session, &route, servers().next(), &progress).await?;
    let server_id = session.server_id().to_owned();
    session.close().await;
    drop(progress);

    let mut text =
        fields(&[("target", format!("{name} ({route})")), ("server", server_id.clone())]);
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
                text.push_str(&format!("  {} {why}\n", paint(Tone::Warn, "cannot be used:")));
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
    let others = servers().next().map(|server| found_elsewhere(name, server)).unwrap_or_default();
    text.push_str(&others);
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
        "environment": environment, "environment_notes": notes,
    });
    context.output.result(&text, document);
    Ok(())
}

fn nothing_usable(name: &str, documents: &[Value]) -> Error {
    let mut error = Error::new(Kind::Refused, format!("no kind of access can be made on `{name}`"));
    for one in documents {
        let said = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        error = error.because_text(format!("`{}`: {}", said("provider"), said("why")));
    }
    error.hint("nothing was changed; each reason above says what to mend")
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
        progress.step(&format!("looking into the shop with {}", provider.name));
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
            Err(why) => {
                let why_not = paint(Tone::Warn, "cannot be used:");
                shops.text.push_str(&format!("\n{title}\n  {why_not} {why}\n"));
                shops.documents.push(json!({
                    "provider": named, "usable": false, "why": why,
                }));
            }
        }
    }
    shops.seen = shop::seen(session, route, &replies.iter().collect::<Vec<_>>()).await;
    Ok(shops)
}

/// The shops on the server, where the target names none of them.
fn found_elsewhere(name: &str, server: &Server) -> String {
    let found: Vec<&str> = server.reply.lines("shop_seen").collect();
    if found.is_empty() {
        return String::new();
    }
    // The sign behind the path has no blank.
    let line = |one: &&str| {
        let (path, sign) = one.rsplit_once(' ').unwrap_or((one, ""));
        format!("  {}  ({})\n", clean(path), clean(sign))
    };
    format!(
        "\n{}\n{}  {}\n",
        paint(Tone::Strong, &message::text("target-shops-seen", &[("count", found.len().into())])),
        found.iter().map(line).collect::<String>(),
        message::text("target-shops-seen-hint", &[("target", name.into())])
    )
}

/// What is there of a shop, as far as a merchant recognises it by that.
fn shop_in_words(provider: &Provider, reply: &Reply) -> String {
    let fact = |name: &str| clean(reply.text(name));
    let mut lines = vec![
        ("  can be used", "yes".to_owned()),
        ("  would make", provider.plan(reply)),
        ("  version", fact("version")),
        ("  folder", fact("shop_root")),
        ("  address", fact("home")),
        ("  admin", fact("login_url")),
        ("  owned by", fact("owner")),
        ("  PHP", fact("php_version")),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    let mut text = fields(&lines);
    for note in provider.warnings(reply, "", &[]) {
        text.push_str(&format!("  {} {note}\n", paint(Tone::Warn, "note:")));
    }
    text
}

const SIGNALS: [Column; 3] =
    [Column::new("signal", 0), Column::new("where", 1), Column::new("says", 0)];

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
        paint(Tone::Strong, "environment:"),
        paint(tone, finding.verdict.id()),
        table(&SIGNALS, rows.collect())
    );
    for note in finding.notes() {
        text.push_str(&format!("  {} {note}\n", paint(Tone::Warn, "note:")));
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
    let clock = match server.clock_ahead.seconds() {
        0 => "as here".to_owned(),
        ahead => {
            format!("{} s {} this one", ahead.abs(), if ahead > 0 { "ahead of" } else { "behind" })
        }
    };
    let folder = match (fact("path_exists").as_str(), fact("path_owner")) {
        ("true", owner) if !owner.is_empty() => format!("there, owned by {owner}"),
        ("true", _) => "there".to_owned(),
        _ => String::new(),
    };
    let usable = match broken {
        [] => "yes",
        broken if broken.iter().any(|one| one.rule.is_final()) => "no",
        _ => "yes, with what is named below",
    };
    let mut lines = vec![
        ("  can be used", usable.to_owned()),
        ("  system", format!("{} {}", fact("os_id"), fact("os_version")).trim().to_owned()),
        ("  clock", clock),
        ("  logs in with", logins(server)),
        (
            "  a key ends",
            match server.expiry_form {
                ExpiryForm::None => "not by itself".to_owned(),
                ExpiryForm::Utc | ExpiryForm::Local => "by itself, to the second".to_owned(),
            },
        ),
        ("  gate", yes_or_why(server, "can_gate", "gate_reason")),
        ("  failsafe", failsafe_in_words(server)),
        ("  confines SFTP", yes_or_why(server, "can_confine", "confine_reason")),
        ("  shop folder", folder),
    ];
    // Settings that are not the default may keep a new account out.
    for (label, name) in [
        ("  AllowUsers", "allow_users"),
        ("  AllowGroups", "allow_groups"),
        ("  DenyUsers", "deny_users"),
        ("  DenyGroups", "deny_groups"),
        ("  ForceCommand", "force_command"),
        ("  ChrootDirectory", "chroot_directory"),
        ("  AuthenticationMethods", "authentication_methods"),
    ] {
        let value = fact(name);
        let default = ["", "none", "any"].contains(&value.as_str());
        lines.push((label, if default { String::new() } else { value }));
    }
    lines.retain(|(_, value)| !value.is_empty());
    let mut text = fields(&lines);
    for one in broken {
        let (id, what, way_out) = (one.rule.id(), one.what(), one.way_out());
        text.push_str(&format!(
            "  {} {what}\n    {way_out}\n",
            paint(Tone::Warn, &format!("{id}:"))
        ));
    }
    for warning in &server.warnings {
        text.push_str(&format!("  {} {warning}\n", paint(Tone::Warn, "note:")));
    }
    text
}

/// `yes`, or `no` and why; nothing where the provider does not say.
fn yes_or_why(server: &Server, key: &str, reason: &str) -> String {
    let why = clean(server.reply.text(reason));
    match (server.reply.text(key), why.as_str()) {
        ("true", _) => "yes".into(),
        ("false", "") => "no".into(),
        ("false", why) => format!("no: {why}"),
        _ => String::new(),
    }
}

/// What would close a grant here with nobody around.
fn failsafe_in_words(server: &Server) -> String {
    let why = clean(server.reply.text("failsafe_reason"));
    match (server.reply.text("failsafe"), why.as_str()) {
        ("systemd", _) => "a systemd timer".into(),
        ("cron.d", _) => "cron".into(),
        ("crontab", _) => "the account's crontab".into(),
        ("none", "") => "none".into(),
        ("none", why) => format!("none: {why}"),
        _ => String::new(),
    }
}

/// How the supporter could log in there.
fn logins(server: &Server) -> String {
    let mut ways = Vec::new();
    if server.reply.text("pubkey_authentication") != "no" {
        ways.push("a key");
    }
    if server.reply.is("can_password") {
        ways.push("a password");
    }
    if ways.is_empty() { "neither a key nor a password".to_owned() } else { ways.join(" or ") }
}
