//! What a close found, what drifted, how a grant was used: told, kept, and told again until
//! somebody has looked.
//!
//! The first half is on real servers as they are. The provider of the second half is the built-in
//! key in a shared account, which besides says what a test tells it to say: what a server may come to
//! say takes long to bring about.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Granted, Story, built_in_script, now};
use crate::stage::{Credential, Key};

/// A grant on a real server, and whose it is.
struct Real {
    story: Story,
    host: Host,
    key: Key,
    granted: Granted,
}

impl Real {
    /// On an account of its own, or in the merchant's.
    fn new(own_account: bool, clock: &str, more: &[&str]) -> Self {
        let story = Story::new();
        let host = story.stage.light(SUITE).deploy(Sudo::None).shop().clock(clock).start();
        host.sh("chown -R deploy /var/www/shop");
        let login = if own_account { "root" } else { "deploy" };
        story.target("staging", &host, login, &[]);
        let key = story.stage.supporter_key();
        let granted = story.granted_key("staging", &key, more);
        Self { story, host, key, granted }
    }

    fn id(&self) -> &str {
        &self.granted.id
    }

    fn with(&self) -> Credential<'_> {
        Credential::Key(&self.key.private)
    }

    /// The supporter puts a file of this name into the shop.
    fn puts(&self, name: &str) {
        let file = self.story.stage.known_hosts(&self.host);
        let batch = format!("put {} /var/www/shop/{name}\n", file.display());
        self.story.stage.sftp(&self.host, &self.granted.account, self.with(), &batch).ok();
    }

    /// What the server keeps of a close until it is told that it may forget it.
    fn kept_results(&self) -> String {
        self.host.sh(
            "ls -d /var/lib/stagepass/result.* /home/deploy/.stagepass/result.* 2>/dev/null || :",
        )
    }
}

#[test]
fn what_a_supporter_did_is_collected_and_what_was_left_is_found() {
    for own_account in [true, false] {
        let real = Real::new(own_account, "+0", &["--for", "2h"]);
        let story = &real.story;
        real.puts("note.txt");
        assert_eq!(story.run(["sweep", "--check"]).ok().output(), "");
        real.puts("shell.php");
        let run = story.run(["sweep", "--check", "--json"]).ok();
        assert_eq!(run.json()["result"]["looked_at"], 1);
        let uses = |story: &Story| story.show(real.id())["story"]["uses"].clone();
        let seen = uses(story);
        let lines: Vec<&str> =
            seen["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let kinds: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "sftp").count(), 2, "{lines:?}");
        assert!(kinds.contains(&"own") && seen["total"] == lines.len(), "{seen:#}");
        assert!(lines.iter().all(|line| line.contains(" 127.0.0.1 ")), "{lines:?}");

        let run = story.run(["revoke", real.id()]).exits(8);
        assert!(run.stdout.contains("FOUND code "), "{}", run.told());
        assert!(run.stdout.contains("shell.php"), "{}", run.told());
        assert!(!run.stdout.contains("FOUND user"), "{}", run.told());
        assert_eq!(real.kept_results(), "");
        assert_eq!(uses(story), seen, "nothing twice");
        let told = story.run(["show", real.id()]).ok();
        for part in ["What was found", "shell.php", "note.txt", "How it was used"] {
            assert!(told.stdout.contains(part), "no `{part}`: {}", told.told());
        }
        let moved = &story.show(real.id())["story"]["moved"];
        assert!(moved["bytes_written"].as_i64().unwrap() > 0, "{moved}");
        story.run(["acknowledge", real.id(), "--reason", "the fix, as agreed"]).ok();
        assert_eq!(story.run(["sweep"]).ok().output(), "");
        story.run(["ledger", "verify"]).ok();
    }
}

#[test]
fn what_could_not_be_compared_is_found_and_never_called_nothing() {
    for own_account in [true, false] {
        let real = Real::new(own_account, "+0", &["--for", "2h"]);
        let story = &real.story;
        // Nobody lists a tree without an end: a program at its bottom would be well hidden.
        real.host.sh(
            "cd /var/www/shop && for i in $(seq 120); do mkdir pit && cd pit; done && echo x >a.jpg \
             && chown -R deploy /var/www/shop/pit",
        );
        let run = story.run(["revoke", real.id()]).exits(8);
        let found = "FOUND uncompared not everything was compared: in the shop folder there are more \
                     than 100 folders in one another, the first in pit";
        assert!(run.stdout.contains(found), "{}", run.told());
        assert!(run.stdout.contains("; one finding"), "{}", run.told());
        assert!(!run.stdout.contains("nothing is left"), "{}", run.told());
        assert_eq!(story.run(["sweep"]).exits(8).stdout, "");
        story.run(["acknowledge", real.id(), "--reason", "looked at by hand"]).ok();
        assert_eq!(story.run(["sweep"]).ok().output(), "");
    }
}

#[test]
fn another_grant_on_the_same_server_is_no_finding() {
    for own_account in [true, false] {
        let first = Real::new(own_account, "+0", &["--for", "2h"]);
        let story = &first.story;
        let more = ["--for", "2h", "--supporter", "John Roe", "--key"];
        let key = story.stage.supporter_key();
        let public = key.public.to_str().unwrap();
        let mut words = vec!["grant", "--json", "--case", crate::job::CASE, "--target", "staging"];
        words.extend(crate::job::ANY_PORT);
        words.extend(more);
        words.push(public);
        let second = Granted::of(&story.run(words).ok());
        story.run(["revoke", first.id()]).ok();
        story.run(["revoke", &second.id]).ok();
    }
}

/// An account of its own and a key in a shared account: neither's records on the server know the
/// other.
#[test]
fn another_kind_of_access_on_the_same_server_is_no_finding() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh("install -d -o deploy /srv/other; echo '<?php' >/srv/other/index.php");
    story.target("own", &host, "root", &[]);
    story.stage.add_target("lent", &host, "deploy", &["--path", "/srv/other"]).ok();
    let key = story.stage.supporter_key();
    let grant = |target: &str| story.granted_key(target, &key, &["--for", "2h"]);
    for order in [["own", "lent"], ["lent", "own"]] {
        for ends in [[0, 1], [1, 0]] {
            let granted = order.map(grant);
            for number in ends {
                story.run(["revoke", &granted[number].id]).ok();
                let told = &story.show(&granted[number].id)["story"];
                assert_eq!(told["difference"], "done", "{told:#}");
                assert_eq!(told["found"]["total"], 0, "{told:#}");
            }
        }
    }
    // What somebody else puts there with the mark of the other is found all the same.
    let [own, lent] = ["own", "lent"].map(grant);
    let other = story.stage.supporter_key();
    let public = fs::read_to_string(&other.public).unwrap();
    let blob: Vec<&str> = public.split_whitespace().take(2).collect();
    host.sh(&format!(
        "echo '{} stagepass:{}' >>/home/deploy/.ssh/authorized_keys",
        blob.join(" "),
        lent.id
    ));
    let run = story.run(["revoke", &own.id]).exits(8);
    assert!(run.stdout.contains("FOUND key new login key for deploy"), "{}", run.told());
    assert!(run.stdout.contains("; one finding"), "{}", run.told());
    assert!(run.stdout.contains("what stagepass made for other grants"), "{}", run.told());
}

