//! `provider`: the kinds of access that can be made.

use clap::Subcommand;
use serde_json::json;

use crate::command::case::own_case;
use crate::command::refusal;
use crate::command::target::standing_against;
use crate::complete;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Grant, Layer, NewGrant, Supporter};
use crate::ledger::Lease;
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::closing::{self, Ended};
use crate::lifecycle::web::{self, WebTrial};
use crate::output::{Cell, Column, Tone, fields, paint, table};
use crate::public_key::{self, CheckKey};
use crate::remote::clock::ServerTime;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::LayerState;
use crate::remote::provider::{AccountKind, Origin, Provider, Verb};
use crate::remote::script::{Answer, Reply};
use crate::remote::server::{self, Server};
use crate::remote::session::{self, Session};
use crate::secret::{self, MadePassword};
use crate::target::Environment;
use crate::transport::{self, Attempt, Route};

/// `provider …`
#[derive(Debug, Subcommand)]
pub enum ProviderVerb {
    /// List the providers.
    List,
    /// Show one provider's manifest.
    Show {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
    },
    /// Run a provider's whole cycle on a staging target: detect, open, a real login, check,
    /// close, a refused login, close again.
    #[command(after_help = "Example:\n  stagepass provider test my-provider --target staging")]
    Test {
        /// The provider's name.
        #[arg(add = complete::providers())]
        name: String,
        /// The target to run it on.
        #[arg(long, value_name = "NAME", add = complete::targets())]
        target: String,
    },
}

/// Seconds after which the server itself ends what a test run made and could not take back.
const TEST_SECONDS: i64 = 300;

/// Runs the command.
///
/// # Errors
/// There is no such provider or target, or a step of the test did not do what it must.
pub async fn run(context: &Context, command: ProviderVerb) -> Result<()> {
    match command {
        ProviderVerb::List => list(context),
        ProviderVerb::Show { name } => show(context, &name),
        ProviderVerb::Test { name, target } => test(context, &name, &target).await,
    }
}

fn place(provider: &Provider) -> String {
    match &provider.origin {
        Origin::BuiltIn => "built in".into(),
        Origin::Folder(folder) => folder.display().to_string(),
    }
}

const COLUMNS: [Column; 5] = [
    Column::new("provider", 0),
    Column::text("makes", 0),
    Column::new("runs as", 1),
    Column::new("account", 2),
    Column::new("from", 3),
];

fn list(context: &Context) -> Result<()> {
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for provider in Provider::list(&context.providers_dir()) {
        match provider {
            Ok(provider) => {
                documents.push(json!({
                    "name": provider.name, "summary": provider.summary,
                    "run_as": provider.run_as.id(), "account": provider.account.id(),
                    "from": place(&provider), "digest": provider.digest,
                }));
                rows.push(vec![
                    provider.name.as_str().into(),
                    provider.summary.as_str().into(),
                    provider.run_as.id().into(),
                    provider.account.id().into(),
                    place(&provider).into(),
                ]);
            }
            Err(e) => {
                documents.push(json!({ "problem": e.to_string() }));
                rows.push(vec![
                    "".into(),
                    Cell::toned(Tone::Bad, e.to_string()),
                    "".into(),
                    "".into(),
                    "".into(),
                ]);
            }
        }
    }
    context.output.result(&table(&COLUMNS, rows), json!({ "providers": documents }));
    Ok(())
}

