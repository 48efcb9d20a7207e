//! Fills ledgers for `benches/run`. The chain of events is whole: `stagepass ledger verify` accepts
//! what is made here.
//!
//! `seed many STATE_DIR COUNT LIVE` makes a ledger with COUNT grants of which LIVE are open and
//! not due, the rest opened and closed long ago.
//!
//! `seed due STATE_DIR SCRIPTS_DIR EACH TARGET...` adds EACH open grants whose deadline is over for
//! every target, and writes what `open` of the provider would have sent to the server as
//! SCRIPTS_DIR/TARGET/ID.sh, and the accounts' names as SCRIPTS_DIR/TARGET/accounts.
//!
//! `seed promises PROVIDERS_DIR SCRIPTS_DIR COUNT` writes what each provider in that folder would send for COUNT grants, as
//! SCRIPTS_DIR/PROVIDER/NUMBER.open and SCRIPTS_DIR/PROVIDER/NUMBER.close.
//!
//! `seed shop SCRIPTS_DIR FOLDER COUNT` writes the same for COUNT users of the WordPress in FOLDER, as SCRIPTS_DIR/NUMBER.open
//! and SCRIPTS_DIR/NUMBER.close.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use stagepass::testing::grant::{Access, Case, Grant, Layer, NewGrant, State, Supporter, UnixTime};
use stagepass::testing::ledger::{
    Entry, Event, Lease, Ledger, Location, Mode, seal_of_case, seal_of_grant,
};
use stagepass::testing::public_key;
use stagepass::testing::remote::clock::ServerTime;
use stagepass::testing::remote::inputs::{self, CallInputs};
use stagepass::testing::remote::provider::{Provider, Verb};
use stagepass::testing::secret::{MadePassword, Secret, random_id};

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
        ["promises", providers, scripts, count] => {
            promises(Path::new(providers), Path::new(scripts), count.parse()?)
        }
        ["shop", scripts, folder, count] => shop(Path::new(scripts), folder, count.parse()?),
        _ => Err("see the first lines of benches/seed.rs".into()),
    }
}

async fn open_ledger(state: &Path) -> Done<Ledger> {
    Ok(Ledger::open(&Location::File(state.join("ledger.sqlite3")), Mode::ReadWrite).await?)
}

fn now() -> Done<UnixTime> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

/// One change at a time would take an hour: here the chain is computed in the same way and written
/// in bulk. `benches/run` has `ledger verify` look at the result.
async fn many(state: &Path, count: u32, live: u32) -> Done {
    // Made by the program's own migrations, which also makes the folder's and the file's modes.
    open_ledger(state).await?.close().await;
    let path = state.join("ledger.sqlite3");
    let mut database = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .connect()
        .await?;
    let now = now()?;
    let provider = Provider::find("linux-account", Path::new("/nonexistent"))?;
    let mut chain = Chain { seq: 0, head: "0".repeat(64) };
    let mut batch = Batch::default();
    for number in 0..count {
        let reference = format!("OLD-{}", number / PER_CASE);
        let open = number >= count - live;
        // The closed ones over the last two years, the open ones now.
        let ago = if open { 0 } else { i64::from(count - number) * 240 + 40 * 24 * HOUR };
        if number % PER_CASE == 0 {
            let opened_at = now - ago;
            let case = Case::new(&reference, "multisafepay", opened_at);
            let entry = chain.follow(&case.reference, None, opened_at, "case.open", json!({}));
            let seq = chain.close(entry, seal_of_case(&case), &mut batch.events);
            batch.case(&case, seq);
        }
        let target = format!("shop{}", number % TARGETS);
        let mut grant = draft(&provider, &target, &reference, number, now - ago)?;
        grant.deadline = now - ago + 14 * 24 * HOUR;
        let seq = chain.live(&mut grant, open, &mut batch.events);
        batch.grant(&grant, seq);
        if batch.grants.len() == 2000 {
            std::mem::take(&mut batch).write(&mut database).await?;
        }
    }
    batch.write(&mut database).await?;
    for (state, grants) in [("open", live), ("closed", count - live)] {
        let sql = "update tally set grants = $1 where state = $2";
        sqlx::query(sql).bind(grants).bind(state).execute(&mut database).await?;
    }
    let sql = "update chain set seq = $1, head = $2";
    sqlx::query(sql).bind(chain.seq).bind(&chain.head).execute(&mut database).await?;
    database.close().await?;
    Ok(())
}

/// The end of the chain while it grows.
struct Chain {
    seq: i64,
    head: String,
}

