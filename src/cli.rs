//! What was typed: the clap types. Their doc comments are the help. No logic, no I/O.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::complete;
use crate::global::Global;

/// Temporary, proven access to a staging shop for a support engineer, over SSH.
///
/// stagepass makes an account or a key on the merchant's staging server, proves that it works,
/// ends it on time and proves that it stopped.
#[derive(Debug, Parser)]
#[command(name = "stagepass", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Examples:
  stagepass target add staging ssh://deploy@staging.shop.example --environment staging --become sudo
  stagepass case open MSP-4711 --desk multisafepay
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub --for 14d
  stagepass list
  stagepass case close MSP-4711

Exit codes: 0 done · 1 bug or I/O · 2 usage · 3 refused by policy · 4 no such thing
  5 target unreachable or host key refused · 6 the server refused · 7 outcome unknown, recorded
  8 something is stuck, overdue or has to be looked at")]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the job.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The servers that access can be granted on.
    #[command(subcommand)]
    Target(Target),
    /// The investigations that grants belong to.
    #[command(subcommand)]
    Case(Case),
    /// Give one supporter access to one target, and prove that it works.
    Grant(Box<Grant>),
    /// List grants; what somebody has to look at comes first.
    List(List),
    /// Show one grant with its evidence.
    Show(Show),
    /// Move the deadline of a grant.
    Extend(Extend),
    /// Take access away, and prove that it is gone.
    Revoke(Revoke),
    /// Close what is due, retry what is stuck, notice what drifted; what cron runs. Silent when all
    /// is well.
    ///
    /// Once an hour it looks at every open grant: whether it is still what was made, and how it was
    /// used. It ends with 8 while something is stuck, overdue, not what was made, or found and not
    /// acknowledged.
    Sweep(Sweep),
    /// Say that somebody has looked at what was found when a grant was closed.
    Acknowledge(Acknowledge),
    /// Prove again that open grants work and closed ones are gone, any time later.
    Verify(Verify),
    /// Look for everything on a server that stagepass made, and compare it with the ledger.
    Reconcile(Reconcile),
    /// Run `sweep` regularly, from cron or a systemd user timer.
    #[command(subcommand)]
    Schedule(Schedule),
    /// What the merchant's side needs to log in, in the operating system's keyring.
    #[command(subcommand)]
    Secret(Secret),
    /// The record of everything that was done.
    #[command(subcommand)]
    Ledger(Ledger),
    /// The support desks and their rules.
    #[command(subcommand)]
    Desk(Desk),
    /// The kinds of access that can be made.
    #[command(subcommand)]
    Provider(Provider),
    /// Check set-up, targets, clock, keyring, schedule and ledger; say what to mend.
    Doctor(Doctor),
    /// Run the whole job once on a throw-away OpenSSH server on this machine.
    Demo,
    /// Print the completion script for a shell.
    Completions(Completions),
    /// Print the man page, or write all of them into a folder.
    Man(Man),
}

/// `target …`
#[derive(Debug, Subcommand)]
pub enum Target {
    /// Add a server: its host key is shown and pinned.
    #[command(after_help = "\
Example:
  stagepass target add staging ssh://deploy@staging.shop.example --environment staging \\
    --become sudo --path /var/www/shop")]
    Add(TargetAdd),
    /// List the servers.
    List,
    /// Show one server.
    Show {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
    },
    /// Log in, look around and say what stagepass can do there. Changes nothing. With --json every
    /// fact that was seen.
    Check {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
        /// Check that it works unattended, as under cron: no agent, no keyring, no questions.
        #[arg(long)]
        unattended: bool,
    },
    /// Forget a server. Refused while it has grants that are not closed.
    Remove {
        /// The target's name.
        #[arg(add = complete::targets())]
        name: String,
    },
}

