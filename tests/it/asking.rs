//! A person at a terminal: what is asked, when, and what happens with the answer.

use std::time::Duration;

use crate::backup::{BACKUP, back_up};
use crate::host::{Host, SUITE, Sudo};
use crate::job::{ANY_PORT, CASE, Story};
use crate::stage::{Invocation, Stage};

/// The widths of the terminals that people have.
const WIDTHS: [u16; 3] = [60, 80, 120];

const QUESTION: &str = "Let Jane Doe in? [y/N]";

/// A server, and the words of a grant on it.
fn scene(story: &Story) -> (Host, String) {
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    let key = story.stage.supporter_key();
    (host, key.public.to_str().unwrap().to_owned())
}

fn grant(story: &Story, key: &str, more: &[&str], columns: u16) -> Invocation {
    let words = [&["--key", key][..], &ANY_PORT, more].concat();
    story.stage.command(Story::grant_words("staging", &words)).columns(columns)
}

fn accounts(host: &Host) -> String {
    host.sh("grep '^sp-' /etc/passwd || :")
}

/// Where each of these stands on the screen, one behind the other.
#[track_caller]
fn in_order(screen: &str, texts: &[&str]) {
    let mut from = 0;
    for text in texts {
        let found = screen[from..].find(text);
        from += found.unwrap_or_else(|| panic!("no `{text}` behind the others in\n{screen}"));
    }
}

#[test]
fn the_plan_is_read_first_and_then_one_question_is_asked() {
    let story = Story::new();
    let (host, key) = scene(&story);
    for columns in WIDTHS {
        for answer in ["n\n", "\n", "yes please\n"] {
            let run = grant(&story, &key, &[], columns).run_tty(&[(QUESTION, answer)]).exits(2);
            in_order(&run.stdout, &["The plan", "Jane Doe", "ends", QUESTION, "nothing was made"]);
            assert_eq!(accounts(&host), "");
        }
        let run = grant(&story, &key, &[], columns).run_tty(&[(QUESTION, "y\n")]).ok();
        in_order(&run.stdout, &["The plan", QUESTION, "Granted"]);
        assert_eq!(run.stdout.matches("[y/N]").count(), 1, "{}", run.told());
        assert_eq!(accounts(&host).lines().count(), 1);
        story.run(["revoke", "--all"]).ok();
    }
    // Whoever says so beforehand is not asked, and neither is who is not there.
    let run = grant(&story, &key, &["--yes"], 80).run_tty(&[]).ok();
    assert!(!run.stdout.contains("[y/N]"), "{}", run.told());
    story.run(["revoke", "--all"]).ok();
    let run = grant(&story, &key, &[], 80).run().ok();
    assert!(!run.output().contains("[y/N]"), "{}", run.told());
    // A dry run asks nothing.
    let run = grant(&story, &key, &["--dry-run"], 80).run_tty(&[]).ok();
    assert!(!run.stdout.contains("[y/N]"), "{}", run.told());
}

#[test]
fn the_host_name_of_a_live_shop_is_typed_after_the_plan_was_read() {
    let story = Story::new();
    let (host, key) = scene(&story);
    let identity = story.stage.admin.private.to_str().unwrap().to_owned();
    let url = host.url("root");
    let mut add = vec!["target", "add", "staging", &url, "--environment", "Live", "--replace"];
    add.extend(["--host-key", &host.fingerprint, "--identity", &identity]);
    add.extend(["--path", "/var/www/shop"]);
    story.run(add).ok();
    back_up(&host);
    let live = ["--access", "sftp-read-only", "--approver", "Ana Blanco", "--approval", "INT-77"];
    let more = [&live[..], &BACKUP[..], &["--acknowledge", "M7"]].concat();
    let question = "Type its host name, 127.0.0.1, to let Jane Doe in:";
    for columns in WIDTHS {
        for wrong in ["127.0.0.2\n", "y\n", "\n"] {
            let run = grant(&story, &key, &more, columns).run_tty(&[(question, wrong)]).exits(3);
            in_order(&run.stdout, &["The plan", "LIVE", question, "live.confirmation"]);
            assert_eq!(accounts(&host), "");
        }
    }
    let run = grant(&story, &key, &more, 80).run_tty(&[(question, "127.0.0.1\n")]).ok();
    in_order(&run.stdout, &["The plan", question, "Granted"]);
    let listed = story.run(["list", "--json"]).ok().json()["result"]["grants"][0].clone();
    let shown = story.show(listed["id"].as_str().unwrap());
    assert_eq!(shown["terms"]["live"]["confirmation"], "127.0.0.1");
    // `--yes` is no host name.
    let more = [&more[..], &["--yes"]].concat();
    let _ = grant(&story, &key, &more, 80).run().exits(3);
}

