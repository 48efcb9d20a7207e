//! The records of one comparison, as they come: plain lines, or packed ones.

use std::io::{BufRead as _, BufReader, Read as _};

use data_encoding::BASE64;
use flate2::bufread::MultiGzDecoder;

use super::names::{Names, show};
use super::shop::Shop;
use super::system::System;
use super::{Class, Finding};

/// The most bytes that packed records may come to. A million files that all differ take 100 MB.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// The most bytes of one record: the server reads 1 MB of a key file, which may be one line, and of a path
/// 100 folders in one another.
const MOST_OF_ONE: u64 = 2 * 1024 * 1024;

/// How often a server is looked at in one reply: what it wrote down when it closed by itself, and what is
/// there now.
const MOST_LOOKS: usize = 2;

/// What a comparison showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// What may have been left behind to get in again.
    pub found: Vec<Finding>,
    /// How many more there are that are not named.
    pub found_unnamed: i64,
    /// Other files of the shop that are new, changed or gone, in words.
    pub changed: Vec<String>,
    /// How many of these there are altogether.
    pub changed_total: i64,
}

/// What a line of a reply is to the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Plain(&'a [u8]),
    Packed(&'a [u8]),
}

/// Judges what a server told of its differences: the lines of its reply, each with `=` before it, or
/// with `~` where it is a piece of what was packed. `account` is the grant's. Records that cannot be read to
/// their end are a finding; so are those of a second look, where the first did not have them.
#[must_use]
pub fn judge(told: &[u8], account: &str) -> Difference {
    let mut whole = Difference::default();
    let mut look = Look::new(account);
    let mut looks = 1;
    let mut parts = told.split(|byte| *byte == b'\n').filter_map(part).peekable();
    while let Some(one) = parts.next() {
        match one {
            Part::Plain(b"again") if looks < MOST_LOOKS => {
                looks += 1;
                whole.join(std::mem::replace(&mut look, Look::new(account)).end());
            }
            Part::Plain(line) => look.take(line),
            Part::Packed(first) => {
                let mut packed = first.to_vec();
                while let Some(Part::Packed(more)) = parts.peek() {
                    packed.extend_from_slice(more);
                    parts.next();
                }
                look.take_packed(&packed);
            }
        }
    }
    whole.join(look.end());
    whole
}

fn part(line: &[u8]) -> Option<Part<'_>> {
    match line.split_first()? {
        (b'=', plain) => Some(Part::Plain(plain)),
        (b'~', packed) => Some(Part::Packed(packed)),
        _ => None,
    }
}

impl Difference {
    /// Adds what another look at the same server showed, without what is here already.
    fn join(&mut self, other: Self) {
        // What a later look saw stands first: the earlier may be the word of somebody who was let in.
        let before = std::mem::replace(&mut self.found, other.found);
        let only_before: Vec<Finding> =
            before.into_iter().filter(|one| !self.found.contains(one)).collect();
        self.found.extend(only_before);
        self.found_unnamed = self.found_unnamed.max(other.found_unnamed);
        let before = self.changed.len();
        let new: Vec<String> =
            other.changed.into_iter().filter(|one| !self.changed.contains(one)).collect();
        self.changed.extend(new);
        let added = i64::try_from(self.changed.len() - before).unwrap_or(i64::MAX);
        self.changed_total = self.changed_total.saturating_add(added).max(other.changed_total);
    }
}

/// One look at a server.
struct Look<'a> {
    account: &'a str,
    names: Names,
    system: System,
    shop: Shop,
    found: Vec<Finding>,
    /// Why not everything is known that was told.
    cut: Option<&'static str>,
}

impl<'a> Look<'a> {
    fn new(account: &'a str) -> Self {
        Self {
            account,
            names: Names::default(),
            system: System::default(),
            shop: Shop::default(),
            found: Vec::new(),
            cut: None,
        }
    }