/// `target add`
#[derive(Debug, Args)]
pub struct TargetAdd {
    /// A short name for the server, such as `staging`.
    pub name: String,
    /// Where it is: `ssh://user@host[:port]`, a host alias of ~/.ssh/config, or `local:`.
    pub address: String,
    /// What the server is: staging, test, development or live.
    #[arg(long, value_name = "KIND")]
    pub environment: String,
    /// How to become root: none, sudo (without a password) or sudo-password (from the keyring).
    #[arg(long = "become", value_name = "HOW", default_value = "none")]
    pub elevation: String,
    /// The folder of the shop.
    #[arg(long, value_name = "FOLDER")]
    pub path: Option<String>,
    /// The host key's fingerprint, SHA256:…, as the hoster tells it.
    #[arg(long, value_name = "FINGERPRINT")]
    pub host_key: Option<String>,
    /// How to log in: auto, agent, key or password (from the keyring).
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub login: String,
    /// The private key file to log in with.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The host, and perhaps the port, by which supporters reach it, where your own way (an alias, a
    /// jump host, 127.0.0.1) is not theirs.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub public_host: Option<String>,
    /// Replace a target of this name.
    #[arg(long)]
    pub replace: bool,
}

/// `case …`
#[derive(Debug, Subcommand)]
pub enum Case {
    /// Open a case for a desk's ticket.
    #[command(after_help = "Example:\n  stagepass case open MSP-4711 --desk multisafepay")]
    Open {
        /// The desk's own reference, such as a ticket number.
        reference: String,
        /// The desk that asks for access; `stagepass desk list` names them.
        #[arg(long, add = complete::desks())]
        desk: String,
    },
    /// List cases.
    List {
        /// Closed cases too.
        #[arg(long)]
        all: bool,
    },
    /// Show one case with its grants.
    Show {
        /// The case's reference.
        #[arg(add = complete::all_cases())]
        reference: String,
    },
    /// Open a closed case again because its ticket goes on. Grants that have ended stay ended.
    #[command(after_help = "\
Example:
  stagepass case reopen MSP-4711 --reason 'the customer wrote again'")]
    Reopen {
        /// The case's reference.
        #[arg(add = complete::all_cases())]
        reference: String,
        /// Why; recorded with your name.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Revoke every grant of a case, on all targets, and close it once all are proved closed.
    Close {
        /// The case's reference.
        #[arg(add = complete::open_cases())]
        reference: String,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What happens at the deadline to work that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AtEndArg {
    /// Sessions end at the deadline.
    Kill,
    /// Nothing new starts after the deadline; what runs may go on for --max.
    Drain,
}

/// What the supporter may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AccessArg {
    /// File transfer.
    Sftp,
    /// File transfer that cannot change anything.
    SftpReadOnly,
    /// A shell, commands and file transfer; never forwarding.
    Ssh,
}

/// `grant`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --generate-key \\
    --access ssh --for 2h --from 192.0.2.0/24 --output jane.key
  stagepass grant --case MSP-4711 --target staging --supporter 'Jane Doe' --key jane.pub --dry-run")]
pub struct Grant {
    /// The case it belongs to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "REF", add = complete::open_cases())]
    pub case: Option<String>,
    /// The target to give access to. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME", add = complete::targets())]
    pub target: Option<String>,
    /// The one person it is for. Asked for at a terminal; needed elsewhere.
    #[arg(long, value_name = "NAME")]
    pub supporter: Option<String>,
    /// The company that person works for. Default: the desk's.
    #[arg(long, value_name = "NAME")]
    pub company: Option<String>,
    /// What that person may do.
    ///
    /// Default: sftp.
    #[arg(long, value_enum)]
    pub access: Option<AccessArg>,
    /// The supporter's public key: a file, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Make a key pair; the private half is shown once, or written with --output.
    #[arg(long, conflicts_with = "key")]
    pub generate_key: bool,
    /// Make a password too, or alone where no key is given.
    #[arg(long)]
    pub password: bool,
    /// What to make, by the names of the providers, with commas between them.
    ///
    /// One of them gives the account: `server` is an account of its own where stagepass can be root,
    /// else a key in the account it logs in with. Others may stand beside it. Default: server.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', add = complete::providers())]
    pub with: Vec<String>,
    /// How long: 14d, 5h, 90m, 2weeks. Default: the desk's.
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub duration: Option<String>,
    /// Until when: '2026-12-01 18:00' (local time) or with a zone.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What happens at the deadline to work that is running.
    ///
    /// Default: kill.
    #[arg(long, value_enum)]
    pub at_end: Option<AtEndArg>,
    /// With --at-end drain: how long running work may go on, at most. Default: 30m.
    #[arg(long, value_name = "DURATION", requires = "at_end")]
    pub max: Option<String>,
    /// Only from this network; may be given several times.
    #[arg(long, value_name = "CIDR")]
    pub from: Vec<String>,
    /// Do not ask before access is made. Where nobody can be asked, nobody is.
    #[arg(long)]
    pub yes: bool,
    /// Open files with passwords and keys, too, that others on the server could not read before;
    /// needs a reason.
    #[arg(long)]
    pub with_secrets: bool,
    /// Why it is needed; required with --override, --with-secrets and for a live shop.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Break this rule knowingly, by its id as a refusal shows it; recorded with the reason. May
    /// be given several times.
    #[arg(long = "override", value_name = "RULE")]
    pub overrides: Vec<String>,
    /// Live shop: who of the desk approved it.
    #[arg(long, value_name = "NAME", help_heading = "Live shop")]
    pub approver: Option<String>,
    /// Live shop: the desk's reference of that approval.
    #[arg(long, value_name = "REF", help_heading = "Live shop")]
    pub approval: Option<String>,
    /// Live shop: the backup on the server; it is verified before anything is made.
    #[arg(long, value_name = "FILE", help_heading = "Live shop")]
    pub backup: Option<String>,
    /// Live shop: the host name, typed out, in place of the question.
    #[arg(long, value_name = "HOSTNAME", help_heading = "Live shop")]
    pub yes_live: Option<String>,
    /// Live shop: I have read this rule of the desk, such as M7.
    #[arg(long, value_name = "RULE", help_heading = "Live shop")]
    pub acknowledge: Vec<String>,
    /// Accept an end that this server cannot keep to the minute by itself.
    #[arg(long)]
    pub accept_weak_expiry: bool,
    /// Write the credential to this new file (mode 0600).
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print the credential although standard output is not a terminal.
    #[arg(long)]
    pub reveal: bool,
    /// Print the plan and policy's verdict, and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `list`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  stagepass list --case MSP-4711 --all")]
pub struct List {
    /// Closed grants too.
    #[arg(long)]
    pub all: bool,
    /// Only of this case.
    #[arg(long, value_name = "REF", add = complete::all_cases())]
    pub case: Option<String>,
    /// Only on this target.
    #[arg(long, value_name = "NAME", add = complete::targets())]
    pub target: Option<String>,
    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
}

/// `show`
#[derive(Debug, Args)]
pub struct Show {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::all_grants())]
    pub grant: String,
}

/// `extend`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass extend k7m2x9 --for 7d --reason 'waiting for the plugin vendor'
  stagepass extend k7m2x9 --until '2026-12-01 18:00' --reason 'the fix goes live then'")]
pub struct Extend {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::open_grants())]
    pub grant: String,
    /// How long from now. Shortening is always allowed.
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "until")]
    pub duration: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why. Asked for at a terminal; needed elsewhere to make it longer.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Break this rule knowingly, by its id as a refusal shows it; recorded with the reason. May
    /// be given several times.
    #[arg(long = "override", value_name = "RULE")]
    pub overrides: Vec<String>,
    /// Live shop: who of the desk approved more time.
    #[arg(long, value_name = "NAME", help_heading = "Live shop")]
    pub approver: Option<String>,
    /// Live shop: the desk's reference of that approval.
    #[arg(long, value_name = "REF", help_heading = "Live shop")]
    pub approval: Option<String>,
    /// Live shop: the host name, typed out again.
    #[arg(long, value_name = "HOSTNAME", help_heading = "Live shop")]
    pub yes_live: Option<String>,
    /// Print the verdict and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `revoke`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass revoke k7m2x9
  stagepass revoke --all
  stagepass revoke k7m2x9 --forget --reason 'the hoster deleted the server'")]
