//! The program is killed at every moment, and one sweep later all is known and nothing is half done.
//!
//! `points.c` is loaded into the program as it is and counts its changes of files and its messages:
//! those are the moments in which what is recorded and what is so can part.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stagepass::testing::grant::{Grant, State};
use stagepass::testing::ledger::{Filter, Ledger, Location, Mode};

use crate::host::{Builder, Host, Process, SUITE, Sudo};
use crate::job::{Story, expiry_time, now, same_text};
use crate::layers::side_door;
use crate::shop::{ASKED_AGAIN, LET_IN, Shop};
use crate::stage::{Credential, Invocation, Key, Stage, bounded};

// ---- chance, and what is written down ----------------------------------------------------------

/// Numbers that the seed decides (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What `make` asked for, or the number a plain test run uses.
#[expect(clippy::disallowed_methods, reason = "the number comes from make, not from a merchant")]
pub fn asked(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => otherwise,
    }
}

/// The seed of this run, printed so that the run can be had again.
#[expect(clippy::print_stdout, reason = "a test's output is shown when it fails")]
pub fn seed() -> u64 {
    let fresh = u64::try_from(now()).unwrap() ^ (u64::from(std::process::id()) << 32);
    let seed = asked("STAGEPASS_TEST_SEED", fresh);
    println!("STAGEPASS_TEST_SEED={seed}");
    seed
}

/// One line in `target/reliability/NAME.jsonl`, in one write, so that tests at once do not mix.
#[expect(clippy::print_stdout, reason = "a test's output is shown when it fails")]
pub fn write_down(name: &str, line: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/reliability");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.jsonl"));
    let mut file = fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
    println!("{name}: {line}");
}

// ---- a server and what is on it ----------------------------------------------------------------

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    LinuxAccount,
    AuthorizedKey,
    /// An account, and beside it what a provider of the merchant's own makes.
    TwoLayers,
    /// An account, and beside it a user of a real WordPress.
    Shop,
}

impl Provider {
    pub const ALL: [Self; 2] = [Self::LinuxAccount, Self::AuthorizedKey];

    pub fn id(self) -> &'static str {
        match self {
            Self::LinuxAccount => "linux-account",
            Self::AuthorizedKey => "authorized-key",
            Self::TwoLayers => "linux-account and side-door",
            Self::Shop => "linux-account and wordpress",
        }
    }

    /// The account stagepass logs in with, which decides the provider.
    pub fn login(self) -> &'static str {
        match self {
            Self::LinuxAccount | Self::TwoLayers | Self::Shop => "root",
            Self::AuthorizedKey => "deploy",
        }
    }
}

/// Every file below a folder by its path: kind, mode, owner, ACL, content. Links are not followed.
pub type Picture = BTreeMap<String, String>;

pub fn picture(folder: &Path, leave_out: &dyn Fn(&str) -> bool) -> Picture {
    let mut seen = Picture::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if leave_out(&name) {
                continue;
            }
            let found = fs::symlink_metadata(&path).unwrap();
            let kind = found.file_type();
            let content = if kind.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else if kind.is_symlink() {
                format!("link to {}", fs::read_link(&path).unwrap().display())
            } else if kind.is_char_device() {
                // How an overlay says that something was removed.
                "removed".to_owned()
            } else if kind.is_file() {
                let digest = Sha256::digest(fs::read(&path).unwrap());
                digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
            } else {
                "special".to_owned()
            };
            let acl: Vec<String> = ["system.posix_acl_access", "system.posix_acl_default"]
                .iter()
                .filter_map(|name| {
                    let mut value = vec![0; 4096];
                    let length = rustix::fs::lgetxattr(&path, *name, &mut value[..]).ok()?;
                    Some(format!(" {name} {:02x?}", &value[..length]))
                })
                .collect();
            seen.insert(
                name,
                format!(
                    "{content} {:o} {}:{}{}",
                    found.mode() & 0o7777,
                    found.uid(),
                    found.gid(),
                    acl.concat()
                ),
            );
        }
    }
    seen
}

/// What is in one picture and not, or otherwise, in the other.
pub fn differences(before: &Picture, after: &Picture) -> Vec<String> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| {
            let shown =
                |picture: &Picture| picture.get(path).map_or("-", String::as_str).to_owned();
            format!("{path}: {} => {}", shown(before), shown(after))
        })
        .collect()
}

/// What a server may change without us, and what we may leave there: the tools' own copies of the
/// account files, logs, and in our folder the number that was used last, notes against requests
/// that are still on their way, and results nobody has collected yet. What a database keeps is asked
/// of the database.
fn changes_anyway(path: &str) -> bool {
    const FOLDERS: [&str; 6] = ["run", "var/log", "var/cache", "var/lib/mysql", "proc", "dev"];
    const FILES: [&str; 8] = [
        "etc/passwd-",
        "etc/shadow-",
        "etc/group-",
        "etc/gshadow-",
        "etc/subuid-",
        "etc/subgid-",
        "etc/.pwd.lock",
        "var/lib/stagepass/last-uid",
    ];
    FOLDERS.contains(&path)
        || FILES.contains(&path)
        || path.contains("tmp/systemd-private-")
        || path.starts_with("var/lib/stagepass/ended.")
        || path.starts_with("var/lib/stagepass/result.")
        || path.starts_with("home/deploy/.stagepass-ended.")
        // The folder of such a result; an empty one is not worth more words than this.
        || path == "home/deploy/.stagepass"
        || path.starts_with("home/deploy/.stagepass/result.")
}

