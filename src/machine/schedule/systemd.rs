//! A service and a timer of the user's own systemd manager.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::run::{Group, Ran, run};
use super::{Draft, Installed, Job, Kind, Note, Period, ScheduleError};
use crate::file::{self, Links, Unread};
use crate::message::{self, Id};

const SERVICE: &str = "stagepass-sweep.service";
const TIMER: &str = "stagepass-sweep.timer";

/// The first line of every file of ours.
const MARK: &str =
    "# Written by `stagepass schedule install`; removed by `stagepass schedule remove`.";

/// The most that is kept of what `systemctl` says, and the longest unit file that is read.
const MOST: usize = 64 * 1024;

/// The longest file of ours, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;

/// The systemd manager of the user that stagepass runs as.
#[derive(Debug, Clone)]
pub struct Systemd {
    /// The `systemctl` program, by name or path.
    pub systemctl: PathBuf,
    /// The `loginctl` program, by name or path.
    pub loginctl: PathBuf,
    /// Where the user's unit files are: `~/.config/systemd/user`.
    pub units: PathBuf,
    /// The login name of the user, for lingering.
    pub user: String,
    /// The longest that one run of a program may take.
    pub limit: Duration,
}

impl Systemd {
    /// The manager of `user`, whose configuration folder (`~/.config`) is `config`.
    #[must_use]
    pub fn new(config: &Path, user: &str) -> Self {
        Self {
            systemctl: PathBuf::from("systemctl"),
            loginctl: PathBuf::from("loginctl"),
            units: config.join("systemd/user"),
            user: user.to_owned(),
            limit: Duration::from_secs(30),
        }
    }

    /// Whether the user manager answers.
    ///
    /// # Errors
    /// [`ScheduleError::NoUserManager`] with what systemd said when it does not.
    pub fn is_reachable(&self) -> Result<(), ScheduleError> {
        match self.systemctl(&["show", "--property=Version"]) {
            Ok(_) => Ok(()),
            Err(error) => Err(ScheduleError::NoUserManager { why: why(&error) }),
        }
    }

    /// Whether the manager runs on when nobody is logged in.
    #[must_use]
    pub fn lingers(&self) -> bool {
        let mut command = Command::new(&self.loginctl);
        command.args(["show-user", "--property=Linger", "--value", "--", &self.user]);
        self.run(&mut command, "loginctl show-user")
            .is_ok_and(|ran| ran.succeeded() && ran.stdout.trim_ascii() == b"yes")
    }

    /// What [`Systemd::install`] would write.
    ///
    /// # Errors
    /// Fails when a file with one of our names is not ours or cannot be read.
    pub fn draft(&self, job: &Job) -> Result<Draft, ScheduleError> {
        let mut draft = Draft { kind: Kind::Systemd, texts: Vec::new(), replaces: Vec::new() };
        for (path, text) in self.files(job)? {
            let shown = path.display().to_string();
            if self.former(&path)?.is_some_and(|former| former != text) {
                draft.replaces.push(shown.clone());
            }
            draft.texts.push((shown, text));
        }
        Ok(draft)
    }

    /// Writes both files, has them loaded, and starts the timer. When that fails, the files are as
    /// they were.
    ///
    /// # Errors
    /// [`ScheduleError::Foreign`] when a file with one of our names is not ours,
    /// [`ScheduleError::NoUserManager`] when there is none, or what systemd said.
    pub fn install(&self, job: &Job) -> Result<Installed, ScheduleError> {
        self.is_reachable()?;
        let files = self.files(job)?;
        let mut former = Vec::new();
        for (path, _) in &files {
            former.push((path.clone(), self.former(path)?));
        }
        let done =
            files.iter().try_for_each(|(path, text)| write(path, text)).and_then(|()| self.start());
        if let Err(error) = done {
            self.put_back(&former);
            return Err(error);
        }
        self.status()?.ok_or_else(|| ScheduleError::Failed {
            program: "systemctl --user enable".into(),
            said: message::text("schedule-timer-gone", &[]),
        })
    }

