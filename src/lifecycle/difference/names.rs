//! Names as a comparison shows them: of accounts and groups by their numbers, and of files.

use std::collections::{BTreeMap, BTreeSet};

/// The accounts and groups of the server.
#[derive(Debug, Default)]
pub(super) struct Names {
    accounts: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
    /// Name, number and group of each account.
    all: Vec<(String, u32, u32)>,
    web_ids: BTreeSet<u32>,
    web_groups: BTreeSet<u32>,
}

/// The most accounts, and the most groups, that a server tells.
const MOST_NAMES: usize = 5_000;

impl Names {
    /// `u NAME:UID:GID`, `g NAME:GID`, and `w NAME`, an account that a web server runs as, behind these.
    pub(super) fn take(&mut self, kind: u8, rest: &[u8]) {
        let text = show(rest, 200);
        let mut fields = text.split(':');
        let name = fields.next().unwrap_or_default();
        let mut number = || fields.next().and_then(|word| word.parse::<u32>().ok());
        match kind {
            b'u' if self.all.len() < MOST_NAMES => {
                if let (Some(id), Some(group)) = (number(), number()) {
                    self.accounts.entry(id).or_insert_with(|| name.to_owned());
                    self.all.push((name.to_owned(), id, group));
                }
            }
            b'g' if self.groups.len() < MOST_NAMES => {
                if let Some(id) = number() {
                    self.groups.entry(id).or_insert_with(|| name.to_owned());
                }
            }
            b'w' => {
                for (_, id, group) in self.all.iter().filter(|(one, _, _)| one == name) {
                    self.web_ids.insert(*id);
                    self.web_groups.insert(*group);
                }
            }
            _ => {}
        }
    }

    /// An account by its number: the name, or the number where nobody has it.
    pub(super) fn account<'b>(&'b self, id: &'b str) -> &'b str {
        id.parse().ok().and_then(|id: u32| self.accounts.get(&id)).map_or(id, String::as_str)
    }

    /// A group by its number.
    pub(super) fn group<'b>(&'b self, id: &'b str) -> &'b str {
        id.parse().ok().and_then(|id: u32| self.groups.get(&id)).map_or(id, String::as_str)
    }

    /// Whether a web server runs as this account, and whether this is the group of one.
    pub(super) fn web(&self, id: &str, group: &str) -> (bool, bool) {
        let is =
            |set: &BTreeSet<u32>, word: &str| word.parse().is_ok_and(|id: u32| set.contains(&id));
        (is(&self.web_ids, id), is(&self.web_groups, group))
    }
}

/// A name or a value of a server's as it may be shown: at most `most` bytes, cut in the middle, and a
/// question mark for whatever a terminal would obey or is no UTF-8.
pub(super) fn show(bytes: &[u8], most: usize) -> String {
    let half = most / 2;
    let joined;
    let shown = if bytes.len() > most && half > 2 {
        let first = bytes.get(..half - 2).unwrap_or_default();
        let last = bytes.get(bytes.len() - half + 1..).unwrap_or_default();
        joined = [first, b"...", last].concat();
        &joined
    } else {
        bytes
    };
    let mut text = String::with_capacity(shown.len());
    for chunk in shown.utf8_chunks() {
        text.extend(
            chunk.valid().chars().map(|c| if crate::text::is_steering(c) { '?' } else { c }),
        );
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}
