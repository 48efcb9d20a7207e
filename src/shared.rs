//! Targets in a ledger that several machines share: what a target is, so that a colleague's machine
//! can end what was granted here. How to log in stays with each machine.
//!
//! Whoever can write the database must not lead us anywhere: what it says of a target is believed
//! only with a tag that this installation's key made (`mark.key`, the same on all its machines).

use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::ledger::{KeptTarget, Ledger};
use crate::mark::Key;
use crate::message;
use crate::remote::layer;
use crate::remote::script::clean;
use crate::remote::session::unreachable;
use crate::target::{self, Address, Login, Target};
use crate::transport::Route;

/// What this run has learned of the targets in the ledger.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Those whose tag this installation's key made.
    pub targets: Vec<Target>,
    /// The names of the others. Nothing is sent to them.
    pub unproved: Vec<String>,
}

/// What to do where a target of the ledger is not proved.
#[must_use]
pub fn way_to_prove() -> String {
    message::text("target-not-proved.way-out", &[])
}

/// Reads what the ledger says of targets, where it is one that machines share.
///
/// # Errors
/// Only those of the ledger.
pub async fn learn(context: &Context, ledger: &Ledger) -> Result<()> {
    if !context.ledger_is_shared() {
        return Ok(());
    }
    let kept = ledger.kept_targets().await?;
    let mut known = Known::default();
    if !kept.is_empty() {
        // A key that cannot be used proves nothing; what needs it for more says why.
        let key = Key::load(context).ok().flatten();
        for kept in kept {
            match key.as_ref().and_then(|key| proved(key, &kept)) {
                Some(target) => known.targets.push(target),
                None => known.unproved.push(kept.name),
            }
        }
    }
    context.learned(known);
    Ok(())
}

/// The target, if somebody with this key said all of it. This very machine is another on each.
fn proved(key: &Key, kept: &KeptTarget) -> Option<Target> {
    let is_ours = key.is_our_target(&kept.tag, &kept.name, &kept.text);
    let target = is_ours.then(|| target::from_text(&kept.name, &kept.text)).flatten()?;
    (target.address != Address::Local).then_some(target)
}

/// Refuses a target of which the ledger says something that is not proved: it may be the word of
/// another installation, and is written over only where somebody says so.
///
/// # Errors
/// There is such a word.
pub fn refuse_unproved(context: &Context, name: &str) -> Result<()> {
    if context.known().unproved.iter().any(|one| one == name) {
        return Err(not_proved(name));
    }
    Ok(())
}

/// Records in a shared ledger what a target is, unless the ledger says so already.
///
/// # Errors
/// Those of the ledger and the key.
pub async fn keep(context: &Context, ledger: &Ledger, target: &Target) -> Result<()> {
    if !context.ledger_is_shared() || target.address == Address::Local {
        return Ok(());
    }
    let everywhere = everywhere(context, target)?;
    if context.known().targets.contains(&everywhere) {
        return Ok(());
    }
    let name = everywhere.name.clone();
    let text = target::to_text(&everywhere).map_err(|e| {
        Error::of(Kind::Usage, "target-not-kept", &[("target", name.clone().into())]).because(e)
    })?;
    let tag = Key::load_or_make(context)?.tag_of_target(&name, &text);
    let kept = KeptTarget { name, text, tag };
    ledger.keep_target(&kept, context.now(), &context.actor).await?;
    learn(context, ledger).await
}

/// Records that a target is gone, where the shared ledger has it.
///
/// # Errors
/// Only those of the ledger.
pub async fn drop_target(context: &Context, ledger: &Ledger, name: &str) -> Result<()> {
    let known = context.known();
    let is_kept = known.unproved.iter().any(|one| one == name)
        || known.targets.iter().any(|one| one.name == name);
    if context.ledger_is_shared() && is_kept {
        ledger.drop_target(name, context.now(), &context.actor).await?;
        learn(context, ledger).await?;
    }
    Ok(())
}

/// What the ledger says of a target of this name, where it is another server.
#[must_use]
pub fn another_server(context: &Context, target: &Target) -> Option<Target> {
    let keys = layer::host_keys(target);
    let kept = context.known().targets.into_iter().find(|kept| kept.name == target.name)?;
    let is_another = !layer::host_keys(&kept).iter().any(|key| keys.contains(key));
    is_another.then_some(kept)
}

/// Why a target of the ledger is not used.
fn not_proved(name: &str) -> Error {
    Error::of(Kind::Unreachable, "target-not-proved", &[("target", clean(name).into())])
        .because_of("target-not-proved.why", &[])
        .hint_of("target-not-proved.way-out", &[])
}

/// What a target is on every machine: where it is without an alias of `~/.ssh/config`, and without
/// how to log in.
fn everywhere(context: &Context, target: &Target) -> Result<Target> {
    let route = Route::of(target, &context.surroundings).map_err(|e| unreachable(target, e))?;
    let address = match route.connects_to() {
        Some(host) => {
            let (user, host) = (Some(route.user.clone()), host.to_owned());
            Address::Ssh { user, host, port: Some(route.port) }
        }
        None => Address::Local,
    };
    Ok(Target { address, login: Login::default(), identity: None, ..target.clone() })
}
