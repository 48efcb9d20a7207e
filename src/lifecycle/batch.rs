//! Closing many grants: one connection a target, several grants by one script where their provider can, and a
//! tally of how it ended whose size has an end.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::grant::{Grant, Layer, State};
use crate::ledger::{LONGEST_WAIT, Ledger};
use crate::lifecycle::checking;
use crate::lifecycle::claim::{claim, is_draining, latest_end, provider_of};
use crate::lifecycle::closing::{
    Closed, Closing, Ended, Said, close, close_inputs, closer, collected, not_reached,
};
use crate::message;
use crate::output::Progress;
use crate::remote::layer::LayerState;
use crate::remote::provider::Verb;
use crate::remote::script::{Answer, Inputs};
use crate::remote::session::Session;
use crate::target::Target;

/// How many times a lost connection to one target is opened again in one run.
const MOST_CONNECTIONS: u32 = 3;

/// The most grants that are closed by one script.
const MOST_TOGETHER: usize = 25;

/// After so many failures in a row a grant is closed alone.
const TRIES_TOGETHER: i64 = 3;

/// The most grants of one command that are told one by one, of each kind; of the others only the
/// number is kept in memory, and the ledger has them.
const MAX_LISTED: usize = 1000;

/// Work that is still running when the deadline has come, of grants that let it go on for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// It ends now: somebody said so.
    Ends,
    /// It may go on as long as was granted.
    MayGoOn,
}

/// How closing many grants ended.
#[derive(Debug, Default)]
pub struct Tally {
    /// Proved closed, with what the merchant should know.
    pub closed: Vec<Closed>,
    /// Not proved closed, why, and whether the server said no.
    pub failed: Vec<(Grant, String, bool)>,
    /// Grants that another process is working on.
    pub busy: Vec<String>,
    /// Grants whose running work may go on for a while.
    pub waiting: Vec<Grant>,
    /// Grants whose end could not be recorded, and why.
    pub unrecorded: Vec<(String, String)>,
    /// Grants whose row is not as it was recorded: nothing was done on its word.
    pub altered: Vec<Grant>,
    /// Grants on targets that this computer does not know: they were left as they are, for the computer
    /// that does.
    pub elsewhere: Vec<Grant>,
    /// The others.
    pub omitted: Omitted,
}

/// How many grants are not told one by one, because there are very many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omitted {
    /// Proved closed.
    pub closed: usize,
    /// Of those, the ones in which something was found.
    pub found: usize,
    /// Not proved closed: the server said no.
    pub refused: usize,
    /// Not proved closed: nobody saw how it ended.
    pub unseen: usize,
    /// Of both, the ones that are stuck.
    pub stuck: usize,
    /// Running work may go on for a while.
    pub waiting: usize,
    /// The end could not be recorded.
    pub unrecorded: usize,
}

impl Tally {
    fn add(&mut self, id: &str, ended: Ended) {
        match ended {
            Ended::Closed(closed) => self.closed.push(*closed),
            Ended::Failed { grant, why, refused } => self.failed.push((*grant, why, refused)),
            Ended::Busy => self.busy.push(id.to_owned()),
        }
    }

    /// Adds another tally to this one. However many there are, the memory they take has an end.
    pub fn append(&mut self, mut other: Self) {
        self.closed.append(&mut other.closed);
        self.failed.append(&mut other.failed);
        self.busy.append(&mut other.busy);
        self.waiting.append(&mut other.waiting);
        self.unrecorded.append(&mut other.unrecorded);
        self.altered.append(&mut other.altered);
        self.elsewhere.append(&mut other.elsewhere);
        if self.closed.len() > MAX_LISTED {
            // What somebody has to look at is told first.
            self.closed.sort_by_key(|closed| closed.grant.findings == 0);
        }
        let cut = |length: usize| length.min(MAX_LISTED);
        let omitted = &mut self.omitted;
        for closed in self.closed.drain(cut(self.closed.len())..) {
            omitted.closed += 1;
            omitted.found += usize::from(closed.grant.findings > 0);
        }
        for (grant, _, refused) in self.failed.drain(cut(self.failed.len())..) {
            omitted.refused += usize::from(refused);
            omitted.unseen += usize::from(!refused);
            omitted.stuck += usize::from(grant.state == State::Stuck);
        }
        omitted.waiting += self.waiting.drain(cut(self.waiting.len())..).len();
        omitted.unrecorded += self.unrecorded.drain(cut(self.unrecorded.len())..).len();
        omitted.append(other.omitted);
    }

