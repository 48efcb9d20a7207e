//! What is sent to the supporter: the note, and what was sealed, opened by stagepass, by Debian's `age`
//! and by the library of `rage`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::host::SUITE;
use crate::job::{ANY_PORT, Granted, Story, nothing_is_left};
use crate::stage::{Credential, Ended, Key, Run};

/// A shop on a server where stagepass is root.
fn shop(story: &Story) -> crate::host::Host {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    host
}

fn sealed_of(document: &Value) -> String {
    document["handover"]["sealed"].as_str().expect("something was sealed").to_owned()
}

/// A file of the supporter's.
fn received(story: &Story, name: &str, text: &str) -> PathBuf {
    let path = story.stage.supporter_path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// What Debian's `age` makes of it.
fn by_age(story: &Story, file: &Path, identity: &Path) -> Run {
    let words = ["-d", "-i", identity.to_str().unwrap(), file.to_str().unwrap()];
    story.stage.program("age", words).run()
}

/// What the library of `rage` makes of it.
fn by_rage(story: &Story, file: &Path, identity: &Path) -> Run {
    let program = r#"
import pyrage, sys
text, key = (open(path, "rb").read() for path in sys.argv[1:3])
identity = pyrage.ssh.Identity.from_buffer(key)
sys.stdout.buffer.write(pyrage.decrypt(text, [identity]))
"#;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/python3");
    let words = ["-c", program, file.to_str().unwrap(), identity.to_str().unwrap()];
    story.stage.program(python.to_str().unwrap(), words).run()
}

/// What the supporter's own stagepass makes of it.
fn by_open(story: &Story, file: &Path, identity: &Path) -> Run {
    let words = ["open", file.to_str().unwrap(), "--identity", identity.to_str().unwrap()];
    story.stage.command([&words[..], &["--reveal"]].concat()).run()
}

/// The secret behind a label that begins like this.
#[track_caller]
fn behind(opened: &str, label: &str) -> String {
    let mut lines = opened.lines().skip_while(|line| !line.starts_with(label));
    lines.next().unwrap_or_else(|| panic!("no `{label}` in what was opened"));
    let secret: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    secret.join("\n") + "\n"
}

#[test]
fn a_password_is_sealed_to_the_supporters_own_key() {
    for kind in ["ed25519", "rsa"] {
        sealed_to_a_key_of(kind);
    }
}

