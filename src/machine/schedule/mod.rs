//! What runs `stagepass sweep` when nobody is there: a line in the user's crontab, or a timer of
//! their systemd user manager.
//!
//! Only what carries our mark is changed or removed. Nothing here needs root.

pub(crate) mod cron;
mod prove;
mod run;
mod systemd;

use crate::message::{self, Arg, Id, Told, shown_by_note};
use crate::text;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cron::Cron;
pub use prove::prove_unattended;
pub use systemd::Systemd;

/// How often the sweep runs: 1 to 60 minutes, a divisor of 60, so that the steps are even.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(u8);

impl Period {
    /// Five minutes.
    pub const DEFAULT: Self = Self(5);

    /// A period of so many minutes.
    ///
    /// # Errors
    /// [`ScheduleError::Period`] unless `minutes` divides 60.
    pub fn from_minutes(minutes: u32) -> Result<Self, ScheduleError> {
        match u8::try_from(minutes) {
            Ok(minutes @ 1..=60) if 60 % minutes == 0 => Ok(Self(minutes)),
            _ => Err(ScheduleError::Period { minutes }),
        }
    }

    /// The period in minutes.
    #[must_use]
    pub fn minutes(self) -> u8 {
        self.0
    }

    /// The period as a span of time.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 60)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str(&message::text("period.minute", &[])),
            60 => f.write_str(&message::text("period.hour", &[])),
            minutes => {
                f.write_str(&message::text("period", &[("minutes", u32::from(minutes).into())]))
            }
        }
    }
}

/// What is to run, and how often.
#[derive(Debug, Clone)]
pub struct Job {
    exe: PathBuf,
    arguments: Vec<String>,
    every: Period,
}

impl Job {
    /// Runs `exe arguments… sweep`. Cron gives a job an almost empty environment: whatever folder
    /// the sweep needs that is not under the home folder must be named in `arguments`.
    ///
    /// # Errors
    /// [`ScheduleError::Unusable`] for a path that is not absolute, and for any text that is not
    /// UTF-8 or holds a control character or a backslash: crontabs and unit files cannot carry
    /// them in a way that every implementation reads alike.
    pub fn new(exe: &Path, arguments: &[String], every: Period) -> Result<Self, ScheduleError> {
        let text = exe.to_str().ok_or_else(|| {
            unusable(&exe.to_string_lossy(), Id("schedule-unusable-word.not-utf-8"))
        })?;
        if !exe.is_absolute() {
            return Err(unusable(text, Id("schedule-unusable-word.relative")));
        }
        for word in std::iter::once(text).chain(arguments.iter().map(String::as_str)) {
            if word.contains(char::is_control) {
                return Err(unusable(word, Id("schedule-unusable-word.control")));
            }
            if word.contains('\\') {
                return Err(unusable(word, Id("schedule-unusable-word.backslash")));
            }
        }
        Ok(Self { exe: exe.to_owned(), arguments: arguments.to_vec(), every })
    }

    /// How often it runs.
    #[must_use]
    pub fn every(&self) -> Period {
        self.every
    }

    /// The program and its arguments, without quoting.
    fn words(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.exe.to_string_lossy().into_owned())
            .chain(self.arguments.iter().cloned())
            .chain(std::iter::once("sweep".to_owned()))
    }
}

/// The two ways to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// A line in the user's crontab.
    Cron,
    /// A timer of the systemd user manager.
    Systemd,
}

impl Kind {
    /// The word for it on the command line and in `--json`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// Which way is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// What keeps running when nobody is logged in comes first: a systemd user manager that
    /// lingers, then a running cron, then any systemd user manager, then any crontab.
    Auto,
    /// This one, or an error.
    Only(Kind),
}

/// What is installed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which way.
    pub kind: Kind,
    /// The line in the crontab, or the paths of the two unit files.
    pub what: Vec<String>,
    /// The command as written there.
    pub command: String,
    /// How often; none when somebody changed it to something else by hand.
    pub every: Option<Period>,
    /// What the user must know about it.
    pub notes: Vec<Note>,
}

