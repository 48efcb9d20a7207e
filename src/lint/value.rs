//! What stands behind a name: where it begins and ends, and whether it is a secret or only talk of
//! one ("the password is in the other mail", `password: ********`, `$password`).

use super::Kind;
use super::label::{self, Field};
use super::words::{self, Folded, Word};

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `:`
    Colon,
    /// `=`, `=>`, `->`, the comma of `define('A', 'b')`, the `>` of XML.
    Equals,
    /// "is"
    Verb,
    /// The next cell of a table.
    Cell,
    /// The name is a line of its own, and the value the next.
    Heading,
    /// `--password VALUE`
    Option,
    /// Nothing but a space.
    Space,
}

/// A value that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
    quoted: bool,
    /// Right behind its sign.
    tight: bool,
    /// It stands on a line of its own below its name.
    below: bool,
    /// The byte behind it, and its quote.
    pub(super) after: usize,
}

impl Value<'_> {
    pub(super) fn is_quoted(&self) -> bool {
        self.quoted
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The most bytes that one value or one look ahead may have.
const MOST: usize = 4096;

/// The rest of a text from a byte on, which is looked at only so far.
pub(super) fn rest(text: &str, from: usize, most: usize) -> &str {
    let mut end = text.len().min(from.saturating_add(most));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(from..end).unwrap_or_default()
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}') || words::is_joiner(c)
}

fn blanks(text: &str) -> usize {
    text.find(|c| !is_blank(c)).unwrap_or(text.len())
}

/// How long an HTML tag is that the text begins with.
fn tag(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let begins = inner.strip_prefix('/').unwrap_or(inner);
    let name = begins.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let is_known = matches!(
        name.to_ascii_lowercase().as_str(),
        "b" | "i"
            | "strong"
            | "em"
            | "td"
            | "th"
            | "tr"
            | "br"
            | "p"
            | "span"
            | "code"
            | "div"
            | "font"
            | "li"
            | "dt"
            | "dd"
            | "label"
            | "u"
            | "pre"
            | "a"
    );
    is_known.then(|| inner.find('>')).flatten().filter(|at| *at < 120).map(|at| at + 2)
}

/// What leads from the name that ends at this byte to its value; and where that begins.
/// `opens` is what stands right before the name.
pub(super) fn sign(text: &str, from: usize, opens: &str) -> Option<(Sign, usize)> {
    let ahead = rest(text, from, 256);
    let mut at = 0;
    let in_element = opens.ends_with('<') || opens.ends_with(':') && opens.contains('<');
    if in_element {
        let inner = ahead.strip_prefix('>').filter(|inner| inner.contains("</"))?;
        return Some((Sign::Equals, from + ahead.len() - inner.len()));
    }
    let (mut between, mut tagged, mut closed) = (0, false, false);
    // "the passcode for the meeting": what a preposition leads to may be any two words.
    let (mut leads, mut any) = (false, 0);
    loop {
        let left = ahead.get(at..)?;
        if left.is_empty() {
            return None;
        }
        if left.starts_with(['\n', '\r']) && between == 0 && !closed {
            // A name that is a line of its own, like the heading of what follows.
            return is_at_the_beginning(opens).then_some((Sign::Heading, from + at));
        }
        if let Some(length) = tag(left) {
            (tagged, at) = (true, at + length);
            continue;
        }
        // PHP's own form: `s:8:"password";s:6:"…"`.
        if let Some(length) = serialized(left) {
            return Some((Sign::Equals, from + at + length));
        }
        let signs: [(&str, Sign); 10] = [
            ("=>", Sign::Equals),
            (":=", Sign::Equals),
            ("->", Sign::Equals),
            ("→", Sign::Equals),
            ("⇒", Sign::Equals),
            ("%3D", Sign::Equals),
            ("=", Sign::Equals),
            (":", Sign::Colon),
            ("|", Sign::Cell),
            ("：", Sign::Colon),
        ];
        if left.starts_with("==") || left.starts_with("::") || left.starts_with("://") {
            return None;
        }
        // `$user->password->value` is a way and not a value.
        if left.starts_with("->")
            && left.get(2..).is_some_and(|after| after.starts_with(char::is_alphabetic))
        {
            return None;
        }
        if let Some((mark, sign)) = signs.iter().find(|(mark, _)| left.starts_with(mark)) {
            return Some((*sign, from + at + mark.len()));
        }
        let c = left.chars().next()?;
        match c {
            ',' if closed && opens.ends_with(['\'', '"']) && is_a_setting(opens) => {
                return Some((Sign::Equals, from + at + 1));
            }
            '\t' => {
                let next = at + blanks(left);
                return Some((Sign::Cell, from + next));
            }
            '"' | '\'' | '`' | ']' | '*' | '\\' | '_' if between == 0 => {
                (closed, at) = (true, at + 1);
            }
            ')' if between == 0 => at += 1,
            '&' if left.starts_with("&quot;") => at += "&quot;".len(),
            '(' | '[' => {
                let close = left.find([')', ']', '\n']).filter(|end| *end <= 48)?;
                if left.get(close..).is_some_and(|end| end.starts_with('\n')) {
                    return None;
                }
                at += close + 1;
            }
            '.' if left.get(1..).is_some_and(|after| after.starts_with(char::is_whitespace)) => {
                return None;
            }
            '\'' | '’' | '/' | '°' | '.' | '-' | '–' if between > 0 || c == '’' => {
                at += c.len_utf8();
            }
            _ if is_blank(c) => {
                let next = at + blanks(left);
                let following = ahead.get(next..)?;
                if between == 0 && opens.ends_with("--") && !closed {
                    return Some((Sign::Option, from + next));
                }
                // What stands in quotes behind the name itself is not the name's own quote.
                if !closed && following.starts_with(['"', '\'', '`', '“', '«', '‘', '„']) {
                    return Some((Sign::Space, from + next));
                }
                // A dash between spaces: `Password - abc`.
                let dash = following.strip_prefix(['-', '–', '—']).filter(|_| between <= 2);
                if dash.is_some_and(|after| after.starts_with(' ')) {
                    let width = following.chars().next().map_or(0, char::len_utf8);
                    return Some((Sign::Cell, from + next + width));
                }
                at = next;
            }
            _ if c.is_alphanumeric() => {
                let word = words::next(ahead, at, ahead.len())?;
                let written = ahead.get(word.start..word.end)?;
                let folded = Folded::of(written);
                if label::is_verb(folded.as_str(), written) {
                    let after = ahead.get(word.end..)?;
                    // "is: abc" is more than "is abc".
                    return match after.strip_prefix(':') {
                        Some(_) => Some((Sign::Colon, from + word.end + 1)),
                        None => Some((Sign::Verb, from + word.end)),
                    };
                }
                if between < 7 && label::is_between(folded.as_str()) {
                    leads |= label::is_preposition(folded.as_str());
                    (between, at) = (between + 1, word.end);
                    continue;
                }
                if leads && any < 2 && between > 0 {
                    (any, at) = (any + 1, word.end);
                    continue;
                }
                if tagged {
                    return Some((Sign::Cell, from + at));
                }
                return (between == 0).then_some((Sign::Space, from + at));
            }
            _ => return None,
        }
    }
}

