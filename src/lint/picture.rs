//! What PNG packs of the texts about a picture: `zTXt`, and `iTXt` where it is packed (PNG, third
//! edition, 11.3.3). What is not packed is found as a run of text like any other.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use zeroize::Zeroizing;

use super::stream::{Found, Report};
use super::{finding, scan};

/// The longest packed text that is unpacked, in bytes. Nobody writes as much about a picture.
const PACKED: usize = 256 * 1024;
/// And what may come of it: a small one can be made to unpack to gigabytes.
const UNPACKED: u64 = 2 * 1024 * 1024;

/// Goes through the chunks of a PNG.
#[derive(Debug, Default)]
pub(super) struct Png {
    at: u64,
    /// Length and type of the chunk, as far as they came.
    head: Vec<u8>,
    /// How many bytes of the chunk and of its sum are still to come.
    left: u64,
    is_text: bool,
    data: Zeroizing<Vec<u8>>,
    start: u64,
}

impl Png {
    pub(super) fn push(&mut self, piece: &[u8], report: &mut Report) {
        for byte in piece {
            self.take(*byte, report);
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, report: &mut Report) {
        // The signature.
        if self.at < 8 {
            return;
        }
        if self.left == 0 {
            self.head.push(byte);
            let Some((length, name)) = self.head.split_at_checked(4) else { return };
            if name.len() < 4 {
                return;
            }
            let length = length.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            self.is_text = matches!(name, b"zTXt" | b"iTXt") && length <= PACKED as u64;
            (self.left, self.start) = (length + 4, self.at + 1);
            self.head.clear();
            if self.is_text {
                // All the room at once: a vector that grows leaves copies behind.
                self.data = Zeroizing::new(Vec::with_capacity(PACKED));
            }
            return;
        }
        self.left -= 1;
        if self.is_text && self.left >= 4 {
            self.data.push(byte);
        }
        if self.left == 0 && self.is_text {
            self.unpack(report);
            self.data = Zeroizing::default();
        }
    }

    fn unpack(&self, report: &mut Report) {
        let Some(packed) = packed(&self.data) else { return };
        let mut text = Zeroizing::new(Vec::with_capacity(UNPACKED as usize));
        // What could be unpacked before an error counts.
        let _ = ZlibDecoder::new(packed).take(UNPACKED).read_to_end(&mut text);
        for chunk in text.utf8_chunks() {
            for span in scan::spans(chunk.valid()) {
                let secret = chunk.valid().get(span.start..span.end).unwrap_or_default();
                let finding = finding(span.kind, 1, 1, secret);
                report.add(Found { finding, offset: Some(self.start) });
            }
        }
    }
}

/// What is packed behind the keyword: in `zTXt` at once behind the method, in `iTXt` behind
/// flag, method, language and the keyword in that language.
fn packed(data: &[u8]) -> Option<&[u8]> {
    let keyword = data.iter().position(|byte| *byte == 0)?;
    let rest = data.get(keyword + 1..)?;
    // zlib's own first byte (RFC 1950) says which it is.
    match rest {
        [0, 0x78, ..] => rest.get(1..),
        [1, 0, rest @ ..] => {
            let language = rest.iter().position(|byte| *byte == 0)?;
            let rest = rest.get(language + 1..)?;
            let keyword = rest.iter().position(|byte| *byte == 0)?;
            rest.get(keyword + 1..)
        }
        _ => None,
    }
}
