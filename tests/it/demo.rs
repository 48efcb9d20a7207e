//! The demo, on each kind of server it can make for itself.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::host::{Host, SUITE, Sudo};
use crate::stage::Stage;

/// What every demo shows, in this order.
const SHOWN: [&str; 8] = [
    "this is FTP",
    "live.approver",
    "Granted: ",
    "Remote working directory: ",
    "Permission denied",
    "(it says nothing: all is well)",
    "Case MSP-4711 is closed.",
    "The record is complete",
];

fn shows_the_whole_job(said: &str) {
    let mut rest = said;
    for text in SHOWN {
        let Some((_, after)) = rest.split_once(text) else { panic!("no `{text}` in: {said}") };
        rest = after;
    }
    assert!(said.contains("That was the whole job"), "{said}");
}

/// A host with this build's program and nothing else of ours.
fn host_with_program(stage: &Stage) -> Host {
    let host = stage.light(SUITE).deploy(Sudo::None).start();
    let place = host.root_path().join("usr/local/bin/stagepass");
    fs::copy(env!("CARGO_BIN_EXE_stagepass"), place).unwrap();
    host
}

#[test]
fn as_root_the_demo_makes_a_host_of_its_own_and_leaves_nothing() {
    let stage = Stage::new();
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let mounts = || fs::read_to_string("/proc/mounts").unwrap().contains("stagepass-demo");
    let run = stage.command(["demo"]).limit(Duration::from_secs(180)).run().ok();
    shows_the_whole_job(&run.output());
    assert!(run.output().contains("a host of its own"), "{}", run.told());
    assert!(run.output().contains("time-limited key in the merchant's own account"));
    // The best case: rights in the shop, a job that ends it there, and what was left is found.
    let said = run.output();
    for text in ["Remote working directory: /var/www/shop", "sftp> put", "FOUND", "acknowledged"] {
        assert!(said.contains(text), "no `{text}` in: {said}");
    }
    assert!(!said.contains("has no ACLs") && said.contains("failsafe"), "{said}");
    // A file of the shop was read, and what it holds is shown; outside the shop there is none.
    assert!(
        said.contains("sftp> get index.php") && said.contains("<?php echo \"shop\";"),
        "{said}"
    );
    assert!(said.contains("File \"/etc/hostname\" not found."), "{said}");
    let granted = said.split("Where there is no root").next().unwrap();
    assert!(!granted.contains("cannot be confined"), "{said}");
    leaves_the_shop_out(&said, "there is no ");
    assert_eq!(fs::read_to_string("/etc/passwd").unwrap(), accounts);
    assert!(!mounts(), "a mount was left behind");
}

/// What is shown where there is a shop, in this order, as `--json` names it.
const SHOWN_WITH_A_SHOP: [&str; 13] = [
    "ftp-refused",
    "target-added",
    "live-refused",
    "granted",
    "shop-login",
    "without-root",
    "sftp-works",
    "time-passes",
    "key-refused",
    "shop-refused",
    "swept",
    "found",
    "shop-user-gone",
];

#[test]
fn with_a_shop_the_demo_logs_in_to_it_and_is_refused_at_the_end() {
    let stage = Stage::new();
    // Collected by `tools/setup test`, as `make demo` does it.
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo/shop.tar");
    let mounts = || fs::read_to_string("/proc/mounts").unwrap().contains("stagepass-demo");
    let words = ["--json", "demo", "--shop-files", files.to_str().unwrap()];
    let run = stage.command(words).limit(Duration::from_secs(300)).run().ok();
    let document = &run.json()["result"];
    assert_eq!(document["shop_left_out"], serde_json::Value::Null, "{document:#}");
    let shown: Vec<&str> =
        document["shown"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(shown, SHOWN_WITH_A_SHOP);
    assert!(!mounts(), "a mount was left behind");
}

/// Why there was no shop, and that the rest was shown all the same.
fn leaves_the_shop_out(said: &str, why: &str) {
    let why = format!("(a user of the shop itself is left out: {why}");
    assert!(said.contains(&why), "no `{why}` in: {said}");
    assert!(!said.contains("wp-login.php"), "{said}");
}

#[test]
fn as_an_ordinary_user_the_demo_has_a_private_sshd_and_leaves_nothing() {
    let stage = Stage::new();
    let host = host_with_program(&stage);
    host.sh("echo 'ssh-ed25519 AAAA merchant' >>/home/deploy/.ssh/authorized_keys");
    let look = "cd /home/deploy; find . | sort; cat .ssh/authorized_keys; ls -A /tmp";
    let before = host.sh(look);
    let said = host.sh("su - deploy -c 'stagepass demo' 2>&1");
    shows_the_whole_job(&said);
    assert!(said.contains("a private sshd"), "{said}");
    leaves_the_shop_out(&said, "it needs a throw-away host");
    assert_eq!(host.sh(look), before);
}

#[test]
fn where_root_may_not_mount_the_demo_has_a_private_sshd_too() {
    let stage = Stage::new();
    let host = host_with_program(&stage);
    let look = "cat /etc/passwd; ls -A /root /tmp /run/sshd";
    let before = host.sh(look);
    let said = host.sh("setpriv --bounding-set=-sys_admin stagepass demo 2>&1");
    shows_the_whole_job(&said);
    assert!(said.contains("a private sshd"), "{said}");
    leaves_the_shop_out(&said, "it needs a throw-away host");
    assert_eq!(host.sh(look), before);
}