/// Whether nothing but what marks a line stands before a name on its line.
fn is_at_the_beginning(opens: &str) -> bool {
    opens.trim_end_matches(is_mark_of_a_line).ends_with('\n')
        || opens.chars().all(is_mark_of_a_line)
}

fn is_mark_of_a_line(c: char) -> bool {
    is_blank(c) || matches!(c, '-' | '*' | '>' | '•' | '#')
}

/// `";s:8:"` of PHP's serialize(), behind a name.
fn serialized(left: &str) -> Option<usize> {
    let plain = left.strip_prefix('\\').unwrap_or(left);
    let digits = plain.strip_prefix("\";s:")?;
    let count = digits.find(|c: char| !c.is_ascii_digit())?;
    digits.get(count..)?.starts_with(':').then(|| left.len() - digits.len() + count + 1)
}

/// Whether what stands before a quoted name is a call that sets it.
fn is_a_setting(opens: &str) -> bool {
    let before = opens.trim_end_matches(['\'', '"', ' ', '\\']);
    ["define(", "putenv(", "set(", "setenv(", "updateValue(", "update_option(", "Value("]
        .iter()
        .any(|call| before.ends_with(call))
}

/// The pairs of quotes; the second ends what the first begins.
const QUOTES: [(&str, &str); 10] = [
    ("\\\"", "\\\""),
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("‘", "’"),
    ("&quot;", "&quot;"),
    ("<![CDATA[", "]]>"),
];

