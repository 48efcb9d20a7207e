//! The trial login of a grant: what is not seen to be kept, or cannot do its work, is not granted.
//!
//! The servers are real, with settings as people really have them.

use serde_json::Value;

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Story, is_refused, merchants_own, nothing_happens, nothing_is_left, same_text};
use crate::stage::{Credential, Ended, Key};

/// A server with a shop and the account `deploy`, which owns it.
fn server(story: &Story, settings: &[&str]) -> Host {
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop();
    let host = settings.iter().fold(host, |host, line| host.sshd_config(line)).start();
    host.sh("chown -R deploy: /var/www/shop");
    host
}

/// A grant that is refused with these words, and of which nothing is left.
#[track_caller]
fn refused(story: &Story, host: &Host, target: &str, more: &[&str], words: &[&str]) -> Ended {
    let before = merchants_own(host);
    let run = story.grant(target, more).exits(6);
    for words in words {
        assert!(run.output().contains(words), "no `{words}` in {}", run.told());
    }
    same_text(&before, &merchants_own(host));
    assert_eq!(story.run(["list", "--json"]).ok().json()["result"]["grants"], Value::Array(vec![]));
    run
}

fn public(key: &Key) -> &str {
    key.public.to_str().unwrap()
}

// ---- who answers -------------------------------------------------------------------------------

/// A wrapper that many servers have, which writes down every session and runs what was asked for.
const RECORDER: &str = "/usr/local/bin/recorder";

fn with_recorder(story: &Story) -> Host {
    let host = server(story, &[&format!("ForceCommand {RECORDER}")]);
    host.sh(&format!(
        r#"cat >{RECORDER} <<'X'
#!/bin/sh
logger -t session "$USER $SSH_ORIGINAL_COMMAND" 2>/dev/null
[ -n "${{SSH_ORIGINAL_COMMAND:-}}" ] || exec "$SHELL" -l
exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND"
X
        chmod 755 {RECORDER}"#
    ));
    host
}

#[test]
fn a_command_that_the_server_forces_is_found_by_the_trial_where_nobody_may_read_the_settings() {
    let story = Story::new();
    let host = with_recorder(&story);
    story.target("staging", &host, "deploy", &[]);
    let key = story.stage.supporter_key();
    for access in ["sftp-read-only", "sftp", "ssh"] {
        let more = ["--key", public(&key), "--access", access];
        let words = ["does not pass stagepass's gate", "ForceCommand", "taken back"];
        refused(&story, &host, "staging", &more, &words);
    }
    // The key would have been a shell in the merchant's account, and is one no more.
    let with = Credential::Key(&key.private);
    story.stage.ssh(&host, "deploy", with, &["true"]).exits(255);
}

#[test]
fn a_command_that_the_server_forces_is_seen_by_root_before_anything_is_made() {
    let story = Story::new();
    let host = with_recorder(&story);
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let grant = || story.grant("staging", &["--key", public(&key)]);
    let run = nothing_happens(&story, &host, 6, grant);
    assert!(run.output().contains(RECORDER), "{}", run.told());
    assert!(run.output().contains("Match User"), "{}", run.told());
    // `target check` says the same.
    let run = story.run(["target", "check", "staging"]);
    assert!(run.output().contains(RECORDER), "{}", run.told());
    // The way out that is told is one.
    host.sh("sed -i '1i Match User sp-*\\nForceCommand none\\nMatch all' /etc/ssh/sshd_config");
    host.stop_sshd();
    host.start_sshd();
    let granted = story.granted_key("staging", &key, &[]);
    story.stage.sftp(&host, &granted.account, Credential::Key(&key.private), "ls\n").ok();
    story.revoked(&granted.id);
    nothing_is_left(&host, &granted.id);
}

