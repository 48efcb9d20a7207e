//! The server as it is seen before anything is made: one connection, and what each provider detects.

use std::sync::Arc;

use super::Seen;
use super::decide::{asked, judge, refuse_key_of_another_kind};
use super::wanted::{Wanted, named_twice};
use crate::command::{refusal, shop};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::layer_id;
use crate::message::{self, Note};
use crate::policy::desk::Desk;
use crate::policy::{Decision, Facts, Rule};
use crate::promise::Promise;
use crate::remote::inputs;
use crate::remote::provider::{AccountKind, Provider, RunAs, Verb};
use crate::remote::script::{Answer, Reply};
use crate::remote::server::{self, Server};
use crate::remote::session::{Session, unreachable};
use crate::secret;
use crate::target::Target;
use crate::transport::{Connection, TransportError};

pub(super) async fn connect<'a>(
    context: &'a Context,
    target: &'a Target,
    wanted: &Wanted,
) -> Result<Session<'a>> {
    let connecting =
        Connection::open(target, context, &context.surroundings, context.step_deadline());
    match connecting.await {
        Ok(connection) => Ok(Session::over(context, target, &wanted.route.user, connection)),
        // An FTP server behind an SSH address is refused with the desk's reason, like any other
        // disguise.
        Err(TransportError::Ftp { greeting, .. }) => {
            let facts = Facts { greeting: Some(greeting), ..Facts::default() };
            match judge(context, wanted, &facts) {
                Decision::Deny(broken) => Err(refusal(&broken)),
                Decision::Allow(_) => Err(Error::of(Kind::Policy, "speaks-ftp", &[])),
            }
        }
        Err(e) => Err(unreachable(target, e)),
    }
}

pub(super) fn new_id() -> Result<String> {
    secret::random_id(10).map_err(|e| Error::of(Kind::Internal, "grant-unnamable", &[]).because(e))
}

/// The account that the supporter logs in to: the one we log in with for a provider that shares
/// it, else a new one named after case and supporter, at most 32 characters (useradd(8)).
pub(super) fn account_name(wanted: &Wanted, id: &str) -> String {
    if wanted.provider.account == AccountKind::Shared {
        return wanted.route.user.clone();
    }
    own_name(wanted, &wanted.provider, id)
}

/// A name that is the grant's own, no longer than what this provider has room for: of the case's reference there is as
/// much in it as fits.
pub(super) fn own_name(wanted: &Wanted, provider: &Provider, id: &str) -> String {
    let supporter = &wanted.request.supporter.name;
    name_of_grant(&wanted.case.reference, supporter, id, provider.longest_name)
}

fn name_of_grant(reference: &str, supporter: &str, id: &str, longest: usize) -> String {
    let slug = |text: &str, length: usize| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .take(length)
            .collect()
    };
    let given_name = slug(supporter.split_whitespace().next().unwrap_or_default(), 10);
    let id = slug(id, 5);
    // `sp-`, and a dash behind each that is there.
    let taken = 3 + given_name.len() + usize::from(!given_name.is_empty()) + id.len() + 1;
    let parts = [slug(reference, longest.saturating_sub(taken).min(12)), given_name, id];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("sp-{}", parts.join("-"))
}

/// Detects.
pub(super) async fn look(
    context: &Context,
    session: &mut Session<'_>,
    wanted: &mut Wanted,
    account: &str,
    id: &str,
) -> Result<Seen> {
    let key = wanted.key.as_ref().map(|key| key.text.as_str());
    let inputs = inputs::of_detect(&wanted.target, account, id, wanted.request.access, key);
    let asked_at = context.now();
    let reply = match session.call(&wanted.provider, Verb::Detect, &inputs).await? {
        Answer::Done(reply) => match server::unusable(&reply, asked_at) {
            None => reply,
            Some(why) => return Err(unusable(context, wanted, why)),
        },
        Answer::Refused { reason, .. } => return Err(unusable(context, wanted, reason)),
        Answer::Unknown { why } => {
            return Err(Error::of(
                Kind::Refused,
                "look-failed",
                &[("target", (&wanted.target.name).into())],
            )
            .because_text(why)
            .hint_of("look-failed.way-out", &[]));
        }
    };
    if session.server_id().contains("dropbear") && !wanted.request.from.is_empty() {
        return Err(Error::of(
            Kind::Refused,
            "from-unusable",
            &[("target", (&wanted.target.name).into())],
        )
        .because_of("from-unusable.dropbear", &[])
        .hint_of("from-unusable.way-out", &[]));
    }
    let server = Server::read(session.server_id(), &reply, asked_at..=context.now())
        .with_credential(&wanted.provider, wanted.password, wanted.request.access)
        .with_path(wanted.target.path.as_deref());
    refuse_key_of_another_kind(wanted, &server)?;
    let mut of_shop = shop::known_by(context, reply.text("path_signs"));
    take_shop(wanted, &of_shop)?;
    let mut promise = Promise::planned(&server, asked(wanted));
    let (mut beside, mut notes) = (Vec::new(), Vec::new());
    for (position, provider) in (1..).zip(&wanted.beside) {
        let reply =
            look_beside(context, session, wanted, provider, &layer_id(id, position)).await?;
        notes.extend(notes_of(provider, &reply));
        promise = promise.beside(&provider.name, &reply);
        beside.push(reply);
    }
    let mut facts = server.facts(&wanted.route, promise.weak(), wanted.target.path.as_deref());
    // Whether it is staging is asked of the shop, whether or not somebody gets a user of it.
    let is_wanted = |one: &Arc<Provider>| wanted.beside.iter().any(|known| known.name == one.name);
    if !of_shop.is_empty() && !of_shop.iter().any(is_wanted) {
        notes.extend(no_shop_user(&wanted.desk));
    }
    of_shop.retain(|provider| !is_wanted(provider));
    let mut others = Vec::new();
    for provider in &of_shop {
        let asked = (own_name(wanted, provider, id), id, wanted.request.access);
        match shop::look(context, session, provider, (&asked.0, asked.1, asked.2)).await? {
            Ok(reply) => others.push(reply),
            Err(shop::Unusable { why, reply }) => {
                let args = [("provider", (&provider.name).into()), ("why", why.into())];
                notes.push(Note::of("shop-not-looked-into", &args));
                others.extend(reply);
            }
        }
    }
    let replies: Vec<&Reply> = beside.iter().chain(&others).collect();
    facts.shop = shop::seen(session, &wanted.route, &replies).await;
    Ok(Seen { facts, server, promise, beside, notes })
}