impl Chain {
    fn follow(
        &mut self,
        case: &str,
        grant: Option<&Grant>,
        at: UnixTime,
        verb: &str,
        detail: Value,
    ) -> Entry {
        self.seq += 1;
        Entry {
            seq: self.seq,
            at,
            actor: "bench".into(),
            verb: verb.into(),
            case: Some(case.into()),
            grant: grant.map(|grant| grant.id.clone()),
            target: grant.map(|grant| grant.target.clone()),
            detail: detail.to_string(),
            row_hash: None,
            hash: String::new(),
        }
    }

    fn close(&mut self, mut entry: Entry, row_hash: String, events: &mut Vec<Value>) -> i64 {
        entry.row_hash = Some(row_hash);
        entry.hash = entry.expected_hash(&self.head);
        self.head.clone_from(&entry.hash);
        events.push(json!(entry));
        entry.seq
    }

    /// The life of one grant: what the program records, with details of the usual length.
    fn live(&mut self, grant: &mut Grant, stays_open: bool, events: &mut Vec<Value>) -> i64 {
        let (begun, ended) = (grant.created_at, grant.deadline);
        let seen = json!({ "check_key": { "logged_in": "SFTP 3 answered from `/home/jane`" } });
        let mut steps = vec![
            (State::Opening, begun, "grant.opening", json!({ "layers": grant.layers })),
            (State::Open, begun, "grant.open", json!({ "login": seen })),
        ];
        if !stays_open {
            let why = json!({ "why": "the deadline is over" });
            let seen = json!({ "layers": [{ "login": { "answer": "refused" } }] });
            steps.push((State::Closing, ended, "grant.closing", why));
            steps.push((State::Closed, ended, "grant.closed", seen));
        }
        let mut seq = 0;
        for (state, at, verb, detail) in steps {
            grant.move_to(state);
            grant.version += 1;
            match state {
                State::Open => grant.opened_at = Some(at),
                State::Closed => {
                    grant.closed_at = Some(at);
                    grant.layers.iter_mut().for_each(|layer| layer.closed_at = Some(at));
                }
                _ => {}
            }
            let entry = self.follow(&grant.case, Some(grant), at, verb, detail);
            seq = self.close(entry, seal_of_grant(grant), events);
        }
        seq
    }
}

/// Rows to be written at once.
#[derive(Default)]
struct Batch {
    events: Vec<Value>,
    cases: Vec<Value>,
    grants: Vec<Value>,
}

impl Batch {
    fn case(&mut self, case: &Case, seq: i64) {
        self.cases.push(json!([case, seq]));
    }

    fn grant(&mut self, grant: &Grant, seq: i64) {
        self.grants.push(json!([grant, seq]));
    }

