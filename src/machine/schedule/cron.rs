//! One marked line in the user's crontab.

use crate::message::Id;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::run::{Group, Ran, run};
use super::{Draft, Installed, Job, Kind, Note, Period, ScheduleError};

/// What our line ends with. The shell takes it for a comment.
const MARK: &str = "# stagepass sweep";

/// The longest crontab that is read. A longer one is left alone.
const MOST: usize = 1024 * 1024;

/// The longest command that every cron takes.
const LONGEST_COMMAND: usize = 900;

/// The crontab of the user that stagepass runs as.
///
/// A crontab has no lock. It is read again right before it is written and right after, but an
/// editor that somebody else has open can still overwrite our line when it is saved.
#[derive(Debug, Clone)]
pub struct Cron {
    /// The `crontab` program, by name or path.
    pub crontab: PathBuf,
    /// The longest that one run of it may take.
    pub limit: Duration,
}

impl Default for Cron {
    fn default() -> Self {
        Self { crontab: PathBuf::from("crontab"), limit: Duration::from_secs(20) }
    }
}

impl Cron {
    /// Whether there is a `crontab` program at all.
    #[must_use]
    pub fn exists(&self) -> bool {
        !matches!(self.run("-l", None), Err(ScheduleError::Missing { .. }))
    }

    /// Whether a cron daemon is seen among this machine's processes. `false` may be wrong where
    /// other users' processes are hidden.
    #[must_use]
    pub fn daemon_runs(&self) -> bool {
        const DAEMONS: [&str; 5] = ["cron", "crond", "fcron", "dcron", "busybox"];
        let Ok(processes) = std::fs::read_dir("/proc") else { return !cfg!(target_os = "linux") };
        processes.flatten().any(|process| {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            match DAEMONS.iter().find(|daemon| **daemon == name.trim_end()) {
                Some(&"busybox") => std::fs::read(process.path().join("cmdline"))
                    .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"crond")),
                found => found.is_some(),
            }
        })
    }

    /// What [`Cron::install`] would write: our line alone, because the other lines are nobody
    /// else's business and may hold secrets.
    ///
    /// # Errors
    /// As [`Cron::install`], but for those of writing.
    pub fn draft(&self, job: &Job) -> Result<Draft, ScheduleError> {
        let line = line(job)?;
        let replaces = ours(&self.read()?.unwrap_or_default())
            .into_iter()
            .filter(|former| *former != line)
            .collect();
        Ok(Draft { kind: Kind::Cron, texts: vec![("crontab".into(), line)], replaces })
    }

    /// Puts our line at the end of the crontab, or in the place of the one that is there. Every
    /// other line stays byte for byte; a missing newline at the end is added.
    ///
    /// # Errors
    /// Any [`ScheduleError`] about crontabs. The former crontab is there still, unless
    /// [`ScheduleError::ReadBack`] says that putting it back failed.
    pub fn install(&self, job: &Job) -> Result<Installed, ScheduleError> {
        let line = line(job)?;
        let former = self.read()?;
        let wanted = with_line(former.as_deref().unwrap_or_default(), &line);
        if former.as_deref() != Some(&*wanted) {
            self.replace(former.as_deref(), Some(&wanted))?;
        }
        Ok(self.describe(&wanted, &line))
    }

    /// The line that is installed, if any.
    ///
    /// # Errors
    /// Fails when the crontab cannot be read.
    pub fn status(&self) -> Result<Option<Installed>, ScheduleError> {
        let crontab = self.read()?.unwrap_or_default();
        Ok(ours(&crontab).first().map(|line| self.describe(&crontab, line)))
    }

    /// Takes our line out, and nothing else. A crontab that had no other line is removed.
    ///
    /// # Errors
    /// As [`Cron::install`].
    pub fn remove(&self) -> Result<Option<Installed>, ScheduleError> {
        let Some(former) = self.read()? else { return Ok(None) };
        let Some(line) = ours(&former).into_iter().next() else { return Ok(None) };
        let mut installed = self.describe(&former, &line);
        installed.notes.clear();
        let wanted = without_ours(&former);
        self.replace(Some(&former), if wanted.is_empty() { None } else { Some(&wanted) })?;
        Ok(Some(installed))
    }

    /// The whole crontab, or `None` when the user has none.
    ///
    /// A failure that is not understood is an error: taken for an empty crontab, it would make us
    /// overwrite everything that is there.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, ScheduleError> {
        let ran = self.run("-l", None)?;
        if ran.truncated {
            return Err(ScheduleError::TooLong { most: MOST });
        }
        if ran.succeeded() {
            let listed = without_header(ran.stdout);
            return if may_be_escaped(&listed) {
                self.read_exactly(&listed)
            } else {
                Ok(Some(listed))
            };
        }
        // Debian, cronie and macOS; then busybox.
        let said = String::from_utf8_lossy(&ran.stderr);
        let none = said.contains("no crontab for")
            || (said.contains("can't open") && said.contains("No such file"));
        if ran.status == Some(1) && ran.stdout.is_empty() && none {
            return Ok(None);
        }
        Err(self.failed("-l", &ran))
    }

    /// Reads a crontab whose listing may not be what it holds: Debian 12 and later list a carriage
    /// return as the two characters `\r`, and do not mark a `\r` that was there. `crontab -e`
    /// hands the bytes to an editor unchanged; `cat` is an editor that changes nothing.
    fn read_exactly(&self, listed: &[u8]) -> Result<Option<Vec<u8>>, ScheduleError> {
        let ran = self.run("-e", None)?;
        if !ran.succeeded() || ran.truncated {
            return Err(self.failed("-e", &ran));
        }
        if ran.stdout != listed && as_listed(&ran.stdout) != listed {
            return Err(ScheduleError::Inexact);
        }
        Ok(Some(ran.stdout))
    }

    /// Writes the crontab, reads it back, and puts the former one back if it differs. `None` means
    /// no crontab.
    fn replace(&self, former: Option<&[u8]>, wanted: Option<&[u8]>) -> Result<(), ScheduleError> {
        if self.read()?.as_deref() != former {
            return Err(ScheduleError::Edited);
        }
        let written = self.write(wanted);
        let now = self.read()?;
        if now.as_deref() == wanted {
            return Ok(());
        }
        if now.as_deref() == former {
            return written.and(Err(ScheduleError::ReadBack { restored: true }));
        }
        let restored = self.write(former).is_ok() && self.read()?.as_deref() == former;
        Err(ScheduleError::ReadBack { restored })
    }

    fn write(&self, crontab: Option<&[u8]>) -> Result<(), ScheduleError> {
        let (argument, input) = match crontab {
            Some(text) => ("-", Some(text.to_vec())),
            None => ("-r", None),
        };
        let ran = self.run(argument, input)?;
        if ran.succeeded() { Ok(()) } else { Err(self.failed(argument, &ran)) }
    }

    fn run(&self, argument: &str, input: Option<Vec<u8>>) -> Result<Ran, ScheduleError> {
        let program = self.crontab.to_string_lossy().into_owned();
        let mut command = Command::new(&self.crontab);
        command
            .arg(argument)
            // Its messages are compared, so they must be the untranslated ones.
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            // Debian's leaves out up to three comments at the top, ours or not, unless told so.
            .env("CRONTAB_NOHEADER", "N")
            .env("EDITOR", "cat")
            .env("VISUAL", "cat");
        let ran = match run(&mut command, input, Group::New, self.limit, MOST) {
            Ok(ran) => ran,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ScheduleError::Missing { program });
            }
            Err(source) => return Err(ScheduleError::Start { program, source }),
        };
        if ran.timed_out {
            return Err(ScheduleError::Slow { program, limit: self.limit });
        }
        Ok(ran)
    }

    fn failed(&self, argument: &str, ran: &Ran) -> ScheduleError {
        let program = format!("{} {argument}", self.crontab.display());
        ScheduleError::Failed { program, said: ran.complaint() }
    }

    fn describe(&self, crontab: &[u8], line: &str) -> Installed {
        let mut notes = Vec::new();
        if !self.daemon_runs() {
            notes.push(Note::NoCronDaemon);
        }
        notes.extend(inherited(crontab));
        Installed {
            kind: Kind::Cron,
            what: vec![line.to_owned()],
            command: command_of(line),
            every: period_of(line),
            notes,
        }
    }
}

