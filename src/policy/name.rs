//! Names and sentences that a merchant types, and which of them can be kept, shown and written to
//! a server.

use crate::message::{self, Arg};
use crate::text::is_steering;

/// What is wrong with a name or a sentence that the merchant typed. Shown, it goes on from what
/// it is about: "is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// Nothing is left of it without its spaces.
    Empty,
    /// It is longer than this many characters.
    Long(usize),
    /// A character that could steer a terminal, a shell or a file.
    Character(char),
    /// A first character that could make it an option or a hidden file.
    First(char),
    /// Spaces that nobody sees.
    Spaces,
}

impl std::fmt::Display for NameProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spelled = |c: char| {
            let hidden = is_steering(c) || c.is_whitespace();
            Arg::from(if hidden { c.escape_unicode().to_string() } else { c.to_string() })
        };
        let (kind, more) = match *self {
            Self::Empty => ("empty", vec![]),
            Self::Long(limit) => ("long", vec![("limit", limit.into())]),
            Self::Character(c) => ("character", vec![("character", spelled(c))]),
            Self::First(c) => ("first", vec![("character", spelled(c))]),
            Self::Spaces => ("spaces", vec![]),
        };
        let mut args = vec![("kind", Arg::from(kind))];
        args.extend(more);
        f.write_str(&message::text("name-problem", &args))
    }
}

impl std::error::Error for NameProblem {}

/// Whether a person's or a company's name can be kept and shown: 1 to 80 characters, the first a
/// letter or a digit, no control or invisible characters, and none that begins or ends something
/// in a shell, in the password file or in `authorized_keys`.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_name(name: &str) -> Result<(), NameProblem> {
    const FORBIDDEN: &str = "'\"`\\:<>|$;*?=\u{ab}\u{bb}\u{201c}\u{201d}\u{201e}";
    check_text(name, 80, |c| FORBIDDEN.contains(c))?;
    begins_with(name, char::is_alphanumeric)
}

/// Whether a case's reference can be a name: 1 to 64 ASCII letters, digits and `._#/-`, beginning
/// with a letter, a digit or `#`.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_reference(reference: &str) -> Result<(), NameProblem> {
    check_text(reference, 64, |c| !(c.is_ascii_alphanumeric() || "._#/-".contains(c)))?;
    begins_with(reference, |c| c.is_ascii_alphanumeric() || c == '#')
}

/// Whether a reason can be kept and shown: 1 to 500 characters, none that steers a terminal.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_sentence(text: &str) -> Result<(), NameProblem> {
    check_text(text, 500, |_| false)
}

fn begins_with(text: &str, is_right: impl Fn(char) -> bool) -> Result<(), NameProblem> {
    match text.chars().next() {
        Some(first) if is_right(first) => Ok(()),
        Some(first) => Err(NameProblem::First(first)),
        None => Err(NameProblem::Empty),
    }
}

fn check_text(
    text: &str,
    longest: usize,
    is_forbidden: impl Fn(char) -> bool,
) -> Result<(), NameProblem> {
    if text.trim().is_empty() {
        return Err(NameProblem::Empty);
    }
    if text.trim() != text {
        return Err(NameProblem::Spaces);
    }
    if let Some(c) = text.chars().find(|c| is_steering(*c) || is_forbidden(*c)) {
        return Err(NameProblem::Character(c));
    }
    if text.chars().count() > longest {
        return Err(NameProblem::Long(longest));
    }
    Ok(())
}