    async fn write(self, database: &mut SqliteConnection) -> Done {
        let mut transaction = database.begin().await?;
        for (sql, rows) in [
            (EVENTS, &self.events),
            (CASES, &self.cases),
            (GRANTS, &self.grants),
            (LAYERS, &self.grants),
        ] {
            sqlx::query(sql).bind(json!(rows).to_string()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

const EVENTS: &str = "insert into events (seq, at, actor, verb, case_reference, grant_id, target, \
     detail, row_hash, hash) select value ->> 'seq', value ->> 'at', value ->> 'actor', \
     value ->> 'verb', value ->> 'case', value ->> 'grant', value ->> 'target', \
     value ->> 'detail', value ->> 'row_hash', value ->> 'hash' from json_each($1)";

const CASES: &str = "insert into cases (reference, desk, opened_at, closed_at, event_seq) \
     select value ->> '$[0].reference', value ->> '$[0].desk', value ->> '$[0].opened_at', null, \
     value ->> '$[1]' from json_each($1)";

const GRANTS: &str = "insert into grants (id, case_reference, target, supporter_name, \
     supporter_company, access, state, created_at, opened_at, deadline, closed_at, \
     deadline_maximum, terms, attempts, version, event_seq, next_check_at) \
     select value ->> '$[0].id', value ->> '$[0].case', value ->> '$[0].target', \
     value ->> '$[0].supporter.name', value ->> '$[0].supporter.company', \
     value ->> '$[0].access', value ->> '$[0].state', value ->> '$[0].created_at', \
     value ->> '$[0].opened_at', value ->> '$[0].deadline', value ->> '$[0].closed_at', \
     value ->> '$[0].deadline_maximum', value ->> '$[0].terms', 0, value ->> '$[0].version', \
     value ->> '$[1]', value ->> '$[0].deadline' from json_each($1)";

const LAYERS: &str = "insert into layers (grant_id, position, provider, digest, account, \
     public_key, key_fingerprint, has_password, inputs, outputs, state, closed_at) \
     select value ->> '$[0].id', 0, value ->> '$[0].layers[0].provider', \
     value ->> '$[0].layers[0].digest', value ->> '$[0].layers[0].account', \
     value ->> '$[0].layers[0].public_key', value ->> '$[0].layers[0].key_fingerprint', 0, \
     value ->> '$[0].layers[0].inputs', value ->> '$[0].layers[0].outputs', \
     value ->> '$[0].layers[0].state', value ->> '$[0].layers[0].closed_at' from json_each($1)";

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
                let call = CallInputs {
                    deadline: grant.deadline,
                    not_after: ServerTime::said(now + HOUR),
                    ..CallInputs::default()
                };
                let framed = provider.frame(Verb::Open, &inputs::of_layer(&grant, layer, &call))?;
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
    let case = Case::new(reference, "multisafepay", at);
    Ok(ledger.open_case(&case, "bench").await?)
}

/// A grant as the program makes one for a supporter with a key and no shop folder.
fn promises(providers: &Path, scripts: &Path, count: u32) -> Done {
    let now = now()?;
    for entry in fs::read_dir(providers)? {
        let name = entry?.file_name().into_string().map_err(|_| "a name that is no UTF-8")?;
        let provider = Provider::find(&name, providers)?;
        let folder = scripts.join(&name);
        fs::create_dir_all(&folder)?;
        for number in 0..count {
            let mut grant = draft(&provider, "bench", "PROMISES-1", number, now)?;
            grant.deadline = now + 24 * HOUR;
            write_scripts(&provider, &grant, None, &folder.join(number.to_string()))?;
        }
    }
    Ok(())
}

/// A grant as the program makes one for a user of the shop in that folder.
fn shop(scripts: &Path, folder: &str, count: u32) -> Done {
    let now = now()?;
    let provider = Provider::find("wordpress", Path::new("/nonexistent"))?;
    fs::create_dir_all(scripts)?;
    for number in 0..count {
        let mut grant = draft(&provider, "bench", "SHOP-1", number, now)?;
        grant.deadline = now + 24 * HOUR;
        let layer = grant.layers.first_mut().ok_or("a grant without a layer")?;
        layer.has_password = true;
        // What `detect` says of the shop that shop.py makes.
        let seen = json!({
            "php": "/usr/bin/php",
            "version": "6",
            "login_url": "http://staging.shop.test/wp-login.php",
            "admin_url": "http://staging.shop.test/wp-admin/",
            "content_folder": format!("{folder}/wp-content"),
            "guard_folder": format!("{folder}/wp-content/mu-plugins"),
            "object_cache": "false",
            "multisite": "false",
        });
        layer.inputs =
            json!({ "path": folder, "seen": seen, "expiry_form": "utc", "restrict": true, "from": "" })
                .to_string();
        let made = MadePassword::new("bcrypt")?;
        write_scripts(&provider, &grant, Some(&made.hash), &scripts.join(number.to_string()))?;
    }
    Ok(())
}

/// What `open` and `close` of a grant would send, as FILE.open and FILE.close.
fn write_scripts(provider: &Provider, grant: &Grant, hash: Option<&Secret>, file: &Path) -> Done {
    let layer = grant.layers.first().ok_or("a grant without a layer")?;
    for (verb, word) in [(Verb::Open, "open"), (Verb::Close, "close")] {
        let call = CallInputs {
            deadline: grant.deadline,
            not_after: ServerTime::said(now()? + HOUR),
            password_hash: hash.filter(|_| verb == Verb::Open),
            ..CallInputs::default()
        };
        let framed = provider.frame(verb, &inputs::of_layer(grant, layer, &call))?;
        fs::write(file.with_extension(word), &framed.body)?;
    }
    Ok(())
}

fn draft(provider: &Provider, target: &str, case: &str, number: u32, at: UnixTime) -> Done<Grant> {
    let id = random_id(10)?;
    let (key, _) = public_key::generate_key_pair(public_key::Kind::Ed25519, "bench")?;
    let state = json!({ "path": "", "expiry_form": "utc", "restrict": true, "from": "" });
    let layer = Layer {
        provider: provider.name.clone(),
        digest: provider.digest.clone(),
        account: format!("sp-bench-{id}"),
        public_key: Some(key.text),
        key_fingerprint: Some(key.fingerprint),
        has_password: false,
        inputs: state.to_string(),
        outputs: "{}".into(),
        ..Layer::default()
    };
    Ok(NewGrant {
        id,
        case: case.into(),
        target: target.into(),
        supporter: Supporter { name: format!("Jane {number}"), company: "MultiSafepay".into() },
        access: Access::Sftp,
        created_at: at,
        deadline: at,
        deadline_maximum: at + 35 * 24 * HOUR,
        terms: json!({ "access": "sftp", "restrictions": ["no forwarding"] }).to_string(),
        layers: vec![layer],
    }
    .grant())
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
