//! Grants of several layers: an account, and beside it what a provider of the merchant's own makes.
//! They open together or not at all, and each is closed whatever becomes of the others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::host::{Host, SUITE, Sudo};
use crate::job::{
    ANY_PORT, CASE, Granted, Story, broken, is_refused, merchants_own, nothing_happens, now,
    same_text,
};
use crate::shop::{ASKED_AGAIN, LET_IN, MERCHANT, MERCHANTS_GUARD, Shop};
use crate::stage::{Credential, Key};

const MANIFEST: &str = r#"
name = "side-door"
summary = "a line in /etc/doors"
language = "sh"
run_as = "root"
account = "none"
needs_shop = true
[inputs]
account = "open update"
tag = "open update"
deadline = "open update"
not_after = "open update"
[detect]
outputs = { supported = "bool", reason_id = "text", reason = "text", failsafe = "text", note = "lines", walls = "lines" }
warnings = { thin = "walls" }
[open]
outputs = { failsafe = "text", reason_id = "text", reason = "text" }
[update]
outputs = { until = "uint", reason_id = "text", reason = "text" }
[check]
outputs = { present = "bool", ajar = "text", reason_id = "text", reason = "text" }
drift = { ajar = "ajar made.failsafe!=none" }
there = { ajar = "ajar" }
[close]
outputs = { absent = "bool", already_absent = "bool", hinges = "uint", reason_id = "text", reason = "text" }
notes = { hinges = "hinges" }
there = { hinges = "hinges=13" }
[marks]
outputs = { mark = "lines", reason_id = "text", reason = "text" }
"#;

const SENTENCES: &str = r#"
needs-shop = a door leads somewhere
warning-thin = the wall in the { $line } is thin
drift-ajar = the door of `{ $account }` stands open: { $ajar }
there-ajar = a door that stands open
there-hinges = a door with { $hinges } hinges
note-hinges = { $hinges ->
        [one] one hinge was
       *[other] { $hinges } hinges were
    } taken out
"#;

/// Each verb fails where a file in `/root` says so: `refuse.VERB` before anything was done, `break.VERB`
/// when it was half done.
const SCRIPT: &str = r#"
door_doors=/etc/doors
door_may() { [ ! -e "/root/refuse.$1" ] || sp_refuse no-door "The door says no to $1."; }
door_breaks() { [ ! -e "/root/break.$1" ] || sp_fail broken-door "The door broke in $1."; }
door_there() { grep -q "^$sp_grant " "$door_doors" 2>/dev/null; }
door_put() {
    grep -v "^$sp_grant " "$door_doors" >"$door_doors.new" 2>/dev/null || :
    [ -z "$1" ] || printf '%s\n' "$1" >>"$door_doors.new"
    mv "$door_doors.new" "$door_doors"
}
door_end() { door_put "$sp_grant $sp_account $sp_deadline $sp_tag"; }
sp_detect() {
    if [ -e /root/no-doors ]; then
        sp_say supported false
        sp_say reason 'There is no wall for a door.'
    else
        sp_say supported true
        sp_say failsafe "$(cat /root/failsafe 2>/dev/null || echo none)"
        sp_say note 'A door is made.'
        [ ! -e /root/walls ] || sp_say_lines walls "$(cat /root/walls)"
    fi
    sp_flush
}
sp_open() {
    sp_fence
    door_may open
    door_end
    door_breaks open
    sp_say failsafe "$(cat /root/failsafe 2>/dev/null || echo none)"
    sp_flush
}
sp_update() {
    sp_fence
    door_may update
    door_end
    door_breaks update
    sp_say until "$sp_deadline"
    sp_flush
}
sp_check() {
    sp_bool present door_there
    [ ! -e /root/ajar ] || sp_say ajar "$(cat /root/ajar)"
    sp_flush
}
sp_close() {
    door_may close
    sp_bool already_absent door_gone
    door_breaks close
    door_put ''
    sp_bool absent door_gone
    [ ! -e /root/hinges ] || sp_say hinges "$(cat /root/hinges)"
    sp_flush
}
door_gone() { ! door_there; }
sp_marks() {
    while read -r door_grant door_account door_until door_tag; do
        sp_say mark "entry $door_grant $door_account ${door_tag:--} - $door_doors until $door_until"
    done <"$door_doors"
    sp_flush
}
"#;

