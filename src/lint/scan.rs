//! One way through a text, from word to word: what has a shape, what stands behind a name, what a
//! command or an address carries.

use super::Kind;
use super::label::{self, Field};
use super::shape;
use super::value::{self, Sign, rest};
use super::words::{self, Folded, Word};

/// A secret, from one byte of the text to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Every secret in a text, in its order; none overlaps another.
pub(super) fn spans(text: &str) -> Vec<Span> {
    let mut scan = Scan { text, found: Vec::new(), done: 0, commanded: 0 };
    let (mut at, mut before) = (0, None);
    while let Some(word) = words::next(text, at, usize::MAX) {
        scan.gap(at, word.start);
        scan.word(word, before);
        before = Some(word);
        at = word.end;
    }
    scan.gap(at, text.len());
    scan.found
}

struct Scan<'a> {
    text: &'a str,
    found: Vec<Span>,
    /// The byte behind the last secret: what lies before it was looked at as a whole.
    done: usize,
    /// The end of the last command that was looked at.
    commanded: usize,
}

impl<'a> Scan<'a> {
    fn add(&mut self, kind: Kind, start: usize, end: usize) {
        if start >= self.done && end > start {
            self.found.push(Span { kind, start, end });
            self.done = end;
        }
    }

    /// What stands between two words: only here `$` and dashes are.
    fn gap(&mut self, from: usize, to: usize) {
        let Some(gap) = self.text.get(from..to) else { return };
        if from < self.done && to <= self.done {
            return;
        }
        if let Some(at) = gap.find('$')
            && let Some((kind, length)) = shape::hash(self.text, from + at)
        {
            self.add(kind, from + at, from + at + length);
        }
        if let Some(at) = gap.find("-----")
            && let Some((kind, length)) = shape::block(self.text, from + at)
        {
            self.add(kind, from + at, from + at + length);
        }
    }

    fn word(&mut self, word: Word, before: Option<Word>) {
        let Some(written) = self.text.get(word.start..word.end) else { return };
        if word.start < self.done {
            return;
        }
        let behind = self.text.get(word.end..).unwrap_or_default();
        if behind.starts_with("://") {
            self.address(word.end + 3);
        }
        let begins = before.is_none_or(|before| before.end < word.start);
        let folded = Folded::of(written);
        if !label::is_out_of_question(folded.as_str()) && self.name(word, &folded, before) {
            return;
        }
        if begins && let Some((kind, length)) = shape::at(self.text, word.start) {
            self.add(kind, word.start, word.start + length);
            return;
        }
        match folded.as_str() {
            "bearer" => self.bearer(word.end),
            "basic" => self.basic(word),
            "curl" | "wget" | "http" | "httpie" if word.start >= self.commanded => {
                self.user_of_command(word.end);
            }
            "sshpass" | "mysql" | "mysqldump" | "mariadb" | "mysqladmin"
                if word.start >= self.commanded =>
            {
                self.password_of_command(word.end, folded.as_str() == "sshpass");
            }
            "construct" | "connect" => self.call(word),
            "private" if written == "Private" => {
                if let Some((kind, length)) = shape::putty(self.text, word.start) {
                    self.add(kind, word.start, word.start + length);
                }
            }
            _ => {}
        }
    }

