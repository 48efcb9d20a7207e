//! Every provider keeps the contract on every OpenSSH, as `stagepass provider test` tries it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::host::{Host, SUITE, Sudo, suites};
use crate::job::{Story, built_in_script, merchants_own, nothing_happens, same_text};
use crate::stage::Run;

/// The steps of a whole cycle, in their order.
const CYCLE: [&str; 8] = [
    "detect",
    "check says absent",
    "open",
    "check says present",
    "a real login",
    "close",
    "close again",
    "a refused login",
];

fn test_run(story: &Story, provider: &str, target: &str) -> Run {
    story.run(["provider", "test", provider, "--target", target, "--json"])
}

#[track_caller]
fn keeps_the_contract(story: &Story, host: &Host, provider: &str, target: &str) {
    let before = merchants_own(host);
    let run = test_run(story, provider, target).ok();
    let steps = run.json()["result"]["steps"].to_string();
    let mut from = 0;
    for step in CYCLE {
        let at = steps[from..].find(&format!("\"{step}\""));
        from += at.unwrap_or_else(|| panic!("no `{step}` in its place in {steps}"));
    }
    same_text(&before, &merchants_own(host));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
}

#[test]
fn every_provider_keeps_the_contract_on_every_openssh() {
    for suite in suites() {
        let story = Story::new();
        let host = story.stage.light(suite).deploy(Sudo::NoPassword).shop().start();
        host.sh("chown -R deploy /var/www/shop");
        story.target("root", &host, "root", &[]);
        story.target("sudo", &host, "deploy", &["--become", "sudo"]);
        story.target("deploy", &host, "deploy", &[]);
        keeps_the_contract(&story, &host, "linux-account", "sudo");
        keeps_the_contract(&story, &host, "authorized-key", "deploy");
        if suite == SUITE {
            keeps_the_contract(&story, &host, "linux-account", "root");
        }
    }
}

#[test]
fn a_provider_that_needs_root_says_no_without_it() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    story.target("deploy", &host, "deploy", &[]);
    let run = nothing_happens(&story, &host, 6, || test_run(&story, "linux-account", "deploy"));
    assert!(run.output().contains("root"), "{}", run.told());
}

#[test]
fn a_provider_is_not_tested_on_a_live_shop() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("shop", &host, "root", &[]);
    let path = story.stage.config().join("targets.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"staging\"", "\"live\"")).unwrap();
    nothing_happens(&story, &host, 3, || test_run(&story, "linux-account", "shop"));
}

/// A copy of a built-in provider in the merchant's own folder.
fn own_provider(story: &Story, name: &str) -> std::path::PathBuf {
    let folder = story.stage.config().join("providers").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(folder.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let manifest = fs::read_to_string(built_in.join("authorized-key/provider.toml")).unwrap();
    let manifest = manifest.replace("\"authorized-key\"", &format!("\"{name}\""));
    let sentences = fs::read_to_string(built_in.join("authorized-key/en.ftl")).unwrap();
    let script = built_in_script("authorized-key") + "# own\n";
    let files = [("provider.toml", manifest), ("provider.sh", script), ("en.ftl", sentences)];
    for (file, text) in files {
        fs::write(folder.join(file), text).unwrap();
        fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

#[test]
fn a_merchants_own_provider_is_used_and_one_that_others_can_write_is_refused() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    host.sh("chown -R deploy /var/www/shop");
    story.target("deploy", &host, "deploy", &[]);
    let folder = own_provider(&story, "own-key");
    let run = story.run(["provider", "list"]).ok();
    assert!(run.stdout.contains("own-key"), "{}", run.told());
    keeps_the_contract(&story, &host, "own-key", "deploy");

    let key = story.stage.supporter_key();
    let granted = story.granted_key("deploy", &key, &["--with", "own-key"]);
    assert_eq!(story.show(&granted.id)["grant"]["layers"][0]["provider"], "own-key");

    let part = folder.join("part.sh");
    fs::write(&part, "# more\n").unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o600)).unwrap();
    for (path, open, closed) in [
        (folder.join("provider.sh"), 0o620, 0o600),
        (part.clone(), 0o620, 0o600),
        (folder.join("provider.toml"), 0o602, 0o600),
        (folder.clone(), 0o770, 0o700),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let run = nothing_happens(&story, &host, 2, || test_run(&story, "own-key", "deploy"));
        assert!(run.output().contains("own-key"), "{}", run.told());
        fs::set_permissions(&path, fs::Permissions::from_mode(closed)).unwrap();
    }
    fs::remove_file(&part).unwrap();
    // A provider that is gone cannot close; the grant waits for it, and says which one it was.
    let aside = folder.with_extension("aside");
    fs::rename(&folder, &aside).unwrap();
    let run = story.run(["revoke", &granted.id]).exits(7);
    assert!(run.output().contains("digest"), "{}", run.told());
    assert_eq!(story.state(&granted.id), "closing");
    fs::rename(&aside, &folder).unwrap();
    // One that was changed closes, and that is said.
    let script = folder.join("provider.sh");
    let text = fs::read_to_string(&script).unwrap();
    fs::write(&script, format!("{text}# changed\n")).unwrap();
    let told = story.revoked(&granted.id);
    assert!(told.contains(r#""end-provider-changed""#), "{told}");
}

#[test]
fn a_provider_that_breaks_the_contract_fails_the_test_and_leaves_nothing() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::None).shop().start();
    story.target("deploy", &host, "deploy", &[]);
    let before = merchants_own(&host);
    let folder = own_provider(&story, "own-key");
    let script = folder.join("provider.sh");
    let good = fs::read_to_string(&script).unwrap();
    for (bad, step) in [
        // Says that it opened, and opened nothing.
        (good.replace("sp_open() {", "sp_open() { sp_tell; return\n"), "open"),
        // Says something that the manifest does not know.
        (good.replace("sp_check() {", "sp_check() { sp_say wonder 1\n"), "check"),
        // Noise only.
        (good.replace("sp_detect() {", "sp_detect() { echo hello; exit 3\n"), "detect"),
    ] {
        assert!(bad != good);
        fs::write(&script, bad).unwrap();
        let run = test_run(&story, "own-key", "deploy").exits(6);
        assert!(run.output().contains("own-key"), "{step}: {}", run.told());
        same_text(&before, &merchants_own(&host));
    }
}