/// Something about a schedule that the user must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The timer stops when the user's last session ends.
    NotLingering {
        /// What to run, once, to change that.
        command: String,
    },
    /// No cron daemon was seen on this machine, so the line may never run.
    NoCronDaemon,
    /// The timer's files are there and the timer is not running.
    TimerInactive {
        /// What systemd calls its state, or why that could not be asked.
        state: String,
    },
    /// The crontab sets this variable, and it changes what our line runs in.
    CrontabSets {
        /// `SHELL`, `HOME` or `CRON_TZ`.
        variable: String,
    },
}

impl Told for Note {
    fn note(&self) -> message::Note {
        match self {
            Self::NotLingering { command } => {
                message::Note::of("schedule-note-not-lingering", &[("command", command.into())])
            }
            Self::NoCronDaemon => message::Note::of("schedule-note-no-cron-daemon", &[]),
            Self::TimerInactive { state } => {
                message::Note::of("schedule-note-timer-inactive", &[("state", state.into())])
            }
            Self::CrontabSets { variable } => {
                message::Note::of("schedule-note-crontab-sets", &[("variable", variable.into())])
            }
        }
    }
}

shown_by_note!(Note);

/// What an installation would write, and what it would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which way.
    pub kind: Kind,
    /// Where it would be written: `crontab`, or a file's path, each with its whole text.
    pub texts: Vec<(String, String)>,
    /// What is there already with our mark and differs: lines, or files' paths.
    pub replaces: Vec<String>,
}

/// What went wrong with a schedule.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The minutes do not divide an hour.
    Period {
        /// What was asked for.
        minutes: u32,
    },
    /// A path or argument cannot be written into a crontab or a unit file.
    Unusable {
        /// The path or argument, without control characters.
        word: String,
        /// Which rule it breaks.
        why: Id,
    },
    /// Neither way exists on this machine.
    NoWay,
    /// A program that is needed is not there.
    Missing {
        /// Which one.
        program: String,
    },
    /// A program could not be started.
    Start {
        /// Which one.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program did not end in time. What it did is not known.
    Slow {
        /// Which one.
        program: String,
        /// How long was waited.
        limit: Duration,
    },
    /// A program said no.
    Failed {
        /// Which one, with its arguments.
        program: String,
        /// What it said, cut.
        said: String,
    },
    /// The crontab is too long to be read whole, so it is not written.
    TooLong {
        /// The most that is read, in bytes.
        most: usize,
    },
    /// `crontab` lists the crontab differently from what it holds, so it is not written.
    Inexact,
    /// Somebody else edits the crontab right now.
    Edited,
    /// What was read back is not what was written.
    ReadBack {
        /// Whether the former crontab was put back, and seen to be.
        restored: bool,
    },
    /// A file of ours has its name taken by one that is not ours.
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The systemd user manager does not answer.
    NoUserManager {
        /// What systemctl said.
        why: String,
    },
    /// A file cannot be read or written.
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Told for ScheduleError {
    fn note(&self) -> message::Note {
        match self {
            Self::Period { minutes } => {
                message::Note::of("schedule-error-period", &[("minutes", Arg::of(minutes))])
            }
            Self::Unusable { word, why } => message::Note::of(
                "schedule-error-unusable",
                &[("word", Arg::of(word)), ("why", why.text().into())],
            ),
            Self::NoWay => message::Note::of("schedule-error-no-way", &[]),
            Self::Missing { program } => {
                message::Note::of("schedule-error-missing", &[("program", Arg::of(program))])
            }
            Self::Start { program, .. } => {
                message::Note::of("schedule-error-start", &[("program", Arg::of(program))])
            }
            Self::Slow { program, limit } => message::Note::of(
                "schedule-error-slow",
                &[("program", Arg::of(program)), ("limit", Arg::of(limit.as_secs_f32()))],
            ),
            Self::Failed { program, said } => message::Note::of(
                "schedule-error-failed",
                &[("program", Arg::of(program)), ("said", Arg::of(said))],
            ),
            Self::TooLong { most } => {
                message::Note::of("schedule-error-too-long", &[("most", Arg::of(most / 1024))])
            }
            Self::Inexact => message::Note::of("schedule-error-inexact", &[]),
            Self::Edited => message::Note::of("schedule-error-edited", &[]),
            Self::ReadBack { restored } => message::Note::of(
                "schedule-error-read-back",
                &[("restored", if *restored { "yes" } else { "no" }.into())],
            ),
            Self::Foreign { path } => {
                message::Note::of("schedule-error-foreign", &[("path", path.display().into())])
            }
            Self::NoUserManager { why } => {
                message::Note::of("schedule-error-no-user-manager", &[("why", Arg::of(why))])
            }
            Self::File { path, .. } => {
                message::Note::of("schedule-error-file", &[("path", path.display().into())])
            }
        }
    }
}

shown_by_note!(ScheduleError);

fn unusable(word: &str, why: Id) -> ScheduleError {
    ScheduleError::Unusable { word: text::one_line(word, 200), why }
}

/// Both ways, and the rule that only one of them is installed.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The user's crontab.
    pub cron: Cron,
    /// The user's systemd manager.
    pub systemd: Systemd,
}

