//! Failures of systems that do parts of this job, each with the test that shows that we do not
//! repeat it. A test is named after the issue in which the failure was described; those that fit a
//! story told elsewhere stand there under such a name. docs/testing.md has the whole list.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use stagepass::testing::grant::{Access, Grant, Layer, NewGrant, State, Supporter};
use stagepass::testing::ledger::{Event, Lease, Ledger, Location, Mode, seal_of_grant};

use crate::host::{Host, SUITE, Sudo};
use crate::job::{
    ANY_PORT, CASE, Granted, Story, expiry_time, merchants_own, nothing_is_left, now, same_text,
};
use crate::stage::{Credential, Key, Stage};

fn refused(story: &Story, host: &Host, account: &str, key: &Key) {
    let run = story.stage.sftp(host, account, Credential::Key(&key.private), "pwd\n").exits(255);
    assert!(run.stderr.contains("Permission denied"), "{}", run.told());
}

fn gets_in(story: &Story, host: &Host, account: &str, key: &Key) {
    story.stage.sftp(host, account, Credential::Key(&key.private), "pwd\n").ok();
}

/// A server on which stagepass is root, a target that is it, and a supporter's key.
fn a_server(story: &Story) -> (Host, Key) {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    (host, story.stage.supporter_key())
}

/// The ledger of a stage, for what only a test does to it.
fn with_ledger<T>(stage: &Stage, work: impl AsyncFnOnce(&Ledger) -> T) -> T {
    let place = Location::File(stage.state().join("ledger.sqlite3"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&place, Mode::ReadWrite).await.unwrap();
        let done = work(&ledger).await;
        ledger.close().await;
        done
    })
}

// ---- many at once ------------------------------------------------------------------------------

const MANY: u32 = 50_000;

