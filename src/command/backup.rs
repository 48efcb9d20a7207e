//! The backup that stands behind access to a live shop: found, read to its end, measured.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::policy::{Backup, BackupFact};
use crate::remote::script::{Answer, Input, OutputType, Outputs, frame_sh};
use crate::remote::session::Session;

/// A backup may be many gigabytes, and all of it is read.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Looks at the backup on the server.
///
/// # Errors
/// Fails when the server did not say what it saw; that there is no backup is an answer.
pub async fn verify(session: &mut Session<'_>, path: &str) -> Result<BackupFact> {
    let outputs: Outputs = [
        ("found", OutputType::Bool),
        ("readable", OutputType::Bool),
        ("why", OutputType::Text),
        ("sha256", OutputType::Text),
        ("size", OutputType::Uint),
        ("modified_at", OutputType::Uint),
    ]
    .into_iter()
    .map(|(key, kind)| (key.to_owned(), kind))
    .collect();
    let inputs = vec![("sp_backup", Input::Text(path.to_owned()))];
    let framed = frame_sh("", include_str!("backup.sh"), "sp_backup", &inputs)
        .map_err(|e| Error::new(Kind::Internal, "the script cannot be made").because(e))?;
    let reply = match session.run_as_root(framed, &outputs, LIMIT).await {
        Answer::Done(reply) => reply,
        Answer::Refused { reason, .. } => {
            return Err(
                Error::new(Kind::Refused, "the backup could not be looked at").because_text(reason)
            );
        }
        Answer::Unknown { why } => {
            return Err(Error::new(Kind::Refused, "the backup could not be looked at")
                .because_text(why)
                .hint("nothing was made"));
        }
    };
    if !reply.is("found") {
        return Ok(BackupFact::Missing { path: path.to_owned() });
    }
    if !reply.is("readable") {
        let why = reply.text("why").to_owned();
        return Ok(BackupFact::Unreadable { path: path.to_owned(), why });
    }
    Ok(BackupFact::Read(Backup {
        path: path.to_owned(),
        size: reply.number("size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        sha256: reply.text("sha256").to_owned(),
        modified_at: reply.number("modified_at").unwrap_or(0),
    }))
}
