//! The command line as a person and a shell meet it: help, completions, man pages, colours, pipes
//! that close, disks that are full, and what cannot be understood.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use serde_json::Value;
use stagepass::testing::cli::Cli;

use crate::host::{SUITE, Sudo};
use crate::job::Story;
use crate::stage::{Run, Stage, bounded};

/// Every command as its words, `stagepass` itself first, in the order of the help.
fn commands() -> Vec<Vec<String>> {
    fn add(command: &clap::Command, words: &[String], all: &mut Vec<Vec<String>>) {
        all.push(words.to_vec());
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            let mut words = words.to_vec();
            words.push(inner.get_name().to_owned());
            add(inner, &words, all);
        }
    }
    let mut all = Vec::new();
    add(&Cli::command(), &[], &mut all);
    all
}

/// `sh -c` with `stagepass` on its PATH.
fn shell(stage: &Stage, script: &str) -> Run {
    let folder = Path::new(env!("CARGO_BIN_EXE_stagepass")).parent().unwrap();
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", folder.display());
    stage.program("bash", ["-c", script]).env("PATH", path).run()
}

/// A stage with something to list.
fn with_a_case() -> Stage {
    let stage = Stage::new();
    stage.run(["case", "open", "MSP-1", "--desk", "multisafepay"]).ok();
    stage
}

#[test]
fn the_page_of_commands_is_what_help_says() {
    let stage = Stage::new();
    let mut page = "# Every command\n\nWhat `--help` says, page by page. A test holds this file \
                    against the program;\n`STAGEPASS_BLESS=1 cargo test --test it page_of_commands` \
                    writes it anew.\n"
        .to_owned();
    for words in commands() {
        let help = stage.command(words.iter().map(String::as_str).chain(["--help"])).run().ok();
        assert_eq!(help.stderr, "", "{}", help.told());
        let heading = format!("stagepass {}", words.join(" "));
        let text: Vec<&str> = help.stdout.trim_end().lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {}\n\n```text\n{}\n```\n", heading.trim(), text.join("\n")));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    if std::env::vars_os().any(|(name, _)| name == "STAGEPASS_BLESS") {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(page.lines()).find(|(old, new)| old != new);
    assert!(written == page, "docs/commands.md is out of date; first difference: {differs:?}");
}

#[test]
fn every_option_and_every_argument_says_what_it_is_for() {
    fn look(command: &clap::Command, silent: &mut Vec<String>) {
        let name = command.get_name().to_owned();
        if command.get_about().is_none() {
            silent.push(name.clone());
        }
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            if argument.get_help().is_none() {
                silent.push(format!("{name} {}", argument.get_id()));
            }
        }
        command.get_subcommands().for_each(|inner| look(inner, silent));
    }
    let mut silent = Vec::new();
    look(&Cli::command(), &mut silent);
    assert_eq!(silent, [""; 0]);
}

#[test]
fn completions_are_scripts_that_their_shells_can_read() {
    let stage = Stage::new();
    for (name, checker) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")] {
        let script = stage.run(["completions", name]).ok().stdout;
        let installed = ["/bin", "/usr/bin"].iter().any(|at| Path::new(at).join(checker).exists());
        if installed {
            stage.program(checker, ["-n", "/dev/stdin"]).stdin(&script).run().ok();
        }
    }
    stage.run(["completions", "basic"]).exits(2);
}