/// Reads the value that begins at this byte.
pub(super) fn read<'a>(text: &'a str, from: usize, sign: Sign) -> Option<Value<'a>> {
    let ahead = rest(text, from, MOST);
    let mut at = 0;
    let mut lines = 0;
    loop {
        let left = ahead.get(at..)?;
        let skipped = blanks(left);
        let left = ahead.get(at + skipped..)?;
        at += skipped;
        if let Some(length) = tag(left) {
            at += length;
        } else if let Some(length) = typed(left) {
            at += length;
        } else if left.starts_with('\n') || left.starts_with("\r\n") {
            // Only a colon, or the arrow of a dump, speaks of the next line.
            let may = matches!(sign, Sign::Colon | Sign::Heading)
                || sign == Sign::Equals && text.get(..from)?.ends_with("=>");
            lines += 1;
            let most = if sign == Sign::Heading { 1 } else { 2 };
            if !may || lines > most {
                return None;
            }
            at += left.find('\n')? + 1;
        } else {
            break;
        }
    }
    let left = ahead.get(at..)?;
    let emphasis = left.bytes().take_while(|byte| *byte == b'*').count();
    let emphasis = if emphasis <= 2 { emphasis } else { 0 };
    let left = left.get(emphasis..)?;
    // `**Password:** abc` closes there, `Password: **abc**` opens.
    let skipped = if emphasis > 0 { blanks(left) } else { 0 };
    let left = left.get(skipped..)?;
    let start = from + at + emphasis + skipped;
    for (open, close) in QUOTES {
        let Some(inner) = left.strip_prefix(open) else { continue };
        let inner = inner.get(..inner.find('\n').unwrap_or(inner.len()))?;
        if let Some(length) = closing(inner, close) {
            let start = start + open.len();
            return Some(Value {
                start,
                text: inner.get(..length)?,
                quoted: true,
                tight: at == 0,
                below: lines > 0,
                after: start + length + close.len(),
            });
        }
    }
    let tight = sign == Sign::Equals && at == 0;
    let length = unquoted(left, tight, sign);
    let value = left.get(..length)?;
    let value = if emphasis > 0 { value.trim_end_matches('*') } else { value };
    Some(Value {
        start,
        text: value,
        quoted: false,
        tight,
        below: lines > 0,
        after: start + value.len(),
    })
}

/// `string(8) ` of PHP's var_dump, and `s:8:` of its serialize.
fn typed(left: &str) -> Option<usize> {
    let (digits, close) = match left.strip_prefix("string(") {
        Some(digits) => (digits, ") "),
        None => (left.strip_prefix(";s:").or_else(|| left.strip_prefix("s:"))?, ":"),
    };
    let count = digits.find(|c: char| !c.is_ascii_digit()).filter(|count| *count > 0)?;
    digits.get(count..)?.starts_with(close).then(|| left.len() - digits.len() + count + close.len())
}

fn closing(inner: &str, close: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if !escaped && inner.get(at..)?.starts_with(close) {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
        if at > 512 {
            return None;
        }
    }
    None
}

/// How long a value is that no quotes enclose.
fn unquoted(left: &str, tight: bool, sign: Sign) -> usize {
    let mut end = left.len();
    for (at, c) in left.char_indices() {
        let after = left.get(at + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            _ if c.is_whitespace() || is_blank(c) && !words::is_joiner(c) => true,
            '<' | '"' | '`' => true,
            '\\' => after.starts_with(['"', 'n', 'r', 't']),
            '|' => sign == Sign::Cell || after.starts_with([' ', '\n']),
            '&' | ';' if tight => true,
            ',' => {
                after.is_empty()
                    || after.starts_with(['"', '\'', '\\', '{', '['])
                    || tight && is_assignment(after)
            }
            '\'' => tight || after.is_empty() || after.starts_with([',', ')', ';', ' ', '\n']),
            _ => false,
        };
        if ends {
            end = at;
            break;
        }
    }
    let value = left.get(..end).unwrap_or_default();
    let mut value = value.trim_end_matches(['.', ',', ';', ':', '"', '\'', '»', '”', '’', '?']);
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')] {
        while value.ends_with(close) && !value.contains(open) {
            value = value.trim_end_matches(close);
        }
    }
    value.trim_end_matches(['.', ',', ';']).len()
}

fn is_assignment(after: &str) -> bool {
    let name = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(0);
    name > 0 && after.get(name..).is_some_and(|rest| rest.starts_with('='))
}

/// Whether what was read behind such a name is a secret.
pub(super) fn is_secret(text: &str, value: &Value<'_>, field: Field, sign: Sign) -> bool {
    let what = value.text;
    if what.is_empty() || is_placeholder(what) || !value.quoted && is_expression(what) {
        return false;
    }
    let behind = rest(text, value.after, 64);
    match field {
        Field::Password | Field::Loose => is_password(value, behind, field, sign),
        Field::Pin => {
            let digits = digits_of(what);
            let strict = !matches!(sign, Sign::Space) || value.quoted;
            (4..=8).contains(&digits) && strict && !is_counted(behind) && !is_year(what, sign)
        }
        Field::CardCode => {
            (3..=4).contains(&digits_of(what)) && sign != Sign::Space && !is_counted(behind)
        }
        Field::Account => is_account(text, value, sign),
        Field::Made(kind) => is_made(what, kind, value.quoted),
        Field::Key => {
            let is_set = sign == Sign::Equals || sign == Sign::Colon && value.quoted;
            let is_known = ["SHA256:", "MD5:", "AAAA"].iter().any(|start| what.starts_with(start));
            let of_a_path = what.contains('/') && !what.ends_with('=');
            is_set
                && what.len() >= 20
                && !is_known
                && !of_a_path
                && !is_uuid(what)
                && is_made(what, Kind::ApiKey, false)
        }
    }
}

