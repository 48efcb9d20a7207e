//! The merchant's own command that makes the backup, and what it prints: names, and nothing else.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::names;
use crate::error::{Error, Kind, Result};
use crate::message::{self, Arg, Note, Told as _};
use crate::policy::{BackupName, holds_a_secret};
use crate::remote::script::clean;

/// A large shop is copied in this time, or by another way than while somebody waits.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The most that a list of names can be, in bytes.
const MOST: u64 = 16 * 1024;

/// The most files that one backup can be in.
const MOST_NAMES: usize = 16;

/// What the merchant typed may be run and recorded.
///
/// # Errors
/// It holds nothing, more than can be shown, or a password: it is kept with the terms.
pub fn check(command: &str) -> Result<()> {
    let refused = |why: &str| {
        Error::of(Kind::Usage, "backup-command-unusable", &[("why", why.into())])
            .hint_of("backup-command-unusable.way-out", &[])
    };
    if command.trim().is_empty() {
        return Err(refused(&message::text("backup-command-unusable.none", &[])));
    }
    if command.len() > 400 || command.chars().any(crate::text::is_steering) {
        return Err(refused(&message::text("backup-command-unusable.long", &[])));
    }
    if holds_a_secret(command) {
        return Err(refused(&message::text("backup-command-unusable.secret", &[])));
    }
    Ok(())
}

/// Runs it, as the merchant would in their own shell: nothing of ours is put into it. What it prints on
/// standard output are the names; what it says on standard error goes where ours does.
///
/// # Errors
/// It could not be started, did not end well or in time, or printed something else than names.
pub async fn make(command: &str) -> Result<Vec<BackupName>> {
    check(command)?;
    let failed = |why: Note| {
        Error::of(Kind::Refused, "backup-command-failed", &[])
            .because_text(why)
            .hint_of("backup-command-failed.nothing", &[])
    };
    let mut child = Running(Some(start(command).map_err(|e| failed(e.to_string().into()))?));
    let ended = timeout(LIMIT, child.output()).await;
    let (printed, status) = match ended {
        Ok(ended) => ended.map_err(|e| failed(e.to_string().into()))?,
        Err(_) => {
            return Err(failed(Note::of(
                "backup-command-failed.late",
                &[("minutes", Arg::of(LIMIT.as_secs() / 60))],
            )));
        }
    };
    if status != Some(0) {
        return Err(failed(status.map_or_else(
            || Note::of("backup-command-failed.signal", &[]),
            |status| Note::of("backup-command-failed.status", &[("status", Arg::of(status))]),
        )));
    }
    read(&printed).map_err(failed)
}

fn is_too_much(printed: &[u8]) -> bool {
    u64::try_from(printed.len()).unwrap_or(u64::MAX) > MOST
}

/// The names in what was printed.
fn read(printed: &[u8]) -> std::result::Result<Vec<BackupName>, Note> {
    if is_too_much(printed) {
        return Err(Note::of("backup-command-failed.too-much", &[]));
    }
    let text =
        std::str::from_utf8(printed).map_err(|_| Note::of("backup-command-failed.no-text", &[]))?;
    let lines: Vec<String> =
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if lines.is_empty() {
        return Err(Note::of("backup-command-failed.no-name", &[]));
    }
    if lines.len() > MOST_NAMES {
        return Err(Note::of(
            "backup-command-failed.many",
            &[("lines", lines.len().into()), ("most", MOST_NAMES.into())],
        ));
    }
    match lines.iter().find(|line| BackupName::read(line).is_err()) {
        Some(line) => {
            Err(Note::of("backup-command-failed.other-line", &[("line", clean(line).into())]))
        }
        None => names(&lines).map_err(|e| e.note()),
    }
}

#[cfg(unix)]
fn start(command: &str) -> io::Result<Child> {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    // Of its own, so that a pipe of three programs ends as one.
    shell.process_group(0);
    spawn(shell)
}

#[cfg(not(unix))]
fn start(command: &str) -> io::Result<Child> {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    spawn(shell)
}

