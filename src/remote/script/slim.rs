//! Less to send: a library of sh functions without its comments and indentation, and of its
//! functions only those that are needed. The files in `providers/` stay as they are read.

use std::collections::{BTreeMap, BTreeSet};

/// Takes comments, empty lines and indentation off a script, and off the programs of several lines that
/// stand in single quotes in it (awk, sh). What stands in double quotes stays byte for byte: the text of
/// a file.
///
/// Knows as much of POSIX sh (2.2, 2.3) as our own scripts use: quotes, backslashes, comments; no
/// here-documents. A test holds what it makes of them against what bash understands of both.
pub fn strip(script: &str) -> String {
    without_comments(script, false)
}

/// Takes the comments off a program that is kept on servers and read there: what it begins with, up to the
/// first empty line, stays, and so does its layout.
pub fn for_keeping(program: &str) -> String {
    let head = program.find("\n\n").map_or(0, |at| at + 2);
    let (head, rest) = program.split_at_checked(head).unwrap_or(("", program));
    [head, &without_comments(rest, true)].concat()
}

/// A program in PHP as a part of a longer one: without `<?php`, its comments, of which each has a line of its
/// own, and indentation.
pub fn php(program: &str) -> String {
    let lines = program.strip_prefix("<?php\n").unwrap_or(program).lines().map(str::trim_start);
    let mut slim = String::with_capacity(program.len());
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
        slim.push_str(line);
        slim.push('\n');
    }
    slim
}

fn without_comments(script: &str, layout: bool) -> String {
    let mut slim = String::with_capacity(script.len());
    let mut quote = None;
    for line in script.split_inclusive('\n') {
        let (in_quotes, in_program) = (quote.is_some(), quote == Some(b'\''));
        let trimmed = line.trim_start_matches([' ', '\t']);
        let code = if layout || (in_quotes && !in_program) { line } else { trimmed };
        match comment(code, &mut quote) {
            // A comment of the program in the quotes, unless they end in it.
            None if in_program && quote == Some(b'\'') && trimmed.starts_with('#') => {}
            None if code == "\n" && !in_quotes => {}
            None => slim.push_str(code),
            Some(at) => {
                let code = code.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']);
                if !code.trim_start_matches([' ', '\t']).is_empty() {
                    slim.push_str(code);
                    slim.push('\n');
                }
            }
        }
    }
    slim
}

/// Where the comment of a line begins, if it has one. `quote` is the quotation mark that is open
/// where the line begins, and then where it ends. By bytes: what counts is ASCII, no byte of another character
/// looks like it (UTF-8), and this is done for every line that may be sent.
fn comment(line: &str, quote: &mut Option<u8>) -> Option<usize> {
    let bytes = line.as_bytes();
    // A comment begins where a word could.
    let mut word_may_begin = true;
    let mut at = 0;
    while let Some(&c) = bytes.get(at) {
        match (*quote, c) {
            (None, b'#') if word_may_begin => return Some(at),
            (None | Some(b'"'), b'\\') => at += 1,
            (None, b'\'' | b'"') => *quote = Some(c),
            (Some(open), c) if open == c => *quote = None,
            _ => {}
        }
        word_may_begin = matches!(c, b' ' | b'\t' | b';' | b'(' | b')' | b'&' | b'|');
        at += 1;
    }
    None
}

/// A library in its parts: functions by name, and the lines between them.
#[derive(Debug)]
pub struct Library {
    /// Each part in its order: the name of a function, or nothing, and its text.
    parts: Vec<(Option<String>, String)>,
}

