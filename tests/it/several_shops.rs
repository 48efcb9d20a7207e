//! One server with several shops, and a target that does not say which is meant: they are listed, and one is chosen.

use crate::host::{Host, SUITE};
use crate::job::{ANY_PORT, Story, nothing_happens};
use crate::shop::Shop;
use crate::stage::Key;

/// Beside the WordPress of [`Shop`] another one, with a name and a database of its own; a third, the package's, was never
/// set up.
const SECOND: &str = r#"
mariadb -e "create database second; grant all on second.* to shop@localhost"
mariadb-dump shop | mariadb second
cp -a /var/www/shop /var/www/second
sed -i "s/'DB_NAME', 'shop'/'DB_NAME', 'second'/" /var/www/second/wp-config.php
mariadb second -e "update wp_options set option_value = replace(option_value, 'staging.example', 'second.example') where option_name in ('home', 'siteurl')"
cd /etc/apache2/sites-enabled
sed -e 's/ServerName .*/ServerName second.example/' -e 's#/var/www/shop#/var/www/second#' shop.conf >shop2.conf
apache2ctl graceful
"#;

fn with_two_shops() -> (Story, Host, Key) {
    let story = Story::new();
    let host = story.stage.light(SUITE).shop_software().start();
    let _shop = Shop::open(&host);
    host.sh(SECOND);
    let (url, identity) = (host.url("root"), story.stage.admin.private.clone());
    let add = ["target", "add", "two", &url, "--environment", "staging"];
    let how = ["--host-key", &host.fingerprint, "--identity", identity.to_str().unwrap()];
    story.run([&add[..], &how].concat()).ok();
    let key = story.stage.supporter_key();
    (story, host, key)
}

fn users(host: &Host, database: &str) -> usize {
    host.sh(&format!("mariadb -N {database} -e 'select user_login from wp_users'")).lines().count()
}

#[test]
fn of_several_shops_the_one_that_is_named_gets_the_user_and_no_other() {
    let (story, host, key) = with_two_shops();
    let file = story.stage.supporter_path().join("password");
    let words = ["--key", key.public.to_str().unwrap(), "--with", "server,shop"];
    let words = [&words[..], &["--output", file.to_str().unwrap()]].concat();

    // Nobody can be asked: the list, and the option.
    let run = nothing_happens(&story, &host, 2, || story.grant("two", &words));
    let found = run.json()["result"]["shops_found"].clone();
    assert_eq!(found[1]["folder"], "/var/www/second", "{}", run.told());
    for folder in ["1  /var/www/shop  (wordpress)", "2  /var/www/second  (wordpress)"] {
        assert!(run.output().contains(folder), "{}", run.told());
    }
    assert!(run.output().contains("--shop-folder FOLDER"), "{}", run.told());

    // An account of its own has rights in the shop's folder, so it is the same without a user of the shop.
    let run = nothing_happens(&story, &host, 2, || story.grant("two", &words[..2]));
    assert_eq!(run.json()["result"]["shops_found"], found, "{}", run.told());

    // `target check` lists all, and looks at one.
    let document = story.run(["target", "check", "two", "--json"]).ok().json();
    let found = document["result"]["shops_found"].as_array().unwrap().clone();
    let folders: Vec<&str> = found.iter().map(|one| one["folder"].as_str().unwrap()).collect();
    assert_eq!(folders, ["/var/www/shop", "/var/www/second", "/usr/share/wordpress"]);
    assert!(found.iter().all(|one| one["provider"] == "wordpress"), "{found:?}");
    let one = ["target", "check", "two", "--shop-folder", "/var/www/second", "--json"];
    let document = story.run(one).ok().json();
    let seen = &document["result"]["shops"][0]["seen"];
    assert_eq!(seen["shop_root"], "/var/www/second", "{document:#}");
    assert_eq!(document["result"]["shops_found"].as_array().map(Vec::len), Some(0));

    let named = [&words[..], &["--shop-folder", "/var/www/second"]].concat();
    let jane = story.granted("two", &named);
    assert_eq!((users(&host, "shop"), users(&host, "second")), (1, 2));
    story.run(["verify", &jane.id]).ok();
    story.run(["extend", &jane.id, "--for", "5h", "--reason", "a test"]).ok();
    story.run(["sweep", "--check"]).ok();
    // The target still names no folder: what was granted keeps its own.
    story.revoked(&jane.id);
    assert_eq!((users(&host, "shop"), users(&host, "second")), (1, 1));
    host.sh("! find /var/lib/stagepass -mindepth 1 -type d 2>/dev/null | grep .");
    std::fs::remove_file(&file).unwrap();

    // What is named holds before what the target names.
    let set = ["--replace", "--path", "/var/www/shop", "--host-key", &host.fingerprint];
    let identity = story.stage.admin.private.clone();
    let (url, identity) = (host.url("root"), ["--identity", identity.to_str().unwrap()]);
    let add = ["target", "add", "two", &url, "--environment", "staging"];
    story.run([&add[..], &set, &identity].concat()).ok();
    let run = story.grant("two", &[&named[..], &["--dry-run"]].concat()).ok();
    assert_eq!(run.json()["result"]["plan"]["path"], "/var/www/second");
}

#[test]
fn at_a_terminal_it_is_asked_which_of_several_shops_is_meant() {
    let (story, host, key) = with_two_shops();
    let words = ["--key", key.public.to_str().unwrap(), "--with", "server,shop", "--dry-run"];
    let typed = |answer: &str| {
        let words = Story::grant_words("two", &[&ANY_PORT[..], &words].concat());
        let run = story.stage.command(words).run_tty(&[("1 to 3?", answer)]);
        story.heard(run)
    };
    let run = typed("2\n").ok();
    assert!(run.stdout.contains("two has 3 shops"), "{}", run.told());
    assert!(run.stdout.contains("/var/www/second"), "{}", run.told());
    let run = typed("/var/www/shop\n").ok();
    assert!(run.stdout.contains("nothing was touched"), "{}", run.told());
    for wrong in ["0\n", "4\n", "/var/www\n", "\n", "second; id\n"] {
        let run = typed(wrong).exits(2);
        assert!(run.stdout.contains("none of the 3 shops"), "{wrong}: {}", run.told());
    }
    // The only one is not asked for.
    host.sh("rm -r /var/www/second; mv /usr/share/wordpress /usr/share/elsewhere");
    let words = Story::grant_words("two", &[&ANY_PORT[..], &words].concat());
    let run = story.heard(story.stage.command(words).run()).ok();
    assert!(run.output().contains("is the only one that was found"), "{}", run.told());
    assert!(run.output().contains("/var/www/shop"), "{}", run.told());
}