/// How many digits a value has that is nothing but digits; 0 where it is more.
fn digits_of(what: &str) -> usize {
    if what.bytes().all(|byte| byte.is_ascii_digit()) { what.len() } else { 0 }
}

fn is_year(what: &str, sign: Sign) -> bool {
    sign == Sign::Verb && what.len() == 4 && (what.starts_with("19") || what.starts_with("20"))
}

/// What numbers count.
const COUNTED: &str = "digits digit characters chars character cifre cifras caratteri caracteres digitos times \
    volte veces minutes minuti minutos days giorni dias hours ore horas attempts tentativi \
    intentos errors failed users ok";

/// Whether a number counts something: "is 4 digits long".
fn is_counted(behind: &str) -> bool {
    let behind = behind.trim_start_matches(|c: char| is_blank(c) || c == '-');
    let word = words::next(behind, 0, 1).and_then(|word| behind.get(word.start..word.end));
    let folded = Folded::of(word.unwrap_or_default());
    words::is_among(COUNTED, folded.as_str())
}

fn is_account(text: &str, value: &Value<'_>, sign: Sign) -> bool {
    if matches!(sign, Sign::Space) {
        return false;
    }
    let line = rest(text, value.start, 48);
    let line = line.split(['\n', '"', '\'', '<', '&', '|']).next().unwrap_or_default();
    let number = line
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/')))
        .next()
        .unwrap_or_default();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (7..=24).contains(&digits) && !looks_like_date(value.text)
}

/// What is long, without spaces, and made by a machine.
fn is_made(what: &str, kind: Kind, quoted: bool) -> bool {
    let least = match kind {
        Kind::ClientSecret => 8,
        Kind::Session => 16,
        _ => 12,
    };
    let of_a_token =
        |c: char| c.is_ascii_alphanumeric() || "-._~+/=:%$!@#^*(){}[]<>|,;?&".contains(c);
    let digits = what.bytes().filter(u8::is_ascii_digit).count();
    let letters = what.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_prose = what.contains(' ') && kind != Kind::ApiKey;
    what.len() >= least
        && !is_prose
        && what.chars().all(|c| of_a_token(c) || quoted && c == ' ')
        && (digits > 0 || mixed_case(what) && what.len() >= 20 && !what.contains(' '))
        && letters > 0
        && (quoted || !is_identifier(what))
        && !["pk_", "ck_", "http://", "https://", "/"].iter().any(|start| what.starts_with(start))
        && !looks_like_date(what)
        && !is_file_or_address(what)
}

fn mixed_case(what: &str) -> bool {
    what.bytes().any(|byte| byte.is_ascii_uppercase())
        && what.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_password(value: &Value<'_>, behind: &str, field: Field, sign: Sign) -> bool {
    let what = value.text;
    let length = what.chars().count();
    if length < 3 || is_file_or_address(what) || looks_like_date(what) || is_version(what) {
        return false;
    }
    let all_digits = digits_of(what) > 0;
    if all_digits && (length < 4 || is_counted(behind)) {
        return false;
    }
    let looks = looks_secret(what) || all_digits && length >= 4;
    let strict = field == Field::Loose;
    if what.contains(' ') {
        // A sentence in quotes is a message; a few words with something odd in them may be a phrase.
        return value.quoted
            && looks
            && !what.starts_with('-')
            && !what.ends_with(['.', '!', '?', ':'])
            && what.split(' ').count() <= 5
            && matches!(sign, Sign::Equals | Sign::Colon);
    }
    if value.below {
        let alone = behind.trim_start_matches(is_blank).starts_with(['\n', '\r'])
            || behind.trim().is_empty()
            || value.quoted
            || behind.starts_with('<');
        return alone && (looks || value.quoted) && !what.ends_with(':');
    }
    match sign {
        Sign::Colon | Sign::Equals if strict => looks && (length >= 6 || value.quoted),
        Sign::Equals if !value.quoted && !value.tight && is_dotted(what) => false,
        Sign::Colon | Sign::Equals => {
            looks
                || !is_talk(what)
                    && length >= 4
                    && (value.quoted || sign == Sign::Equals || is_alone(behind))
        }
        Sign::Verb => looks && length >= 5 || value.quoted && !is_talk(what) && length >= 4,
        Sign::Cell => looks && (length >= 5 || value.quoted),
        Sign::Option => looks || !is_talk(what) && length >= 6 && is_alone(behind),
        Sign::Heading => looks && !what.starts_with('@'),
        Sign::Space if strict => false,
        Sign::Space if value.quoted => looks && length >= 5,
        Sign::Space => is_strong(what) || is_random(what),
    }
}

/// What only a password looks like, with nothing but a space before it.
fn is_strong(what: &str) -> bool {
    let classes = [
        what.chars().any(char::is_lowercase),
        what.chars().any(char::is_uppercase),
        what.bytes().any(|byte| byte.is_ascii_digit()),
        what.contains(['!', '@', '#', '$', '%', '^', '&', '*', '?', '+', '=', '~', '_']),
    ];
    what.chars().count() >= 8
        && classes.iter().filter(|is| **is).count() >= 3
        && !what.contains(['.', '/', '(', ',', ':', '\'', '='])
        && what.bytes().any(|byte| byte.is_ascii_digit())
}

/// `input.value`
fn is_dotted(what: &str) -> bool {
    what.contains('.') && what.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '_'))
}