/// Open grants on `down`, a target that nobody reaches, whose time is over. What is returned keeps
/// the ledger in memory: how fast this machine's disk is does not matter here.
#[must_use]
fn all_due(story: &Story) -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let state = story.stage.state();
    for entry in std::fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, memory.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::remove_dir_all(&state).unwrap();
    std::os::unix::fs::symlink(memory.path(), &state).unwrap();
    let targets = "[target.down]\naddress = \"ssh://root@127.0.0.1:1\"\n\
                   host_key = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"\n\
                   environment = \"staging\"\n";
    std::fs::write(story.stage.config().join("targets.toml"), targets).unwrap();
    let grant = due_grant();
    let made = with_ledger(&story.stage, async |ledger| {
        let at = grant.created_at;
        let event = |verb| Event::new(at, "test", verb, json!({}));
        let lease = Lease::mine(at, 60);
        let mut grant = ledger.begin(&grant, &lease, &event("grant.opening")).await.unwrap();
        grant.move_to(State::Open);
        (grant.opened_at, grant.lease_owner, grant.lease_until) = (Some(at), None, None);
        ledger.record(&grant, &event("grant.open")).await.unwrap()
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(multiply(&story.stage.state().join("ledger.sqlite3"), &made));
    memory
}

/// Writes the same grant down again and again under other ids. One by one it would take an hour.
async fn multiply(path: &Path, grant: &Grant) {
    let id = grant.id.as_str();
    let mut database = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let ids = "create temp table more as with recursive n(n) as \
               (select 1 union all select n + 1 from n where n < $1 - 1) \
               select printf('%06d%s', n, substr($2, 1, 4)) as new_id from n";
    sqlx::query(ids).bind(MANY).bind(id).execute(&mut database).await.unwrap();
    for (table, key) in [("grants", "id"), ("layers", "grant_id")] {
        let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info($1)")
            .bind(table)
            .fetch_all(&mut database)
            .await
            .unwrap();
        let values: Vec<&str> =
            columns.iter().map(|name| if name == key { "new_id" } else { name }).collect();
        let sql = format!(
            "insert into {table} ({}) select {} from {table}, more where {key} = '{id}'",
            columns.join(", "),
            values.join(", ")
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    }
    // Each row has an event that left it so.
    let events: Vec<String> = (1..MANY)
        .map(|n| {
            let id = format!("{n:06}{}", id.get(..4).unwrap());
            let hash = seal_of_grant(&Grant { id: id.clone(), ..grant.clone() });
            format!("({}, 0, 'me', 'grant.open', '{id}', '{{}}', '{hash}', 'x')", n + 1_000)
        })
        .collect();
    for page in events.chunks(2_000) {
        let sql = format!(
            "insert into events (seq, at, actor, verb, grant_id, detail, row_hash, hash) values {}",
            page.join(", ")
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut database).await.unwrap();
    }
    let named = "update grants set event_seq = \
                 (select max(seq) from events where grant_id = id)";
    sqlx::query(named).execute(&mut database).await.unwrap();
    sqlx::query("update chain set seq = 100000").execute(&mut database).await.unwrap();
    let tally = "update tally set grants = $1 where state = 'open'";
    sqlx::query(tally).bind(MANY).execute(&mut database).await.unwrap();
}

fn due_grant() -> Grant {
    let at = now() - 7200;
    NewGrant {
        id: "k3v9q2m7xa".into(),
        case: CASE.into(),
        target: "down".into(),
        supporter: Supporter { name: "Jane Doe".into(), company: "MultiSafepay".into() },
        access: Access::Sftp,
        created_at: at,
        deadline: at + 3600,
        deadline_maximum: at + 35 * 86_400,
        terms: "{}".into(),
        layers: vec![Layer {
            provider: "linux-account".into(),
            digest: "0".repeat(64),
            account: "sp-jane".into(),
            public_key: None,
            key_fingerprint: None,
            has_password: false,
            inputs: "{}".into(),
            outputs: "{}".into(),
            ..Layer::default()
        }],
    }
    .grant()
}

/// The most memory that a process has had so far, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn vault_5968_fifty_thousand_due_at_once_take_little_memory_and_leave_room_for_questions() {
    let story = Story::new();
    let _memory = all_due(&story);
    let sweep = story.stage.command(["sweep"]).limit(Duration::from_secs(150)).spawn();
    let mut closing = 0;
    let patience = Instant::now() + Duration::from_secs(140);
    // Whoever asks meanwhile is answered, and sees the sweep at work.
    let mut peaks = Vec::new();
    let looked_at = [100, 700];
    for wanted in looked_at {
        while closing < wanted {
            assert!(Instant::now() < patience, "the sweep does nothing: {closing}");
            thread::sleep(Duration::from_millis(1000));
            let run = story.run(["list", "--json", "--limit", "5"]).exits(8);
            assert!(run.took < Duration::from_secs(10), "{}", run.told());
            let counts = run.json()["result"]["counts"].clone();
            closing = counts["closing"].as_u64().unwrap();
            assert_eq!(counts["open"].as_u64().unwrap() + closing, u64::from(MANY), "{counts}");
        }
        peaks.push(peak(sweep.pid()));
    }
    // What the others would cost by what some hundreds more did.
    let more = (peaks[1] - peaks[0]) * u64::from(MANY) / (looked_at[1] - looked_at[0]);
    assert!(peaks[1] + more < 64 * 1024, "{peaks:?} KiB, so {} for all", peaks[1] + more);
    assert!(peak(sweep.pid()) < 64 * 1024, "{} KiB", peak(sweep.pid()));
    drop(sweep.kill());
    let run = story.run(["show", "000001k3v9"]).ok();
    assert!(run.stdout.contains("cannot reach"), "{}", run.told());
}

// ---- who is at the other end -------------------------------------------------------------------

/// A stretch of wire in front of a server: it can be led to another one, and cut.
struct Wire {
    port: u16,
    to: Arc<AtomicU16>,
    /// How many connections from now on are cut at once.
    cut: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
}

impl Wire {
    fn to(host: &Host) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Arc::new(AtomicU16::new(host.port));
        let (cut, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let wire = Self { port, to: Arc::clone(&to), cut: Arc::clone(&cut), seen: seen.clone() };
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                seen.fetch_add(1, Ordering::SeqCst);
                let is_cut = |left: usize| left.checked_sub(1);
                if cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_cut).is_ok() {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", to.load(Ordering::SeqCst))) else {
                    continue;
                };
                for (mut from, mut into) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far.try_clone().unwrap(), near.try_clone().unwrap()),
                ] {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut into);
                        let _ = into.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        wire
    }

    /// A target at its near end, with the host key of the server that is behind it now.
    fn target(&self, story: &Story, name: &str, host: &Host) {
        let url = format!("ssh://root@127.0.0.1:{}", self.port);
        let identity = story.stage.admin.private.to_str().unwrap();
        let mut words = vec!["target", "add", name, &url, "--environment", "staging"];
        words.extend(["--host-key", &host.fingerprint, "--identity", identity]);
        words.extend(["--path", "/var/www/shop"]);
        story.run(words).ok();
    }
}