/// Gives the merchant the provider `side-door`.
pub fn side_door(story: &Story) {
    let folder = story.stage.config().join("providers/side-door");
    fs::create_dir_all(&folder).unwrap();
    for (path, mode) in [(folder.parent().unwrap(), 0o700), (&folder, 0o700)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let files = [("provider.toml", MANIFEST), ("provider.sh", SCRIPT), ("en.ftl", SENTENCES)];
    for (file, text) in files {
        fs::write(folder.join(file), text).unwrap();
        fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A shop on which root logs in, and a door beside each account.
fn house() -> (Story, Host) {
    let story = Story::new();
    side_door(&story);
    let host = story.stage.light(SUITE).shop().start();
    host.sh("echo cron.d >/root/failsafe; touch /etc/doors");
    story.target("shop", &host, "root", &[]);
    (story, host)
}

const BOTH: [&str; 2] = ["--with", "server,side-door"];

/// A grant with a door beside the account.
#[track_caller]
fn granted(story: &Story, key: &Key) -> Granted {
    story.granted_key("shop", key, &BOTH)
}

fn layers(story: &Story, id: &str) -> Vec<(String, String)> {
    let shown = story.show(id);
    let layers = shown["grant"]["layers"].as_array().unwrap();
    let word = |layer: &Value, key: &str| layer[key].as_str().unwrap_or_default().to_owned();
    layers.iter().map(|layer| (word(layer, "provider"), word(layer, "state"))).collect()
}

#[track_caller]
fn stand(story: &Story, id: &str, account: &str, door: &str) {
    let expected = [("linux-account", account), ("side-door", door)]
        .map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(layers(story, id), expected, "{:#}", story.show(id));
}

fn doors(host: &Host) -> String {
    host.sh("cat /etc/doors")
}

#[test]
fn two_layers_open_together_and_one_close_ends_both() {
    let (story, host) = house();
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let plan = nothing_happens(&story, &host, 0, || {
        story.grant("shop", &[&["--key", public, "--dry-run"], &BOTH[..]].concat())
    });
    let planned = &plan.json()["result"]["plan"];
    assert_eq!(planned["beside"][0]["provider"], "side-door", "{planned:#}");
    assert!(planned["notes"].to_string().contains("side-door: A door is made."), "{planned:#}");

    let jane = granted(&story, &key);
    stand(&story, &jane.id, "open", "open");
    let shown = story.show(&jane.id);
    let own = &shown["grant"]["layers"];
    assert_eq!(own[0]["id"], jane.id.as_str());
    assert_eq!(own[1]["id"], format!("{}1", jane.id));
    // Each has its own name on the server.
    assert!(doors(&host).starts_with(&format!("{}1 sp-", jane.id)), "{}", doors(&host));
    host.sh(&format!("test -d /var/lib/stagepass/{}", jane.id));
    let text = story.run(["show", &jane.id]).ok().stdout;
    assert!(text.contains("beside it") && text.contains("`side-door`"), "{text}");
    story.run(["sweep", "--check"]).ok();
    let seen = story.run(["reconcile", "shop", "--json"]).ok().json();
    let seen = &seen["result"]["targets"][0];
    assert_eq!(seen["as_recorded"].as_array().unwrap().len(), 1, "{seen:#}");
    assert_eq!(seen["findings"].as_array().unwrap().len(), 0, "{seen:#}");
    assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));

    story.revoked(&jane.id);
    stand(&story, &jane.id, "closed", "closed");
    assert_eq!(doors(&host), "");
    is_refused(&story, &host, &jane.account, Credential::Key(&key.private));
    same_text(&before, &merchants_own(&host));
    story.run(["ledger", "verify"]).ok();
    story.run(["verify", &jane.id]).ok();
}

#[test]
fn a_provider_of_the_merchants_own_speaks_for_itself() {
    let (story, host) = house();
    host.sh("printf 'hall\\ncellar\\n' >/root/walls; echo 2 >/root/hinges");
    let key = story.stage.supporter_key();
    let jane = granted(&story, &key);
    let told = jane.document["plan"]["notes"].to_string();
    for wall in ["hall", "cellar"] {
        assert!(told.contains(&format!("side-door: the wall in the {wall} is thin")), "{told}");
    }
    host.sh("echo 'by the cat' >/root/ajar");
    let run = story.run(["sweep", "--check", "--json"]).exits(8);
    let seen = run.json().to_string();
    assert!(seen.contains(r#""id":"ajar""#), "{seen}");
    assert!(seen.contains("stands open: by the cat"), "{seen}");
    // What it says is still there is no end.
    host.sh("echo 13 >/root/hinges");
    let run = story.run(["revoke", &jane.id]).fails();
    assert!(run.output().contains("a door with 13 hinges is still there"), "{}", run.told());
    stand(&story, &jane.id, "closed", "closing");
    host.sh("echo 1 >/root/hinges");
    let run = story.run(["revoke", &jane.id]);
    assert!(run.output().contains("one hinge was taken out"), "{}", run.told());
    stand(&story, &jane.id, "closed", "closed");
    // And nothing of it is proved while it says so.
    let run = story.run(["verify", &jane.id]).fails();
    assert!(run.output().contains("a door that stands open"), "{}", run.told());
    host.sh("rm /root/ajar");
    story.run(["verify", &jane.id]).ok();
    // Without a shop folder, and where no shop is found, nothing is made.
    let (url, identity) = (host.url("root"), story.stage.admin.private.clone());
    let words = ["target", "add", "elsewhere", &url, "--environment", "staging"];
    let how = ["--host-key", &host.fingerprint, "--identity", identity.to_str().unwrap()];
    story.run([&words[..], &how].concat()).ok();
    let words = ["--key", key.public.to_str().unwrap(), "--with", "side-door,authorized-key"];
    let run = nothing_happens(&story, &host, 2, || story.grant("elsewhere", &words));
    assert!(run.output().contains("a door leads somewhere"), "{}", run.told());
    assert!(run.output().contains("no shop was found"), "{}", run.told());
}

#[test]
fn a_layer_that_does_not_open_takes_the_others_back() {
    let (story, host) = house();
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let words = [&["--key", public], &BOTH[..]].concat();
    for fails in ["refuse.open", "break.open"] {
        host.sh(&format!("touch /root/{fails}"));
        let run = story.grant("shop", &words).fails();
        assert!(run.stderr.contains("side-door") || run.stdout.contains("door"), "{}", run.told());
        let list = story.run(["list", "--all", "--json"]).ok().json();
        let last = list["result"]["grants"].as_array().unwrap().last().unwrap().clone();
        let id = last["id"].as_str().unwrap();
        stand(&story, id, "closed", "closed");
        assert_eq!(doors(&host), "", "{fails}");
        host.sh(&format!("rm /root/{fails}; ! grep ^sp- /etc/passwd"));
    }
    // What cannot stand there at all is found out before anything is recorded.
    host.sh("touch /root/no-doors");
    let run = nothing_happens(&story, &host, 6, || story.grant("shop", &words));
    assert!(run.output().contains("There is no wall for a door"), "{}", run.told());
    host.sh("rm -f /root/no-doors /root/failsafe; echo cron.d >/root/failsafe");
    let after = merchants_own(&host);
    let about = |text: &str| -> Vec<String> {
        text.lines().filter(|l| !l.contains("/root")).map(str::to_owned).collect()
    };
    assert_eq!(about(&before), about(&after));
    granted(&story, &key);
}

#[test]
fn what_the_server_does_not_end_by_itself_has_to_be_accepted() {
    let (story, host) = house();
    host.sh("echo none >/root/failsafe");
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let words = [&["--key", public], &BOTH[..]].concat();
    let run = nothing_happens(&story, &host, 3, || story.grant("shop", &words));
    assert_eq!(broken(&run), ["expiry.weak"]);
    assert!(run.output().contains("side-door"), "{}", run.told());
    let granted = story.granted("shop", &[&words[..], &["--accept-weak-expiry"]].concat());
    let promised = &granted.document["promise"]["credentials"];
    assert_eq!(promised[1]["credential"], "side-door", "{promised:#}");
    assert_eq!(promised[1]["enforced_by"].as_array().unwrap().len(), 0, "{promised:#}");
    // Said in the plan, and then not made: it does not stay.
    story.revoked(&granted.id);
    host.sh("echo cron.d >/root/failsafe");
    host.sh(r"sed -i 's/.*//' /etc/doors");
}

#[test]
fn a_layer_that_cannot_be_closed_keeps_no_other_open() {
    let (story, host) = house();
    let key = story.stage.supporter_key();
    let jane = granted(&story, &key);
    host.sh("touch /root/break.close");
    let run = story.run(["revoke", &jane.id, "--json"]).fails();
    assert!(run.output().contains("side-door: The door broke in close"), "{}", run.told());
    // The account is gone all the same, and that was proved.
    stand(&story, &jane.id, "closed", "closing");
    is_refused(&story, &host, &jane.account, Credential::Key(&key.private));
    host.sh("! grep ^sp- /etc/passwd");
    assert!(doors(&host).contains(&jane.id));
    let shown = story.show(&jane.id);
    assert_eq!(shown["grant"]["state"], "closing");
    assert_eq!(shown["grant"]["closed_at"], Value::Null);
    assert!(shown["grant"]["layers"][0]["closed_at"].as_i64().is_some(), "{shown:#}");
    let why = shown["grant"]["layers"][1]["last_error"].as_str().unwrap();
    assert_eq!(why, "The door broke in close.");
    let text = story.run(["show", &jane.id]).ok().stdout;
    assert!(text.contains("`linux-account`: closed, `side-door`: closing"), "{text}");
    // What is left is tried again by itself, and what is gone is not asked again.
    let mut tried = 1;
    while story.state(&jane.id) == "closing" {
        tried += 1;
        assert!(tried <= 6, "{:#}", story.show(&jane.id));
        story.run(["revoke", &jane.id]).fails();
    }
    assert_eq!((tried, story.state(&jane.id).as_str()), (6, "stuck"));
    stand(&story, &jane.id, "closed", "stuck");
    let doctor = story.run(["doctor"]).exits(8).output();
    assert!(doctor.contains("1 are stuck"), "{doctor}");
    host.sh("rm /root/break.close");
    story.revoked(&jane.id);
    stand(&story, &jane.id, "closed", "closed");
    assert_eq!(doors(&host), "");
    let shown = story.show(&jane.id);
    let closed = |at: usize| shown["grant"]["layers"][at]["closed_at"].as_i64().unwrap();
    assert!(closed(0) <= closed(1));
    assert_eq!(shown["grant"]["closed_at"].as_i64(), Some(closed(1)));
    story.run(["ledger", "verify"]).ok();
    // The other way round.
    let ada = granted(&story, &key);
    host.sh(
        "cp -a /usr/sbin/userdel /root/userdel; printf '#!/bin/sh\nexit 1\n' >/usr/sbin/userdel",
    );
    story.run(["revoke", &ada.id]).fails();
    stand(&story, &ada.id, "closing", "closed");
    assert_eq!(doors(&host), "");
    is_refused(&story, &host, &ada.account, Credential::Key(&key.private));
    host.sh("cp -a /root/userdel /usr/sbin/userdel; rm /root/userdel");
    story.revoked(&ada.id);
    stand(&story, &ada.id, "closed", "closed");
}

#[test]
fn a_deadline_moves_for_all_layers_or_for_none() {
    let (story, host) = house();
    let key = story.stage.supporter_key();
    let jane = granted(&story, &key);
    let until = || -> i64 { doors(&host).split(' ').nth(2).unwrap().parse().unwrap() };
    assert_eq!(until(), jane.deadline);
    story.run(["extend", &jane.id, "--for", "3h", "--reason", "shorter"]).ok();
    let shorter = story.show(&jane.id)["grant"]["deadline"].as_i64().unwrap();
    assert!(shorter < jane.deadline && until() == shorter);
    host.sh("touch /root/refuse.update");
    let run = story.run(["extend", &jane.id, "--for", "5h", "--reason", "longer"]).fails();
    assert!(run.output().contains("The door says no to update"), "{}", run.told());
    assert_eq!(story.show(&jane.id)["grant"]["deadline"].as_i64(), Some(shorter));
    assert_eq!(until(), shorter);
    // The account had the longer one for a moment: the next sweep sets what is recorded again.
    host.sh("rm /root/refuse.update");
    story.run(["sweep"]).ok();
    let ends = format!("/var/lib/stagepass/{}/ends", jane.id);
    let conf = host.sh(&format!("cat {ends}"));
    assert!(conf.contains(&format!("deadline={shorter}")), "{conf}");
    assert!(now() < shorter);
    story.revoked(&jane.id);
}

#[test]
fn one_provider_gives_the_account_and_each_is_named_once() {
    let (story, host) = house();
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    for (with, code, told) in [
        ("side-door", 2, "nothing that `--with` names gives an account"),
        ("server,side-door,side-door", 2, "names `side-door` more than once"),
        ("linux-account,authorized-key", 2, "both give an account"),
        ("server,linux-account", 2, "names `linux-account` more than once"),
        ("server,nothing", 4, "nothing"),
    ] {
        let run = nothing_happens(&story, &host, code, || {
            story.grant("shop", &["--key", public, "--with", with])
        });
        assert!(run.output().contains(told), "{with}: {}", run.told());
    }
}

#[test]
fn a_door_beside_the_merchants_own_account_needs_root_and_is_told_what_it_is() {
    let story = Story::new();
    side_door(&story);
    let host = story.stage.light(SUITE).deploy(Sudo::NoPassword).shop().start();
    host.sh("echo cron.d >/root/failsafe; touch /etc/doors; chown -R deploy /var/www/shop");
    story.target("shop", &host, "deploy", &["--become", "sudo"]);
    let key = story.stage.supporter_key();
    let words = [
        "--with",
        "authorized-key,side-door",
        "--override",
        "account.shared",
        "--override",
        "account.root",
    ];
    let jane = story.granted_key("shop", &key, &words);
    assert_eq!(jane.account, "deploy");
    assert!(doors(&host).contains(" sp-"), "{}", doors(&host));
    story.run(["case", "close", CASE]).ok();
    assert_eq!(doors(&host), "");
    assert_eq!(story.state(&jane.id), "closed");
}

// ---- a password in front of the shop -----------------------------------------------------------

/// A staging shop behind HTTP Basic Authentication, with a user of the merchant's, on a server of its own network.
fn staging_site(server: &str) -> (Story, Host) {
    let story = Story::new();
    let host = story.stage.full(SUITE).web().shop().start();
    host.sh(
        "htpasswd -nbB merchant Merchant-4711 >/etc/shop.passwords; chmod 640 /etc/shop.passwords
        chgrp www-data /etc/shop.passwords
        openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=other.example \
            -keyout /etc/ssl/private/shop.key -out /etc/ssl/shop.pem 2>/dev/null",
    );
    host.sh(match server {
        "apache2" => APACHE,
        _ => NGINX,
    });
    story.target("shop", &host, "root", &[]);
    (story, host)
}

const APACHE: &str = r#"
a2enmod -q ssl >/dev/null
rm -f /etc/apache2/sites-enabled/*
cat >/etc/apache2/sites-enabled/shop.conf <<'X'
<VirtualHost *:80>
    ServerName staging.example
    Redirect permanent / https://staging.example/
</VirtualHost>
<VirtualHost *:443>
    ServerName staging.example
    DocumentRoot /var/www/shop
    SSLEngine on
    SSLCertificateFile /etc/ssl/shop.pem
    SSLCertificateKeyFile /etc/ssl/private/shop.key
    <Directory /var/www/shop>
        AuthType Basic
        AuthName "Staging"
        AuthUserFile /etc/shop.passwords
        Require valid-user
    </Directory>
</VirtualHost>
X
apache2ctl start
"#;

const NGINX: &str = r#"
rm -f /etc/nginx/sites-enabled/*
cat >/etc/nginx/sites-enabled/shop <<'X'
server {
    listen 80;
    server_name staging.example;
    root /var/www/shop;
    auth_basic "Staging";
    auth_basic_user_file /etc/shop.passwords;
}
X
nginx
"#;

/// Asks for the first page as a supporter does: the status of the answer.
const ASKS: &str = "
import base64, ssl, sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1], headers={'Host': 'staging.example'})
user = sys.stdin.read()
if user:
    request.add_header('Authorization', 'Basic ' + base64.b64encode(user.encode()).decode())
try:
    print(urllib.request.urlopen(request, context=ssl._create_unverified_context()).status)
except urllib.error.HTTPError as error:
    print(error.code)
";

/// What the site answers.
fn answers(story: &Story, host: &Host, scheme: &str, user: Option<(&str, &str)>) -> String {
    let url = format!("{scheme}://{}/", host.address);
    let who = user.map(|(user, password)| format!("{user}:{password}")).unwrap_or_default();
    let run = story.stage.program("python3", ["-c", ASKS, &url]).stdin(who).run().ok();
    run.stdout.trim().to_owned()
}

#[track_caller]
fn a_password_opens_the_staging_site_and_goes(server: &str, scheme: &str) {
    let (story, host) = staging_site(server);
    let before = merchants_own(&host);
    let passwords = || host.sh("cat /etc/shop.passwords; stat -c '%a %U:%G' /etc/shop.passwords");
    let (as_it_was, pids) = (passwords(), host.sh(&format!("pgrep -x {server} | sort")));
    let merchant = Some(("merchant", "Merchant-4711"));
    assert_eq!(answers(&story, &host, scheme, None), "401");
    let inside = answers(&story, &host, scheme, merchant);
    assert!(["200", "403"].contains(&inside.as_str()), "{inside}");
    let key = story.stage.supporter_key();
    let public = key.public.to_str().unwrap();
    let file = story.stage.path().join("web");
    let words =
        ["--key", public, "--with", "server,web-password", "--output", file.to_str().unwrap()];
    let mut watch = story.stage.watch_proc();
    let run = story.grant("shop", &words).ok();
    let jane = Granted::of(&run);
    let tried = jane.document["beside"][0]["text"].as_str().unwrap();
    assert_eq!(jane.document["beside"][0]["id"], "web-proved");
    let expected = format!("lets this one in (what it then answers: {inside})");
    assert!(tried.contains(&expected), "{tried}");
    let planned = jane.document["plan"]["beside"][0]["summary"].as_str().unwrap();
    assert!(
        planned.starts_with("one user in /etc/shop.passwords, which guards staging.example"),
        "{planned}"
    );
    let shown = story.run(["show", &jane.id]).ok().stdout;
    assert!(shown.contains(&expected), "{shown}");
    let layers = &jane.document["grant"]["layers"];
    assert_eq!(layers[1]["has_password"], true);
    let user = layers[1]["account"].as_str().unwrap().to_owned();
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&file).unwrap();
    let ours = Some((user.as_str(), password.as_str()));
    assert_eq!(answers(&story, &host, scheme, ours), inside);
    assert_eq!(answers(&story, &host, scheme, Some((&user, "another"))), "401");
    assert_eq!(answers(&story, &host, scheme, merchant), inside);
    assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
    let seen = story.run(["reconcile", "shop", "--json"]).ok().json();
    assert_eq!(seen["result"]["targets"][0]["findings"].as_array().unwrap().len(), 0, "{seen:#}");

    let told = story.revoked(&jane.id);
    assert!(told.contains(r#""end-password-not-tried""#), "{told}");
    assert_eq!(answers(&story, &host, scheme, ours), "401");
    assert_eq!(answers(&story, &host, scheme, merchant), inside);
    assert_eq!(passwords(), as_it_was);
    same_text(&before, &merchants_own(&host));
    assert_eq!(
        host.sh(&format!("pgrep -x {server} | sort")),
        pids,
        "the web server was not left alone"
    );
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
    story.kept_secret(&[password.into_bytes()], &[&host], &mut watch);
}

#[test]
fn apache_booted_lets_the_supporter_in_by_a_password_that_goes() {
    a_password_opens_the_staging_site_and_goes("apache2", "https");
}

#[test]
fn nginx_booted_lets_the_supporter_in_by_a_password_that_goes() {
    a_password_opens_the_staging_site_and_goes("nginx", "http");
}

#[test]
fn a_site_booted_that_takes_no_such_password_is_not_granted() {
    let (story, host) = staging_site("nginx");
    // What is read is not what runs: nginx read another file's name when it was started.
    host.sh("cp -a /etc/shop.passwords /etc/other.passwords
        nginx -s stop; while pgrep -x nginx >/dev/null; do sleep 0.1; done
        sed -i 's/shop.passwords/other.passwords/' /etc/nginx/sites-enabled/shop; nginx
        sed -i 's/other.passwords/shop.passwords/' /etc/nginx/sites-enabled/shop");
    let before = merchants_own(&host);
    let key = story.stage.supporter_key();
    let words =
        ["--key", key.public.to_str().unwrap(), "--with", "server,web-password", "--output"];
    let file = story.stage.path().join("web");
    let run = story.grant("shop", &[&words[..], &[file.to_str().unwrap()]].concat()).fails();
    assert!(run.output().contains("asks again when it is given this one"), "{}", run.told());
    assert!(!file.exists());
    same_text(&before, &merchants_own(&host));
    host.sh("! grep -q stagepass /etc/shop.passwords");
    // The whole cycle of the provider by itself.
    host.sh("nginx -s stop; while pgrep -x nginx >/dev/null; do sleep 0.1; done; nginx");
    let run = story.run(["provider", "test", "web-password", "--target", "shop", "--json"]).ok();
    let steps = run.json()["result"]["steps"].to_string();
    assert!(steps.contains("a real request") && steps.contains("a refused request"), "{steps}");
    host.sh("! grep -q stagepass /etc/shop.passwords");
}

/// The shop listens on a port of its own, and who asks for a password on the usual one is another customer's site.
const NEIGHBOUR: &str = r#"
cat >/etc/nginx/sites-enabled/shop <<'X'
log_format shown '$request_method "$http_authorization"';
server {
    listen 8080;
    server_name staging.example;
    root /var/www/shop;
    auth_basic "Staging";
    auth_basic_user_file /etc/shop.passwords;
}
server {
    listen 80 default_server;
    root /var/www;
    auth_basic "Neighbour";
    auth_basic_user_file /etc/neighbour.passwords;
    access_log /var/log/nginx/neighbour.log shown;
}
X
htpasswd -nbB neighbour Neighbour-4711 >/etc/neighbour.passwords
nginx -s stop; while pgrep -x nginx >/dev/null; do sleep 0.1; done; nginx
"#;

#[test]
fn a_neighbour_that_asks_for_another_password_is_not_shown_this_one() {
    let (story, host) = staging_site("nginx");
    host.sh(NEIGHBOUR);
    let file = story.stage.path().join("web");
    let key = story.stage.supporter_key();
    let words = ["--key", key.public.to_str().unwrap(), "--with", "server,web-password"];
    let words = [&words[..], &["--output", file.to_str().unwrap()]].concat();
    let jane = Granted::of(&story.grant("shop", &words).ok());
    assert_eq!(jane.document["beside"][0]["id"], "web-not-tried");
    let shown = story.run(["show", &jane.id]).ok().stdout;
    assert!(shown.contains("asks for another password, for \"Neighbour\""), "{shown}");
    // It was asked, and only without.
    assert_eq!(host.sh("sort -u /var/log/nginx/neighbour.log").trim(), "GET \"-\"");
    story.run(["revoke", &jane.id]).ok();
}

#[test]
fn what_stands_beside_an_account_is_found_and_ended_booted_without_the_ledger() {
    let (story, host) = staging_site("nginx");
    let key = story.stage.supporter_key();
    let file = story.stage.path().join("web");
    let words = ["--key", key.public.to_str().unwrap(), "--output", file.to_str().unwrap()];
    let before = merchants_own(&host);
    let passwords = host.sh("cat /etc/shop.passwords");
    let jane = Granted::of(
        &story.grant("shop", &[&words[..], &["--with", "server,web-password"]].concat()).ok(),
    );
    let user = jane.document["grant"]["layers"][1]["account"].as_str().unwrap().to_owned();
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    let ours = Some((user.as_str(), password.as_str()));
    assert_ne!(answers(&story, &host, "http", ours), "401");
    for entry in fs::read_dir(story.stage.state()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("ledger.") {
            fs::remove_file(path).unwrap();
        }
    }
    let run = story.run(["reconcile", "shop", "--json"]).exits(8);
    let seen = run.json()["error"]["result"]["targets"][0]["findings"].clone();
    let seen =
        if seen.is_null() { run.json()["result"]["targets"][0]["findings"].clone() } else { seen };
    let of = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found: Vec<(String, String, bool)> = seen
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (of(one, "grant"), of(one, "provider"), one["proved"] == true))
        .collect();
    let beside = format!("{}1", jane.id);
    let expected = [
        (jane.id.clone(), "linux-account".to_owned(), true),
        (beside.clone(), "web-password".to_owned(), true),
    ];
    assert_eq!(found, expected, "{seen:#}");
    story.run(["reconcile", "shop", "--close", &jane.id, "--close", &beside]).ok();
    assert_eq!(answers(&story, &host, "http", ours), "401");
    assert_eq!(host.sh("cat /etc/shop.passwords"), passwords);
    is_refused(&story, &host, &jane.account, Credential::Key(&key.private));
    same_text(&before, &merchants_own(&host));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
    story.run(["reconcile", "shop"]).ok();
}

#[test]
fn both_layers_end_booted_at_the_deadline_with_nobody_around() {
    let (story, host) = staging_site("nginx");
    let key = story.stage.supporter_key();
    let file = story.stage.path().join("web");
    let words = ["--key", key.public.to_str().unwrap(), "--output", file.to_str().unwrap()];
    let passwords = host.sh("cat /etc/shop.passwords");
    let run = story.grant("shop", &[&words[..], &["--with", "server,web-password"]].concat());
    let jane = Granted::of(&run.ok());
    let user = jane.document["grant"]["layers"][1]["account"].as_str().unwrap().to_owned();
    let password = fs::read_to_string(&file).unwrap().trim().to_owned();
    let ours = Some((user.as_str(), password.as_str()));
    let deadline = story.ends_in(&jane.id, 20);
    assert_ne!(answers(&story, &host, "http", ours), "401");
    Story::wait_until_over(deadline);
    // A systemd timer keeps the second; a minute is what is promised.
    while answers(&story, &host, "http", ours) != "401" {
        assert!(now() < deadline + 60, "the password still opens the site");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    is_refused(&story, &host, &jane.account, Credential::Key(&key.private));
    // The record of each is taken away last.
    while host.sh("find /var/lib/stagepass -mindepth 1 -maxdepth 1 -type d; grep -c ^sp- /etc/passwd || :").trim() != "0" {
        assert!(now() < deadline + 60, "{}", host.sh("ls -la /var/lib/stagepass"));
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(host.sh("cat /etc/shop.passwords"), passwords);
    assert_eq!(story.state(&jane.id), "open");
    story.run(["sweep"]).ok();
    stand_closed_by_the_server(&story, &jane.id, deadline);
}

/// What is closed together is closed by one script for each kind of layer, and one that fails keeps neither the
/// others nor its own other layer open.
#[test]
fn several_grants_of_two_layers_booted_are_closed_together() {
    let (story, host) = staging_site("nginx");
    let before = merchants_own(&host);
    let passwords = host.sh("cat /etc/shop.passwords");
    let key = story.stage.supporter_key();
    let granted: Vec<(Granted, String, String)> = ["Ann One", "Ben Two", "Cleo Three"]
        .into_iter()
        .map(|name| {
            let file = story.stage.path().join(name);
            let more = [&["--json"], &ANY_PORT[..], &["--output"]].concat();
            let mut words = Story::grant_words("shop", &more);
            let at = words.iter().position(|word| *word == "Jane Doe").unwrap();
            words[at] = name;
            words.extend([file.to_str().unwrap(), "--key", key.public.to_str().unwrap()]);
            words.extend(["--with", "server,web-password"]);
            let granted = Granted::of(&story.run(words).ok());
            let user =
                granted.document["grant"]["layers"][1]["account"].as_str().unwrap().to_owned();
            let password = fs::read_to_string(&file).unwrap().trim().to_owned();
            assert_ne!(answers(&story, &host, "http", Some((&user, &password))), "401");
            (granted, user, password)
        })
        .collect();
    let held = &granted[1].0;
    host.sh(&format!(
        "cp -a /usr/sbin/userdel /root/userdel
        printf '#!/bin/sh\\ncase \" $* \" in *\" {} \"*) exit 1 ;; esac\\nexec /root/userdel \"$@\"\\n' >/usr/sbin/userdel",
        held.account
    ));
    // Each script that is sent is unpacked once.
    host.sh(
        r#"printf '#!/bin/sh\n[ "$*" != -dc ] || echo >>/root/scripts\nexec /usr/bin/gzip "$@"\n' >/usr/local/bin/gzip
        chmod 755 /usr/local/bin/gzip"#,
    );
    let run = story.run(["revoke", "--all", "--json"]).fails();
    // Both kinds of layers are closed, and both are told that it is recorded.
    assert_eq!(host.sh("wc -l </root/scripts").trim(), "4", "{}", run.told());
    host.sh("rm /usr/local/bin/gzip /root/scripts");
    let states = |id: &str| -> Vec<String> {
        layers(&story, id).into_iter().map(|(_, state)| state).collect()
    };
    for (one, user, password) in &granted {
        let expected = if one.id == held.id { ["closing", "closed"] } else { ["closed", "closed"] };
        assert_eq!(states(&one.id), expected, "{}", run.told());
        assert_eq!(answers(&story, &host, "http", Some((user, password))), "401");
        is_refused(&story, &host, &one.account, Credential::Key(&key.private));
    }
    assert_eq!(host.sh("cat /etc/shop.passwords"), passwords);
    host.sh("cp -a /root/userdel /usr/sbin/userdel; rm /root/userdel");
    // What this test did to the server's programs may be found; what counts here is that it is closed.
    let _ = story.run(["revoke", &held.id]).output();
    assert_eq!(states(&held.id), ["closed", "closed"]);
    same_text(&before, &merchants_own(&host));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
    story.run(["ledger", "verify"]).ok();
}

#[track_caller]
fn stand_closed_by_the_server(story: &Story, id: &str, deadline: i64) {
    let shown = story.show(id);
    let grant = &shown["grant"];
    assert_eq!(grant["state"], "closed", "{shown:#}");
    for layer in grant["layers"].as_array().unwrap() {
        let at = layer["closed_at"].as_i64().unwrap();
        assert!((deadline - 1..=deadline + 60).contains(&at), "{layer:#}");
    }
    let events = shown["events"].as_array().unwrap();
    let closed = events.iter().find(|event| event["verb"] == "grant.closed").unwrap();
    let detail: Value = serde_json::from_str(closed["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["ended_by"], "server", "{detail:#}");
}

#[test]
fn a_password_beside_the_account_is_not_held_to_addresses_and_that_is_said() {
    let (story, host) = house();
    let folder = story.stage.config().join("providers/side-door/provider.toml");
    let text = fs::read_to_string(&folder).unwrap();
    let with = "account = \"none\"\ncredentials = [\"password\"]";
    fs::write(&folder, text.replace("account = \"none\"", with)).unwrap();
    let key = story.stage.supporter_key();
    let file = story.stage.path().join("web");
    let own = ["--key", key.public.to_str().unwrap(), "--output", file.to_str().unwrap()];
    let words = [&own[..], &BOTH, &["--from", "192.0.2.0/24"]].concat();
    let run = nothing_happens(&story, &host, 3, || story.grant("shop", &words));
    assert_eq!(broken(&run), ["from.password"]);
    assert!(!file.exists());
}

// ---- a user of the shop itself ------------------------------------------------------------------

/// A WordPress behind HTTP Basic Authentication, on a server of its own network.
fn staging_wordpress() -> (Story, Host, Shop) {
    let story = Story::new();
    let host = story.stage.full(SUITE).shop_software().start();
    let shop = Shop::guarded(&host);
    story.target("shop", &host, "root", &[]);
    (story, host, shop)
}

/// What `target check` says of the environment: the verdict, and SOURCE VALUE SAYS of each signal.
fn environment_of(story: &Story) -> (String, Vec<String>) {
    let document = story.run(["target", "check", "shop", "--json"]).ok().json();
    let document = &document["result"];
    assert_eq!(document["shops"][0]["provider"], "wordpress", "{document:#}");
    let said = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
    let finding = &document["environment"];
    let signals = finding["signals"].as_array().unwrap().iter();
    let told = signals.map(|one| ["source", "value", "says"].map(|key| said(one, key)).join(" "));
    (said(finding, "verdict"), told.collect())
}

/// What a shop itself says, and what is seen of it from the server, stands beside the declaration; and where it says that
/// it is live it is refused, whether or not somebody gets a user of it.
#[test]
fn a_real_shop_booted_says_whether_it_is_staging_and_what_it_says_beats_the_declaration() {
    let (story, host, _) = staging_wordpress();
    let key = story.stage.supporter_key();
    let words = ["--key", key.public.to_str().unwrap(), "--with", "server,shop", "--dry-run"];
    let (verdict, signals) = environment_of(&story);
    assert_eq!(verdict, "staging");
    for wanted in [
        "setting staging staging-strong",
        "shop-host staging.example staging-strong",
        "guarded staging.example staging-medium",
    ] {
        assert!(signals.iter().any(|one| one == wanted), "{wanted}: {signals:#?}");
    }
    let shown = story.run(["target", "check", "shop"]).ok().stdout;
    assert!(shown.contains("wp-login.php") && shown.contains("enough by itself"), "{shown}");

    let set = |from: &str, to: &str| {
        host.sh(&format!("sed -i \"s/'{from}'/'{to}'/\" /var/www/shop/wp-config.php"));
    };
    set("staging", "live");
    let (verdict, signals) = environment_of(&story);
    assert_eq!(verdict, "live", "{signals:#?}");
    for words in [&words[..], &words[..2]] {
        let refused = broken(&story.grant("shop", words).exits(3));
        assert!(refused.iter().any(|rule| rule == "live"), "{refused:?}");
    }
    set("live", "staging");
    assert_eq!(environment_of(&story).0, "staging");
}

#[test]
fn a_user_of_a_real_shop_booted_logs_in_through_its_form_and_goes() {
    let (story, host, shop) = staging_wordpress();
    let passwords_of_site = || host.sh("cat /etc/shop.passwords");
    let logs_in = |guard, user| shop.browser(&story.stage, &host).knows(guard).logs_in(user);
    let (before, files) = ((Shop::rows(&host), passwords_of_site()), merchants_own(&host));
    assert_eq!(logs_in(MERCHANTS_GUARD, MERCHANT), LET_IN);
    let key = story.stage.supporter_key();
    let file = story.stage.path().join("shop");
    let words = [
        "--key",
        key.public.to_str().unwrap(),
        "--with",
        "server,web-password,shop",
        "--output",
        file.to_str().unwrap(),
    ];
    let mut watch = story.stage.watch_proc();
    let jane = Granted::of(&story.grant("shop", &words).ok());
    let beside = &jane.document["beside"];
    assert_eq!(beside[0]["id"], "web-proved", "{beside:#}");
    assert_eq!(beside[1]["id"], "form-proved", "{beside:#}");
    let name =
        |at: usize| jane.document["grant"]["layers"][at]["account"].as_str().unwrap().to_owned();
    let secret = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap().trim().to_owned();
        fs::remove_file(path).unwrap();
        text
    };
    let passwords = (secret(file.clone()), secret(story.stage.path().join("shop.wordpress")));
    let (guard, user) = (name(1), name(2));
    let (guard, user) =
        ((guard.as_str(), passwords.0.as_str()), (user.as_str(), passwords.1.as_str()));
    assert_eq!(logs_in(guard, user), LET_IN);
    assert_eq!(logs_in(guard, (user.0, "another")), ASKED_AGAIN);
    assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
    assert_eq!(Shop::users(&host).len(), 2);

    story.revoked(&jane.id);
    assert_eq!(logs_in(guard, user), "401, 401 not logged_in");
    assert_eq!(logs_in(MERCHANTS_GUARD, user), ASKED_AGAIN);
    assert_eq!(Shop::users(&host), ["merchant"]);
    assert_eq!(logs_in(MERCHANTS_GUARD, MERCHANT), LET_IN);
    same_text(&files, &merchants_own(&host));
    assert_eq!(before, (Shop::rows(&host), passwords_of_site()));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
    story.kept_secret(&[passwords.0.into_bytes(), passwords.1.into_bytes()], &[&host], &mut watch);
}

/// One grant comes, changes and goes while another has its file in the shop; and then somebody writes into that file.
#[test]
fn the_file_that_ends_an_access_in_a_shop_is_found_only_where_somebody_wrote_into_it() {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop_software().start();
    let _shop = Shop::open(&host);
    story.target("shop", &host, "root", &[]);
    let file = story.stage.supporter_path().join("password");
    let with = ["--with", "server,wordpress", "--output", file.to_str().unwrap()];
    let other = |company: &str| {
        story.granted_key("shop", &story.stage.supporter_key(), &["--company", company])
    };
    let before = other("Before");
    let jane = story.granted_key("shop", &story.stage.supporter_key(), &with);
    let beside = other("Beside");
    story.run(["extend", &jane.id, "--for", "5h", "--reason", "a test"]).ok();
    story.revoked(&before.id);
    story.revoked(&beside.id);
    let last = other("Last");
    host.sh("echo '// more' >>/var/www/shop/wp-content/mu-plugins/stagepass-*.php");
    let run = story.run(["revoke", &last.id]).exits(8);
    assert!(run.output().contains("mu-plugins/stagepass-"), "{}", run.told());
}

/// The first page of a shop that has just been put somewhere takes its time: it is asked for before anybody waits.
const PRESTASHOP: &str = r#"
mkdir -p /run/mysqld
chown mysql /run/mysqld
setsid mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 >/var/log/mariadb.log 2>&1 </dev/null &
until mariadb -e 'select 1' >/dev/null 2>&1; do sleep 0.1; done
cd /var/www/shop
rm -rf var/cache/*
chown -R www-data: .
said() { php -r '$at = include "app/config/parameters.php"; echo $at["parameters"][$argv[1]];' "$1"; }
name=$(said database_name) prefix=$(said database_prefix)
mariadb -e "create database $name; grant all on $name.* to '$(said database_user)'@localhost identified by '$(said database_password)'"
mariadb "$name" </root/shop.sql
rm /root/shop.sql
mariadb "$name" -e "update ${prefix}shop_url set domain='staging.example', domain_ssl='staging.example', physical_uri='/'; update ${prefix}configuration set value='0' where name like 'PS_SSL_ENABLED%'; update ${prefix}configuration set value='staging.example' where name in ('PS_SHOP_DOMAIN', 'PS_SHOP_DOMAIN_SSL')"
rm -f /etc/apache2/sites-enabled/*
printf '<VirtualHost *:80>\n ServerName staging.example\n DocumentRoot /var/www/shop\n</VirtualHost>\n' >/etc/apache2/sites-enabled/shop.conf
printf 'memory_limit=512M\n' >"$(echo /etc/php/*/apache2/conf.d)/99-test.ini"
apache2ctl start
office=$(echo */get-file-admin.php)
php -r 'file_get_contents("http://127.0.0.1/" . $argv[1] . "/index.php?controller=AdminLogin", false, stream_context_create(["http" => ["header" => "Host: staging.example\r\n", "timeout" => 120]]));' "${office%%/*}"
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which shop")]
#[ignore = "a real PrestaShop, which `make test-shops` has where its folder is named"]
fn a_user_of_a_real_prestashop_booted_logs_in_through_its_form_and_goes() {
    let folders = std::env::var("STAGEPASS_SHOP_PRESTASHOP").expect("the folder of a shop");
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        let (story, host) = staging_other_shop(folder, PRESTASHOP);
        let left = || {
            host.sh(
                "cd /var/www/shop; set -- $(php -r '$s = include \"app/config/parameters.php\"; $s = $s[\"parameters\"]; \
                 echo $s[\"database_name\"]; foreach ([\"employee\", \"employee_shop\", \"employee_session\", \"profile\", \
                 \"profile_lang\", \"access\", \"module_access\"] as $t) { echo \" \", $s[\"database_prefix\"], $t; }'); \
                 mariadb-dump --skip-comments \"$@\" | sed 's/ AUTO_INCREMENT=[0-9]*//'",
            )
        };
        let before = left();
        // The first login makes the shop write its pages into its cache, which is a finding of its own.
        let run = story.run(["provider", "test", "prestashop", "--target", "shop"]).ok();
        assert!(run.stdout.contains("ok an open after its close is refused"), "{}", run.told());
        same_text(&before, &left());
        let key = story.stage.supporter_key();
        let file = story.stage.path().join("shop");
        let words = ["--key", key.public.to_str().unwrap(), "--with", "server,prestashop"];
        let words = [&words[..], &["--output", file.to_str().unwrap()]].concat();
        let mut watch = story.stage.watch_proc();
        let jane = Granted::of(&story.grant("shop", &words).ok());
        let beside = &jane.document["beside"];
        assert_eq!(beside[0]["id"], "form-proved", "{folder}: {beside:#}");
        // The supporter is told the address that the form asks for.
        let layer = &jane.document["grant"]["layers"][1];
        let address = format!("{}@{}1.invalid", layer["account"].as_str().unwrap(), jane.id);
        assert_eq!(layer["login_name"], address.as_str(), "{layer:#}");
        let password = fs::read_to_string(&file).unwrap().trim().to_owned();
        fs::remove_file(&file).unwrap();
        assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
        assert_ne!(before, left(), "{folder}");
        story.run(["extend", &jane.id, "--for", "5h", "--reason", "a test"]).ok();
        // What the shop writes into its cache while somebody is in is code, and new.
        let run = story.run(["revoke", &jane.id, "--json"]);
        let closed = &run.json()["result"]["closed"][0];
        assert_eq!(closed["grant"]["state"], "closed", "{}", run.told());
        assert_eq!(closed["grant"]["layers"][1]["findings"], 0, "{}", run.told());
        for found in closed["found"].as_array().unwrap() {
            assert!(found.as_str().unwrap().contains(": var/cache/prod/"), "{}", run.told());
        }
        same_text(&before, &left());
        story.kept_secret(&[password.into_bytes()], &[&host], &mut watch);
    }
}

/// Puts a shop that somebody set up, and the dump of its database beside it, on a server of its own network, as
/// `staging.example`.
fn staging_opencart(folder: &str) -> (Story, Host) {
    staging_other_shop(folder, OPENCART)
}

fn staging_other_shop(folder: &str, set_up: &str) -> (Story, Host) {
    let story = Story::new();
    let host = story.stage.full(SUITE).software_of_other_shops().start();
    let copy = |from: &str, to: &str| {
        let to = host.root_path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let words = ["-a".as_ref(), from.as_ref(), to.as_os_str()];
        assert!(std::process::Command::new("cp").args(words).status().unwrap().success());
    };
    copy(folder, "var/www/shop");
    copy(&format!("{folder}.sql"), "root/shop.sql");
    host.sh(set_up);
    story.target("shop", &host, "root", &[]);
    (story, host)
}

const OPENCART: &str = r#"
mkdir -p /run/mysqld
chown mysql /run/mysqld
setsid mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=32M >/var/log/mariadb.log 2>&1 </dev/null &
until mariadb -e 'select 1' >/dev/null 2>&1; do sleep 0.1; done
cd /var/www/shop
chown -R www-data: .
admin=$(echo */controller/common/login.php)
admin=${admin%%/*}
from=$(sed -n "s/^define('DIR_OPENCART', '\(.*\)\/');/\1/p; s/^define('DIR_SYSTEM', '\(.*\)\/system\/');/\1/p" "$admin/config.php" | head -n 1)
sed -i -e "s#$from/#/var/www/shop/#g" -e "s#'http://[^/']*/#'http://staging.example/#" config.php "$admin/config.php"
defined() { sed -n "s/^define('$1', '\([^']*\)');.*/\1/p" "$admin/config.php"; }
name=$(defined DB_DATABASE)
mariadb -e "create database $name; grant all on $name.* to '$(defined DB_USERNAME)'@localhost identified by '$(defined DB_PASSWORD)'"
mariadb "$name" </root/shop.sql
rm /root/shop.sql
rm -f /etc/apache2/sites-enabled/*
printf '<VirtualHost *:80>\n ServerName staging.example\n DocumentRoot /var/www/shop\n</VirtualHost>\n' >/etc/apache2/sites-enabled/shop.conf
apache2ctl start
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which shop")]
#[ignore = "a real OpenCart, which `make test-shops` has where its folder is named"]
fn a_user_of_a_real_opencart_booted_logs_in_through_its_form_and_goes() {
    let folders = std::env::var("STAGEPASS_SHOP_OPENCART").expect("the folder of a shop");
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        let (story, host) = staging_opencart(folder);
        let left = || {
            host.sh(
                "cd /var/www/shop; name=$(sed -n \"s/^define('DB_DATABASE', '\\(.*\\)');/\\1/p\" config.php); \
                 mariadb-dump --skip-comments $name oc_user oc_user_group | sed 's/ AUTO_INCREMENT=[0-9]*//'",
            )
        };
        let before = left();
        // The first login makes the shop write its pages into its cache, which is a finding of its own.
        let run = story.run(["provider", "test", "opencart", "--target", "shop"]).ok();
        assert!(run.stdout.contains("ok an open after its close is refused"), "{}", run.told());
        same_text(&before, &left());
        let key = story.stage.supporter_key();
        let file = story.stage.path().join("shop");
        let words = ["--key", key.public.to_str().unwrap(), "--with", "server,opencart"];
        let words = [&words[..], &["--output", file.to_str().unwrap()]].concat();
        let mut watch = story.stage.watch_proc();
        let jane = Granted::of(&story.grant("shop", &words).ok());
        let beside = &jane.document["beside"];
        assert_eq!(beside[0]["id"], "form-proved", "{folder}: {beside:#}");
        let name = jane.document["grant"]["layers"][1]["account"].as_str().unwrap();
        assert!(name.len() <= 20, "{name}");
        let password = fs::read_to_string(&file).unwrap().trim().to_owned();
        fs::remove_file(&file).unwrap();
        assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
        assert_ne!(before, left(), "{folder}");
        story.revoked(&jane.id);
        same_text(&before, &left());
        story.kept_secret(&[password.into_bytes()], &[&host], &mut watch);
    }
}

