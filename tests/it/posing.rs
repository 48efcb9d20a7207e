//! A live shop that is made to look like a staging copy, on a real WordPress: every attempt is a call of
//! `tests/red/posing.sh`, and after each `target check` says what it still is, and `grant` refuses it.

use crate::host::{Host, SUITE};
use crate::job::{Story, broken};
use crate::shop::Shop;
use crate::stage::Key;

const POSING: &str = include_str!("../red/posing.sh");

struct Attacked {
    story: Story,
    host: Host,
    key: Key,
}

impl Attacked {
    /// A WordPress that is declared staging, says so itself, and has nothing that says otherwise.
    fn staging() -> Self {
        let story = Story::new();
        let host = story.stage.light(SUITE).shop_software().start();
        let _shop = Shop::open(&host);
        story.target("shop", &host, "root", &[]);
        let key = story.stage.supporter_key();
        let attacked = Self { story, host, key };
        let (verdict, told) = attacked.check();
        assert_eq!(verdict, "staging", "{told}");
        attacked
    }

    fn does(&self, what: &str) {
        self.host.exec(&["sh", "-c", POSING, "posing", what]).ok();
    }

    /// The verdict of `target check`, and all that it says of the environment.
    fn check(&self) -> (String, String) {
        let document = self.story.run(["target", "check", "shop", "--json"]).ok().json();
        let finding = &document["result"]["environment"];
        (finding["verdict"].as_str().unwrap().to_owned(), format!("{finding:#}"))
    }

    /// Makes it a live shop, then tries each way: none of them makes it a staging one.
    fn stays_live(&self, made: &str, ways: &[&str]) {
        self.does(made);
        let words = ["--key", self.key.public.to_str().unwrap(), "--dry-run"];
        let mut through = Vec::new();
        for way in std::iter::once(&"").chain(ways) {
            if !way.is_empty() {
                self.does(way);
            }
            let (verdict, told) = self.check();
            let run = self.story.grant("shop", &words);
            if verdict != "live" {
                through.push(format!("{made} {way}: {verdict}\n{told}"));
            } else if run.exit != 3 || !broken(&run).iter().any(|rule| rule == "live") {
                through.push(format!("{made} {way}: {}", run.told()));
            }
            self.does("undo");
        }
        assert!(through.is_empty(), "{} got through:\n{}", through.len(), through.join("\n"));
    }
}

#[test]
fn a_shop_that_sells_is_not_taken_for_staging_by_what_its_orders_and_switches_look_like() {
    Attacked::staging().stays_live(
        "sells",
        &[
            "says-development",
            "robots",
            "mail-is-off",
            "by-bank",
            "without-a-way",
            "in-a-year",
            "old-number",
            "own-state",
            "other-tables",
            "empty",
            "spaced",
            "no-utf-8",
            "another-word",
            "zero-width",
            "huge",
            "huge-settings",
            "broken-settings",
            "another-in-test",
            "off-for-a-moment",
        ],
    );
}

#[test]
fn a_shop_that_sells_is_not_taken_for_staging_by_what_its_programs_and_settings_do() {
    Attacked::staging().stays_live(
        "sells",
        &[
            "dies",
            "exits",
            "ends-it-well",
            "sets-test-mode",
            "hides-orders",
            "not-readable",
            "of-a-supporter",
            "not-plain",
            "another-shop",
            "second-site",
        ],
    );
}

#[test]
fn a_front_door_of_a_live_shop_is_found_however_the_web_server_names_it() {
    Attacked::staging().stays_live(
        "answers",
        &[
            "as-an-alias",
            "in-the-next-line",
            "in-quotes",
            "with-a-port",
            "everything",
            "the-last-of-many",
            "of-nginx",
        ],
    );
}