    /// How many were proved closed.
    #[must_use]
    pub fn closed_count(&self) -> usize {
        self.closed.len() + self.omitted.closed
    }

    /// How many were not proved closed.
    #[must_use]
    pub fn failed_count(&self) -> usize {
        self.failed.len() + self.omitted.refused + self.omitted.unseen
    }
}

impl Omitted {
    fn append(&mut self, other: Self) {
        self.closed += other.closed;
        self.found += other.found;
        self.refused += other.refused;
        self.unseen += other.unseen;
        self.stuck += other.stuck;
        self.waiting += other.waiting;
        self.unrecorded += other.unrecorded;
    }
}

/// Closes grants on many targets: one connection a target however many grants it has, and at most
/// `parallel` targets at a time, so that neither this machine nor the ledger is flooded.
///
/// # Errors
/// Fails only when the ledger does.
pub async fn close_many(
    context: &Context,
    ledger: &Ledger,
    grants: &[Grant],
    why: &str,
    running: Running,
    parallel: usize,
    progress: &Progress,
) -> Result<Tally> {
    let mut by_target: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        by_target.entry(&grant.target).or_default().push(grant);
    }
    let targets = context.targets()?;
    let targets = &targets;
    futures_util::stream::iter(by_target)
        .map(|(name, grants)| async move {
            let round = Round { context, ledger, why, running, progress };
            close_on(&round, targets.find(name), &grants).await
        })
        .buffer_unordered(parallel)
        .try_fold(Tally::default(), async |mut sum, tally| {
            sum.append(tally);
            Ok(sum)
        })
        .await
}

/// What is the same for all targets of one [`close_many`].
struct Round<'a> {
    context: &'a Context,
    ledger: &'a Ledger,
    why: &'a str,
    running: Running,
    progress: &'a Progress,
}

/// Closes the grants on one target, over one connection. A connection that is lost on the way is
/// opened once more.
async fn close_on(round: &Round<'_>, target: Option<&Target>, grants: &[&Grant]) -> Result<Tally> {
    let context = round.context;
    let mut tally = Tally::default();
    let Some(target) = target else {
        // Somebody else's computer may know it: nothing is begun that this one cannot end.
        for grant in grants {
            let list = if grant.altered { &mut tally.altered } else { &mut tally.elsewhere };
            list.push((*grant).clone());
            round.progress.advance();
        }
        return Ok(tally);
    };
    let layers = grants.iter().flat_map(|grant| &grant.layers);
    for name in layers.map(|layer| layer.provider.as_str()).collect::<BTreeSet<_>>() {
        // One that cannot be used says so when its turn comes.
        if let Ok(provider) = context.provider(name) {
            provider.prepare(&[Verb::Close, Verb::Collected]);
        }
    }
    let mut session = Session::open(context, target).await.map_err(|e| e.one_line());
    context.output.mark("closing, logged in");
    let mut lost = 0;
    let mut rest = grants;
    while let Some(grant) = rest.first() {
        let mut unheard = false;
        let together = match &session {
            Ok(session) => together(round, session, rest),
            Err(_) => 1,
        };
        let (now, later) = rest.split_at_checked(together).unwrap_or((rest, &[]));
        rest = later;
        if grant.altered {
            tally.altered.push((*grant).clone());
            round.progress.advance();
        } else if let (Ok(session), [_, _, ..]) = (&mut session, now) {
            unheard = close_together(round, session, now, &mut tally).await;
        } else {
            let ended;
            (ended, unheard) = close_or_wait(round, &mut session, grant).await;
            match ended {
                Ok(Some(ended)) => tally.add(&grant.id, ended),
                Ok(None) => tally.waiting.push((*grant).clone()),
                // The other grants must not wait for a ledger that fails at this one.
                Err(e) => tally.unrecorded.push((grant.id.clone(), e.one_line())),
            }
            round.progress.advance();
        }
        // Nobody knows what state the old connection is in.
        if unheard && session.is_ok() && lost < MOST_CONNECTIONS {
            lost += 1;
            session = Session::open(context, target).await.map_err(|e| e.one_line());
        }
    }
    if let Ok(session) = session {
        session.close().await;
    }
    Ok(tally)
}