/// The first page of a shop that has just been put somewhere takes its time: it is asked for before anybody waits.
const MAGENTO: &str = r#"
mkdir -p /run/mysqld
chown mysql /run/mysqld
setsid mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 >/var/log/mariadb.log 2>&1 </dev/null &
until mariadb -e 'select 1' >/dev/null 2>&1; do sleep 0.1; done
cd /var/www/shop
rm -rf var/cache var/page_cache var/log var/session
sed -i "s/\('Magento_\(AdminAdobeIms\)\?TwoFactorAuth' => \)1/\10/" app/etc/config.php
chown -R www-data: .
said() { php -r '$at = include "app/etc/env.php"; foreach (array_slice($argv, 1) as $key) { $at = $at[$key]; } echo $at;' "$@"; }
name=$(said db connection default dbname)
prefix=$(said db table_prefix)
user=$(said db connection default username)
mariadb -e "create database $name; grant all on $name.* to '$user'@localhost identified by '$(said db connection default password)'"
mariadb "$name" </root/shop.sql
rm /root/shop.sql
mariadb "$name" -e "delete from ${prefix}core_config_data where path in ('web/unsecure/base_url', 'web/secure/base_url', 'web/seo/use_rewrites'); insert into ${prefix}core_config_data (scope, scope_id, path, value) values ('default', 0, 'web/unsecure/base_url', 'http://staging.example/'), ('default', 0, 'web/seo/use_rewrites', '1')"
rm -f /etc/apache2/sites-enabled/*
printf '<VirtualHost *:80>\n ServerName staging.example\n DocumentRoot /var/www/shop/pub\n <Directory /var/www/shop/pub>\n  AllowOverride All\n  Require all granted\n </Directory>\n</VirtualHost>\n' >/etc/apache2/sites-enabled/shop.conf
a2enmod -q rewrite >/dev/null
apache2ctl start
php -r 'file_get_contents("http://127.0.0.1/" . $argv[1] . "/", false, stream_context_create(["http" => ["header" => "Host: staging.example\r\n", "timeout" => 120]]));' "$(said backend frontName)"
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says which shop")]
#[ignore = "a real Magento, which `make test-shops` has where its folder is named"]
fn a_user_of_a_real_magento_booted_logs_in_through_its_form_and_goes() {
    let folders = std::env::var("STAGEPASS_SHOP_MAGENTO").expect("the folder of a shop");
    for folder in folders.split(':').filter(|folder| !folder.is_empty()) {
        let (story, host) = staging_other_shop(folder, MAGENTO);
        let left = || {
            host.sh(
                "cd /var/www/shop; set -- $(php -r '$s = include \"app/etc/env.php\"; $p = $s[\"db\"][\"table_prefix\"]; \
                 echo $s[\"db\"][\"connection\"][\"default\"][\"dbname\"]; foreach ([\"admin_user\", \"authorization_role\", \
                 \"authorization_rule\", \"admin_user_expiration\", \"admin_user_session\", \"admin_passwords\"] as $t) { echo \" $p$t\"; }'); \
                 mariadb-dump --skip-comments \"$@\" | sed 's/ AUTO_INCREMENT=[0-9]*//'",
            )
        };
        let before = left();
        // The first login makes the shop write programs of its own, which is a finding.
        let run = story.run(["provider", "test", "magento", "--target", "shop"]).ok();
        assert!(run.stdout.contains("ok an open after its close is refused"), "{}", run.told());
        same_text(&before, &left());
        let key = story.stage.supporter_key();
        let file = story.stage.path().join("shop");
        let words = ["--key", key.public.to_str().unwrap(), "--with", "server,shop"];
        let words = [&words[..], &["--output", file.to_str().unwrap()]].concat();
        let mut watch = story.stage.watch_proc();
        let jane = Granted::of(&story.grant("shop", &words).ok());
        let beside = &jane.document["beside"];
        assert_eq!(beside[0]["id"], "form-proved", "{folder}: {beside:#}");
        let password = fs::read_to_string(&file).unwrap().trim().to_owned();
        fs::remove_file(&file).unwrap();
        assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
        assert_ne!(before, left(), "{folder}");
        story.run(["extend", &jane.id, "--for", "5h", "--reason", "a test"]).ok();
        assert!(story.run(["verify", &jane.id]).ok().output().contains("proved"));
        story.revoked(&jane.id);
        same_text(&before, &left());
        story.kept_secret(&[password.into_bytes()], &[&host], &mut watch);
    }
}
