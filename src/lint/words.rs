//! Words of a text, as people and programs write them: `DB_PASSWORD`, `clientSecret` and `parola
//! d'ordine` are two words each.

use zeroize::Zeroize;

/// A word: letters and digits between two bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What joins letters without being one: accents behind their letter, and what nobody sees.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_joiner(c)
}

/// The first word at or behind this byte that begins before `limit`. A word ends where a capital
/// begins the next one.
pub(super) fn next(text: &str, from: usize, limit: usize) -> Option<Word> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        if start >= limit {
            return None;
        }
        let byte = *bytes.get(start)?;
        if byte.is_ascii() {
            if byte.is_ascii_alphanumeric() {
                break;
            }
            start += 1;
        } else {
            let c = text.get(start..)?.chars().next()?;
            if c.is_alphanumeric() && !is_joiner(c) {
                break;
            }
            start += c.len_utf8();
        }
    }
    // Nearly every word is of small letters of ASCII, or of those behind one capital.
    let mut end = start + 1;
    while bytes.get(end).is_some_and(u8::is_ascii_lowercase) {
        end += 1;
    }
    match bytes.get(end) {
        Some(byte) if byte.is_ascii_alphanumeric() || !byte.is_ascii() => {}
        _ if bytes.get(start).is_some_and(u8::is_ascii) => return Some(Word { start, end }),
        _ => {}
    }
    let mut chars = text.get(start..)?.char_indices().peekable();
    let (_, mut last) = chars.next()?;
    while let Some((at, c)) = chars.next() {
        let following = chars.peek().map(|(_, c)| *c);
        let begins_anew =
            c.is_uppercase() && (!last.is_uppercase() || following.is_some_and(char::is_lowercase));
        if !is_letter(c) || begins_anew {
            return Some(Word { start, end: start + at });
        }
        if !is_joiner(c) {
            last = c;
        }
    }
    Some(Word { start, end: text.len() })
}

/// The most bytes of a word that means something.
const MOST: usize = 20;

/// A word in lower case and without accents; empty where it is too long to mean anything. Wiped,
/// since it may be a piece of a secret.
pub(super) struct Folded {
    bytes: [u8; MOST],
    length: usize,
}

impl Drop for Folded {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Folded {
    pub(super) fn of(word: &str) -> Self {
        let mut folded = Self { bytes: [0; MOST], length: 0 };
        for c in word.chars().filter(|c| !is_joiner(*c)) {
            let c = if c.is_ascii() { c.to_ascii_lowercase() } else { plain(c) };
            let Some(place) = folded.bytes.get_mut(folded.length) else {
                folded.length = 0;
                return folded;
            };
            *place = u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?');
            folded.length += 1;
        }
        folded
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Whether a word is among those of a list with spaces between them.
pub(super) fn is_among(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|one| one == word)
}

/// The letter under an accent, of the languages whose names are known.
fn plain(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ä' | 'ã' | 'À' | 'Á' | 'Â' | 'Ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' | 'õ' | 'Ò' | 'Ó' | 'Ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' | 'Ù' | 'Ú' | 'Ü' => 'u',
        'ñ' | 'Ñ' => 'n',
        'ç' | 'Ç' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_people_and_of_programs() {
        let words = |text: &str| {
            let (mut found, mut at) = (Vec::new(), 0);
            while let Some(word) = next(text, at, usize::MAX) {
                found.push(Folded::of(&text[word.start..word.end]).as_str().to_owned());
                at = word.end;
            }
            found.join(" ")
        };
        for (text, split) in [
            ("DB_PASSWORD=x", "db password x"),
            ("clientSecret X-Auth-Token", "client secret x auth token"),
            ("SMTPPassword2", "smtp password2"),
            ("la Contraseña: CONTRASEÑA", "la contrasena contrasena"),
            ("contrasen\u{303}a pass\u{200b}word", "contrasena password"),
            ("parola d'ordine è", "parola d ordine e"),
            ("", ""),
            ("--", ""),
        ] {
            assert_eq!(words(text), split, "{text}");
        }
        assert_eq!(Folded::of("averylongwordthatmeansnothing").as_str(), "");
    }
}
