//! The trial of a password that a web server asks for: one request without it, which has to be asked for one, and one
//! with it, which has not. Both are made from the server itself ([`crate::transport::WebRequest`]). Who asks for it has
//! to name what the web server's settings name (the realm): another site of the same server is not shown the password.

use crate::remote::script::{Reply, clean};
use crate::remote::session::Session;
use crate::secret::Secret;
use crate::transport::{DOORS, WebAnswer, WebRequest};

/// The most sites of a shop that are asked.
const MOST_SITES: usize = 4;

/// What the trial showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WebTrial {
    /// Without the password the site asked for one, and with it it did not.
    Proved(String),
    /// No site asked for this password where it was looked for.
    NotTried(String),
    /// The site asked for a password with it as well.
    Failed(String),
}

impl WebTrial {
    /// Its name in the ledger, and what was seen, in one line.
    pub(crate) fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Proved(text) => ("proved", text),
            Self::NotTried(text) => ("not-tried", text),
            Self::Failed(text) => ("failed", text),
        }
    }
}

/// Tries the password of `user` on the sites that the provider named.
pub(crate) async fn try_password(
    session: &Session<'_>,
    opened: &Reply,
    user: &str,
    password: &Secret,
) -> WebTrial {
    let mut seen = Vec::new();
    let mut sites: Vec<&str> = opened.lines("site").map(name_of).collect();
    sites.dedup();
    let realms: Vec<&str> = opened.lines("realm").collect();
    for site in sites.into_iter().take(MOST_SITES) {
        for (tls, port) in DOORS {
            let request = WebRequest { tls, port, site, user: None };
            let shown = format!("{}://{}", if tls { "https" } else { "http" }, clean(site));
            match session.ask_web(&request).await {
                WebAnswer::Status { realm: Some(realm), .. } => {
                    if !is_ours(&realms, &realm) {
                        let other = clean(&realm);
                        seen.push(format!("{shown} asks for another password, for \"{other}\""));
                        continue;
                    }
                }
                WebAnswer::Status { code, .. } => {
                    seen.push(format!("{shown} answered {code}"));
                    continue;
                }
                WebAnswer::None { why } => {
                    seen.push(format!("{shown}: {why}"));
                    continue;
                }
            }
            let request = WebRequest { user: Some((user, password)), ..request };
            return match session.ask_web(&request).await {
                WebAnswer::Status { code: 401, .. } => WebTrial::Failed(format!(
                    "{shown} asks for a password, and asks again when it is given this one"
                )),
                WebAnswer::Status { code, .. } => WebTrial::Proved(format!(
                    "{shown} asks for a password (401), and lets this one in (what it then answers: {code})"
                )),
                WebAnswer::None { why } => {
                    WebTrial::Failed(format!("{shown} asks for a password, and given it: {why}"))
                }
            };
        }
    }
    if seen.is_empty() {
        seen.push("the web server's settings name no site".to_owned());
    }
    WebTrial::NotTried(format!("not tried: no site asked for this password ({})", seen.join("; ")))
}

/// Whether who asks for the password of this realm is one of the sites that the provider read about. A name that the web
/// server puts together at each request cannot be compared.
fn is_ours(realms: &[&str], asked: &str) -> bool {
    realms.iter().any(|named| *named == asked || named.contains(['$', '%']))
}

/// The name to ask for. What stands for every name, or for none, is asked for by that of the machine itself.
fn name_of(site: &str) -> &str {
    let name = site.split([':', ' ', '/']).next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if name.is_empty() || !name.chars().all(is_name) { "localhost" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_asked_for_by_that_of_the_machine() {
        for (site, name) in [
            ("staging.example", "staging.example"),
            ("staging.example:8080", "staging.example"),
            ("_", "localhost"),
            ("*.example", "localhost"),
            ("", "localhost"),
            ("a\r\nHost: b", "localhost"),
        ] {
            assert_eq!(name_of(site), name, "{site:?}");
        }
    }

    #[test]
    fn a_password_is_shown_to_nobody_who_asks_for_another() {
        for (named, asked, ours) in [
            (&["Staging"][..], "Staging", true),
            (&["Staging", "Admin"], "Admin", true),
            (&["Staging"], "staging", false),
            (&["Staging"], "", false),
            (&["Of $host"], "Of staging.example", true),
            (&[], "Staging", false),
            (&[], "", false),
        ] {
            assert_eq!(is_ours(named, asked), ours, "{named:?} {asked:?}");
        }
    }
}
