//! A provider of the merchant's own, from nothing: what `provider new` makes is one that can be used, and what is then
//! changed in it is judged by `provider test`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::host::{Host, SUITE, Sudo};
use crate::job::{Story, merchants_own, nothing_happens, nothing_is_left, now, same_text};
use crate::readme;
use crate::stage::{Ended, Run, Stage};

const NAME: &str = "office-list";

/// A shop on which root logs in, and a provider that was just made.
fn with_a_new_one() -> (Story, Host, PathBuf) {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    story.run(["provider", "new", NAME, "--language", "sh"]).ok();
    let folder = story.stage.config().join("providers").join(NAME);
    (story, host, folder)
}

/// `provider test`, which waits for cron at most.
fn tested(story: &Story, more: &[&str]) -> Run {
    let words = ["provider", "test", NAME, "--target", "staging", "--json"];
    let run = story.stage.command([&words[..], more].concat());
    story.heard(run.limit(Duration::from_secs(150)).run())
}

/// What of it lets anybody in on the server.
fn made(host: &Host) -> String {
    host.sh(&format!("cat /var/lib/stagepass/{NAME}.d/* 2>/dev/null || :"))
}

/// Nothing that was made is there any more: no file, no record, nothing that would run.
#[track_caller]
fn none_is_left(host: &Host) {
    host.sh("! find /var/lib/stagepass -mindepth 1 ! -name 'result.*' ! -name last-uid 2>/dev/null | grep .");
    host.sh("! ls /etc/cron.d | grep stagepass");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_just_made_passes_the_test_is_granted_and_ends() {
    let (story, host, folder) = with_a_new_one();
    let before = merchants_own(&host);
    assert_eq!(mode(&folder), 0o700);
    for file in ["provider.toml", "provider.sh", "verbs.sh", "en.ftl"] {
        assert_eq!(mode(&folder.join(file)), 0o600);
        assert!(!fs::read_to_string(folder.join(file)).unwrap().contains("@NAME@"), "{file}");
    }
    let listed = story.run(["provider", "list"]).ok().stdout;
    assert!(listed.contains(NAME) && !listed.contains("skeleton"), "{listed}");
    let shown = story.run(["provider", "show", NAME]).ok().stdout;
    assert!(shown.contains("account       none") && shown.contains("sp_collected"), "{shown}");

    let run = tested(&story, &["--to-the-end"]).ok();
    let steps = run.json()["result"]["steps"].clone();
    let steps: Vec<&str> = steps.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    assert_eq!(
        steps,
        [
            "detect",
            "check says absent",
            "marks do not list it",
            "close before any open",
            "an open that comes too late is refused",
            "open",
            "check says present",
            "marks list it",
            "open again",
            "update to an earlier deadline",
            "check says present",
            "the server ends it by itself",
            "close",
            "close again",
            "check says absent",
            "marks do not list it",
            "an open after its close is refused",
        ]
    );
    none_is_left(&host);
    host.sh("! find /var/lib/stagepass -mindepth 1 | grep .");
    same_text(&before, &merchants_own(&host));

    let key = story.stage.supporter_key();
    let both = format!("server,{NAME}");
    let jane = story.granted_key("staging", &key, &["--with", &both]);
    let text = made(&host);
    assert!(text.starts_with(&format!("# stagepass {}1 ", jane.id)), "{text}");
    assert!(text.contains(&format!("until={}\n", jane.deadline)), "{text}");
    story.run(["sweep", "--check"]).ok();
    story.run(["verify", &jane.id]).ok();
    let seen = story.run(["reconcile", "staging", "--json"]).ok().json();
    let seen = &seen["result"]["targets"][0];
    assert_eq!(seen["findings"].as_array().unwrap().len(), 0, "{seen:#}");
    let later = jane.deadline + 3600;
    story.run(["extend", &jane.id, "--for", "15d", "--reason", "a test"]).ok();
    let until = story.show(&jane.id)["grant"]["deadline"].as_i64().unwrap();
    assert!(until >= later && made(&host).contains(&format!("until={until}\n")), "{}", made(&host));
    // Somebody's hand in it is noticed, and it goes all the same.
    host.sh(&format!("echo more >>/var/lib/stagepass/{NAME}.d/{}1.conf", jane.id));
    let run = story.run(["sweep", "--check"]).exits(8);
    assert!(run.output().contains("was changed"), "{}", run.told());

    story.revoked(&jane.id);
    nothing_is_left(&host, &jane.id);
    none_is_left(&host);
    same_text(&before, &merchants_own(&host));
    story.run(["verify", &jane.id]).ok();
    story.run(["ledger", "verify"]).ok();
}

// ---- the same in PHP ----------------------------------------------------------------------------

/// A server with PHP, and a provider in PHP that was just made.
fn with_a_new_one_in_php() -> (Story, Host, PathBuf) {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop().shop_software().start();
    story.target("staging", &host, "root", &[]);
    story.run(["provider", "new", NAME, "--language", "php"]).ok();
    let folder = story.stage.config().join("providers").join(NAME);
    (story, host, folder)
}

#[test]
fn what_was_just_made_in_php_passes_the_test_is_granted_and_ends() {
    let (story, host, folder) = with_a_new_one_in_php();
    let before = merchants_own(&host);
    for file in ["provider.toml", "provider.php", "provider.sh", "verbs.sh", "en.ftl"] {
        assert_eq!(mode(&folder.join(file)), 0o600);
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(!text.contains("@NAME@") && !text.contains("@LANGUAGE@"), "{file}");
    }
    let run = tested(&story, &["--to-the-end"]).ok();
    let steps = run.json()["result"]["steps"].to_string();
    for step in ["the server ends it by itself", "an open after its close is refused"] {
        assert!(steps.contains(step), "{steps}");
    }
    host.sh("! find /var/lib/stagepass -mindepth 1 | grep .");
    same_text(&before, &merchants_own(&host));

    let key = story.stage.supporter_key();
    let both = format!("server,{NAME}");
    let jane = story.granted_key("staging", &key, &["--with", &both]);
    // PHP ran as who runs the program, and not as root.
    let owner = host.sh(&format!("stat -c %U /var/lib/stagepass/{NAME}.d/*"));
    assert_eq!(owner, "www-data\n");
    let text = made(&host);
    assert!(text.starts_with(&format!("{{\"stagepass\":\"{}1 ", jane.id)), "{text}");
    assert!(text.contains(&format!("\"until\":{}}}", jane.deadline)), "{text}");
    story.run(["sweep", "--check"]).ok();
    story.run(["verify", &jane.id]).ok();
    let seen = story.run(["reconcile", "staging", "--json"]).ok().json();
    let seen = &seen["result"]["targets"][0];
    assert_eq!(seen["findings"].as_array().unwrap().len(), 0, "{seen:#}");
    story.run(["extend", &jane.id, "--for", "15d", "--reason", "a test"]).ok();
    let until = story.show(&jane.id)["grant"]["deadline"].as_i64().unwrap();
    assert!(until > jane.deadline && made(&host).contains(&until.to_string()), "{}", made(&host));
    // Somebody's hand in it is noticed, and it goes all the same.
    host.sh(&format!("echo ' ' >>/var/lib/stagepass/{NAME}.d/{}1.json", jane.id));
    let run = story.run(["sweep", "--check"]).exits(8);
    assert!(run.output().contains("was changed"), "{}", run.told());
    story.revoked(&jane.id);
    nothing_is_left(&host, &jane.id);
    none_is_left(&host);
    same_text(&before, &merchants_own(&host));
    story.run(["verify", &jane.id]).ok();
    story.run(["ledger", "verify"]).ok();
}

#[test]
fn an_edit_in_php_is_named_where_it_is_wrong_and_leaves_nothing() {
    let (story, host, folder) = with_a_new_one_in_php();
    let edits = [
        edit(
            "provider.php",
            "private string $file;",
            "private string file;",
            &["provider.php`: line", "syntax error"],
        ),
        edit("provider.toml", "\"php\"", "\"sh\"", &["provider.php", "language"]),
        // A function that is nowhere, and an end in the middle.
        edit(
            "provider.php",
            "json_encode($entry)",
            "jsn_encode($entry)",
            &["test at: open", "Error"],
        ),
        edit(
            "provider.php",
            "$this->text())) {",
            "$this->text()) || exit(0)) {",
            &["test at: open", "gave no answer to make"],
        ),
        // Nothing is made, and nobody sees it; what is closed was not.
        edit(
            "provider.php",
            "!Stagepass::put($this->file, $this->text())",
            "false",
            &["test at: open", "is not there"],
        ),
        edit("provider.php", "@unlink($this->file);", ";", &["still there"]),
        edit("provider.php", "($mark[1] ?? '-')", "'-'", &["marks list it"]),
        edit("provider.sh", "own_owner=www-data", "own_owner=root", &["no account root"]),
        edit(
            "provider.sh",
            "own_owner=www-data",
            "own_owner=nobody-here",
            &["no account nobody-here"],
        ),
        edit("provider.sh", "own_php_version=70400", "own_php_version=990400", &["99.4"]),
        edit(
            "provider.sh",
            "own_folder=/var/lib/stagepass/",
            "own_folder=/tmp/",
            &["is not made where others"],
        ),
    ];
    each_is_named(&story, &host, &folder, &edits);
}

#[test]
fn what_is_not_ours_stays_where_a_program_in_php_looks_for_it() {
    let (story, host, _) = with_a_new_one_in_php();
    // A folder that was there before, of who runs the program; a link and a pipe in the place of entries.
    let folder = format!("/var/lib/stagepass/{NAME}.d");
    host.sh(&format!("install -d -m 755 /var/lib/stagepass; install -d -m 755 -o www-data {folder}; echo theirs >{folder}/theirs.json; \
        ln -s /etc/passwd {folder}/link.json; mkfifo {folder}/pipe.json; echo '{{\"stagepass\":[1],\"account\":{{}}}}' >{folder}/odd.json"));
    tested(&story, &[]).ok();
    let key = story.stage.supporter_key();
    let jane = story.granted_key("staging", &key, &["--with", &format!("server,{NAME}")]);
    let file = format!("{folder}/{}1.json", jane.id);
    host.sh(&format!("rm {file}; ln -s /etc/passwd {file}"));
    let run = story.run(["revoke", &jane.id, "--json"]);
    let left = host.sh(&format!("ls {folder}; readlink {file}; wc -l </etc/passwd"));
    for name in ["theirs.json", "link.json", "pipe.json", "odd.json", "/etc/passwd"] {
        assert!(left.contains(name), "{left}: {}", run.told());
    }
}

#[test]
fn two_grants_of_it_stand_beside_each_other_and_what_is_not_ours_stays() {
    let (story, host, _) = with_a_new_one();
    // A folder that was there before, and nothing in it.
    let folder = format!("/var/lib/stagepass/{NAME}.d");
    host.sh(&format!("install -d -m 755 /var/lib/stagepass {folder}"));
    tested(&story, &[]).ok();
    host.sh(&format!("test -d {folder} && ! ls -A {folder} | grep . && rmdir {folder}"));
    let key = story.stage.supporter_key();
    let both = format!("server,{NAME}");
    let one = story.granted_key("staging", &key, &["--with", &both]);
    let words = ["grant", "--case", crate::job::CASE, "--target", "staging", "--json"];
    let more = ["--supporter", "John Doe", "--key", key.public.to_str().unwrap(), "--with", &both];
    let run = story.run([&words[..], &more, &crate::job::ANY_PORT].concat()).ok();
    let other = crate::job::Granted::of(&run);
    assert_eq!(made(&host).matches("# stagepass ").count(), 2, "{}", made(&host));
    host.sh(&format!("echo theirs >/var/lib/stagepass/{NAME}.d/theirs.conf"));
    story.revoked(&one.id);
    let left = made(&host);
    assert!(
        left.contains(&other.id) && !left.contains(&one.id) && left.contains("theirs"),
        "{left}"
    );
    // In the place of ours lies something that is not: it stays, and is told.
    let file = format!("/var/lib/stagepass/{NAME}.d/{}1.conf", other.id);
    host.sh(&format!("echo 'not ours' >{file}"));
    let run = story.run(["revoke", &other.id, "--json"]);
    assert_eq!(host.sh(&format!("cat {file}")), "not ours\n", "{}", run.told());
    assert!(host.sh(&format!("ls /var/lib/stagepass/{NAME}.d")).contains("theirs.conf"));
}

#[test]
fn it_is_made_whole_or_not_at_all_and_over_nothing() {
    let stage = Stage::new();
    let folder = stage.config().join("providers").join(NAME);
    let new = ["provider", "new", NAME, "--language", "sh"];

    // To look at first, without a trace.
    let run = stage.run([&new[..], &["--dry-run", "--json"]].concat()).ok();
    let result = &run.json()["result"];
    assert_eq!(result["dry_run"], true);
    assert_eq!(result["folder"], folder.to_str().unwrap());
    assert!(
        stage.run([&new[..], &["--dry-run"]].concat()).ok().stdout.contains("nothing was written")
    );
    assert!(!stage.config().join("providers").exists());

    // Names that are none, or are taken.
    for (name, why) in [
        ("Office", "small letters"),
        ("../office", "small letters"),
        ("-office", ""),
        ("", "small letters"),
        ("1st", "small letters"),
        ("a/b", "small letters"),
        ("ä", "small letters"),
        ("linux-account", "a built-in provider has that name"),
        ("web-password", "a built-in provider has that name"),
        ("server", "--with"),
    ] {
        let run = stage.run(["provider", "new", name]).exits(2);
        assert!(run.stderr.contains(why), "{name}: {}", run.told());
    }
    stage.run(["provider", "new", &"a".repeat(65)]).exits(2);
    stage.run(["provider", "new", NAME, "--language", "perl"]).exits(2);
    assert!(!stage.config().join("providers").exists());

    // What is there is never written over, whatever it is.
    stage.run(new).ok();
    let script = folder.join("provider.sh");
    fs::write(&script, "# my own work\n").unwrap();
    let run = stage.run(new).exits(2);
    assert!(run.stderr.contains("is there already"), "{}", run.told());
    assert!(run.stderr.contains("provider test office-list"), "{}", run.told());
    assert_eq!(fs::read_to_string(&script).unwrap(), "# my own work\n");
    let beside = stage.config().join("providers/door");
    std::os::unix::fs::symlink("/nonexistent", &beside).unwrap();
    stage.run(["provider", "new", "door"]).exits(2);
    fs::remove_file(&beside).unwrap();

    // Where others may write, nothing of ours would be believed.
    let above = stage.config().join("providers");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o777)).unwrap();
    let run = stage.run(["provider", "new", "door"]).exits(2);
    assert!(run.stderr.contains("chmod go-w"), "{}", run.told());
    fs::set_permissions(&above, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(fs::read_dir(&above).unwrap().count(), 1);
    // A folder that is hidden is none, such as one of git.
    fs::create_dir(above.join(".git")).unwrap();
    let listed = stage.run(["provider", "list"]).ok().stdout;
    assert!(!listed.contains(".git"), "{listed}");
}