#[track_caller]
fn sealed_to_a_key_of(kind: &str) {
    let story = Story::new();
    let host = shop(&story);
    let mut watch = story.stage.watch_proc();
    let key = story.stage.key(kind);
    let granted = story.granted_key("staging", &key, &["--password", "--seal"]);
    assert_eq!(granted.document["plan"]["sealed_to"], key.fingerprint().as_str());
    let sealed = sealed_of(&granted.document);
    let file = received(&story, "ticket.txt", &sealed);

    let opened = by_age(&story, &file, &key.private).ok().stdout;
    assert_eq!(by_rage(&story, &file, &key.private).ok().stdout, opened);
    let told = by_open(&story, &file, &key.private).ok().stdout;
    assert!(told.ends_with(&opened), "{told}");
    let password = behind(&opened, "password of ").trim_end().to_owned();
    let with = Credential::Password(&password);
    story.stage.sftp(&host, &granted.account, with, "ls\n").ok();

    // Somebody else's key opens nothing.
    let other = story.stage.key("ed25519");
    let run = by_open(&story, &file, &other.private).exits(2);
    assert!(!run.output().contains(&password), "{}", run.told());
    by_age(&story, &file, &other.private).fails();

    once_and_again(&story, &granted, &sealed);
    story.kept_secret(&[password.into_bytes()], &[&host], &mut watch);

    story.revoked(&granted.id);
    nothing_is_left(&host, &granted.id);
    let left: Vec<_> = fs::read_dir(story.stage.state().join("handovers")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let run = story.run(["handover", &granted.id, "--again", "--reason", "x", "--json"]).fails();
    assert_eq!(run.json()["error"]["id"], "handover-not-open", "{}", run.told());
}

/// A second hand-over needs a reason, which the ledger keeps.
#[track_caller]
fn once_and_again(story: &Story, granted: &Granted, sealed: &str) {
    let run = story.run(["handover", &granted.id, "--json"]).exits(6);
    assert_eq!(run.json()["error"]["id"], "handover-done", "{}", run.told());
    story.run(["handover", &granted.id, "--again"]).exits(2);
    let why = "the ticket was lost";
    let run = story.run(["handover", &granted.id, "--again", "--reason", why, "--json"]).ok();
    let result = &run.json()["result"];
    assert_eq!(result["handover"]["sealed"], sealed);
    let ledger = story.ledger();
    let events: Vec<&str> =
        ledger.lines().filter(|line| line.contains("grant.handed-over")).collect();
    assert_eq!(events.len(), 2, "{ledger}");
    assert!(events[1].contains(why), "{}", events[1]);
}

#[test]
fn the_note_says_what_a_supporter_needs_and_no_secret() {
    let story = Story::new();
    let host = shop(&story);
    let key = story.stage.supporter_key();
    let contact = "contact = \"Anna, anna@shop.example\"\n";
    fs::write(story.stage.config().join("config.toml"), contact).unwrap();
    let granted = story.granted_key("staging", &key, &[]);
    assert_eq!(granted.document["handover"], Value::Null);
    let run = story.run(["handover", &granted.id]).ok();
    let port = host.port.to_string();
    let login = format!("sftp -P {port} {}@127.0.0.1", granted.account);
    for part in [
        login.as_str(),
        &host.known_hosts_name(),
        host.host_key.split(' ').nth(1).unwrap(),
        &host.fingerprint,
        &key.fingerprint(),
        &port,
        "Anna, anna@shop.example",
        "MSP-4711",
        "Jane Doe",
        "UTC",
        "/var/www/shop",
    ] {
        assert!(run.stdout.contains(part), "{part} is missing: {}", run.told());
    }
    // What it gives for `known_hosts` is what `ssh` takes.
    let known =
        run.stdout.lines().find_map(|line| line.trim().strip_prefix("known_hosts")).unwrap();
    let known = received(&story, "known", &format!("{}\n", known.trim()));
    let options = [
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "GlobalKnownHostsFile=none",
        "-o",
        "BatchMode=yes",
    ];
    let file = format!("UserKnownHostsFile={}", known.display());
    let key = key.private.to_str().unwrap();
    let to = format!("{}@127.0.0.1", granted.account);
    let words =
        [&options[..], &["-o", &file, "-i", key, "-P", &port, "-b", "/dev/null", &to]].concat();
    story.stage.program("sftp", words).run().ok();
}

#[test]
fn a_private_key_is_sealed_to_a_key_of_age_and_survives_a_mail() {
    let story = Story::new();
    let host = shop(&story);
    let identity = story.stage.supporter_path().join("age.key");
    story.stage.program("age-keygen", ["-o", identity.to_str().unwrap()]).run().ok();
    let words = ["-y", identity.to_str().unwrap()];
    let public = story.stage.program("age-keygen", words).run().ok().stdout;
    let output = story.stage.path().join("jane.txt");
    let granted = story.granted(
        "staging",
        &["--generate-key", "--seal-to", public.trim(), "--output", output.to_str().unwrap()],
    );
    assert_eq!(granted.document["files"][0]["holds"], "hand-over");
    let text = fs::read_to_string(&output).unwrap();
    assert!(text.contains(&granted.account), "the note is there: {text}");
    assert!(!text.contains('\x1b'), "{text:?}");

    // As a mail program quotes it, with the line ends of another system.
    let quoted: String = text.lines().map(|line| format!("> {line}\r\n")).collect();
    let mail = received(&story, "mail.txt", &format!("Hi Jane,\r\n\r\n{quoted}-- \r\nAnna\r\n"));
    let opened = by_open(&story, &mail, &identity).ok().stdout;
    let private = behind(&opened, "private key of ");
    let private = received(&story, "jane", &private);
    std::process::Command::new("chmod").arg("600").arg(&private).status().unwrap();
    story.stage.sftp(&host, &granted.account, Credential::Key(&private), "ls\n").ok();

    // `age` itself wants the lines from BEGIN to END, and takes other line ends.
    let sealed: String = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let sealed = received(&story, "sealed.txt", &sealed);
    let by_age = by_age(&story, &sealed, &identity).ok().stdout;
    assert!(opened.ends_with(&by_age), "{opened}");
}

#[test]
fn a_passphrase_is_shown_once_and_opens_it() {
    let story = Story::new();
    let host = shop(&story);
    let key = story.stage.supporter_key();
    let words = Story::grant_words("staging", &["--password", "--passphrase", "--yes"]);
    let run = story.stage.command([&words[..], &ANY_PORT].concat()).run_tty(&[]).ok();
    let screen = run.stdout.replace('\r', "");
    let mut lines =
        screen.lines().skip_while(|line| !line.contains("passphrase of what is sealed"));
    lines.next().expect("the passphrase is shown");
    let passphrase = lines.next().unwrap().trim().to_owned();
    let passphrase_line = format!("{passphrase}\n");
    assert!(passphrase.len() >= 24, "{}", run.told());
    let sealed: String = screen
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN AGE"))
        .take_while(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    let file = received(&story, "ticket.txt", &sealed);
    let words = ["open", file.to_str().unwrap()];
    let answers = [("sealed with: ", passphrase_line.as_str())];
    let run = story.stage.command(words).run_tty(&answers).ok();
    let opened = run.stdout.replace('\r', "");
    let password = behind(&opened, "password of ").trim_end().to_owned();
    let account = opened.lines().find_map(|line| line.strip_prefix("password of ")).unwrap();
    let account = account.split(' ').next().unwrap();
    story.stage.sftp(&host, account, Credential::Password(&password), "ls\n").ok();

    // Whoever knows a public key can seal anything to it.
    let hostile = received(&story, "hostile", "\x1b]0;owned\x07\u{202e}hello\n");
    let sealing = ["-a", "-R", key.public.to_str().unwrap(), hostile.to_str().unwrap()];
    let sealed = story.stage.program("age", sealing).run().ok().stdout;
    let hostile = received(&story, "hostile.age", &sealed);
    let opening = ["open", hostile.to_str().unwrap(), "--identity", key.private.to_str().unwrap()];
    let run = story.stage.command(opening).run_tty(&[]).ok();
    assert!(run.stdout.contains("hello") && !run.stdout.contains('\x1b'), "{}", run.told());

    // age asks for it on the terminal, too.
    let command = story.stage.program("age", ["-d", file.to_str().unwrap()]);
    let run = command.run_tty(&[("Enter passphrase", passphrase_line.as_str())]).ok();
    assert!(run.stdout.contains(&password), "{}", run.told());
    let answers = [("sealed with: ", "another\n")];
    let run = story.stage.command(words).run_tty(&answers).exits(2);
    assert!(!run.output().contains(&password), "{}", run.told());
}

/// Refused before the server hears of it.
#[test]
fn what_cannot_be_sealed_is_refused_before_anything_is_made() {
    let story = Story::new();
    let host = shop(&story);
    let ecdsa = story.stage.key("ecdsa");
    let own = story.stage.supporter_key();
    let (ecdsa, own): (&str, &str) = (ecdsa.public.to_str().unwrap(), own.public.to_str().unwrap());
    let refused = |words: &[&str], id: &str| {
        let run: Ended = story.grant("staging", words).exits(2);
        assert_eq!(run.json()["error"]["id"], id, "{}", run.told());
    };
    refused(&["--key", ecdsa, "--password", "--seal"], "seal-key-unusable");
    refused(&["--key", own, "--seal"], "seal-needless");
    refused(&["--key", own, "--password", "--seal-to", "/nowhere"], "seal-key-unreadable");
    refused(&["--key", own, "--password", "--seal-to", "age1oops"], "seal-key-unusable");
    refused(&["--key", own, "--password", "--passphrase"], "secret-in-json");
    let private = story.stage.supporter_key().private;
    let private = private.to_str().unwrap();
    refused(&["--key", own, "--password", "--seal-to", private], "seal-key-unusable");
    assert!(!host.log().contains("Accepted"), "the server was asked: {}", host.log());
}

/// Whoever cannot be handed anything has no access.
#[test]
fn what_cannot_be_kept_is_taken_back() {
    let story = Story::new();
    let host = shop(&story);
    let key: Key = story.stage.supporter_key();
    fs::write(story.stage.state().join("handovers"), "in the way").unwrap();
    let public = key.public.to_str().unwrap();
    let run = story.grant("staging", &["--key", public, "--password", "--seal"]).fails();
    let error = &run.json()["error"];
    assert_eq!(error["id"], "handover-not-kept", "{}", run.told());
    assert_eq!(error["hints"][0]["id"], "not-handed-over.taken-back", "{}", run.told());
    let listed = story.run(["list", "--all", "--json"]).ok().json();
    let grant = &listed["result"]["grants"][0];
    assert_eq!(grant["state"], "closed", "{listed}");
    nothing_is_left(&host, grant["id"].as_str().unwrap());
}
