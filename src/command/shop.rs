//! The shop in a target's folder: which provider is for its software, and what shows whether it is staging. `target
//! check` and `grant` ask the same way, so that both decide by the same facts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::Url;

use crate::context::Context;
use crate::error::Result;
use crate::grant::Access;
use crate::lifecycle::form;
use crate::policy::{Leads, ShopHost, ShopSeen, ShopSignal, ShopSignalKind, leads, may_be_public};
use crate::remote::inputs;
use crate::remote::provider::{Provider, Verb};
use crate::remote::script::{Answer, Reply};
use crate::remote::server;
use crate::remote::session::Session;
use crate::transport::Route;

/// How long a name is looked up.
const LOOKUP_LIMIT: Duration = Duration::from_secs(3);

/// The most names of a shop that are looked up: a shop may have a hundred stores.
const MOST_HOSTS: usize = 8;

/// The providers for the software that these files are of, by which a shop is known (`path_signs` of `detect`).
pub(super) fn known_by(context: &Context, signs: &str) -> Vec<Arc<Provider>> {
    let all = Provider::list(&context.providers_dir()).into_iter().flatten();
    all.filter(|provider| provider.knows_shop(signs)).collect()
}

/// What a provider saw of a shop; or why it cannot be used there.
pub(super) async fn look(
    context: &Context,
    session: &mut Session<'_>,
    provider: &Provider,
    (account, id, access): (&str, &str, Access),
) -> Result<std::result::Result<Reply, String>> {
    let inputs = inputs::of_detect(session.target, account, id, access, None);
    let asked_at = context.now();
    Ok(match session.call(provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            None => Ok(reply),
            Some(why) => Err(why),
        },
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => Err(why),
    })
}

/// What these replies of `detect` say of the shop, and what is seen of it: where its names lead to by what this
/// computer is told, and whether its front page, asked from the server itself, wants a password.
pub(super) async fn seen(session: &Session<'_>, route: &Route, replies: &[&Reply]) -> ShopSeen {
    let lines = replies.iter().flat_map(|reply| reply.lines("signal"));
    let signals: Vec<ShopSignal> = lines.filter_map(ShopSignal::read).collect();
    let of_server = route.addresses();
    let mut hosts: Vec<ShopHost> = Vec::new();
    for reply in replies {
        let home = reply.text("home");
        let name = Url::parse(home).ok().and_then(|url| url.host_str().map(str::to_owned));
        if let Some(name) = name {
            let guarded = form::asks_for_password(session, home).await;
            hosts.push(ShopHost { leads: leads_to(&name, &of_server).await, name, guarded });
        }
    }
    for signal in signals.iter().filter(|one| one.kind == ShopSignalKind::Host) {
        let name = signal.value.clone();
        if !hosts.iter().any(|host| host.name == name) && hosts.len() < MOST_HOSTS {
            hosts.push(ShopHost { leads: leads_to(&name, &of_server).await, name, guarded: None });
        }
    }
    ShopSeen { signals, hosts }
}

async fn leads_to(name: &str, of_server: &[IpAddr]) -> Leads {
    // Others need not be told which names of their own a shop has.
    if of_server.is_empty() || !may_be_public(name) {
        return Leads::Unknown;
    }
    match timeout(LOOKUP_LIMIT, lookup_host((name, 443))).await {
        Ok(Ok(found)) => leads(&found.map(|one| one.ip()).collect::<Vec<_>>(), of_server),
        _ => Leads::Unknown,
    }
}