/// 32 hexadecimal digits in groups (RFC 9562): requests, tasks and payments have them.
fn is_uuid(what: &str) -> bool {
    let groups = what.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && what.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Capitals and digits, or small letters and digits, as only a machine mixes them.
fn is_random(what: &str) -> bool {
    let groups = what.split(|c: char| c.is_ascii_digit()).filter(|group| !group.is_empty());
    what.len() >= 14
        && what.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && groups.count() >= 3
        && what.bytes().filter(u8::is_ascii_digit).count() >= 3
}

/// Whether nothing follows on the line that would make a sentence of it.
fn is_alone(behind: &str) -> bool {
    let behind = behind.trim_start_matches(is_blank);
    let Some(c) = behind.chars().next() else { return true };
    if matches!(
        c,
        '\n' | '\r'
            | ','
            | ';'
            | '|'
            | '/'
            | ')'
            | ']'
            | '}'
            | '&'
            | '<'
            | '-'
            | '–'
            | '—'
            | '"'
            | '\''
            | '.'
            | '\\'
            | '('
            | '*'
            | '·'
            | '•'
    ) {
        return true;
    }
    // The next field of a form.
    let word = behind.find([' ', '\n']).unwrap_or(behind.len());
    behind.get(..word).is_some_and(|word| word.ends_with(':') || word.contains('='))
}

/// Whether a word has what words of a language have not.
fn looks_secret(what: &str) -> bool {
    let has_digit = what.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = what.chars().any(char::is_alphabetic);
    let has_special = what.contains([
        '!', '@', '#', '$', '%', '^', '&', '*', '?', '+', '=', '~', '_', '{', '}', '|', '<', '>',
        ';',
    ]);
    let inner =
        what.chars().skip(1).any(char::is_uppercase) && what.chars().any(char::is_lowercase);
    has_digit && has_letter
        || has_special && (has_letter || has_digit)
        || inner && what.chars().count() >= 8
}

/// Words that speak of a password and are none, in three languages.
const TALK: &str = "yes no not none null nil true false ok sent same invalid incorrect correct wrong required \
    missing empty blank reset forgotten forgot unchanged changed expired unknown todo later \
    below above attached see failed failure error success accepted denied refused mismatch \
    weak strong string text field optional default valid set unset provided given separately \
    phone email mail chat password passwd contrasena hash hashed encrypted any undefined \
    integer boolean object array varchar and with the this that must should please which what \
    how where when who why there here only still already temporary login user username pending \
    unavailable disabled enabled configured confirmed regards thanks bcrypt argon long short \
    asked stored saved shared protected si ninguna ninguno vacia vacio misma mismo incorrecta \
    correcta erronea olvidada enviada cambiada caducada aparte abajo arriba ver adjunta \
    adjunto obligatoria obligatorio desconocida pendiente invalida igual telefono correo \
    separado gracias saludos como donde cual nunca fallo opcional nessuna nessuno vuota vuoto \
    stessa stesso errata errato corretta scaduta inviata dimenticata cambiata sotto sopra vedi \
    allegata allegato obbligatoria obbligatorio sconosciuta mancante sbagliata separatamente \
    grazie saluti come dove quale mai uguale richiesta facoltativa impostata impostato \
    modificata aggiornata actualizada modificada configurada updated modified rotated restored \
    reimpostata restablecida restaurada comunicata privada privata riservata confidential \
    invariata assente ausente telefonicamente";

fn is_talk(what: &str) -> bool {
    let trimmed = what.trim_matches(|c: char| !c.is_alphanumeric());
    let folded = Folded::of(trimmed);
    words::is_among(TALK, folded.as_str())
}

/// What is written in the place of a secret.
const INSTEAD: &str = "hidden removed rimossa rimosso nascosta nascosto oculta oculto omessa omesso omitida \
    eliminada eliminado borrada borrado ocultada n/a n.a none null nil undefined true false \
    string cancellata cancellato - secret abc foo bar password pass token pin contraseña \
    cancelled passwd pwd pw";

/// What stands where a secret would, so that there is none.
fn is_placeholder(what: &str) -> bool {
    let mask = |c: char| {
        matches!(
            c,
            '*' | '•'
                | '●'
                | '∙'
                | '·'
                | '.'
                | '…'
                | 'x'
                | 'X'
                | '#'
                | '-'
                | '_'
                | '–'
                | '—'
                | '?'
                | '█'
                | '▪'
                | '■'
                | '◦'
                | '×'
                | '○'
        )
    };
    if what.chars().all(|c| mask(c) || c == ' ') {
        return true;
    }
    if ["***", "•••", "●●●", "...", "…", "xxxx", "XXXX", "███", "####", "■■"]
        .iter()
        .any(|run| what.contains(run))
    {
        return true;
    }
    let enclosed = |open: char, close: char| {
        what.starts_with(open) && what.trim_end_matches([';', ',', '"', '\'']).ends_with(close)
    };
    if enclosed('<', '>')
        || enclosed('[', ']')
        || enclosed('{', '}')
        || enclosed('(', ')')
        || enclosed('%', '%')
    {
        return true;
    }
    if ["${", "$(", "{{", "<%", "%(", "#{", "@{", "[", "<", "("]
        .iter()
        .any(|open| what.starts_with(open))
    {
        return true;
    }
    if is_code(what) {
        return true;
    }
    let lower = zeroize::Zeroizing::new(rest(what, 0, 64).to_lowercase());
    let said = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    const REMOVED: &[&str] = &[
        "redacted",
        "placeholder",
        "censored",
        "_here",
        "-here",
        "masked",
        "oscurat",
        "removed",
        "omitted",
        "filtered",
        "tachad",
        "sanitized",
        "anonymi",
        "not-shown",
    ];
    const SAMPLE: &[&str] = &[
        "your",
        "vuestr",
        "example",
        "ejemplo",
        "esempio",
        "tuo_",
        "tua_",
        "tu_",
        "insert",
        "inserisci",
        "dummy",
    ];
    const NAMES: &[&str] =
        &["pass", "token", "secret", "key", "contras", "clave", "chiave", "pin", "api", "segret"];
    // What chance makes may spell anything somewhere.
    if what.len() <= 32 && (said(REMOVED) || said(SAMPLE) && said(NAMES)) {
        return true;
    }
    words::is_among(INSTEAD, lower.as_str())
}

/// Types of programs.
const TYPES: &str = "bool boolean bytes str int number option result any void mixed self type char varchar \
    object securestring";

/// Whether what no quotes enclose is a piece of a program: a call, a type, a name of a name.
fn is_expression(what: &str) -> bool {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = what.split(|c: char| !(of_a_name(c) || c == '.')).next().unwrap_or_default();
    let left = what.get(name.len()..).unwrap_or_default();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_call = ["(", "[", "![", "!(", "::"].iter().any(|open| left.starts_with(open));
    let is_way = what.starts_with('$') && ["->", "{", "["].iter().any(|sign| what.contains(sign));
    if is_name && is_call || is_way || what.starts_with('|') {
        return true;
    }
    if let Some(borrowed) = what.strip_prefix('&') {
        return borrowed.starts_with('\'') || borrowed.chars().all(|c| c.is_ascii_alphabetic());
    }
    let is_word = left.is_empty() && name.bytes().all(|byte| !byte.is_ascii_digit());
    let folded = zeroize::Zeroizing::new(rest(what, 0, 64).to_ascii_lowercase());
    let of_a_secret = ["password", "passwd", "_pass", "pass_", "secret", "token", "pwd", "_key"];
    let is_type = words::is_among(TYPES, folded.as_str());
    is_type || is_word && is_name && of_a_secret.iter().any(|word| folded.contains(word))
}

/// Whether it reads like a name in a program, `Ed25519PublicKey`: words, and a number at the most.
fn is_identifier(what: &str) -> bool {
    if !what.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        || !what.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    {
        return false;
    }
    let groups = |of: fn(&u8) -> bool| {
        let mut all =
            what.as_bytes().split(move |byte| !of(byte)).map(<[u8]>::len).collect::<Vec<_>>();
        all.retain(|length| *length > 0);
        all
    };
    let digits = groups(u8::is_ascii_digit);
    let is_wordy = groups(u8::is_ascii_lowercase).iter().any(|length| *length >= 4);
    is_wordy && digits.len() <= 1 && digits.iter().all(|length| *length <= 5)
}

/// Whether it is a name of a value in a program and not the value.
fn is_code(what: &str) -> bool {
    if let Some(name) = what.strip_prefix('$') {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_->[]'\"():.".contains(c));
        if is_name {
            return true;
        }
    }
    if let Some(name) = what.strip_prefix(':') {
        return !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    }
    if what == "%s" || what == "%d" || what == "?" {
        return true;
    }
    let starts = [
        "process.env",
        "os.environ",
        "getenv(",
        "env(",
        "config(",
        "ENV[",
        "System.getenv",
        "this.",
        "self.",
        "$_",
        "vault:",
        "secret://",
        "arn:",
        "op://",
        "!vault",
        "req.body",
        "request.",
        "Tools::",
        "Configuration::",
        "new ",
        "function",
        "base64_",
        "hash(",
        "md5(",
        "password_hash(",
        "crypt(",
    ];
    if starts.iter().any(|start| what.starts_with(start)) {
        return true;
    }
    what.contains("::") && what.contains('(') || what.ends_with("()")
}

fn looks_like_date(what: &str) -> bool {
    let shape: String = rest(what, 0, 24)
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else if matches!(c, '/' | '.') {
                '-'
            } else {
                c
            }
        })
        .collect();
    ["0000-00-00", "00-00-0000", "0-00-0000", "00-0-0000", "0-0-0000", "00-00-00"].iter().any(
        |date| {
            shape == *date
                || shape.starts_with(date)
                    && shape.get(date.len()..).is_some_and(|rest| rest.starts_with(['T', ' ', ':']))
        },
    ) || shape == "00:00"
        || shape == "00:00:00"
}