#[test]
fn what_the_failsafe_closed_in_an_account_of_its_own_is_told_by_our_clock() {
    the_failsafe_closes(true, "-7200");
}

#[test]
fn what_the_failsafe_closed_in_a_shared_account_is_told_by_our_clock() {
    the_failsafe_closes(false, "+3600");
}

fn the_failsafe_closes(own_account: bool, clock: &str) {
    let real = Real::new(own_account, clock, &["--for", "30s"]);
    let story = &real.story;
    real.puts("note.txt");
    let patience = Instant::now() + Duration::from_secs(150);
    while real.kept_results().is_empty() {
        assert!(Instant::now() < patience, "the server never closed it");
        std::thread::sleep(Duration::from_millis(500));
    }
    // Some time later the merchant's computer is on again: longer than the 3 seconds below, for the server's clock is
    // read to the second, and on a busy machine to two.
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    let shown = story.show(real.id());
    let closed_at = shown["grant"]["closed_at"].as_i64().unwrap();
    let late = closed_at - real.granted.deadline;
    assert!((0..=70).contains(&late), "{late} s late: {shown:#}");
    assert!(now() - closed_at >= 3, "{shown:#}");
    assert_eq!(shown["story"]["by_server"], closed_at);
    let uses = shown["story"]["uses"]["lines"].as_array().unwrap();
    let of_others = |line: &&serde_json::Value| !line.to_string().contains(" own ");
    assert_eq!(uses.iter().filter(of_others).count(), 1, "{shown:#}");
    assert_eq!(shown["story"]["changed"]["total"], 1, "{shown:#}");
    let run = story.run(["show", real.id()]).ok();
    assert!(run.stdout.contains("closed by the server at 20"), "{}", run.told());
    assert_eq!(real.kept_results(), "");
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_is_taken_away_on_the_server_is_noticed() {
    for own_account in [true, false] {
        let real = Real::new(own_account, "+0", &["--for", "2h"]);
        let story = &real.story;
        assert_eq!(story.run(["sweep", "--check"]).ok().output(), "");
        let drift = |code: i32| {
            let run = story.run(["sweep", "--check"]).exits(code);
            run.stderr
        };
        let folder = if own_account { "/var/lib/stagepass" } else { "/home/deploy/.stagepass" };
        let folder = format!("{folder}/{}", real.id());
        real.host.sh(&format!("mv {folder}/gate /root/gate"));
        assert!(drift(8).contains("the gate is not there any more"));
        real.host.sh(&format!("mv /root/gate {folder}/gate"));
        assert_eq!(drift(0), "");
        let job = if own_account {
            format!("rm /etc/cron.d/stagepass-{}", real.id())
        } else {
            "crontab -u deploy -r".into()
        };
        real.host.sh(&job);
        assert!(drift(8).contains("the job that ends it on the server"));
        let keys = if own_account {
            let account = &real.granted.account;
            real.host.sh(&format!("getent passwd {account} | cut -d: -f6")).trim().to_owned()
                + "/.ssh/authorized_keys"
        } else {
            "/home/deploy/.ssh/authorized_keys".into()
        };
        // The end of the key, or the gate in front of it, taken off its line.
        real.host.sh(&format!("sed -i '/{}/s/.*ssh-ed25519/ssh-ed25519/' {keys}", real.id()));
        let told = drift(8);
        assert!(told.contains("the key lines of"), "{told}");
        assert_eq!(drift(8), told);
        let shown = story.show(real.id());
        let events = shown["events"].as_array().unwrap();
        let drifted = events.iter().filter(|event| event["verb"] == "grant.drifted").count();
        assert_eq!(drifted, 3, "{shown:#}");
        let run = story.run(["revoke", real.id()]).ok();
        assert!(run.stdout.contains("closed"), "{}", run.told());
        real.host.sh(&format!("! test -e {folder}"));
        story.run(["ledger", "verify"]).ok();
    }
}

#[test]
fn a_session_that_may_end_its_work_is_waited_for() {
    for own_account in [true, false] {
        let more = ["--for", "2h", "--access", "ssh", "--at-end", "drain", "--max", "5m"];
        let real = Real::new(own_account, "+0", &more);
        let story = &real.story;
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let words = ["touch /tmp/in; until test -e /tmp/go; do sleep 0.2; done; echo done"];
                story.stage.ssh(&real.host, &real.granted.account, real.with(), &words)
            });
            real.host.sh("until test -e /tmp/in; do sleep 0.1; done");
            Story::wait_until_over(story.ends_in(real.id(), 3));
            let run = story.run(["sweep", "--json"]).ok();
            assert_eq!(run.json()["result"]["waiting"], serde_json::json!([real.id()]));
            assert_eq!(story.state(real.id()), "open");
            // Nothing new begins.
            story.stage.ssh(&real.host, &real.granted.account, real.with(), &["true"]).fails();
            real.host.sh("touch /tmp/go");
            let worked = work.join().unwrap().ok();
            assert_eq!(worked.stdout.trim(), "done");
        });
        // Nobody is in any more; a minute later that is seen, whoever then closes it.
        sql(story, "update grants set wait_until = 1");
        assert_eq!(story.run(["sweep"]).ok().output(), "");
        assert_eq!(story.state(real.id()), "closed");
        story.run(["ledger", "verify"]).ok();
    }
}