/// How many of these grants, from the first on, are closed together; 1 where the first is closed as it is. They
/// have the same layers, each of a provider that can do that.
fn together(round: &Round<'_>, session: &Session<'_>, grants: &[&Grant]) -> usize {
    let Some(first) = grants.first() else { return 1 };
    let can = |layer: &Layer| {
        let provider = provider_of(round.context, session, layer);
        provider.is_ok_and(|provider| provider.closes_together())
    };
    let fits = |grant: &&&Grant| {
        // What may go on for a while is looked at first, and what was altered is not touched.
        let waits = round.running == Running::MayGoOn && is_draining(grant, round.context.now());
        // What failed that often with others may do so because of them, or they because of it.
        let fails = grant.attempts >= TRIES_TOGETHER;
        !grant.altered
            && !waits
            && !fails
            && are_alike(first, grant)
            && grant.layers.iter().all(can)
    };
    grants.iter().take(MOST_TOGETHER).take_while(fits).count().max(1)
}

/// Whether two grants have the same layers, all of which are left to be closed, in accounts that are the grants' own.
fn are_alike(one: &Grant, other: &Grant) -> bool {
    let fits = |(mine, its): (&Layer, &Layer)| {
        mine.provider == its.provider && its.state.is_live() && !LayerState::is_shared(its)
    };
    !other.layers.is_empty()
        && one.layers.len() == other.layers.len()
        && one.layers.iter().zip(&other.layers).all(fits)
}

/// Closes grants with the same layers, each kind of layer by one script. What each of them needs is committed
/// before, and what became of each is recorded on its own, as soon as its last layer was tried. Says whether an
/// answer was missed.
async fn close_together(
    round: &Round<'_>,
    session: &mut Session<'_>,
    grants: &[&Grant],
    tally: &mut Tally,
) -> bool {
    let context = round.context;
    let claimed = claim_together(round, grants, tally).await;
    let first = claimed.first().map(|closing| closing.grant.clone());
    let layers = claimed.first().map(Closing::live_layers).unwrap_or_default();
    // Another process may have closed a layer of one since it was listed.
    let like_first =
        |closing: &Closing| first.as_ref().is_some_and(|it| are_alike(it, &closing.grant));
    let (mut underway, changed): (Vec<_>, Vec<_>) = claimed.into_iter().partition(like_first);
    let mut kept = Vec::with_capacity(underway.len());
    let mut unheard = false;
    for position in &layers {
        // Nobody knows what state the old connection is in; where there is no other, each says so.
        if unheard {
            let _ = session.again().await;
        }
        unheard = false;
        let began = context.now();
        let mut answers = ask_to_close(context, session, &underway, *position).await.into_iter();
        for mut closing in std::mem::take(&mut underway) {
            let none = || Ok(Answer::Unknown { why: message::text("end-no-answer", &[]) });
            let said = Some(Said { began, answer: answers.next().unwrap_or_else(none) });
            match closing.close_layer(context, round.ledger, session, *position, said).await {
                Ok(missed) => unheard |= missed,
                // The other grants must not wait for a ledger that fails at this one.
                Err(e) => {
                    tally.unrecorded.push((closing.grant.id, e.one_line()));
                    round.progress.advance();
                    continue;
                }
            }
            if layers.last() == Some(position) {
                kept.extend(record(round, closing, tally).await);
            } else {
                underway.push(closing);
            }
        }
    }
    for mut closing in changed {
        match closing.close_layers(context, round.ledger, session).await {
            Ok(missed) => unheard |= missed,
            Err(e) => {
                tally.unrecorded.push((closing.grant.id, e.one_line()));
                round.progress.advance();
                continue;
            }
        }
        kept.extend(record(round, closing, tally).await);
    }
    unheard | forget_together(context, session, &kept).await
}