#[test]
fn what_a_group_is_forced_to_is_seen_once_the_account_is_there() {
    for (forced, words) in [
        ("internal-sftp", "forces a command of its own on this account"),
        ("/usr/local/bin/recorder", "forces a command of its own on this account"),
    ] {
        let story = Story::new();
        let host = story.stage.light(SUITE).shop().start();
        // Of an account that is not there sshd knows no group.
        host.sh(&format!(
            "printf 'Match Group *,!root\\nForceCommand {forced}\\n' >>/etc/ssh/sshd_config"
        ));
        host.stop_sshd();
        host.start_sshd();
        story.target("staging", &host, "root", &[]);
        let key = story.stage.supporter_key();
        let more = ["--key", public(&key), "--access", "sftp-read-only"];
        let dry = story.grant("staging", &[&more[..], &["--dry-run"]].concat()).ok();
        assert!(!dry.output().contains("ForceCommand"), "{}", dry.told());
        refused(&story, &host, "staging", &more, &[words, forced]);
    }
}

// ---- keys --------------------------------------------------------------------------------------

#[test]
fn a_server_without_ed25519_is_proved_with_a_key_that_it_takes() {
    let kinds = "rsa-sha2-256,rsa-sha2-512,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384";
    for account in ["root", "deploy"] {
        let story = Story::new();
        let rsa = Key::generate(&story.stage.path().join("keys"), "of-the-merchant", "rsa", "");
        let host = story.stage.light(SUITE).deploy(Sudo::None).shop();
        let host = host.sshd_config(&format!("PubkeyAcceptedAlgorithms {kinds}")).start();
        host.sh(&format!(
            "chown -R deploy: /var/www/shop
            for home in /root /home/deploy; do echo '{}' >>$home/.ssh/authorized_keys; done",
            rsa.line()
        ));
        let identity = rsa.private.to_str().unwrap();
        let url = host.url(account);
        let mut add = vec!["target", "add", "staging", &url, "--environment", "staging"];
        add.extend(["--host-key", &host.fingerprint, "--identity", identity]);
        add.extend(["--path", "/var/www/shop"]);
        story.run(add).ok();
        for kind in ["ecdsa", "rsa"] {
            let folder = story.stage.supporter_path();
            let key = Key::generate(folder, &format!("id_{kind}"), kind, "");
            let granted = story.granted_key("staging", &key, &[]);
            let with = Credential::Key(&key.private);
            story.stage.sftp(&host, &granted.account, with, "get composer.json\n").ok();
            story.revoked(&granted.id);
        }
        // One that it does not take is nobody's fault but the key's.
        let key = story.stage.supporter_key();
        let run = refused(&story, &host, "staging", &["--key", public(&key)], &[]);
        assert!(!run.output().contains("AllowUsers"), "{}", run.told());
        assert!(run.output().contains("PubkeyAcceptedAlgorithms"), "{}", run.told());
        if account == "root" {
            assert!(
                run.output().contains("takes no keys of the kind ssh-ed25519"),
                "{}",
                run.told()
            );
            // And one that is made here is of a kind that it takes.
            let file = story.stage.supporter_path().join("made");
            let more = ["--generate-key", "--output", file.to_str().unwrap()];
            let granted = story.granted("staging", &more);
            let with = Credential::Key(&file);
            story.stage.sftp(&host, &granted.account, with, "get composer.json\n").ok();
        }
    }
}

// ---- the work ----------------------------------------------------------------------------------

