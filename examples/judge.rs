//! For `tests/providers`: reads the reply of a provider's `close` and prints it with the records of the
//! comparison as they are judged, as lines `found=`, `found_total=`, `changed=` and `changed_total=`.
//! The arguments are the account of the grant, and anything else for every finding, however many there
//! are of one class. A reply without a comparison is printed as it is.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};

use stagepass::testing::grant::Layer;
use stagepass::testing::lifecycle::evidence::Evidence;
use stagepass::testing::remote::script::Reply;

fn main() -> io::Result<()> {
    let mut said = Vec::new();
    io::stdin().read_to_end(&mut said)?;
    let mut reply = Reply::default();
    let mut out = Vec::new();
    let mut beside: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut compared = false;
    for line in said.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        compared |= bare.starts_with(b"difference=");
        // Findings that come of no record.
        let text = String::from_utf8_lossy(bare);
        if let Some((key @ ("uses_cut" | "left" | "left_total"), value)) = text.split_once('=') {
            beside.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        if let Some(record) = bare.strip_prefix(b"record=") {
            reply.tell(record, false);
        } else if let Some(piece) = bare.strip_prefix(b"packed=") {
            reply.tell(piece, true);
        } else {
            out.extend_from_slice(line);
        }
    }
    let every = std::env::args().nth(2).is_some_and(|word| !word.is_empty());
    let layer = Layer {
        account: std::env::args().nth(1).unwrap_or_default(),
        provider: String::new(),
        digest: String::new(),
        public_key: None,
        key_fingerprint: None,
        has_password: false,
        inputs: "{}".into(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    let reply = reply.with(beside.into_iter().map(|(key, values)| (key, values.join("\n"))));
    if compared {
        let differs = Evidence::of(&layer, &reply, 0);
        let found = &differs.found;
        let lines = if every {
            found.list().iter().map(|one| one.line().to_owned()).collect()
        } else {
            found.lines()
        };
        let lists = [
            ("found", lines, found.total()),
            ("changed", differs.changed.lines, differs.changed.total),
        ];
        for (key, lines, total) in lists {
            for line in lines {
                out.extend_from_slice(format!("{key}={line}\n").as_bytes());
            }
            out.extend_from_slice(format!("{key}_total={total}\n").as_bytes());
        }
    }
    io::stdout().write_all(&out)
}
