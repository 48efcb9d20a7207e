//! Failures of systems that do parts of this job, each with the test that shows that we do not
//! repeat it. A test is named after the issue in which the failure was described.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use stagepass::grant::{Access, Grant, Layer, State, Supporter};
use stagepass::ledger::{Event, Lease, Ledger, Location, Mode};

use crate::job::{CASE, Story, now};

// ---- many at once ------------------------------------------------------------------------------

/// Open grants on `down`, a target that nobody reaches, whose time is over.
fn fifty_thousand_due(story: &Story, count: u32) {
    let targets = "[target.down]\naddress = \"ssh://root@127.0.0.1:1\"\n\
                   host_key = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"\n\
                   environment = \"staging\"\n";
    std::fs::write(story.stage.config().join("targets.toml"), targets).unwrap();
    let path = story.stage.state().join("ledger.sqlite3");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&Location::File(path.clone()), Mode::ReadWrite).await.unwrap();
        let grant = due_grant();
        let at = grant.created_at;
        let event = |verb| Event::new(at, "test", verb, json!({}));
        let mut grant =
            ledger.begin(&grant, &Lease::mine(at, 60), &event("grant.opening")).await.unwrap();
        grant.state = State::Open;
        (grant.opened_at, grant.lease_owner, grant.lease_until) = (Some(at), None, None);
        let grant = ledger.record(&grant, &event("grant.open")).await.unwrap();
        ledger.close().await;
        multiply(&path, &grant.id, count).await;
    });
}

/// Writes the same grant down again and again under other ids. One by one it would take an hour.
async fn multiply(path: &Path, id: &str, count: u32) {
    let mut database = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    for sql in [
        "create temp table more as with recursive n(n) as \
         (select 1 union all select n + 1 from n where n < $2 - 1) \
         select printf('%s%06d', substr($1, 1, 4), n) as id from n",
        "insert into grants select m.id, case_reference, target, supporter_name || ' ' || m.id, \
         supporter_company, access, state, created_at, opened_at, deadline, closed_at, \
         deadline_maximum, terms, attempts, next_attempt_at, last_error, version, lease_owner, \
         lease_until, event_seq from grants g, more m where g.id = $1 and $2 > 0",
        "insert into layers select m.id, position, provider, digest, account, public_key, \
         key_fingerprint, has_password, inputs, outputs from layers l, more m \
         where l.grant_id = $1 and $2 > 0",
        "update tally set grants = $2 where state = 'open' and $1 <> ''",
    ] {
        sqlx::query(sql).bind(id).bind(count).execute(&mut database).await.unwrap();
    }
}

fn due_grant() -> Grant {
    let at = now() - 7200;
    Grant {
        id: "k3v9q2m7xa".into(),
        case: CASE.into(),
        target: "down".into(),
        supporter: Supporter { name: "Jane Doe".into(), company: "MultiSafepay".into() },
        access: Access::Sftp,
        state: State::Opening,
        created_at: at,
        opened_at: None,
        deadline: at + 3600,
        closed_at: None,
        deadline_maximum: at + 35 * 86_400,
        terms: "{}".into(),
        attempts: 0,
        next_attempt_at: None,
        last_error: None,
        version: 0,
        lease_owner: None,
        lease_until: None,
        findings: 0,
        drift: None,
        checked_at: None,
        layers: vec![Layer {
            provider: "linux-account".into(),
            digest: "0".repeat(64),
            account: "sp-jane".into(),
            public_key: None,
            key_fingerprint: None,
            has_password: false,
            inputs: "{}".into(),
            outputs: "{}".into(),
        }],
    }
}

#[test]
fn vault_5968_fifty_thousand_due_at_once_are_swept_in_little_memory_while_others_are_answered() {
    let story = Story::new();
    fifty_thousand_due(&story, 50_000);
    let sweep = story.stage.command(["sweep"]).limit(Duration::from_secs(600)).spawn();
    let began = Instant::now();
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(1000));
        let run = story.run(["list"]).exits(8);
        eprintln!(
            "{:?} list {:?} {}",
            began.elapsed(),
            run.took,
            run.stderr.lines().last().unwrap_or("")
        );
        let hwm = std::process::Command::new("sh").args(["-c", "grep -h VmHWM /proc/*/status /dev/null; for p in $(pgrep -x stagepass); do grep VmHWM /proc/$p/status; done"]).output().unwrap();
        eprintln!("{}", String::from_utf8_lossy(&hwm.stdout).lines().last().unwrap_or(""));
    }
    let c = story.run(["list", "--json", "--limit", "3"]).exits(8);
    eprintln!("{}", &c.stdout[..1500]);
    let run = sweep.kill();
    eprintln!("{}", &run.told()[..500.min(run.told().len())]);
}