/// What bash would offer at a Tab behind these words, the last of which is unfinished.
fn offered(stage: &Stage, words: &str) -> Vec<String> {
    let script = format!(
        "source <(stagepass completions bash); COMP_WORDS=(stagepass {words}) \
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_TYPE=9; \
         _clap_complete_stagepass stagepass \"${{COMP_WORDS[COMP_CWORD]}}\" x; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let run = shell(stage, &script).ok();
    assert_eq!(run.stderr, "", "{words}");
    run.stdout.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_tab_offers_the_merchants_own_names() {
    let stage = with_a_case();
    // Before anything is there, and it makes nothing.
    let before = stage.run(["list", "--all"]).ok().stdout;
    assert_eq!(offered(&stage, "ca"), ["case"]);
    assert_eq!(offered(&stage, "grant --target ''"), [""; 0]);
    stage.run(["target", "add", "staging", "local:", "--environment", "staging"]).ok();
    stage.run(["case", "open", "MSP-2", "--desk", "multisafepay"]).ok();
    stage.run(["case", "close", "MSP-2"]).ok();
    assert_eq!(offered(&stage, "grant --target ''"), ["staging"]);
    assert_eq!(offered(&stage, "target remove st"), ["staging"]);
    assert_eq!(offered(&stage, "case open X --desk m"), ["multisafepay"]);
    assert_eq!(offered(&stage, "grant --case ''"), ["MSP-1"]);
    assert_eq!(offered(&stage, "case reopen MSP-"), ["MSP-2", "MSP-1"]);
    assert_eq!(offered(&stage, "provider show l"), ["linux-account"]);
    // A folder that the line names is the one that is looked into.
    assert_eq!(offered(&stage, "--state /nonexistent grant --case ''"), [""; 0]);
    assert_eq!(before, stage.run(["list", "--all"]).ok().stdout);
}

#[test]
fn a_tab_offers_the_ids_of_grants_where_one_is_meant() {
    let story = Story::new();
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    story.target("staging", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let id = story.granted_key("staging", &key, &[]).id;
    let ids = |words: &str| {
        let mut offered = offered(&story.stage, words);
        offered.retain(|word| !word.starts_with("--"));
        offered
    };
    for words in ["revoke", "extend", "verify", "show"] {
        assert_eq!(ids(&format!("{words} ''")), [id.as_str()], "{words}");
        assert_eq!(ids(&format!("{words} {}", &id[..3])), [id.as_str()], "{words}");
    }
    story.revoked(&id);
    // What is over can be looked at, and neither ended nor made longer.
    assert_eq!(ids("show ''"), [id.as_str()]);
    for words in ["revoke", "extend"] {
        assert_eq!(ids(&format!("{words} ''")), [""; 0], "{words}");
    }
}

#[test]
fn what_was_written_into_the_ledger_by_hand_reaches_no_command_line() {
    let stage = with_a_case();
    let file = stage.state().join("ledger.sqlite3");
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
                  c.execute(\"update cases set reference = 'MSP-1;$(id)'\")\nc.commit()";
    stage.program("python3", ["-c", script, file.to_str().unwrap()]).run().ok();
    assert_eq!(offered(&stage, "grant --case ''"), [""; 0]);
}

#[test]
fn there_is_a_man_page_for_every_command_and_nothing_is_wrong_with_it() {
    let stage = Stage::new();
    let folder = stage.path().join("man");
    stage.run(["man", "--output", folder.to_str().unwrap()]).ok();
    for words in commands() {
        let name = ["stagepass".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join("-");
        let page = folder.join(format!("{name}.1"));
        assert!(page.exists(), "{}", page.display());
        if Path::new("/usr/bin/groff").exists() {
            let page = page.to_str().unwrap();
            let run =
                stage.program("groff", ["-k", "-Kutf8", "-man", "-ww", "-Tutf8", "-z", page]).run();
            assert_eq!(run.ok().stderr, "", "{name}");
        }
    }
    // What has to be there is told from what may.
    let page = fs::read_to_string(folder.join("stagepass-case-open.1")).unwrap();
    let usage = "stagepass case open [OPTIONS] \\-\\-desk <DESK> <REFERENCE>\n";
    assert!(page.contains(usage), "{page}");
    let one = stage.run(["man"]).ok().stdout;
    assert_eq!(one, fs::read_to_string(folder.join("stagepass.1")).unwrap());
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let stage = with_a_case();
    let list = ["case", "list"];
    assert!(!stage.run(list).ok().output().contains('\x1b'));
    assert!(stage.command(list).run_tty(&[]).ok().stdout.contains("\x1b["));
    let screen = stage.command(list).env("NO_COLOR", "1").run_tty(&[]).ok().stdout;
    assert!(!screen.contains('\x1b'), "{screen:?}");
    assert!(screen.contains("MSP-1"), "{screen:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let stage = with_a_case();
    // `true` reads nothing; the pause lets it go first.
    for command in ["case list", "case list --json", "desk show multisafepay", "ledger export"] {
        let script = format!("{{ sleep 0.3; stagepass {command}; echo \"$?\" >&2; }} | true");
        let run = shell(&stage, &script).ok();
        assert_eq!(run.stderr, "0\n", "{command}");
    }
    for command in ["--help", "grant --help", "man", "completions bash"] {
        let script = format!("{{ sleep 0.3; stagepass {command}; echo \"$?\" >&2; }} | true");
        assert_eq!(shell(&stage, &script).ok().stderr, "0\n", "{command}");
    }
}

#[test]
fn output_that_is_lost_on_a_full_disk_is_an_error() {
    let stage = with_a_case();
    for command in ["case list", "case list --json", "ledger export", "man", "completions zsh"] {
        let run = shell(&stage, &format!("stagepass {command} >/dev/full")).exits(1);
        assert!(run.stderr.contains("No space left on device"), "{}", run.told());
    }
    // Where errors cannot be shown either, the exit code still tells.
    shell(&stage, "stagepass case show nothing >/dev/full 2>&1").exits(4);
    shell(&stage, "stagepass case list >&- 2>&-").exits(0);
}

#[test]
fn quiet_leaves_out_advice_and_keeps_errors() {
    let stage = Stage::new();
    let open = ["case", "open", "MSP-1", "--desk", "multisafepay"];
    assert!(stage.run(open).ok().stderr.contains("next: "));
    let run = stage.run(["case", "open", "MSP-2", "--desk", "multisafepay", "--quiet"]).ok();
    assert_eq!(run.stderr, "");
    assert!(run.stdout.contains("MSP-2"));
    let run = stage.run(["-q", "case", "show", "MSP-3"]).exits(4);
    assert!(run.stderr.starts_with("error: there is no case"), "{}", run.told());
}

#[test]
fn errors_are_documents_where_documents_are_asked_for() {
    let stage = Stage::new();
    for (words, command, code, kind, id) in [
        (vec!["case", "show", "MSP-3"], "case show", 4, "not-found", "case-unknown"),
        (
            vec!["target", "add", "x", "ftp://x", "--environment", "staging"],
            "target add",
            3,
            "policy",
            "refused",
        ),
        (vec!["grant"], "grant", 2, "usage", "grant-needs"),
        (vec!["grant", "--no-such-option"], "", 2, "usage", "note"),
        (vec!["no-such-command"], "", 2, "usage", "note"),
        (vec!["sweep", "--parallel", "0"], "", 2, "usage", "note"),
    ] {
        let run = stage.run(words.iter().copied().chain(["--json"])).exits(code);
        assert_eq!(run.stderr, "", "{}", run.told());
        let document = run.json();
        assert_eq!(document["stagepass"], 1);
        assert_eq!(document["command"], command);
        assert_eq!(document["ok"], false);
        assert_eq!(document["error"]["exit_code"], code);
        assert_eq!(document["error"]["kind"], kind);
        assert!(!document["error"]["message"].as_str().unwrap().is_empty());
        let keys: Vec<&String> = document["error"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["broken", "causes", "exit_code", "hints", "id", "kind", "message"]);
        assert_eq!(document["error"]["id"], id, "{}", run.told());
        let sentences = ["causes", "hints"].map(|key| document["error"][key].as_array().unwrap());
        for sentence in sentences.into_iter().flatten() {
            let keys: Vec<&String> = sentence.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["id", "text"], "{sentence}");
        }
        assert!(document.get("result").is_none(), "{}", run.told());
    }
    let ftp = ["target", "add", "x", "ftp://x", "--environment", "staging", "--json"];
    let broken = stage.run(ftp).exits(3).json()["error"]["broken"].clone();
    let keys = ["rule", "desk_rule", "what", "why", "way_out", "override_with"];
    for key in keys {
        assert!(broken[0].get(key).is_some(), "{broken}");
    }
    let complaint = |words: &[&str]| stage.run(words).exits(2).json()["error"].clone();
    let error = complaint(&["show", "--json"]);
    assert_eq!(error["message"], "the following required arguments were not provided: <GRANT>");
    let error = complaint(&["list", "--json", "--al"]);
    assert_eq!(error["message"], "unexpected argument '--al' found");
    assert_eq!(error["id"], "note", "what the parser of the command line says has no id");
    assert_eq!(error["hints"][0]["text"], "a similar argument exists: '--all'");
    assert_eq!(error["hints"][1]["id"], "see-help");
    // Help is not an error, and is for people.
    assert!(stage.run(["grant", "--json", "--help"]).ok().stdout.contains("Usage:"));
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let stage = Stage::new();
    let run = stage.run(["grant"]).exits(2);
    insta::assert_snapshot!(run.stderr, @r"
    error: --case, --target, --supporter are missing
    hint: `stagepass grant --help` has examples
    ");
    let run = stage.run(["grant", "--case", "X", "--supporter", "Jane"]).exits(2);
    insta::assert_snapshot!(run.stderr, @r"
    error: --target is missing
    hint: `stagepass grant --help` has examples
    ");
}

#[test]
fn a_mistyped_word_is_answered_with_the_words_that_are_known() {
    let stage = Stage::new();
    let add = ["target", "add", "shop", "ssh://deploy@shop.example", "--environment"];
    let run = stage.run(add.iter().copied().chain(["stagin"])).exits(2);
    insta::assert_snapshot!(run.stderr, @r"
    error: the target's environment cannot be used
      because: `stagin` is not staging, live, test or development
    ");
    let run = stage.run(["gratn"]).exits(2);
    assert!(run.stderr.contains("a similar subcommand exists: 'grant'"), "{}", run.told());
    let run = stage.run(["case", "open", "MSP-1", "--desk", "multisafe"]).exits(4);
    insta::assert_snapshot!(run.stderr, @r"
    error: the desk `multisafe` cannot be used
      because: there is no desk `multisafe`; there are: multisafepay, open-banking, shop-developer
    hint: `stagepass desk list` shows the desks
    ");
}

#[test]
fn a_password_in_somebodys_own_account_is_refused_before_anything_is_recorded() {
    let stage = with_a_case();
    fs::write(
        stage.config().join("targets.toml"),
        "[target.own]\naddress = \"ssh://deploy@127.0.0.1:9\"\nhost_key = \"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\nenvironment = \"staging\"\n",
    )
    .unwrap();
    let run = stage.run([
        "grant",
        "--case",
        "MSP-1",
        "--target",
        "own",
        "--supporter",
        "Jane",
        "--password",
        "--accept-weak-expiry",
        "--override",
        "port",
        "--reason",
        "a test",
        "--reveal",
    ]);
    let run = run.exits(2);
    assert!(run.stderr.contains("`authorized-key` makes no passwords"), "{}", run.told());
    let shown = stage.run(["list", "--all", "--json"]).ok().json();
    assert_eq!(shown["result"]["grants"], Value::Array(Vec::new()));
}

#[test]
fn a_mistyped_target_is_not_taken_for_one_without_access() {
    for stage in [Stage::new(), with_a_case()] {
        for words in
            [vec!["revoke", "--target", "stagign"], vec!["revoke", "--target", "x", "--dry-run"]]
        {
            let run = stage.run(&words).exits(4);
            assert!(run.stderr.contains("there is no target"), "{}", run.told());
        }
        stage.run(["revoke", "--all"]).ok();
    }
}

#[test]
fn what_did_not_open_is_taken_back_at_once_and_the_reason_is_said() {
    let stage = with_a_case();
    let host =
        stage.light(SUITE).deploy(Sudo::NoPassword).sshd_config("AllowUsers root deploy").start();
    stage.add_target("staging", &host, "deploy", &["--become", "sudo"]).ok();
    let key = stage.supporter_key();
    let mut grant = vec!["grant", "--case", "MSP-1", "--target", "staging", "--supporter", "Jane"];
    grant.extend(["--key", key.public.to_str().unwrap()]);
    grant.extend(["--override", "port", "--reason", "a test host has no port 22"]);
    let run = stage.run(&grant).exits(6);
    for said in ["AllowUsers", "everything that had been made was taken back"] {
        assert!(run.stderr.contains(said), "no `{said}`: {}", run.told());
    }
    assert_eq!(host.sh("getent passwd | grep -c '^sp-' || :").trim(), "0");
    let grants = stage.run(["list", "--all", "--json"]).ok().json()["result"]["grants"].clone();
    assert_eq!(grants[0]["state"], "closed", "{grants}");
    let shown = stage.run(["show", grants[0]["id"].as_str().unwrap()]).ok().stdout;
    let verbs = ["grant.opening", "grant.open-failed", "grant.closing", "grant.closed"];
    let seen: Vec<usize> = verbs
        .iter()
        .map(|verb| shown.find(&format!("  {verb} ")).unwrap_or_else(|| panic!("{verb}: {shown}")))
        .collect();
    assert!(seen.is_sorted(), "{shown}");
}

#[test]
fn a_provider_is_tested_again_although_the_case_of_its_tests_was_closed() {
    let stage = Stage::new();
    let host = stage.light(SUITE).deploy(Sudo::None).shop().start();
    stage.add_target("staging", &host, "deploy", &[]).ok();
    for case in ["provider-test", "provider-test-2"] {
        stage.run(["provider", "test", "authorized-key", "--target", "staging"]).ok();
        stage.run(["case", "close", case]).ok();
    }
    let run = stage.run(["provider", "show", "authorized-key"]).ok();
    assert!(run.stdout.contains("sp_marks"), "{}", run.told());
}

#[test]
fn a_target_that_is_replaced_is_never_gone_in_between() {
    let stage = Stage::new();
    let add = ["target", "add", "shop", "local:", "--environment", "staging"];
    stage.run(add).ok();
    let list = stage.config().join("targets.toml");
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let text = fs::read_to_string(&list).unwrap();
                assert!(text.contains("[target.shop]"), "{text:?}");
            }
        });
        for _ in 0..20 {
            stage.run(add.iter().chain(&["--replace"])).ok();
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        looking.join().unwrap();
    });
}

#[test]
fn control_characters_that_were_typed_do_not_reach_the_screen() {
    let stage = with_a_case();
    let odd = "a\x1b[31mb\x07";
    for words in [
        vec!["target", "show", odd],
        vec!["case", "show", odd],
        vec!["case", "open", odd, "--desk", "multisafepay"],
        vec!["case", "open", "MSP-9", "--desk", odd],
        vec!["show", odd],
        vec!["revoke", odd],
        vec!["desk", "show", odd],
        vec!["provider", "show", odd],
        vec!["target", "add", odd, "ssh://x", "--environment", "staging"],
        vec!["target", "add", "x", odd, "--environment", "staging"],
        vec!["target", "add", "x", "ssh://x", "--environment", odd],
        vec!["grant", "--case", odd, "--target", "x", "--supporter", "x", "--key", "x"],
        vec!["grant", "--case", "MSP-1", "--target", odd, "--supporter", "x", "--key", "x"],
        vec!["ledger", "verify", "--head", odd],
        vec!["secret", "remove", "sudo", odd],
    ] {
        let run = stage.run(&words).fails();
        let shown = run.output();
        assert!(!shown.contains('\x1b') && !shown.contains('\x07'), "{words:?}: {shown:?}");
    }
}

#[test]
fn version_and_help_need_no_home() {
    for word in ["--version", "--help", "completions"] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stagepass"));
        command.arg(word).env_clear();
        if word == "completions" {
            command.arg("fish");
        }
        bounded(&mut command, b"", std::time::Duration::from_secs(20)).ok();
    }
}