#[test]
fn vault_2701_whoever_comes_between_after_the_grant_hears_nothing_and_revokes_nothing() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    // It takes every key of the merchant's, as whoever stands in the middle would.
    let other = story.stage.light(SUITE).sshd_config("LogLevel VERBOSE").shop().start();
    let wire = Wire::to(&host);
    wire.target(&story, "staging", &host);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("staging", &key, &[]);
    wire.to.store(other.port, Ordering::SeqCst);
    let before = merchants_own(&other);
    for (code, words) in [
        (5, vec!["extend", &granted.id, "--for", "20d", "--reason", "more"]),
        (5, vec!["target", "check", "staging"]),
        (7, vec!["revoke", &granted.id]),
        // The next try is in a minute; the sweep of this moment has nothing to do.
        (0, vec!["sweep"]),
    ] {
        let run = story.run(words.clone()).exits(code);
        let told = run.output();
        assert!(told.contains("host key") || words == ["sweep"], "{}", run.told());
    }
    let log = other.log();
    assert!(log.contains("Connection from"), "nobody came: {log}");
    for word in ["Accepted", "Postponed", "Failed", "publickey", "user root"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
    same_text(&before, &merchants_own(&other));
    assert_eq!(story.state(&granted.id), "closing");
    gets_in(&story, &host, &granted.account, &key);

    wire.to.store(host.port, Ordering::SeqCst);
    story.revoked(&granted.id);
    refused(&story, &host, &granted.account, &key);
}

#[test]
fn boxlite_1029_a_login_that_nobody_saw_the_end_of_is_tried_again_and_not_for_ever() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    let wire = Wire::to(&host);
    wire.target(&story, "staging", &host);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    // The one connection that makes access is there; the logins that come next are cut.
    let grant = |cut: usize| {
        let words =
            Story::grant_words("staging", &[&["--json", "--key", public], &ANY_PORT[..]].concat());
        let (from, begun) = (wire.seen.load(Ordering::SeqCst), Instant::now());
        let run = story.stage.command(words).spawn();
        while wire.seen.load(Ordering::SeqCst) == from {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never connected");
            thread::sleep(Duration::from_millis(1));
        }
        wire.cut.store(cut, Ordering::SeqCst);
        story.heard(run.wait())
    };
    let granted = Granted::of(&grant(2).ok());
    gets_in(&story, &host, &granted.account, &key);
    story.revoked(&granted.id);

    let run = grant(usize::MAX).fails();
    assert!(run.took < Duration::from_secs(30), "{}", run.told());
    wire.cut.store(0, Ordering::SeqCst);
    // It may have been taken back at once, or the login that has to be refused was cut off, too: then the
    // sweep closes it at the next try, a minute later. It is never open.
    let begun = Instant::now();
    loop {
        story.run(["sweep"]).ok();
        let listed = story.run(["list", "--json"]).ok().json()["result"]["grants"].clone();
        if listed == json!([]) {
            break;
        }
        assert_eq!(listed[0]["state"], "closing", "{listed}");
        assert!(begun.elapsed() < Duration::from_secs(100), "{listed}");
        thread::sleep(Duration::from_secs(1));
    }
    host.sh("! grep -q ^sp- /etc/passwd");
}

// ---- the files of a server ---------------------------------------------------------------------