/// Makes a provider in a folder that is mounted for this one command, and shows what is in it then.
fn made_on(stage: &Stage, mount: &str, before: &str) -> Ended {
    let program = env!("CARGO_BIN_EXE_stagepass");
    let folder = stage.path().join("mounted");
    fs::create_dir_all(&folder).unwrap();
    let folder = folder.display();
    let script = format!(
        "mount -t tmpfs -o {mount} none {folder} && cd {folder} && {before}\n\
         {program} --config {folder} provider new {NAME}; echo ended $?\n\
         find {folder} -mindepth 1 -path '*providers/*'"
    );
    stage.program("unshare", ["--mount", "sh", "-c", &script]).run().ok()
}

#[test]
fn where_there_is_no_room_or_no_right_to_write_nothing_is_left() {
    let stage = Stage::new();
    // As many pages as hold some of the files.
    for (mount, before) in [
        (
            "size=64k",
            "mkdir -m 700 providers && dd if=/dev/zero of=full bs=4k count=12 2>/dev/null",
        ),
        (
            "size=64k",
            "mkdir -m 700 providers && { dd if=/dev/zero of=full bs=4k 2>/dev/null || :; }",
        ),
        ("size=1m,nr_inodes=4", "mkdir -m 700 providers"),
        ("size=1m", "mount -o remount,ro ."),
    ] {
        let run = made_on(&stage, mount, before);
        assert!(run.stdout.trim_end().ends_with("ended 1"), "{mount}: {}", run.told());
        assert!(run.stderr.contains("cannot be made"), "{mount}: {}", run.told());
    }
    let run = made_on(&stage, "size=1m", ":");
    assert!(run.stdout.contains("ended 0"), "{}", run.told());
    assert_eq!(run.stdout.lines().filter(|line| line.contains(".sh")).count(), 4, "{}", run.told());
}

