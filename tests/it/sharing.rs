//! Grants in the merchant's own account, where the supporter *is* that account: they take a reason, the
//! word about their end is the weaker one, and what the supporter wrote there is never believed.

use crate::host::{Host, SUITE, Sudo};
use crate::job::{ANY_PORT, Granted, Story, broken, nothing_happens, now};
use crate::stage::{Credential, Run, SHARED};

const TAKEN_AWAY: &str =
    "taken away; what was left behind in your own account `deploy` cannot be ruled out";

fn shared(story: &Story, sudo: Sudo) -> Host {
    let host = story.stage.light(SUITE).deploy(sudo).shop().start();
    host.exec(&["chown", "-R", "deploy", "/var/www/shop"]).ok();
    story.target("staging", &host, "deploy", &[]);
    host
}

fn grant(story: &Story, more: &[&str]) -> Run {
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let words = [&["--json", "--key", public], &ANY_PORT[..], more].concat();
    let words = Story::grant_words("staging", &words);
    story.heard(story.stage.command_as_typed(words).run())
}

#[test]
fn the_merchants_own_account_is_shared_with_a_reason_and_closed_with_a_weaker_word() {
    let story = Story::new();
    let host = shared(&story, Sudo::None);
    // A light host lets no account confine anything.
    for more in [&["--access", "sftp"][..], &["--access", "ssh"], &["--access", "ssh", "--dry-run"]]
    {
        let run = nothing_happens(&story, &host, 3, || grant(&story, more));
        assert_eq!(broken(&run), ["account.shared"], "{more:?}");
        assert!(run.output().contains("--become sudo"), "{}", run.told());
    }
    let more = [&["--access", "ssh"], &SHARED[..]].concat();
    let granted = Granted::of(&grant(&story, &more).ok());
    let overrides = &granted.document["plan"]["terms"]["overrides"];
    assert!(overrides.to_string().contains("account.shared"), "{overrides}");
    let run = story.run(["revoke", &granted.id]).ok();
    assert!(run.stdout.contains(TAKEN_AWAY), "{}", run.told());
    assert!(!run.stdout.contains("nothing is left"), "{}", run.told());
    assert_eq!(story.show(&granted.id)["grant"]["closed_as"], "taken-away");
    for command in ["show", "verify"] {
        let run = story.run([command, &granted.id]).ok();
        assert!(run.stdout.contains(TAKEN_AWAY), "{}", run.told());
        // What the trial at the opening proved is another thing.
        let end = run.stdout.lines().filter(|line| !line.contains("grant.open "));
        assert!(!end.into_iter().any(|line| line.contains("proved")), "{}", run.told());
    }
}

#[test]
fn an_account_that_can_become_root_is_given_as_roots_is() {
    let story = Story::new();
    let host = shared(&story, Sudo::NoPassword);
    let run = nothing_happens(&story, &host, 3, || grant(&story, &["--access", "ssh"]));
    assert_eq!(broken(&run), ["account.shared"], "before anybody looked");
    let shared = ["--access", "ssh", "--override", "account.shared"];
    let run = nothing_happens(&story, &host, 3, || grant(&story, &shared));
    assert_eq!(broken(&run), ["account.root"]);
    assert!(run.output().contains("sudo without a password"), "{}", run.told());
    let run = grant(&story, &[&["--access", "ssh", "--dry-run"], &SHARED[..]].concat()).ok();
    let notes = run.json()["result"]["plan"]["notes"].to_string();
    assert!(notes.contains(r#""root-by""#), "{notes}");
}

#[test]
fn what_the_supporter_wrote_in_place_of_a_result_is_a_finding() {
    const PLANT: &str = include_str!("../red/shared-plant.sh");
    let story = Story::new();
    let host = shared(&story, Sudo::None);
    let key = story.stage.supporter_key();
    for (how, found_then) in
        [("gone", "everything that stagepass had put"), ("forged-and-out", "before its deadline")]
    {
        let granted = story.granted_key("staging", &key, &["--access", "ssh"]);
        let planted = format!("set -- {how} {} {}\n{PLANT}", granted.id, now());
        story.stage.ssh(&host, "deploy", Credential::Key(&key.private), &[&planted]).ok();
        // Who only looks is not content with it either.
        let looked = story.run(["verify", &granted.id, "--json"]).exits(8);
        let result = &looked.json()["result"];
        assert_eq!(result["proved"].as_array().map(Vec::len), Some(0), "{how}: {}", looked.told());
        let drift = result["drifted"][0]["drift"].as_array();
        assert!(drift.is_some_and(|drift| !drift.is_empty()), "{how}: {}", looked.told());
        // Which looks for marks alone: the line is one, and stands there still in the first case.
        if how == "forged-and-out" {
            let reconciled = story.run(["reconcile", "staging", "--json"]).exits(8);
            let findings = reconciled.json()["result"]["targets"][0]["findings"].to_string();
            assert!(findings.contains(&granted.id), "{how}: {}", reconciled.told());
        }
        let swept = story.run(["sweep", "--check", "--json"]);
        assert_ne!(swept.exit, 0, "{how}: {}", swept.told());
        assert!(swept.stdout.contains(&granted.id), "{how}: {}", swept.told());
        let run = story.run(["revoke", &granted.id, "--json"]).exits(8);
        let closed = &run.json()["result"]["closed"][0];
        let found = closed["found"].to_string();
        assert!(found.contains(found_then), "{how}: {}", run.told());
        let ended = story.run(["show", &granted.id]).ok();
        assert!(!ended.stdout.contains("the server itself"), "{}", ended.told());
        if how == "gone" {
            assert!(found.contains("back door"), "{found}");
        }
        host.sh("rm -f /home/deploy/.ssh/authorized_keys2; pkill -KILL -u deploy -x sleep || :");
    }
}

/// A close was begun and never heard: a server that cannot be reached leaves just that in the ledger. A note in the
/// account that says how it ended is believed only where it carries the word that this installation sent.
#[test]
fn a_forged_result_is_a_finding_also_where_a_close_was_begun() {
    const PLANT: &str = include_str!("../red/shared-plant.sh");
    let story = Story::new();
    let host = shared(&story, Sudo::None);
    let key = story.stage.supporter_key();
    for (by_server, found) in [("true", "before its deadline"), ("false", "knows of no such close")]
    {
        let granted = story.granted_key("staging", &key, &["--access", "ssh"]);
        host.stop_sshd();
        let run = story.run(["revoke", &granted.id, "--json"]);
        assert_ne!(run.exit, 0, "{}", run.told());
        host.start_sshd();
        assert_eq!(story.show(&granted.id)["grant"]["state"], "closing");
        let planted = format!("set -- forged-and-out {} {}\n{PLANT}", granted.id, now());
        host.exec(&["runuser", "-u", "deploy", "--", "sh", "-c", &planted]).ok();
        host.sh(&format!(
            "sed -i s/by_server=true/by_server={by_server}/ /home/deploy/.stagepass/result.*; \
             pkill -KILL -u deploy -x sleep || :"
        ));
        let run = story.run(["revoke", &granted.id, "--json"]).exits(8);
        let closed = &run.json()["result"]["closed"][0];
        assert!(closed["found"].to_string().contains(found), "{by_server}: {}", run.told());
        host.sh("rm -f /home/deploy/.ssh/authorized_keys2");
    }
}