/// A server whose account `deploy` the merchant gets into whatever its own key file holds.
fn shared_server(story: &Story) -> Host {
    let host = story
        .stage
        .light(SUITE)
        .deploy(Sudo::None)
        .sshd_config("AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys-%u")
        .start();
    host.sh("cp /home/deploy/.ssh/authorized_keys /etc/ssh/keys-deploy
        chmod 644 /etc/ssh/keys-deploy");
    let identity = story.stage.admin.private.to_str().unwrap();
    let url = host.url("deploy");
    let mut words = vec!["target", "add", "shared", &url, "--environment", "staging"];
    words.extend(["--host-key", &host.fingerprint, "--identity", identity]);
    story.run(words).ok();
    host
}

fn key_files(host: &Host) -> String {
    host.sh("cd /home/deploy; find . -path './.ssh*' -printf '%p %y %m %u:%g %s %l\n' | sort
        find .ssh -type f -exec sha256sum {} + 2>/dev/null | sort || :")
}

#[test]
fn vault_2076_a_key_file_of_any_kind_is_as_it_was_before() {
    let story = Story::new();
    let host = shared_server(&story);
    let key = story.stage.supporter_key();
    let theirs = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    for (name, make) in [
        ("absent", String::new()),
        ("empty", "mkdir .ssh; : >.ssh/authorized_keys".into()),
        ("no final newline", format!("mkdir .ssh; printf '%s' '{theirs}' >.ssh/authorized_keys")),
        ("CRLF", format!("mkdir .ssh; printf '# x\\r\\n{theirs} a\\r\\n' >.ssh/authorized_keys")),
        ("bytes", "mkdir .ssh; printf '# \\377\\376 caf\\351\\n\\n' >.ssh/authorized_keys".into()),
        (
            "a link",
            format!(
                "mkdir -p .ssh/real; echo '{theirs}' >.ssh/real/keys
                ln -s real/keys .ssh/authorized_keys"
            ),
        ),
        (
            "10,000 lines",
            "mkdir .ssh; awk 'BEGIN { for (i = 0; i < 10000; i++) \
             printf \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%043d u%d\\n\", i, i }' \
             >.ssh/authorized_keys"
                .into(),
        ),
    ] {
        host.sh(&format!(
            "cd /home/deploy; rm -rf .ssh; {make}
            test ! -e .ssh || {{ chmod 700 .ssh; chmod 600 .ssh/authorized_keys; }}
            test ! -e .ssh || chown -R deploy: .ssh"
        ));
        let before = key_files(&host);
        let granted = story.granted_key("shared", &key, &[]);
        gets_in(&story, &host, "deploy", &key);
        let ours =
            host.sh(&format!("grep -c 'stagepass:{}$' ~deploy/.ssh/authorized_keys", granted.id));
        assert_eq!(ours.trim(), "1", "{name}");
        story.revoked(&granted.id);
        assert_eq!(key_files(&host), before, "{name}");
        refused(&story, &host, "deploy", &key);
    }
    // What cannot be changed is told, and nothing is.
    host.sh("cd /home/deploy; rm -rf .ssh; mkdir -m 700 .ssh; echo '# mine' >.ssh/authorized_keys
        chmod 400 .ssh/authorized_keys; chown -R deploy: .ssh");
    let before = key_files(&host);
    let public = key.public.to_str().unwrap();
    let run = story.grant("shared", &["--key", public]).fails();
    assert!(run.output().contains("cannot be written"), "{}", run.told());
    assert_eq!(key_files(&host), before);
    // A disk that is full now, and when the grant is to end.
    host.sh("cd /home/deploy; rm -rf .ssh; mkdir .ssh
        mount -t tmpfs -o size=32k,mode=0700,uid=$(id -u deploy) tmpfs .ssh
        for i in $(seq 60); do
            echo \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI$(printf %043d $i) x\"
        done >.ssh/authorized_keys
        chmod 600 .ssh/authorized_keys; chown deploy: .ssh/authorized_keys");
    let fill = "cat /dev/zero >/home/deploy/.ssh/fill 2>/dev/null || :";
    let sum = || host.sh("sha256sum /home/deploy/.ssh/authorized_keys; ls -A /home/deploy/.ssh");
    host.sh(fill);
    let full = sum();
    let run = story.grant("shared", &["--key", public]).fails();
    assert!(run.output().contains("full"), "{}", run.told());
    assert_eq!(sum(), full);
    host.sh("rm /home/deploy/.ssh/fill");
    let before = sum();
    let granted = story.granted_key("shared", &key, &[]);
    host.sh(fill);
    let run = story.run(["revoke", &granted.id]).fails();
    assert!(run.output().contains("full"), "{}", run.told());
    assert_eq!(story.state(&granted.id), "closing");
    host.sh("rm /home/deploy/.ssh/fill");
    story.revoked(&granted.id);
    assert_eq!(sum(), before);
    refused(&story, &host, "deploy", &key);
}

#[test]
fn teleport_34340_the_next_account_of_a_number_has_nothing_of_the_former_one() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    let first = story.granted_key("staging", &key, &["--access", "ssh"]);
    let with = Credential::Key(&key.private);
    let leave = "echo '* * * * * true' | crontab - ; echo true | at now + 1 day 2>/dev/null; \
        mkdir /tmp/of-jane; touch /tmp/of-jane/x /var/tmp/of-jane /dev/shm/of-jane; \
        touch /var/www/shop/of-jane; ln -s /etc/passwd /tmp/of-jane-link";
    let _ = story.stage.ssh(&host, &first.account, with, &[leave]);
    host.sh(&format!(
        "install -o {0} -g mail -m 660 /dev/null /var/mail/{0}; echo mail >/var/mail/{0}",
        first.account
    ));
    let number = |account: &str| host.sh(&format!("id -u {account}")).trim().to_owned();
    let uid = number(&first.account);
    let owned = || {
        host.sh(&format!(
            "find / -xdev -path /proc -prune -o -path /home -prune -o -user {uid} -print | sort
            find /dev/shm /tmp /var/tmp -user {uid} | sort"
        ))
    };
    assert!(owned().lines().count() >= 8, "it left nothing: {}", owned());
    let run = story.run(["revoke", &first.id]).exits(8);
    for told in ["crontabs/", "atjobs/"] {
        let told = format!("elsewhere /var/spool/cron/{told}");
        assert!(run.output().contains(&told), "{told} in {}", run.told());
    }
    assert!(!run.output().contains("elsewhere /var/mail/"), "{}", run.told());
    assert_eq!(story.state(&first.id), "closed");
    nothing_is_left(&host, &first.id);

    // A server that has forgotten how far it had counted.
    host.sh("rm -f /var/lib/stagepass/last-uid");
    let next = story.stage.supporter_key();
    let public = next.public.to_str().unwrap();
    let second = story.granted("staging", &["--key", public, "--access", "ssh"]);
    assert_eq!(number(&second.account), uid, "the number was not used again");
    assert_eq!(owned(), "");
    let seen = story.stage.ssh(
        &host,
        &second.account,
        Credential::Key(&next.private),
        &["crontab -l; atq; test -e /var/mail/$USER && echo mail; id -un"],
    );
    assert_eq!(seen.ok().stdout.trim(), second.account);
    host.sh(&format!("test ! -e /var/mail/{}", first.account));
    story.revoked(&second.id);
}

#[test]
fn teleport_47107_a_home_that_somebody_else_made_is_neither_taken_over_nor_deleted() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    host.sh("useradd -m colleague; echo theirs >/home/colleague/file
        chown -R colleague: /home/colleague");
    // A server on which somebody else makes the homes, as an automounter or a hook does.
    host.sh(r#"mv /usr/sbin/useradd /usr/sbin/useradd.real
        cat >/usr/sbin/useradd <<'SH'
#!/bin/sh
/usr/sbin/useradd.real "$@" || exit
for name; do :; done
mkdir "/home/$name"
echo precious >"/home/$name/file"
chown -R "$name:" "/home/$name"
echo "$name" >>/run/homes
SH
        chmod 755 /usr/sbin/useradd"#);
    let public = key.public.to_str().unwrap();
    let run = story.grant("staging", &["--key", public]).exits(6);
    assert!(
        run.stdout.contains("made the home") || run.stdout.contains("made /home"),
        "{}",
        run.told()
    );
    assert!(run.stdout.contains("taken back"), "{}", run.told());
    let name = host.sh("cat /run/homes").trim().to_owned();
    host.sh(&format!("! getent passwd {name}; ! ls -d /var/lib/stagepass/*/ 2>/dev/null"));
    story.run(["sweep"]).ok();
    let home = format!("/home/{name}");
    assert_eq!(host.sh(&format!("cat {home}/file")), "precious\n");
    assert_eq!(host.sh("cat /home/colleague/file"), "theirs\n");
    assert_eq!(
        host.sh("stat -c %U /home/colleague /home/colleague/file"),
        "colleague\ncolleague\n"
    );
}

#[test]
fn teleport_25434_an_account_that_is_in_use_is_ended_waited_for_and_tried_again() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    // What `userdel` says and how it ends while the account is used, so many times.
    host.sh(r#"mv /usr/sbin/userdel /usr/sbin/userdel.real
        cat >/usr/sbin/userdel <<'SH'
#!/bin/sh
left=$(cat /run/in-use)
if [ "$left" -gt 0 ]; then
    echo $((left - 1)) >/run/in-use
    echo "userdel: user is currently used by process 4711" >&2
    exit 8
fi
exec /usr/sbin/userdel.real "$@"
SH
        chmod 755 /usr/sbin/userdel"#);
    let first = story.granted_key("staging", &key, &["--access", "ssh"]);
    host.sh("echo 2 >/run/in-use");
    story.revoked(&first.id);
    assert_eq!(host.sh("cat /run/in-use"), "0\n");
    nothing_is_left(&host, &first.id);

    let second = story.granted_key("staging", &key, &["--access", "ssh"]);
    host.sh("echo 1000 >/run/in-use");
    let run = story.run(["revoke", &second.id]).fails();
    assert!([6, 7].contains(&run.exit) && run.output().contains("4711"), "{}", run.told());
    assert_eq!(story.state(&second.id), "closing");
    // Nobody gets in meanwhile.
    refused(&story, &host, &second.account, &key);
    // However often: it is said that it is stuck, and by then it is over.
    while story.state(&second.id) != "stuck" {
        story.run(["revoke", &second.id]).fails();
    }
    story.run(["list"]).exits(8);
    host.sh("echo 0 >/run/in-use");
    story.revoked(&second.id);
    host.sh(&format!("! getent passwd {}", second.account));
    nothing_is_left(&host, &second.id);
}

// ---- deadlines ---------------------------------------------------------------------------------

/// The end of a key and the last day of its account, as the server has them.
fn ends(host: &Host, account: &str) -> (String, String) {
    let line = host.sh(&format!("cat /home/{account}/.ssh/authorized_keys"));
    let (_, rest) = line.split_once("expiry-time=\"").expect("the line has an end");
    let day = host.sh(&format!("getent shadow {account} | cut -d: -f8"));
    (rest.split_once('"').unwrap().0.to_owned(), day.trim().to_owned())
}

/// What they are to be for a deadline.
fn wanted(deadline: i64) -> (String, String) {
    (expiry_time(deadline), ((deadline + 86_399) / 86_400).to_string())
}

fn deadline_of(story: &Story, id: &str) -> i64 {
    story.show(id)["grant"]["deadline"].as_i64().unwrap()
}

#[test]
fn ansible_44155_an_end_is_set_set_again_changed_and_cleared_and_read_back_each_time() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    let granted = story.granted_key("staging", &key, &["--for", "2d"]);
    let account = &granted.account;
    assert_eq!(ends(&host, account), wanted(granted.deadline));
    let until = |deadline: i64| {
        let text = chrono::DateTime::from_timestamp(deadline, 0).unwrap().to_rfc3339();
        story.run(["extend", &granted.id, "--until", &text, "--reason", "again"]).ok();
        assert_eq!(deadline_of(&story, &granted.id), deadline);
        assert_eq!(ends(&host, account), wanted(deadline));
        gets_in(&story, &host, account, &key);
    };
    until(granted.deadline + 5 * 86_400);
    until(granted.deadline + 3600);
    // Somebody takes the ends off by hand; setting what it was sets it.
    host.sh(&format!(
        "chage -E -1 {account}; sed -i 's/expiry-time=\"[^\"]*\",*//' ~{account}/.ssh/authorized_keys"
    ));
    until(granted.deadline + 3600 + 60);
    story.revoked(&granted.id);
    refused(&story, &host, account, &key);
    nothing_is_left(&host, &granted.id);
}

#[test]
fn temporary_login_extend_access_that_fails_leaves_the_end_that_was() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    let granted = story.granted_key("staging", &key, &["--for", "2d"]);
    let more = ["extend", &granted.id, "--for", "9d", "--reason", "it takes longer"];
    // The second of two steps fails on the server.
    host.sh("mv /usr/sbin/usermod /usr/sbin/usermod.real
        printf '#!/bin/sh\\nexit 1\\n' >/usr/sbin/usermod; chmod 755 /usr/sbin/usermod");
    story.run(more).fails();
    gets_in(&story, &host, &granted.account, &key);
    assert_eq!(deadline_of(&story, &granted.id), granted.deadline);
    assert_eq!(ends(&host, &granted.account).1, wanted(granted.deadline).1);
    assert_eq!(story.state(&granted.id), "open");
    // The next sweep takes the half that was done back.
    host.sh("mv /usr/sbin/usermod.real /usr/sbin/usermod");
    story.run(["sweep"]).ok();
    assert_eq!(ends(&host, &granted.account), wanted(granted.deadline));
    gets_in(&story, &host, &granted.account, &key);
    // Nobody there.
    host.stop_sshd();
    story.run(more).exits(5);
    host.start_sshd();
    assert_eq!(deadline_of(&story, &granted.id), granted.deadline);
    assert_eq!(ends(&host, &granted.account), wanted(granted.deadline));
    story.run(more).ok();
    assert!(deadline_of(&story, &granted.id) > granted.deadline + 6 * 86_400);
    story.revoked(&granted.id);
}

#[test]
fn infisical_2792_extending_never_touches_a_live_credential() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let file = story.stage.supporter_path().join("of-jane");
    let more = ["--password", "--accept-weak-expiry", "--access", "ssh", "--for", "2d"];
    let more = [&more[..], &["--output", file.to_str().unwrap()]].concat();
    let granted = story.granted("staging", &more);
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let with = Credential::Password(&password);
    let hash = || host.sh(&format!("getent shadow {} | cut -d: -f2,3", granted.account));
    let before = hash();
    thread::scope(|scope| {
        let session = scope.spawn(|| {
            story.stage.ssh(&host, &granted.account, with, &["sleep 3; echo still here"])
        });
        thread::sleep(Duration::from_millis(700));
        for length in ["9d", "3d"] {
            story.run(["extend", &granted.id, "--for", length, "--reason", "it takes longer"]).ok();
            assert_eq!(hash(), before);
        }
        assert_eq!(session.join().unwrap().ok().stdout, "still here\n");
    });
    story.stage.sftp(&host, &granted.account, with, "pwd\n").ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), password);
    story.revoked(&granted.id);
}

