//! What is a secret by its shape, wherever it stands.

use std::str::FromStr as _;

use super::Kind;
use super::value::rest;
use super::words;

/// What was recognised at a byte, and how many bytes it has.
type Found = Option<(Kind, usize)>;

/// What the rest of a key is made of.
#[derive(Clone, Copy)]
enum Of {
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `-` and `_`.
    Url,
    /// Those, and `.`, `/`, `+`, `=`.
    Base64,
    /// Digits and `a` to `f`.
    Hex,
    /// Capitals and digits.
    Capital,
}

impl Of {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"-_./+=".contains(&byte),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f' | b'A'..=b'F'),
            Self::Capital => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }

    fn run(self, text: &str) -> usize {
        text.bytes().take_while(|byte| self.has(*byte)).count()
    }
}

/// How keys of known services begin, what follows, and the fewest and the most of it: as these
/// services write in their documentation.
const KEYS: &[(&str, Of, usize, usize)] = &[
    // Payments.
    ("sk_live_", Of::Alnum, 16, 250),
    ("sk_test_", Of::Alnum, 16, 250),
    ("rk_live_", Of::Alnum, 16, 250),
    ("rk_test_", Of::Alnum, 16, 250),
    ("whsec_", Of::Base64, 24, 120),
    ("live_", Of::Alnum, 30, 40),
    ("test_", Of::Alnum, 30, 40),
    ("access_", Of::Alnum, 30, 60),
    ("sq0atp-", Of::Url, 22, 60),
    ("sq0csp-", Of::Url, 40, 60),
    ("EAAA", Of::Url, 56, 80),
    ("rzp_live_", Of::Alnum, 14, 24),
    ("access_token$production$", Of::Base64, 20, 80),
    ("access_token$sandbox$", Of::Base64, 20, 80),
    ("A21AA", Of::Url, 60, 120),
    // Shops.
    ("shpat_", Of::Hex, 32, 64),
    ("shpca_", Of::Hex, 32, 64),
    ("shppa_", Of::Hex, 32, 64),
    ("shpss_", Of::Hex, 32, 64),
    ("cs_", Of::Hex, 40, 40),
    // Code.
    ("ghp_", Of::Alnum, 36, 255),
    ("gho_", Of::Alnum, 36, 255),
    ("ghu_", Of::Alnum, 36, 255),
    ("ghs_", Of::Alnum, 36, 255),
    ("ghr_", Of::Alnum, 36, 255),
    ("github_pat_", Of::Url, 40, 255),
    ("glpat-", Of::Url, 20, 64),
    ("npm_", Of::Alnum, 36, 36),
    ("pypi-AgE", Of::Url, 50, 255),
    // Clouds and mail.
    ("AKIA", Of::Capital, 16, 16),
    ("ASIA", Of::Capital, 16, 16),
    ("AIza", Of::Url, 35, 35),
    ("ya29.", Of::Url, 40, 2000),
    ("GOCSPX-", Of::Url, 28, 28),
    ("dop_v1_", Of::Hex, 64, 64),
    ("hf_", Of::Alnum, 34, 40),
    ("sk-proj-", Of::Url, 40, 255),
    ("sk-ant-", Of::Url, 40, 255),
    ("SG.", Of::Base64, 60, 72),
    ("xkeysib-", Of::Url, 64, 90),
    ("key-", Of::Hex, 32, 32),
    // Talk.
    ("xoxb-", Of::Url, 20, 120),
    ("xoxp-", Of::Url, 20, 120),
    ("xoxa-", Of::Url, 20, 120),
    ("xoxs-", Of::Url, 20, 120),
    ("xapp-", Of::Url, 20, 160),
];

/// How hashes of passwords begin: crypt(3), Apache, PHP's password_hash, phpass of WordPress.
const HASHES: &[(&str, usize)] = &[
    ("$2y$", 56),
    ("$2a$", 56),
    ("$2b$", 56),
    ("$wp$2y$", 56),
    ("$6$", 80),
    ("$5$", 40),
    ("$1$", 22),
    ("$apr1$", 22),
    ("$y$", 40),
    ("$argon2id$", 40),
    ("$argon2i$", 40),
    ("$P$B", 30),
    ("$H$9", 30),
];