    /// A name and what stands behind it. Whether something was found.
    fn name(&mut self, word: Word, folded: &Folded, before: Option<Word>) -> bool {
        // The longest name that begins here.
        let mut best: Option<(&'static str, Field, usize)> = None;
        for &(name, field) in label::beginning_with(folded.as_str()) {
            if best.is_some_and(|(known, ..)| known.len() >= name.len()) {
                continue;
            }
            if let Some(end) = self.end_of(name, word) {
                best = Some((name, field, end));
            }
        }
        let glued = || label::glued(folded.as_str()).map(|(name, field)| (name, field, word.end));
        let Some((name, field, end)) = best.or_else(glued) else { return false };
        if let Some(before) = before
            && word.start - before.end <= 3
        {
            let written = self.text.get(before.start..before.end).unwrap_or_default();
            if label::is_denied_by(name, Folded::of(written).as_str()) {
                return false;
            }
        }
        let Some(end) = self.behind_additions(end) else { return false };
        self.value_of(word, (name, field, end)) || self.password_nearby(word, (name, field, end))
    }

    /// What stands right behind a name that ends at a byte. Whether it is a secret.
    fn value_of(&mut self, word: Word, (name, field, end): (&str, Field, usize)) -> bool {
        let mut from = word.start.saturating_sub(24);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let opens = self.text.get(from..word.start).unwrap_or_default();
        let opens = opening(opens);
        let Some((sign, at)) = value::sign(self.text, end, opens) else { return false };
        let Some(mut read) = value::read(self.text, at, sign) else { return false };
        // "PIN 4821" and "CVC 123" need no colon; "the pin 1234 of the plug" is another.
        let is_loud = || {
            name.starts_with("cv")
                || self.text.get(word.start..word.end).is_some_and(is_in_capitals)
        };
        let is_number = matches!(field, Field::Pin | Field::CardCode);
        let sign = if sign == Sign::Space && is_number && is_loud() { Sign::Cell } else { sign };
        if matches!(field, Field::Password | Field::Loose)
            && value::is_pair(self.text, word)
            && let Some(second) = value::second_of_pair(self.text, &read)
            && value::is_secret(self.text, &second, Field::Password, Sign::Colon)
        {
            read = second;
        } else if name == "identified by" {
            if sign != Sign::Space
                || !read.is_quoted()
                || !value::is_secret(self.text, &read, field, Sign::Equals)
            {
                return false;
            }
        } else if !value::is_secret(self.text, &read, field, sign) {
            return false;
        }
        if let Some((kind, length)) = shape::hash(self.text, read.start) {
            self.add(kind, read.start, read.start + length);
            return true;
        }
        // A token without a closer name is what its shape says.
        if name == "token"
            && let Some((kind, length)) = shape::at(self.text, read.start)
            && kind == Kind::ApiKey
        {
            self.add(kind, read.start, read.start + length);
            return true;
        }
        let end = if field == Field::Account { self.end_of_number(read.start) } else { read.end() };
        self.add(field.kind(), read.start, end);
        true
    }

    /// A password in the sentence in which its name stands.
    fn password_nearby(&mut self, word: Word, (name, field, end): (&str, Field, usize)) -> bool {
        let found = match field {
            Field::Made(_) => value::made_in_the_sentence(self.text, end),
            Field::Pin | Field::CardCode => value::in_brackets(self.text, end),
            _ => None,
        };
        if let Some((start, end)) = found {
            self.add(field.kind(), start, end);
            return true;
        }
        if !matches!(field, Field::Password | Field::Loose) {
            return false;
        }
        let behind = || {
            value::behind_a_later_colon(self.text, end).map(|(start, end)| {
                let is_key = name == "clave" && end - start >= 20;
                (if is_key { Kind::ApiKey } else { Kind::Password }, start, end)
            })
        };
        let of_a_password = |(start, end)| (Kind::Password, start, end);
        let found = value::before_its_name(self.text, word.start)
            .or_else(|| value::in_the_sentence(self.text, end))
            .map(of_a_password)
            .or_else(behind);
        let Some((kind, start, end)) = found else { return false };
        self.add(kind, start, end);
        true
    }

    /// Where a name ends that begins with this word, if it stands there.
    fn end_of(&self, name: &str, word: Word) -> Option<usize> {
        let mut end = word.end;
        for part in name.split(' ').skip(1).take(label::MOST_WORDS) {
            let next = words::next(self.text, end, end + 5)?;
            let between = self.text.get(end..next.start)?;
            let joins =
                between.chars().all(|c| matches!(c, ' ' | '_' | '-' | '.' | '\'' | '’' | '\u{a0}'));
            let written = self.text.get(next.start..next.end)?;
            if !joins || Folded::of(written).as_str() != part {
                return None;
            }
            end = next.end;
        }
        Some(end)
    }

    /// Where a name ends with what it may have in addition; nothing where it goes on to be another.
    fn behind_additions(&self, end: usize) -> Option<usize> {
        let mut end = end;
        for _ in 0..4 {
            let Some(next) = words::next(self.text, end, end + 2) else { return Some(end) };
            let between = self.text.get(end..next.start)?;
            let glued = between.is_empty() || matches!(between, "_" | "-" | ".");
            if !glued {
                return Some(end);
            }
            let written = self.text.get(next.start..next.end)?;
            if !label::is_addition(Folded::of(written).as_str()) {
                return None;
            }
            end = next.end;
        }
        Some(end)
    }

    fn end_of_number(&self, start: usize) -> usize {
        let ahead = rest(self.text, start, 40);
        let length = ahead
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/')))
            .unwrap_or(ahead.len());
        start + ahead.get(..length).unwrap_or_default().trim_end_matches([' ', '-', '.', '/']).len()
    }

    /// The password in `scheme://user:password@host`.
    fn address(&mut self, from: usize) {
        let ahead = rest(self.text, from, 256);
        let end = ahead
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>' | '?' | '`' | ')')
            })
            .unwrap_or(ahead.len());
        let Some(host) = ahead.get(..end) else { return };
        let Some((login, _)) = host.rsplit_once('@') else { return };
        let Some((user, password)) = login.split_once(':') else { return };
        let start = from + user.len() + 1;
        if value::is_given(password) {
            // Of what it is a key, its beginning says.
            let shape = shape::at(self.text, start).map(|(kind, _)| kind);
            let kind = shape.filter(|kind| *kind == Kind::ApiKey).unwrap_or(Kind::Password);
            self.add(kind, start, start + password.len());
        }
    }

    fn bearer(&mut self, from: usize) {
        let ahead = rest(self.text, from, 4096);
        let Some(token) = ahead.strip_prefix([' ', ':', '\u{a0}']) else { return };
        let skipped = token.len() - token.trim_start_matches([' ', '"', '\'']).len();
        let Some(token) = token.get(skipped..) else { return };
        let length = token
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=|".contains(byte))
            .count();
        let token = token.get(..length).unwrap_or_default().trim_end_matches(['.', '/']);
        let mixed = token.bytes().any(|byte| byte.is_ascii_digit())
            && token.bytes().any(|byte| byte.is_ascii_alphabetic());
        if token.len() >= 12 && mixed && value::is_given(token) {
            let start = from + 1 + skipped;
            self.add(Kind::BearerToken, start, start + token.len());
        }
    }

    /// `Authorization: Basic dXNlcjpwYXNz`.
    fn basic(&mut self, word: Word) {
        let mut from = word.start.saturating_sub(24);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = self.text.get(from..word.start).unwrap_or_default().to_ascii_lowercase();
        if !before.contains("authorization") {
            return;
        }
        let ahead = rest(self.text, word.end, 512);
        let Some(token) = ahead.strip_prefix(' ') else { return };
        let length = token
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
            .count();
        let decoded = data_encoding::BASE64_NOPAD
            .decode(token.get(..length).unwrap_or_default().trim_end_matches('=').as_bytes())
            .map(zeroize::Zeroizing::new);
        if decoded.is_ok_and(|login| {
            login.iter().position(|byte| *byte == b':').is_some_and(|at| at + 1 < login.len())
        }) {
            self.add(Kind::Password, word.end + 1, word.end + 1 + length);
        }
    }

    /// The rest of a command, over lines that a backslash joins.
    fn command(&self, from: usize) -> &'a str {
        let ahead = rest(self.text, from, 2048);
        let mut end = 0;
        for line in ahead.split_inclusive('\n') {
            end += line.len();
            if !line.trim_end().ends_with('\\') {
                break;
            }
        }
        ahead.get(..end).unwrap_or_default()
    }

    /// `curl -u user:password`.
    fn user_of_command(&mut self, from: usize) {
        let command = self.command(from);
        self.commanded = from + command.len();
        for option in [" -u ", " --user ", " -u", " --user=", " -a "] {
            let Some(at) = command.find(option) else { continue };
            let start = at + option.len();
            let login = command.get(start..).unwrap_or_default();
            let quote = login.chars().next().filter(|c| matches!(c, '"' | '\''));
            let inner = login.get(quote.map_or(0, char::len_utf8)..).unwrap_or_default();
            let end = inner
                .find(|c: char| quote.map_or(c.is_whitespace() || c == '`', |quote| c == quote))
                .unwrap_or(inner.len());
            let Some((user, password)) = inner.get(..end).and_then(|login| login.split_once(':'))
            else {
                continue;
            };
            let numbers = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if user.is_empty() || user.contains('/') || numbers(user) || !value::is_given(password)
            {
                continue;
            }
            let start = from + start + quote.map_or(0, char::len_utf8) + user.len() + 1;
            let end = start + password.len();
            self.add(Kind::Password, start, end);
            return;
        }
    }