fn show(context: &Context, name: &str) -> Result<()> {
    let provider = context.provider(name)?;
    let mut lines = vec![
        ("provider", provider.name.clone()),
        ("makes", provider.summary.clone()),
        ("runs as", provider.run_as.id().to_owned()),
        ("account", provider.account.id().to_owned()),
        ("from", place(&provider)),
        ("digest", provider.digest.clone()),
    ];
    let mut verbs = Vec::new();
    // What may say nothing is not there.
    for verb in Verb::ALL.iter().copied().filter(|verb| !provider.outputs(*verb).is_empty()) {
        let inputs: Vec<&str> = provider.inputs(verb).collect();
        let outputs: Vec<&str> = provider.outputs(verb).keys().map(String::as_str).collect();
        lines.push((verb.function(), format!("is told {}", inputs.join(", "))));
        lines.push(("", format!("may say {}", outputs.join(", "))));
        verbs.push(json!({ "name": verb.name(), "inputs": inputs, "outputs": outputs }));
    }
    let text = fields(&lines);
    let document = json!({
        "name": provider.name, "summary": provider.summary, "run_as": provider.run_as.id(),
        "account": provider.account.id(), "from": place(&provider), "digest": provider.digest,
        "verbs": verbs,
    });
    context.output.result(&text, document);
    Ok(())
}

/// Runs the whole cycle. It is recorded like any grant, so that what a killed test leaves on the
/// server is closed by the next sweep.
async fn test(context: &Context, name: &str, target: &str) -> Result<()> {
    let provider = context.provider(name)?;
    let target = context.target(target)?;
    if target.environment == Environment::Live {
        return Err(Error::new(Kind::Policy, format!("`{}` is declared live", target.name))
            .hint("test a provider on a staging target"));
    }
    let ledger = context.ledger().await?;
    let progress = context.output.progress("connecting");
    let mut session = Session::open(context, &target).await?;
    let mut cycle = Cycle::prepare(context, &provider, &mut session).await?;
    cycle.grant.case = own_case(context, &ledger, TEST_CASE, "stagepass").await?;
    let lease = Lease::mine(context.now(), claim::lease_seconds(context, &cycle.grant));
    let opening = event(context, &cycle.grant, "grant.opening", json!({ "test": name }));
    cycle.grant = ledger.begin(&cycle.grant, &lease, &opening).await?;
    let steps = cycle.run(&mut session, &progress).await;
    // Whatever happened, nothing of the test stays.
    let mut over = cycle.grant.clone();
    claim::release(&mut over);
    if let Some(layer) = over.layers.first_mut() {
        LayerState::change(layer, |state| state.open_not_after = ServerTime::default());
    }
    let tested = json!({ "steps": steps.as_ref().ok(), "failed": steps.as_ref().err() });
    ledger.record(&over, &event(context, &over, "provider.tested", tested)).await?;
    let left = closing::close(context, &ledger, &mut session, &over.id, "the test is over").await?;
    session.close().await;
    drop(progress);
    let not_closed = match &left {
        Ended::Closed(_) => None,
        Ended::Failed { why, .. } => Some(why.clone()),
        Ended::Busy => Some("another process is working on it".to_owned()),
    };
    let steps = steps.map_err(|(step, why)| {
        let error = Error::new(Kind::Refused, format!("`{name}` failed the test at: {step}"))
            .because_text(why);
        match &not_closed {
            None => error.hint("what the test made was taken back"),
            Some(_) => error.hint(finished_by_sweep(&over)),
        }
    })?;
    if let Some(why) = not_closed {
        return Err(Error::new(Kind::Unknown, "what the test made is not proved to be gone")
            .because_text(why)
            .hint(finished_by_sweep(&over)));
    }
    let text: String =
        steps.iter().map(|step| format!("{} {step}\n", paint(Tone::Good, "ok"))).collect();
    context
        .output
        .result(&text, json!({ "provider": name, "target": target.name, "steps": steps }));
    Ok(())
}

fn finished_by_sweep(grant: &Grant) -> String {
    format!("grant {} is in the ledger; `stagepass sweep` closes it", grant.id)
}

/// The case that test runs belong to.
const TEST_CASE: &str = "provider-test";

struct Cycle<'a> {
    context: &'a Context,
    provider: &'a Provider,
    grant: Grant,
    check: CheckKey,
    /// The password of what stands beside an account.
    password: Option<MadePassword>,
    not_after: ServerTime,
}