#[test]
fn access_that_cannot_reach_the_shop_is_not_granted() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    let key = story.stage.supporter_key();
    let key = public(&key);

    // No folder was named, and an account of its own has no rights but there.
    let (url, identity) = (host.url("root"), story.stage.admin.private.to_str().unwrap());
    let mut add = vec!["target", "add", "none", &url, "--environment", "staging"];
    add.extend(["--host-key", &host.fingerprint, "--identity", identity]);
    story.run(add).ok();
    let run = nothing_happens(&story, &host, 2, || story.grant("none", &["--key", key]));
    assert!(run.output().contains("--path"), "{}", run.told());

    // Somebody else's folder, in the merchant's own account.
    story.target("shared", &host, "deploy", &[]);
    let work = "cannot do its work";
    let more = ["--key", key];
    refused(&story, &host, "shared", &more, &[work, "www-data", "sftp-read-only", "taken back"]);
    refused(&story, &host, "shared", &["--key", key, "--access", "ssh"], &[work, "www-data"]);
    let granted = story.granted("shared", &["--key", key, "--access", "sftp-read-only"]);
    story.revoked(&granted.id);
    host.sh("chmod 700 /var/www/shop");
    let more = ["--key", key, "--access", "sftp-read-only"];
    let before = merchants_own(&host);
    story.grant("shared", &more).exits(3);
    same_text(&before, &merchants_own(&host));
    host.sh("chmod 755 /var/www/shop");

    // No ACLs, and no group that would serve.
    story.target("own", &host, "root", &[]);
    host.sh("mv /usr/bin/setfacl /usr/bin/was-setfacl");
    let more = ["--key", key];
    refused(&story, &host, "own", &more, &[work, "package `acl`", "`www-data`", "taken back"]);
    host.sh("mv /usr/bin/was-setfacl /usr/bin/setfacl");
    let granted = story.granted("own", &more);
    let proof = story.ledger();
    let proof =
        proof.lines().find(|line| line.contains("grant.open\"") && line.contains(&granted.id));
    let event: Value = serde_json::from_str(proof.unwrap()).unwrap();
    let detail = match &event["detail"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        other => other.clone(),
    };
    assert_eq!(detail["proof"]["result"], "proved", "{detail}");
    let parts = detail["proof"]["logins"][0]["parts"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().map(|part| part["part"].as_str().unwrap()).collect();
    assert_eq!(names, ["gate", "command", "folder", "read", "write", "forwarding"]);
    assert!(parts.iter().all(|part| part["result"] == "proved"), "{detail}");
    // The trial is no use of the supporter's, and leaves nothing.
    host.sh("! ls -A /var/www/shop | grep -F .stagepass-trial");
    let uses = host.sh("cat /var/lib/stagepass/*/uses");
    let kinds = uses.lines().filter_map(|line| {
        let mut words = line.split(' ');
        words.next()?.parse::<u64>().ok()?;
        words.nth(1)
    });
    assert!(kinds.clone().all(|kind| kind == "own") && kinds.count() >= 3, "{uses}");
}

