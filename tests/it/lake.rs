//! A laptop in a lake: the merchant's ledger and key are destroyed while access is open, so nothing
//! is left that could close it but the server itself. On every kind of host, with everything open
//! that a supporter can have open, all of it is dead, every login refused, and what stagepass made
//! is gone within a minute of the deadline.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::faults::{asked, marks, write_down};
use crate::host::{Host, Process, SUITE, Sudo, suites};
use crate::job::{ANY_PORT, CASE, Granted, Story, now, same_text};
use crate::shop::{ASKED_AGAIN, LET_IN, MERCHANT, Shop};
use crate::stage::{Background, Credential, Key, contains};

/// What is promised, in seconds after the deadline: for that long at most anything can still be
/// used. Cron, which comes once a minute, then needs a moment to take away what was made.
const PROMISE: f64 = 60.0;
const PROMISE_GONE: f64 = 90.0;

/// Not access, but what it was made of.
const MADE: &str = "what stagepass made";

/// What happens to the host besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Besides {
    Nothing,
    /// It boots again long before the deadline.
    RebootBefore,
    /// It goes down just before the deadline, and comes up after it.
    RebootAcross,
    /// It has no power at the deadline, and for a while after it.
    OffAcross,
    /// It loses its power while it closes what is due.
    OffWhileClosing,
}

impl Besides {
    fn id(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::RebootBefore => "a reboot before the deadline",
            Self::RebootAcross => "a reboot across the deadline",
            Self::OffAcross => "no power at the deadline",
            Self::OffWhileClosing => "power lost while closing",
        }
    }
}

/// What kind of host it is, and what ends things there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Systemd,
    CronOnly,
}

impl Kind {
    fn id(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::CronOnly => "cron only",
        }
    }
}