/// The fewest bytes of a key that is known by its beginning.
const SHORTEST: usize = 18;

/// What stands at this byte, where a word begins.
pub(super) fn at(text: &str, from: usize) -> Found {
    let first = *text.as_bytes().get(from)?;
    let ahead = rest(text, from, 4096);
    if first.is_ascii_digit() {
        return card(text, from);
    }
    // An IBAN may have spaces in it; nothing else that is as long has.
    let is_long = ahead.as_bytes().get(..SHORTEST).is_some_and(|head| {
        head.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.$/+!".contains(byte))
    });
    if !is_long {
        return iban(ahead);
    }
    key(ahead)
        .or_else(|| jwt(ahead))
        .or_else(|| iban(ahead))
        .or_else(|| issued(text, from, ahead))
        .or_else(|| long(ahead))
}

fn key(ahead: &str) -> Found {
    let first = *ahead.as_bytes().first()?;
    let (start, of, least, most) = KEYS
        .iter()
        .find(|(start, ..)| start.as_bytes().first() == Some(&first) && ahead.starts_with(start))?;
    let run = of.run(ahead.get(start.len()..)?);
    let body = ahead.get(start.len()..start.len() + run)?;
    // Words with underscores are names: `live_` is followed by digits and letters mixed.
    let mixed = body.bytes().any(|byte| byte.is_ascii_digit())
        && body.bytes().any(|byte| byte.is_ascii_alphabetic());
    let hex = matches!(of, Of::Hex);
    (run >= *least && run <= *most && (mixed || hex)).then(|| {
        let trimmed = body.trim_end_matches(['.', '=', '/']).len();
        (Kind::ApiKey, start.len() + trimmed)
    })
}

/// A JSON Web Token: two parts that begin as JSON in base 64 does, and a signature.
fn jwt(ahead: &str) -> Found {
    if !ahead.starts_with("eyJ") {
        return None;
    }
    let mut length = 0;
    for part in 0..3 {
        let run = Of::Url.run(ahead.get(length..)?);
        let least = if part < 2 { 10 } else { 16 };
        if run < least {
            return None;
        }
        length += run;
        if part < 2 {
            if !ahead.get(length..)?.starts_with('.') {
                return None;
            }
            length += 1;
        }
    }
    // The five parts of an encrypted one.
    while ahead.get(length..)?.starts_with('.') {
        let run = Of::Url.run(ahead.get(length + 1..)?);
        if run < 8 {
            break;
        }
        length += 1 + run;
    }
    Some((Kind::Jwt, length))
}

/// An IBAN in one piece or in groups, whose check digits, country and length are right.
fn iban(ahead: &str) -> Found {
    let bytes = ahead.as_bytes();
    let head = bytes.get(..4)?;
    let (country, check) = head.split_at(2);
    if !country.iter().all(u8::is_ascii_alphabetic) || !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut compact = zeroize::Zeroizing::new(String::with_capacity(34));
    let mut found = None;
    let mut last_was_gap = false;
    for (at, c) in ahead.char_indices() {
        if c.is_ascii_alphanumeric() {
            if compact.len() == 34 {
                break;
            }
            compact.push(c.to_ascii_uppercase());
            last_was_gap = false;
            let end = at + 1;
            let following = ahead.get(end..)?.chars().next();
            let ends = !following.is_some_and(|c| c.is_ascii_alphanumeric());
            if ends && compact.len() >= 15 && iban::Iban::from_str(&compact).is_ok() {
                found = Some((Kind::Iban, end));
            }
        } else if matches!(c, ' ' | '-' | '.' | '\u{a0}' | '\u{202f}') && !last_was_gap {
            last_was_gap = true;
        } else if !words::is_joiner(c) {
            break;
        }
    }
    found
}

