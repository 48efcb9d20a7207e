//! The main job, whole, through the program itself: a merchant grants, a supporter really logs in
//! with real clients, and the access is really gone again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use russh::keys::PrivateKey;
use serde_json::{Value, json};

use crate::host::{Host, SUITE, Sudo};
use crate::matrix::Row;
use crate::stage::{Credential, Ended, Key, Paramiko, Run, Stage, Watch};

/// The case that every story's grants belong to.
pub const CASE: &str = "MSP-4711";

/// Throw-away hosts do not listen on port 22.
pub const ANY_PORT: [&str; 4] =
    ["--override", "port", "--reason", "the throw-away host listens elsewhere"];

/// A merchant with an open case, and all that the program has said to that merchant.
pub struct Story {
    pub stage: Stage,
    said: Mutex<String>,
}

/// An open grant, as `grant --json` showed it.
#[derive(Debug, Clone)]
pub struct Granted {
    pub id: String,
    pub account: String,
    pub deadline: i64,
    pub document: Value,
}

impl Granted {
    /// Reads the document of `grant --json`.
    #[track_caller]
    pub fn of(ended: &Ended) -> Self {
        let whole = ended.json();
        let grant = &whole["result"]["grant"];
        assert_eq!(grant["state"], "open", "{}", ended.told());
        Self {
            id: grant["id"].as_str().unwrap().to_owned(),
            account: grant["layers"][0]["account"].as_str().unwrap().to_owned(),
            deadline: grant["deadline"].as_i64().unwrap(),
            document: whole["result"].clone(),
        }
    }
}

impl Story {
    pub fn new() -> Self {
        let story = Self { stage: Stage::new(), said: Mutex::default() };
        story.run(["case", "open", CASE, "--desk", "multisafepay"]).ok();
        story
    }

    /// Opens the case anew, by the clock that the merchant's computer has now: its time-box counts
    /// from then. Nothing may be granted in it.
    pub fn begins_now(&self) {
        self.run(["case", "close", CASE]).ok();
        self.run(["case", "reopen", CASE, "--reason", "another time has come"]).ok();
    }