/// What a desk says that asks for a user in the shop, where none is to be made.
fn no_shop_user(desk: &Desk) -> Option<Note> {
    let own = desk.speaks_for(Rule::ShopUser)?;
    let text = desk.rule_text(&own.id)?;
    let args = [("number", (&own.id).into()), ("text", text.into())];
    Some(Note::of("plan-no-shop-user", &args))
}

/// Puts the provider for the software that was found in the place of the word `shop`.
fn take_shop(wanted: &mut Wanted, found: &[Arc<Provider>]) -> Result<()> {
    let Some(position) = wanted.shop_at.take() else { return Ok(()) };
    let folder = wanted.target.path.clone().unwrap_or_default();
    let names: Vec<String> = found.iter().map(|one| format!("`{}`", one.name)).collect();
    let provider = match found {
        [only] => Arc::clone(only),
        [] => {
            return Err(Error::of(
                Kind::Refused,
                "grant-shop-unknown",
                &[("folder", folder.into())],
            )
            .hint_of("grant-shop-unknown.way-out", &[]));
        }
        _ => {
            let args = [("folder", folder.into()), ("names", names.join(", ").into())];
            return Err(Error::of(Kind::Refused, "grant-shop-several", &args)
                .hint_of("grant-shop-several.way-out", &[]));
        }
    };
    if wanted.beside.iter().any(|known| known.name == provider.name) {
        return Err(named_twice(&provider.name));
    }
    provider.prepare(&[Verb::Detect, Verb::Open, Verb::Check]);
    wanted.beside.insert(position.min(wanted.beside.len()), provider);
    Ok(())
}

/// What a provider beside the account tells to people, each with its name.
pub(super) fn notes_of(provider: &Provider, reply: &Reply) -> Vec<Note> {
    let told = provider.warnings(reply, "", &[]).into_iter();
    let named = |text: String| [("provider", provider.name.as_str().into()), ("text", text.into())];
    told.map(|note| Note { id: note.id, text: message::text("note-of", &named(note.text)) })
        .collect()
}

/// Detects what is to be made beside the account.
async fn look_beside(
    context: &Context,
    session: &mut Session<'_>,
    wanted: &Wanted,
    provider: &Provider,
    id: &str,
) -> Result<Reply> {
    let account = own_name(wanted, provider, id);
    let target = &wanted.target.name;
    let looked = shop::look(context, session, provider, (&account, id, wanted.request.access));
    looked.await?.map_err(|shop::Unusable { why, .. }| {
        Error::of(
            Kind::Refused,
            "provider-unusable-on",
            &[("provider", (&provider.name).into()), ("target", target.into())],
        )
        .because_text(why)
        .hint_of("provider-unusable-on.leave-out", &[])
    })
}

pub(super) fn unusable(context: &Context, wanted: &Wanted, reason: String) -> Error {
    Error::of(
        Kind::Refused,
        "provider-unusable-on",
        &[("provider", (&wanted.provider.name).into()), ("target", (&wanted.target.name).into())],
    )
    .because_text(reason)
    .hint(way_to_another_provider(context, wanted))
}

/// The next one that gives an account and asks for less of the login.
fn way_to_another_provider(context: &Context, wanted: &Wanted) -> String {
    let mut others = Provider::list(&context.providers_dir()).into_iter().flatten();
    let asks_for_less = |other: &Arc<Provider>| {
        other.account != AccountKind::None
            && other.run_as == RunAs::Login
            && wanted.provider.run_as == RunAs::Root
    };
    match others.find(asks_for_less) {
        Some(other) => message::text(
            "hint-other-provider",
            &[("provider", (&other.name).into()), ("summary", (&other.summary).into())],
        ),
        None => message::text("providers-others", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_the_case_the_supporter_and_the_grant_and_no_longer_than_there_is_room() {
        for (reference, supporter, longest, name) in [
            ("MSP-4711", "Jane Doe", 32, "sp-msp4711-jane-k3v9q"),
            ("MSP-4711", "Jane Doe", 20, "sp-msp471-jane-k3v9q"),
            ("MSP-4711", "Maximiliane Doe", 20, "sp-maximilian-k3v9q"),
            ("MSP-4711", "", 20, "sp-msp4711-k3v9q"),
            ("a very long reference", "Maximiliane Doe", 32, "sp-averylongref-maximilian-k3v9q"),
            ("", "Jane", 32, "sp-jane-k3v9q"),
        ] {
            let found = name_of_grant(reference, supporter, "k3v9q2m7xa1", longest);
            assert_eq!(found, name);
            assert!(found.len() <= longest, "{found}");
        }
    }
}
