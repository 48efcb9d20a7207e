//! `provider test`: whether a provider keeps its contract, on a real server.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::command::case::own_case;
use crate::command::grant::sign;
use crate::command::refusal;
use crate::command::target::standing_against;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::grant::{Access, Grant, Layer, NewGrant, Supporter};
use crate::ledger::Lease;
use crate::lifecycle::claim::{self, event};
use crate::lifecycle::closing::{self, Ended};
use crate::lifecycle::evidence;
use crate::lifecycle::web::{self, WebTrial};
use crate::mark::{self, survey::Mark};
use crate::message::{self, Arg, Note};
use crate::output::{Tone, paint};
use crate::policy::ShopSeen;
use crate::public_key::{self, CheckKey};
use crate::remote::clock::ServerTime;
use crate::remote::inputs::{self, CallInputs};
use crate::remote::layer::LayerState;
use crate::remote::provider::{AccountKind, Origin, Part, Provider, RunAs, Verb};
use crate::remote::script::{Answer, Input, OutputType, Outputs, Reply, clean, frame_sh};
use crate::remote::server::{self, Server};
use crate::remote::session::{self, Session};
use crate::secret::{self, MadePassword};
use crate::target::Environment;
use crate::transport::{self, Attempt, Route};

/// Seconds after which the server itself ends what a test run made and could not take back.
const TEST_SECONDS: i64 = 300;

/// In how many seconds it ends where the server is to end it.
const LAST_SECONDS: i64 = 5;

/// Seconds after the deadline by which a server has ended it: cron comes once a minute.
const FAILSAFE_SECONDS: i64 = 100;

/// For how many seconds a close remembers that an open may still be on its way: the test waits until they are over.
const NOTE_SECONDS: i64 = 2;

/// Runs the whole cycle. It is recorded like any grant, so that what a killed test leaves on the
/// server is closed by the next sweep.
pub(super) async fn run(
    context: &Context,
    name: &str,
    target: &str,
    to_the_end: bool,
) -> Result<()> {
    let provider = context.provider(name)?;
    let target = context.find_target(target).await?;
    if target.environment == Environment::Live {
        return Err(Error::of(Kind::Policy, "test-live", &[("target", (&target.name).into())])
            .hint_of("test-live.way-out", &[]));
    }
    let ledger = context.ledger().await?;
    let progress = context.output.progress(&message::text("progress-connecting", &[]));
    let mut session = Session::open(context, &target).await?;
    progress.step(&message::text("progress-reading-script", &[]));
    understood(&provider, &mut session, context).await?;
    let mut cycle = Cycle::prepare(context, &provider, &mut session).await?;
    cycle.grant.case = own_case(context, &ledger, TEST_CASE, "stagepass").await?;
    let lease = Lease::mine(context.now(), claim::lease_seconds(context, &cycle.grant));
    let opening = event(context, &cycle.grant, "grant.opening", json!({ "test": name }));
    cycle.grant = ledger.begin(&cycle.grant, &lease, &opening).await?;
    let steps = cycle.run(&mut session, &progress, to_the_end).await;
    // Whatever happened, nothing of the test stays.
    let mut over = cycle.grant.clone();
    claim::release(&mut over);
    if let Some(layer) = over.layers.first_mut() {
        LayerState::change(layer, |state| state.open_not_after = ServerTime::default());
    }
    let tested = json!({ "steps": steps.as_ref().ok(), "failed": steps.as_ref().err() });
    ledger.record(&over, &event(context, &over, "provider.tested", tested)).await?;
    let left = closing::close(
        context,
        &ledger,
        &mut session,
        &over.id,
        &message::text("reason-test-over", &[]),
    )
    .await?;
    session.close().await;
    drop(progress);
    let not_closed = match &left {
        Ended::Closed(_) => None,
        Ended::Failed { why, .. } => Some(why.clone()),
        Ended::Busy => Some(message::text("opening-busy", &[])),
    };
    let steps = steps.map_err(|(step, why)| {
        let error = Error::of(
            Kind::Refused,
            "test-failed",
            &[("name", name.into()), ("step", step.into())],
        )
        .because_text(why);
        match &not_closed {
            None => error.hint_of("test-failed.taken-back", &[]),
            Some(_) => error.hint(finished_by_sweep(&over)),
        }
    })?;
    if let Some(why) = not_closed {
        return Err(Error::of(Kind::Unknown, "test-not-gone", &[])
            .because_text(why)
            .hint(finished_by_sweep(&over)));
    }
    let text: String = steps
        .iter()
        .map(|step| {
            format!("{} {step}\n", paint(Tone::Good, &message::text("doctor-mark.good", &[])))
        })
        .collect();
    context
        .output
        .result(&text, json!({ "provider": name, "target": target.name, "steps": steps }));
    Ok(())
}