/// `8.1.2`, `v2.3`, `1.7.8.11`.
fn is_version(what: &str) -> bool {
    let digits = what.strip_prefix(['v', 'V']).unwrap_or(what);
    digits.contains('.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
}

fn is_file_or_address(what: &str) -> bool {
    let lower_end = zeroize::Zeroizing::new(
        what.get(what.len().saturating_sub(5)..).unwrap_or_default().to_ascii_lowercase(),
    );
    let is_file = [
        ".php", ".log", ".txt", ".pdf", ".png", ".jpg", ".jpeg", ".html", ".js", ".csv", ".zip",
        ".xml", ".yml", ".json", ".tpl", ".phtml", ".sql", ".cnf", ".conf", ".env", ".ini",
    ]
    .iter()
    .any(|ending| lower_end.ends_with(ending));
    let is_path = [
        "/", "./", "../", "~/", "C:\\", "D:\\", "http://", "https://", "www.", "sftp://", "ftp://",
    ]
    .iter()
    .any(|start| what.starts_with(start))
        && what.len() > 3;
    is_file || is_path || what.contains("://") || is_mail(what)
}

fn is_mail(what: &str) -> bool {
    let Some((name, host)) = what.split_once('@') else { return false };
    let Some((_, top)) = host.rsplit_once('.') else { return false };
    !name.is_empty()
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        && (2..=10).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Whether a place for a password has one, and no mask or name of a variable.
pub(super) fn is_given(password: &str) -> bool {
    !password.is_empty() && !is_placeholder(password)
}

/// The second half of what is behind a name of two things: `user / password: admin / abc`.
pub(super) fn second_of_pair<'a>(text: &'a str, value: &Value<'a>) -> Option<Value<'a>> {
    let behind = rest(text, value.after, 32);
    let at = blanks(behind);
    let left = behind.get(at..)?;
    let mut skip = None;
    for mark in ["/", "|", ",", "-", "–", "&", "and ", "y ", "e ", ";"] {
        if left.starts_with(mark) {
            skip = Some(at + mark.len());
            break;
        }
    }
    read(text, value.after + skip?, Sign::Equals)
        .filter(|second| !second.below && !second.text.contains(['=', ':']))
}

/// Whether the words right before a name are of a user, and one that joins: "user and password".
pub(super) fn is_pair(text: &str, name: Word) -> bool {
    let mut from = name.start.saturating_sub(24);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let Some(before) = text.get(from..name.start) else { return false };
    let before = before.rsplit(['\n', ':', '.']).next().unwrap_or_default().to_lowercase();
    let joined = before.trim_end();
    let Some(user) = ["/", "&", "+", "|", " and", " y", " e", " la", "-"]
        .iter()
        .find_map(|joint| joined.strip_suffix(joint))
    else {
        return false;
    };
    let user = user.trim_end();
    [
        "user",
        "username",
        "login",
        "usuario",
        "utente",
        "name",
        "nome utente",
        "email",
        "mail",
        "account",
        "admin",
    ]
    .iter()
    .any(|word| user.ends_with(word))
}

/// A password that stands further on in the sentence: "has been changed to Abc#2026".
pub(super) fn in_the_sentence(text: &str, from: usize) -> Option<(usize, usize)> {
    let ahead = rest(text, from, 96);
    let line = ahead.split(['\n', '\r']).next()?;
    let mut at = 0;
    for (number, token) in line.split(' ').enumerate() {
        let start = from + at;
        at += token.len() + 1;
        if number > 6 {
            return None;
        }
        let what = trimmed(token);
        let special = what.contains(['!', '#', '$', '%', '^', '&', '*', '?', '+', '~']);
        if special && is_strong(what) && !is_placeholder(what) && !is_file_or_address(what) {
            let start = start + token.find(what)?;
            return Some((start, start + what.len()));
        }
        if token.ends_with(['.', ';', ':', '!', '?', '|']) || token.contains(['=', '"', '(']) {
            return None;
        }
    }
    None
}

/// Words behind which a long number is of something else.
const OF_ANOTHER: &str = "id request commit sha sha1 sha256 md5 hash order trace pedido ordine peticion richiesta \
    session payment";

/// What a machine made, further on in the sentence: "the token that the API gives is …".
pub(super) fn made_in_the_sentence(text: &str, from: usize) -> Option<(usize, usize)> {
    let ahead = rest(text, from, 160);
    let line = ahead.split(['\n', '\r']).next().filter(|line| line.starts_with(' '))?;
    let (mut at, mut is_of_another) = (0, false);
    for token in line.split(' ').take(9) {
        let start = from + at;
        at += token.len() + 1;
        let what = trimmed(token);
        let digits = what.bytes().filter(u8::is_ascii_digit).count();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_one = what.len() >= 20
            && digits >= 3
            && what.chars().all(is_plain)
            && !is_uuid(what)
            && is_made(what, Kind::AccessToken, false)
            && !is_placeholder(what);
        if is_one {
            let start = start + token.find(what)?;
            return (!is_of_another).then_some((start, start + what.len()));
        }
        let folded = Folded::of(what);
        is_of_another |= words::is_among(OF_ANOTHER, folded.as_str());
        if token.ends_with(['.', ',', ';', '!', '?', '|']) || token.contains(['=', '"', '(']) {
            return None;
        }
    }
    None
}

/// A number in brackets right behind its name: "the security code (123) is refused".
pub(super) fn in_brackets(text: &str, from: usize) -> Option<(usize, usize)> {
    let ahead = rest(text, from, 16);
    let inner = ahead.strip_prefix(" (")?;
    let length = inner.find(|c: char| !c.is_ascii_digit())?;
    let is_one = (3..=8).contains(&length) && inner.get(length..)?.starts_with(')');
    is_one.then_some((from + 2, from + 2 + length))
}

/// The same behind a colon that comes later: "the key that we use here: …".
pub(super) fn behind_a_later_colon(text: &str, from: usize) -> Option<(usize, usize)> {
    let ahead = rest(text, from, 64);
    let colon =
        ahead.find(['\n', '\r', '.', ',', ';', '!', '?', ':', '=', '"', '{', '|', '<', '('])?;
    if !ahead.get(colon..)?.starts_with(": ") || !ahead.starts_with(' ') {
        return None;
    }
    let read = read(text, from + colon + 1, Sign::Verb)?;
    let is_one = is_strong(read.text) && !is_placeholder(read.text) && !is_identifier(read.text);
    (is_one && !is_file_or_address(read.text)).then(|| (read.start, read.end()))
}

/// A password that stands before its name: "with Abc#2026 as the password", "Abc#2026 (password)".
pub(super) fn before_its_name(text: &str, name: usize) -> Option<(usize, usize)> {
    let mut from = name.saturating_sub(64);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..name)?;
    let as_the = ["as the ", "as ", "as a ", "como ", "come ", "como la ", "come la "];
    let mut left = None;
    for words in as_the {
        left = left.or(before.strip_suffix(words).filter(|left| left.ends_with([' ', '\n'])));
    }
    // "(user / password)" and "(password)" say of the words before what they are.
    let bracket =
        before.rfind('(').filter(|at| before.get(at + 1..).is_some_and(is_said_in_brackets));
    let left = left
        .or(bracket.and_then(|at| before.get(..at)).filter(|left| left.ends_with(' ')))?
        .trim_end();
    let token = left.rsplit([' ', '\n']).next()?;
    let what = trimmed(token);
    let start = from + left.len() - token.len() + token.find(what)?;
    (is_strong(what) && !is_placeholder(what) && !is_file_or_address(what))
        .then_some((start, start + what.len()))
}

fn is_said_in_brackets(inner: &str) -> bool {
    matches!(
        inner.trim(),
        "" | "user /"
            | "user/"
            | "utente /"
            | "utente/"
            | "usuario /"
            | "usuario/"
            | "login /"
            | "login/"
            | "la"
            | "the"
            | "username /"
            | "username/"
    )
}

fn trimmed(token: &str) -> &str {
    token
        .trim_start_matches(['"', '\'', '(', '«', '“', '`', '*'])
        .trim_end_matches(['"', '\'', ')', '»', '”', '`', '.', ',', ';', ':', '*'])
}