/// Claims these grants, but for those that another process is working on.
async fn claim_together(round: &Round<'_>, grants: &[&Grant], tally: &mut Tally) -> Vec<Closing> {
    let Round { context, ledger, why, .. } = *round;
    let mut underway: Vec<Closing> = Vec::with_capacity(grants.len());
    for grant in grants {
        match claim(context, ledger, &grant.id, why, grants.len()).await {
            Ok(Some((grant, before))) => {
                underway.push(Closing::of(grant, before));
                continue;
            }
            Ok(None) => tally.busy.push(grant.id.clone()),
            Err(e) => tally.unrecorded.push((grant.id.clone(), e.one_line())),
        }
        round.progress.advance();
    }
    underway
}

/// Commits what became of a grant; then what the server keeps of it until it is told.
async fn record(
    round: &Round<'_>,
    closing: Closing,
    tally: &mut Tally,
) -> Option<(Grant, Vec<usize>)> {
    let id = closing.grant.id.clone();
    let recorded = closing.record(round.context, round.ledger).await;
    round.progress.advance();
    match recorded {
        Ok((ended, kept)) => {
            let grant = match &ended {
                Ended::Closed(closed) => Some(closed.grant.clone()),
                Ended::Failed { grant, .. } => Some(Grant::clone(grant)),
                Ended::Busy => None,
            };
            tally.add(&id, ended);
            Some((grant?, kept))
        }
        Err(e) => {
            tally.unrecorded.push((id, e.one_line()));
            None
        }
    }
}

/// Asks the server to close this layer of each of these grants: an answer for each.
async fn ask_to_close(
    context: &Context,
    session: &mut Session<'_>,
    underway: &[Closing],
    position: usize,
) -> Vec<Result<Answer>> {
    let layers: Vec<(&Grant, &Layer)> = underway
        .iter()
        .filter_map(|closing| Some((&closing.grant, closing.grant.layers.get(position)?)))
        .collect();
    let closers: Vec<String> = layers.iter().map(|(g, layer)| closer(context, g, layer)).collect();
    let told = layers.iter().zip(&closers);
    let inputs: Vec<Inputs<'_>> =
        told.map(|((grant, layer), closer)| close_inputs(grant, layer, closer)).collect();
    send_together(context, session, Verb::Close, &layers, &inputs).await
}

/// Only now may the server forget what it saw. Where it does not hear that, it is told by nobody, and throws it
/// away by itself. Says whether an answer was missed.
async fn forget_together(
    context: &Context,
    session: &mut Session<'_>,
    kept: &[(Grant, Vec<usize>)],
) -> bool {
    let most = kept.iter().map(|(grant, _)| grant.layers.len()).max().unwrap_or_default();
    let mut unheard = false;
    for position in 0..most {
        let of_it = kept.iter().filter(|(_, positions)| positions.contains(&position));
        let layers: Vec<(&Grant, &Layer)> =
            of_it.filter_map(|(grant, _)| Some((grant, grant.layers.get(position)?))).collect();
        let inputs: Vec<Inputs<'_>> =
            layers.iter().map(|(grant, layer)| collected(grant, layer)).collect();
        if layers.is_empty() || unheard {
            continue;
        }
        let answers = send_together(context, session, Verb::Collected, &layers, &inputs).await;
        unheard = answers.iter().any(|a| matches!(a, Ok(Answer::Unknown { .. }) | Err(_)));
    }
    unheard
}