// ---- what is told ------------------------------------------------------------------------------

#[test]
fn temporary_login_revoke_access_of_all_ends_with_the_worst_that_happened() {
    let story = Story::new();
    let good = story.stage.light(SUITE).start();
    story.heard(story.stage.add_target("good", &good, "root", &[])).ok();
    let sudo = story.stage.light(SUITE).deploy(Sudo::NoPassword).start();
    story.heard(story.stage.add_target("sudo", &sudo, "deploy", &["--become", "sudo"])).ok();
    let down = story.stage.light(SUITE).start();
    story.heard(story.stage.add_target("down", &down, "root", &[])).ok();
    let key = story.stage.supporter_key();
    let grant = |target: &str| story.granted_key(target, &key, &[]);
    let all = |code: i32, closed: usize, failed: usize| {
        let run = story.run(["revoke", "--all", "--json"]).exits(code);
        let document = run.json();
        let result = if code == 0 { &document["result"] } else { &document["error"]["result"] };
        let result = if result.is_null() { &document["result"] } else { result };
        let count = |name: &str| result[name].as_array().map_or(0, Vec::len);
        assert_eq!((count("closed"), count("failed")), (closed, failed), "{}", run.told());
    };
    // One that says no beside one that is closed.
    let kept = grant("sudo");
    grant("good");
    sudo.sh("mkdir /rules; mv /etc/sudoers.d/* /rules");
    all(6, 1, 1);
    // One that nobody reaches beside both.
    let lost = grant("down");
    grant("good");
    down.stop_sshd();
    all(7, 1, 2);
    // One that is stuck beside them all.
    while story.state(&lost.id) != "stuck" {
        story.run(["revoke", &lost.id]).fails();
    }
    grant("good");
    all(8, 1, 2);
    sudo.sh("mv /rules/* /etc/sudoers.d");
    down.start_sshd();
    all(0, 2, 0);
    all(0, 0, 0);
    refused(&story, &sudo, &kept.account, &key);
    refused(&story, &down, &lost.account, &key);
    assert_eq!(story.state(&kept.id), "closed");
}