#[test]
fn a_shop_that_is_closed_to_others_altogether_is_opened_for_a_reason_alone() {
    let story = Story::new();
    let host = server(&story, &[]);
    host.sh("find /var/www/shop -type f -exec chmod 600 '{}' +; find /var/www/shop -type d -exec chmod 700 '{}' +");
    story.target("own", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let more = ["--key", public(&key)];
    let words = ["cannot do its work", "--with-secrets --reason", "taken back"];
    refused(&story, &host, "own", &more, &words);
    // The story's own grants have a reason.
    let granted = story.granted("own", &[&more[..], &["--with-secrets"]].concat());
    story.revoked(&granted.id);
    let modes = host.sh("find /var/www/shop ! -type l -printf '%m\\n' | sort -u");
    assert_eq!(modes.split_whitespace().collect::<Vec<_>>(), ["600", "700"]);
}

#[test]
fn programs_that_look_at_modes_are_named_and_what_cannot_do_its_work_is_not_granted() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    story.target("own", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let more = ["--key", public(&key)];
    for (mark, named) in [
        ("/usr/lib/apache2/suexec", "suexec"),
        ("/usr/sbin/suexec", "suexec"),
        ("/etc/suphp", "suphp"),
        ("/usr/local/cpanel", "cpanel"),
    ] {
        host.sh(&format!("install -d {mark}"));
        let why = format!("{named} on this server refuses files that a group may write to");
        let words = ["cannot do its work", why.as_str(), "taken back"];
        refused(&story, &host, "own", &more, &words);
        // What needs no rights of its own is granted.
        let granted = story.granted("own", &[&more[..], &["--access", "sftp-read-only"]].concat());
        story.revoked(&granted.id);
        host.sh(&format!("rmdir {mark}"));
    }
    let granted = story.granted("own", &more);
    story.revoked(&granted.id);
    nothing_is_left(&host, &granted.id);
}

#[test]
fn the_plan_names_the_files_with_secrets_that_stay_closed() {
    let story = Story::new();
    let host = server(&story, &[]);
    host.sh("cd /var/www/shop; mkdir -p app/etc; touch .env app/etc/env.php wp-config.php
        chown -R deploy: .; chmod 600 .env; chmod 640 app/etc/env.php; chmod 644 wp-config.php");
    story.target("own", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let words = ["--key", public(&key), "--dry-run", "--override", "port", "--reason", "a test"];
    let plan = story.run(Story::grant_words("own", &words)).ok();
    let line = |plan: &Ended, begins: &str| {
        let line = plan.stdout.lines().find(|line| line.trim_start().starts_with(begins));
        line.unwrap_or_else(|| panic!("no `{begins}` in {}", plan.told())).to_owned()
    };
    let closed = line(&plan, "not opened");
    assert!(closed.contains(".env, app/etc/env.php  (others on the server"), "{closed}");
    assert!(!closed.contains("wp-config.php") && closed.contains("--with-secrets"), "{closed}");
    let more = ["--key", public(&key), "--dry-run"];
    let document = story.grant("own", &more).ok().json()["result"].clone();
    let files = &document["plan"]["closed_files"];
    assert_eq!(*files, serde_json::json!([".env", "app/etc/env.php"]), "{document}");

    // With a reason they are opened, and that is said as loudly.
    let plan =
        story.run(Story::grant_words("own", &[&words[..], &["--with-secrets"]].concat())).ok();
    let opened = line(&plan, "OPENED");
    assert!(opened.contains(".env, app/etc/env.php") && opened.contains("a test"), "{opened}");
    assert!(!plan.stdout.contains("not opened"), "{}", plan.told());

    // What the plan says is what happens.
    let granted = story.granted("own", &["--key", public(&key)]);
    let with = Credential::Key(&key.private);
    story.stage.sftp(&host, &granted.account, with, "get wp-config.php\n").ok();
    for closed in [".env", "app/etc/env.php"] {
        story.stage.sftp(&host, &granted.account, with, &format!("get {closed}\n")).fails();
    }
    story.revoked(&granted.id);
}

// ---- later -------------------------------------------------------------------------------------

#[test]
fn an_open_grant_is_put_to_its_trial_again() {
    let story = Story::new();
    let host = server(&story, &[]);
    let key = story.stage.supporter_key();
    for account in ["root", "deploy"] {
        story.target(account, &host, account, &[]);
        let granted = story.granted_key(account, &key, &["--access", "sftp-read-only"]);
        let lines = || host.sh(&format!("cat /home/{}/.ssh/authorized_keys", granted.account));
        let before = lines();
        let run = story.run(["verify", &granted.id, "--trial"]).ok();
        for part in ["gate", "command", "folder", "read", "write", "forwarding"] {
            assert!(run.stdout.contains(part), "no {part} in {}", run.told());
        }
        let shown = story.run(["show", &granted.id]).ok();
        assert!(shown.stdout.contains("grant.tried"), "{}", shown.told());
        assert!(shown.stdout.contains("the trial proved gate"), "{}", shown.told());
        assert_eq!(before, lines(), "the verification key is still there");
        story.stage.sftp(&host, &granted.account, Credential::Key(&key.private), "ls\n").ok();

        // Somebody forces a command on every session meanwhile.
        host.sh("cp /etc/ssh/sshd_config /etc/ssh/before
            sed -i '1i ForceCommand /bin/cat' /etc/ssh/sshd_config");
        host.stop_sshd();
        host.start_sshd();
        // Root's own sessions are forced, too, and nothing can be looked at; the merchant's are not.
        host.sh("sed -i '1i Match User root,deploy\\nForceCommand none\\nMatch all' /etc/ssh/sshd_config");
        host.stop_sshd();
        host.start_sshd();
        if account == "root" {
            let run = story.run(["verify", &granted.id, "--trial"]).exits(8);
            assert!(run.output().contains("do not pass the gate"), "{}", run.told());
            assert!(run.output().contains("/bin/cat"), "{}", run.told());
            assert_eq!(before, lines(), "the verification key is still there");
        }
        host.sh("mv /etc/ssh/before /etc/ssh/sshd_config");
        host.stop_sshd();
        host.start_sshd();
        story.run(["verify", &granted.id, "--trial"]).ok();
        story.revoked(&granted.id);
        nothing_is_left(&host, &granted.id);
    }
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn an_age_of_passwords_that_would_lock_the_supporter_out_is_drift() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    story.target("own", &host, "root", &[]);
    let key = story.stage.supporter_key();
    let granted = story.granted_key("own", &key, &[]);
    story.run(["verify", &granted.id]).ok();
    host.sh(&format!(
        "chage -d \"$(date -u -d '20 days ago' +%Y-%m-%d)\" -M 1 -I 0 {}",
        granted.account
    ));
    let with = Credential::Key(&key.private);
    story.stage.sftp(&host, &granted.account, with, "ls\n").fails();
    let told = format!("the server will end `{}` by the age of its password", granted.account);
    let run = story.run(["verify", &granted.id]).exits(8);
    assert!(run.output().contains(&told), "{}", run.told());
    let run = story.run(["list"]).exits(8);
    assert!(run.output().contains(&granted.id), "{}", run.told());
    let drift = story.show(&granted.id)["grant"]["drift"].to_string();
    assert!(drift.contains("password"), "{drift}");

    story.run(["extend", &granted.id, "--for", "10d", "--reason", "a test"]).ok();
    story.run(["verify", &granted.id]).ok();
    story.stage.sftp(&host, &granted.account, with, "ls\n").ok();
    story.revoked(&granted.id);
}

/// A file that was made immutable. Nobody but root of the server can take that off.
fn immutable(host: &Host, file: &str) {
    host.sh(&format!("chattr +i {file}; lsattr -d {file} | grep -q '^[^ ]*i'"));
}

#[test]
fn what_was_made_immutable_is_named_and_the_grant_is_stuck_and_never_closed_before() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    let key = story.stage.supporter_key();
    story.target("own", &host, "root", &[]);
    let granted = story.granted_key("own", &key, &[]);
    let (id, account) = (granted.id.as_str(), granted.account.as_str());
    let (in_shop, in_home) = ("/var/www/shop/composer.json", format!("/home/{account}/kept"));
    host.sh(&format!("touch {in_home}"));
    immutable(&host, in_shop);
    immutable(&host, &in_home);
    let names = |file: &str| {
        let run = story.run(["revoke", id]).fails();
        assert!(run.output().contains(file), "no `{file}` in {}", run.told());
    };
    // First the one, then the other: each as long as it is in the way. Nobody gets in meanwhile.
    names(&in_home);
    is_refused(&story, &host, account, Credential::Key(&key.private));
    assert_eq!(story.state(id), "closing");
    host.sh(&format!("chattr -i {in_home}"));
    for _ in 0..5 {
        assert_eq!(story.state(id), "closing");
        names(in_shop);
    }
    assert_eq!(story.state(id), "stuck");
    let shown = story.show(id);
    assert!(shown["grant"]["last_error"].to_string().contains(in_shop), "{shown}");
    let run = story.run(["list"]).exits(8);
    assert!(run.output().contains(id), "{}", run.told());

    host.sh(&format!("chattr -i {in_shop}"));
    // To change a file's flags is to change the file, and somebody has to look at that.
    let run = story.run(["revoke", id]).exits(8);
    assert!(run.output().contains("composer.json"), "{}", run.told());
    assert_eq!(story.state(id), "closed");
    host.sh("! getfacl -R -n -p /var/www/shop | grep -E '^(default:)?user:[0-9]+:'");
    nothing_is_left(&host, id);
}

#[test]
fn a_key_file_that_was_made_immutable_is_named_and_the_grant_is_not_closed() {
    let story = Story::new();
    let host = server(&story, &[]);
    let key = story.stage.supporter_key();
    story.target("shared", &host, "deploy", &[]);
    let granted = story.granted_key("shared", &key, &[]);
    let file = "/home/deploy/.ssh/authorized_keys";
    immutable(&host, file);
    let run = story.run(["revoke", &granted.id]).fails();
    assert!(run.output().contains(file), "{}", run.told());
    assert_eq!(story.state(&granted.id), "closing");
    host.sh(&format!("grep -q {} {file}", granted.id));
    host.sh(&format!("chattr -i {file}"));
    story.revoked(&granted.id);
    is_refused(&story, &host, "deploy", Credential::Key(&key.private));
}

#[test]
fn a_deployment_that_moves_the_shop_or_takes_rights_away_is_seen() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh(
        "mkdir /srv/releases; cp -a /var/www/shop /srv/releases/1; ln -s releases/1 /srv/current",
    );
    let key = story.stage.supporter_key();
    story.heard(story.stage.add_target("staging", &host, "root", &["--path", "/srv/current"])).ok();
    let dry = story.grant("staging", &["--key", public(&key), "--dry-run"]).ok();
    assert!(dry.output().contains("is a link, and leads to `/srv/releases/1`"), "{}", dry.told());
    let granted = story.granted_key("staging", &key, &[]);
    story.run(["verify", &granted.id]).ok();

    // Rights that are gone are noticed, and given again.
    host.sh("setfacl -R -b /srv/releases/1; chmod -R go-w /srv/releases/1");
    let run = story.run(["verify", &granted.id]).exits(8);
    assert!(run.output().contains("lost rights in the shop folder"), "{}", run.told());
    let with = Credential::Key(&key.private);
    let put = "put /etc/hostname of-jane\nrm of-jane\n";
    story.stage.sftp(&host, &granted.account, with, put).fails();
    story.run(["extend", &granted.id, "--for", "10d", "--reason", "a deployment"]).ok();
    story.run(["verify", &granted.id]).ok();
    story.stage.sftp(&host, &granted.account, with, put).ok();

    // A deployment copies the shop with the entries of the account, leads the link to the copy and deletes the
    // old one; the supporter puts a program into the copy. The access was not to what the link leads to now.
    host.sh("cp -a /srv/releases/1 /srv/releases/2; ln -sfn releases/2 /srv/current
        getfacl -R -n -p /srv/releases/2 | grep -qE '^user:[0-9]+:'");
    let plant = "put /etc/hostname /srv/releases/2/planted.php\n";
    story.stage.sftp(&host, &granted.account, with, plant).ok();
    host.sh("rm -r /srv/releases/1");
    for told in
        [story.run(["verify", &granted.id]).exits(8), story.run(["sweep", "--check"]).exits(8)]
    {
        for words in ["/srv/releases/2", "/srv/releases/1"] {
            assert!(told.output().contains(words), "{}", told.told());
        }
    }
    let run = story.run(["revoke", &granted.id]).exits(8);
    assert!(run.output().contains("elsewhere /srv/releases/2/planted.php"), "{}", run.told());
    assert!(run.output().contains("leads to another place now"), "{}", run.told());
    assert_eq!(story.state(&granted.id), "closed");
    host.sh("! getfacl -R -n -p /srv/releases | grep -E '^(default:)?user:[0-9]+:'");
    assert_eq!(host.sh("stat -c %U /srv/releases/2/planted.php").trim(), "www-data");
    nothing_is_left(&host, &granted.id);
}