    /// `mysql -pPASSWORD`, `sshpass -p PASSWORD`.
    fn password_of_command(&mut self, from: usize, apart: bool) {
        let command = self.command(from);
        self.commanded = from + command.len();
        let option = " -p";
        let Some(at) = command.find(option) else { return };
        let left = command.get(at + option.len()..).unwrap_or_default();
        let skipped = if apart { left.len() - left.trim_start_matches(' ').len() } else { 0 };
        let left = left.get(skipped..).unwrap_or_default();
        let quote = left.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inner = left.get(quote.map_or(0, char::len_utf8)..).unwrap_or_default();
        let end = inner
            .find(|c: char| quote.map_or(c.is_whitespace() || c == '`', |quote| c == quote))
            .unwrap_or(inner.len());
        let password = inner.get(..end).unwrap_or_default();
        if value::is_given(password) && password.len() >= 3 {
            let start = from + at + option.len() + skipped + quote.map_or(0, char::len_utf8);
            let end = start + password.len();
            self.add(Kind::Password, start, end);
        }
    }

    /// The third argument of a call that opens a database, as PHP's traces show it:
    /// `PDO->__construct('mysql:…', 'root', 'password')`.
    fn call(&mut self, word: Word) {
        let mut from = word.start.saturating_sub(16);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = self.text.get(from..word.start).unwrap_or_default();
        let opens = [
            "PDO->__",
            "PDO::__",
            "mysqli->__",
            "mysqli_real_",
            "mysqli_",
            "mysqli->real_",
            "mysqli->",
            "ftp_",
            "mysql_",
            "mysqli::__",
        ];
        if !opens.iter().any(|call| before.ends_with(call)) {
            return;
        }
        let ahead = rest(self.text, word.end, 512);
        let Some(mut left) = ahead.strip_prefix('(') else { return };
        for number in 0..3 {
            left = left.trim_start_matches([' ', ',', '\n']);
            let Some(quote) = left.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                return;
            };
            let Some(inner) = left.get(1..) else { return };
            let Some(end) = inner.find(quote) else { return };
            let argument = inner.get(..end).unwrap_or_default();
            if number == 2 && value::is_given(argument) && argument.len() >= 3 {
                let start = word.end + ahead.len() - inner.len();
                self.add(Kind::Password, start, start + argument.len());
            }
            left = inner.get(end + 1..).unwrap_or_default();
        }
    }
}

/// What stands before the whole of a name: `<`, `--`, a quote behind `define(`.
fn opening(before: &str) -> &str {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let kept = before.trim_end_matches(of_a_name);
    // The dashes of an option belong to it.
    let is_option = before.get(kept.len()..).is_some_and(|name| name.starts_with("--"));
    if is_option { before.get(..kept.len() + 2).unwrap_or(kept) } else { kept }
}

fn is_in_capitals(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}
