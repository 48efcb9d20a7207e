//! The shop in a target's folder: which provider is for its software, and what shows whether it is staging. `target
//! check` and `grant` ask the same way, so that both decide by the same facts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::net::lookup_host;
use tokio::time::timeout;
use url::Url;

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::Access;
use crate::lifecycle::form;
use crate::policy::{
    Leads, ShopHost, ShopSeen, ShopSignal, ShopSignalKind, could_be_live, leads, may_be_public,
};
use crate::remote::inputs;
use crate::remote::provider::{Provider, Verb};
use crate::remote::script::{Answer, Reply, clean};
use crate::remote::server;
use crate::remote::session::Session;
use crate::target::{Target, check_path};
use crate::transport::Route;

/// How long a name is looked up.
const LOOKUP_LIMIT: Duration = Duration::from_secs(3);

/// The most names of a shop that are looked up, all at once: a shop may have a hundred stores. Those whose front door
/// could be one of a live shop come first, so that others do not push them out.
const MOST_HOSTS: usize = 32;

/// Why a provider cannot be used on a shop, and what it said of it all the same: a shop that cannot be loaded may be a
/// live one.
pub(super) struct Unusable {
    pub(super) why: String,
    pub(super) reply: Option<Reply>,
}

/// The providers for the software that these files are of, by which a shop is known (`path_signs` of `detect`).
pub(super) fn known_by(context: &Context, signs: &str) -> Vec<Arc<Provider>> {
    let all = Provider::list(&context.providers_dir()).into_iter().flatten();
    all.filter(|provider| provider.knows_shop(signs)).collect()
}

/// A shop that was found where shops usually are.
pub(super) struct Found {
    /// Its folder, without links.
    pub(super) folder: String,
    /// The file by which it is known.
    pub(super) sign: String,
    /// The provider for its software, where one is known.
    pub(super) provider: Option<String>,
}

/// The shops that `detect` found on a server whose target names no folder.
pub(super) fn found(context: &Context, reply: &Reply) -> Vec<Found> {
    let one = |line: &str| {
        // The sign behind the path has no blank.
        let (folder, sign) = line.rsplit_once(' ').unwrap_or((line, ""));
        let provider = known_by(context, sign).first().map(|provider| provider.name.clone());
        Found { folder: folder.to_owned(), sign: sign.to_owned(), provider }
    };
    reply.lines("shop_seen").map(one).collect()
}

/// The same for a program.
pub(super) fn found_documents(found: &[Found]) -> Vec<Value> {
    let document = |one: &Found| {
        json!({
            "folder": clean(&one.folder), "known_by": clean(&one.sign), "provider": one.provider,
        })
    };
    found.iter().map(document).collect()
}

/// The target as if it named this folder, for once.
pub(super) fn with_folder(mut target: Target, folder: Option<String>) -> Result<Target> {
    if let Some(folder) = folder {
        check_path(&folder).map_err(|e| {
            let args = [("folder", clean(&folder).into())];
            Error::of(Kind::Usage, "shop-folder-unusable", &args).because(e)
        })?;
        target.path = Some(folder);
    }
    Ok(target)
}

/// What a provider saw of a shop; or why it cannot be used there.
pub(super) async fn look(
    context: &Context,
    session: &mut Session<'_>,
    provider: &Provider,
    (account, id, access): (&str, &str, Access),
) -> Result<std::result::Result<Reply, Unusable>> {
    let inputs = inputs::of_detect(session.target, account, id, access, None);
    let asked_at = context.now();
    Ok(match session.call(provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            None => Ok(reply),
            Some(why) => Err(Unusable { why, reply: Some(reply) }),
        },
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => {
            Err(Unusable { why, reply: None })
        }
    })
}

/// What these replies of `detect` say of the shop, and what is seen of it: where its names lead to by what this
/// computer is told, and whether its front page, asked from the server itself, wants a password.
pub(super) async fn seen(session: &Session<'_>, route: &Route, replies: &[&Reply]) -> ShopSeen {
    let mut signals: Vec<ShopSignal> = Vec::new();
    for signal in
        replies.iter().flat_map(|reply| reply.lines("signal")).filter_map(ShopSignal::read)
    {
        // The loaded shop and its rows mostly say the same.
        if !signals.contains(&signal) {
            signals.push(signal);
        }
    }
    let homes = replies.iter().map(|reply| reply.text("home")).filter_map(address_of);
    let of_signals = signals.iter().filter(|one| one.kind == ShopSignalKind::Host);
    let mut names: Vec<(String, Option<Url>)> = Vec::new();
    let known = of_signals.map(|signal| (signal.value.clone(), None));
    for (name, home) in homes.map(|home| (host_of(&home), Some(home))).chain(known) {
        if !name.is_empty() && !names.iter().any(|(other, _)| *other == name) {
            names.push((name, home));
        }
    }
    names.sort_by_key(|(name, home)| (home.is_none(), !could_be_live(name)));
    names.truncate(MOST_HOSTS);
    let of_server = route.addresses();
    let leads = join_all(names.iter().map(|(name, _)| leads_to(name, &of_server))).await;
    let mut hosts: Vec<ShopHost> = Vec::new();
    for ((name, home), leads) in names.into_iter().zip(leads) {
        let guarded = match &home {
            Some(home) => form::asks_for_password(session, home.as_str()).await,
            None => None,
        };
        hosts.push(ShopHost { name, leads, guarded });
    }
    ShopSeen { signals, hosts }
}

/// An address that a shop has for itself. Shops take one without a scheme, too.
fn address_of(text: &str) -> Option<Url> {
    let parsed = Url::parse(text).ok().filter(Url::has_host);
    parsed.or_else(|| {
        let bare = (!text.contains("://")).then(|| text.trim_start_matches('/'))?;
        Url::parse(&format!("http://{bare}")).ok().filter(Url::has_host)
    })
}

fn host_of(address: &Url) -> String {
    address.host_str().unwrap_or_default().to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_as_a_shop_takes_it() {
        for (text, host) in [
            ("https://www.acme.nl/shop", Some("www.acme.nl")),
            ("http://WWW.Acme.NL.", Some("www.acme.nl.")),
            ("//www.acme.nl/", Some("www.acme.nl")),
            ("www.acme.nl", Some("www.acme.nl")),
            ("acme.nl:8080/shop", Some("acme.nl")),
            ("http://me:secret@acme.nl/", Some("acme.nl")),
            ("https://b\u{fc}cher.de/", Some("xn--bcher-kva.de")),
            ("", None),
            ("http://", None),
        ] {
            assert_eq!(address_of(text).map(|url| host_of(&url)).as_deref(), host, "{text}");
        }
    }
}