impl Schedule {
    /// The way that [`Choice`] means on this machine.
    ///
    /// # Errors
    /// [`ScheduleError::NoWay`] when [`Choice::Auto`] finds neither.
    pub fn choose(&self, choice: Choice) -> Result<Kind, ScheduleError> {
        if let Choice::Only(kind) = choice {
            return Ok(kind);
        }
        let systemd = self.systemd.is_reachable().is_ok();
        if systemd && self.systemd.lingers() {
            return Ok(Kind::Systemd);
        }
        let cron = self.cron.read().is_ok();
        match (systemd, cron) {
            (false, false) => Err(ScheduleError::NoWay),
            (true, false) => Ok(Kind::Systemd),
            (true, true) if !self.cron.daemon_runs() => Ok(Kind::Systemd),
            (_, true) => Ok(Kind::Cron),
        }
    }

    /// What [`Schedule::install`] would write. Changes nothing.
    ///
    /// # Errors
    /// As [`Schedule::install`], as far as it can be known beforehand.
    pub fn draft(&self, choice: Choice, job: &Job) -> Result<Draft, ScheduleError> {
        match self.choose(choice)? {
            Kind::Cron => self.cron.draft(job),
            Kind::Systemd => self.systemd.draft(job),
        }
    }

    /// Installs the job, or changes the one that is installed, and reads it back. The other way is
    /// removed afterwards if it was installed, so that there is one schedule.
    ///
    /// # Errors
    /// Any [`ScheduleError`]; what was there before is then there still, except where the error
    /// says otherwise.
    pub fn install(&self, choice: Choice, job: &Job) -> Result<Installed, ScheduleError> {
        match self.choose(choice)? {
            Kind::Cron => {
                let installed = self.cron.install(job)?;
                self.systemd.remove()?;
                Ok(installed)
            }
            Kind::Systemd => {
                let installed = self.systemd.install(job)?;
                if self.cron.exists() {
                    self.cron.remove()?;
                }
                Ok(installed)
            }
        }
    }

    /// What is installed; empty when nothing is. Two only if somebody's hand made it so.
    ///
    /// # Errors
    /// Fails when a crontab or a unit file is there and cannot be read.
    pub fn status(&self) -> Result<Vec<Installed>, ScheduleError> {
        let mut installed = Vec::new();
        installed.extend(self.systemd.status()?);
        if self.cron.exists() {
            installed.extend(self.cron.status()?);
        }
        Ok(installed)
    }

    /// Removes what is installed, and says what that was.
    ///
    /// # Errors
    /// Fails when one of the two ways does; the other has been removed all the same.
    pub fn remove(&self) -> Result<Vec<Installed>, ScheduleError> {
        let systemd = self.systemd.remove();
        let cron = if self.cron.exists() { self.cron.remove() } else { Ok(None) };
        Ok(systemd?.into_iter().chain(cron?).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_period_that_divides_an_hour_is_accepted() {
        let accepted: Vec<u32> = (0..=300).filter(|n| Period::from_minutes(*n).is_ok()).collect();
        assert_eq!(accepted, [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]);
    }

    #[test]
    fn a_command_that_a_crontab_cannot_carry_is_refused() {
        let job = |exe: &str, word: &str| {
            Job::new(Path::new(exe), &[word.to_owned()], Period::DEFAULT).is_ok()
        };
        assert!(job("/opt/it's 100% here/stagepass", "--config=/home/é"));
        assert!(!job("stagepass", "x"));
        assert!(!job("/opt/stage\npass", "x"));
        assert!(!job("/opt/stagepass", "a\r"));
        assert!(!job("/opt/stagepass", "a\\%b"));
    }
}