/// The grant of a layer: those beside the account have one character more.
fn grant_of(id: &str) -> String {
    id.chars().take(10).collect()
}

/// Everything on the server that carries our mark: what it is, and the grant it belongs to.
pub fn marks(host: &Host) -> BTreeSet<(&'static str, String)> {
    let marks = marks_of_layers(host).into_iter();
    marks.map(|(what, id)| (what, grant_of(&id))).collect()
}

fn marks_of_layers(host: &Host) -> BTreeSet<(&'static str, String)> {
    let root = host.root_path();
    let mut marks = BTreeSet::new();
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let names = |path: &str| -> Vec<String> {
        let entries = fs::read_dir(root.join(path)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    for line in text("etc/passwd").lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let uid: u32 = fields[2].parse().unwrap();
        if let Some(id) = fields[4].strip_prefix("stagepass ") {
            marks.insert(("account", id.to_owned()));
        } else if fields[0].starts_with("sp-") || (50_000..60_000).contains(&uid) {
            marks.insert(("account without a mark", line.to_owned()));
        }
    }
    for home in names("home").iter().map(|name| format!("home/{name}")).chain(["root".to_owned()]) {
        for line in text(&format!("{home}/.ssh/authorized_keys")).lines() {
            if let Some((_, id)) = line.split_once(" stagepass:") {
                marks.insert(("key line", id.trim().to_owned()));
            }
        }
        for name in names(&format!("{home}/.stagepass")) {
            // The list of before is kept beside a result, for whoever collects that.
            let is_kept = name.starts_with(".kept.");
            if !is_kept && root.join(&home).join(".stagepass").join(&name).is_dir() {
                marks.insert(("folder", name));
            }
        }
    }
    for name in names("var/lib/stagepass") {
        if root.join("var/lib/stagepass").join(&name).is_dir() {
            marks.insert(("folder", name));
        }
    }
    for (what, folder, before) in [
        ("unit", "etc/systemd/system", "stagepass-"),
        ("cron file", "etc/cron.d", "stagepass-"),
        ("drop-in", "etc/ssh/sshd_config.d", "50-stagepass-"),
    ] {
        for name in names(folder) {
            if let Some(rest) = name.strip_prefix(before) {
                marks.insert((what, rest.split('.').next().unwrap_or_default().to_owned()));
            }
        }
    }
    for line in text("etc/doors").lines() {
        marks.insert(("door", line.to_owned()));
    }
    if root.join("var/lib/mysql/shop").is_dir() {
        for (what, id) in Shop::marks(host) {
            let what = match what.as_str() {
                "user" => "user of the shop",
                "mark" => "mark in the shop",
                "role" => "role in the shop",
                _ => "file in the shop",
            };
            marks.insert((what, id));
        }
    }
    for name in names("var/spool/cron/crontabs") {
        for line in text(&format!("var/spool/cron/crontabs/{name}")).lines() {
            if let Some((_, rest)) = line.split_once(".stagepass/") {
                let id = rest.split('/').next().unwrap_or_default();
                marks.insert(("crontab line", id.to_owned()));
            }
        }
    }
    marks
}

/// Waits until nothing that stagepass started does anything there any more: what a client that is
/// gone had sent goes on without it. A shell that still waits for the rest of its script has begun
/// nothing.
fn wait_for_the_server(host: &Host) {
    let works = |process: &Process| {
        let stdin = fs::read_link(format!("/proc/{}/fd/0", process.pid));
        process.cmdline.starts_with(b"/bin/sh\0-s\0")
            && !stdin.is_ok_and(|stdin| stdin.to_string_lossy().starts_with("pipe:"))
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while let Some(left) = host.processes().into_iter().find(works) {
        assert!(
            Instant::now() < patience,
            "it never ended: {}",
            String::from_utf8_lossy(&left.cmdline).replace('\0', " ")
        );
        thread::sleep(Duration::from_millis(20));
    }
}

// ---- the field ---------------------------------------------------------------------------------

/// A grant that was asked for, and how its supporter would log in.
pub struct Asked {
    pub id: String,
    pub account: String,
    with: Handed,
    /// The file for the password of a user of the shop.
    shop: Option<PathBuf>,
}

/// How the supporter gets the credential.
enum Handed {
    /// Has had the key all along.
    Own(Key),
    /// In a file that the program writes: a private key, and a password where there is an account.
    File(PathBuf),
}

/// What the program wrote: the password, where there is one, in a file beside that of the key.
fn read_credential(file: &Path) -> (String, PathBuf) {
    let key = fs::read_to_string(file).unwrap();
    assert!(key.starts_with("-----BEGIN"), "it is no private key");
    assert!(key.ends_with("-----END OPENSSH PRIVATE KEY-----\n"), "it is not whole");
    let mut beside = file.as_os_str().to_owned();
    beside.push(".password");
    let password = fs::read_to_string(&beside).unwrap_or_default();
    (password.trim().to_owned(), file.to_owned())
}

/// A merchant and one server, on which things go wrong again and again.
pub struct Field {
    pub story: Story,
    pub host: Host,
    pub provider: Provider,
    before: Picture,
    /// The shop on the server, where there is one, and what its database said before any grant.
    shop: Option<(Shop, String)>,
    merchant_before: BTreeSet<String>,
    shim: PathBuf,
    log: PathBuf,
    asked: Option<Asked>,
    count: u32,
    extended: u32,
    /// Whether the credential of the next grant is the program's to make and to write to a file.
    pub handed: bool,
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Grant,
    Extend,
    Close,
    Sweep,
}

impl Verb {
    pub const ALL: [Self; 4] = [Self::Grant, Self::Extend, Self::Close, Self::Sweep];

    pub fn id(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Extend => "extend",
            Self::Close => "revoke",
            Self::Sweep => "sweep",
        }
    }
}

/// When it is killed.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Never,
    /// At the point with this number.
    Point(usize),
    /// So long after its start.
    After(Duration),
}