/// What a puppet may say besides what its original says.
const BESIDES: [(&str, &str, &str); 21] = [
    ("open", "gate", "bool"),
    ("open", "failsafe", "text"),
    ("check", "gate_present", "bool"),
    ("check", "failsafe_present", "bool"),
    ("check", "sessions", "uint"),
    ("check", "use", "lines"),
    ("check", "uses_total", "uint"),
    ("close", "by_server", "bool"),
    ("close", "server_closed_at", "uint"),
    ("close", "sessions_ended", "uint"),
    ("close", "use", "lines"),
    ("close", "uses_total", "uint"),
    ("close", "bytes_read", "uint"),
    ("close", "bytes_written", "uint"),
    ("close", "found", "lines"),
    ("close", "found_total", "uint"),
    ("close", "changed", "lines"),
    ("close", "changed_total", "uint"),
    ("close", "difference", "text"),
    ("close", "left", "lines"),
    ("close", "result_kept", "bool"),
];

/// The original's verbs, and what stands around them: of what a test wants to say itself the
/// original says nothing.
const STRINGS: &str = r#"
puppet_told() { printf '%s %s\n' "$1" "$sp_uses_from" >>"$HOME/calls"; }
puppet_says() { [ ! -r "$HOME/say.$1" ] || cat "$HOME/say.$1"; }
puppet_hook() { [ ! -r "$HOME/hook.$1" ] || sh "$HOME/hook.$1"; }
sp_open() { puppet_real_open; puppet_says open; }
sp_tried() {
    puppet_real_tried >"/tmp/said.$$"
    grep -Ev '^(gate|failsafe)=' "/tmp/said.$$" || :
    rm -f "/tmp/said.$$"
}
puppet_rest() {
    puppet_own='use|uses_total|bytes_[a-z]*|files_[a-z]*|sessions|sessions_ended|gate_present|failsafe_present'
    puppet_own="$puppet_own|found|found_total|changed|changed_total|difference|left|by_server|server_closed_at|result_kept"
    grep -Ev "^($puppet_own)=" "/tmp/said.$$" || :
    rm -f "/tmp/said.$$"
}
sp_check() {
    puppet_told check
    puppet_real_check >"/tmp/said.$$"
    puppet_rest
    puppet_says check
}
sp_close() {
    puppet_told close
    puppet_real_close >"/tmp/said.$$"
    puppet_rest
    puppet_says close
    puppet_hook close
}
sp_collected() {
    puppet_told collected
    puppet_hook collected
    puppet_real_collected
}
"#;