pub struct Revoke {
    /// The grants' ids, or the beginnings of them.
    #[arg(required_unless_present_any = ["all", "target"], add = complete::live_grants())]
    pub grants: Vec<String>,
    /// Every grant on every target.
    #[arg(long, conflicts_with_all = ["grants", "target"])]
    pub all: bool,
    /// Every grant on this target.
    #[arg(long, value_name = "NAME", conflicts_with = "grants", add = complete::targets())]
    pub target: Option<String>,
    /// The server is gone for good: stop trying. It is never counted as closed.
    #[arg(long, requires = "reason")]
    pub forget: bool,
    /// Why; needed with --forget.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `sweep`
#[derive(Debug, Args)]
pub struct Sweep {
    /// Look at every open grant now, not only at those that nobody looked at for an hour.
    #[arg(long)]
    pub check: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `acknowledge`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  stagepass acknowledge k7m2x9 --reason 'the new plugin is the fix that was agreed'")]
pub struct Acknowledge {
    /// The grant's id, or the beginning of it.
    #[arg(add = complete::all_grants())]
    pub grant: String,
    /// What was found to be the case; recorded with your name. Asked for at a terminal; needed
    /// elsewhere.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say what would be acknowledged, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass verify k7m2x9
  stagepass verify --all
  stagepass verify k7m2x9 --trial
  stagepass verify k7m2x9 --close

A backup that is restored on a server brings back what was closed since. Run `verify --all` after
that: what is back is told, with exit code 8, and --close takes it away again.")]
pub struct Verify {
    /// The grants' ids, or the beginnings of them.
    #[arg(required_unless_present_any = ["all", "case"], add = complete::all_grants())]
    pub grants: Vec<String>,
    /// Every grant of this case, the closed ones too.
    #[arg(long, value_name = "REF", conflicts_with = "grants", add = complete::all_cases())]
    pub case: Option<String>,
    /// Every grant, the closed ones too.
    #[arg(long, conflicts_with_all = ["grants", "case"])]
    pub all: bool,
    /// Close again what was closed and is back.
    #[arg(long)]
    pub close: bool,
    /// Log in as the supporter would, where a grant is open, and try everything again that was tried
    /// when it was granted. For a moment a verification key stands beside the supporter's.
    #[arg(long)]
    pub trial: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what would be verified, and connect to nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// `reconcile`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stagepass reconcile staging
  stagepass reconcile --all --adopt-all
  stagepass reconcile staging --close k7m2x9

Without --close or --adopt nothing is changed. Where the ledger was lost, --adopt-all takes every
grant whose marks this installation made into the new one, and the next sweep closes them.")]
pub struct Reconcile {
    /// The targets' names.
    #[arg(required_unless_present = "all", add = complete::targets())]
    pub targets: Vec<String>,
    /// Every target.
    #[arg(long, conflicts_with = "targets")]
    pub all: bool,
    /// Close what this grant left on the targets. May be given several times.
    #[arg(long, value_name = "GRANT", add = complete::all_grants())]
    pub close: Vec<String>,
    /// Take this grant, which the ledger does not know, into the ledger, to be closed by the next
    /// sweep. May be given several times.
    #[arg(long, value_name = "GRANT")]
    pub adopt: Vec<String>,
    /// Adopt every grant that the ledger does not know and whose marks are proved to be ours.
    #[arg(long, conflicts_with = "adopt")]
    pub adopt_all: bool,
    /// Let --close and --adopt act on marks that are not proved to be ours, after a question.
    #[arg(long)]
    pub unproved: bool,
    /// Answer that question with yes.
    #[arg(long, requires = "unproved")]
    pub yes: bool,
    /// Targets worked on at the same time.
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallel: u16,
    /// Say what --close and --adopt would do, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Who runs the sweep.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScheduleKind {
    /// What runs also while you are logged out: a systemd user manager that lingers, else cron.
    Auto,
    /// A marked line in the user's crontab.
    Cron,
    /// A systemd user timer.
    Systemd,
}

/// `schedule …`
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// Install it, after proving that the sweep can log in unattended.
    Install {
        /// Who runs it.
        #[arg(long, value_enum, default_value = "auto")]
        kind: ScheduleKind,
        /// Minutes between two runs: 1 to 60, a number that divides 60.
        #[arg(long, value_name = "MINUTES", default_value_t = 5)]
        #[arg(value_parser = clap::value_parser!(u8).range(1..=60))]
        every: u8,
        /// Print what would be written, and write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Say whether it is installed and when the sweep last ran.
    Status,
    /// Remove it; nothing else in the crontab is touched.
    Remove,
}

/// What a stored secret opens.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SecretKindArg {
    /// The passphrase of a private key; NAME is the key's file.
    Passphrase,
    /// The password to log in to a target; NAME is the target.
    Password,
    /// The password for sudo on a target; NAME is the target.
    Sudo,
    /// The password of the ledger's URL in config.toml; NAME is that URL.
    Ledger,
}

/// `secret …`
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Ask for a secret and keep it in the keyring. It is read from the terminal, or from
    /// standard input where that is a pipe.
    #[command(after_help = "Example:\n  stagepass secret set sudo staging")]
    Set {
        /// What it opens.
        kind: SecretKindArg,
        /// The key file or the target.
        name: String,
    },
    /// List what is kept, by name; never the secrets.
    List,
    /// Remove one.
    Remove {
        /// What it opens.
        kind: SecretKindArg,
        /// The key file or the target.
        name: String,
    },
}

/// `ledger …`
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Recompute the chain of events and compare it with the rows.
    Verify {
        /// A head noted earlier (printed by this command and on reports): it must be in the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print every event as JSON, one a line.
    Export,
    /// Write a whole copy of an SQLite ledger into a new file, also while others work on it.
    #[command(after_help = "Example:\n  stagepass ledger backup ledger-of-today.sqlite3")]
    Backup {
        /// The new file.
        file: PathBuf,
    },
}

/// `desk …`
#[derive(Debug, Subcommand)]
pub enum Desk {
    /// List the desks.
    List,
    /// Show one desk's rules.
    Show {
        /// The desk's name.
        #[arg(add = complete::desks())]
        name: String,
    },
}

/// `provider …`
#[derive(Debug, Subcommand)]
pub enum Provider {
    /// List the providers.
    List,
    /// Show one provider's manifest.
    Show {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
    },
    /// Run a provider's whole cycle on a staging target: detect, open, a real login, check,
    /// close, a refused login, close again.
    #[command(after_help = "Example:\n  stagepass provider test my-provider --target staging")]
    Test {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
        /// The target to run it on.
        #[arg(long, value_name = "NAME", add = complete::targets())]
        target: String,
    },
}

/// `doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Check that every target with open grants can be logged in to as under cron: no agent, no
    /// keyring, no questions.
    #[arg(long)]
    pub unattended: bool,
    /// Do not connect to any target.
    #[arg(long, conflicts_with = "unattended")]
    pub offline: bool,
}

/// `completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  mkdir -p ~/.local/share/bash-completion/completions\n  stagepass completions bash > ~/.local/share/bash-completion/completions/stagepass"
)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page for every command into this folder.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