/// One thing that the program does to a file, or says to or hears from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point(String);

impl Point {
    pub fn is_message(&self) -> bool {
        self.0.contains(" say ") || self.0.contains(" hear ")
    }
}

impl fmt::Display for Point {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// How a run ended.
pub struct Ran {
    /// Whether it was killed, and not over before.
    pub killed: bool,
    pub took: Duration,
    /// What it came to, in order.
    pub points: Vec<Point>,
}

impl Field {
    /// On a light host.
    pub fn new(provider: Provider) -> Self {
        Self::on(provider, |stage| stage.light(SUITE))
    }

    /// On a host of another make.
    pub fn on(provider: Provider, make: impl FnOnce(&Stage) -> Builder) -> Self {
        let mut field = Self::untouched(provider, make);
        // The first grant makes what stays: our folder on the server, the tools' copies.
        field.settle_in();
        field
    }

    /// With a ledger of one case, and nothing that a grant leaves on either side.
    fn untouched(provider: Provider, make: impl FnOnce(&Stage) -> Builder) -> Self {
        let story = Story::new();
        let mut host = make(&story.stage).deploy(Sudo::None).shop();
        if provider == Provider::Shop {
            host = host.shop_software();
        }
        let host = host.start();
        let shop = (provider == Provider::Shop).then(|| Shop::open(&host));
        if shop.is_none() {
            host.sh("chown -R deploy /var/www/shop");
        }
        story.target("shop", &host, provider.login(), &[]);
        if provider == Provider::TwoLayers {
            side_door(&story);
            host.sh("echo cron.d >/root/failsafe; touch /etc/doors");
        }
        let shim = story.stage.path().join("tmp/points.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/points.c");
        let flags = ["-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o"];
        let limit = Duration::from_secs(60);
        bounded(Command::new("cc").args(flags).arg(&shim).arg(source), b"", limit).ok();
        let log = story.stage.path().join("tmp/points.log");
        Self {
            shop: shop.map(|shop| (shop, Shop::rows(&host))),
            story,
            host,
            provider,
            before: Picture::new(),
            merchant_before: BTreeSet::new(),
            shim,
            log,
            asked: None,
            count: 0,
            extended: 0,
            handed: false,
        }
    }

    /// A whole grant, after which both sides are what they will be after every other.
    #[track_caller]
    fn settle_in(&mut self) {
        self.open();
        self.close();
        self.before = self.server_files();
        self.merchant_before = self.merchant_files();
    }

    /// What was written on the server. A folder of Debian's in which a file came and went counts as
    /// written, for the overlay.
    fn server_files(&self) -> Picture {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/hosts/trees").join(SUITE);
        let mut files = picture(self.host.written_path(), &changes_anyway);
        files.retain(|path, what| {
            let mode = |found: fs::Metadata| found.mode() & 0o7777;
            let as_it_was = fs::symlink_metadata(tree.join(path)).ok().filter(|was| was.is_dir());
            as_it_was.is_none_or(|was| *what != format!("folder {:o} 0:0", mode(was)))
        });
        files
    }

    /// The merchant's files by name, but for the test's own, what SQLite keeps beside, and the note of
    /// what a sweep has told already.
    fn merchant_files(&self) -> BTreeSet<String> {
        let folder = self.story.stage.path();
        let left_out = |path: &str| {
            path.starts_with("tmp/points.")
                || path == "state/told"
                || path.ends_with("-wal")
                || path.ends_with("-shm")
        };
        picture(folder, &left_out).into_keys().collect()
    }

    /// The command line of a verb, on the grant there is or for a new one.
    pub fn words(&mut self, verb: Verb) -> Vec<String> {
        self.count += 1;
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let id = self.asked.as_ref().map(|asked| asked.id.clone()).unwrap_or_default();
        match verb {
            Verb::Grant => {
                let stage = &self.story.stage;
                let mut words = Story::grant_words("shop", &crate::job::ANY_PORT);
                let (with, file) = if self.handed {
                    let file = stage.supporter_path().join(format!("credential{}", self.count));
                    words.extend(["--generate-key", "--output"]);
                    (Handed::File(file.clone()), file)
                } else {
                    let key = stage.supporter_key();
                    words.push("--key");
                    (Handed::Own(key.clone()), key.public)
                };
                let file = file.to_str().unwrap().to_owned();
                words.push(&file);
                words.extend(["--for", "2h"]);
                if self.provider == Provider::TwoLayers {
                    words.extend(["--with", "server,side-door"]);
                }
                if self.handed && self.provider == Provider::LinuxAccount {
                    words.extend(["--password", "--accept-weak-expiry"]);
                }
                let shop = stage.supporter_path().join(format!("shop{}", self.count));
                let of_shop = self.shop.as_ref().map(|_| shop.clone());
                let shop = shop.to_str().unwrap().to_owned();
                if of_shop.is_some() {
                    words.extend(["--with", "server,wordpress", "--output", &shop]);
                }
                let (id, account) = (String::new(), String::new());
                self.asked = Some(Asked { id, account, with, shop: of_shop });
                owned(&words)
            }
            Verb::Extend => {
                // Longer and shorter in turns, so that it is always a change.
                self.extended += 1;
                let lasts = if self.extended.is_multiple_of(2) { "3h" } else { "1h" };
                owned(&["extend", &id, "--for", lasts, "--reason", "a test"])
            }
            Verb::Close => owned(&["revoke", &id]),
            Verb::Sweep => owned(&["sweep"]),
        }
    }

