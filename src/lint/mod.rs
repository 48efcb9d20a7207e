//! Finds secrets in a text that a merchant is about to send, and says where they stand.
//!
//! What is found has a shape of its own (a card number, a key of a known service), or stands behind
//! a name that says what it is (`DB_PASSWORD=`, `la contraseña es`). Nothing here reads a file,
//! asks anybody or keeps anything: a text goes in, places come out, and none of them carries what
//! was found.
//!
//! `words` cuts a text into words; `label` knows the names; `value` reads what stands behind one
//! and judges whether it is a secret or only talk of one; `shape` knows what is a secret by itself;
//! `scan` puts them together. `stream` does the same with what comes piece by piece, in whatever
//! encoding, and `picture` with what is written about a picture.

mod label;
mod picture;
mod scan;
mod shape;
mod stream;
mod value;
mod words;

use serde::Serialize;

pub use self::stream::{Found, Read, Report, Scanner};

/// What sort of secret was found.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// A number of a payment card (ISO/IEC 7812): issuer, length and check digit are right.
    CardNumber,
    /// The three or four digits on the back of a card.
    CardCode,
    /// An international bank account number (ISO 13616) whose check digits are right.
    Iban,
    /// A national account number behind its name.
    AccountNumber,
    /// A password behind its name, in a URL or in a command.
    Password,
    /// A hash of a password, against which anybody can guess.
    PasswordHash,
    /// A PIN or a one-time code behind its name.
    Pin,
    /// What has the shape of a password that stagepass makes.
    IssuedPassword,
    /// A private key: PEM, OpenSSH, PuTTY, PGP, age.
    PrivateKey,
    /// The `client_secret` of an API.
    ClientSecret,
    /// An access token, session token or token without a closer name.
    AccessToken,
    /// A `refresh_token`. Some desks ask for it, in a field of its own.
    RefreshToken,
    /// A key of an API or a service, by its shape or behind its name.
    ApiKey,
    /// A JSON Web Token (RFC 7519) that nothing else names.
    Jwt,
    /// A token behind `Bearer` (RFC 6750).
    BearerToken,
    /// The cookie of somebody who is logged in.
    Session,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The word for this kind in documents.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// Whether the first and the last two characters give nothing away: of what is long and made by
    /// a machine, and never of what somebody thought of.
    fn may_be_hinted_at(self) -> bool {
        matches!(
            self,
            Self::CardNumber
                | Self::Iban
                | Self::ClientSecret
                | Self::AccessToken
                | Self::RefreshToken
                | Self::ApiKey
                | Self::Jwt
                | Self::BearerToken
        )
    }
}

/// Where something was found, and what. The secret itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The line, counted from 1.
    pub line: usize,
    /// The first character in that line, counted from 1 in characters.
    pub column: usize,
    /// How many characters it has; those of line breaks within it count.
    pub length: usize,
    /// The first two and the last two characters with `…` between them, where they give nothing
    /// away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

/// The fewest characters of which four are shown.
const HINTED_FROM: usize = 12;

/// Every secret in a text, in the order of the text. None overlaps another.
#[must_use]
pub fn findings(text: &str) -> Vec<Finding> {
    let (mut line, mut column, mut at) = (1, 1, 0);
    let place = |span: scan::Span| {
        let before = text.get(at..span.start).unwrap_or_default();
        (line, column) = moved((line, column), before);
        at = span.start;
        finding(span.kind, line, column, text.get(span.start..span.end).unwrap_or_default())
    };
    scan::spans(text).into_iter().map(place).collect()
}

fn finding(kind: Kind, line: usize, column: usize, secret: &str) -> Finding {
    let length = secret.chars().count();
    let excerpt = (kind.may_be_hinted_at() && length >= HINTED_FROM).then(|| {
        let (first, last) = (secret.chars().take(2), secret.chars().skip(length - 2));
        first.chain(['…']).chain(last).collect()
    });
    Finding { kind, line, column, length, excerpt }
}

/// The place behind `text`, which begins at this line and column.
fn moved((line, column): (usize, usize), text: &str) -> (usize, usize) {
    match text.rfind('\n') {
        Some(last) => {
            let lines = text.bytes().filter(|byte| *byte == b'\n').count();
            (line + lines, text.get(last + 1..).unwrap_or_default().chars().count() + 1)
        }
        None => (line, column + text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was found, as `kind@line:column+length`.
    fn told(text: &str) -> String {
        let told =
            |one: &Finding| format!("{}@{}:{}+{}", one.kind.id(), one.line, one.column, one.length);
        findings(text).iter().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_secret_is_found_where_it_stands() {
        for (text, found) in [
            ("password: Summer2024!", "password@1:11+11"),
            ("é\né DB_PASSWORD=abc123def", "password@2:15+9"),
            ("define('DB_PASSWORD', 'wp_s3cret');", "password@1:24+9"),
            (r#"{\"password\":\"qw3rty\"}"#, "password@1:17+6"),
            ("Usuario / contrase\u{f1}a: pepe / tortuga88", "password@1:30+9"),
            ("la password \u{e8} Estate2023!", "password@1:15+11"),
            ("PIN: 4821, CVV 123", "pin@1:6+4 card-code@1:16+3"),
            ("Card 4111 1111 1111 1111 exp 12/27", "card-number@1:6+19"),
            ("IBAN GB29 NWBK 6016 1331 9268 19.", "iban@1:6+27"),
            ("https://user:s3cr3t@host.example/path", "password@1:14+6"),
            ("refresh_token=abc123def456ghi789", "refresh-token@1:15+18"),
            ("client_secret=8f7d6c5b4a", "client-secret@1:15+10"),
        ] {
            assert_eq!(told(text), found, "{text}");
        }
    }

    #[test]
    fn talk_of_a_secret_is_none() {
        for text in [
            "password: ********",
            "password: [redacted]",
            "the password is in the other mail",
            "Failed password for root from 10.0.0.1 port 22",
            "Access denied for user 'shop'@'localhost' (using password: YES)",
            "$password = $_POST['password'];",
            "<input type=\"password\" name=\"password\" id=\"password\">",
            "X-Request-Id: 550e8400-e29b-41d4-a716-446655440000",
            "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDzwTIq3pM9sYkK3pE",
            "+34 612 345 678 on 2024-05-01, EAN 4006381333931",
            "palabra clave: zapatos rojos",
            "csrf_token=abcdef0123456789abcdef pk_live_abcdef0123456789abcdef",
        ] {
            assert_eq!(told(text), "", "{text}");
        }
    }

    #[test]
    fn what_stagepass_issues_is_known_by_its_shape() {
        for _ in 0..200 {
            let password = crate::secret::generate_password().unwrap();
            assert_eq!(told(&format!("try {} now", password.expose())), "issued-password@1:5+26");
        }
    }

    #[test]
    fn no_finding_carries_what_was_found() {
        let text = "card 4111 1111 1111 1111, password: hunter2";
        let told: Vec<_> = findings(text).into_iter().map(|one| one.excerpt).collect();
        assert_eq!(told, [Some("41…11".to_owned()), None]);
    }
}
