//! Every kind of server that a merchant may have: the whole job on each, and nothing left.
//!
//! Each server that was tried leaves a line in `target/reliability/servers.jsonl`, from which
//! `docs/reliability.md` is made.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Host, SUITE, Sudo, suites};
use crate::job::{
    ANY_PORT, CASE, Granted, Story, merchants_own, nothing_happens, nothing_is_left, now, same_text,
};
use crate::stage::{Credential, Ended, Run};

// ---- the list ----------------------------------------------------------------------------------

/// One server under test, with one provider. When it goes, what became of the test is written down.
pub struct Row {
    line: Value,
}

impl Row {
    /// What is special about the server goes into `setting`; nothing for one as Debian ships it.
    pub fn new(host: &Host, setting: &str, provider: &str) -> Self {
        let line = json!({
            "at": now(), "server": server_of(host), "system": system_of(host), "setting": setting,
            "provider": provider,
        });
        Self { line }
    }

    /// How late something ended; of several the latest counts.
    pub fn late(&mut self, seconds: i64) {
        let before = self.line["seconds_late"].as_i64().unwrap_or(0);
        self.line["seconds_late"] = before.max(seconds).into();
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.line["result"] = if thread::panicking() { "failed" } else { "passed" }.into();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/reliability");
        fs::create_dir_all(&folder).unwrap();
        let mut to = fs::File::options();
        let mut to = to.append(true).create(true).open(folder.join("servers.jsonl")).unwrap();
        // One write: other tests append at the same time.
        to.write_all(format!("{}\n", self.line).as_bytes()).unwrap();
    }
}

/// The name and version of what listens, as it greets.
fn server_of(host: &Host) -> String {
    let stream = TcpStream::connect((host.address.as_str(), host.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut greeting = String::new();
    BufReader::new(stream).read_line(&mut greeting).unwrap();
    let id = greeting.trim().trim_start_matches("SSH-2.0-");
    let id = id.split(' ').next().unwrap_or_default();
    match id.split_once('_') {
        Some(("dropbear", version)) => format!("Dropbear {version}"),
        // It does not say its version.
        Some(("mod", "sftp")) => {
            let version = host.sh("proftpd -v");
            let version = version.rsplit(' ').next().unwrap_or_default();
            format!("ProFTPD {} mod_sftp", version.trim())
        }
        Some((name, version)) => format!("{name} {version}"),
        None => id.to_owned(),
    }
}

fn system_of(host: &Host) -> String {
    host.sh(". /etc/os-release; echo \"$NAME ${VERSION_ID:-}\"").trim().to_owned()
}

// ---- the job, once on each ---------------------------------------------------------------------

/// How a grant is made on a server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Provider {
    /// By root, who makes an account.
    Account,
    /// In the account `deploy`.
    KeyLine,
}

impl Provider {
    const BOTH: [Self; 2] = [Self::Account, Self::KeyLine];

    fn name(self) -> &'static str {
        match self {
            Self::Account => "linux-account",
            Self::KeyLine => "authorized-key",
        }
    }

    fn login(self) -> &'static str {
        match self {
            Self::Account => "root",
            Self::KeyLine => "deploy",
        }
    }
}

/// What a server is made of when it is nothing special otherwise.
fn ordinary(story: &Story, suite: &str) -> crate::host::Builder {
    story.stage.light(suite).deploy(Sudo::None).shop()
}

