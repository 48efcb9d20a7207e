//! What was sealed for a supporter, kept until the grant is closed, in the state folder of the machine
//! that made it. Only the supporter's private key (or a passphrase that is kept nowhere) opens it, so
//! that it is no secret; but it is not in the ledger, which keeps what it has for ever.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::context::Context;
use crate::file::{self, Links};
use crate::ledger::Ledger;
use crate::seal;

/// Keeps it.
///
/// # Errors
/// What the system said.
pub(crate) fn keep(context: &Context, grant: &str, text: &str) -> io::Result<()> {
    let path = place(context, grant);
    DirBuilder::new().recursive(true).mode(0o700).create(file::folder_of(&path))?;
    file::create(&path, text.as_bytes())
}

/// What was sealed for a grant on this machine, if anything was.
///
/// # Errors
/// What the system said.
pub(crate) fn kept(context: &Context, grant: &str) -> io::Result<Option<String>> {
    let limit = u64::try_from(seal::LIMIT).unwrap_or(u64::MAX);
    match file::read(&place(context, grant), limit, Links::Refuse) {
        Ok(contents) => contents.text().map(|text| Some(text.to_owned())),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Takes away what was sealed for a grant that is over.
pub(crate) fn forget(context: &Context, grant: &str) {
    let _ = fs::remove_file(place(context, grant));
}

/// Takes away what is left of grants that other machines closed. What stays does no harm.
pub(crate) async fn tidy(context: &Context, ledger: &Ledger) {
    let folder = fs::read_dir(folder(context)).into_iter().flatten();
    for path in folder.flatten().map(|entry| entry.path()) {
        let named = path.file_stem().and_then(|name| name.to_str());
        let Some(id) = named.filter(|_| path.extension().is_some_and(|it| it == "age")) else {
            continue;
        };
        if ledger.grant(id).await.is_ok_and(|grant| !grant.state.is_live()) {
            forget(context, id);
        }
    }
}

fn folder(context: &Context) -> PathBuf {
    context.state_dir.join("handovers")
}

fn place(context: &Context, grant: &str) -> PathBuf {
    folder(context).join(format!("{grant}.age"))
}