type Failed = (&'static str, String);

impl<'a> Cycle<'a> {
    async fn prepare(
        context: &'a Context,
        provider: &'a Provider,
        session: &mut Session<'_>,
    ) -> Result<Cycle<'a>> {
        let made = |e: secret::RandomFailed| {
            Error::new(Kind::Internal, "no test grant can be made").because(e)
        };
        let id = secret::random_id(10).map_err(made)?;
        let account = match provider.account {
            AccountKind::Own | AccountKind::None => {
                format!("sp-test-{}", id.get(..5).unwrap_or("x"))
            }
            AccountKind::Shared => {
                Route::of(session.target, &context.surroundings)
                    .map_err(|e| session::unreachable(session.target, e))?
                    .user
            }
        };
        let inputs = inputs::of_detect(session.target, &account, &id, Access::Sftp, None);
        let now = context.now();
        let why = match session.call(provider, Verb::Detect, &inputs).await? {
            Answer::Done(reply) => server::unusable(&reply, now).map_or(Ok(reply), Err),
            Answer::Refused { reason, .. } => Err(reason),
            Answer::Unknown { why } => Err(why),
        };
        let reply = why.map_err(|why| {
            let name = &session.target.name;
            Error::new(Kind::Refused, format!("`{}` cannot be used on {name}", provider.name))
                .because_text(why)
        })?;
        let server = Server::read(session.server_id(), &reply, now..=context.now());
        let route = Route::of(session.target, &context.surroundings)
            .map_err(|e| session::unreachable(session.target, e))?;
        let mut broken = standing_against(context, session.target, &route, provider, &server)?;
        // A test of an account, too, gives rights in that folder for a moment.
        let gives_rights = provider.account != AccountKind::None;
        broken.retain(|one| gives_rights && one.rule.id().starts_with("path."));
        if !broken.is_empty() {
            return Err(refusal(&broken));
        }
        let check = CheckKey::generate(server.key_kind(None)).map_err(made)?;
        let password = provider.has_password.then(|| MadePassword::new(reply.text("scheme")));
        let password = password.transpose().map_err(made)?;
        let ends = now + TEST_SECONDS;
        let not_after = server.clock_ahead.theirs(ends);
        let state = LayerState {
            open_not_after: not_after,
            ..server.layer_state(session.target, provider)
        };
        let layer = Layer {
            provider: provider.name.clone(),
            digest: provider.digest.clone(),
            account,
            public_key: (provider.account != AccountKind::None).then(|| check.text.clone()),
            key_fingerprint: None,
            has_password: password.is_some(),
            inputs: state.text(),
            outputs: "{}".into(),
            ..Layer::default()
        };
        let grant = NewGrant {
            case: TEST_CASE.into(),
            target: session.target.name.clone(),
            supporter: Supporter {
                name: format!("provider test {id}"),
                company: "stagepass".into(),
            },
            access: Access::Sftp,
            created_at: now,
            deadline: ends,
            deadline_maximum: ends,
            terms: "{}".into(),
            layers: vec![layer],
            id,
        }
        .grant();
        Ok(Cycle { context, provider, grant, check, password, not_after })
    }

    async fn run(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
    ) -> std::result::Result<Vec<&'static str>, Failed> {
        let mut steps = vec!["detect"];
        let mut opened = Reply::default();
        for (verb, step, present) in [
            (Verb::Check, "check says absent", Some(false)),
            (Verb::Open, "open", None),
            (Verb::Check, "check says present", Some(true)),
        ] {
            progress.step(step);
            let reply = self.call(session, verb, step).await?;
            if present.is_some_and(|present| reply.is("present") != present) {
                return Err((step, "check says otherwise".into()));
            }
            if verb == Verb::Open {
                opened = reply;
            }
            steps.push(step);
        }
        steps.extend(self.used(session, &opened, progress, true).await?);
        for step in ["close", "close again"] {
            progress.step(step);
            if !self.call(session, Verb::Close, step).await?.is("absent") {
                return Err((step, "what was re-read says that access still exists".into()));
            }
            steps.push(step);
        }
        steps.extend(self.used(session, &opened, progress, false).await?);
        if self.call(session, Verb::Check, "check says absent").await?.is("present") {
            return Err(("check says absent", "check says present".into()));
        }
        steps.push("check says absent");
        self.collected(session).await?;
        Ok(steps)
    }

    async fn call(
        &self,
        session: &mut Session<'_>,
        verb: Verb,
        step: &'static str,
    ) -> std::result::Result<Reply, Failed> {
        let Some(layer) = self.grant.login() else {
            return Err((step, "there is no layer".into()));
        };
        let moment = CallInputs {
            deadline: self.grant.deadline,
            // No request of a test is still on its way when it closes.
            not_after: if verb == Verb::Close { ServerTime::default() } else { self.not_after },
            password_hash: match verb {
                Verb::Open => self.password.as_ref().map(|made| &made.hash),
                _ => None,
            },
            ..CallInputs::default()
        };
        let inputs = inputs::of_layer(&self.grant, layer, &moment);
        match session.call(self.provider, verb, &inputs).await {
            Ok(Answer::Done(reply)) => Ok(reply),
            Ok(Answer::Refused { reason, .. }) => Err((step, reason)),
            Ok(Answer::Unknown { why }) => Err((step, why)),
            Err(e) => Err((step, e.to_string())),
        }
    }

    /// Nobody records the end of a test, so the server need not remember it.
    async fn collected(&self, session: &mut Session<'_>) -> std::result::Result<(), Failed> {
        let step = "forgetting the result";
        if self.provider.keeps_results() {
            self.call(session, Verb::Collected, step).await?;
        }
        Ok(())
    }

    /// Uses what was made as a supporter would: a login, or a request to the web server; nothing where there is
    /// neither.
    async fn used(
        &self,
        session: &Session<'_>,
        opened: &Reply,
        progress: &crate::output::Progress,
        works: bool,
    ) -> std::result::Result<Option<&'static str>, Failed> {
        if self.provider.account != AccountKind::None {
            let step = if works { "a real login" } else { "a refused login" };
            progress.step(step);
            self.login(session, works).await?;
            return Ok(Some(step));
        }
        let (Some(proof), Some(made)) = (self.provider.proof, &self.password) else {
            return Ok(None);
        };
        let step = if works { "a real request" } else { "a refused request" };
        progress.step(step);
        let user = self.grant.login().map_or("", |layer| &layer.account);
        match (works, web::try_out(session, proof, opened, user, &made.password, None).await) {
            (true, WebTrial::Proved(_)) | (false, WebTrial::Failed(_)) => Ok(Some(step)),
            (_, seen) => Err((step, seen.told().1.text.clone())),
        }
    }

    async fn login(&self, session: &Session<'_>, works: bool) -> std::result::Result<(), Failed> {
        let step = if works { "a real login" } else { "a refused login" };
        let Some(key) = public_key::parse_stored(&self.check.text) else {
            return Err((step, "the test key cannot be read".into()));
        };
        let attempts = if works {
            vec![Attempt::Key(&self.check.private)]
        } else {
            vec![Attempt::OfferWithAnyHash(&key)]
        };
        let tried = transport::try_login(
            session.target,
            self.grant.login().map_or("", |layer| &layer.account),
            &attempts,
            Access::Sftp,
            self.context,
            &self.context.surroundings,
            self.context.step_deadline(),
        )
        .await;
        match (works, tried.map(|answers| answers.into_iter().next())) {
            (true, Ok(Some(transport::Answer::LoggedIn(_))))
            | (false, Ok(Some(transport::Answer::Refused { .. }))) => Ok(()),
            (_, Ok(answer)) => Err((step, format!("the server answered otherwise: {answer:?}"))),
            (_, Err(e)) => Err((step, e.to_string())),
        }
    }
}