/// A story with a server on which the provider `puppet` does as it is told.
struct Puppet {
    story: Story,
    host: Host,
}

impl Puppet {
    fn new() -> Self {
        let story = Story::new();
        // The server's own job would do what it does, and not what the test says.
        let host = story.stage.light(SUITE).deploy(Sudo::None).shop().without_cron().start();
        host.sh("chown -R deploy /var/www/shop");
        story.target("deploy", &host, "deploy", &[]);
        let folder = story.stage.config().join("providers/puppet");
        fs::create_dir_all(&folder).unwrap();
        for folder in [folder.parent().unwrap(), &folder] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/authorized-key");
        let read = |name: &str| fs::read_to_string(original.join(name)).unwrap();
        let mut script = built_in_script("authorized-key");
        for verb in ["open", "tried", "check", "close", "collected"] {
            let (own, real) = (format!("\nsp_{verb}() {{"), format!("\npuppet_real_{verb}() {{"));
            assert!(script.contains(&own));
            script = script.replace(&own, &real);
        }
        let manifest = read("provider.toml").replace("\"authorized-key\"", "\"puppet\"");
        let mut manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
        for (verb, key, kind) in BESIDES {
            manifest[verb]["outputs"][key] = toml_edit::value(kind);
        }
        let files = [
            ("provider.toml", manifest.to_string()),
            ("provider.sh", script + STRINGS),
            ("en.ftl", read("en.ftl")),
        ];
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
            fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { story, host }
    }

    fn grant(&self, supporter: &str, lasts: &str) -> Granted {
        self.grant_with(supporter, lasts, &[])
    }

    fn grant_with(&self, supporter: &str, lasts: &str, more_words: &[&str]) -> Granted {
        let key = self.story.stage.supporter_key();
        let more = ["--with", "puppet", "--for", lasts, "--supporter", supporter];
        // The last `--supporter` would be one too many.
        let words =
            Story::grant_words("deploy", &[&["--json"], &crate::job::ANY_PORT[..]].concat());
        let mut words: Vec<&str> = words.into_iter().filter(|word| *word != "Jane Doe").collect();
        words.retain(|word| *word != "--supporter");
        words.extend(more);
        words.extend(["--key", key.public.to_str().unwrap()]);
        words.extend(more_words);
        Granted::of(&self.story.run(words).ok())
    }

    /// What a verb says from now on; nothing where `lines` is empty.
    fn says(&self, verb: &str, lines: &[&str]) {
        let file = self.home(&format!("say.{verb}"));
        match lines {
            [] => fs::remove_file(file).unwrap(),
            _ => fs::write(file, lines.join("\n") + "\n").unwrap(),
        }
    }

    fn home(&self, file: &str) -> std::path::PathBuf {
        self.host.root_path().join("home/deploy").join(file)
    }

    /// The verbs that were called since the last time: verb and `sp_uses_from`.
    fn calls(&self) -> Vec<String> {
        let file = self.home("calls");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(&file);
        text.lines().map(str::to_owned).collect()
    }

    /// How often something happened to a grant, and what was observed the last time.
    fn happened(&self, id: &str, verb: &str) -> (usize, Value) {
        let shown = self.story.show(id);
        let events = shown["events"].as_array().unwrap().iter();
        let details: Vec<&Value> =
            events.filter(|event| event["verb"] == verb).map(|event| &event["detail"]).collect();
        let last = details.last().and_then(|detail| detail.as_str()).unwrap_or("null");
        (details.len(), serde_json::from_str(last).unwrap())
    }
}

/// Something behind the ledger's back.
fn sql(story: &Story, sql: &str) {
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n\
                  n=c.execute(sys.argv[2]).rowcount\nc.commit()\nassert n > 0, n\n";
    let ledger = story.stage.state().join("ledger.sqlite3");
    let words = ["-c", script, ledger.to_str().unwrap(), sql];
    story.stage.program("python3", words).run().ok();
}

