//! Which shop is meant, where one is needed and the target names no folder: the server is looked at for shops, and one
//! of them is taken.

use super::Wanted;
use super::look::{connect, unusable};
use super::why_a_shop_is_needed;
use serde_json::json;

use crate::command::shop::{self, Found};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::message;
use crate::output::Tone;
use crate::remote::inputs;
use crate::remote::provider::Verb;
use crate::remote::script::{Answer, Reply, clean};

/// Looks for shops and chooses one. From here on it is as if the target named its folder.
pub(super) async fn choose_shop(context: &Context, wanted: &mut Wanted) -> Result<()> {
    let Some(why) = why_a_shop_is_needed(wanted) else { return Ok(()) };
    let target = wanted.target.name.clone();
    let found = shop::found(context, &detected(context, wanted).await?);
    let folder = match found.as_slice() {
        [] => {
            return Err(Error::of(Kind::Usage, "no-shop-folder", &[("target", target.into())])
                .because_text(why)
                .because_of("no-shop-folder.none-found", &[])
                .hint_of("no-shop-folder.for-once", &[]));
        }
        [only] => {
            let args = [("folder", clean(&only.folder).into())];
            context.output.say(Tone::Plain, &message::text("shop-is-the-only-one", &args));
            only.folder.clone()
        }
        several => asked_for(context, several, &target)?,
    };
    wanted.request.path = Some(folder.clone());
    wanted.target.path = Some(folder);
    Ok(())
}

/// What is seen of the server before it is known which shop is meant.
async fn detected(context: &Context, wanted: &Wanted) -> Result<Reply> {
    let args = [("target", (&wanted.target.name).into())];
    let _progress = context.output.progress(&message::text("progress-looking-for-shops", &args));
    let mut session = connect(context, &wanted.target, wanted).await?;
    let (id, access) = ("0000000000", wanted.request.access);
    let inputs = inputs::of_detect(&wanted.target, &wanted.route.user, id, access, None);
    let answer = session.call(&wanted.provider, Verb::Detect, &inputs).await;
    session.close().await;
    match answer? {
        Answer::Done(reply) => Ok(reply),
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => {
            Err(unusable(context, wanted, why))
        }
    }
}

/// The one that is meant, by its number or its folder.
fn asked_for(context: &Context, several: &[Found], target: &str) -> Result<String> {
    let lines: Vec<String> = (1..).zip(several).map(|(at, one)| described(at, one)).collect();
    let count = [("count", several.len().into()), ("target", target.into())];
    let refused = |id| {
        let mut error = Error::of(Kind::Usage, id, &count);
        for line in &lines {
            error = error.because_text(line.clone());
        }
        error
            .hint_of("shops-several.way-out", &[])
            .with_result(json!({ "shops_found": shop::found_documents(several) }))
    };
    if !context.output.can_ask() {
        return Err(refused("shops-several"));
    }
    let list: Vec<String> =
        std::iter::once(message::text("shops-several", &count)).chain(lines.clone()).collect();
    context.output.say(Tone::Plain, &list.join("\n  "));
    let answer = context.output.ask(&message::text("ask-shop", &count)).unwrap_or_default();
    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let chosen = match number {
        Some(at) => several.get(at),
        None => several.iter().find(|one| one.folder == answer),
    };
    chosen.map(|one| one.folder.clone()).ok_or_else(|| refused("shop-not-chosen"))
}

fn described(at: usize, one: &Found) -> String {
    let folder = clean(&one.folder);
    let provider = one.provider.clone().unwrap_or_else(|| clean(&one.sign));
    format!("{at}  {folder}  ({provider})")
}
