//! For `tests/providers`: what stagepass sends for a verb of a built-in provider, without the inputs.
//!
//! `frame PROVIDER VERB` prints the script, `frame PROVIDER VERB COUNT` the one that does it for so many grants, and
//! `frame PROVIDER VERB inputs` the names of what the verb is told. Assignments belong behind the line `sp_turn=`, or
//! into the functions `sp_one_NUMBER`.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;

use stagepass::testing::remote::provider::{Provider, Verb};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [provider, verb, rest @ ..] = words.as_slice() else {
        return Err("frame PROVIDER VERB [COUNT | inputs]".into());
    };
    let provider = Provider::find(provider, Path::new("/nonexistent"))?;
    let verb = Verb::ALL.iter().copied().find(|known| known.name() == verb).ok_or("no verb")?;
    let text = match rest.first().map(String::as_str) {
        None => provider.frame(verb, &Vec::new())?.body.to_vec(),
        Some("inputs") => {
            let names: Vec<&str> = provider.inputs(verb).collect();
            names.join("\n").into_bytes()
        }
        Some(count) => {
            let calls: Vec<_> = (0..count.parse()?).map(|_| Vec::new()).collect();
            provider.frame_together(verb, &calls)?.body.to_vec()
        }
    };
    io::stdout().write_all(&text)?;
    Ok(())
}
