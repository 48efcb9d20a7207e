//! docs/json.md against the program: every command's document has the keys that are written there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use serde_json::Value;

use crate::host::{SUITE, Sudo};
use crate::stage::Stage;

/// The keys of `result` that the page names, by command.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
    let page = fs::read_to_string(page).unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let (command, text) = section.split_once('\n').unwrap();
        let keys = text.lines().filter_map(|line| line.strip_prefix("- ")?.split_once(':'));
        let keys = keys
            .flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches('`').to_owned()));
        all.insert(command.to_owned(), keys.collect());
    }
    all
}

/// What was seen of the documents so far.
struct Reader<'a> {
    stage: &'a Stage,
    documented: BTreeMap<String, BTreeSet<String>>,
    seen: BTreeSet<String>,
}

impl Reader<'_> {
    /// Runs a command and holds its document against the page; `section` is where it is described.
    fn reads(&mut self, section: &str, words: &[&str]) -> Value {
        let run = self.stage.run(words.iter().copied().chain(["--json"])).ok();
        assert!(!run.stderr.contains("error"), "{}", run.told());
        let document = run.json();
        let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["command", "ok", "result", "stagepass"], "{}", run.told());
        let command = section.split(" --").next().unwrap();
        assert_eq!(document["command"], command);
        assert_eq!(document["ok"], true);
        let result = document["result"].as_object().expect("a result is an object");
        let keys: BTreeSet<String> = result.keys().cloned().collect();
        assert_eq!(Some(&keys), self.documented.get(section), "docs/json.md on `{section}`");
        self.seen.insert(section.to_owned());
        document["result"].clone()
    }
}

/// The keys that docs/json.md names for every grant.
const GRANT: [&str; 23] = [
    "access",
    "altered",
    "attempts",
    "case",
    "checked_at",
    "closed_as",
    "closed_at",
    "created_at",
    "deadline",
    "deadline_maximum",
    "deadline_text",
    "drift",
    "findings",
    "id",
    "last_error",
    "layers",
    "next_attempt_at",
    "opened_at",
    "overdue",
    "state",
    "supporter",
    "target",
    "unconfirmed",
];

/// What a trial of a key showed, as docs/json.md has it.
fn is_proof(proof: &Value) {
    let keys: Vec<&String> = proof.as_object().expect("a proof").keys().collect();
    assert_eq!(keys, ["kind", "logins", "result", "why"], "{proof}");
    assert_eq!(proof["kind"], "trial-login");
    let login = &proof["logins"][0];
    assert_eq!(
        (login["with"].as_str(), proof["logins"].as_array().map(Vec::len)),
        (Some("key"), Some(1))
    );
    let parts = login["parts"].as_array().unwrap();
    assert!(parts.iter().any(|part| part["result"] == "proved"), "{proof}");
    let left_out = parts.iter().any(|part| part["result"] == "not-tried");
    assert_eq!(proof["result"], if left_out { "partly" } else { "proved" }, "{proof}");
    assert_eq!(proof["why"].as_str().unwrap().is_empty(), !left_out, "{proof}");
}