/// An edit of one file, and what the test says of it.
struct Edit {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    said: &'static [&'static str],
}

const fn edit(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    said: &'static [&'static str],
) -> Edit {
    Edit { file, from, to, said }
}

/// Each of these edits is named by `provider test`, and nothing of it is left where the whole one takes it away.
#[track_caller]
fn each_is_named(story: &Story, host: &Host, folder: &Path, edits: &[Edit]) {
    let before = merchants_own(host);
    for Edit { file, from, to, said } in edits {
        let path = folder.join(file);
        let good = fs::read_to_string(&path).unwrap();
        let bad = good.replacen(from, to, 1);
        assert_ne!(good, bad, "{from}");
        fs::write(&path, bad).unwrap();
        let run = tested(story, &[]).fails();
        for words in *said {
            assert!(run.output().contains(words), "{from}: {words}: {}", run.told());
        }
        // What could not be taken away by the broken one goes by the one that is whole.
        fs::write(&path, good).unwrap();
        for grant in
            story.run(["list", "--json"]).ok().json()["result"]["grants"].as_array().unwrap()
        {
            story.run(["revoke", grant["id"].as_str().unwrap()]).ok();
        }
        assert_eq!(made(host), "", "{from}");
        none_is_left(host);
        same_text(&before, &merchants_own(host));
    }
    tested(story, &[]).ok();
}

