//! What is different on a server since access was opened: the server tells records of it
//! (`providers/lib/difference`), and here they are judged. Which class a difference is of, how bad it
//! is, in which words it is told and what belongs to another grant is decided in this folder and
//! nowhere else. Pure: nothing is asked or changed here, and whatever a server says, the memory that
//! is taken has an end.

mod names;
mod others;
mod record;
mod shop;
mod software;
mod system;

use std::collections::BTreeMap;

pub use others::Others;
pub use record::{Difference, judge};
use system::Thing;

/// The most lines of one class that are told one by one; of `code`, see [`shop`].
const MOST_OF_A_CLASS: usize = 15;

/// The most findings of one class that are kept, to be held against other grants; the others are counted.
const MOST_KEPT: usize = 1_000;

/// What may have been left behind to get in again, the worst first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Class {
    /// The list of what was there when access was opened.
    Baseline,
    /// What stagepass had put into a shared account for the grant.
    Record,
    /// An account.
    User,
    /// Who may become root.
    Sudoers,
    /// A program with the rights of its owner, or with capabilities.
    Setuid,
    /// A login key.
    Key,
    /// What sshd, PAM, a shell or a program at the prompt obeys.
    Login,
    /// What in the shop's own software lets somebody in, runs, or says where money goes.
    Shop,
    /// A program that runs, or listens.
    Process,
    /// A group or its members.
    Group,
    /// A unit of systemd, or a start script.
    Unit,
    /// A job of cron.
    Cron,
    /// A job for later.
    At,
    /// What the system runs or obeys by itself.
    System,
    /// A program where people's programs are.
    Program,
    /// The web server's configuration.
    Web,
    /// A file or a job of the supporter's own account where no session leaves one by itself.
    Elsewhere,
    /// What could not be compared.
    Uncompared,
    /// Files that belong to nobody.
    Unowned,
    /// A file of the shop that a server would run or obey.
    Code,
}

impl Class {
    /// All of them, the worst first.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The word of `docs/difference.md`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Something that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `None` for a word that is none of ours, of a provider of the merchant's; it comes last.
    class: Option<Class>,
    thing: Thing,
    /// The class and the words, one line.
    line: String,
}

impl Finding {
    /// A finding in words alone.
    #[must_use]
    pub fn of(class: Class, text: &str) -> Self {
        Self::about(class, Thing::Other, text)
    }

    fn about(class: Class, thing: Thing, text: &str) -> Self {
        Self { class: Some(class), thing, line: format!("{class} {text}") }
    }

    /// A line that says its class itself: `CLASS TEXT`.
    #[must_use]
    pub fn said(line: &str) -> Self {
        let class = line.split(' ').next().unwrap_or_default().parse().ok();
        Self { class, thing: Thing::Other, line: line.to_owned() }
    }

    /// The class and the words, one line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    fn rank(&self) -> usize {
        self.class.map_or(Class::ALL.len(), |class| class as usize)
    }
}

/// What was found of one grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
    /// How many more there were that nobody named.
    unnamed: i64,
}

impl Findings {
    /// These, and so many more that nobody named.
    #[must_use]
    pub fn new(list: Vec<Finding>, unnamed: i64) -> Self {
        let mut findings = Self { list, unnamed: unnamed.max(0) };
        findings.list.sort_by_key(Finding::rank);
        findings
    }

    /// Adds some, the worst first.
    pub fn add(&mut self, more: impl IntoIterator<Item = Finding>) {
        self.list.extend(more);
        self.list.sort_by_key(Finding::rank);
    }

    /// How many there are altogether.
    #[must_use]
    pub fn total(&self) -> i64 {
        i64::try_from(self.list.len()).unwrap_or(i64::MAX).saturating_add(self.unnamed)
    }

    /// Those that are named, the worst first.
    #[must_use]
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// Whether one is of this class.
    #[must_use]
    pub fn has(&self, class: Class) -> bool {
        self.list.iter().any(|one| one.class == Some(class))
    }

    /// Takes out what `is` says, and gives it back in words.
    pub fn take_out(&mut self, mut is: impl FnMut(&Finding) -> bool) -> Vec<String> {
        let (out, stay) = std::mem::take(&mut self.list).into_iter().partition(|one| is(one));
        self.list = stay;
        let out: Vec<Finding> = out;
        out.into_iter().map(|one| one.line).collect()
    }

    /// In words, the worst first; of one class at most fifteen, so that none hides another.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut lines = Vec::new();
        for (at, one) in self.list.iter().enumerate() {
            let count = of.entry(one.rank()).or_default();
            *count += 1;
            let capped = !matches!(one.class, None | Some(Class::Code));
            if !capped || *count <= MOST_OF_A_CLASS {
                lines.push(one.line.clone());
            }
            let ends = self.list.get(at + 1).is_none_or(|next| next.rank() != one.rank());
            if let (true, true, Some(class), Some(more)) =
                (capped, ends, one.class, count.checked_sub(MOST_OF_A_CLASS).filter(|n| *n > 0))
            {
                let than = if *count < MOST_KEPT { "" } else { "more than " };
                lines.push(format!("{class} and {than}{more} more"));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the docs is what a merchant reads about a class.
    #[test]
    fn every_class_is_in_the_docs_and_has_a_rank_of_its_own() {
        let docs = include_str!("../../../docs/difference.md");
        let rows = docs.lines().filter_map(|line| line.strip_prefix("| `"));
        let words: Vec<&str> = rows
            .map_while(|row| row.split_once('`').map(|(class, _)| class))
            .take_while(|class| !class.starts_with("sp_"))
            .collect();
        assert_eq!(words.len(), Class::ALL.len(), "{words:?}");
        for word in words {
            assert!(word.parse::<Class>().is_ok(), "{word}");
        }
        for (rank, class) in Class::ALL.iter().copied().enumerate() {
            assert_eq!((class as usize, class.as_str().parse()), (rank, Ok(class)));
        }
    }

    #[test]
    fn the_worst_comes_first_and_no_class_hides_another() {
        let said = |line: String| Finding::said(&line);
        let mut list: Vec<Finding> =
            (0..300).map(|n| said(format!("code changed: {n}.php"))).collect();
        list.extend((0..40).map(|n| said(format!("web changed: /etc/nginx/{n}"))));
        list.push(said("odd thing".into()));
        list.push(said("login changed: /etc/ld.so.preload".into()));
        let findings = Findings::new(list, 8);
        let lines = findings.lines();
        assert_eq!((findings.total(), lines.len()), (350, 1 + 16 + 300 + 1));
        assert_eq!(lines[0], "login changed: /etc/ld.so.preload");
        assert_eq!(lines[16], "web and 25 more");
        assert_eq!(lines[17], "code changed: 0.php");
        assert_eq!(lines[317], "odd thing");
    }
}