/// A listing without the header that `crontab` itself puts on top of what it is given.
fn without_header(listed: Vec<u8>) -> Vec<u8> {
    const HEADER: [&[u8]; 3] =
        [b"# DO NOT EDIT THIS FILE - edit the master", b"# (", b"# (Cron version"];
    let mut lines = listed.split_inclusive(|byte| *byte == b'\n');
    if HEADER.iter().all(|start| lines.next().is_some_and(|line| line.starts_with(start))) {
        return lines.flatten().copied().collect();
    }
    listed
}

/// Whether a listing holds what Debian's `crontab -l` makes of a control character.
fn may_be_escaped(listed: &[u8]) -> bool {
    listed.windows(2).any(|pair| pair == br"\r" || pair == br"\b")
}

/// A crontab as Debian 12's `crontab -l` shows it.
fn as_listed(crontab: &[u8]) -> Vec<u8> {
    let mut listed = Vec::with_capacity(crontab.len());
    for byte in crontab {
        match byte {
            b'\r' => listed.extend_from_slice(br"\r"),
            0x08 => listed.extend_from_slice(br"\b"),
            other => listed.push(*other),
        }
    }
    listed
}

/// Our line for this job, without a newline.
pub(crate) fn line(job: &Job) -> Result<String, ScheduleError> {
    let times = match job.every().minutes() {
        1 => "* * * * *".to_owned(),
        60 => "0 * * * *".to_owned(),
        minutes => format!("*/{minutes} * * * *"),
    };
    let command: Vec<String> = job.words().map(|word| quoted(&word)).collect();
    let command = command.join(" ");
    if command.len() > LONGEST_COMMAND {
        return Err(super::unusable(&command, Id("schedule-unusable-word.long")));
    }
    Ok(format!("{times} {command} {MARK}"))
}