/// The lengths of the issuers' numbers (ISO/IEC 7812; the lists of the schemes).
fn is_issued(number: &[u8]) -> bool {
    let prefix = |digits: usize| {
        number
            .get(..digits)
            .and_then(|part| std::str::from_utf8(part).ok())
            .and_then(|part| part.parse::<u32>().ok())
    };
    let (Some(two), Some(three), Some(four)) = (prefix(2), prefix(3), prefix(4)) else {
        return false;
    };
    let length = number.len();
    match four {
        _ if two / 10 == 4 => matches!(length, 13 | 16 | 19),
        _ if (51..=55).contains(&two) || (2221..=2720).contains(&four) => length == 16,
        _ if matches!(two, 34 | 37) => length == 15,
        _ if (300..=305).contains(&three) || four == 3095 || matches!(two, 36 | 38 | 39) => {
            matches!(length, 14 | 16)
        }
        3528..=3589 => (16..=19).contains(&length),
        6011 => (16..=19).contains(&length),
        _ if two == 65 || (644..=649).contains(&three) => (16..=19).contains(&length),
        _ if two == 62 || two == 81 => (16..=19).contains(&length),
        2200..=2204 => (16..=19).contains(&length),
        5018
        | 5019
        | 5020
        | 5038
        | 5893
        | 6304
        | 6759
        | 6761..=6763
        | 6703
        | 6007
        | 6036
        | 5610 => (12..=19).contains(&length),
        _ if two == 67 => (12..=19).contains(&length),
        _ => false,
    }
}

fn luhn(number: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 1 { doubled(digit) } else { digit }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// What may stand between the groups of a card's number.
fn is_between_groups(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2011}' | '–' | '_')
        || words::is_joiner(c)
}

/// The number of a card in one piece or in groups that the same sign parts.
fn card(text: &str, from: usize) -> Found {
    let ahead = rest(text, from, 96);
    let before = text.get(..from)?.chars().next_back();
    // The rest of a decimal number, of an amount, of a longer one.
    if before.is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, '.' | ',') && has_digit_before(text, from)
    }) {
        return None;
    }
    if before == Some('-') && text.get(..from - 1)?.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut digits = zeroize::Zeroizing::new([0_u8; 19]);
    let (mut count, mut group, mut groups, mut separator) = (0, 0, 0, None);
    let mut best = None;
    for (at, c) in ahead.char_indices() {
        if c.is_ascii_digit() {
            *digits.get_mut(count)? = u8::try_from(c).unwrap_or_default();
            (count, group) = (count + 1, group + 1);
            let following = ahead.get(at + 1..)?.chars().next();
            if following.is_some_and(|c| c.is_ascii_digit()) {
                if count == 19 {
                    break;
                }
                continue;
            }
            let end_of_group = at + 1;
            groups += 1;
            if following.is_some_and(|c| c.is_alphabetic() || c == '_') {
                break;
            }
            if groups > 1 && !(2..=6).contains(&group)
                || groups == 1 && group < 12 && group != 4 && group != 6
            {
                break;
            }
            let number = digits.get(..count)?;
            let plain = groups == 1;
            let old = count < 14 || count == 14 && plain;
            let is_named = || is_spoken_of_as_card(text, from);
            if count >= 12
                && luhn(number)
                && is_issued(number)
                && !is_one_digit(number)
                && (!old || is_named())
                && (!plain || !is_spoken_of_as_other(text, from) || is_named())
            {
                best = Some((Kind::CardNumber, end_of_group));
                if count >= 15 && following != Some('-') {
                    break;
                }
            } else if best.is_some() {
                break;
            }
            if count == 19 {
                break;
            }
        } else if words::is_joiner(c) {
        } else if is_between_groups(c) && group > 0 && separator.is_none_or(|known| known == c) {
            (separator, group) = (Some(c), 0);
        } else {
            break;
        }
    }
    let (kind, length) = best?;
    let after = ahead.get(length..)?;
    if is_in_a_table(text.get(..from)?, after) {
        return None;
    }
    // A longer number goes on.
    let mut following = after.chars();
    let goes_on = matches!(following.next(), Some('-' | '.' | ','))
        && following.next().is_some_and(|c| c.is_ascii_digit());
    (!goes_on).then_some((kind, length))
}