/// What the closing of a busy grant says.
const BUSY: [&str; 16] = [
    "result_kept=true",
    "sessions_ended=2",
    "difference=done",
    "found=code /var/www/shop/pub/x.php new, the web server can write it",
    "found=odd something of a class that nobody knows",
    "found=key /root/.ssh/authorized_keys: a key that was not there",
    "found=user eve uid 0",
    "changed=new app/etc/env.php.bak",
    "changed=changed index.html",
    "changed_total=2",
    "use=1800000000 192.0.2.7 shell ",
    "use=1800000060 192.0.2.7 command mysqldump shop",
    "uses_total=2",
    "bytes_read=1000",
    "bytes_written=2000",
    "left=/tmp/dump.sql re-owned",
];

#[test]
fn findings_end_with_8_until_somebody_has_looked() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    let granted = puppet.grant("Jane Doe", "2h");
    let id = &granted.id;
    puppet.says("close", &BUSY);
    puppet.calls();

    let run = story.run(["revoke", id]).exits(8);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].contains(&format!("closed {id} on deploy")), "{}", run.told());
    assert!(lines[0].contains("4 findings"), "{}", run.told());
    assert!(!run.stdout.contains("nothing is left"), "{}", run.told());
    for (line, class) in lines[1..5].iter().zip(["user", "key", "code", "odd"]) {
        assert!(line.contains(&format!("FOUND {class} ")), "{}", run.told());
    }
    assert!(run.stdout.contains("2 sessions were open and were ended"), "{}", run.told());
    assert!(run.stdout.contains("2 files of the shop changed"), "{}", run.told());
    assert!(run.stderr.contains("stagepass acknowledge"), "{}", run.told());
    // The server was told only then that it may forget.
    assert_eq!(puppet.calls(), ["close 0", "collected 0"]);

    let (count, detail) = puppet.happened(id, "grant.closed");
    assert_eq!(count, 1);
    let layer = &detail["layers"][0];
    assert_eq!(layer["sessions_ended"], 2);
    assert_eq!(layer["difference"]["state"], "done");
    assert_eq!(layer["difference"]["found_total"], 4);
    assert_eq!(layer["difference"]["found"][0], "user eve uid 0");
    assert_eq!(layer["difference"]["changed"][1], "changed index.html");
    assert_eq!(layer["uses"].as_array().unwrap().len(), 2);
    assert_eq!(layer["moved"]["bytes_written"], 2000);
    assert_eq!(layer["left"][0], "/tmp/dump.sql re-owned");

    // It is said in few words, once and then daily where nobody watches, and by whatever is asked.
    let run = story.run(["sweep"]).exits(8);
    assert!(run.stdout.is_empty(), "{}", run.told());
    assert!(run.stderr.contains(&format!("{id} on deploy: 4 findings")), "{}", run.told());
    assert!(run.stderr.contains("stagepass acknowledge"), "{}", run.told());
    assert!(run.stderr.lines().count() <= 4, "{}", run.told());
    assert_eq!(story.run(["sweep"]).exits(8).output(), "");
    let run = story.run(["list"]).exits(8);
    assert!(run.stdout.contains("closed, 4 FOUND"), "{}", run.told());
    let run = story.run(["list", "--json"]).exits(8);
    assert_eq!(run.json()["result"]["grants"][0]["findings"], 4);
    assert_eq!(run.json()["result"]["in_trouble"], 1);
    let run = story.run(["doctor", "--offline"]).exits(8);
    assert!(run.stdout.contains("acknowledge"), "{}", run.told());
    let told = &story.show(id)["story"];
    assert_eq!(told["found"]["total"], 4);
    assert_eq!(told["closed_by"]["why"], "revoked by hand");
    assert_eq!(told["acknowledged"], Value::Null);
    let run = story.run(["show", id]).ok();
    let at = |text: &str| run.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", run.told()));
    assert!(at("What was found") < at("user eve uid 0"));
    assert!(at("odd something") < at("What changed in the shop"));
    assert!(at("/tmp/dump.sql") < at("192.0.2.7 command mysqldump shop"));
    at("1000 bytes read, 2000 bytes written");
    at("revoked by hand");

    acknowledging(&puppet, id);
}