    /// Runs a verb, killed at a moment. A run that nothing killed must end well.
    #[track_caller]
    pub fn run(&mut self, verb: Verb, moment: Moment) -> Ran {
        let _ = fs::remove_file(&self.log);
        let words = self.words(verb);
        let mut run: Invocation = self.story.stage.command(&words);
        if !matches!(moment, Moment::After(_)) {
            run = run.env("LD_PRELOAD", &self.shim).env("POINTS_LOG", &self.log);
        }
        if let Moment::Point(number) = moment {
            run = run.env("POINTS_KILL", number.to_string());
        }
        let running = run.spawn();
        let ended = match moment {
            Moment::After(pause) => {
                thread::sleep(pause);
                running.kill()
            }
            _ => running.wait(),
        };
        let killed = ended.exit == -9;
        assert!(killed || ended.exit == 0, "{}", ended.told());
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let points = log.lines().map(|line| Point(line.to_owned())).collect();
        Ran { killed, took: ended.took, points }
    }

    /// Everything the ledger has.
    pub fn grants(&self) -> Vec<Grant> {
        let place = Location::File(self.story.stage.state().join("ledger.sqlite3"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let ledger = Ledger::open(&place, Mode::ReadOnly).await.unwrap();
            let grants = ledger.grants(&Filter::default(), 100_000, None).await.unwrap();
            ledger.close().await;
            grants
        })
    }

    /// The grant that was asked for last, as the ledger has it; `None` where it never got there.
    pub fn current(&mut self, known_before: &BTreeSet<String>) -> Option<Grant> {
        let grants = self.grants();
        let asked = self.asked.as_mut()?;
        if asked.id.is_empty() {
            let mut new = grants.iter().filter(|grant| !known_before.contains(&grant.id));
            let grant = new.next()?;
            assert!(new.next().is_none(), "one was asked for");
            asked.id.clone_from(&grant.id);
            asked.account.clone_from(&grant.layers[0].account);
        }
        grants.into_iter().find(|grant| grant.id == asked.id)
    }

    /// Every grant that the ledger knows.
    pub fn known(&self) -> BTreeSet<String> {
        self.grants().into_iter().map(|grant| grant.id).collect()
    }

    /// Makes a grant that nobody disturbs.
    #[track_caller]
    pub fn open(&mut self) -> Duration {
        let known = self.known();
        let ran = self.run(Verb::Grant, Moment::Never);
        assert_eq!(self.current(&known).unwrap().state, State::Open);
        self.extended = 0;
        ran.took
    }

    /// Ends the grant there is.
    #[track_caller]
    pub fn close(&mut self) {
        self.run(Verb::Close, Moment::Never);
        self.asked = None;
    }