    /// The timer that is installed, if any.
    ///
    /// # Errors
    /// Fails when a file of ours cannot be read.
    pub fn status(&self) -> Result<Option<Installed>, ScheduleError> {
        let paths = [self.units.join(SERVICE), self.units.join(TIMER)];
        let mut texts = Vec::new();
        for path in &paths {
            match self.former(path) {
                Ok(Some(text)) => texts.push(text),
                Ok(None) | Err(ScheduleError::Foreign { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let value = |key: &str| {
            texts.iter().flat_map(|text| text.lines()).find_map(|line| line.strip_prefix(key))
        };
        Ok(Some(Installed {
            kind: Kind::Systemd,
            what: paths.iter().map(|path| path.display().to_string()).collect(),
            command: value("ExecStart=").unwrap_or_default().to_owned(),
            every: value("OnCalendar=").and_then(period_of),
            notes: self.notes(),
        }))
    }

    /// Stops the timer and removes both files, if they are ours.
    ///
    /// # Errors
    /// Fails when the manager is there and does not stop the timer, or a file cannot be removed.
    pub fn remove(&self) -> Result<Option<Installed>, ScheduleError> {
        let installed = self.status()?;
        let mut ours = Vec::new();
        for name in [TIMER, SERVICE] {
            let path = self.units.join(name);
            match self.former(&path) {
                Ok(Some(_)) => ours.push(path),
                Ok(None) | Err(ScheduleError::Foreign { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if ours.is_empty() {
            return Ok(None);
        }
        let reachable = self.is_reachable().is_ok();
        if reachable && ours.iter().any(|path| path.ends_with(TIMER)) {
            self.systemctl(&["disable", "--now", TIMER])?;
        }
        for path in &ours {
            remove_file(path)?;
        }
        // Without a manager nobody else takes the link away that `enable` made.
        let link = self.units.join("timers.target.wants").join(TIMER);
        if link.is_symlink() && ours.iter().any(|path| path.ends_with(TIMER)) {
            remove_file(&link)?;
        }
        if reachable {
            self.systemctl(&["daemon-reload"])?;
        }
        Ok(installed.map(|installed| Installed { notes: Vec::new(), ..installed }))
    }

    fn start(&self) -> Result<(), ScheduleError> {
        self.systemctl(&["daemon-reload"])?;
        self.systemctl(&["enable", TIMER])?;
        // A timer that runs already keeps its old times until it is started anew.
        self.systemctl(&["restart", TIMER])?;
        self.systemctl(&["is-active", TIMER])?;
        Ok(())
    }

    /// Undoes a failed installation as far as it can; the caller reports the failure itself.
    fn put_back(&self, former: &[(PathBuf, Option<String>)]) {
        if former.iter().any(|(_, text)| text.is_none()) {
            drop(self.systemctl(&["disable", "--now", TIMER]));
        }
        for (path, text) in former {
            match text {
                Some(text) => drop(write(path, text)),
                None => drop(remove_file(path)),
            }
        }
        drop(self.systemctl(&["daemon-reload"]));
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        match self.systemctl(&["is-active", TIMER]) {
            Ok(_) => {}
            Err(error) => notes.push(Note::TimerInactive { state: why(&error) }),
        }
        if !self.lingers() {
            let command = format!("loginctl enable-linger {}", self.user);
            notes.push(Note::NotLingering { command });
        }
        notes
    }

    fn files(&self, job: &Job) -> Result<[(PathBuf, String); 2], ScheduleError> {
        Ok([(self.units.join(SERVICE), service(job)?), (self.units.join(TIMER), timer(job))])
    }

    /// What a file of ours holds now, or `None` when it is not there.
    fn former(&self, path: &Path) -> Result<Option<String>, ScheduleError> {
        let fail = |source| ScheduleError::File { path: path.to_owned(), source };
        let foreign = || ScheduleError::Foreign { path: path.to_owned() };
        let read = match file::read(path, FILE_LIMIT, Links::Refuse) {
            Ok(read) => read,
            Err(error) if error.is_missing() => return Ok(None),
            Err(Unread::Io(error)) => return Err(fail(error)),
            Err(_) => return Err(foreign()),
        };
        match read.text() {
            Ok(text) if text.starts_with(MARK) => Ok(Some(text.to_owned())),
            _ => Err(foreign()),
        }
    }

    fn systemctl(&self, arguments: &[&str]) -> Result<Ran, ScheduleError> {
        let program = format!("systemctl --user {}", arguments.join(" "));
        let mut command = Command::new(&self.systemctl);
        command.arg("--user").args(arguments).env("LC_ALL", "C").env("SYSTEMD_PAGER", "");
        let ran = self.run(&mut command, &program)?;
        if ran.succeeded() {
            return Ok(ran);
        }
        Err(ScheduleError::Failed { program, said: ran.complaint() })
    }

    fn run(&self, command: &mut Command, program: &str) -> Result<Ran, ScheduleError> {
        let program = program.to_owned();
        match run(command, None, Group::New, self.limit, MOST) {
            Ok(ran) if ran.timed_out => Err(ScheduleError::Slow { program, limit: self.limit }),
            Ok(ran) => Ok(ran),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ScheduleError::Missing { program })
            }
            Err(source) => Err(ScheduleError::Start { program, source }),
        }
    }
}

/// The part of an error that systemd or the system itself said.
fn why(error: &ScheduleError) -> String {
    match error {
        ScheduleError::Failed { said, .. } => said.clone(),
        other => other.to_string(),
    }
}

/// The service. It has no sandbox on purpose: an unprivileged manager can only build one together
/// with `NoNewPrivileges`, and then `sudo` on a `local:` target no longer works.
fn service(job: &Job) -> Result<String, ScheduleError> {
    let mut command = String::new();
    for (index, word) in job.words().enumerate() {
        if index > 0 {
            command.push(' ');
        } else if word.contains(['"', '\'']) {
            return Err(super::unusable(&word, Id("schedule-unusable-word.quote")));
        }
        // A string is always written whole into a String.
        write!(command, "\"{}\"", escaped(&word, index == 0)).expect("a String takes every text");
    }
    Ok(format!(
        "{MARK}
[Unit]
Description=stagepass: close the access whose time is over

[Service]
Type=oneshot
ExecStart={command}
# Longer than any sweep; one that hangs must not keep the next from starting.
TimeoutStartSec=30min
# What it holds in memory reaches no core file; what it writes is for this user alone.
LimitCORE=0
UMask=0077
TasksMax=256
"
    ))
}

fn timer(job: &Job) -> String {
    let minutes = match job.every().minutes() {
        60 => "0".to_owned(),
        minutes => format!("0/{minutes}"),
    };
    format!(
        "{MARK}
[Unit]
Description=stagepass: close the access whose time is over, {every}

[Timer]
OnCalendar=*:{minutes}
# After a time switched off, once at the next start.
Persistent=true
# Without it systemd may come a minute late.
AccuracySec=1s
RandomizedDelaySec=0

[Install]
WantedBy=timers.target
",
        every = job.every()
    )
}

/// A word between double quotes in `ExecStart`. Variables are expanded in arguments only.
fn escaped(word: &str, program: bool) -> String {
    let word = word.replace('%', "%%").replace('"', "\\\"");
    if program { word } else { word.replace('$', "$$") }
}

/// The period in an `OnCalendar=` that we wrote.
fn period_of(calendar: &str) -> Option<Period> {
    let minutes = match calendar.strip_prefix("*:0")? {
        "" => 60,
        steps => steps.strip_prefix('/')?.parse().ok()?,
    };
    Period::from_minutes(minutes).ok()
}

/// Replaces a file in one step. Its folder is made if need be.
fn write(path: &Path, text: &str) -> Result<(), ScheduleError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        fs::create_dir_all(folder)?;
        file::replace(path, text.as_bytes(), 0o644)
    };
    write().map_err(|source| ScheduleError::File { path: path.to_owned(), source })
}

fn remove_file(path: &Path) -> Result<(), ScheduleError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ScheduleError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_read_as_it_is_written() {
        for minutes in [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] {
            let every = Period::from_minutes(minutes).unwrap();
            let text = timer(&Job::new(Path::new("/s"), &[], every).unwrap());
            let calendar = text.lines().find_map(|line| line.strip_prefix("OnCalendar="));
            assert_eq!(period_of(calendar.unwrap()), Some(every));
        }
    }
}