fn acknowledging(puppet: &Puppet, id: &str) {
    let story = &puppet.story;
    let head = || story.show(id)["ledger_head"].clone();
    let before = head();
    story.run(["acknowledge", id]).exits(2);
    story.run(["acknowledge", id, "--reason", "  "]).exits(2);
    story.run(["acknowledge", "zzzzzzzzzz", "--reason", "seen"]).exits(4);
    let run = story.run(["acknowledge", id, "--dry-run"]).ok();
    assert!(run.stdout.contains("user eve") && run.stdout.contains("nothing was recorded"));
    let run = story.run(["acknowledge", id, "--dry-run", "--reason", "x", "--json"]).ok();
    assert_eq!(run.json()["result"]["would_acknowledge"], 4);
    assert_eq!(run.json()["result"]["acknowledged"], 0);
    assert_eq!(head(), before);

    let run = story.run(["acknowledge", id, "--reason", "eve is our new hosting company"]).ok();
    assert!(run.stdout.contains("user eve uid 0"), "{}", run.told());
    assert!(run.stdout.contains(&format!("acknowledged 4 findings of {id}")), "{}", run.told());
    let (count, detail) = puppet.happened(id, "grant.acknowledged");
    assert_eq!((count, &detail["findings"]), (1, &4.into()));
    assert_eq!(detail["reason"], "eve is our new hosting company");
    let run = story.run(["acknowledge", id, "--reason", "again", "--json"]).ok();
    assert_eq!(run.json()["result"]["acknowledged"], 0);
    assert_eq!(puppet.happened(id, "grant.acknowledged").0, 1);

    assert_eq!(story.run(["sweep"]).ok().output(), "");
    story.run(["list"]).ok();
    let run = story.run(["show", id]).ok();
    assert!(run.stdout.contains("user eve"), "{}", run.told());
    assert!(run.stdout.contains("eve is our new hosting company"), "{}", run.told());
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_case_is_closed_although_something_was_found() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    puppet.grant("Jane Doe", "2h");
    puppet.says("close", &["found=cron root: * * * * * curl", "found_total=31"]);
    let run = story.run(["case", "close", crate::job::CASE, "--json"]).exits(8);
    let document = run.json();
    assert_eq!(document["ok"], false);
    assert_eq!(document["error"]["kind"], "stuck");
    let result = &document["result"];
    assert!(result["case"]["closed_at"].is_i64(), "{document:#}");
    assert_eq!(result["closed"][0]["grant"]["findings"], 31);
    assert_eq!(result["closed"][0]["found"][0], "cron root: * * * * * curl");
    let id = result["closed"][0]["grant"]["id"].as_str().unwrap();
    let run = story.run(["show", id]).ok();
    assert!(run.stdout.contains("and 30 more"), "{}", run.told());
    // Nothing was kept on the server, so nothing was to be collected.
    assert_eq!(puppet.calls().iter().filter(|call| call.starts_with("close")).count(), 1);
    let run = story.run(["case", "close", crate::job::CASE]).ok();
    assert!(run.stdout.contains("closed already"), "{}", run.told());
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_the_server_closed_itself_ended_when_the_server_said() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    let granted = puppet.grant("Jane Doe", "2h");
    // However long that took.
    let deadline = story.ends_in(&granted.id, 2);
    let ended = deadline + 1;
    let at = format!("server_closed_at={ended}");
    puppet.says(
        "close",
        &["by_server=true", &at, "already_absent=true", "sessions_ended=1", "result_kept=true"],
    );
    // The merchant's computer was off for a while.
    Story::wait_until_over(deadline + 4);
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    let shown = story.show(&granted.id);
    assert_eq!(shown["grant"]["closed_at"], ended);
    let (_, detail) = puppet.happened(&granted.id, "grant.closed");
    assert_eq!(detail["seconds_late"], 1);
    assert_eq!(detail["ended_by"], "server");
    assert_eq!(detail["layers"][0]["server_closed_at"], ended);
    assert!(detail["why"].as_str().unwrap().starts_with("closed by the server at 20"));
    let notes = detail["notes"].to_string();
    assert!(notes.contains(r#""end-by-server""#), "{notes}");
    assert!(!notes.contains(r#""end-already-absent""#), "{notes}");
    let run = story.run(["show", &granted.id]).ok();
    assert!(run.stdout.contains("the server itself"), "{}", run.told());
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn a_sweep_notices_what_drifted_and_how_a_grant_was_used() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    puppet.says("open", &["gate=true", "failsafe=crontab"]);
    let granted = puppet.grant("Jane Doe", "2h");
    let other = puppet.grant("John Roe", "2h");
    let id = &granted.id;
    puppet.calls();

    // Nobody looks before an hour is over, and then without a word.
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(puppet.calls(), [""; 0]);
    puppet.says("check", &["use=1800000000 192.0.2.7 sftp ", "uses_total=1"]);
    let logged_in = || puppet.host.log().matches("Accepted publickey for deploy").count();
    let logins = logged_in();
    sql(story, "update grants set next_check_at = 1");
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(puppet.calls(), ["check 0"; 2]);
    assert_eq!(logged_in() - logins, 1, "one connection for both");
    let (count, detail) = puppet.happened(id, "grant.used");
    assert_eq!((count, &detail["uses"][0]), (1, &"1800000000 192.0.2.7 sftp ".trim().into()));
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(puppet.calls(), [""; 0]);

    // What was collected is not collected again.
    puppet.says("check", &["use=1800000060 192.0.2.7 shell", "uses_total=2", "gate_present=true"]);
    assert_eq!(story.run(["sweep", "--check"]).ok().output(), "");
    assert_eq!(puppet.calls(), ["check 1"; 2]);
    assert_eq!(puppet.happened(id, "grant.used").0, 2);
    puppet.says("check", &["uses_total=2", "gate_present=true"]);
    let head = story.show(id)["ledger_head"].clone();
    let run = story.run(["sweep", "--check", "--json"]).ok();
    assert_eq!(run.json()["result"]["looked_at"], 2);
    assert_eq!(puppet.calls(), ["check 2"; 2]);
    let shown = story.show(id);
    assert_eq!(shown["ledger_head"], head, "a look that shows nothing new is no event");
    assert!(now() - shown["grant"]["checked_at"].as_i64().unwrap() < 60);

    drifting(&puppet, id, &other.id);

    // What the close says of uses is only what is new.
    puppet.says("close", &["use=1 - own a", "use=2 - sftp b", "use=3 - sftp c", "uses_total=3"]);
    puppet.calls();
    story.run(["revoke", id]).ok();
    assert_eq!(puppet.calls(), ["close 2"]);
    let (_, detail) = puppet.happened(id, "grant.closed");
    assert_eq!(detail["layers"][0]["uses"], serde_json::json!(["3 - sftp c"]));
    story.run(["ledger", "verify"]).ok();
}

fn drifting(puppet: &Puppet, id: &str, other: &str) {
    let story = &puppet.story;
    puppet.says("check", &["uses_total=2", "gate_present=false", "failsafe_present=false"]);
    sql(story, &format!("update grants set next_check_at = 1 where id = '{id}'"));
    let run = story.run(["sweep"]).exits(8);
    assert!(run.stderr.contains(&format!("{id} on deploy: the gate is not")), "{}", run.told());
    assert!(run.stderr.contains("the job that ends it"), "{}", run.told());
    assert!(!run.stderr.contains(other), "{}", run.told());
    assert!(run.stderr.contains("sweep --check"), "{}", run.told());
    // Told once, and then daily.
    assert_eq!(story.run(["sweep"]).exits(8).output(), "");
    story.run(["sweep", "--check"]).exits(8);
    assert_eq!(puppet.happened(id, "grant.drifted").0, 1, "recorded once");
    let run = story.run(["list", "--json"]).exits(8);
    let drift = &run.json()["result"]["grants"][0]["drift"];
    assert_eq!(drift[0]["id"], "gate-gone");
    let run = story.run(["list"]).exits(8);
    assert!(run.stdout.contains("open, DRIFTED"), "{}", run.told());
    let run = story.run(["show", id]).ok();
    assert!(run.stdout.contains("What is not as it was made"), "{}", run.told());
    // It is no finding, and nobody can say it away.
    let run = story.run(["acknowledge", id, "--reason", "never mind"]).ok();
    assert!(run.stdout.contains("mended"), "{}", run.told());
    story.run(["sweep"]).exits(8);
    // Less of it is another drift; none of it is the end.
    puppet.says("check", &["uses_total=2", "gate_present=true", "failsafe_present=false"]);
    story.run(["sweep", "--check"]).exits(8);
    assert_eq!(puppet.happened(id, "grant.drifted").0, 2);
    puppet.says("check", &["uses_total=2", "gate_present=true", "failsafe_present=true"]);
    let run = story.run(["sweep", "--check", "--json"]).ok();
    assert_eq!(run.json()["result"]["drift_changed"].as_array().unwrap().len(), 2);
    assert_eq!(puppet.happened(id, "grant.drift-ended").0, 1);
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    // A record that became shorter is no honest record.
    puppet.says("check", &["uses_total=1"]);
    let run = story.run(["sweep", "--check"]).exits(8);
    assert!(run.stderr.contains("record of uses"), "{}", run.told());
    puppet.says("check", &["uses_total=2"]);
    story.run(["sweep", "--check"]).ok();

    // A server that is away is no trouble before something is due there.
    puppet.host.stop_sshd();
    sql(story, "update grants set next_check_at = 1");
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    let run = story.run(["sweep", "--check"]).ok();
    assert!(run.stderr.contains(&format!("{id} was not looked at")), "{}", run.told());
    puppet.host.start_sshd();
}

#[test]
fn running_work_may_go_on_as_long_as_was_granted() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    let drain = ["--at-end", "drain", "--max", "5m"];
    let granted = puppet.grant_with("Jane Doe", "2h", &drain);
    let idle = puppet.grant("John Roe", "2h");
    let cut = puppet.grant_with("Joan Poe", "2h", &drain);
    puppet.says("check", &["sessions=2"]);
    let ends = [&granted, &idle, &cut].map(|one| story.ends_in(&one.id, 2));
    Story::wait_until_over(*ends.iter().max().unwrap());
    puppet.calls();

    // What may not go on is closed; what may is no trouble, and is looked at again in a minute.
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&idle.id), "closed");
    assert_eq!(story.state(&granted.id), "open");
    assert_eq!(puppet.calls().iter().filter(|call| call.starts_with("check")).count(), 2);
    let run = story.run(["list"]).ok();
    assert!(run.stdout.contains("open, ending"), "{}", run.told());
    assert!(!run.stdout.contains("OVERDUE"), "{}", run.told());
    let run = story.run(["sweep", "--json"]).ok();
    assert_eq!(run.json()["result"]["due"], 0);
    assert_eq!(puppet.calls(), [""; 0]);
    // By hand it ends at once.
    story.run(["revoke", &cut.id]).ok();

    // Nobody is in any more.
    puppet.says("check", &["sessions=0"]);
    sql(story, "update grants set wait_until = 1 where state = 'open'");
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&granted.id), "closed");
    assert_eq!(puppet.happened(&granted.id, "grant.closed").1["seconds_late"], 0);
    assert_eq!(puppet.happened(&granted.id, "grant.closing").0, 1);
}