    /// Makes the grant end in two seconds (one may be over before the program has begun), and waits.
    #[track_caller]
    fn let_it_be_due(&mut self) {
        let id = self.asked.as_ref().unwrap().id.clone();
        self.story.stage.run(["extend", &id, "--for", "2s"]).ok();
        let deadline = self.grants().into_iter().find(|grant| grant.id == id).unwrap().deadline;
        while now() <= deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Brings everything to where the verb has something to do.
    #[track_caller]
    pub fn prepare(&mut self, verb: Verb) {
        match (verb, self.asked.is_some()) {
            (Verb::Grant, true) => self.close(),
            // Policy allows two longer deadlines.
            (Verb::Extend, true) if self.extended >= 4 => {
                self.close();
                self.open();
            }
            (Verb::Grant, false) | (_, true) => {}
            (_, false) => {
                self.open();
            }
        }
        if verb == Verb::Sweep {
            self.let_it_be_due();
        }
    }

    /// A verb, prepared, killed, swept up after, and looked at.
    #[track_caller]
    pub fn survive(&mut self, verb: Verb, moment: Moment) -> Ran {
        self.prepare(verb);
        self.swept_after(verb, moment)
    }

    /// A verb, killed, swept up after, and looked at.
    #[track_caller]
    fn swept_after(&mut self, verb: Verb, moment: Moment) -> Ran {
        let known = self.known();
        let ran = self.run(verb, moment);
        self.nothing_is_unknown();
        self.story.stage.run(["sweep"]).ok();
        self.settled(&known);
        ran
    }

    /// Before anybody sweeps up: whatever is there is known to the ledger as not over, and what lets
    /// in to the server by a record of its own, so that each of the two alone would end it.
    #[track_caller]
    fn nothing_is_unknown(&self) {
        // What is still at work there may do something between two of these looks.
        if self.unknown().is_some() {
            wait_for_the_server(&self.host);
        }
        assert_eq!(self.unknown(), None);
    }

    fn unknown(&self) -> Option<String> {
        let marks = marks_of_layers(&self.host);
        let live = |grant: &Grant| grant.state != State::Closed;
        let live: BTreeSet<String> =
            self.grants().into_iter().filter(live).map(|grant| grant.id).collect();
        marks.iter().find_map(|(what, id)| {
            if !live.contains(&grant_of(id)) {
                return Some(format!("the ledger knows nothing of the {what} {id}"));
            }
            let lets_in = ["account", "key line", "user of the shop"].contains(what);
            let recorded = marks.contains(&("folder", id.clone()));
            let why = || format!("the server has no record of the {what} {id}: {marks:?}");
            (lets_in && !recorded).then(why)
        })
    }

    /// Kills a grant as soon as there is a user of it in the shop.
    #[track_caller]
    fn killed_with_a_user_in_the_shop(&mut self) {
        let words = self.words(Verb::Grant);
        let mut running = self.story.stage.command(&words).spawn();
        while Shop::users(&self.host).len() == 1 {
            assert!(!running.is_over(), "{}", running.stderr_so_far());
        }
        assert_eq!(running.kill().exit, -9);
        self.nothing_is_unknown();
        wait_for_the_server(&self.host);
    }

    /// Sweeps as cron would until nothing is on its way any more.
    #[track_caller]
    pub fn sweep_until_settled(&self) {
        let began = Instant::now();
        loop {
            let sweep = self.story.stage.run(["sweep"]);
            assert!([0, 8].contains(&sweep.exit), "{}", sweep.told());
            let settled = |grant: &Grant| {
                matches!(grant.state, State::Open | State::Closed) && grant.lease_owner.is_none()
            };
            if self.grants().iter().all(settled) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(300), "{}", sweep.told());
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// What must hold after a sweep, whatever happened before: the ledger is whole, every grant is
    /// open or closed and nobody's claim is on it, the server has what the ledger knows and nothing
    /// else, no file is half written on either side, what is open opens, and what is closed does not.
    #[track_caller]
    pub fn settled(&mut self, known_before: &BTreeSet<String>) {
        wait_for_the_server(&self.host);
        self.story.stage.run(["ledger", "verify"]).ok();
        let grants = self.grants();
        for grant in &grants {
            let (id, state) = (&grant.id, grant.state);
            assert!(matches!(state, State::Open | State::Closed), "{id} is still {state}");
            assert_eq!(grant.lease_owner, None, "{id} is {state} and somebody's");
        }
        let open: BTreeSet<String> = grants
            .iter()
            .filter(|grant| grant.state == State::Open)
            .map(|grant| grant.id.clone())
            .collect();
        let marks = marks(&self.host);
        let marked: BTreeSet<String> = marks.iter().map(|(_, id)| id.clone()).collect();
        assert_eq!(marked, open, "marks on the server {marks:?}, open in the ledger {open:?}");
        assert_eq!(self.merchant_files(), self.merchant_before);
        if open.is_empty() {
            let left = differences(&self.before, &self.server_files());
            assert!(left.is_empty(), "left on the server:\n{}", left.join("\n"));
            if let Some((_, before)) = &self.shop {
                same_text(before, &Shop::rows(&self.host));
            }
        }
        let Some(grant) = self.current(known_before) else {
            self.asked = None;
            return;
        };
        self.logins_are_as_the_ledger_says(&grant);
        self.the_shop_is_as_the_ledger_says(&grant);
        if grant.state == State::Open {
            self.ends_when_the_ledger_says(&grant);
        } else {
            self.asked = None;
        }
    }

    fn logins_are_as_the_ledger_says(&mut self, grant: &Grant) {
        let asked = self.asked.as_ref().unwrap();
        let stage = &self.story.stage;
        let (password, key) = match &asked.with {
            Handed::Own(key) => (String::new(), key.private.clone()),
            // Nobody has what was never written: closed, or to be closed by hand.
            Handed::File(file) if !file.exists() => return,
            Handed::File(file) => read_credential(file),
        };
        let mut logins =
            vec![stage.sftp(&self.host, &asked.account, Credential::Key(&key), "pwd\n")];
        if !password.is_empty() {
            let with = Credential::Password(&password);
            logins.push(stage.sftp(&self.host, &asked.account, with, "pwd\n"));
        }
        for login in logins {
            if grant.state == State::Open {
                assert!(login.exit == 0, "it says open and {}", login.told());
            } else {
                let refused = login.stderr.contains("Permission denied");
                assert!(login.exit != 0 && refused, "it says closed and {}", login.told());
            }
        }
    }

    /// Whoever got the password of the shop is let in, or asked again; and cookies of a look before
    /// this one open as much.
    fn the_shop_is_as_the_ledger_says(&self, grant: &Grant) {
        let Some((shop, _)) = &self.shop else { return };
        let file = self.asked.as_ref().and_then(|asked| asked.shop.as_ref()).unwrap();
        let Ok(password) = fs::read_to_string(file) else { return };
        let is_open = grant.state == State::Open;
        let browser =
            shop.browser(&self.story.stage, &self.host).keeps(&file.with_extension("jar"));
        if browser.has_cookies() {
            assert_eq!(browser.is_in(), is_open, "what the cookies of {} open", grant.id);
        }
        let expected = if is_open { LET_IN } else { ASKED_AGAIN };
        assert_eq!(browser.logs_in((&grant.layers[1].account, password.trim())), expected);
    }

    /// There is one key line, the supporter's own, and it ends when the ledger says.
    fn ends_when_the_ledger_says(&self, grant: &Grant) {
        let home = format!("home/{}/.ssh/authorized_keys", grant.layers[0].account);
        let text = fs::read_to_string(self.host.root_path().join(&home)).unwrap();
        let ours: Vec<&str> =
            text.lines().filter(|line| line.contains(&format!("stagepass:{}", grant.id))).collect();
        assert_eq!(ours.len(), 1, "{text}");
        let wanted = format!("expiry-time=\"{}\"", expiry_time(grant.deadline));
        assert!(ours[0].contains(&wanted), "not {wanted}: {}", ours[0]);
    }

    /// The unkilled durations of a verb, so that a random moment falls into its middle, too.
    fn measure(&mut self, verb: Verb) -> Duration {
        let mut longest = Duration::ZERO;
        for _ in 0..2 {
            longest = longest.max(self.survive(verb, Moment::Never).took);
        }
        longest
    }
}

// ---- kills at every point ----------------------------------------------------------------------

/// The message of a panic.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Works on a field until it fails, and then on a new one: one failure hides no other.
pub struct Trial {
    provider: Provider,
    make: fn(Provider) -> Field,
    field: Option<Field>,
    pub failures: Vec<String>,
}

impl Trial {
    pub fn new(provider: Provider, make: fn(Provider) -> Field) -> Self {
        Self { provider, make, field: None, failures: Vec::new() }
    }

    pub fn attempt<T>(&mut self, what: &str, work: impl FnOnce(&mut Field) -> T) -> Option<T> {
        let mut field = self.field.take().unwrap_or_else(|| (self.make)(self.provider));
        match catch_unwind(AssertUnwindSafe(|| work(&mut field))) {
            Ok(done) => {
                self.field = Some(field);
                Some(done)
            }
            Err(panic) => {
                let id = field.asked.as_ref().map(|asked| asked.id.as_str()).unwrap_or_default();
                let shown = field.story.stage.run(["show", id]);
                let failure =
                    format!("{} {what}: {}\n{}", self.provider.id(), told(&*panic), shown.output());
                eprintln!("{failure}");
                self.failures.push(failure);
                None
            }
        }
    }
}

/// A plain test run tries one in so many points.
const STRIDE: u64 = 24;

/// One in so many where a shop is loaded several times for each.
const STRIDE_IN_A_SHOP: u64 = 150;

/// One in so many points is tried, with a beginning that the seed decides; `make reliability` tries
/// every one.
fn every_point_of(verb: Verb, provider: Provider, handed: bool) {
    let stride = if provider == Provider::Shop { STRIDE_IN_A_SHOP } else { STRIDE };
    let stride = usize::try_from(asked("STAGEPASS_TEST_STRIDE", stride)).unwrap();
    let mut chance = Chance::new(seed());
    let mut trial = Trial::new(provider, Field::new);
    let points = trial
        .attempt("counting", |field| {
            field.handed = handed;
            field.survive(verb, Moment::Never).points
        })
        .unwrap_or_default();
    assert!(points.iter().any(Point::is_message), "{:?}", trial.failures);
    let messages = points.iter().filter(|point| point.is_message()).count();
    let first = 1 + usize::try_from(chance.below(u64::try_from(stride).unwrap())).unwrap();
    let mut killed = 0;
    let (mut survived, mut over_before) = (0, 0);
    // A run may take a few steps more than the one that was counted.
    for number in (first..=points.len() + 3).step_by(stride) {
        let name = format!("{} killed at point {number}", verb.id());
        let ran = trial.attempt(&name, |field| {
            field.handed = handed;
            field.survive(verb, Moment::Point(number))
        });
        match ran {
            Some(ran) if ran.killed => (killed, survived) = (killed + 1, survived + 1),
            Some(_) => over_before += 1,
            None => killed += 1,
        }
    }
    trial.attempt("reconciling", |field| field.story.stage.run(["reconcile", "shop"]).ok());
    write_down(
        "points",
        &json!({
            "provider": provider.id(), "verb": verb.id(), "handed": handed, "points": points.len(),
            "messages": messages, "changes": points.len() - messages,
            "killed": killed, "survived": survived, "over_before": over_before,
        }),
    );
    assert!(trial.failures.is_empty(), "{}", trial.failures.join("\n\n"));
    assert!(killed > 0);
}

#[test]
fn a_grant_of_an_account_survives_a_kill_at_every_point() {
    every_point_of(Verb::Grant, Provider::LinuxAccount, false);
}

#[test]
fn a_grant_of_a_key_survives_a_kill_at_every_point() {
    every_point_of(Verb::Grant, Provider::AuthorizedKey, false);
}

/// The very first grant of a merchant on a server also makes what every later one finds: the key of
/// the marks, our folder on the server. Killed anywhere, it is settled by a sweep, and the next grant
/// is like any other.
#[test]
fn the_very_first_grant_survives_a_kill_at_every_point() {
    for provider in Provider::ALL {
        let stride = usize::try_from(asked("STAGEPASS_TEST_STRIDE", STRIDE) * 3).unwrap();
        let untouched = || Field::untouched(provider, |stage| stage.light(SUITE));
        let mut usual = untouched();
        let points = usual.run(Verb::Grant, Moment::Never).points;
        assert!(usual.current(&BTreeSet::new()).is_some());
        usual.close();
        let merchant_files = usual.merchant_files();
        let mut chance = Chance::new(seed());
        let first = 1 + usize::try_from(chance.below(u64::try_from(stride).unwrap())).unwrap();
        let (mut killed, mut survived) = (0, 0);
        let mut failures = Vec::new();
        for number in (first..=points.len()).step_by(stride) {
            let mut field = untouched();
            let known = field.known();
            let ran = field.run(Verb::Grant, Moment::Point(number));
            killed += u32::from(ran.killed);
            let work = AssertUnwindSafe(|| {
                field.story.stage.run(["sweep"]).ok();
                if field.current(&known).is_some_and(|grant| grant.state == State::Open) {
                    field.close();
                }
                field.settle_in();
                assert_eq!(field.merchant_before, merchant_files);
                field.settled(&known);
            });
            match catch_unwind(work) {
                Ok(()) => survived += u32::from(ran.killed),
                Err(panic) => failures.push(format!("point {number}: {}", told(&*panic))),
            }
        }
        let messages = points.iter().filter(|point| point.is_message()).count();
        write_down(
            "points",
            &json!({
                "provider": provider.id(), "verb": "first grant", "handed": false,
                "points": points.len(), "messages": messages,
                "changes": points.len() - messages, "killed": killed, "survived": survived,
                "over_before": 0,
            }),
        );
        assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    }
}

#[test]
fn a_grant_with_a_credential_in_a_file_survives_a_kill_at_every_point() {
    every_point_of(Verb::Grant, Provider::LinuxAccount, true);
}

#[test]
fn an_extension_of_an_account_survives_a_kill_at_every_point() {
    every_point_of(Verb::Extend, Provider::LinuxAccount, false);
}

#[test]
fn an_extension_of_a_key_survives_a_kill_at_every_point() {
    every_point_of(Verb::Extend, Provider::AuthorizedKey, false);
}

#[test]
fn a_grant_of_two_layers_survives_a_kill_at_every_point() {
    every_point_of(Verb::Grant, Provider::TwoLayers, false);
}

#[test]
fn an_extension_of_two_layers_survives_a_kill_at_every_point() {
    every_point_of(Verb::Extend, Provider::TwoLayers, false);
}

#[test]
fn a_revocation_of_two_layers_survives_a_kill_at_every_point() {
    every_point_of(Verb::Close, Provider::TwoLayers, false);
}

#[test]
fn a_grant_of_a_user_of_a_shop_survives_a_kill_at_every_point() {
    every_point_of(Verb::Grant, Provider::Shop, false);
}

#[test]
fn a_revocation_of_a_user_of_a_shop_survives_a_kill_at_every_point() {
    every_point_of(Verb::Close, Provider::Shop, false);
}

#[test]
fn a_revocation_of_an_account_survives_a_kill_at_every_point() {
    every_point_of(Verb::Close, Provider::LinuxAccount, false);
}

#[test]
fn a_revocation_of_a_key_survives_a_kill_at_every_point() {
    every_point_of(Verb::Close, Provider::AuthorizedKey, false);
}

#[test]
fn a_sweep_of_an_account_survives_a_kill_at_every_point() {
    every_point_of(Verb::Sweep, Provider::LinuxAccount, false);
}

#[test]
fn a_sweep_of_a_key_survives_a_kill_at_every_point() {
    every_point_of(Verb::Sweep, Provider::AuthorizedKey, false);
}

/// What a killed grant left in a shop is ended by the server alone, and by a merchant who has nothing
/// but the target.
#[test]
fn a_user_of_a_shop_that_a_killed_grant_left_ends_without_its_ledger() {
    let mut field = Field::new(Provider::Shop);
    let known = field.known();
    field.killed_with_a_user_in_the_shop();
    // The looking overlooks nothing of it.
    let seen = marks(&field.host);
    for what in ["user ", "mark ", "role ", "file "] {
        assert!(seen.iter().any(|(one, _)| one.starts_with(what)), "no {what}in {seen:?}");
    }
    field.host.sh("mkdir /root/kept; mv /var/lib/stagepass/??????????1 /root/kept");
    assert!(field.unknown().unwrap().contains("no record of the user of the shop"));
    field.host.sh("mv /root/kept/* /var/lib/stagepass; rmdir /root/kept");
    assert_eq!(field.unknown(), None);
    field.host.sh("for ends in /var/lib/stagepass/*/ends; do
            sed -i -e 's/^deadline=.*/deadline=0/' -e 's/^hard=.*/hard=0/' \"$ends\"
            sh \"${ends%/ends}/failsafe\"
        done");
    assert_eq!(marks(&field.host), [].into());
    field.story.stage.run(["sweep"]).ok();
    field.settled(&known);

    field.killed_with_a_user_in_the_shop();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(field.story.stage.state().join(format!("ledger.sqlite3{end}")));
    }
    let seen = field.story.stage.run(["reconcile", "shop", "--json"]).exits(8).json();
    let all = seen["result"]["targets"][0]["findings"].as_array().unwrap();
    let found: Vec<&Value> = all.iter().filter(|one| one["needs_action"] == true).collect();
    let ids: Vec<&str> = found.iter().map(|one| one["grant"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{seen:#}");
    // The verification key was still there, for which the tag of the account was not made.
    let words = ["reconcile", "shop", "--close", ids[0], "--close", ids[1], "--unproved", "--yes"];
    field.story.stage.run(words).ok();
    assert_eq!(marks(&field.host), [].into());
    let (_, before) = field.shop.as_ref().unwrap();
    same_text(before, &Shop::rows(&field.host));
    let left = differences(&field.before, &field.server_files());
    assert!(left.is_empty(), "left on the server:\n{}", left.join("\n"));
}

// ---- kills at random ---------------------------------------------------------------------------

/// Kills at random moments until so many hit: how many by verb, and what failed.
fn random_kills(
    provider: Provider,
    seed: u64,
    wanted: u64,
) -> (BTreeMap<Verb, (u64, u64)>, Vec<String>) {
    let mut chance = Chance::new(seed);
    let mut trial = Trial::new(provider, Field::new);
    let mut longest: BTreeMap<Verb, Duration> = BTreeMap::new();
    for verb in Verb::ALL {
        let took = trial.attempt("measuring", |field| field.measure(verb)).unwrap_or_default();
        longest.insert(verb, took.max(Duration::from_millis(100)));
    }
    let mut counted: BTreeMap<Verb, (u64, u64)> = BTreeMap::new();
    let mut hits = 0;
    // A moment may come when the run is over; those do not count.
    for number in 0..wanted * 4 {
        if hits == wanted {
            break;
        }
        let verb = Verb::ALL[usize::try_from(chance.below(4)).unwrap()];
        let mut pause = |verb| {
            let most: Duration = longest[&verb];
            Duration::from_micros(chance.below(u64::try_from(most.as_micros()).unwrap()))
        };
        let after = pause(verb);
        // A sweep finds what is due, or what another killed program left.
        let left_by = (pause(verb) > longest[&verb] / 2).then(|| (Verb::Close, pause(Verb::Close)));
        let name = format!("seed {seed}, kill {number}: {} after {after:?}", verb.id());
        let handed = number % 4 == 0;
        let ran = trial.attempt(&name, |field| {
            field.handed = handed;
            if verb == Verb::Sweep
                && let Some((before, after)) = left_by
            {
                field.prepare(before);
                field.run(before, Moment::After(after));
                return field.swept_after(verb, Moment::After(after));
            }
            field.survive(verb, Moment::After(after))
        });
        let (killed, survived) = match ran {
            Some(ran) => (u64::from(ran.killed), u64::from(ran.killed)),
            None => (1, 0),
        };
        hits += killed;
        let (all, good) = counted.entry(verb).or_default();
        (*all, *good) = (*all + killed, *good + survived);
    }
    trial.attempt("reconciling", |field| field.story.stage.run(["reconcile", "shop"]).ok());
    (counted, trial.failures)
}

#[test]
fn kills_at_random_moments_leave_nothing_that_a_sweep_does_not_settle() {
    let (seed, wanted) = (seed(), asked("STAGEPASS_TEST_KILLS", 40));
    let workers = asked("STAGEPASS_TEST_WORKERS", 2);
    let running: Vec<_> = (0..workers)
        .map(|number| {
            // With a third worker, two layers at once are among them.
            let provider = match number % 4 {
                0 => Provider::LinuxAccount,
                1 => Provider::AuthorizedKey,
                2 => Provider::TwoLayers,
                _ => Provider::AuthorizedKey,
            };
            let share = wanted / workers + u64::from(number < wanted % workers);
            let seed = seed.wrapping_add(number);
            (provider, seed, thread::spawn(move || random_kills(provider, seed, share)))
        })
        .collect();
    let mut failures = Vec::new();
    let mut hits = 0;
    for (provider, seed, worker) in running {
        let (counted, failed) = worker.join().unwrap();
        for (verb, (killed, survived)) in counted {
            hits += killed;
            write_down(
                "kills",
                &json!({
                    "provider": provider.id(), "verb": verb.id(), "seed": seed,
                    "killed": killed, "survived": survived,
                }),
            );
        }
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert_eq!(hits, wanted);
}

// ---- the tests themselves ----------------------------------------------------------------------

/// What the looking must not overlook: each is done to a field in good order, and must fail it.
#[test]
fn a_field_that_is_not_settled_is_seen() {
    type Harm = (&'static str, fn(&mut Field));
    let harms: [Harm; 6] = [
        ("is still", |field| {
            // In the middle of a grant, and nobody sweeps.
            field.close();
            field.run(Verb::Grant, Moment::Point(150));
        }),
        ("marks on the server", |field| {
            field.host.sh("useradd -c 'stagepass 0123456789' somebody");
        }),
        ("left on the server", |field| {
            field.close();
            field.host.sh("echo half >/home/deploy/.ssh/authorized_keys.new");
        }),
        ("it says open and", |field| {
            let account = field.asked.as_ref().unwrap().account.clone();
            field.host.sh(&format!("rm /home/{account}/.ssh/authorized_keys"));
        }),
        ("not expiry-time", |field| {
            let account = field.asked.as_ref().unwrap().account.clone();
            let file = format!("/home/{account}/.ssh/authorized_keys");
            field.host.sh(&format!("sed -i 's/expiry-time=\"2/expiry-time=\"3/' {file}"));
        }),
        ("half", |field| {
            fs::write(field.story.stage.config().join("half"), "").unwrap();
        }),
    ];
    for (seen, harm) in harms {
        let mut field = Field::new(Provider::LinuxAccount);
        field.open();
        let known = field.known();
        field.settled(&known);
        harm(&mut field);
        let looked = catch_unwind(AssertUnwindSafe(|| field.settled(&known)));
        let told = told(&*looked.expect_err(seen));
        assert!(told.contains(seen), "{seen}: {told}");
    }
}