/// What is wrong with a script of the merchant's own before any of it runs: a verb that is nowhere in it, or a file that
/// the shell which would run it cannot read, with the line.
async fn understood(
    provider: &Provider,
    session: &mut Session<'_>,
    context: &Context,
) -> Result<()> {
    let Origin::Folder(folder) = &provider.origin else { return Ok(()) };
    let wrong = |why: String| {
        Error::of(Kind::Usage, "test-script-unusable", &[("provider", (&provider.name).into())])
            .because_text(why)
            .hint_of("test-script-unusable.way-out", &[])
    };
    for Part { path, text } in &provider.parts {
        let is_php = path.extension().is_some_and(|extension| extension == "php");
        let read = if is_php { "sp_read_php" } else { "sp_read" };
        if let Some(why) = unreadable(session, context, provider.run_as, (read, text)).await? {
            return Err(wrong(format!("`{}`: {why}", path.display())));
        }
    }
    match provider.missing_verb() {
        None => Ok(()),
        Some(verb) => Err(wrong(message::text(
            "test-no-function",
            &[("folder", folder.display().into()), ("function", Arg::of(verb.function()))],
        ))),
    }
}

/// What the server's shell, or its PHP, says of a text that it only reads: `line 12: …`, where it cannot.
async fn unreadable(
    session: &mut Session<'_>,
    context: &Context,
    run_as: RunAs,
    (read, text): (&str, &str),
) -> Result<Option<String>> {
    let outputs = Outputs::from([("complaint".to_owned(), OutputType::Text)]);
    let inputs = vec![("sp_text", Input::Text(text.to_owned()))];
    let framed = frame_sh("", include_str!("read.sh"), read, &inputs)
        .map_err(|e| Error::of(Kind::Internal, "script-not-made", &[]).because(e))?;
    let why = match session.run_as(run_as, framed, &outputs, context.step_limit).await {
        Answer::Done(reply) => {
            let complaint = reply.text("complaint");
            return Ok((!complaint.is_empty()).then(|| by_line(complaint)));
        }
        Answer::Refused { reason, .. } => reason,
        Answer::Unknown { why } => why,
    };
    Err(Error::of(Kind::Refused, "test-unread", &[]).because_text(why).hint_of("nothing-made", &[]))
}

/// A complaint with the line in front: dash says `/bin/sh: 12: …`, bash `/bin/sh: line 12: …`, and PHP `Parse error: … in
/// Standard input code on line 12`.
fn by_line(complaint: &str) -> String {
    if let Some((what, line)) = complaint.rsplit_once(" on line ") {
        let what = what.trim_end_matches(" in Standard input code");
        let what = what.split_once("error:").map_or(what, |(_, what)| what.trim_start());
        return format!("line {}: {what}", line.trim());
    }
    let rest = complaint.strip_prefix("/bin/sh: ").unwrap_or(complaint);
    let rest = rest.strip_prefix("line ").unwrap_or(rest);
    match rest.split_once(": ") {
        Some((line, what)) if line.bytes().all(|c| c.is_ascii_digit()) => {
            message::text("test-at-line", &[("line", Arg::of(line)), ("what", Arg::of(what))])
        }
        _ => rest.to_owned(),
    }
}

