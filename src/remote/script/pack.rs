//! What is sent, packed: `gzip` on the server unpacks it (RFC 1952, RFC 1951). A line is slow
//! upwards, and a script is text.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};

/// The most bytes of one stored block (RFC 1951, 3.2.4).
const BLOCK: usize = 0xffff;

/// A text that is no secret, as one member of a gzip file.
pub fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let written = packer.write_all(text.as_bytes());
    debug_assert!(written.is_ok(), "a vector takes everything");
    packer.finish().unwrap_or_default()
}

/// How many bytes [`store`] appends for a text of this length.
pub fn stored_length(length: usize) -> usize {
    let blocks = length.div_ceil(BLOCK).max(1);
    18 + blocks * 5 + length
}

/// Appends a text as a member of a gzip file, without packing it: a packer would leave copies of
/// the secrets that are in it behind.
pub fn store(into: &mut Vec<u8>, text: &[u8]) {
    into.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    let mut blocks = text.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        into.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        into.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        into.extend_from_slice(&length.to_le_bytes());
        into.extend_from_slice(&(!length).to_le_bytes());
        into.extend_from_slice(block);
    }
    let mut sum = Crc::new();
    sum.update(text);
    into.extend_from_slice(&sum.sum().to_le_bytes());
    into.extend_from_slice(&sum.amount().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the gzip of this machine makes of it, and of one that is cut.
    fn unpacked(bytes: &[u8]) -> (bool, Vec<u8>) {
        let mut gzip = std::process::Command::new("gzip")
            .arg("-dc")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut input = gzip.stdin.take().unwrap();
        let bytes = bytes.to_vec();
        let feeder = std::thread::spawn(move || drop(input.write_all(&bytes)));
        let output = gzip.wait_with_output().unwrap();
        feeder.join().unwrap();
        (output.status.success(), output.stdout)
    }

    #[test]
    fn gzip_gives_back_what_was_stored_and_packed_one_behind_the_other() {
        for length in [0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
            let text: Vec<u8> = (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let mut file = Vec::new();
            store(&mut file, &text);
            assert_eq!(file.len(), stored_length(length));
            file.extend(packed("it's the library\n"));
            store(&mut file, b"the end\n");
            let whole = [text.as_slice(), b"it's the library\nthe end\n"].concat();
            assert_eq!(unpacked(&file), (true, whole), "{length}");
        }
    }
}