#[test]
fn temporary_login_cron_a_server_that_is_off_for_a_day_is_told_all_day_and_closed_when_it_is_back()
{
    let story = Story::new();
    let (host, key) = a_server(&story);
    let granted = story.granted_key("staging", &key, &["--for", "2h"]);
    Story::wait_until_over(story.ends_in(&granted.id, 2));
    host.stop_sshd();
    story.run(["sweep"]).exits(8);
    // By hand it is tried at once: the sixth failure is what a sweep comes to after half an hour.
    for _ in 0..5 {
        story.run(["revoke", &granted.id]).fails();
    }
    assert_eq!(story.state(&granted.id), "stuck");
    // Every minute of that day says so, where cron makes a mail of it, and nothing is dropped.
    for _ in 0..3 {
        let run = story.run(["sweep"]).exits(8);
        assert!(
            run.stderr.contains("stuck") && run.output().contains(&granted.id),
            "{}",
            run.told()
        );
        let run = story.run(["list"]).exits(8);
        assert!(run.stdout.contains("STUCK"), "{}", run.told());
    }
    let attempts = || story.show(&granted.id)["grant"]["attempts"].as_i64().unwrap();
    assert_eq!(attempts(), 6);
    let next = story.show(&granted.id)["grant"]["next_attempt_at"].as_i64().unwrap();
    assert!((now() + 86_000..now() + 86_500).contains(&next), "in {} s", next - now());
    // A day later, and another.
    story.stage.set_clock(86_400 + 60);
    story.run(["sweep"]).exits(8);
    assert_eq!((attempts(), story.state(&granted.id)), (7, "stuck".into()));
    story.stage.set_clock(2 * (86_400 + 120));
    host.start_sshd();
    story.run(["sweep"]).ok();
    assert_eq!(story.state(&granted.id), "closed");
    refused(&story, &host, &granted.account, &key);
    story.run(["ledger", "verify"]).ok();
}

