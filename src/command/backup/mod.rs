//! The backups that stand behind access to a live shop: found, opened, read to their end, measured. What
//! they are worth is for [`crate::policy`] to say.

mod local;
mod made;

use std::time::Duration;

pub use self::made::{check, make};
use crate::error::{Error, Kind, Result};
use crate::message;
use crate::output::Progress;
use crate::policy::{
    BackupFact, BackupFacts, BackupName, BackupRead, Fault, Form, Place, SAMPLE, ShopFacts,
    TablesRead, core_tables,
};
use crate::remote::script::{Answer, Input, Inputs, OutputType, Outputs, Reply, clean, frame_sh};
use crate::remote::session::Session;

/// A backup may be many gigabytes, and all of it is read.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// What each of the three times that the server reads through a file may take, in seconds: for its hash, for
/// its list, and for the dumps in it.
const PASS_SECONDS: &str = "900";

/// How much longer we listen than the server works, so that its own limit is the one that is told.
const GRACE: Duration = Duration::from_secs(60);

const SCRIPT: &str = include_str!("server.sh");

/// The names that were typed, each once.
///
/// # Errors
/// Says which is none.
pub fn names(typed: &[String]) -> Result<Vec<BackupName>> {
    let mut names = Vec::new();
    for text in typed {
        let name = BackupName::read(text).map_err(|why| {
            Error::of(
                Kind::Usage,
                "backup-name-unusable",
                &[("name", clean(text).into()), ("why", why.into())],
            )
            .hint_of("backup-name-unusable.there", &[])
            .hint_of("backup-name-unusable.here", &[])
        })?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Looks at each of them, and at the shop that they should be of.
///
/// # Errors
/// Fails when the server did not say what it saw; that there is no backup is an answer.
pub async fn look(
    session: &mut Session<'_>,
    path: Option<&str>,
    names: Vec<BackupName>,
    command: Option<String>,
    progress: &Progress,
) -> Result<BackupFacts> {
    let shop = match path {
        Some(path) => shop(session, path).await?,
        None => ShopFacts::default(),
    };
    let mut files = Vec::new();
    for name in names {
        progress.step(&message::text(
            "progress-reading-backup",
            &[("name", clean(&name.typed()).into())],
        ));
        let fact = match name.place {
            Place::Server => on_server(session, &name.path, &shop).await?,
            Place::Local => local::read(&name.path, &shop, LIMIT).await?,
        };
        files.push((name, fact));
    }
    Ok(BackupFacts { shop, files, command, rehearsal: false })
}

/// What the server says of the shop.
async fn shop(session: &mut Session<'_>, path: &str) -> Result<ShopFacts> {
    let outputs = declared(&[
        ("platform", OutputType::Text),
        ("config", OutputType::Text),
        ("prefix", OutputType::Text),
        ("prefix_known", OutputType::Bool),
        ("files", OutputType::Uint),
        ("bytes", OutputType::Uint),
        ("sample", OutputType::Lines),
    ]);
    let inputs = vec![
        ("sp_path", Input::Text(path.to_owned())),
        ("sp_seconds", Input::Text(PASS_SECONDS.to_owned())),
        ("sp_sample", Input::Text(SAMPLE.to_string())),
    ];
    let reply = ask(session, "sp_backup_shop", &inputs, &outputs).await?;
    Ok(ShopFacts {
        platform: reply.text("platform").to_owned(),
        config: reply.text("config").to_owned(),
        prefix: reply.is("prefix_known").then(|| reply.text("prefix").to_owned()),
        files: count(&reply, "files"),
        bytes: count(&reply, "bytes"),
        sample: reply.lines("sample").take(SAMPLE).map(str::to_owned).collect(),
    })
}

async fn on_server(session: &mut Session<'_>, path: &str, shop: &ShopFacts) -> Result<BackupFact> {
    let outputs = declared(&[
        ("found", OutputType::Bool),
        ("regular", OutputType::Bool),
        ("readable", OutputType::Bool),
        ("changed", OutputType::Bool),
        ("size", OutputType::Uint),
        ("modified_at", OutputType::Uint),
        ("sha256", OutputType::Text),
        ("status", OutputType::Lines),
        ("tool", OutputType::Text),
        ("form", OutputType::Text),
        ("packing", OutputType::Text),
        ("entries", OutputType::Uint),
        ("bytes", OutputType::Uint),
        ("found_files", OutputType::Text),
        ("has_config", OutputType::Bool),
        ("dumps", OutputType::Uint),
        ("ended", OutputType::Bool),
        ("tables", OutputType::Uint),
        ("filled", OutputType::Uint),
        ("own_filled", OutputType::Uint),
        ("core", OutputType::Lines),
        ("dump_ended", OutputType::Bool),
    ]);
    let text = |text: &str| Input::Text(text.to_owned());
    let inputs = vec![
        ("sp_backup", text(path)),
        ("sp_seconds", text(PASS_SECONDS)),
        ("sp_wanted", text(&shop.sample.join("\n"))),
        ("sp_config", text(&shop.config)),
        ("sp_core", text(&core_tables(&shop.platform).join(" "))),
        ("sp_prefix", text(shop.prefix.as_deref().unwrap_or_default())),
        ("sp_prefix_known", text(if shop.prefix.is_some() { "true" } else { "false" })),
    ];
    Ok(fact(&ask(session, "sp_backup_file", &inputs, &outputs).await?))
}

/// From what the script said to what it means.
fn fact(reply: &Reply) -> BackupFact {
    if !reply.is("found") {
        return BackupFact::Missing;
    }
    if !reply.is("regular") {
        return BackupFact::NoFile;
    }
    if !reply.is("readable") {
        return BackupFact::Unreadable(message::text("backup-no-rights", &[]));
    }
    let form: Form = reply.text("form").parse().unwrap_or_default();
    let core = |line: &str| {
        let (kind, name) = line.split_once(' ')?;
        Some((name.to_owned(), kind == "filled"))
    };
    let tables = TablesRead {
        made: count(reply, "tables"),
        filled: count(reply, "filled"),
        own_filled: count(reply, "own_filled"),
        core: reply.lines("core").filter_map(core).collect(),
    };
    let dump_ended = tables.made == 0 || reply.is("dump_ended");
    BackupFact::Read(Box::new(BackupRead {
        size: count(reply, "size"),
        sha256: reply.text("sha256").to_owned(),
        modified_at: reply.number("modified_at").unwrap_or(0),
        changed: reply.is("changed"),
        form,
        packing: reply.text("packing").parse().unwrap_or_default(),
        fault: fault(reply, form),
        ended: dump_ended && (form == Form::Text || reply.is("ended")),
        entries: count(reply, "entries"),
        bytes: count(reply, "bytes"),
        config: reply.is("has_config"),
        files: reply.text("found_files").chars().map(|c| c == '1').collect(),
        tables,
    }))
}

/// Every program that was needed has to have said that it came to its end; one that said nothing was
/// ended by a limit.
fn fault(reply: &Reply, form: Form) -> Option<Fault> {
    if !reply.text("tool").is_empty() {
        return Some(Fault::Tool(message::text(
            "backup-no-tool",
            &[("tool", reply.text("tool").into())],
        )));
    }
    // Reading it for the hash, and then unpacking and listing it.
    let programs = if form == Form::Tar { 3 } else { 2 };
    // By timeout(1), by a limit of the processor's time, by a kill.
    let ended_by_limit = |status: &str| matches!(status, "124" | "137" | "143" | "152" | "158");
    let said: Vec<&str> = reply.lines("status").collect();
    if said.iter().any(|status| ended_by_limit(status)) {
        return Some(Fault::TooMuch);
    }
    let well = said.len() == programs && said.iter().all(|status| *status == "0");
    (!well).then_some(Fault::Broken)
}

fn declared(keys: &[(&str, OutputType)]) -> Outputs {
    keys.iter().map(|(key, kind)| ((*key).to_owned(), *kind)).collect()
}

fn count(reply: &Reply, key: &str) -> u64 {
    reply.number(key).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

async fn ask(
    session: &mut Session<'_>,
    call: &str,
    inputs: &Inputs<'_>,
    outputs: &Outputs,
) -> Result<Reply> {
    let framed = frame_sh("", SCRIPT, call, inputs)
        .map_err(|e| Error::of(Kind::Internal, "script-not-made", &[]).because(e))?;
    let refused = |why: String| {
        Error::of(Kind::Refused, "backup-not-looked-at", &[])
            .because_text(why)
            .hint_of("nothing-made", &[])
    };
    match session.run_as_root(framed, outputs, LIMIT + GRACE).await {
        Answer::Done(reply) => Ok(reply),
        Answer::Refused { reason: why, .. } | Answer::Unknown { why } => Err(refused(why)),
    }
}