impl Library {
    /// Takes a library apart, and strips it. A function begins in a line of its own with `name() {`
    /// and ends in the next line that begins with a brace, as all of ours do.
    pub fn parse(library: &str) -> Self {
        let mut parts: Vec<(Option<String>, String)> = Vec::new();
        let (mut open, mut quote) = (false, None);
        for line in library.split_inclusive('\n') {
            let in_quotes = quote.is_some();
            comment(line, &mut quote);
            let name = line.split_once("() {").map(|(name, _)| name);
            let name = name.filter(|name| !in_quotes && is_name(name));
            match (open, name) {
                (false, Some(name)) => {
                    open = !line.trim_end().ends_with('}');
                    parts.push((Some(name.to_owned()), line.to_owned()));
                }
                (false, None) => match parts.last_mut() {
                    Some((None, text)) => text.push_str(line),
                    _ => parts.push((None, line.to_owned())),
                },
                (true, _) => {
                    if let Some((_, text)) = parts.last_mut() {
                        text.push_str(line);
                    }
                    open = in_quotes || !line.starts_with('}');
                }
            }
        }
        for (_, text) in &mut parts {
            *text = strip(text);
        }
        Self { parts }
    }

    /// The functions that these texts may call, directly or not, in their order, with all that
    /// stands between functions. A name that stands anywhere in a text counts, also in quotes (it
    /// may be handed to another function), unless it is the name of a variable there.
    pub fn needed(&self, by: &[&str]) -> String {
        let needed = self.names_of_needed(by);
        let wanted = |name: &Option<String>| name.as_deref().is_none_or(|n| needed.contains(n));
        self.parts.iter().filter(|(name, _)| wanted(name)).map(|(_, text)| text.as_str()).collect()
    }

    /// The same functions alone, and then one function more, of this name, that does all that stands between
    /// them: for a shell that does that several times, each time with other inputs.
    pub fn needed_with_start(&self, by: &[&str], start: &str) -> String {
        let needed = self.names_of_needed(by);
        let wanted = |name: &Option<String>| name.as_deref().is_some_and(|n| needed.contains(n));
        let mut text: String =
            self.parts.iter().filter(|(name, _)| wanted(name)).map(|(_, t)| t.as_str()).collect();
        text.push_str(start);
        text.push_str("() {\n");
        text.extend(self.parts.iter().filter(|(name, _)| name.is_none()).map(|(_, t)| t.as_str()));
        text.push_str("\n}\n");
        text
    }

    fn names_of_needed(&self, by: &[&str]) -> BTreeSet<&str> {
        let known: BTreeMap<&str, Vec<&str>> = {
            let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (name, text) in &self.parts {
                if let Some(name) = name {
                    known.entry(name).or_default().push(text);
                }
            }
            known
        };
        let mut needed = BTreeSet::new();
        let between = self.parts.iter().filter(|(name, _)| name.is_none());
        let mut todo: Vec<&str> = between.map(|(_, text)| text.as_str()).collect();
        todo.extend(by);
        while let Some(text) = todo.pop() {
            for word in words(text) {
                if let Some((name, texts)) = known.get_key_value(word)
                    && needed.insert(*name)
                {
                    todo.extend(texts);
                }
            }
        }
        needed
    }
}

/// The words of a text but for variables that are read or set.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            while !is_of_name(*bytes.get(at)?) {
                at += 1;
            }
            let start = at;
            while bytes.get(at).is_some_and(|c| is_of_name(*c)) {
                at += 1;
            }
            let before = start.checked_sub(1).and_then(|before| bytes.get(before));
            if !matches!(before, Some(b'$' | b'{')) && bytes.get(at) != Some(&b'=') {
                return text.get(start..at);
            }
        }
    })
}

/// The variables that a text cannot do without: read, with nothing given to take in their place (`${name-}`).
pub fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|behind| {
        let (inside, braced) = match behind.strip_prefix('{') {
            Some(inside) => (inside, true),
            None => (behind, false),
        };
        let end = inside.bytes().position(|c| !is_of_name(c)).unwrap_or(inside.len());
        let (name, rest) = inside.split_at_checked(end)?;
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let may_be_unset = braced && rest.starts_with(['-', '+', '=']);
        (!name.is_empty() && !may_be_unset).then_some(name)
    })
}