#[test]
fn a_wrong_password_for_sudo_is_asked_for_three_times_and_nothing_moves_meanwhile() {
    const SUDO: &str = "Sudo-9-correct-horse-battery!";
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::Password).deploy_password(SUDO).shop().start();
    story.target("staging", &host, "deploy", &["--become", "sudo-password"]);
    let key = story.stage.supporter_key();
    let key = key.public.to_str().unwrap();
    let prompt = "sudo password of deploy on staging:";
    let typed = format!("{SUDO}\n");
    for columns in WIDTHS {
        let answers = [
            (prompt, "wrong-1\n"),
            (prompt, "wrong-2\n"),
            (prompt, typed.as_str()),
            (QUESTION, "n\n"),
        ];
        // Long enough for whatever moves to move some times.
        let slow = Duration::from_millis(700);
        let run = grant(&story, key, &[], columns).pause(slow).run_tty(&answers).exits(2);
        assert_eq!(run.stdout.matches(prompt).count(), 3, "{}", run.told());
        for asked in run.stdout.split(prompt).skip(1) {
            let waited = asked.split('\n').next().unwrap_or_default().trim();
            assert_eq!(waited, "", "painted over:\n{}", run.told());
        }
        assert!(run.stdout.contains("not right"), "{}", run.told());
        assert!(!run.stdout.contains(SUDO) && !run.stdout.contains("wrong-"), "{}", run.told());
    }
    let answers = [(prompt, "wrong-1\n"), (prompt, "wrong-2\n"), (prompt, "wrong-3\n")];
    let run = grant(&story, key, &[], 80).run_tty(&answers).fails();
    assert_eq!(run.stdout.matches(prompt).count(), 3, "{}", run.told());
    assert!(run.stdout.contains("did not take the password"), "{}", run.told());
    assert_eq!(accounts(&host), "");
}

#[test]
fn a_wrong_passphrase_and_a_wrong_login_password_are_asked_for_again() {
    const SECRET: &str = "Login-9-correct-horse-battery!";
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).deploy_password(SECRET).start();
    let locked = crate::stage::Key::generate(&stage.path().join("keys"), "l", "ed25519", SECRET);
    host.sh(&format!("echo '{}' >>/home/deploy/.ssh/authorized_keys", locked.line()));
    let file = locked.private.to_str().unwrap();
    let typed = format!("{SECRET}\n");
    let url = host.url("deploy");
    for (name, more, prompt) in [
        ("key", ["--identity", file], format!("Passphrase of the key file {file}:")),
        ("word", ["--login", "password"], "Login password of deploy on word:".to_owned()),
    ] {
        let mut add = vec!["target", "add", name, &url, "--environment", "STAGING"];
        add.extend(["--host-key", &host.fingerprint]);
        add.extend(more);
        stage.run(add).ok();
        let prompt = prompt.as_str();
        let run = stage.command(["target", "check", name]).columns(120);
        let run = run.run_tty(&[(prompt, "wrong\n"), (prompt, &typed)]).ok();
        assert_eq!(run.stdout.matches(prompt).count(), 2, "{}", run.told());
        let wrong = [(prompt, "wrong\n"); 3];
        let run = stage.command(["target", "check", name]).columns(120).run_tty(&wrong).exits(5);
        assert_eq!(run.stdout.matches(prompt).count(), 3, "{}", run.told());
    }
}

#[test]
fn a_doubtful_length_of_time_is_asked_about() {
    let story = Story::new();
    let (host, key) = scene(&story);
    for (typed, doubt) in [
        ("1m", "`1m` is 1 min; for months write `30d`."),
        ("2m", "`2m` is 2 min; for months write `60d`."),
        ("1s", "`1s` is only 1 s."),
        ("1M", "for minutes write `1min`."),
    ] {
        for columns in WIDTHS {
            let run = grant(&story, &key, &["--for", typed], columns);
            let run = run.run_tty(&[("Is that meant? [y/N]", "n\n")]).exits(2);
            let screen = run.stdout.replace("\r\n", " ").replace('\n', " ");
            assert!(screen.contains(doubt), "{}", run.told());
        }
    }
    assert_eq!(accounts(&host), "");
    let run = grant(&story, &key, &["--for", "14d", "--dry-run"], 80).run_tty(&[]).ok();
    assert!(!run.stdout.contains("meant"), "{}", run.told());
}

#[test]
fn names_are_taken_in_any_case_of_letters_and_what_is_next_can_be_pasted() {
    let stage = Stage::new();
    let run = stage.run(["case", "open", "#12/a", "--desk", "MultiSafepay"]).ok();
    assert!(run.stderr.contains("stagepass grant --case '#12/a' --target"), "{}", run.told());
    let told = stage.run(["case", "open", CASE, "--desk", "MULTISAFEPAY", "--json"]).ok().json();
    assert_eq!(told["result"]["case"]["desk"], "multisafepay");
    let host = Host::light(SUITE).admin(&stage.admin).start();
    let url = host.url("root");
    let add = |name: &'static str, kind: &'static str| {
        stage.run([
            "target",
            "add",
            name,
            &url,
            "--environment",
            kind,
            "--host-key",
            &host.fingerprint,
            "--json",
        ])
    };
    for (name, typed, meant) in
        [("a", "Staging", "staging"), ("b", "LIVE", "live"), ("c", "Test", "test")]
    {
        assert_eq!(add(name, typed).ok().json()["result"]["target"]["environment"], meant);
    }
    let _ = add("d", "stageing").exits(2);
}