#[test]
fn an_edit_that_the_shell_cannot_read_is_named_with_its_line() {
    let (story, host, folder) = with_a_new_one();
    for Edit { file, from, to, said } in [
        edit(
            "provider.sh",
            "own_compose() {",
            "own_compose() {\n    if true; do :",
            &["provider.sh`: line"],
        ),
        edit(
            "verbs.sh",
            "sp_in_use() { return 1; }",
            "sp_in_use() { return 1; )",
            &["verbs.sh`: line 14:"],
        ),
        edit(
            "verbs.sh",
            "sp_collected() {",
            "own_collected() {",
            &["defines the function `sp_collected`"],
        ),
        edit("verbs.sh", "sp_update() {", "own_update() {", &["defines the function `sp_update`"]),
        edit(
            "provider.toml",
            "account = \"none\"",
            "account = \"nobody\"",
            &["provider.toml", "line 9, column 11"],
        ),
        edit("provider.sh", "account=$sp_account\n", "from=$sp_from\n", &["reads `sp_from`"]),
    ] {
        let path = folder.join(file);
        let good = fs::read_to_string(&path).unwrap();
        let bad = good.replacen(from, to, 1);
        assert_ne!(good, bad, "{from}");
        fs::write(&path, bad).unwrap();
        let run = nothing_happens(&story, &host, 2, || tested(&story, &[]));
        for words in said {
            assert!(run.output().contains(words), "{words}: {}", run.told());
        }
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn an_edit_that_breaks_the_promise_fails_at_the_step_that_shows_it_and_leaves_nothing() {
    let (story, host, folder) = with_a_new_one();
    let edits = [
        // A word that is nowhere defined is named.
        edit(
            "verbs.sh",
            "    own_compose\n",
            "    own_composed\n",
            &["test at: open", "own_composed"],
        ),
        // Nothing is made, and nobody sees it.
        edit(
            "provider.sh",
            "sp_put \"$own_file\" 644 \"$own_text\"",
            "true",
            &["test at: open", "is not there"],
        ),
        edit(
            "verbs.sh",
            "sp_say present \"$own_present\"",
            "sp_say present true",
            &["check says absent"],
        ),
        // What is closed was not.
        edit("provider.sh", "|| rm -f -- \"$own_file\"", "|| true \"$own_file\"", &["still there"]),
        // Late requests.
        edit(
            "verbs.sh",
            "    sp_fence\n    own_lock\n    # Nor",
            "    sp_now=0 sp_fence_up='' sp_not_after=9999999999\n    own_lock\n    # Nor",
            &["comes too late"],
        ),
        edit("verbs.sh", "sp_not_ended \"$sp_state/ended.\"", ":", &["an open after its close"]),
        // Marks by which nobody would know it.
        edit("provider.sh", "\"${2:-}\" \"$file\"", "- \"$file\"", &["marks list it", "sp_tag"]),
        edit("provider.sh", "own_say_mark entry", "own_say_mark record", &["marks list it"]),
        // The shell is killed right before and right behind the decisive step.
        edit(
            "provider.sh",
            "    sp_put \"$own_file\"",
            "    kill -KILL $$\n    sp_put \"$own_file\"",
            &["test at: open"],
        ),
        edit(
            "provider.sh",
            "        sp_put \"$own_folder/.stagepass\"",
            "        kill -KILL $$\n        sp_put \"$own_folder/.stagepass\"",
            &["test at: open"],
        ),
        edit(
            "provider.sh",
            "    # It outlives",
            "    kill -KILL $$\n    # It outlives",
            &["test at: open"],
        ),
    ];
    each_is_named(&story, &host, &folder, &edits);
}

#[test]
fn an_end_that_the_server_does_not_keep_is_told() {
    let (story, host, folder) = with_a_new_one();
    let path = folder.join("verbs.sh");
    let good = fs::read_to_string(&path).unwrap();
    let bad = good.replace("|| sp_still_due || exit 0", "|| exit 0");
    assert_ne!(good, bad);
    fs::write(&path, bad).unwrap();
    // Nobody sees it who does not wait for it.
    tested(&story, &[]).ok();
    let run = tested(&story, &["--to-the-end"]).exits(6);
    for words in ["test at: the server ends it by itself", "after its deadline it is there"] {
        assert!(run.output().contains(words), "{words}: {}", run.told());
    }
    none_is_left(&host);
}

#[test]
fn the_server_ends_it_with_nobody_around_on_a_booted_host() {
    let story = Story::new();
    let host = story.stage.full(SUITE).shop().start();
    story.target("staging", &host, "root", &[]);
    story.run(["provider", "new", NAME]).ok();
    let key = story.stage.supporter_key();
    let both = format!("server,{NAME}");
    let jane = story.granted_key("staging", &key, &["--with", &both]);
    let promised = &jane.document["promise"]["credentials"];
    assert!(promised[1]["enforced_by"].as_array().is_some_and(|by| !by.is_empty()), "{promised:#}");
    let deadline = story.ends_in(&jane.id, 15);
    assert!(made(&host).contains(&jane.id));
    let patience = Instant::now() + Duration::from_secs(90);
    while made(&host).contains(&jane.id) {
        assert!(Instant::now() < patience, "it is still there");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(now() >= deadline, "it ended before its time");
    // And the merchant hears of it: by the server, at its deadline.
    story.run(["sweep"]).ok();
    assert_eq!(story.state(&jane.id), "closed");
    let layers = story.show(&jane.id).to_string();
    assert!(layers.contains("server"), "{layers}");
    nothing_is_left(&host, &jane.id);
}

#[test]
fn every_command_of_the_chapter_from_nothing_does_what_it_shows_on_a_booted_host() {
    let stage = Stage::new();
    let host = stage.full(SUITE).deploy(Sudo::NoPassword).shop().shop_software();
    let host = host.hostname("staging.shop.example").start();
    readme::tour(&stage, &host, "docs/providers.md", |path| {
        let usual = stage.home().join(".config");
        fs::create_dir_all(&usual).unwrap();
        std::os::unix::fs::symlink(stage.config(), usual.join("stagepass")).unwrap();
        // What the page takes for granted: the target and the case of the README.
        let url = "ssh://deploy@staging.shop.example";
        let add = ["target", "add", "staging", url, "--environment", "staging"];
        let how = ["--become", "sudo", "--path", "/var/www/shop", "--host-key", &host.fingerprint];
        let run = stage.command([&add[..], &how].concat()).env("PATH", path).run();
        run.ok();
        stage.run(["case", "open", "MSP-4711", "--desk", "multisafepay"]).ok();
    });
}