fn is_of_name(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::provider;

    #[test]
    fn variables_that_are_needed_are_told_from_those_that_may_be_unset() {
        let text = "a=$one \"${two}\" ${three-} ${four:-x} ${five:=y} ${six%%.*} $((seven + $eight)) ${#nine} '$10' $";
        let found: Vec<&str> = variables(text).collect();
        assert_eq!(found, ["one", "two", "six", "eight", "10"]);
    }

    /// What bash understands of a script, comments and layout gone.
    fn understood(script: &str) -> String {
        use std::io::Write as _;
        let mut bash = std::process::Command::new("bash")
            .args(["--norc", "-s"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let script = format!("whole() {{\n:\n{script}\n}}\ndeclare -f whole\n");
        bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = bash.wait_with_output().unwrap();
        assert!(output.status.success());
        // Of the programs in single quotes, what their own interpreters make nothing of.
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn bash_understands_the_same_of_what_is_left() {
        for text in provider::sources() {
            let text = text.as_ref();
            let slim = strip(text);
            // A program in PHP has lost its comments before.
            let own = text.split("\nsp_php_program() {").next().unwrap();
            let left = strip(own).len();
            assert!(left < own.len() * 18 / 20, "{left} of {}", own.len());
            assert!(understood(text) == understood(&slim), "{slim}");
            let parts = Library::parse(text);
            let whole: String = parts.parts.iter().map(|(_, text)| text.as_str()).collect();
            assert!(whole == slim, "{whole}");
            for (name, text) in &parts.parts {
                let is_function = text.lines().any(|line| line.contains("() {"));
                assert!(name.is_some() || !is_function, "{text}");
            }
        }
    }

    #[test]
    fn quotes_are_kept_and_comments_are_not() {
        let script = "#!/bin/sh\n\n    a='# no\n\n    comment' # one\n\tb=\"x # y\" # two\n\
                      c=${d#e} # three\n  # four\nf=\\# # five\ng=#h\n";
        assert_eq!(strip(script), "a='# no\n\ncomment'\nb=\"x # y\"\nc=${d#e}\nf=\\#\ng=#h\n");
    }

    #[test]
    fn programs_in_single_quotes_lose_their_comments_and_texts_keep_all() {
        let script = "awk '\n    # one\n    /#/ { x } # two\n    # last'\n\
                      a=\"b\n    # kept\n    c\"\n";
        assert_eq!(strip(script), "awk '\n/#/ { x } # two\n# last'\na=\"b\n    # kept\n    c\"\n");
    }

    #[test]
    fn what_is_kept_on_a_server_has_its_head_and_its_layout() {
        let program = "#!/bin/sh\n# What it is.\n\n# why\nif a; then\n    b # c\n\n    # d\nfi\n";
        assert_eq!(for_keeping(program), "#!/bin/sh\n# What it is.\n\nif a; then\n    b\nfi\n");
    }

    #[test]
    fn a_program_in_php_is_left_its_code_alone() {
        let program = "<?php\n// What it is.\n\nfinal class A\n{\n    // why\n    const B = 'http://c'; \n}\n";
        assert_eq!(php(program), "final class A\n{\nconst B = 'http://c'; \n}\n");
    }

    #[test]
    fn a_variable_calls_nothing() {
        let found: Vec<&str> = words("a=$b; ${c:-d} $(e \"$f\") g h= 'i").collect();
        assert_eq!(found, ["d", "e", "g", "i"]);
    }

    #[test]
    fn what_is_called_by_any_name_is_sent_along() {
        let library = Library::parse(
            "top=1\nsp_a() { sp_b; }\nsp_b() {\n    if x; then\n        trap 'sp_c' 0\n    fi\n}\n\
             sp_c() { :; }\nsp_d() { sp_a; }\nsp_e() {\n    :\n}\nbottom=' sp_e'\n",
        );
        let needed = library.needed(&["sp_a"]);
        assert_eq!(
            needed,
            "top=1\nsp_a() { sp_b; }\nsp_b() {\nif x; then\ntrap 'sp_c' 0\nfi\n}\n\
             sp_c() { :; }\nsp_e() {\n:\n}\nbottom=' sp_e'\n"
        );
    }
}
