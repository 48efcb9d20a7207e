//! stagepass: temporary, proven access to a staging shop for support engineers, over SSH.
//!
//! The binary is a few lines over this library, so that tests, benches and fuzzers reach the code.

mod command;
mod complete;
mod connect;
mod context;
mod deadline;
mod error;
mod file;
mod fuzzing;
mod global;
mod grant;
mod ledger;
mod lifecycle;
mod lint;
mod machine;
mod mark;
mod message;
mod output;
mod policy;
mod promise;
mod public_key;
mod remote;
mod secret;
mod shared;
mod target;
#[doc(hidden)]
pub mod testing;
mod text;
mod transport;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

/// The whole program: reads what was typed, runs it, shows how it ended, and says so in the exit
/// code.
#[must_use]
pub fn run() -> ExitCode {
    no_core_dumps();
    complete::answer(command::Cli::command);
    let cli = match command::Cli::try_parse() {
        Ok(cli) => cli,
        Err(complaint) => return not_understood(&complaint),
    };
    let mut output =
        output::Output::new(command::name(&cli.command), cli.global.json, cli.global.quiet);
    if cli.global.timings {
        output = output.with_timings();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            let error = error::Error::of(error::Kind::Internal, "not-started", &[]);
            output.error(&error.because(e));
            return ExitCode::from(error::Kind::Internal.exit_code());
        }
    };
    let mut interrupts = listen_for_interrupts();
    let ended = runtime.block_on(async {
        let mut command = std::pin::pin!(command::run(cli, output.clone()));
        tokio::select! {
            ended = &mut command => return ended,
            () = interrupts.next() => {}
        }
        // What is half made is undone over the connection that stands, unless somebody insists.
        if let Some(target) = output::in_hand() {
            output.say(
                output::Tone::Warn,
                &message::text("interrupted-undoing", &[("target", target.into())]),
            );
            tokio::select! {
                ended = &mut command => return ended,
                () = interrupts.next() => {}
            }
        }
        Err(interruption(output::in_hand().as_deref()))
    });
    // A question that was broken off looks like one that nobody could be asked.
    let undone = ended.as_ref().is_err_and(|error| error.more.undone);
    let ended = if output::is_interrupted() && !undone {
        ended.map_err(|_| interruption(output::in_hand().as_deref()))
    } else {
        ended
    };
    runtime.block_on(ledger::settle());
    // A database or keyring thread that hangs must not keep the program from ending.
    runtime.shutdown_background();
    match ended {
        Ok(()) if output::lost_data() => ExitCode::from(error::Kind::Internal.exit_code()),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Help and version are shown and done. A command line that cannot be understood is told as clap
/// tells it, or as a document where one was asked for.
fn not_understood(e: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let asked_for_document = std::env::args_os().skip(1).any(|word| word == "--json");
    let shows_help = matches!(e.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    if asked_for_document && e.use_stderr() && !shows_help {
        let error = as_document(e);
        output::Output::new("", true, true).error(&error);
        return ExitCode::from(error.kind.exit_code());
    }
    ExitCode::from(output::Output::usage(e))
}

/// clap's complaint, its first paragraph in one line, and its tips.
fn as_document(e: &clap::Error) -> error::Error {
    let text = e.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let said: Vec<&str> = paragraphs.next().unwrap_or_default().lines().map(str::trim).collect();
    let said = said.join(" ");
    let message = remote::script::clean(said.strip_prefix("error: ").unwrap_or(&said));
    let error = error::Error::new(error::Kind::Usage, message);
    let tips = paragraphs.filter_map(|text| text.trim().strip_prefix("tip: "));
    tips.fold(error, |error, tip| error.hint(remote::script::clean(tip))).hint_of("see-help", &[])
}

/// A crash must not write secrets to disk, and no other process of this user may read them out of
/// memory. Where the system does not know these calls there is nothing to switch off.
fn no_core_dumps() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Ctrl-C and polite requests to end, one after the other.
struct Interrupts(Option<tokio::sync::mpsc::UnboundedReceiver<()>>);

impl Interrupts {
    /// Ends when there was one more.
    async fn next(&mut self) {
        let heard = match &mut self.0 {
            Some(heard) => heard.recv().await,
            None => None,
        };
        if heard.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Notices Ctrl-C or a polite request to end, on a thread of its own: while somebody is asked for
/// something, this one only waits for the answer.
fn listen_for_interrupts() -> Interrupts {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let listen = move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            runtime.block_on(interrupted(&tell));
        }
    };
    let listening = std::thread::Builder::new().name("signals".into()).spawn(listen);
    Interrupts(listening.is_ok().then_some(told))
}

/// Tells of each Ctrl-C or polite request to end, for ever.
async fn interrupted(tell: &tokio::sync::mpsc::UnboundedSender<()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        output::interrupt();
        if tell.send(()).is_err() {
            return;
        }
    }
}

/// What an interruption left: something may be live on that target, or something is in the ledger,
/// or nothing had been begun.
fn interruption(in_hand: Option<&str>) -> error::Error {
    let error = error::Error::of(error::Kind::Unknown, "interrupted", &[]);
    match in_hand {
        Some(target) => error.hint_of("interrupted.live", &[("target", target.into())]),
        None if ledger::has_written() => {
            error.hint_of("interrupted.begun", &[]).hint_of("interrupted.way-out", &[])
        }
        None => error.hint_of("interrupted.nothing", &[]),
    }
}
