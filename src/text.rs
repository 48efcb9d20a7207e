//! Texts of others made fit to be shown, stored or repeated: one line, bounded, with nothing that steers a
//! terminal. What is written by us, and may have lines and colours, is looked at by [`crate::output`].

/// Whether a character moves the cursor, changes colours, or makes text read in another order
/// than it is stored. None belongs in a name or in a sentence.
#[must_use]
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// One line of at most `limit` characters: line breaks and tabs become blanks, what steers is left out, and
/// where something was cut the last character says so.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    // What is left out does not count, and what is far too long is not copied first.
    let kept: String = text
        .trim()
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_steering(*c))
        .take(limit.saturating_add(1))
        .collect();
    cut(kept.trim(), limit)
}

/// The same for bytes that came from elsewhere; what is no UTF-8 becomes U+FFFD. Of very many only the first are
/// looked at: a line is not worth a copy of all of them.
#[must_use]
pub fn line_of_bytes(bytes: &[u8], limit: usize) -> String {
    let first = bytes.get(..limit.saturating_mul(64)).unwrap_or(bytes);
    one_line(&String::from_utf8_lossy(first), limit)
}

/// At most `limit` characters, the last of them `…` where more were there.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(limit.saturating_sub(1));
    kept.chain((limit > 0).then_some('…')).collect()
}

/// `text` as one word of a shell script.
pub(crate) fn quote(text: &str) -> String {
    let mut body = Vec::new();
    quote_into(&mut body, text);
    String::from_utf8_lossy(&body).into_owned()
}

/// Appends `text` as one word of POSIX sh (2.2.2, single quotes). NUL cannot be in a word and is
/// left out.
pub(crate) fn quote_into(body: &mut Vec<u8>, text: &str) {
    body.push(b'\'');
    for byte in text.bytes() {
        match byte {
            b'\'' => body.extend_from_slice(b"'\\''"),
            0 => {}
            other => body.push(other),
        }
    }
    body.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_bounded_and_says_where_it_was_cut() {
        for (text, limit, line) in [
            ("as it is", 8, "as it is"),
            ("one more", 7, "one mo…"),
            ("  a\tb\r\nc  ", 9, "a b  c"),
            ("\u{1b}[31mred\u{202e}", 9, "[31mred"),
            ("\u{0}\u{0}\u{0}abc", 3, "abc"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
            ("äöü", 3, "äöü"),
        ] {
            assert_eq!(one_line(text, limit), line, "{text:?}");
            assert_eq!(one_line(&one_line(text, limit), limit), line, "again: {text:?}");
        }
        assert_eq!(line_of_bytes(b"a\xffb", 9), "a\u{fffd}b");
        assert_eq!(line_of_bytes(&[b'x'; 1000], 5), "xxxx…");
    }
}