fn finished_by_sweep(grant: &Grant) -> Note {
    Note::of("test-sweep", &[("grant", (&grant.id).into())])
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
    /// By which its marks are known for ours.
    tag: String,
}

/// The step, and what was seen in place of it.
type Failed = (&'static str, String);

/// Why an answer is not the one that a step wants.
fn otherwise(answer: Result<Answer>) -> String {
    match answer {
        Ok(Answer::Done(_)) => message::text("test-why.done", &[]),
        Ok(Answer::Refused { reason, .. }) => reason,
        Ok(Answer::Unknown { why }) => why,
        Err(e) => e.one_line(),
    }
}

impl<'a> Cycle<'a> {
    async fn prepare(
        context: &'a Context,
        provider: &'a Provider,
        session: &mut Session<'_>,
    ) -> Result<Cycle<'a>> {
        let made =
            |e: secret::RandomFailed| Error::of(Kind::Internal, "test-no-grant", &[]).because(e);
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
            Error::of(
                Kind::Refused,
                "provider-unusable-on",
                &[("provider", (&provider.name).into()), ("target", name.into())],
            )
            .because_text(why)
        })?;
        let server = Server::read(session.server_id(), &reply, now..=context.now());
        let route = Route::of(session.target, &context.surroundings)
            .map_err(|e| session::unreachable(session.target, e))?;
        let mut broken = standing_against(
            context,
            session.target,
            &route,
            provider,
            &server,
            &ShopSeen::default(),
        )?;
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
            seen: provider.seen(&reply),
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
        let mut grant = NewGrant {
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
        sign(&mark::Key::load_or_make(context)?, &mut grant, session.target);
        let tag = grant.login().map(|layer| LayerState::of(layer).tag).unwrap_or_default();
        Ok(Cycle { context, provider, grant, check, password, not_after, tag })
    }

    /// Every step of it, in their order. What goes wrong is the end.
    async fn run(
        &mut self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        to_the_end: bool,
    ) -> std::result::Result<Vec<&'static str>, Failed> {
        let mut steps = vec!["detect"];
        steps.push(self.is(session, progress, false).await?);
        steps.extend(self.marked(session, progress, false).await?);
        steps.push(self.closed(session, progress, "close before any open").await?);
        let late = "an open that comes too late is refused";
        steps.push(self.turned_away(session, progress, ServerTime::said(1), late).await?);
        let opened = self.opened(session, progress, "open").await?;
        steps.push("open");
        steps.push(self.is(session, progress, true).await?);
        steps.extend(self.marked(session, progress, true).await?);
        self.opened(session, progress, "open again").await?;
        steps.push("open again");
        steps.push(self.updated(session, progress).await?);
        steps.push(self.is(session, progress, true).await?);
        steps.extend(self.used(session, &opened, progress, true).await?);
        if to_the_end {
            steps.push(self.ended_by_server(session, progress, &opened).await?);
        }
        steps.push(self.closed(session, progress, "close").await?);
        let began = Instant::now();
        steps.push(self.closed(session, progress, "close again").await?);
        let close_takes = began.elapsed();
        steps.extend(self.used(session, &opened, progress, false).await?);
        steps.push(self.is(session, progress, false).await?);
        steps.extend(self.marked(session, progress, false).await?);
        self.collected(session).await?;
        steps.push(self.open_after_its_close(session, progress, close_takes).await?);
        Ok(steps)
    }

    /// What `check` says of it is so.
    async fn is(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        present: bool,
    ) -> std::result::Result<&'static str, Failed> {
        let step = if present { "check says present" } else { "check says absent" };
        progress.step(step);
        let reply = self.call(session, Verb::Check, step).await?;
        if reply.is("present") != present {
            return Err((step, message::text("test-why.otherwise", &[])));
        }
        Ok(step)
    }

    /// It is opened, and what was said is kept, as a grant keeps it: later verbs are told of it.
    async fn opened(
        &mut self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        step: &'static str,
    ) -> std::result::Result<Reply, Failed> {
        progress.step(step);
        let reply = self.call(session, Verb::Open, step).await?;
        if let Some(layer) = self.grant.layers.first_mut() {
            layer.outputs = evidence::read_back(&reply).to_string();
        }
        Ok(reply)
    }

    /// An earlier end, so that nothing lasts longer than the ledger says.
    async fn updated(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
    ) -> std::result::Result<&'static str, Failed> {
        let step = "update to an earlier deadline";
        progress.step(step);
        let deadline = self.grant.deadline - TEST_SECONDS / 5;
        let moment = CallInputs { deadline, not_after: self.not_after, ..CallInputs::default() };
        match self.ask(session, Verb::Update, &moment).await {
            Ok(Answer::Done(_)) => Ok(step),
            answer => Err((step, otherwise(answer))),
        }
    }

    /// Its deadline comes, and nobody but the server does anything about it.
    async fn ended_by_server(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        opened: &Reply,
    ) -> std::result::Result<&'static str, Failed> {
        let step = "the server ends it by itself";
        progress.step(step);
        if matches!(opened.text("failsafe"), "" | "none") {
            let why = opened.text("failsafe_reason");
            return Err((step, message::text("test-why.no-failsafe", &[("why", Arg::of(why))])));
        }
        let deadline = self.context.now() + LAST_SECONDS;
        let moment = CallInputs { deadline, not_after: self.not_after, ..CallInputs::default() };
        match self.ask(session, Verb::Update, &moment).await {
            Ok(Answer::Done(_)) => {}
            answer => return Err((step, otherwise(answer))),
        }
        loop {
            sleep(Duration::from_secs(1)).await;
            let now = self.context.now();
            let reply = self.call(session, Verb::Check, step).await?;
            // Both clocks are known to a second.
            let early = now + 1 < deadline;
            match (reply.is("present"), early, now > deadline + FAILSAFE_SECONDS) {
                (false, false, _) => return Ok(step),
                (false, true, _) => return Err((step, message::text("test-why.early", &[]))),
                (true, _, true) => {
                    let after = now - deadline;
                    return Err((
                        step,
                        message::text("test-why.late", &[("after", Arg::of(after))]),
                    ));
                }
                (true, _, false) => {}
            }
        }
    }

    /// It is closed, and re-read as gone.
    async fn closed(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        step: &'static str,
    ) -> std::result::Result<&'static str, Failed> {
        progress.step(step);
        if !self.call(session, Verb::Close, step).await?.is("absent") {
            return Err((step, message::text("test-why.still-there", &[])));
        }
        Ok(step)
    }

    /// A request to open it that may not start any more is refused, and nothing came of it.
    async fn turned_away(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        not_after: ServerTime,
        step: &'static str,
    ) -> std::result::Result<&'static str, Failed> {
        progress.step(step);
        let moment = CallInputs { not_after, ..self.moment(Verb::Open) };
        match self.ask(session, Verb::Open, &moment).await {
            Ok(Answer::Refused { .. }) => {}
            Ok(Answer::Done(_)) => return Err((step, message::text("test-why.opened", &[]))),
            answer => return Err((step, otherwise(answer))),
        }
        if self.call(session, Verb::Check, step).await?.is("present") {
            return Err((step, message::text("test-why.present", &[])));
        }
        Ok(step)
    }

    /// An `open` that was on its way when its grant was closed makes nothing when it arrives. The server keeps a note
    /// of that close until such a request could not start any more, which is to be after the close; the next one finds it
    /// to be over.
    async fn open_after_its_close(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        close_takes: Duration,
    ) -> std::result::Result<&'static str, Failed> {
        let step = "an open after its close is refused";
        let ahead = self.grant.login().map(|layer| LayerState::of(layer).clock_ahead);
        let close_seconds = i64::try_from(close_takes.as_secs()).unwrap_or_default();
        let until = self.context.now() + NOTE_SECONDS + 2 * close_seconds;
        let not_after = ahead.unwrap_or_default().theirs(until);
        let moment = CallInputs { not_after, ..self.moment(Verb::Close) };
        match self.ask(session, Verb::Close, &moment).await {
            Ok(Answer::Done(reply)) if reply.is("absent") => {}
            Ok(Answer::Done(_)) => return Err((step, message::text("test-why.not-absent", &[]))),
            answer => return Err((step, otherwise(answer))),
        }
        let refused = self.turned_away(session, progress, self.not_after, step).await;
        let rest = u64::try_from(until + 1 - self.context.now()).unwrap_or_default();
        sleep(Duration::from_secs(rest)).await;
        refused
    }

    /// What a call tells its verb.
    fn moment(&self, verb: Verb) -> CallInputs<'_> {
        CallInputs {
            deadline: self.grant.deadline,
            // No request of a test is still on its way when it closes.
            not_after: if verb == Verb::Close { ServerTime::default() } else { self.not_after },
            password_hash: match verb {
                Verb::Open => self.password.as_ref().map(|made| &made.hash),
                _ => None,
            },
            ..CallInputs::default()
        }
    }

    async fn ask(
        &self,
        session: &mut Session<'_>,
        verb: Verb,
        moment: &CallInputs<'_>,
    ) -> Result<Answer> {
        let layer = self.grant.login();
        let layer = layer.ok_or_else(|| Error::of(Kind::Internal, "test-no-layer", &[]))?;
        session.call(self.provider, verb, &inputs::of_layer(&self.grant, layer, moment)).await
    }

    async fn call(
        &self,
        session: &mut Session<'_>,
        verb: Verb,
        step: &'static str,
    ) -> std::result::Result<Reply, Failed> {
        match self.ask(session, verb, &self.moment(verb)).await {
            Ok(Answer::Done(reply)) => Ok(reply),
            answer => Err((step, otherwise(answer))),
        }
    }

    /// Its marks are listed, with the tag that proves them to be ours; or nothing of it is but what goes by itself.
    async fn marked(
        &self,
        session: &mut Session<'_>,
        progress: &crate::output::Progress,
        listed: bool,
    ) -> std::result::Result<Option<&'static str>, Failed> {
        if !self.provider.lists_marks() {
            return Ok(None);
        }
        let step = if listed { "marks list it" } else { "marks do not list it" };
        progress.step(step);
        let account = self.grant.login().map_or("", |layer| &layer.account);
        // Whoever looks for marks knows of no grant.
        let inputs = inputs::of_detect(session.target, account, "0", Access::Sftp, None);
        let reply = match session.call(self.provider, Verb::Marks, &inputs).await {
            Ok(Answer::Done(reply)) => reply,
            answer => return Err((step, otherwise(answer))),
        };
        let mut own = Vec::new();
        for line in reply.lines("mark").filter(|line| line.contains(&self.grant.id)) {
            match Mark::parse(line, &self.provider.name) {
                Some(mark) => own.push(mark),
                None => {
                    let line = clean(line);
                    return Err((
                        step,
                        message::text("test-why.mark", &[("line", Arg::of(&line))]),
                    ));
                }
            }
        }
        own.retain(|mark| mark.grant == self.grant.id);
        let is_proved = |mark: &&Mark| mark.tag.as_ref() == Some(&self.tag);
        let why = match (listed, own.iter().find(|mark| mark.thing.lets_in())) {
            (true, None) => message::text("test-why.unlisted", &[]),
            (true, Some(_)) if !own.iter().any(|mark| is_proved(&mark) && mark.thing.lets_in()) => {
                message::text("test-why.untagged", &[])
            }
            (true, Some(_)) => return Ok(Some(step)),
            (false, _) => match own.iter().find(|mark| !mark.thing.is_note()) {
                None => return Ok(Some(step)),
                Some(mark) => message::text(
                    "test-why.listed",
                    &[("artifact", Arg::of(mark.thing.words())), ("detail", (&mark.detail).into())],
                ),
            },
        };
        Err((step, why))
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
            return Err((step, message::text("test-why.key", &[])));
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
            (_, Ok(answer)) => Err((
                step,
                message::text(
                    "test-why.answer",
                    &[("answer", Arg::of(format_args!("{answer:?}")))],
                ),
            )),
            (_, Err(e)) => Err((step, e.to_string())),
        }
    }
}
