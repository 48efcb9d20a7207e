//! What is different in the shop's own software: who may log in to its administration, keys, what it runs by itself, where
//! money and mail go. A provider for shops tells it in lines whose kind begins with `shop-`
//! (`providers/wordpress/state.php`); of settings the names come here, and never what they are set to.

use super::names::show;
use super::system::{How, Line, MOST_TEXT, Thing};
use super::{Class, Finding};

/// What a line is about, for people, by its kind; nothing for a kind that nobody here knows.
fn noun(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        b"shop-user" => "user of the shop's administration",
        b"shop-login" => "password for programs, of a user of the shop",
        b"shop-key" => "key for programs that ask the shop",
        b"shop-webhook" => "address that the shop tells of what happens in it",
        b"shop-role" => "role of the shop",
        b"shop-plugin" => "plugin that is switched on",
        b"shop-theme" => "theme of the shop",
        b"shop-task" => "job that the shop runs by itself",
        b"shop-payment" => "setting of payments or mail",
        b"shop-setting" => "setting of the shop",
        _ => return None,
    })
}

/// What became of one thing of the shop. A job that is gone has been done, and a setting that is gone is its default.
pub(super) fn judge(line: &Line<'_>, old: Option<&Line<'_>>, how: How) -> Option<Finding> {
    let noun = noun(line.kind)?;
    if (line.kind, how) == (b"shop-task", How::Gone) {
        return None;
    }
    let name = show(line.field(0), 200);
    let shown = show(line.text, 120);
    let about = if shown.is_empty() { name } else { format!("{name} ({shown})") };
    let text = match how {
        How::New => format!("new {noun}: {about}"),
        How::Gone => format!("{noun}, gone: {about}"),
        How::Changed => format!("{noun}, changed{}: {about}", changes(line, old)),
    };
    Some(Finding::about(Class::Shop, Thing::Other, &show(text.as_bytes(), MOST_TEXT)))
}

/// What of a user changed: `ROLES PASSWORD ADDRESS`, of which the latter two are digests.
fn changes(line: &Line<'_>, old: Option<&Line<'_>>) -> String {
    let Some(old) = old.filter(|_| line.kind == b"shop-user") else { return String::new() };
    let parts = |line: &Line<'_>| {
        let text = String::from_utf8_lossy(line.value).into_owned();
        text.rsplitn(3, ' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let (is, was) = (parts(line), parts(old));
    let names = ["mail address", "password", "roles"].iter().zip(is.iter().zip(&was));
    let changed: Vec<&str> =
        names.filter(|(_, (is, was))| is != was).map(|(name, _)| *name).rev().collect();
    if changed.is_empty() { String::new() } else { format!(" ({})", changed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use crate::lifecycle::difference::judge;

    fn found(told: &str) -> Vec<String> {
        let told: String = told.lines().map(|line| format!("={line}\n")).collect();
        judge(told.as_bytes(), "deploy").found.iter().map(|one| one.line().to_owned()).collect()
    }

    #[test]
    fn each_thing_of_a_shop_is_told_by_what_became_of_it() {
        for (told, expected) in [
            (
                "+shop-user\tmallory\tadministrator a b\tadministrator",
                "shop new user of the shop's administration: mallory (administrator)",
            ),
            (
                "-shop-user\tanna\teditor a b\teditor\n+shop-user\tanna\tadministrator a b\tadministrator",
                "shop user of the shop's administration, changed (roles): anna (administrator)",
            ),
            (
                "-shop-user\tanna\tshop manager a b\te\n+shop-user\tanna\tshop manager c d\te",
                "shop user of the shop's administration, changed (password, mail address): anna (e)",
            ),
            (
                "-shop-user\tanna\teditor a b\teditor",
                "shop user of the shop's administration, gone: anna (editor)",
            ),
            (
                "+shop-key\twp_woocommerce_api_keys 3\tabc\tmy key",
                "shop new key for programs that ask the shop: wp_woocommerce_api_keys 3 (my key)",
            ),
            (
                "-shop-payment\tmultisafepay_api_key\tabc\t\n+shop-payment\tmultisafepay_api_key\tabd\t",
                "shop setting of payments or mail, changed: multisafepay_api_key",
            ),
            (
                "-shop-plugin\tsafe/safe.php\t\t",
                "shop plugin that is switched on, gone: safe/safe.php",
            ),
            ("+shop-task\twp_evil\t\t", "shop new job that the shop runs by itself: wp_evil"),
        ] {
            assert_eq!(found(told), [expected], "{told}");
        }
    }

    #[test]
    fn what_is_as_it_was_and_what_nobody_knows_is_no_finding() {
        for told in [
            "-shop-task\tpublish_future_post\t\t",
            "-shop-user\tanna\te a b\te\n+shop-user\tanna\te a b\tother words",
            "+shop-weather\tfine\t\t",
            "+shop-user",
        ] {
            assert_eq!(found(told), [""; 0], "{told}");
        }
    }
}