/// Sends one script for these layers, which are all of the same provider: an answer for each.
async fn send_together(
    context: &Context,
    session: &mut Session<'_>,
    verb: Verb,
    layers: &[(&Grant, &Layer)],
    inputs: &[Inputs<'_>],
) -> Vec<Result<Answer>> {
    let failed = |e: String| {
        let unknown = || Ok(Answer::Unknown { why: e.clone() });
        layers.iter().map(|_| unknown()).collect()
    };
    // The row that was claimed may have changed since it was listed, and with it where the layer is.
    let providers = layers.iter().map(|(_, layer)| provider_of(context, session, layer));
    let provider = match providers.collect::<std::result::Result<Vec<_>, _>>() {
        Ok(providers) => providers.into_iter().next(),
        Err(why) => return failed(why),
    };
    let Some(provider) = provider else { return Vec::new() };
    match session.call_together(&provider, verb, inputs).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(e) => failed(e.one_line()),
    }
}

/// Closes one grant, or notes that it is waited for (`None`); and whether an answer was missed.
async fn close_or_wait(
    round: &Round<'_>,
    session: &mut std::result::Result<Session<'_>, String>,
    grant: &Grant,
) -> (Result<Option<Ended>>, bool) {
    let Round { context, ledger, why, .. } = *round;
    if round.running == Running::MayGoOn && is_draining(grant, context.now()) {
        // Where it cannot be seen whether work is running, it is not cut off before its time.
        let seen = match session {
            Ok(session) => checking::look(context, session, grant).await,
            Err(why) => Err(why.clone().into()),
        };
        // The server may have closed it by itself when the last session was gone.
        let over = |seen: &checking::Seen| seen.sessions == Some(0) || !seen.is_present();
        if !seen.as_ref().is_ok_and(over) {
            let now = context.now();
            let until = latest_end(grant).min(now.saturating_add(LONGEST_WAIT));
            let noted = ledger.wait(&grant.id, until).await;
            let unheard = seen.is_err_and(|not| !not.refused);
            return (noted.map(|()| None).map_err(Error::from), unheard);
        }
    }
    let ended = match session {
        Ok(session) => close(context, ledger, session, &grant.id, why).await,
        Err(why) => not_reached(context, ledger, &grant.id, why).await,
    };
    let unheard = match &ended {
        Ok(Ended::Failed { refused, .. }) => !refused,
        Ok(Ended::Closed(closed)) => closed.unheard,
        Ok(Ended::Busy) | Err(_) => false,
    };
    (ended.map(Some), unheard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::{Access, NewGrant, Supporter};

    fn closed(number: i64) -> Closed {
        let new = NewGrant {
            id: format!("{number:010}"),
            case: "C-1".into(),
            target: "shop".into(),
            supporter: Supporter { name: "Ana".into(), company: "Acme".into() },
            access: Access::Sftp,
            created_at: 0,
            deadline: 0,
            deadline_maximum: 0,
            terms: String::new(),
            layers: Vec::new(),
        };
        let mut grant = new.grant();
        grant.move_to(State::Closed);
        grant.closed_at = Some(0);
        grant.findings = i64::from(number == 4999);
        Closed { grant, notes: Vec::new(), found: Vec::new(), unheard: false }
    }

    #[test]
    fn of_very_many_the_first_are_told_and_the_others_counted() {
        let mut sum = Tally::default();
        for page in 0..5 {
            let mut tally = Tally::default();
            for number in page * 1000..(page + 1) * 1000 {
                tally.closed.push(closed(number));
                let mut grant = closed(number).grant;
                grant.state = if number == 4321 { State::Stuck } else { State::Closing };
                tally.failed.push((grant, "away".into(), number % 2 == 0));
            }
            sum.append(tally);
        }
        assert_eq!((sum.closed.len(), sum.failed.len()), (MAX_LISTED, MAX_LISTED));
        assert_eq!((sum.closed_count(), sum.failed_count()), (5000, 5000));
        assert_eq!((sum.omitted.refused, sum.omitted.unseen, sum.omitted.stuck), (2000, 2000, 1));
        // What has to be looked at is among those that are told.
        assert_eq!(sum.closed.first().map(|closed| closed.grant.findings), Some(1));
        assert_eq!(sum.omitted.found, 0);
    }
}
