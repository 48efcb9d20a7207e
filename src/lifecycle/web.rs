//! The trial of a password that a web server asks for: one request without it, which has to be asked for one, and one
//! with it, which has not. Both are made from the server itself ([`crate::transport::WebRequest`]). Who asks for it has
//! to name what the web server's settings name (the realm): another site of the same server is not shown the password.

use crate::lifecycle::form;
use crate::message::{Note, text};
use crate::remote::provider::ProofKind;
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
    Proved(Note),
    /// No site asked for this password where it was looked for.
    NotTried(Note),
    /// The site asked for a password with it as well.
    Failed(Note),
}

impl WebTrial {
    /// Its name in the ledger, and what was seen.
    pub(crate) fn told(&self) -> (&'static str, &Note) {
        match self {
            Self::Proved(note) => ("proved", note),
            Self::NotTried(note) => ("not-tried", note),
            Self::Failed(note) => ("failed", note),
        }
    }
}

/// Tries what was made for `user`, by the proof that the provider declares.
pub(crate) async fn try_out(
    session: &Session<'_>,
    proof: ProofKind,
    opened: &Reply,
    user: &str,
    password: &Secret,
    guard: Option<&form::Guard<'_>>,
) -> WebTrial {
    match proof {
        ProofKind::Http => try_password(session, opened, user, password).await,
        ProofKind::Form => form::try_login(session, opened, user, password, guard).await,
    }
}

/// Tries the password of `user` on the sites that the provider named.
async fn try_password(
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
            let request = WebRequest::first_page(tls, port, site);
            let url = format!("{}://{}", if tls { "https" } else { "http" }, clean(site));
            let shown = ("site", url.as_str().into());
            match session.ask_web(&request).await {
                WebAnswer::Status { realm: Some(realm), .. } => {
                    if !is_ours(&realms, &realm) {
                        let args = [shown, ("realm", clean(&realm).into())];
                        seen.push(text("web-other-realm", &args));
                        continue;
                    }
                }
                WebAnswer::Status { code, .. } => {
                    seen.push(text("web-answered", &[shown, ("code", code.to_string().into())]));
                    continue;
                }
                WebAnswer::None { why } => {
                    seen.push(text("web-silent", &[shown, ("why", why.into())]));
                    continue;
                }
            }
            let request = WebRequest { user: Some((user, password)), ..request };
            return match session.ask_web(&request).await {
                WebAnswer::Status { code: 401, .. } => {
                    WebTrial::Failed(Note::of("web-asked-again", &[shown]))
                }
                WebAnswer::Status { code, .. } => {
                    let args = [shown, ("code", code.to_string().into())];
                    WebTrial::Proved(Note::of("web-proved", &args))
                }
                WebAnswer::None { why } => {
                    let args = [shown, ("why", why.into())];
                    WebTrial::Failed(Note::of("web-silent-to-the-password", &args))
                }
            };
        }
    }
    if seen.is_empty() {
        seen.push(text("web-no-site", &[]));
    }
    WebTrial::NotTried(Note::of("web-not-tried", &[("why", seen.join("; ").into())]))
}

/// Whether who asks for the password of this realm is one of the sites that the provider read about.
pub(super) fn is_ours(realms: &[&str], asked: &str) -> bool {
    realms.iter().any(|named| is_made_from(&fixed_parts(named), asked))
}

/// What of a realm in the web server's settings is fixed: what stands before, between and behind the variables that it
/// puts in at each request, `$name` and `${name}` of nginx (ngx_http_auth_basic_module) and `%{...}` of Apache's
/// expressions.
fn fixed_parts(named: &str) -> Vec<&str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = named.get(at..).filter(|rest| !rest.is_empty()) {
        let braced = ["${", "%{"].iter().any(|opens| rest.starts_with(opens));
        let length = match rest.strip_prefix('$') {
            _ if braced => rest.find('}').map_or(0, |end| end + 1),
            Some(name) => match name.find(|c| !is_of_name(c)).unwrap_or(name.len()) {
                0 => 0,
                length => length + 1,
            },
            None => 0,
        };
        if length > 0 {
            parts.push(named.get(from..at).unwrap_or_default());
            from = at + length;
        }
        at += if length > 0 { length } else { rest.chars().next().map_or(1, char::len_utf8) };
    }
    parts.push(named.get(from..).unwrap_or_default());
    parts
}

/// Whether a realm is what these parts become with something between them. Where nothing is fixed, nobody can tell.
fn is_made_from(parts: &[&str], asked: &str) -> bool {
    let [first, between @ .., last] = parts else { return parts == [asked] };
    if parts.iter().all(|part| part.trim().is_empty()) {
        return false;
    }
    let inside = asked.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let in_order = |rest: &str| {
        between.iter().try_fold(rest.to_owned(), |rest, part| {
            rest.split_once(part).map(|(_, behind)| behind.to_owned())
        })
    };
    inside.is_some_and(|inside| in_order(inside).is_some())
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
    fn a_realm_that_is_put_together_at_each_request_is_known_by_what_is_fixed_in_it() {
        for (named, asked, ours) in [
            ("Staging", "Staging", true),
            ("Staging", "Staging 2", false),
            ("Staging $host", "Staging shop.example", true),
            ("Staging $host", "Other shop.example", false),
            ("${brand} staging", "Acme staging", true),
            ("${brand} staging", "Acme live", false),
            ("of %{SERVER_NAME}, staging", "of shop.example, staging", true),
            ("a$x-b$y-c", "a1-b2-c", true),
            ("a$x-b$y-c", "a1-c", false),
            ("100% of $ 5", "100% of $ 5", true),
            ("100% of $ 5", "anything", false),
            ("${open", "${open", true),
            // Nothing in it is fixed.
            ("$host", "shop.example", false),
            ("$a $b", "x y", false),
            ("é$x", "éa", true),
        ] {
            assert_eq!(is_ours(&[named], asked), ours, "{named} {asked}");
        }
    }

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