#[test]
fn running_work_ends_at_the_hard_end_and_is_not_cut_off_before_it_unseen() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    let drain = ["--at-end", "drain", "--max", "1m"];
    let granted = puppet.grant_with("Jane Doe", "2h", &drain);
    puppet.says("check", &["sessions=1"]);
    let deadline = story.ends_in(&granted.id, 2);
    Story::wait_until_over(deadline);
    puppet.host.stop_sshd();
    let run = story.run(["sweep", "--json"]).ok();
    assert_eq!(run.json()["result"]["waiting"], serde_json::json!([granted.id]));
    assert_eq!(story.show(&granted.id)["grant"]["attempts"], 0);
    puppet.host.start_sshd();
    // Waited for no longer than it may last, not for a whole minute.
    story.stage.set_clock(61);
    assert_eq!(story.run(["sweep"]).ok().output(), "");
    assert_eq!(story.state(&granted.id), "closed");
}

#[test]
fn a_crash_around_the_close_loses_nothing() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    puppet.says("close", &["found=user eve uid 0", "result_kept=true"]);
    for (moment, before) in [("close", true), ("collected", false)] {
        let granted = puppet.grant(&format!("Jane {moment}"), "2h");
        let id = &granted.id;
        let hook = puppet.home(&format!("hook.{moment}"));
        fs::write(&hook, ": >\"$HOME/began\"\nsleep 3\n").unwrap();
        let revoke = story.stage.command(["revoke", id]).spawn();
        let patience = Instant::now() + Duration::from_secs(30);
        while !puppet.home("began").exists() {
            assert!(Instant::now() < patience, "it never came to {moment}");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(revoke.kill().exit, -9);
        fs::remove_file(hook).unwrap();
        fs::remove_file(puppet.home("began")).unwrap();
        assert_eq!(story.state(id), if before { "closing" } else { "closed" });
        puppet.calls();
        // The next sweep reads the result again, or has it already.
        story.run(["sweep"]).exits(8);
        assert_eq!(story.state(id), "closed");
        let again: &[&str] = if before { &["close 0", "collected 0"] } else { &[] };
        assert_eq!(puppet.calls(), again);
        assert_eq!(puppet.happened(id, "grant.closed").0, 1);
        assert_eq!(story.show(id)["grant"]["findings"], 1);
        story.run(["acknowledge", id, "--reason", "eve is our hosting company"]).ok();
        assert_eq!(story.run(["sweep"]).ok().output(), "");
    }
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn what_was_found_is_kept_when_the_close_is_not_proved() {
    let puppet = Puppet::new();
    let story = &puppet.story;
    let granted = puppet.grant("Jane Doe", "2h");
    let id = &granted.id;
    puppet.says("close", &["found=user eve uid 0", "use=1 - shell x", "absent=false"]);
    story.run(["revoke", id]).exits(7);
    let (count, detail) = puppet.happened(id, "grant.close-failed");
    assert_eq!((count, &detail["layers"][0]["difference"]["found_total"]), (1, &1.into()));
    // This server says it only once.
    puppet.says("close", &["absent=true"]);
    let run = story.run(["revoke", id]).exits(8);
    assert!(run.stdout.contains("one finding"), "{}", run.told());
    let run = story.run(["show", id]).ok();
    assert!(run.stdout.contains("user eve") && run.stdout.contains("shell x"), "{}", run.told());
    story.run(["acknowledge", id, "--reason", "eve is our hosting company"]).ok();
    story.run(["ledger", "verify"]).ok();
}