/// A word for the shell that survives cron first, which turns a bare `%` into a newline.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''").replace('%', r"\%"))
}

/// Whether a line is ours: it ends with the mark and is no comment.
fn is_ours(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.ends_with(MARK.as_bytes()) && !line.starts_with(b"#")
}

pub(crate) fn ours(crontab: &[u8]) -> Vec<String> {
    crontab
        .split(|byte| *byte == b'\n')
        .filter(|line| is_ours(line))
        .map(|line| String::from_utf8_lossy(line.trim_ascii()).into_owned())
        .collect()
}

/// The crontab with `line` in the place of our first line, or at its end.
pub(crate) fn with_line(crontab: &[u8], line: &str) -> Vec<u8> {
    let mut result = Vec::with_capacity(crontab.len() + line.len() + 2);
    let mut placed = false;
    for former in crontab.split_inclusive(|byte| *byte == b'\n') {
        if !is_ours(former) {
            result.extend_from_slice(former);
        } else if !placed {
            placed = true;
            result.extend_from_slice(line.as_bytes());
            result.push(b'\n');
        }
    }
    if !placed {
        if result.last().is_some_and(|byte| *byte != b'\n') {
            result.push(b'\n');
        }
        result.extend_from_slice(line.as_bytes());
        result.push(b'\n');
    }
    result
}

pub(crate) fn without_ours(crontab: &[u8]) -> Vec<u8> {
    crontab
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !is_ours(line))
        .flatten()
        .copied()
        .collect()
}

/// The variables a crontab sets that change what our line runs in. `MAILTO` is meant to.
pub(crate) fn inherited(crontab: &[u8]) -> Vec<Note> {
    let mut notes = Vec::new();
    for line in String::from_utf8_lossy(crontab).lines() {
        let Some((name, _)) = line.split_once('=') else { continue };
        let name = name.trim().trim_matches(['"', '\'']);
        let note = Note::CrontabSets { variable: name.to_owned() };
        if ["SHELL", "HOME", "CRON_TZ"].contains(&name) && !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The command in one of our lines.
pub(crate) fn command_of(line: &str) -> String {
    let mut rest = line.trim_end_matches(MARK).trim();
    for _ in 0..5 {
        rest = rest.split_once([' ', '\t']).map_or("", |(_, rest)| rest.trim_start());
    }
    rest.to_owned()
}

/// The period in one of our lines, if it is one that we write.
pub(crate) fn period_of(line: &str) -> Option<Period> {
    let mut fields = line.split_ascii_whitespace();
    let minutes = match fields.next()? {
        "*" => 1,
        "0" => 60,
        steps => steps.strip_prefix("*/")?.parse().ok()?,
    };
    let rest = fields.take(4).all(|field| field == "*");
    if rest { Period::from_minutes(minutes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn job(exe: &str, minutes: u32) -> Job {
        Job::new(Path::new(exe), &[], Period::from_minutes(minutes).unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        for minutes in [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] {
            let line = line(&job("/opt/a b/stagepass", minutes)).unwrap();
            assert_eq!(period_of(&line).unwrap().minutes(), u8::try_from(minutes).unwrap());
            assert_eq!(command_of(&line), "'/opt/a b/stagepass' sweep");
        }
        assert_eq!(period_of("7 3 * * * stagepass sweep # stagepass sweep"), None);
        assert_eq!(period_of("0 3 * * * stagepass sweep # stagepass sweep"), None);
    }

    #[test]
    fn what_a_shell_or_cron_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("/usr/bin/stagepass"), "/usr/bin/stagepass");
        assert_eq!(quoted("it's 100%"), r"'it'\''s 100\%'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }

    #[test]
    fn the_other_lines_stay_byte_for_byte() {
        let line = line(&job("/s", 5)).unwrap();
        for former in [
            &b""[..],
            b"MAILTO=me@example.com\n",
            b"A=1\r\n0 1 * * * x\r\n",
            b"# */5 * * * * /s sweep # stagepass sweep\n",
            b"0 0 * * * \xff\xfe latin\n\n\n",
        ] {
            let with = with_line(former, &line);
            assert!(with.starts_with(former));
            assert_eq!(with_line(&with, &line), with);
            assert_eq!(without_ours(&with), former);
        }
        let with = with_line(b"0 1 * * * x", &line);
        assert_eq!(without_ours(&with), b"0 1 * * * x\n");
    }

    #[test]
    fn a_former_line_of_ours_is_replaced_in_its_place() {
        let former = b"A=1\n*/9 * * * * /old sweep # stagepass sweep\r\nB=2\n1 1 1 1 1 /x sweep # stagepass sweep";
        let with = with_line(former, "NEW # stagepass sweep");
        assert_eq!(with, b"A=1\nNEW # stagepass sweep\nB=2\n");
    }

    #[test]
    fn a_variable_that_changes_our_line_is_told() {
        let notes = inherited(
            b"MAILTO=me\nSHELL = /bin/fish\n\"HOME\"=/x\nHOME=/y\n5 * * * * A=HOME=1 x\n",
        );
        let names: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