    fn take_packed(&mut self, packed: &[u8]) {
        const BROKEN: &str = "what the server had packed could not be read to its end";
        let Ok(bytes) = BASE64.decode(packed) else {
            self.cut = Some(BROKEN);
            return;
        };
        let mut reader = BufReader::new(MultiGzDecoder::new(bytes.as_slice())).take(MOST_BYTES);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(MOST_OF_ONE).read_until(b'\n', &mut line) {
                Ok(0) if reader.limit() > 0 => return,
                Ok(0) | Err(_) => break,
                Ok(_) if line.pop_if(|byte| *byte == b'\n').is_none() => break,
                Ok(_) => self.take(&line),
            }
        }
        self.cut = Some(BROKEN);
    }

    /// One record; `providers/lib/difference` says what each begins with. What is none is left out.
    fn take(&mut self, line: &[u8]) {
        let Some((kind, rest)) = line.split_first() else { return };
        match (kind, rest.split_first()) {
            (b'+', _) => self.system.came(rest),
            (b'-', _) => self.system.went(rest),
            (b'a' | b'c' | b'd' | b'm', _) => self.shop.take(*kind, rest, &self.names),
            (b's', Some((b' ', rest))) => self.system.setuid(rest),
            (b'h', Some((b' ', rest))) => self.system.holder(rest),
            (b'u' | b'g' | b'w', Some((b' ', rest))) => self.names.take(*kind, rest),
            (b't', Some((b' ', rest))) => self.shop.top = rest.to_vec(),
            (b'o', Some((b' ', rest))) => self.find(unowned(rest)),
            (b'!', Some((b' ', b"gone"))) => self.find(Some(Finding::of(
                Class::Baseline,
                "The list of what was there when access was opened is gone; nothing can be compared.",
            ))),
            (b'!', Some((b' ', b"changed"))) => self.find(Some(Finding::of(
                Class::Baseline,
                "The list of what was there when access was opened was changed since; what is said \
                 here may be wrong.",
            ))),
            (b'x', None) => {
                self.cut = Some("the server has no gzip, and told only the first of its differences");
            }
            _ => {}
        }
    }

    /// Each is told once.
    fn find(&mut self, finding: Option<Finding>) {
        if self.found.len() < 10 {
            self.found.extend(finding.filter(|one| !self.found.contains(one)));
        }
    }

    fn end(self) -> Difference {
        let mut found = self.found;
        let cut = self.cut.or(self.system.cut());
        let (system, more) = self.system.judge(&self.names, self.account);
        found.extend(system);
        let shop = self.shop.judge();
        found.extend(shop.code.into_iter().map(|text| Finding::of(Class::Code, &text)));
        let not =
            |why| Finding::of(Class::Uncompared, &format!("not everything was compared: {why}"));
        found.extend(cut.map(not));
        Difference {
            found,
            found_unnamed: shop.code_unnamed.saturating_add(more),
            changed: shop.changed,
            changed_total: shop.changed_total,
        }
    }
}

/// `COUNT UID tab NAME...`: files in a shop folder of root's whose account is gone.
fn unowned(rest: &[u8]) -> Option<Finding> {
    let mut fields = rest.split(|byte| *byte == b'\t');
    let head = std::str::from_utf8(fields.next()?).ok()?;
    let (count, id) = head.split_once(' ')?;
    let (count, id) = (count.parse::<u64>().ok()?, id.parse::<u32>().ok()?);
    let names: Vec<String> = fields.take(3).map(|name| show(name, 120)).collect();
    let more = if count > 3 { " and more" } else { "" };
    Some(Finding::of(
        Class::Unowned,
        &format!(
            "The shop folder is root's, and nothing is given to root. {count} of the files there \
             belong to {id}, which no account has: {}{more}",
            names.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(found: &[Finding]) -> Vec<&str> {
        found.iter().map(Finding::line).collect()
    }

    #[test]
    fn the_later_look_stands_first_and_the_same_is_told_once() {
        let told = b"=+cron\troot\t/c\tone\tline\t\n=+cron\troot\t/c\ttwo\tline\t\n=again\n\
            =+cron\troot\t/c\ttwo\tline\t\n=+cron\troot\t/c\tthree\tline\t\n";
        let found = judge(told, "deploy").found;
        let last = |line: &str| line.rsplit(' ').next().unwrap().to_owned();
        let last: Vec<String> = lines(&found).into_iter().map(last).collect();
        assert_eq!(last, ["two", "three", "one"]);
    }

    /// A server that says it looked a hundred thousand times makes no work of it.
    #[test]
    fn looks_have_an_end() {
        let mut told = String::new();
        for number in 0..100_000 {
            told.push_str(&format!("=again\n=+web\t/etc/nginx/{number}\tx\t\n"));
        }
        let difference = judge(told.as_bytes(), "deploy");
        assert!(difference.found.len() < 3_000, "{}", difference.found.len());
    }

    #[test]
    fn what_cannot_be_read_to_its_end_is_a_finding() {
        for packed in ["~H4sIAAAA\n", "~====\n", "~AAAA\n", "=x\n"] {
            let found = judge(packed.as_bytes(), "deploy").found;
            let is_told = matches!(lines(&found)[..], [line] if line.starts_with("uncompared not everything"));
            assert!(is_told, "{packed}: {found:?}");
        }
    }
}