// ---- what opens nothing ------------------------------------------------------------------------

#[test]
fn cve_2026_7567_what_is_no_id_names_no_grant() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    let granted = story.granted_key("staging", &key, &[]);
    let odd = [
        "",
        " ",
        "%",
        "_",
        "*",
        "?",
        "[]",
        "[0]",
        "{}",
        "null",
        "true",
        "0",
        "-1",
        "--",
        "..",
        "' or 1=1 --",
        "\u{202e}",
        "ids[]=x",
        "'%'",
    ];
    let odd = odd.map(str::to_owned).into_iter().chain([
        format!("{}x", granted.id),
        format!("x{}", granted.id),
        format!("{0},{0}", granted.id),
        granted.id.repeat(50),
    ]);
    // A beginning of an id is one, and what no id can hold is passed over.
    let is_beginning = |text: &str| {
        let plain = text.replace(|c: char| !c.is_ascii_alphanumeric(), "");
        !plain.is_empty() && granted.id.starts_with(&plain)
    };
    for id in odd.filter(|id| !is_beginning(id)) {
        for words in [
            vec!["revoke", "--", &id],
            vec!["show", "--", &id],
            vec!["extend", "--for", "20d", "--reason", "more", "--", &id],
            vec!["revoke", "--forget", "--reason", "gone", "--", &id],
        ] {
            let run = story.run(words).fails();
            assert!([2, 4].contains(&run.exit), "{id:?}: {}", run.told());
        }
    }
    assert_eq!(story.state(&granted.id), "open");
    assert_eq!(deadline_of(&story, &granted.id), granted.deadline);
    gets_in(&story, &host, &granted.account, &key);
    story.revoked(&granted.id);
}