/// One access whose merchant is about to lose the laptop.
struct Access {
    provider: &'static str,
    credential: &'static str,
    granted: Granted,
    key: Option<Key>,
    password: String,
    /// The numbers of seconds that its processes sleep, and what each of them is.
    sleeps: BTreeMap<u32, &'static str>,
    clients: Vec<(&'static str, Background)>,
}

/// One host with everything on it.
struct Lake {
    kind: Kind,
    suite: &'static str,
    besides: Besides,
    story: Story,
    host: Host,
    accesses: Vec<Access>,
    crontab: String,
    key_file: String,
    /// When the host came up after a deadline at which it was down.
    back: f64,
}

/// One thing of one access: provider, credential, what it is.
type Thing = (&'static str, &'static str, &'static str);

/// What was seen of something.
#[derive(Debug, Default, Clone, Copy)]
struct Sight {
    /// Whether it was there when it was looked at last.
    there: bool,
    /// Seconds from the deadline (or from the host's being up again, if that was later) to the
    /// first look at which it was gone for good.
    late: f64,
}

type Seen = BTreeMap<Thing, Sight>;

impl Sight {
    fn is_kept(self, (_, _, what): &Thing) -> bool {
        !self.there && self.late <= if *what == MADE { PROMISE_GONE } else { PROMISE }
    }
}

/// Whether an `ssh` runs among a process and what it has started: its own ssh, or what stands
/// behind an sftp that still waits for its user.
fn is_connected(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let lives = stat.contains("(ssh) ") && !stat.contains("(ssh) Z");
    lives || children.split_whitespace().any(|child| is_connected(child.parse().unwrap()))
}

fn precise() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

// ---- before ------------------------------------------------------------------------------------

impl Lake {
    /// A host with a crontab and a key file of the merchant's own.
    fn new(kind: Kind, suite: &'static str, besides: Besides) -> Self {
        let story = Story::new();
        let host = match kind {
            Kind::Systemd => story.stage.full(suite),
            Kind::CronOnly => story.stage.light(suite),
        };
        // A look every few seconds whether a login is still refused would be punished by some.
        let host = match suite {
            "trixie" => host.sshd_config("PerSourcePenalties no"),
            _ => host,
        };
        let host = host.deploy(Sudo::None).shop().start();
        host.sh(
            "chown -R deploy /var/www/shop
            printf '# of the merchant\\n7 3 * * 1 true' >/tmp/crontab
            crontab -u deploy /tmp/crontab || { echo >>/tmp/crontab; crontab -u deploy /tmp/crontab; }
            rm /tmp/crontab",
        );
        let crontab = host.sh("crontab -u deploy -l");
        let key_file = host.sh("cat /home/deploy/.ssh/authorized_keys");
        story.target("root", &host, "root", &[]);
        story.target("deploy", &host, "deploy", &[]);
        let accesses = Vec::new();
        Self { kind, suite, besides, story, host, accesses, crontab, key_file, back: 0.0 }
    }

    /// Three accesses, two minutes each: a key and a password in accounts of our own, and a key in
    /// the merchant's.
    fn open(&mut self) {
        let key = self.story.stage.supporter_key();
        let public = key.public.to_str().unwrap();
        let file = self.story.stage.supporter_path().join("password");
        let output = file.to_str().unwrap();
        let with_key = ["--key", public];
        let with_password = ["--password", "--accept-weak-expiry", "--output", output];
        for (target, provider, credential, more) in [
            ("root", "linux-account", "key", &with_key[..]),
            ("root", "linux-account", "password", &with_password[..]),
            ("deploy", "authorized-key", "key", &with_key[..]),
        ] {
            let mut words = vec!["--json", "grant", "--case", CASE, "--target", target];
            words.extend(["--supporter", credential, "--access", "ssh", "--for", "2m"]);
            words.extend(ANY_PORT);
            words.extend(more);
            let granted = Granted::of(&self.story.run(words).ok());
            let password = match credential {
                "password" => fs::read_to_string(&file).unwrap().trim().to_owned(),
                _ => String::new(),
            };
            let first = 80_000 + 100 * u32::try_from(self.accesses.len()).unwrap();
            let sleeps = [
                (first + 1, "open shell"),
                (first + 2, "background job"),
                (first + 3, "job in a session of its own"),
                (first + 4, "command over a shared connection"),
            ];
            let key = (credential == "key").then(|| key.clone());
            self.accesses.push(Access {
                provider,
                credential,
                granted,
                key,
                password,
                sleeps: sleeps.into(),
                clients: Vec::new(),
            });
        }
    }

    /// The ledger, the configuration, the key: gone.
    fn sink(&self) {
        let stage = &self.story.stage;
        for folder in [stage.state(), stage.config(), stage.path().join("keys")] {
            fs::remove_dir_all(folder).unwrap();
        }
    }

    /// Opens all that can be open, and waits until it is.
    fn be_at_work(&mut self) {
        let Self { accesses, host, story, .. } = self;
        for access in accesses.iter_mut() {
            let folder = story.stage.supporter_path().join(&access.granted.id);
            fs::create_dir_all(&folder).unwrap();
            let [shell, background, own, shared] = {
                let numbers: Vec<u32> = access.sleeps.keys().copied().collect();
                [numbers[0], numbers[1], numbers[2], numbers[3]]
            };
            // A person at a terminal.
            let typed = format!("exec sleep {shell}\\n");
            let open = access.client(story, host, &folder, "shell", "ssh -tt", &typed, "");
            access.clients.push(("open shell", open));
            // An SFTP program that somebody has left open.
            // A busy sshd may turn somebody away who has not logged in yet: then it is opened again.
            let mut open =
                access.client(story, host, &folder, "sftp", "sftp -q -b -", "pwd\\n", "");
            let mut turned_away = 0;
            wait_for("the SFTP session", || {
                if turned_away < 3 && open.is_over() {
                    turned_away += 1;
                    fs::remove_file(folder.join("sftp.in")).unwrap();
                    open =
                        access.client(story, host, &folder, "sftp", "sftp -q -b -", "pwd\\n", "");
                }
                open.stdout_so_far().contains("working directory")
            });
            access.clients.push(("open SFTP session", open));
            // A connection that other programs share, with a command on it.
            let master = "ssh -M -S \"$folder/shared\" -o ControlPersist=no -N";
            let open = access.client(story, host, &folder, "master", master, "", "");
            access.clients.push(("shared connection", open));
            let socket = folder.join("shared");
            wait_for("the shared connection", || socket.exists());
            let through = "ssh -S \"$folder/shared\"";
            let command = format!("sleep {shared}");
            let open = access.client(story, host, &folder, "through", through, "", &command);
            access.clients.push(("command over a shared connection", open));
            // What is meant to outlive its connection.
            let leave = format!(
                "nohup sleep {background} >/dev/null 2>&1 </dev/null & \
                 setsid -f sleep {own} >/dev/null 2>&1 </dev/null"
            );
            let account = &access.granted.account;
            access.with(|with| story.stage.ssh(host, account, with, &[&leave])).ok();
        }
        for access in &*accesses {
            let folder = story.stage.supporter_path().join(&access.granted.id);
            for (number, what) in &access.sleeps {
                let wanted = format!("{} of {} ({})", what, access.provider, access.credential);
                let mut patience = Instant::now() + Duration::from_secs(3);
                wait_for(&wanted, || {
                    // What is typed while a terminal is set up may be lost, as in real life.
                    if *what == "open shell" && Instant::now() > patience {
                        patience = Instant::now() + Duration::from_secs(3);
                        let input =
                            fs::OpenOptions::new().write(true).open(folder.join("shell.in"));
                        writeln!(input.unwrap(), "exec sleep {number}").unwrap();
                    }
                    is_asleep(host, *number)
                });
            }
        }
    }
}

fn wait_for(what: &str, mut is: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !is() {
        assert!(Instant::now() < patience, "there never was {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn is_asleep(host: &Host, number: u32) -> bool {
    let wanted = format!("sleep\0{number}\0");
    host.processes().iter().any(|process| process.cmdline == wanted.as_bytes())
}

impl Access {
    fn with<T>(&self, work: impl FnOnce(Credential<'_>) -> T) -> T {
        match &self.key {
            Some(key) => work(Credential::Key(&key.private)),
            None => work(Credential::Password(&self.password)),
        }
    }

    /// One of OpenSSH's programs that goes on until somebody ends it: `typed` is what it reads, and
    /// after that its input stays open.
    #[allow(clippy::too_many_arguments)] // a command line has that many parts
    fn client(
        &self,
        story: &Story,
        host: &Host,
        folder: &Path,
        name: &str,
        program: &str,
        typed: &str,
        command: &str,
    ) -> Background {
        const SCRIPT: &str = r#"
            folder=$1 input=$1/$2.in typed=$3 known=$4 key=$5 port=$6 who=$7 command=$8
            set --
            [ -z "$key" ] || set -- "$@" -o BatchMode=yes -o IdentitiesOnly=yes -i "$key"
            [ -n "$key" ] || set -- "$@" -o BatchMode=no -o PubkeyAuthentication=no
            set -- "$@" -F none -o UserKnownHostsFile="$known" -o IdentityAgent=none -o Port="$port"
            set -- "$@" -o KexAlgorithms=curve25519-sha256 -o LogLevel=ERROR FLAGS "$who"
            [ -z "$command" ] || set -- "$@" "$command"
            mkfifo "$input"
            exec 3<>"$input"
            printf "$typed" >&3
            exec <&3
            before=
            [ -n "$key" ] || before="sshpass -f $folder/password"
        "#;
        if self.key.is_none() {
            fs::write(folder.join("password"), &self.password).unwrap();
        }
        // The flags come last: sftp's `-b` would turn BatchMode on, and the first value wins.
        let (program, flags) = program.split_once(' ').unwrap();
        let script = SCRIPT.replace("FLAGS", flags) + &format!("exec $before {program} \"$@\"");
        let known = story.stage.known_hosts(host);
        let key = self.key.as_ref().map(|key| key.private.to_str().unwrap()).unwrap_or_default();
        let (port, account) = (host.port.to_string(), &self.granted.account);
        let who = format!("{account}@{}", host.address);
        let mut words = vec!["-c", &script, "sh", folder.to_str().unwrap(), name, typed];
        words.extend([known.to_str().unwrap(), key, &port, &who, command]);
        story.stage.program("sh", words).limit(Duration::from_secs(600)).spawn()
    }

    /// Whether the supporter gets in: by a command, and by a file.
    fn gets_in(&self, story: &Story, host: &Host) -> bool {
        let account = &self.granted.account;
        let shell = self.with(|with| story.stage.ssh(host, account, with, &["echo in"]));
        let files = self.with(|with| story.stage.sftp(host, account, with, "ls /\n"));
        shell.stdout.contains("in") || files.exit == 0
    }
}

// ---- the deadline ------------------------------------------------------------------------------

impl Lake {
    fn deadline(&self) -> i64 {
        self.accesses.iter().map(|access| access.granted.deadline).max().unwrap()
    }

    fn until(&self, seconds_before: i64) {
        let time = self.deadline() - seconds_before;
        while now() < time {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// When everything has to begin to end.
    fn zero(&self) -> f64 {
        self.back.max(self.deadline() as f64)
    }

    /// Does to the host what is to be done to it, and looks at it until it has had its time.
    fn watch(&mut self) -> Seen {
        match self.besides {
            Besides::Nothing | Besides::RebootBefore => {}
            Besides::RebootAcross => {
                self.until(2);
                self.host.reboot();
                self.back = precise();
            }
            Besides::OffAcross | Besides::OffWhileClosing => {
                let after_others =
                    |number: usize| self.deadline() - self.accesses[number].granted.deadline;
                if self.besides == Besides::OffAcross {
                    self.until(after_others(0) + 1);
                } else {
                    self.until(after_others(1));
                    let closes = |process: &Process| contains(&process.cmdline, b"/failsafe");
                    wait_for("a close that has begun", || self.host.processes().iter().any(closes));
                    thread::sleep(Duration::from_millis(300));
                }
                self.host.power_off();
                self.until(-15);
                self.host.power_on();
                self.back = precise();
            }
        }
        let mut seen = Seen::new();
        let mut next_login = self.zero();
        while precise() < self.zero() + PROMISE_GONE + 5.0 {
            self.look(&mut seen);
            if precise() > self.zero() + PROMISE + 2.0 && seen.values().all(|one| !one.there) {
                break;
            }
            if precise() >= next_login {
                for number in 0..self.accesses.len() {
                    let there = self.accesses[number].gets_in(&self.story, &self.host);
                    self.note(&mut seen, number, "login", there);
                }
                // Not so often that a server shuts this address out.
                next_login = precise() + 12.0;
            }
            thread::sleep(Duration::from_millis(200));
        }
        seen
    }

    fn note(&self, seen: &mut Seen, number: usize, what: &'static str, there: bool) {
        let access = &self.accesses[number];
        let sight = seen.entry((access.provider, access.credential, what)).or_default();
        if there || sight.there {
            let zero = self.back.max(access.granted.deadline as f64);
            sight.late = (precise() - zero).max(0.0);
        }
        sight.there = there;
    }

    fn look(&mut self, seen: &mut Seen) {
        let processes = self.host.processes();
        let runs = |cmdline: &str| processes.iter().any(|one| one.cmdline == cmdline.as_bytes());
        let environment = |pid| fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let environments: Vec<Vec<u8>> =
            processes.iter().map(|process| environment(process.pid)).collect();
        let marks = marks(&self.host);
        for number in 0..self.accesses.len() {
            let access = &self.accesses[number];
            for (seconds, what) in &access.sleeps {
                self.note(seen, number, what, runs(&format!("sleep\0{seconds}\0")));
            }
            for (what, client) in &access.clients {
                self.note(seen, number, what, is_connected(client.id()));
            }
            let id = &access.granted.id;
            let variable = format!("STAGEPASS_GRANT={id}");
            let any = environments.iter().any(|one| contains(one, variable.as_bytes()));
            self.note(seen, number, "any process of the access", any);
            let made = marks.iter().any(|(_, marked)| marked == id);
            self.note(seen, number, MADE, made);
        }
    }

    /// What is left is the result of each close, and nothing else of ours; the merchant's own files
    /// are what they were.
    fn only_results_are_left(&self) {
        let host = &self.host;
        assert_eq!(marks(host), [].into());
        let left = host.sh("ls -A /var/lib/stagepass; ls -A /home/deploy/.stagepass; ls -A /home
            ls -A /etc/systemd/system /etc/cron.d /etc/ssh/sshd_config.d \
                /etc/security/limits.d | grep stagepass || :
            if [ -d /run/systemd/system ]; then
                systemctl list-units --all --plain --no-legend 'stagepass-*'
                systemctl list-timers --all --plain --no-legend 'stagepass-*'
            fi");
        let id = |access: &Access| access.granted.id.clone();
        let results: Vec<String> =
            self.accesses.iter().map(|access| format!("result.{}", id(access))).collect();
        for result in &results {
            assert!(left.lines().any(|line| line == result), "no {result} in:\n{left}");
        }
        let other: Vec<&str> = left
            .lines()
            .filter(|line| !results.contains(&line.replace(".kept.", "result.")))
            .filter(|line| !["last-uid", "deploy"].contains(line))
            .collect();
        assert!(other.is_empty(), "left: {other:?}");
        assert_eq!(host.sh("crontab -u deploy -l"), self.crontab);
        assert_eq!(host.sh("cat /home/deploy/.ssh/authorized_keys"), self.key_file);
        let accounts = host.sh("getent passwd");
        assert!(!accounts.contains("stagepass"), "{accounts}");
    }

    /// Nothing has ended by itself before its time.
    fn everything_is_open(&mut self) {
        for access in &mut self.accesses {
            let (provider, credential) = (access.provider, access.credential);
            for (what, client) in &mut access.clients {
                let is_over = client.is_over();
                let said = (client.stdout_so_far(), client.stderr_so_far());
                assert!(!is_over, "{what} of {provider} ({credential}) was over before: {said:?}");
            }
            let id = &access.granted.id;
            assert!(access.gets_in(&self.story, &self.host), "{provider} ({credential}) {id}");
        }
    }

    /// The server answers, and says no: it is not merely away.
    fn nobody_gets_in(&self) {
        for access in &self.accesses {
            let account = &access.granted.account;
            let stage = &self.story.stage;
            let run = access.with(|with| stage.ssh(&self.host, account, with, &["true"]));
            let run = run.exits(255);
            assert!(run.stderr.contains("Permission denied"), "{}", run.told());
        }
    }

    fn everything_was_in_time(&self, seen: &Seen) {
        let mut late = Vec::new();
        for (thing, sight) in seen {
            let (provider, credential, what) = thing;
            write_down(
                "lake",
                &json!({
                    "host": self.kind.id(), "suite": self.suite, "besides": self.besides.id(),
                    "provider": provider, "credential": credential, "what": what,
                    "late_s": (sight.late * 10.0).round() / 10.0, "kept": sight.is_kept(thing),
                }),
            );
            if !sight.is_kept(thing) {
                late.push((thing, sight));
            }
        }
        let (kind, besides) = (self.kind, self.besides);
        assert!(late.is_empty(), "{kind:?} {besides:?}: {late:#?}\n{}", self.what_is_there());
    }

    /// For messages of failed tests.
    fn what_is_there(&self) -> String {
        self.host.sh("date; ps axfo pid,lstart,args; crontab -u deploy -l
            for file in /var/lib/stagepass/*/failsafe.log /var/lib/stagepass/*/ends \
                /home/deploy/.stagepass/*/failsafe.log /home/deploy/.stagepass/*/ends; do
                [ ! -e $file ] || { echo \"== $file\"; cat $file; }
            done
            [ -d /run/systemd/system ] || exit 0
            systemctl status --no-pager 'stagepass-*' || :
            journalctl -b -n 200 --no-pager -u 'stagepass-*' -u cron")
    }

    fn drown(mut self) {
        self.open();
        self.sink();
        if self.besides == Besides::RebootBefore {
            self.host.reboot();
        }
        self.be_at_work();
        let first = self.accesses[0].granted.deadline;
        assert!(now() < first - 10, "making everything took too long");
        self.until(self.deadline() - first + 10);
        self.everything_is_open();
        let seen = self.watch();
        self.everything_was_in_time(&seen);
        self.only_results_are_left();
        self.nobody_gets_in();
    }
}

/// The hosts of `make test`, or all of them.
fn hosts() -> Vec<(Kind, &'static str, Besides)> {
    let mut hosts = vec![
        (Kind::Systemd, SUITE, Besides::Nothing),
        (Kind::Systemd, SUITE, Besides::RebootBefore),
        (Kind::Systemd, SUITE, Besides::OffAcross),
        (Kind::CronOnly, SUITE, Besides::Nothing),
    ];
    if asked("STAGEPASS_TEST_LAKES", 0) > 0 {
        hosts.push((Kind::Systemd, SUITE, Besides::RebootAcross));
        hosts.push((Kind::Systemd, SUITE, Besides::OffWhileClosing));
        for suite in suites().into_iter().filter(|suite| *suite != SUITE) {
            hosts.push((Kind::Systemd, suite, Besides::Nothing));
            hosts.push((Kind::CronOnly, suite, Besides::Nothing));
        }
    }
    hosts
}

#[test]
fn a_laptop_in_a_lake_leaves_nothing_open_on_booted_and_light_hosts() {
    // Boots come one by one, the waiting is shared.
    let lakes: Vec<Lake> =
        hosts().into_iter().map(|(kind, suite, besides)| Lake::new(kind, suite, besides)).collect();
    let running: Vec<_> =
        lakes.into_iter().map(|lake| thread::spawn(move || lake.drown())).collect();
    let failed: Vec<_> = running.into_iter().filter_map(|lake| lake.join().err()).collect();
    assert!(failed.is_empty(), "{} hosts did not keep the promise", failed.len());
}

// ---- a session of a shop -----------------------------------------------------------------------

/// How long after the deadline the shop itself may still answer, in seconds: the clocks are compared
/// by the second.
const PROMISE_IN_A_SHOP: f64 = 2.0;

/// A supporter is logged in to the shop. At the second of the deadline its file ends that, and within the
/// time that everything has, the server takes the user away.
fn a_session_of_a_shop_ends(kind: Kind) {
    let story = Story::new();
    let host = match kind {
        Kind::Systemd => story.stage.full(SUITE),
        Kind::CronOnly => story.stage.light(SUITE),
    };
    let host = host.shop_software().start();
    let shop = Shop::open(&host);
    story.target("shop", &host, "root", &[]);
    let before = Shop::rows(&host);
    let (key, file) = (story.stage.supporter_key(), story.stage.supporter_path().join("password"));
    let with = ["--with", "server,wordpress", "--output", file.to_str().unwrap()];
    let granted = story.granted_key("shop", &key, &with);
    let name = granted.document["grant"]["layers"][1]["account"].as_str().unwrap().to_owned();
    let password = fs::read_to_string(&file).unwrap();
    let user = (name.as_str(), password.trim());
    let (browser, other) = (shop.browser(&story.stage, &host), shop.browser(&story.stage, &host));
    assert_eq!(browser.logs_in(user), LET_IN);
    let deadline = story.ends_in(&granted.id, 30);
    for folder in [story.stage.state(), story.stage.config(), story.stage.path().join("keys")] {
        fs::remove_dir_all(folder).unwrap();
    }
    assert!(browser.is_in() && now() < deadline, "making everything took too long");
    Story::wait_until_over(deadline);

    let end = deadline as f64;
    let mut seen: BTreeMap<&'static str, Sight> = BTreeMap::new();
    while precise() < end + PROMISE_GONE + 5.0 {
        let mut note = |what, asked_at: f64, there: bool| {
            let sight = seen.entry(what).or_default();
            if there {
                sight.late = asked_at - end;
            }
            sight.there = there;
        };
        let asked_at = precise();
        note("an open session of the shop", asked_at, browser.is_in());
        let asked_at = precise();
        note("login to the shop", asked_at, other.logs_in(user) == LET_IN);
        let is_made = !marks(&host).is_empty();
        note(MADE, precise(), is_made);
        if !is_made {
            break;
        }
    }
    for (what, sight) in &seen {
        let promise = if *what == MADE { PROMISE_GONE } else { PROMISE_IN_A_SHOP };
        let kept = !sight.there && sight.late <= promise;
        write_down(
            "lake",
            &json!({
                "host": kind.id(), "suite": SUITE, "besides": Besides::Nothing.id(),
                "provider": "wordpress", "credential": "password", "what": what,
                "late_s": (sight.late * 10.0).round() / 10.0, "kept": kept,
            }),
        );
        assert!(kept, "{what}: {sight:?}");
    }
    assert_eq!(other.logs_in(user), ASKED_AGAIN);
    assert_eq!(other.logs_in(MERCHANT), LET_IN);
    same_text(&before, &Shop::rows(&host));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d | grep .");
}

#[test]
fn a_session_of_a_shop_ends_with_the_laptop_in_a_lake_on_booted_and_light_hosts() {
    let running = [Kind::Systemd, Kind::CronOnly]
        .map(|kind| thread::spawn(move || a_session_of_a_shop_ends(kind)));
    let failed = running.into_iter().filter_map(|one| one.join().err()).count();
    assert_eq!(failed, 0, "hosts that did not keep the promise");
}