/// Grant, login, use, revoke, refused, nothing left: for each kind of access.
#[track_caller]
fn does_the_job(story: &Story, host: &Host, setting: &str, provider: Provider, accesses: &[&str]) {
    let _row = Row::new(host, setting, provider.name());
    let target = provider.name();
    story.target(target, host, provider.login(), &[]);
    if provider == Provider::KeyLine {
        host.sh("chown -R deploy: /var/www/shop");
    }
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    let before = merchants_own(host);
    for &access in accesses {
        let granted = story.granted_key(target, &key, &["--access", access]);
        is_of_use(story, host, &granted.account, with, access);
        let told = story.revoked(&granted.id);
        // Whoever is refused too often in too short a time is shut out: the next ones are not tried.
        let first = access == accesses[0] && provider == Provider::Account;
        let proved = told.contains(r#""login-refused""#);
        assert!(proved || !first && told.contains(r#""login-rationed""#), "{told}");
        is_refused(story, host, &granted.account, with);
        nothing_is_left(host, &granted.id);
        same_text(&before, &merchants_own(host));
    }
    story.run(["ledger", "verify"]).ok();
}

/// The supporter's own clients get as far as was granted, and no further.
#[track_caller]
fn is_of_use(story: &Story, host: &Host, account: &str, with: Credential<'_>, access: &str) {
    let (stage, file) = (&story.stage, "/var/www/shop/of-jane.txt");
    let known = stage.known_hosts(host);
    let put = format!("put {} {file}\n", known.display());
    if access == "ssh" {
        let run = stage.ssh(host, account, with, &["/usr/bin/id", "-un"]).ok();
        // Behind whatever the account's profile says.
        assert!(run.stdout.ends_with(&format!("{account}\n")), "{}", run.told());
    } else {
        stage.sftp(host, account, with, "get /var/www/shop/composer.json\n").ok();
        let run = stage.ssh(host, account, with, &["/usr/bin/id", "-un"]);
        assert!(!run.stdout.contains(account), "{}", run.told());
    }
    if access == "sftp" {
        stage.sftp(host, account, with, &put).ok();
        host.sh(&format!("test -s {file}"));
        stage.sftp(host, account, with, &format!("rm {file}\n")).ok();
    }
}

/// One try, so that servers which count them can be asked more often.
#[track_caller]
fn is_refused(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let run = story.stage.ssh(host, account, with, &["true"]).exits(255);
    assert!(run.stderr.contains("Permission denied"), "{}", run.told());
}

// ---- other servers than OpenSSH ----------------------------------------------------------------

#[track_caller]
fn dropbear(suite: &str, openssh_too: bool) {
    let story = Story::new();
    let host = ordinary(&story, suite).server("dropbear").start();
    let setting = if openssh_too {
        "an OpenSSH that does not run is installed"
    } else {
        // Its SFTP server comes in a package of its own.
        host.sh("rm /usr/sbin/sshd");
        ""
    };
    for provider in Provider::BOTH {
        does_the_job(&story, &host, setting, provider, &["sftp", "ssh"]);
    }
}

#[test]
fn dropbear_of_bullseye() {
    dropbear("bullseye", false);
}

#[test]
fn dropbear_of_bookworm() {
    dropbear("bookworm", true);
}

#[test]
fn dropbear_of_trixie() {
    dropbear("trixie", false);
}

#[test]
fn a_server_that_runs_no_commands_is_refused_in_words() {
    for suite in suites() {
        let story = Story::new();
        let host = story.stage.light(suite).deploy(Sudo::None).shop().server("proftpd").start();
        host.sh("install -d -o deploy -g deploy /home/deploy/.sftp
            ssh-keygen -e -f /home/deploy/.ssh/authorized_keys >/home/deploy/.sftp/authorized_keys
            chown deploy /home/deploy/.sftp/authorized_keys");
        let _row = Row::new(&host, "as the target: refused, it runs no commands", "any");
        story.target("staging", &host, "deploy", &[]);
        // The merchant's own login is good: it is the server that does not do it.
        let admin = Credential::Key(&story.stage.admin.private);
        story.stage.sftp(&host, "deploy", admin, "pwd\n").ok();
        let key = story.stage.supporter_key();
        let public = key.public.to_str().unwrap();
        let grant = || story.grant("staging", &["--key", public]);
        let run = nothing_happens(&story, &host, 6, grant);
        assert!(run.output().contains("does not run commands"), "{}", run.told());
        let run = story.run(["target", "check", "staging"]).exits(6);
        assert!(run.output().contains("does not run commands"), "{}", run.told());
    }
}

/// Whether ProFTPD beside sshd lets in who has this password.
fn proftpd_lets_in(story: &Story, host: &Host, account: &str, password: &str) -> bool {
    let known = story.stage.supporter_path().join("known-proftpd");
    let line = format!("[{}]:{} {}\n", host.address, host.proftpd_port, host.host_key);
    fs::write(&known, line).unwrap();
    let file = story.stage.supporter_path().join("for-proftpd");
    fs::write(&file, password).unwrap();
    let port = host.proftpd_port.to_string();
    let (known, who) =
        (format!("UserKnownHostsFile={}", known.display()), format!("{account}@{}", host.address));
    let words = ["-f", file.to_str().unwrap(), "sftp", "-F", "none", "-o", &known, "-P", &port];
    let more = ["-o", "StrictHostKeyChecking=yes", "-o", "PubkeyAuthentication=no", &who];
    let run = story.stage.program("sshpass", [&words[..], &more].concat()).run();
    assert!(run.exit == 0 || run.stderr.contains("Permission denied"), "{}", run.told());
    run.exit == 0
}

#[test]
fn a_second_sftp_server_takes_no_password_of_ours_or_the_plan_says_so() {
    let story = Story::new();
    let own = "Merchants-9-own-word!";
    let host = ordinary(&story, SUITE).deploy_password(own).with_proftpd().start();
    let _row = Row::new(&host, "ProFTPD mod_sftp beside it, a password", "linux-account");
    story.target("staging", &host, "root", &[]);
    // It is a door: the merchant's own password opens it.
    assert!(proftpd_lets_in(&story, &host, "deploy", own));
    let file = story.stage.supporter_path().join("of-jane");
    for any_shell in [false, true] {
        if any_shell {
            // As where the accounts of customers have no shell.
            host.sh("echo 'RequireValidShell off' >/etc/proftpd/host.d/shell.conf
                pkill -HUP -o -x proftpd; sleep 0.5");
        }
        let more = ["--password", "--output", file.to_str().unwrap()];
        let dry = story.grant("staging", &[&more[..], &["--dry-run"]].concat()).ok();
        assert!(dry.output().contains("would also open proftpd"), "{}", dry.told());
        let granted = story.granted("staging", &more);
        let password = fs::read_to_string(&file).unwrap().trim().to_owned();
        let with = Credential::Password(&password);
        story.stage.sftp(&host, &granted.account, with, "ls /var/www/shop\n").ok();
        assert_eq!(proftpd_lets_in(&story, &host, &granted.account, &password), any_shell);
        story.revoked(&granted.id);
        assert!(!proftpd_lets_in(&story, &host, &granted.account, &password));
        nothing_is_left(&host, &granted.id);
        fs::remove_file(&file).unwrap();
    }
}

// ---- other settings of sshd --------------------------------------------------------------------

#[test]
fn without_pam() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).sshd_config("UsePAM no").start();
    for provider in Provider::BOTH {
        does_the_job(&story, &host, "UsePAM no", provider, &["sftp", "ssh"]);
    }
}

#[test]
fn without_gzip() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).start();
    // What is sent packed elsewhere is sent as it is.
    host.sh("rm /usr/bin/gzip");
    for provider in Provider::BOTH {
        does_the_job(&story, &host, "no gzip", provider, &["sftp"]);
    }
    // Nor does a shell that `sudo` starts, and that reads its commands from what is sent.
    host.sh("echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy");
    story.target("sudo", &host, "deploy", &["--become", "sudo"]);
    let run = story.run(["target", "check", "sudo"]).ok();
    assert!(run.output().contains("linux-account\n  can be used    yes"), "{}", run.told());
}

#[test]
fn keys_in_another_file() {
    for (files, providers) in [
        ("/etc/ssh/keys/%u .ssh/authorized_keys", &Provider::BOTH[..]),
        ("%h/.keys/ssh .ssh/authorized_keys .ssh/more", &Provider::BOTH[..]),
        // In one that is root's the account cannot put a line.
        ("/etc/ssh/keys/%u", &Provider::BOTH[..1]),
    ] {
        let story = Story::new();
        let setting = format!("AuthorizedKeysFile {files}");
        let host = ordinary(&story, SUITE).sshd_config(&setting).start();
        host.sh("install -d -m 755 /etc/ssh/keys
            cp /root/.ssh/authorized_keys /etc/ssh/keys/root
            cp /home/deploy/.ssh/authorized_keys /etc/ssh/keys/deploy
            chmod 644 /etc/ssh/keys/*");
        for provider in providers {
            does_the_job(&story, &host, &setting, *provider, &["sftp"]);
        }
        if providers.len() == 1 {
            let key = story.stage.supporter_key();
            story.target("deploy", &host, "deploy", &[]);
            let before = merchants_own(&host);
            let public = key.public.to_str().unwrap();
            let run = story.grant("deploy", &["--key", public]).exits(6);
            assert!(run.output().contains("hint"), "{}", run.told());
            same_text(&before, &merchants_own(&host));
        }
    }
}

#[test]
fn one_session_a_connection() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).sshd_config("MaxSessions 1").start();
    for provider in Provider::BOTH {
        does_the_job(&story, &host, "MaxSessions 1", provider, &["ssh"]);
    }
}

#[test]
fn a_banner_that_is_large_and_spoils_the_screen() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).sshd_config("Banner /etc/banner").start();
    // As much as OpenSSH takes: its own limit for such a packet is 256 KiB.
    host.sh(r#"for i in $(seq 1500); do
            printf '\033[2J\033]0;owned\007 \342\200\256 stagepass-end=x authorized use only %s\r\n' "$i"
        done >/etc/banner"#);
    let said = |run: Run| {
        let run = run.ok();
        for bad in ["\u{1b}]", "\u{1b}[2J", "\u{7}", "\u{202e}"] {
            assert!(!run.output().contains(bad), "{}", run.told());
        }
    };
    for provider in Provider::BOTH {
        does_the_job(&story, &host, "a Banner of 100 KB with escapes", provider, &["sftp"]);
        said(story.run(["target", "check", provider.name()]));
    }
}

#[test]
fn a_list_of_groups_that_may_come_in_keeps_new_accounts_out_and_that_is_said() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).sshd_config("AllowGroups root deploy").start();
    story.target("staging", &host, "root", &[]);
    let row = Row::new(&host, "AllowGroups: refused, and taken back", "linux-account");
    let key = story.stage.supporter_key();
    let before = merchants_own(&host);
    let run = story.grant("staging", &["--key", key.public.to_str().unwrap()]).exits(6);
    for words in ["AllowGroups", "taken back", "target check"] {
        assert!(run.stdout.contains(words), "{}", run.told());
    }
    same_text(&before, &merchants_own(&host));
    let run = story.run(["target", "check", "staging"]).ok();
    assert!(run.stdout.contains("root deploy"), "{}", run.told());
    drop(row);
    // The account that may come in lends its own door.
    does_the_job(&story, &host, "AllowGroups", Provider::KeyLine, &["ssh"]);
}

#[test]
fn vault_ssh_helper_60_fifty_closes_on_a_server_that_punishes_do_not_lock_the_merchant_out() {
    const COUNT: usize = 50;
    let story = Story::new();
    let host = story
        .stage
        .light("trixie")
        .sshd_config("PerSourcePenalties authfail:5s noauth:1s min:15s max:10m")
        .start();
    let _row = Row::new(&host, "PerSourcePenalties, 50 closes in one sweep", "linux-account");
    story.heard(story.stage.add_target("staging", &host, "root", &[])).ok();
    let key = story.stage.supporter_key();
    let grant = |number: usize| {
        let name = format!("Jane Doe {number}");
        let public = key.public.to_str().unwrap();
        let words = ["grant", "--case", CASE, "--target", "staging", "--supporter", &name];
        let more = ["--key", public, "--for", "2h", "--json"];
        Granted::of(&story.run([&words[..], &more, &ANY_PORT].concat()).ok())
    };
    let granted: Vec<Granted> = thread::scope(|scope| {
        let some = [0, 1, 2].map(|first| {
            scope.spawn(move || (first..COUNT).step_by(3).map(grant).collect::<Vec<_>>())
        });
        some.into_iter().flat_map(|some| some.join().unwrap()).collect()
    });
    assert_eq!(granted.len(), COUNT);
    story.stage.set_clock(3 * 3600);
    let sweep = story.stage.command(["sweep"]).limit(Duration::from_secs(240));
    assert_eq!(story.heard(sweep.run()).ok().output(), "");

    // The same address, at once: no penalty stands.
    let admin = Credential::Key(&story.stage.admin.private);
    story.stage.ssh(&host, "root", admin, &["! grep -q ^sp- /etc/passwd"]).ok();
    assert!(!host.log().contains("penalty"), "{}", host.log());
    let ledger = story.ledger();
    let proofs = |words: &str| {
        let closed = ledger.lines().filter(|line| line.contains("grant.closed"));
        closed.filter(|line| line.contains(words)).count()
    };
    let refused = proofs("tried and refused");
    let left_out = proofs("locks this address out");
    assert!((1..=3).contains(&refused), "{refused}");
    assert_eq!(refused + left_out, COUNT);
    // The ration is the server's, not the sweep's.
    story.stage.set_clock(3 * 3600 + 1);
    let again = grant(COUNT);
    story.run(["revoke", &again.id]).ok();
    story.stage.ssh(&host, "root", admin, &["true"]).ok();
}

// ---- other shells and what they say ------------------------------------------------------------

/// What a shell may print when it should not: words, escapes, and what could be taken for ours.
const NOISE: &str = "echo 'Welcome to the machine of example.com'\necho stagepass-begin=x\n\
    echo stagepass-end=x\nprintf '\\033[2J\\033]0;owned\\007'\n";

/// The merchant's own login. Some shells make folders of their own when they run for the first time.
#[track_caller]
fn comes_in(story: &Story, host: &Host, account: &str) -> Ended {
    let admin = Credential::Key(&story.stage.admin.private);
    story.stage.ssh(host, account, admin, &["true"]).ok()
}

#[track_caller]
fn login_shell(shell: &str, profiles: &[&str]) {
    let story = Story::new();
    let host = ordinary(&story, SUITE).deploy_shell(shell).start();
    host.sh(&format!("usermod --shell {shell} root"));
    for home in ["/root", "/home/deploy"] {
        for profile in profiles {
            let file = format!("{home}/{profile}");
            host.sh(&format!("mkdir -p \"$(dirname {file})\"; cat >{file} <<'X'\n{NOISE}X"));
        }
    }
    host.sh("chown -R deploy: /home/deploy");
    for account in ["root", "deploy"] {
        let run = comes_in(&story, &host, account);
        assert!(run.stdout.contains("Welcome"), "it is not noisy: {}", run.told());
    }
    let setting = format!("login shell {shell}, and it is noisy");
    for provider in Provider::BOTH {
        does_the_job(&story, &host, &setting, provider, &["sftp", "ssh"]);
    }
}

#[test]
fn the_merchants_shell_is_csh() {
    login_shell("/bin/csh", &[".cshrc"]);
}

#[test]
fn the_merchants_shell_is_fish() {
    login_shell("/usr/bin/fish", &[".config/fish/config.fish"]);
}

#[test]
fn the_merchants_shell_is_zsh() {
    login_shell("/bin/zsh", &[".zshenv"]);
}

#[test]
fn the_merchants_shell_is_a_noisy_bash() {
    login_shell("/bin/bash", &[".bashrc", ".profile"]);
}

// ---- what stands in the way is named -------------------------------------------------------------

/// Something that a merchant or a hosting company did to a server, who logs in there, and what the
/// refusal has to say.
struct InTheWay {
    what: &'static str,
    script: &'static str,
    login: &'static str,
    by: &'static [&'static str],
    says: &'static [&'static str],
}

const IN_THE_WAY: [InTheWay; 8] = [
    InTheWay {
        what: ".bashrc starts another program",
        script: "sed -i '1i exec cat' /root/.bashrc",
        login: "root",
        by: &[],
        says: &["runs something else than it was sent", ".bashrc"],
    },
    InTheWay {
        what: ".bashrc starts another shell",
        script: "printf 'exec /bin/dash\n' >/root/.bashrc",
        login: "root",
        by: &[],
        says: &["runs something else than it was sent", ".bashrc"],
    },
    InTheWay {
        what: ".bashrc reads what it is sent",
        script: "printf 'while read -r line; do :; done\n' >/root/.bashrc",
        login: "root",
        by: &[],
        says: &["runs something else than it was sent", ".bashrc"],
    },
    InTheWay {
        what: "/etc/nologin",
        script: "printf 'Back at noon.\n' >/etc/nologin",
        login: "deploy",
        by: &[],
        says: &["/etc/nologin", "Back at noon."],
    },
    InTheWay {
        what: "pam_access",
        script: "echo 'account required pam_access.so' >>/etc/pam.d/sshd
            echo '-:deploy:ALL' >>/etc/security/access.conf",
        login: "deploy",
        by: &[],
        says: &["pam_access"],
    },
    InTheWay {
        what: "sudoers noexec",
        script: "echo 'Defaults noexec' >/etc/sudoers.d/zz-noexec",
        login: "deploy",
        by: &["--become", "sudo"],
        says: &["noexec"],
    },
    InTheWay {
        what: "sudo asks for a terminal",
        script: "echo 'Defaults use_pty, requiretty' >/etc/sudoers.d/zz-tty",
        login: "deploy",
        by: &["--become", "sudo"],
        says: &["tty"],
    },
    InTheWay {
        what: "the login shell lets nobody in",
        script: "usermod -s /usr/sbin/nologin deploy",
        login: "deploy",
        by: &[],
        says: &["not available"],
    },
];

#[test]
fn what_stands_in_the_way_of_a_login_is_named_and_nothing_is_made() {
    for InTheWay { what, script, login, by, says } in IN_THE_WAY {
        let story = Story::new();
        let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
        story.target("staging", &host, login, by);
        host.sh(script);
        let before = merchants_own(&host);
        let key = story.stage.supporter_key();
        let public = key.public.to_str().unwrap();
        let grant = story.grant("staging", &["--key", public]);
        assert!(grant.exit != 0, "{what}: {}", grant.told());
        // For one provider there may still be a way.
        for run in [grant, story.run(["target", "check", "staging"])] {
            for words in says {
                assert!(run.output().contains(words), "{what}: {words}: {}", run.told());
            }
            for bad in ["\u{1b}", "where it should not have"] {
                assert!(!run.output().contains(bad), "{what}: {}", run.told());
            }
        }
        same_text(&before, &merchants_own(&host));
    }
}

#[test]
fn a_server_on_which_no_home_can_be_made_is_named_and_nothing_is_left() {
    let story = Story::new();
    let host = ordinary(&story, SUITE).start();
    story.target("staging", &host, "root", &[]);
    host.sh("mount --bind /home /home; mount -o remount,bind,ro /home");
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let run = story.grant("staging", &["--key", key.public.to_str().unwrap()]);
    assert!(run.exit != 0 && run.output().contains("/home"), "{}", run.told());
    assert!(run.output().contains("read-only"), "{}", run.told());
    same_text(&before, &merchants_own(&host));
}

// ---- deadlines with nobody around --------------------------------------------------------------

/// The most that an end may be late, in seconds.
const LATE: i64 = 60;

/// What the server's own job may take once it has begun, in seconds.
const ROUND: i64 = 30;

/// The clocks of the server and of the merchant are set, so that of an hour only the last seconds
/// really pass: the session that is open ends, nobody comes in any more, and the server closes the
/// grant by itself. The merchant's computer does nothing meanwhile.
#[track_caller]
fn ends_by_itself(story: &Story, host: &Host, setting: &str, provider: Provider) {
    let mut row = Row::new(host, setting, provider.name());
    let set = |time: i64| {
        story.stage.set_clock(time - now());
        host.set_clock(&format!("@{time}"));
    };
    let time = || host.sh("date +%s").trim().parse::<i64>().unwrap();
    set(MINUTE);
    story.begins_now();
    host.sh("chown -R deploy: /var/www/shop");
    story.target("staging", host, provider.login(), &[]);
    let key = story.stage.supporter_key();
    let with = Credential::Key(&key.private);
    comes_in(story, host, provider.login());
    let before = merchants_own(host);
    let one = story.granted_key("staging", &key, &["--access", "ssh", "--for", "1h"]);
    let ended = thread::scope(|scope| {
        let session = scope.spawn(|| {
            let run = story.stage.ssh(host, &one.account, with, &["echo in; sleep 600"]);
            (run, time())
        });
        let runs = || host.exec(&["pgrep", "-fx", "sleep 600"]).exit == 0;
        let patience = Instant::now() + Duration::from_secs(30);
        while !runs() {
            assert!(Instant::now() < patience, "the session never began");
            thread::sleep(Duration::from_millis(100));
        }
        set(one.deadline - 6);
        assert!(runs(), "it was ended early");
        let (run, ended) = session.join().unwrap();
        assert!(run.stdout.ends_with("in\n") && run.exit != 0, "{}", run.told());
        ended
    });
    // The two clocks were not set in the same moment.
    let late = ended - one.deadline;
    assert!((-6..=LATE).contains(&late), "{late} s late");
    row.late(late);
    is_turned_away(story, host, &one.account, with);
    assert_eq!(story.state(&one.id), "open", "the merchant's computer did something");

    // In the next full minute the server looks by itself, if it has not yet.
    let here = || {
        !host.sh(&format!("grep -ls {} /etc/passwd /home/deploy/.ssh/* || :", one.id)).is_empty()
    };
    let minute = (time() + 6).div_euclid(60) * 60 + 60;
    if here() {
        set(minute - 5);
    }
    let patience = Instant::now() + Duration::from_secs(45);
    while here() {
        assert!(Instant::now() < patience, "the server closed nothing by itself");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(time() - minute <= ROUND, "{} s late", time() - minute);
    // The job itself goes last.
    let folder = if provider == Provider::Account {
        "/var/lib/stagepass"
    } else {
        "/home/deploy/.stagepass"
    };
    host.sh(&format!(
        "for i in $(seq 50); do test -e {folder}/{} || exit 0; sleep 0.1; done; exit 1",
        one.id
    ));
    // What its clock says is heard in whole seconds: by the merchant's, the deadline may just be about to come.
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        story.stage.set_clock(time() - now());
        assert_eq!(story.run(["sweep"]).ok().output(), "");
        let state = story.state(&one.id);
        if state == "closed" {
            break;
        }
        assert_eq!(state, "open");
        assert!(Instant::now() < patience, "the sweep never heard of it");
    }
    let shown = story.run(["show", &one.id]).ok();
    assert!(shown.stdout.contains("the server itself"), "{}", shown.told());
    nothing_is_left(host, &one.id);
    same_text(&before, &merchants_own(host));
    story.run(["ledger", "verify"]).ok();
}

/// By sshd, which knows the end of the key, or by the gate, in words. Who comes in while the server
/// closes may be ended together with all that the account runs, or find that the gate is gone already:
/// the next one hears why.
#[track_caller]
fn is_turned_away(story: &Story, host: &Host, account: &str, with: Credential<'_>) {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let run = story.stage.ssh(host, account, with, &["echo", "in"]).fails();
        assert!(!run.stdout.contains("in"), "{}", run.told());
        let words = ["Permission denied", "stagepass: "];
        if words.iter().any(|word| run.stderr.contains(word)) {
            return;
        }
        assert!(Instant::now() < patience, "{}", run.told());
    }
}

/// A full minute, as good as any other.
const MINUTE: i64 = 1_900_000_020;

type Kind = fn(&Story) -> crate::host::Builder;

/// Each kind of server at once, with one provider or both, each on a host of its own: they mostly
/// wait.
#[track_caller]
fn each_ends_by_itself(kinds: &[(&str, &[Provider], Kind)]) {
    thread::scope(|scope| {
        let mut running = Vec::new();
        for (setting, providers, kind) in kinds {
            for provider in *providers {
                let play = move || {
                    let story = Story::new();
                    let host = kind(&story).clock(&format!("@{MINUTE}")).start();
                    ends_by_itself(&story, &host, setting, *provider);
                };
                running.push((setting, provider, scope.spawn(play)));
            }
        }
        for (setting, provider, one) in running {
            assert!(one.join().is_ok(), "{} on `{setting}` failed, see above", provider.name());
        }
    });
}

#[test]
fn every_openssh_closes_by_itself() {
    const CRON: &str = "nobody around at the deadline, cron";
    each_ends_by_itself(&[
        (CRON, &Provider::BOTH, |story| ordinary(story, "bullseye")),
        (CRON, &Provider::BOTH, |story| ordinary(story, "bookworm")),
        (CRON, &Provider::BOTH, |story| ordinary(story, "trixie")),
    ]);
}

#[test]
fn every_dropbear_closes_by_itself() {
    const CRON: &str = "nobody around at the deadline, cron";
    each_ends_by_itself(&[
        (CRON, &Provider::BOTH, |story| ordinary(story, "bullseye").server("dropbear")),
        (CRON, &[Provider::Account], |story| ordinary(story, "bookworm").server("dropbear")),
        (CRON, &[Provider::KeyLine], |story| ordinary(story, "trixie").server("dropbear")),
    ]);
}

#[test]
fn special_servers_close_by_themselves() {
    each_ends_by_itself(&[
        ("UsePAM no, nobody around at the deadline", &[Provider::Account], |story| {
            ordinary(story, SUITE).sshd_config("UsePAM no")
        }),
        ("MaxSessions 1, nobody around at the deadline", &[Provider::Account], |story| {
            ordinary(story, SUITE).sshd_config("MaxSessions 1")
        }),
        ("csh, nobody around at the deadline", &[Provider::KeyLine], |story| {
            ordinary(story, SUITE).deploy_shell("/bin/csh")
        }),
        ("fish, nobody around at the deadline", &[Provider::KeyLine], |story| {
            ordinary(story, SUITE).deploy_shell("/usr/bin/fish")
        }),
    ]);
}

#[test]
fn a_booted_server_closes_by_itself() {
    const SYSTEMD: &str = "nobody around at the deadline, systemd";
    each_ends_by_itself(&[(SYSTEMD, &Provider::BOTH, |story| {
        story.stage.full(SUITE).deploy(Sudo::None).shop()
    })]);
}