#[test]
fn cve_2026_45808_an_id_alone_opens_and_closes_nothing() {
    let story = Story::new();
    let (host, key) = a_server(&story);
    host.sh("useradd -m neighbour");
    let granted = story.granted_key("staging", &key, &["--access", "ssh"]);
    let id = granted.id.as_str();
    // On another computer it is a word without a meaning.
    let other = Stage::new();
    for words in [
        vec!["revoke", id],
        vec!["show", id],
        vec!["extend", id, "--for", "20d", "--reason", "more"],
    ] {
        other.run(words).exits(4);
    }
    // At the server it is neither a name nor a password.
    let stranger = story.stage.supporter_key();
    for (account, with) in [
        (id, Credential::Key(&stranger.private)),
        (id, Credential::Password(id)),
        (granted.account.as_str(), Credential::Password(id)),
        (granted.account.as_str(), Credential::Key(&stranger.private)),
    ] {
        let run = story.stage.ssh(&host, account, with, &["true"]).fails();
        assert!(run.stderr.contains("Permission denied"), "{}", run.told());
    }
    // And whoever is in with it, or beside it, can neither move nor end it.
    let before = ends(&host, &granted.account);
    let try_all = format!(
        "ls -l /var/lib/stagepass/{id}/record; cat /var/lib/stagepass/{id}/record; \
         rm -rf /var/lib/stagepass/{id}; userdel {0}; chage -E -1 {0}; usermod -e '' {0}; \
         echo x >>/home/{0}/.ssh/authorized_keys; mv /home/{0}/.ssh /tmp/; \
         rm -rf /home/{0}/.ssh; :",
        granted.account
    );
    let _ = story.stage.ssh(&host, &granted.account, Credential::Key(&key.private), &[&try_all]);
    host.exec(&["runuser", "-u", "neighbour", "--", "sh", "-c", &try_all]).ok();
    assert_eq!(ends(&host, &granted.account), before);
    host.sh(&format!("test -s /var/lib/stagepass/{id}/record"));
    gets_in(&story, &host, &granted.account, &key);
    story.revoked(id);
}