/// Whether it stands among other groups of four hexadecimal digits. One may follow: a card's end.
fn is_in_a_table(before: &str, after: &str) -> bool {
    let is_group = |group: &str| group.len() == 4 && group.bytes().all(|b| b.is_ascii_hexdigit());
    let blank = |c: char| !c.is_ascii_alphanumeric();
    let before = before.strip_suffix([' ', '-']).and_then(|text| text.rsplit(blank).next());
    let after = after.strip_prefix([' ', '-']).map(|text| text.splitn(3, [' ', '-', '\n', '\r']));
    before.is_some_and(is_group)
        || after.is_some_and(|groups| groups.take(2).filter(|group| is_group(group)).count() == 2)
}

fn is_one_digit(number: &[u8]) -> bool {
    number.windows(2).all(|pair| pair.first() == pair.last())
}

fn has_digit_before(text: &str, from: usize) -> bool {
    text.get(..from - 1).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()))
}

/// What is said in the same line before a number, in lower case.
fn said_before(text: &str, from: usize) -> zeroize::Zeroizing<String> {
    let mut start = from.saturating_sub(40);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let before = text.get(start..from).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    zeroize::Zeroizing::new(line.to_lowercase())
}

fn is_spoken_of_as_card(text: &str, from: usize) -> bool {
    const WORDS: &[&str] = &[
        "card",
        "tarjeta",
        "carta",
        "pan",
        "visa",
        "maestro",
        "mastercard",
        "amex",
        "diners",
        "carte",
        "cc_number",
        "ccnum",
        "paid",
        "pagat",
        "pagad",
        "pagó",
        "charged",
    ];
    let said = said_before(text, from);
    WORDS.iter().any(|word| said.contains(word))
}

/// Numbers of other things have a right check digit in one case of ten: what stands right before
/// one, with no other number between, says what it is.
fn is_spoken_of_as_other(text: &str, from: usize) -> bool {
    const WORDS: &[&str] = &[
        "order",
        "ordine",
        "pedido",
        "tracking",
        "trace",
        "imei",
        "ean",
        "gtin",
        "isbn",
        "invoice",
        "factura",
        "fattura",
        "transaction",
        "transacc",
        "transaz",
        "task_id",
        "taskid",
        "spedizione",
        "envío",
        "envio",
        "shipment",
        "parcel",
        "sku",
        "reference",
        "referencia",
        "riferimento",
        "serial",
        "timestamp",
        "iccid",
        "_id",
        "\"id\"",
        "session",
        "id:",
        "id=",
        "codice cliente",
        "customer n",
        "de cliente",
        "numero cliente",
        "contract",
        "contratto",
        "contrato",
        "operación",
        "operazione",
        "capture",
        "payment ",
        "ref ",
        "ticket",
    ];
    let said = said_before(text, from);
    let nearest = said.rsplit(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let nearest = nearest
        .char_indices()
        .rev()
        .nth(21)
        .map_or(nearest, |(at, _)| nearest.get(at..).unwrap_or_default());
    WORDS.iter().any(|word| nearest.contains(word))
}

/// What has the length and the alphabet of the passwords that `crate::secret` makes, and the
/// mixture that chance makes and words do not.
fn issued(text: &str, from: usize, ahead: &str) -> Found {
    const LENGTH: usize = 26;
    let run = ahead
        .bytes()
        .take(LENGTH + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'!'))
        .count();
    if run != LENGTH {
        return None;
    }
    let word = ahead.as_bytes().get(..LENGTH)?;
    let following = ahead.as_bytes().get(LENGTH);
    if following.is_some_and(|byte| matches!(byte, b'_' | b'/' | b'@' | b'+' | b'='))
        || ahead.get(LENGTH..)?.starts_with(char::is_alphanumeric)
    {
        return None;
    }
    let before = text.get(..from)?.chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '+' | '='))
        && before != Some('=')
    {
        return None;
    }
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    // Of 25 pairs some 16 change class. Fewer than 5 come once in half a million passwords, and more than that in hardly a word.
    let has_all = (0..4).all(|one| word.iter().any(|byte| class(*byte) == one));
    let changes = word
        .windows(2)
        .filter(|pair| pair.first().map(|b| class(*b)) != pair.last().map(|b| class(*b)))
        .count();
    (has_all && word.first()?.is_ascii_alphabetic() && changes >= 5)
        .then_some((Kind::IssuedPassword, LENGTH))
}

