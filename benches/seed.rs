//! Fills ledgers for `benches/run`, through the library's own ledger: every change is a real one,
//! so the chain of events is whole and `stagepass ledger verify` accepts it.
//!
//! `seed many STATE_DIR COUNT LIVE` makes a ledger with COUNT grants of which LIVE are open and
//! not due, the rest opened and closed long ago.
//!
//! `seed due STATE_DIR SCRIPTS_DIR EACH TARGET...` adds EACH open grants whose deadline is over for
//! every target, and writes what `open` of the provider would have sent to the server as
//! SCRIPTS_DIR/TARGET/ID.sh, and the accounts' names as SCRIPTS_DIR/TARGET/accounts.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use stagepass::grant::{Access, Case, Grant, Layer, State, Supporter, UnixTime};
use stagepass::ledger::{Event, Lease, Ledger, Location, Mode};
use stagepass::provider::{Provider, Verb};
use stagepass::public_key;
use stagepass::secret::random_id;
use stagepass::session::{Moment, inputs};

type Done<T = ()> = Result<T, Box<dyn Error>>;

const HOUR: i64 = 3600;
/// How many grants share a case.
const PER_CASE: u32 = 8;
/// How many targets the many grants are on.
const TARGETS: u32 = 40;

fn main() -> Done {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.as_slice() {
        // What `cargo bench` says; `benches/run` is what measures.
        [] | ["--bench"] => Ok(()),
        ["many", state, count, live] => {
            runtime.block_on(many(Path::new(state), count.parse()?, live.parse()?))
        }
        ["due", state, scripts, each, targets @ ..] => {
            runtime.block_on(due(Path::new(state), Path::new(scripts), each.parse()?, targets))
        }
        _ => Err("see the first lines of benches/seed.rs".into()),
    }
}

async fn open_ledger(state: &Path) -> Done<Ledger> {
    Ok(Ledger::open(&Location::File(state.join("ledger.sqlite3")), Mode::ReadWrite).await?)
}

fn now() -> Done<UnixTime> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

async fn many(state: &Path, count: u32, live: u32) -> Done {
    let ledger = open_ledger(state).await?;
    let now = now()?;
    let provider = Provider::find("linux-account", Path::new("/nonexistent"))?;
    for number in 0..count {
        let reference = format!("OLD-{}", number / PER_CASE);
        let open = number >= count - live;
        // The closed ones over the last two years, the open ones now.
        let ago = if open { 0 } else { i64::from(count - number) * 240 + 40 * 24 * HOUR };
        if number % PER_CASE == 0 {
            open_case(&ledger, &reference, now - ago).await?;
        }
        let target = format!("shop{}", number % TARGETS);
        let mut grant = draft(&provider, &target, &reference, number, now - ago)?;
        grant.deadline = now - ago + 14 * 24 * HOUR;
        grant = begin_and_open(&ledger, grant, now - ago).await?;
        if !open {
            close(&ledger, grant).await?;
        }
    }
    ledger.close().await;
    Ok(())
}

async fn due(state: &Path, scripts: &Path, each: u32, targets: &[&str]) -> Done {
    let ledger = open_ledger(state).await?;
    let now = now()?;
    let provider = Provider::find("linux-account", Path::new("/nonexistent"))?;
    let reference = format!("DUE-{}", random_id(6)?);
    open_case(&ledger, &reference, now - HOUR).await?;
    for target in targets {
        let folder = scripts.join(target);
        fs::create_dir_all(&folder)?;
        let mut accounts = String::new();
        for number in 0..each {
            let mut grant = draft(&provider, target, &reference, number, now - HOUR)?;
            grant.deadline = now - 60;
            let grant = begin_and_open(&ledger, grant, now - HOUR).await?;
            for layer in &grant.layers {
                let moment =
                    Moment { deadline: grant.deadline, not_after: now + HOUR, ..Moment::default() };
                let framed = provider.frame(Verb::Open, &inputs(&grant, layer, &moment))?;
                fs::write(folder.join(format!("{}.sh", grant.id)), &framed.body)?;
                accounts.push_str(&layer.account);
                accounts.push('\n');
            }
        }
        fs::write(folder.join("accounts"), accounts)?;
    }
    ledger.close().await;
    Ok(())
}

async fn open_case(ledger: &Ledger, reference: &str, at: UnixTime) -> Done {
    let case = Case {
        reference: reference.into(),
        desk: "multisafepay".into(),
        opened_at: at,
        closed_at: None,
    };
    Ok(ledger.open_case(&case, "bench").await?)
}

/// A grant as the program makes one for a supporter with a key and no shop folder.
fn draft(provider: &Provider, target: &str, case: &str, number: u32, at: UnixTime) -> Done<Grant> {
    let id = random_id(10)?;
    let (key, _) = public_key::generate_key_pair("bench")?;
    let inputs = json!({
        "sp_path": "", "sp_expiry_form": "utc", "sp_restrict": "1", "sp_from": "",
    });
    let layer = Layer {
        provider: provider.name.clone(),
        digest: provider.digest.clone(),
        account: format!("sp-bench-{id}"),
        public_key: Some(key.text),
        key_fingerprint: Some(key.fingerprint),
        has_password: false,
        inputs: inputs.to_string(),
        outputs: "{}".into(),
    };
    Ok(Grant {
        id,
        case: case.into(),
        target: target.into(),
        supporter: Supporter { name: format!("Jane {number}"), company: "MultiSafepay".into() },
        access: Access::Sftp,
        state: State::Opening,
        created_at: at,
        opened_at: None,
        deadline: at,
        closed_at: None,
        deadline_maximum: at + 35 * 24 * HOUR,
        terms: json!({ "access": "sftp", "restrictions": ["no forwarding"] }).to_string(),
        attempts: 0,
        next_attempt_at: None,
        last_error: None,
        version: 0,
        lease_owner: None,
        lease_until: None,
        layers: vec![layer],
    })
}

fn event(at: UnixTime, verb: &str, detail: serde_json::Value) -> Event {
    Event::new(at, "bench", verb, detail)
}

async fn begin_and_open(ledger: &Ledger, grant: Grant, at: UnixTime) -> Done<Grant> {
    let lease = Lease::mine(at, 60);
    let opening = event(at, "grant.opening", json!({ "layers": grant.layers }));
    let mut grant = ledger.begin(&grant, &lease, &opening).await?;
    grant.state = State::Open;
    grant.opened_at = Some(at);
    grant.lease_owner = None;
    grant.lease_until = None;
    let seen = json!({ "check_key": { "logged_in": "SFTP 3 answered from `/home/jane`" } });
    Ok(ledger.record(&grant, &event(at, "grant.open", json!({ "login": seen }))).await?)
}

async fn close(ledger: &Ledger, mut grant: Grant) -> Done<Grant> {
    let at = grant.deadline;
    grant.state = State::Closing;
    let why = json!({ "why": "the deadline is over" });
    grant = ledger.record(&grant, &event(at, "grant.closing", why)).await?;
    grant.state = State::Closed;
    grant.closed_at = Some(at);
    let seen = json!({ "layers": [{ "login": { "answer": "refused" } }] });
    Ok(ledger.record(&grant, &event(at, "grant.closed", seen)).await?)
}
