//! Asking servers what became of grants whose time is over, where that is cheap: somebody waits at
//! a terminal, there are few servers, and nobody has to be asked for anything. Nothing is changed.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::join_all;

use crate::command::view::{self, Said};
use crate::context::Context;
use crate::grant::Grant;
use crate::lifecycle::checking;
use crate::message;
use crate::remote::session::Session;

/// More servers than this are the sweep's work.
const MOST_SERVERS: usize = 4;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks the servers of grants that are over and not confirmed. What did not answer in time, or only
/// after a question, is not in the answer.
pub async fn servers(context: &Context, grants: &[Grant]) -> HashMap<String, Said> {
    let now = context.now();
    let mut by_target: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| view::is_unconfirmed(grant, now)) {
        by_target.entry(&grant.target).or_default().push(grant);
    }
    if by_target.is_empty() || by_target.len() > MOST_SERVERS || !context.output.is_terminal() {
        return HashMap::new();
    }
    let quiet = context.without_questions();
    let progress = context.output.progress(&message::text("progress-asking", &[]));
    let asked = by_target.into_iter().map(|(name, grants)| {
        let quiet = &quiet;
        async move {
            let asking = ask(quiet, name, &grants);
            tokio::time::timeout(PATIENCE, asking).await.unwrap_or_default()
        }
    });
    let answers = join_all(asked).await.into_iter().flatten().collect();
    drop(progress);
    answers
}

async fn ask(context: &Context, name: &str, grants: &[&Grant]) -> Vec<(String, Said)> {
    let mut answers = Vec::new();
    let Ok(target) = context.target(name) else { return answers };
    let Ok(mut session) = Session::open(context, &target).await else { return answers };
    for grant in grants {
        let Ok(seen) = checking::look(context, &mut session, grant).await else { break };
        let there = seen.is_present() || seen.sessions.is_some_and(|count| count > 0);
        answers.push((grant.id.clone(), if there { Said::StillThere } else { Said::Gone }));
    }
    session.close().await;
    answers
}
