//! `case lint`: looks through what is about to be sent with a ticket, and says where a secret
//! stands in it. Nothing is changed, kept or sent, and no secret is repeated.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Kind as Sort, Result};
use crate::lint::{Found, Read as How, Report, Scanner};
use crate::message::{self, Arg};
use crate::output::{self, Tone, paint};

/// `case lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// What is about to be sent: texts, logs, screenshots. `-` is standard input.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}

/// What became of one file.
type Looked = (PathBuf, io::Result<Report>);

/// Looks through every file, and says what must not be sent.
///
/// # Errors
/// Something was found, or a file could not be read: then it is not known to hold none.
pub fn run(context: &Context, typed: LintArgs) -> Result<()> {
    let files = typed.files;
    let progress = context.output.progress(&message::text("lint-looking", &[]));
    // On a thread of its own: a pipe that says nothing must not keep Ctrl-C waiting.
    let looked = output::unless_interrupted(move || {
        let look = |file: PathBuf| {
            let report = look_through(&file);
            (file, report)
        };
        Ok(files.into_iter().map(look).collect::<Vec<Looked>>())
    });
    drop(progress);
    let looked =
        looked.map_err(|e| Error::of(Sort::Internal, "input-unreadable", &[]).because(e))?;
    report(context, &looked)
}

/// So many bytes are read in one go.
const PIECE: usize = 64 * 1024;

fn look_through(file: &Path) -> io::Result<Report> {
    let mut source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(file)?),
    };
    let mut scanner = Scanner::default();
    let mut piece = Zeroizing::new(vec![0_u8; PIECE]);
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(scanner.finish()),
            Ok(count) => scanner.push(piece.get(..count).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted && !output::is_interrupted() => {}
            Err(e) => return Err(e),
        }
    }
}

/// As many places as a person still looks at.
const MOST: usize = 200;

fn report(context: &Context, looked: &[Looked]) -> Result<()> {
    let reports = || looked.iter().filter_map(|(file, report)| Some((file, report.as_ref().ok()?)));
    let count: usize = reports().map(|(_, report)| report.count).sum();
    let mut lines: Vec<String> = Vec::new();
    for (file, report) in reports() {
        lines.extend(report.found.iter().map(|found| line(file, found)));
    }
    let shown = lines.len().min(MOST);
    lines.truncate(MOST);
    if count > shown {
        lines.push(message::text("lint-more", &[("count", (count - shown).into())]));
    }
    let document = json!({
        "files": looked.iter().map(|(file, report)| of_file(file, report)).collect::<Vec<_>>(),
        "count": count,
    });
    for (file, report) in reports() {
        let id = match report.read {
            How::Text => continue,
            How::Picture => "lint-picture",
            How::Packed => "lint-packed",
        };
        context.output.warn(&message::text(id, &[("file", name(file).into())]));
    }
    let unread = looked.iter().filter_map(|(file, report)| Some((file, report.as_ref().err()?)));
    let mut failure = None;
    for (file, error) in unread {
        let args = [("file", name(file).into())];
        let error = Error::of(Sort::Usage, "lint-unread", &args)
            .because_text(error.to_string())
            .hint_of("lint-unread.way-out", &[]);
        failure.get_or_insert(error);
    }
    if count > 0 {
        let mut error = Error::of(Sort::Policy, "lint-found", &[("count", count.into())])
            .hint_of("lint-found.way-out", &[])
            .hint_of("lint-found.sent-already", &[]);
        if let Some(unread) = failure {
            error = error.because_text(unread.one_line());
        }
        failure = Some(error);
    }
    let Some(failure) = failure else {
        let args = [("count", looked.len().into())];
        let clean = paint(Tone::Good, &message::text("lint-clean", &args));
        context.output.result(&clean, document);
        return Ok(());
    };
    if !context.output.is_json() {
        context.output.result(&lines.join("\n"), Value::Null);
    }
    Err(failure.with_result(document))
}

/// `mail.txt:3:11: a password (11 characters): take it out …`
fn line(file: &Path, found: &Found) -> String {
    let finding = &found.finding;
    let place = match found.offset {
        Some(offset) => message::text("lint-place-byte", &[("offset", offset.to_string().into())]),
        None => format!("{}:{}", finding.line, finding.column),
    };
    let kind = ("kind", Arg::from(finding.kind.id()));
    let excerpt = finding.excerpt.as_deref();
    let args = [
        kind.clone(),
        ("length", finding.length.into()),
        ("shown", if excerpt.is_some() { "yes" } else { "no" }.into()),
        ("excerpt", excerpt.unwrap_or_default().into()),
    ];
    let about = message::text("lint-finding", &args);
    let todo = message::text("lint-finding.way-out", &[kind]);
    let place = format!("{}:{place}", name(file));
    format!("{}: {}\n    {todo}", paint(Tone::Strong, &place), paint(Tone::Warn, &about))
}

/// The name of a file on one line; of standard input, what it is.
fn name(file: &Path) -> String {
    match file.to_str() {
        Some("-") => message::text("lint-standard-input", &[]),
        _ => output::one_line(&file.display().to_string()),
    }
}

fn of_file(file: &Path, report: &io::Result<Report>) -> Value {
    let file = file.display().to_string();
    let report = match report {
        Ok(report) => report,
        Err(error) => return json!({ "file": file, "unread": error.to_string() }),
    };
    let findings: Vec<Value> = report.found.iter().map(of_finding).collect();
    json!({
        "file": file,
        "read": report.read,
        "bytes": report.bytes,
        "count": report.count,
        "findings": findings,
    })
}

fn of_finding(found: &Found) -> Value {
    let finding = &found.finding;
    let mut document = json!({
        "kind": finding.kind,
        "length": finding.length,
        "excerpt": finding.excerpt,
        "way_out": message::text("lint-finding.way-out", &[("kind", finding.kind.id().into())]),
    });
    if let Some(object) = document.as_object_mut() {
        match found.offset {
            Some(offset) => {
                object.insert("offset".into(), json!(offset));
            }
            None => {
                object.insert("line".into(), json!(finding.line));
                object.insert("column".into(), json!(finding.column));
            }
        }
    }
    document
}