#[test]
fn every_document_has_the_keys_that_are_written_down() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    let key = stage.supporter_key();
    let mut reader = Reader { stage: &stage, documented: documented(), seen: BTreeSet::new() };

    reader.reads("list", &["list"]);
    reader.reads("sweep", &["sweep"]);
    let url = host.url("deploy");
    let identity = stage.admin.private.to_str().unwrap();
    let mut add = vec!["target", "add", "staging", &url, "--environment", "staging"];
    add.extend(["--host-key", &host.fingerprint, "--identity", identity]);
    add.extend(["--become", "sudo", "--path", "/var/www/shop"]);
    reader.reads("target add", &add);
    reader.reads("target list", &["target", "list"]);
    reader.reads("target show", &["target", "show", "staging"]);
    let checked = reader.reads("target check", &["target", "check", "staging"]);
    assert!(checked["providers"][0]["seen"]["sshd_version"].is_string(), "{checked}");
    let shown = stage.run(["target", "check", "staging"]).ok().stdout;
    for said in ["a key or a password", "by itself, to the second", "there, owned by www-data"] {
        assert!(shown.contains(said), "no `{said}` in\n{shown}");
    }
    reader.reads("case open", &["case", "open", "MSP-1", "--desk", "multisafepay"]);

    let mut grant = vec!["grant", "--case", "MSP-1", "--target", "staging", "--supporter", "Jane"];
    grant.extend(["--key", key.public.to_str().unwrap()]);
    grant.extend(["--override", "port", "--reason", "a test host has no port 22"]);
    let mut dry = grant.clone();
    dry.push("--dry-run");
    reader.reads("grant --dry-run", &dry);
    let made = reader.reads("grant", &grant);
    let keys: Vec<&String> = made["grant"].as_object().unwrap().keys().collect();
    assert_eq!(keys, GRANT);
    let id = made["grant"]["id"].as_str().unwrap().to_owned();
    is_proof(&made["proof"]);

    let listed = reader.reads("list", &["list"]);
    assert_eq!(listed["grants"][0]["id"], id.as_str());
    reader.reads("show", &["show", &id]);
    reader.reads("case list", &["case", "list"]);
    reader.reads("case show", &["case", "show", "MSP-1"]);
    let extend = ["extend", &id, "--for", "15d", "--reason", "the vendor answers on Monday"];
    reader.reads("case edit", &["case", "edit", "MSP-1", "--set", "since=Monday"]);
    reader.reads("case ticket", &["case", "ticket", "MSP-1"]);
    reader.reads("extend --dry-run", &[extend.as_slice(), &["--dry-run"]].concat());
    reader.reads("extend", &extend);
    reader.reads("verify --dry-run", &["verify", &id, "--dry-run"]);
    let verified = reader.reads("verify", &["verify", &id]);
    assert!(verified["proved"][0]["proof"].is_null(), "{verified}");
    let tried = reader.reads("verify", &["verify", &id, "--trial"]);
    is_proof(&tried["proved"][0]["proof"]);
    reader.reads("reconcile --dry-run", &["reconcile", "--all", "--dry-run"]);
    reader.reads("reconcile", &["reconcile", "staging"]);
    reader.reads("revoke --dry-run", &["revoke", &id, "--dry-run"]);
    reader.reads("revoke --dry-run", &["revoke", "--all", "--dry-run"]);
    reader.reads("revoke", &["revoke", &id]);
    reader.reads("sweep", &["sweep"]);
    reader.reads("acknowledge", &["acknowledge", &id, "--reason", "there was nothing"]);
    reader.reads("acknowledge --dry-run", &["acknowledge", &id, "--dry-run"]);
    reader.reads("doctor", &["doctor"]);
    reader.reads("case close", &["case", "close", "MSP-1"]);
    reader.reads("case reopen", &["case", "reopen", "MSP-1", "--reason", "the ticket goes on"]);
    reader.reads("case lint", &["case", "lint", "-"]);
    reader.reads("ledger verify", &["ledger", "verify"]);
    reader.reads("ledger backup", &["ledger", "backup", "copy.sqlite3"]);
    reader.reads("desk list", &["desk", "list"]);
    reader.reads("desk show", &["desk", "show", "multisafepay"]);
    reader.reads("desk new --dry-run", &["desk", "new", "acme-support", "--dry-run"]);
    reader.reads("desk new", &["desk", "new", "acme-support"]);
    reader.reads("provider list", &["provider", "list"]);
    reader.reads("provider show", &["provider", "show", "linux-account"]);
    reader.reads("provider new --dry-run", &["provider", "new", "office-list", "--dry-run"]);
    reader.reads("provider new", &["provider", "new", "office-list", "--language", "sh"]);
    let test = ["provider", "test", "authorized-key", "--target", "staging"];
    reader.reads("provider test", &test);
    reader.reads("secret list", &["secret", "list"]);
    reader.reads("schedule status", &["schedule", "status"]);
    reader.reads("target remove", &["target", "remove", "staging"]);

    // These change more than a throw-away home, or need a desktop; their own tests run them.
    let elsewhere = ["demo", "schedule install", "schedule remove", "secret remove", "secret set"];
    let seen: BTreeSet<&str> = reader.seen.iter().map(String::as_str).chain(elsewhere).collect();
    let written: BTreeSet<&str> = reader.documented.keys().map(String::as_str).collect();
    let not_documents = BTreeSet::from(["Not documents"]);
    assert_eq!(written.difference(&seen).copied().collect::<BTreeSet<_>>(), not_documents);
}

#[test]
fn every_command_is_in_the_page_of_documents() {
    fn leaves(command: &clap::Command, before: &str, all: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let name = format!("{before} {}", inner.get_name()).trim().to_owned();
            if inner.has_subcommands() {
                leaves(inner, &name, all);
            } else {
                all.push(name);
            }
        }
    }
    let mut all = Vec::new();
    leaves(&stagepass::testing::cli::Cli::command(), "", &mut all);
    let documented = documented();
    let raw = ["completions", "man", "ledger export"];
    let missing: Vec<&String> = all
        .iter()
        .filter(|name| !documented.contains_key(*name) && !raw.contains(&name.as_str()))
        .collect();
    assert_eq!(missing, [""; 0]);
}