    /// Runs the program, and keeps what it said.
    pub fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.heard(self.stage.run(args))
    }

    /// Keeps what a run said.
    pub fn heard(&self, run: Run) -> Run {
        self.said.lock().unwrap().push_str(&run.output());
        run
    }

    /// Adds a staging target with the shop's folder.
    pub fn target(&self, name: &str, host: &Host, account: &str, more: &[&str]) {
        let more = [&["--path", "/var/www/shop"], more].concat();
        self.heard(self.stage.add_target(name, host, account, &more)).ok();
    }

    /// `grant --json` for one supporter, with the port set aside.
    pub fn grant(&self, target: &str, more: &[&str]) -> Run {
        self.run(Self::grant_words(target, &[&["--json"], &ANY_PORT[..], more].concat()))
    }

    /// The words of a `grant` and no more than what has to be there.
    pub fn grant_words<'a>(target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut words = vec!["grant", "--case", CASE, "--target", target];
        words.extend(["--supporter", "Jane Doe"]);
        words.extend(more);
        words
    }

    /// A grant that is open when this returns.
    #[track_caller]
    pub fn granted(&self, target: &str, more: &[&str]) -> Granted {
        Granted::of(&self.grant(target, more).ok())
    }

    /// A grant for the supporter's own key.
    #[track_caller]
    pub fn granted_key(&self, target: &str, key: &Key, more: &[&str]) -> Granted {
        let public = key.public.to_str().unwrap();
        self.granted(target, &[&["--key", public], more].concat())
    }

    /// The document of `show --json`.
    pub fn show(&self, id: &str) -> Value {
        self.run(["show", id, "--json"]).ok().json()["result"].clone()
    }

    /// A grant's state as the ledger has it.
    pub fn state(&self, id: &str) -> String {
        self.show(id)["grant"]["state"].as_str().unwrap().to_owned()
    }

    /// Every event of the ledger, a line each.
    pub fn ledger(&self) -> String {
        self.run(["ledger", "export"]).ok().stdout
    }

    /// Takes a grant away, which must be proved. What the merchant is told about it.
    #[track_caller]
    pub fn revoked(&self, id: &str) -> String {
        let run = self.run(["revoke", id, "--json"]).ok();
        let result = &run.json()["result"];
        assert_eq!(result["closed"][0]["grant"]["state"], "closed", "{}", run.told());
        result["closed"][0]["notes"].to_string()
    }

    /// The secret is in no file of the merchant's computer or of a server, in no ledger, in nothing
    /// that the program said, and in no process's command line or environment on either side.
    #[track_caller]
    pub fn kept_secret(&self, secrets: &[Vec<u8>], hosts: &[&Host], watch: &mut Watch) {
        self.run(["ledger", "verify"]).ok();
        let ledger = self.ledger();
        let said = self.said.lock().unwrap().clone();
        for secret in secrets {
            assert!(secret.len() >= 16, "too short to be told from chance");
            let nowhere: [std::path::PathBuf; 0] = [];
            assert_eq!(self.stage.files_containing(secret), nowhere);
            for host in hosts {
                assert_eq!(host.files_containing(secret), nowhere);
            }
            assert!(!crate::stage::contains(said.as_bytes(), secret), "it was said");
            assert!(!crate::stage::contains(ledger.as_bytes(), secret), "the ledger has it");
            assert_eq!(watch.sightings(secret), [""; 0]);
        }
    }

    /// Makes a grant end in so many seconds, however long it took to get here: its new deadline.
    #[track_caller]
    pub fn ends_in(&self, id: &str, seconds: u32) -> i64 {
        let lasts = format!("{seconds}s");
        self.run(["extend", id, "--for", &lasts, "--reason", "a test"]).ok();
        self.show(id)["grant"]["deadline"].as_i64().unwrap()
    }

    /// The last seconds of a grant's life pass.
    pub fn wait_until_over(deadline: i64) {
        let patience = Instant::now() + Duration::from_secs(60);
        while now() <= deadline {
            assert!(Instant::now() < patience, "the deadline is more than a minute away");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The whole script of a built-in provider, which stands in parts.
pub fn built_in_script(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("providers").join(name);
    let mut parts: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|part| part.extension().is_some_and(|extension| extension == "sh"));
    parts.sort_by_key(|part| (!part.ends_with("provider.sh"), part.clone()));
    parts.iter().map(|part| std::fs::read_to_string(part).unwrap()).collect()
}

/// The end of a key as the server of [`SUITE`] wants it: OpenSSH 8.4 knows local time only, which is
/// UTC there.
pub fn expiry_time(at: i64) -> String {
    let zone = if SUITE == "bullseye" { "" } else { "Z" };
    let at = chrono::DateTime::from_timestamp(at, 0).unwrap();
    format!("{}{zone}", at.format("%Y%m%d%H%M%S"))
}

pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// Every way in which a private key could be found somewhere: its lines, and its 32 bytes.
pub fn shapes_of_private_key(text: &str) -> Vec<Vec<u8>> {
    let key = PrivateKey::from_openssh(text).unwrap();
    let seed = key.key_data().ed25519().unwrap().private.to_bytes();
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
    // The first line is the same for every key.
    let mut shapes: Vec<_> = body[1..body.len() - 1].iter().map(|l| l.as_bytes().into()).collect();
    shapes.push(seed.to_vec());
    assert!(shapes.len() >= 4, "that is no ed25519 key");
    shapes
}

/// All that is the merchant's on a server: accounts, keys, files with owner, mode, time, content
/// and ACL, crontabs, sudo rules, sshd's settings.
pub fn merchants_own(host: &Host) -> String {
    host.sh(r#"
        for file in passwd shadow group gshadow subuid subgid; do
            echo "== $file"; cat /etc/$file
        done
        set -- /home /root /var/www /etc/sudoers /etc/sudoers.d /etc/ssh /var/spool/cron /var/mail
        echo "== files"
        find "$@" -xdev -printf '%p %y %m %U:%G %l\n' | sort
        # A key file is replaced as a whole when a line of ours goes.
        find "$@" -xdev -type f ! -name authorized_keys -printf '%p %s %T@\n' | sort
        find "$@" -xdev -type f -exec sha256sum {} + | sort
        getfacl -R -n -p "$@" 2>/dev/null"#)
}

/// Nothing on the server names the grant any more, but for the copies that the system's own tools
/// keep of the files they write.
#[track_caller]
pub fn nothing_is_left(host: &Host, id: &str) {
    let mut found = host.files_containing(id.as_bytes());
    found.retain(|path| {
        // What the system wrote down about its logins and units is the merchant's.
        let journal = path.to_str().unwrap().contains("/upper/var/log/journal/");
        let name = path.file_name().unwrap().to_str().unwrap();
        !journal
            && !["passwd-", "shadow-", "group-", "gshadow-", "subuid-", "subgid-"].contains(&name)
    });
    assert_eq!(found, [""; 0].map(std::path::PathBuf::from));
    let accounts = host.sh("grep -c stagepass /etc/passwd || :");
    assert!(host.sh("getent passwd").lines().all(|line| !line.contains(id)), "{accounts}");
}

/// What a supporter does with a grant.
type Use = fn(&Story, &Host, &str, Credential<'_>);

// ---- what each kind of access can do -----------------------------------------------------------

/// No kind of access lets anything through to elsewhere.
#[track_caller]
fn forwards_nothing(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let to = format!("127.0.0.1:{}", host.port);
    let run = story.stage.ssh(host, account, with, &["-W", &to]).fails();
    assert!(!run.stdout.contains("SSH-2.0"), "{}", run.told());
    // What it looks like where it is not forbidden.
    let admin = Credential::Key(&story.stage.admin.private);
    let run = story.stage.ssh(host, "root", admin, &["-W", &to]);
    assert!(run.stdout.contains("SSH-2.0"), "{}", run.told());
    let back = format!("0:127.0.0.1:{}", host.port);
    let back = ["-N", "-o", "ExitOnForwardFailure=yes", "-R", &back];
    story.stage.ssh(host, account, with, &back).fails();
}

#[track_caller]
fn reads_the_shop(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let run = story.stage.sftp(host, account, with, "ls -1 /var/www/shop\n").ok();
    assert!(run.stdout.contains("composer.json"), "{}", run.told());
    let read = Paramiko::Read("/var/www/shop/composer.json");
    let run = story.stage.paramiko(host, account, with, read).ok();
    assert_eq!(run.stdout, host.sh("cat /var/www/shop/composer.json"));
}

/// Puts a file into the shop, looks at it from the server's side, and takes it away again.
#[track_caller]
fn writes_the_shop(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let file = "/var/www/shop/of-jane.txt";
    let batch = format!("put {} {file}\n", story.stage.known_hosts(host).display());
    story.stage.sftp(host, account, with, &batch).ok();
    assert!(!host.sh(&format!("cat {file}")).is_empty());
    story.stage.sftp(host, account, with, &format!("rm {file}\n")).ok();
    story.stage.paramiko(host, account, with, Paramiko::Write(file)).ok();
    assert_eq!(host.sh(&format!("cat {file}")), "written by a supporter\n");
    story.stage.sftp(host, account, with, &format!("rm {file}\n")).ok();
}

/// A command that is sent does not run.
#[track_caller]
fn has_no_shell(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let mark = "/tmp/a-command-ran";
    let run = story.stage.ssh(host, account, with, &["touch", mark, ";", "id"]);
    assert!(!run.stdout.contains("uid="), "{}", run.told());
    host.sh(&format!("! test -e {mark}"));
}

#[track_caller]
fn does_what_sftp_may(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    reads_the_shop(story, host, account, with);
    writes_the_shop(story, host, account, with);
    has_no_shell(story, host, account, with);
    forwards_nothing(story, host, account, with);
}

#[track_caller]
fn does_what_reading_may(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    reads_the_shop(story, host, account, with);
    let file = "/var/www/shop/of-jane.txt";
    story.stage.paramiko(host, account, with, Paramiko::Write(file)).exits(1);
    for batch in [
        &format!("put {} {file}\n", story.stage.known_hosts(host).display()),
        "rm /var/www/shop/composer.json\n",
        "rename /var/www/shop/composer.json /var/www/shop/x\n",
        "mkdir /var/www/shop/x\n",
        "chmod 777 /var/www/shop/composer.json\n",
    ] {
        story.stage.sftp(host, account, with, batch).fails();
    }
    has_no_shell(story, host, account, with);
    forwards_nothing(story, host, account, with);
}

#[track_caller]
fn does_what_ssh_may(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let run = story.stage.ssh(host, account, with, &["id", "-un"]).ok();
    assert_eq!(run.stdout.trim(), account);
    story.stage.paramiko(host, account, with, Paramiko::Exec("test -r /etc/passwd")).ok();
    story.stage.ssh(host, account, with, &["sudo", "-n", "true"]).fails();
    reads_the_shop(story, host, account, with);
    writes_the_shop(story, host, account, with);
    forwards_nothing(story, host, account, with);
}

/// Real clients are turned away. Two tries: more would lock this address out of newer servers.
#[track_caller]
pub fn is_refused(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let run = story.stage.sftp(host, account, with, "pwd\n").exits(255);
    assert!(run.stderr.contains("Permission denied"), "{}", run.told());
    story.stage.paramiko(host, account, with, Paramiko::Exec("true")).exits(3);
}

// ---- the job, once on each OpenSSH -------------------------------------------------------------

/// A merchant's server with more on it than what Debian brings: keys, files with ACLs, a crontab.
#[track_caller]
fn furnish(host: &Host) {
    host.sh(r#"
        useradd -m -s /bin/bash colleague
        install -d -m 700 -o colleague -g colleague /home/colleague/.ssh
        ssh-keygen -q -t ed25519 -N '' -f /home/colleague/.ssh/id_ed25519
        cat /home/colleague/.ssh/id_ed25519.pub >>/home/colleague/.ssh/authorized_keys
        echo theirs >/home/colleague/notes
        setfacl -m u:colleague:rw /var/www/shop/composer.json
        mkdir /var/www/shop/shared
        setfacl -m u:colleague:rwx,d:u:colleague:rwx /var/www/shop/shared
        echo '* * * * * true' >/var/spool/cron/colleague-of-ours"#);
}

/// How the merchant becomes root on a server.
#[derive(Clone, Copy)]
enum Login {
    Root,
    Sudo,
}

/// The whole job with the supporter's own key, on a server of its own: the proof by a refused login
/// is rationed by server.
#[track_caller]
fn a_grant_works_and_ends(suite: &str, login: Login, access: &str, does: Use) {
    let story = Story::new();
    let host = match login {
        Login::Root => story.stage.light(suite).shop().start(),
        Login::Sudo => story.stage.light(suite).deploy(Sudo::NoPassword).shop().start(),
    };
    furnish(&host);
    match login {
        Login::Root => story.target("staging", &host, "root", &[]),
        Login::Sudo => story.target("staging", &host, "deploy", &["--become", "sudo"]),
    }
    let _row = Row::new(&host, "", "linux-account");
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let before = merchants_own(&host);
    let mut watch = story.stage.watch_proc();
    let granted = story.granted_key("staging", &key, &["--access", access]);
    assert!(granted.account.starts_with("sp-msp4711-jane-"), "{granted:?}");
    does(&story, &host, &granted.account, with);

    let list = story.run(["list"]).ok();
    assert!(list.stdout.contains(&granted.id) && list.stdout.contains("Jane Doe"));
    let shown = story.run(["show", &granted.id]).ok();
    assert!(shown.stdout.contains("the supporter's key was accepted"), "{}", shown.told());
    assert_eq!(story.show(&granted.id[..4])["grant"]["access"], access);

    let told = story.revoked(&granted.id);
    assert!(told.contains(r#""login-refused""#), "{told}");
    let secret = std::fs::read_to_string(&story.stage.admin.private).unwrap();
    story.kept_secret(&shapes_of_private_key(&secret), &[&host], &mut watch);
    is_refused(&story, &host, &granted.account, with);
    nothing_is_left(&host, &granted.id);
    host.sh(&format!("! getent passwd {0} && ! test -e /home/{0}", granted.account));
    same_text(&before, &merchants_own(&host));
    assert_eq!(story.state(&granted.id), "closed");
    assert!(!story.run(["list"]).ok().stdout.contains(&granted.id));
    story.run(["revoke", &granted.id]).ok();
    story.run(["case", "close", CASE]).ok();
    story.run(["ledger", "verify"]).ok();
}

/// Two long texts are the same, or the lines that differ are shown.
#[track_caller]
pub fn same_text(before: &str, after: &str) {
    // What is lost and new takes longer to find out than the rest of a test.
    if before == after {
        return;
    }
    let lost: Vec<_> = before.lines().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    panic!("lost {lost:#?}\nnew {new:#?}");
}

#[test]
fn sftp_on_bookworm_by_root_works_and_ends() {
    a_grant_works_and_ends("bookworm", Login::Root, "sftp", does_what_sftp_may);
}

#[test]
fn reading_on_bookworm_by_root_works_and_ends() {
    a_grant_works_and_ends("bookworm", Login::Root, "sftp-read-only", does_what_reading_may);
}

#[test]
fn ssh_on_bookworm_by_sudo_works_and_ends() {
    a_grant_works_and_ends("bookworm", Login::Sudo, "ssh", does_what_ssh_may);
}

#[test]
fn sftp_on_bullseye_by_sudo_works_and_ends() {
    a_grant_works_and_ends("bullseye", Login::Sudo, "sftp", does_what_sftp_may);
}

#[test]
fn reading_on_bullseye_by_root_works_and_ends() {
    a_grant_works_and_ends("bullseye", Login::Root, "sftp-read-only", does_what_reading_may);
}

#[test]
fn ssh_on_bullseye_by_sudo_works_and_ends() {
    a_grant_works_and_ends("bullseye", Login::Sudo, "ssh", does_what_ssh_may);
}

#[test]
fn sftp_on_trixie_by_sudo_works_and_ends() {
    a_grant_works_and_ends("trixie", Login::Sudo, "sftp", does_what_sftp_may);
}

#[test]
fn reading_on_trixie_by_sudo_works_and_ends() {
    a_grant_works_and_ends("trixie", Login::Sudo, "sftp-read-only", does_what_reading_may);
}

#[test]
fn ssh_on_trixie_by_root_works_and_ends() {
    a_grant_works_and_ends("trixie", Login::Root, "ssh", does_what_ssh_may);
}

// ---- credentials that the program makes --------------------------------------------------------

/// Everything on both sides that a refused command must leave alone.
#[track_caller]
pub fn everything(story: &Story, host: &Host) -> String {
    let folder = |path: &Path| {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
        // Whoever reads an SQLite file makes these two beside it.
        names.retain(|name| !name.ends_with("-shm") && !name.ends_with("-wal"));
        names.sort();
        format!("{}: {names:?}\n", path.display())
    };
    let files = [story.stage.state(), story.stage.config(), story.stage.path().join("tmp")];
    let files = files.iter().map(|path| folder(path));
    let made = host.sh("ls -A /tmp /var/tmp; find /var/lib/stagepass -printf '%p %m\\n' 2>&1 || :");
    format!("{}{made}{}{}", merchants_own(host), files.collect::<String>(), story.ledger())
}

/// The command exits with this code, and nothing has happened on either side.
#[track_caller]
pub fn nothing_happens(story: &Story, host: &Host, code: i32, run: impl FnOnce() -> Run) -> Ended {
    let before = everything(story, host);
    let ended = story.heard(run()).exits(code);
    same_text(&before, &everything(story, host));
    ended
}

fn mode_of(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// The password that stands alone on the line behind its announcement.
#[track_caller]
fn shown_password(screen: &str) -> String {
    let mut lines = screen.lines().map(str::trim);
    let announced = |line: &str| line.contains("password of ") && line.contains("shown this once");
    lines.find(|line| announced(line)).unwrap_or_else(|| panic!("none announced: {screen:?}"));
    lines.next().unwrap().to_owned()
}

#[track_caller]
fn is_strong(password: &str) {
    assert!(password.len() >= 24 && password.is_ascii(), "{password}");
    for class in [char::is_uppercase as fn(char) -> bool, char::is_lowercase, char::is_numeric] {
        assert!(password.contains(class), "{password}");
    }
    assert!(password.contains(|c: char| !c.is_alphanumeric()), "{password}");
    assert!(
        !password.contains(|c: char| c.is_whitespace() || "'\"\\\\$`:<>&".contains(c)),
        "{password}"
    );
}

#[test]
fn a_password_is_shown_once_on_the_terminal_of_a_merchant_who_types_the_one_for_sudo() {
    let story = Story::new();
    let sudo = "Sudo-7-correct-horse!";
    let host = story.stage.light(SUITE).deploy(Sudo::Password).deploy_password(sudo).shop().start();
    furnish(&host);
    story.target("staging", &host, "deploy", &["--become", "sudo-password"]);
    let _row = Row::new(&host, "sudo with a password", "linux-account");
    let before = merchants_own(&host);
    let mut watch = story.stage.watch_proc();
    let typed = format!("{sudo}\n");
    let answers = [("sudo password of deploy on staging:", typed.as_str())];
    let agreed = [answers[0], ("Let Jane Doe in? [y/N]", "y\n")];
    let more = ["--password", "--accept-weak-expiry", "--access", "ssh"];
    let words = Story::grant_words("staging", &[&ANY_PORT[..], &more].concat());
    let screen = story.stage.command(words).run_tty(&agreed).ok().stdout;
    let password = shown_password(&screen);
    is_strong(&password);
    assert_eq!(screen.matches(&password).count(), 1, "{screen}");
    assert!(!screen.contains(sudo), "{screen}");
    let listed = story.run(["list", "--json"]).ok().json()["result"]["grants"][0].clone();
    let account = listed["layers"][0]["account"].as_str().unwrap();
    let id = listed["id"].as_str().unwrap();

    let with = Credential::Password(&password);
    let run = story.stage.ssh(&host, account, with, &["id", "-un"]).ok();
    assert_eq!(run.stdout.trim(), account);
    writes_the_shop(&story, &host, account, with);
    // Without the password for sudo nothing is closed, and nothing is said to be.
    let run = story.run(["revoke", id]).exits(6);
    assert!(run.output().contains("sudo"), "{}", run.told());
    assert_eq!(story.state(id), "closing");
    let screen = story.stage.command(["revoke", id]).run_tty(&answers).ok().stdout;
    assert!(screen.contains("the password was never kept") && !screen.contains(sudo), "{screen}");
    is_refused(&story, &host, account, with);
    nothing_is_left(&host, id);
    same_text(&before, &merchants_own(&host));
    story.kept_secret(&[password.into(), sudo.into()], &[&host], &mut watch);
}

/// A server that takes down what sudo hears learns no password by it.
#[test]
fn a_password_is_in_no_record_of_what_sudo_heard() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    host.sh("echo 'Defaults log_input, log_output' >/etc/sudoers.d/50-log; chmod 440 /etc/sudoers.d/50-log");
    story.target("staging", &host, "deploy", &["--become", "sudo"]);
    let file = story.stage.supporter_path().join("of-jane");
    let granted = story.granted("staging", &["--password", "--output", file.to_str().unwrap()]);
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let with = Credential::Password(&password);
    reads_the_shop(&story, &host, &granted.account, with);
    let heard = host
        .sh("find /var/log/sudo-io -type f | while read -r f; do zcat -f <$f; done | base64 -w0");
    let heard = data_encoding::BASE64.decode(heard.trim().as_bytes()).unwrap();
    assert!(crate::stage::contains(&heard, b"$6$rounds="), "sudo took down nothing that was sent");
    assert!(
        !crate::stage::contains(&heard, password.as_bytes()),
        "the password is in sudo's record"
    );
    story.revoked(&granted.id);
    is_refused(&story, &host, &granted.account, with);
}

/// A password written to a file is used by OpenSSH and by paramiko, and ends.
#[track_caller]
fn a_password_works_and_ends(suite: &str) {
    let story = Story::new();
    let host = story.stage.light(suite).shop().start();
    furnish(&host);
    story.target("staging", &host, "root", &[]);
    let _row = Row::new(&host, "a password", "linux-account");
    let before = merchants_own(&host);
    let mut watch = story.stage.watch_proc();
    let file = story.stage.supporter_path().join("of-jane");
    let more = ["--password", "--output", file.to_str().unwrap()];
    // The gate holds a password to its deadline, too.
    let plan = story.grant("staging", &[&more[..], &["--dry-run"]].concat()).ok().json();
    let layer = plan["result"]["plan"]["promise"]["credentials"][0].clone();
    assert_eq!(layer["enforced_by"], json!(["gate", "failsafe (cron)"]), "{layer}");
    assert_eq!(layer["missing"], json!([]));
    let granted = story.granted("staging", &more);
    assert_eq!(mode_of(&file), 0o600);
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    is_strong(&password);
    let with = Credential::Password(&password);
    reads_the_shop(&story, &host, &granted.account, with);
    writes_the_shop(&story, &host, &granted.account, with);
    has_no_shell(&story, &host, &granted.account, with);
    story.revoked(&granted.id);
    is_refused(&story, &host, &granted.account, with);
    nothing_is_left(&host, &granted.id);
    same_text(&before, &merchants_own(&host));
    story.kept_secret(&[password.into()], &[&host], &mut watch);
}

#[test]
fn a_password_works_and_ends_on_bookworm() {
    a_password_works_and_ends("bookworm");
}

#[test]
fn a_password_works_and_ends_on_bullseye() {
    a_password_works_and_ends("bullseye");
}

#[test]
fn a_password_works_and_ends_on_trixie() {
    a_password_works_and_ends("trixie");
}

#[test]
fn a_key_pair_is_written_to_a_new_file_of_mode_0600_and_nowhere_else() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let mut watch = story.stage.watch_proc();
    let file = story.stage.supporter_path().join("of-jane");
    let path = file.to_str().unwrap();

    std::fs::write(&file, "something of the merchant's").unwrap();
    let more = ["--generate-key", "--output", path];
    nothing_happens(&story, &host, 2, || story.grant("staging", &more));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "something of the merchant's");
    std::fs::remove_file(&file).unwrap();
    // Standard output is no terminal here, and nobody said that it may be shown all the same.
    let run = nothing_happens(&story, &host, 2, || story.grant("staging", &["--generate-key"]));
    assert!(run.output().contains("--output"), "{}", run.told());
    let nowhere = ["--generate-key", "--output", "/proc/of-jane"];
    nothing_happens(&story, &host, 2, || story.grant("staging", &nowhere));

    let granted = story.granted("staging", &more);
    assert_eq!(mode_of(&file), 0o600);
    let shapes = shapes_of_private_key(&std::fs::read_to_string(&file).unwrap());
    does_what_sftp_may(&story, &host, &granted.account, Credential::Key(&file));
    story.revoked(&granted.id);
    is_refused(&story, &host, &granted.account, Credential::Key(&file));
    nothing_is_left(&host, &granted.id);
    story.kept_secret(&shapes, &[&host], &mut watch);
}

#[test]
fn a_key_pair_is_printed_only_where_that_was_asked_for() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let mut watch = story.stage.watch_proc();
    // One document or a credential: standard output carries one of them.
    nothing_happens(&story, &host, 2, || story.grant("staging", &["--generate-key", "--reveal"]));
    let words =
        Story::grant_words("staging", &[&ANY_PORT[..], &["--generate-key", "--reveal"]].concat());
    let printed = story.stage.run(words).ok();
    let begin = printed.stdout.find("-----BEGIN").expect("a private key is printed");
    let end = printed.stdout.find("-----END OPENSSH PRIVATE KEY-----").unwrap();
    let text = format!("{}-----END OPENSSH PRIVATE KEY-----\n", &printed.stdout[begin..end]);
    let shapes = shapes_of_private_key(&text);
    assert!(!crate::stage::contains(printed.stderr.as_bytes(), &shapes[0]));
    let file = story.stage.supporter_path().join("of-jane");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let listed = story.run(["list", "--json"]).ok().json()["result"]["grants"][0].clone();
    let account = listed["layers"][0]["account"].as_str().unwrap();
    reads_the_shop(&story, &host, account, Credential::Key(&file));
    story.revoked(listed["id"].as_str().unwrap());
    story.kept_secret(&shapes, &[&host], &mut watch);
}

#[test]
fn a_public_key_is_read_from_standard_input_and_a_bad_one_makes_nothing() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let words = Story::grant_words("staging", &[&["--json", "--key", "-"], &ANY_PORT[..]].concat());
    let give = |text: &str| story.stage.command(words.clone()).stdin(text).run();
    let private = std::fs::read_to_string(&key.private).unwrap();
    let two = format!("{0}\n{0}\n", key.line());
    let with_options = format!("command=\"true\" {}", key.line());
    let weak = story.stage.key("rsa:1024").line();
    let huge = "A".repeat(10 << 20);
    for bad in [&private, &two, &with_options, &weak, "", "ssh-ed25519", &huge] {
        let run = nothing_happens(&story, &host, 2, || give(bad));
        assert!(run.output().len() < 4096, "{}", run.told());
        for shape in shapes_of_private_key(&private) {
            assert!(!crate::stage::contains(run.output().as_bytes(), &shape), "{}", run.told());
        }
    }
    let granted = Granted::of(&give(&key.line()).ok());
    reads_the_shop(&story, &host, &granted.account, Credential::Key(&key.private));
    story.revoked(&granted.id);
}

/// The ids of the rules that a refusal names, in its order.
#[track_caller]
pub fn broken(run: &Ended) -> Vec<String> {
    let whole = run.json();
    let broken = whole["error"]["broken"].as_array().unwrap();
    broken.iter().map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
}