fn spawn(mut shell: Command) -> io::Result<Child> {
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    shell.kill_on_drop(true).spawn()
}

/// A command that runs: it, and all that it started, end with this.
struct Running(Option<Child>);

impl Running {
    /// What it printed, a little more than is allowed at the most, and its status.
    async fn output(&mut self) -> io::Result<(Vec<u8>, Option<i32>)> {
        let Some(child) = self.0.as_mut() else { return Ok((Vec::new(), None)) };
        let mut printed = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST + 1).read_to_end(&mut printed).await?;
        }
        // Whatever else it would say: it ends here.
        if is_too_much(&printed) {
            return Ok((printed, Some(0)));
        }
        let status = child.wait().await?;
        self.0 = None;
        Ok((printed, status.code()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self
            .0
            .as_ref()
            .and_then(Child::id)
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            // It was not waited for, so the number is still its own.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_prints_is_names_and_nothing_else() {
        let read = |text: &str| {
            read(text.as_bytes())
                .map(|names| names.iter().map(BackupName::typed).collect::<Vec<_>>())
        };
        assert_eq!(
            read("/b/f.tgz\r\n\nlocal:dump.sql.gz\n"),
            Ok(vec!["/b/f.tgz".into(), "local:dump.sql.gz".into()])
        );
        assert_eq!(read("/b/f.tgz\n/b/f.tgz\n"), Ok(vec!["/b/f.tgz".into()]));
        for bad in
            ["", "\n\n", "done.\n", "/b/f\u{1b}[2J\n", "local:\n", "made /b/f.tgz\n", "ftp:/b\n"]
        {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert!(read(&"/b/f\n".repeat(17)).is_err());
        assert!(read(&format!("/{}", "x".repeat(20_000))).is_err());
    }

    fn run(command: &str) -> Result<Vec<BackupName>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make(command))
    }

    #[test]
    fn a_command_makes_a_backup_or_says_why_not() {
        assert_eq!(run("echo /a; echo local:b").unwrap().len(), 2);
        // It is the shell's word for word.
        assert_eq!(run("printf '%s\\n' '/it'\\''s'").unwrap()[0].path, "/it's");
        for (bad, why) in [
            ("echo /a; exit 3", "status 3"),
            ("kill -9 $$", "signal"),
            ("echo done", "no name"),
            ("true", "no name"),
            ("yes /a", "more than a list"),
        ] {
            let error = run(bad).unwrap_err();
            assert!(error.why(" ").contains(why), "{bad}: {:?}", error.causes);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_a_command_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let command =
            format!("sleep 300 & echo $! >'{0}.new'; mv '{0}.new' '{0}'; wait", file.display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let pid = runtime.block_on(async {
            let waiting = async {
                while !file.exists() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            // As when somebody presses Ctrl-C: it is dropped where it stands.
            tokio::select! {
                ended = make(&command) => panic!("it ended: {ended:?}"),
                () = waiting => std::fs::read_to_string(&file).unwrap(),
            }
        });
        let runs = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while runs() {
            assert!(std::time::Instant::now() < end, "{pid} still runs");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn what_would_be_recorded_with_a_password_is_not_run() {
        for bad in [
            "",
            " ",
            "a\nb",
            "mysqldump -uroot -pSecret shop >x",
            "mysqldump --password=Secret shop",
            "MYSQL_PWD=Secret mysqldump shop",
            "PGPASSWORD='x' pg_dump shop",
            "restic -r rest:https://me:secret@host/ backup",
            "curl --token=abc x",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for good in [
            "./backup.sh",
            "ssh shop 'mysqldump --defaults-extra-file=~/.my.cnf shop | gzip >/b/d.sql.gz'; echo /b/d.sql.gz",
            "PGPASSWORD=$SHOP pg_dump shop",
            "tar -cpf x .",
            "restic --password-file=/etc/restic backup",
            "mysqldump -p$PW shop",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
    }
}