/// Keys that are recognised by more than a beginning.
fn long(ahead: &str) -> Found {
    if ahead.starts_with("AGE-SECRET-KEY-") {
        let length =
            ahead.bytes().take_while(|byte| Of::Capital.has(*byte) || *byte == b'-').count();
        return (length >= 60).then_some((Kind::PrivateKey, length));
    }
    if let Some(ways) = ahead.strip_prefix("hooks.slack.com/services/") {
        let length =
            ways.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'/').count();
        return (length >= 36).then(|| (Kind::ApiKey, ahead.len() - ways.len() + length));
    }
    None
}

/// A hash of a password, which begins with `$`.
pub(super) fn hash(text: &str, from: usize) -> Found {
    let ahead = rest(text, from, 256);
    let (start, least) = HASHES.iter().find(|(start, _)| ahead.starts_with(start))?;
    let length = ahead
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"$./=,+-_".contains(byte))
        .count();
    // Some have one length, and may end with a full stop of their own.
    let exact = match *start {
        "$2y$" | "$2a$" | "$2b$" => Some(60),
        "$P$B" | "$H$9" => Some(34),
        _ => None,
    };
    let length = match exact {
        Some(exact) if length >= exact => exact,
        _ => ahead.get(..length)?.trim_end_matches(['.', ',', '-']).len(),
    };
    (length >= *least && length > start.len()).then_some((Kind::PasswordHash, length))
}

/// A private key in a block of lines: from its first dashes to its last ones.
pub(super) fn block(text: &str, from: usize) -> Found {
    let ahead = rest(text, from, 16 * 1024);
    let head = ahead.strip_prefix("-----BEGIN ")?;
    let name = head.get(..head.find("-----")?)?;
    if name.len() > 48 || !name.contains("PRIVATE KEY") {
        return None;
    }
    let body_at = "-----BEGIN ".len() + name.len() + "-----".len();
    let body = ahead.get(body_at..)?;
    let end = body.find("-----END ");
    let inside = body.get(..end.unwrap_or(body.len().min(2048))).unwrap_or(body);
    if !has_key_material(inside) {
        return None;
    }
    let length = match end {
        Some(at) => {
            let tail = body.get(at + "-----END ".len()..)?;
            let close = tail.find("-----").filter(|close| *close < 64);
            at + "-----END ".len() + close.map_or(0, |close| close + 5)
        }
        None => inside.trim_end().len(),
    };
    Some((Kind::PrivateKey, body_at + length))
}

/// The private part of a key file of PuTTY: `Private-Lines: 14` and what follows.
pub(super) fn putty(text: &str, from: usize) -> Found {
    let ahead = rest(text, from, 8192);
    let lines = ahead.strip_prefix("Private-Lines:")?;
    if !has_key_material(rest(lines, 0, 256)) {
        return None;
    }
    let length = lines.find("Private-MAC").unwrap_or_else(|| lines.len().min(200));
    Some((Kind::PrivateKey, ahead.len() - lines.len() + lines.get(..length)?.trim_end().len()))
}

/// Whether there is a line of base 64 that is a piece of a key.
fn has_key_material(body: &str) -> bool {
    let mut run = 0;
    for byte in body.bytes().take(2048) {
        let is_part = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        run = if is_part { run + 1 } else { 0 };
        if run >= 24 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_a_card_is_checked() {
        assert!(luhn(b"4111111111111111") && !luhn(b"4111111111111112"));
        assert!(luhn(b"378282246310005") && luhn(b"5555555555554444"));
        assert!(is_issued(b"2223003122003222") && !is_issued(b"9111111111111111"));
    }
}
