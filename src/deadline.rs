//! Deadlines as people write them and read them: `--for 14d`, `--until '2026-12-01 18:00'`, and
//! `2026-12-01 18:00:00 +01:00 (in 13 days 23 h)`.
//!
//! A local time that happens twice, or not at all, because clocks change is refused with the two
//! instants it could mean: an hour too much of somebody else's access is not guessed.

use chrono::{
    DateTime, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _,
    TimeDelta, TimeZone, Utc,
};

use crate::grant::UnixTime;
use crate::message::{self, Arg, Note, Told, shown_by_note};

/// The longest time that is understood, in seconds: 366 days. Policy sets the limits; this one
/// keeps the arithmetic away from the end of the calendar.
const LONGEST: i64 = 366 * 86_400;

/// A deadline that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// It is not a length of time.
    NotALength(String),
    /// It is not a day or a time of day.
    NotATime(String),
    /// Less than a second.
    Zero(String),
    /// More than a year.
    Far(String),
    /// It is over.
    Past {
        /// What was written.
        text: String,
        /// How long ago.
        ago: String,
    },
    /// Clocks are put back, and this time of day comes twice.
    Twice {
        /// What was written.
        text: String,
        /// The first of the two, with its offset.
        earlier: String,
        /// The second of the two, with its offset.
        later: String,
    },
    /// Clocks are put forward, and this time of day does not come.
    Never {
        /// What was written.
        text: String,
        /// The earlier instant it could mean, with its offset.
        earlier: String,
        /// The later instant it could mean, with its offset.
        later: String,
    },
}

impl Told for DeadlineError {
    fn note(&self) -> Note {
        match self {
            Self::NotALength(value) => {
                Note::of("deadline-error-not-a-length", &[("value", Arg::of(value))])
            }
            Self::NotATime(value) => {
                Note::of("deadline-error-not-a-time", &[("value", Arg::of(value))])
            }
            Self::Zero(value) => Note::of("deadline-error-zero", &[("value", Arg::of(value))]),
            Self::Far(value) => Note::of("deadline-error-far", &[("value", Arg::of(value))]),
            Self::Past { text, ago } => {
                Note::of("deadline-error-past", &[("text", Arg::of(text)), ("ago", Arg::of(ago))])
            }
            Self::Twice { text, earlier, later } => Note::of(
                "deadline-error-twice",
                &[
                    ("text", Arg::of(text)),
                    ("earlier", Arg::of(earlier)),
                    ("later", Arg::of(later)),
                ],
            ),
            Self::Never { text, earlier, later } => Note::of(
                "deadline-error-never",
                &[
                    ("text", Arg::of(text)),
                    ("earlier", Arg::of(earlier)),
                    ("later", Arg::of(later)),
                ],
            ),
        }
    }
}

shown_by_note!(DeadlineError);

/// Reads a length of time, such as `14d`, `5h`, `90m` or `2 weeks`. The answer is in seconds, at
/// least 1.
///
/// # Errors
/// Fails on anything else, on nothing, and above a year.
pub fn parse_for(text: &str) -> Result<i64, DeadlineError> {
    let shown = || shorten(text);
    let length = humantime::parse_duration(text.trim()).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => DeadlineError::Far(shown()),
        _ => DeadlineError::NotALength(shown()),
    })?;
    match i64::try_from(length.as_secs()) {
        Ok(0) => Err(DeadlineError::Zero(shown())),
        Ok(seconds) if seconds <= LONGEST => Ok(seconds),
        _ => Err(DeadlineError::Far(shown())),
    }
}

/// What is doubtful about a length of time that can be read: `1m` is a minute, and whoever writes it for
/// a support case may mean a month; `30s` ends before anybody has logged in. `None` where nothing is.
#[must_use]
pub fn doubtful(text: &str, seconds: i64) -> Option<String> {
    let shown = shorten(text.trim());
    let unit = text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    let count = text.trim().trim_end_matches(|c: char| !c.is_ascii_digit());
    let length = duration(seconds);
    match unit {
        "m" if seconds <= 12 * 60 => {
            let days = count.parse::<u32>().unwrap_or(1).saturating_mul(30);
            Some(message::text(
                "deadline-doubt-months",
                &[("shown", shown.into()), ("length", length.into()), ("days", days.into())],
            ))
        }
        "M" => Some(message::text(
            "deadline-doubt-minutes",
            &[("shown", shown.into()), ("length", length.into()), ("count", count.into())],
        )),
        _ if seconds < 60 => Some(message::text(
            "deadline-doubt-short",
            &[("shown", shown.into()), ("length", length.into())],
        )),
        _ => None,
    }
}

/// Reads a moment: with an offset or `Z` as it stands, without one in `zone`, and a day alone as
/// its last second in `zone`.
///
/// # Errors
/// Fails on anything else, on the past, above a year, and on a local time that comes twice or not
/// at all.
pub fn parse_until<Zone: TimeZone>(
    text: &str,
    zone: &Zone,
    now: UnixTime,
) -> Result<UnixTime, DeadlineError> {
    let trimmed = text.trim();
    let moment = match read_moment(trimmed).ok_or_else(|| DeadlineError::NotATime(shorten(text)))? {
        Moment::Exact(moment) => moment,
        Moment::Local(local) => resolve(trimmed, local, zone)?,
    };
    let ahead = moment.saturating_sub(now);
    if ahead <= 0 {
        return Err(DeadlineError::Past { text: shorten(text), ago: relative(moment, now) });
    }
    if ahead > LONGEST {
        return Err(DeadlineError::Far(shorten(text)));
    }
    Ok(moment)
}

/// Reads a moment of any time, past or not: as [`parse_until`] does, and a day alone is none, for
/// whoever wants the time of day.
///
/// # Errors
/// Fails on anything else, and on a local time that comes twice or not at all.
pub fn parse_moment<Zone: TimeZone>(text: &str, zone: &Zone) -> Result<UnixTime, DeadlineError> {
    let trimmed = text.trim();
    let is_day = NaiveDate::parse_from_str(trimmed, "%Y-%m-%d").is_ok();
    match read_moment(trimmed).filter(|_| !is_day) {
        None => Err(DeadlineError::NotATime(shorten(text))),
        Some(Moment::Exact(moment)) => Ok(moment),
        Some(Moment::Local(local)) => resolve(trimmed, local, zone),
    }
}

/// A moment as it was written.
enum Moment {
    /// With an offset.
    Exact(UnixTime),
    /// Without one.
    Local(NaiveDateTime),
}

fn read_moment(text: &str) -> Option<Moment> {
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.and_hms_opt(23, 59, 59).map(Moment::Local);
    }
    let (day, rest) = text.split_at_checked(10)?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let rest = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let clock_length = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
    let (clock, offset) = rest.split_at_checked(clock_length)?;
    let local = day.and_time(read_clock(clock)?);
    match offset.trim() {
        "" => Some(Moment::Local(local)),
        offset => {
            let offset = read_offset(offset)?;
            Some(Moment::Exact(local.checked_sub_offset(offset)?.and_utc().timestamp()))
        }
    }
}

fn read_clock(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveTime::parse_from_str(text, form).ok())
        // chrono reads `18:00:60` as a leap second.
        .filter(|_| text.len() == 5 || (text.len() == 8 && !text.ends_with("60")))
}

fn read_offset(text: &str) -> Option<FixedOffset> {
    if matches!(text, "Z" | "z" | "UTC" | "utc" | "GMT") {
        return Some(Utc.fix());
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = match digits.split_once(':') {
        Some((hours, minutes)) if hours.len() == 2 && minutes.len() == 2 => {
            format!("{hours}{minutes}")
        }
        Some(_) => return None,
        None if digits.len() == 2 => format!("{digits}00"),
        None => digits.into(),
    };
    if digits.len() != 4 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

/// The instant of a local time, where there is exactly one.
fn resolve<Zone: TimeZone>(
    text: &str,
    local: NaiveDateTime,
    zone: &Zone,
) -> Result<UnixTime, DeadlineError> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(moment) => Ok(moment.timestamp()),
        MappedLocalTime::Ambiguous(one, other) => {
            let (earlier, later) = if one <= other { (one, other) } else { (other, one) };
            Err(DeadlineError::Twice {
                text: text.into(),
                earlier: exact(&earlier),
                later: exact(&later),
            })
        }
        MappedLocalTime::None => Err(never(text, local, zone)),
    }
}

/// The two instants that a local time inside a gap could mean: by the clock before the change,
/// and by the clock after it.
fn never<Zone: TimeZone>(text: &str, local: NaiveDateTime, zone: &Zone) -> DeadlineError {
    let offset_at = |other: Option<NaiveDateTime>| {
        zone.offset_from_local_datetime(&other?).earliest().map(|offset| offset.fix())
    };
    let by = |offset: Option<FixedOffset>| {
        let moment = local.checked_sub_offset(offset?)?.and_utc();
        Some((moment.timestamp(), exact(&moment.with_timezone(zone))))
    };
    // No zone has ever jumped by more than a day.
    let before = by(offset_at(local.checked_sub_days(Days::new(1))));
    let after = by(offset_at(local.checked_add_days(Days::new(1))));
    match (before, after) {
        (Some(one), Some(other)) => {
            let (earlier, later) = if one.0 <= other.0 { (one, other) } else { (other, one) };
            DeadlineError::Never { text: text.into(), earlier: earlier.1, later: later.1 }
        }
        _ => DeadlineError::NotATime(text.into()),
    }
}

/// A moment in a form that is read back as exactly this moment.
fn exact<Zone: TimeZone>(moment: &DateTime<Zone>) -> String {
    moment.with_timezone(&moment.offset().fix()).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A moment in UTC, such as `2026-12-06 17:00:00 UTC`.
#[must_use]
pub fn utc(moment: UnixTime) -> String {
    at(moment, &Utc).map_or_else(
        || format!("{moment} s"),
        |moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// A moment in `zone`, such as `2026-12-06 18:00:00 +01:00`.
#[must_use]
pub fn local<Zone: TimeZone>(moment: UnixTime, zone: &Zone) -> String {
    at(moment, zone).map_or_else(
        || format!("{moment} s"),
        |moment| {
            let fixed = moment.with_timezone(&moment.offset().fix());
            fixed.format("%Y-%m-%d %H:%M:%S %:z").to_string()
        },
    )
}

/// A moment for people: in `zone`, how far away it is, and in UTC where that is another time of
/// day.
#[must_use]
pub fn human<Zone: TimeZone>(moment: UnixTime, zone: &Zone, now: UnixTime) -> String {
    let away = relative(moment, now);
    match at(moment, zone) {
        Some(there) if there.offset().fix().local_minus_utc() != 0 => {
            format!("{} ({away}; {})", local(moment, zone), utc(moment))
        }
        _ => format!("{} ({away})", utc(moment)),
    }
}

/// A moment as a clock on the wall shows it, with its day: `18:00 on 6 Dec`.
#[must_use]
pub fn clock<Zone: TimeZone>(moment: UnixTime, zone: &Zone) -> String {
    at(moment, zone).map_or_else(
        || utc(moment),
        |there| there.with_timezone(&there.offset().fix()).format("%H:%M on %-d %b").to_string(),
    )
}

fn at<Zone: TimeZone>(moment: UnixTime, zone: &Zone) -> Option<DateTime<Zone>> {
    zone.timestamp_opt(moment, 0).single()
}

/// How far away a moment is: `in 14 days`, `in 20 s`, `3 days ago`, `now`. What is ahead is rounded:
/// a second after somebody wrote 14 days it is still 14 days away.
#[must_use]
pub fn relative(moment: UnixTime, now: UnixTime) -> String {
    let away = match moment.saturating_sub(now) {
        // Up to a day less than a minute makes no other hour of it.
        away @ 86_341.. => away.saturating_add(59),
        away @ 3600.. => away.saturating_add(30),
        away => away,
    };
    let args = [("length", Arg::from(duration(away)))];
    match away {
        0 => message::text("time-now", &[]),
        1.. => message::text("time-ahead", &args),
        _ => message::text("time-ago", &args),
    }
}

/// A length of time in its two largest units, rounded down: `13 days 23 h`, `1 day`, `2 h 5 min`,
/// `20 s`. The sign is left out.
#[must_use]
pub fn duration(seconds: i64) -> String {
    let length = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX).abs();
    let days = length.num_days();
    let hours = length.num_hours() % 24;
    let minutes = length.num_minutes() % 60;
    let seconds = length.num_seconds() % 60;
    let id = match (days, hours, minutes, seconds) {
        (0, 0, 0, _) => "duration-seconds",
        (0, 0, _, 0) => "duration-minutes",
        (0, 0, _, _) => "duration-minutes-seconds",
        (0, _, 0, _) => "duration-hours",
        (0, _, _, _) => "duration-hours-minutes",
        (_, 0, _, _) => "duration-days",
        (_, _, _, _) => "duration-days-hours",
    };
    let args = [
        ("days", Arg::from(days)),
        ("hours", Arg::from(hours)),
        ("minutes", Arg::from(minutes)),
        ("seconds", Arg::from(seconds)),
    ];
    message::text(id, &args)
}

/// What was written, short enough and plain enough to be shown again.
fn shorten(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().count() > 40 {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use chrono::Local;

    use super::*;

    /// 2026-11-22 12:00:00 UTC.
    const NOW: UnixTime = 1_795_348_800;

    fn seconds(text: &str) -> UnixTime {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, expected) in [
            ("14d", 14 * 86_400),
            ("5h", 5 * 3600),
            ("90m", 5400),
            ("20s", 20),
            ("2 weeks", 14 * 86_400),
            ("1week 2days", 9 * 86_400),
            (" 3 days ", 3 * 86_400),
            ("1h 30min", 5400),
            ("366d", LONGEST),
        ] {
            assert_eq!(parse_for(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "14", "d", "-3d", "14 dogs", "forever", "3d;rm", "14d\u{1b}[2J", "١٤d"] {
            let error = parse_for(text).unwrap_err();
            assert!(matches!(error, DeadlineError::NotALength(_)), "{text:?}: {error:?}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
        for text in ["0s", "0d", "999ms"] {
            assert_eq!(parse_for(text), Err(DeadlineError::Zero(text.into())));
        }
        for text in ["367d", "100 years", "18446744073709551615s", "99999999999999999999d"] {
            assert!(matches!(parse_for(text), Err(DeadlineError::Far(_))), "{text}");
        }
    }

    #[test]
    fn moments_with_an_offset_are_read_as_they_stand() {
        let expected = seconds("2026-12-01T17:00:00Z");
        for text in [
            "2026-12-01T17:00:00Z",
            "2026-12-01T17:00Z",
            "2026-12-01 17:00 UTC",
            "2026-12-01 17:00 GMT",
            "2026-12-01t17:00z",
            "2026-12-01T18:00+01:00",
            "2026-12-01 18:00:00 +0100",
            "2026-12-01 18:00 +01",
            "2026-12-01T12:30:00-04:30",
            " 2026-12-01T17:00Z ",
        ] {
            // A zone that would show, were it used.
            let zone = FixedOffset::east_opt(9 * 3600).unwrap();
            assert_eq!(parse_until(text, &zone, NOW), Ok(expected), "{text}");
        }
    }

    #[test]
    fn moments_without_an_offset_are_local_and_a_day_ends_with_its_last_second() {
        let zone = FixedOffset::east_opt(9 * 3600).unwrap();
        for (text, expected) in [
            ("2026-12-01 18:00", "2026-12-01T18:00:00+09:00"),
            ("2026-12-01T18:00:30", "2026-12-01T18:00:30+09:00"),
            ("2026-12-01", "2026-12-01T23:59:59+09:00"),
            ("2026-11-22", "2026-11-22T23:59:59+09:00"),
        ] {
            assert_eq!(parse_until(text, &zone, NOW), Ok(seconds(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01",
            "2026-02-29",
            "01.12.2026",
            "01/12/2026",
            "2026-12-01 24:00",
            "2026-12-01 18",
            "2026-12-01 6pm",
            "2026-12-01 18:00:60",
            "2026-12-01 18:60",
            "2026-12-01T18:00+25:00",
            "2026-12-01T18:00+1",
            "2026-12-01T18:00 CET",
            "2026-12-01 18:00Z; date",
            "2026-12-01\u{a0}18:00",
            "２０２６-12-01",
            "9999999999-12-01",
        ] {
            let error = parse_until(text, &Utc, NOW).unwrap_err();
            assert!(matches!(error, DeadlineError::NotATime(_)), "{text:?}: {error:?}");
        }
        let long = "2026-12-01 ".repeat(100_000);
        assert!(parse_until(&long, &Utc, NOW).unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn the_past_and_the_far_future_are_refused() {
        for text in ["2026-11-22T12:00:00Z", "2026-11-22T11:59:59Z", "2026-11-21", "0001-01-01"] {
            let error = parse_until(text, &Utc, NOW).unwrap_err();
            assert!(matches!(error, DeadlineError::Past { .. }), "{text}: {error:?}");
        }
        assert_eq!(parse_until("2026-11-22T12:00:01Z", &Utc, NOW), Ok(NOW + 1));
        for text in ["2027-11-24", "9999-12-31", "9999-12-31T23:59:59-14:00"] {
            let error = parse_until(text, &Utc, NOW).unwrap_err();
            assert!(matches!(error, DeadlineError::Far(_)), "{text}: {error:?}");
        }
        assert!(parse_until("2026-12-01", &Utc, i64::MAX).is_err());
        assert!(parse_until("2026-12-01", &Utc, i64::MIN).is_err());
    }

    /// What this machine's own idea of a time zone says, read from a process whose zone is known:
    /// the environment of a test cannot be changed from inside.
    fn in_zone(zone: &str, text: &str, now: UnixTime) -> String {
        let done = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "deadline::tests::tell_in_the_zone_of_this_process", "--nocapture"])
            .env("TZ", zone)
            .env("STAGEPASS_TEST_UNTIL", text)
            .env("STAGEPASS_TEST_NOW", now.to_string())
            .output()
            .unwrap();
        let stdout = String::from_utf8(done.stdout).unwrap();
        let told = stdout.lines().find_map(|line| line.split_once("told: "));
        told.unwrap_or_else(|| panic!("no answer from the other process: {stdout}")).1.into()
    }

    /// Does nothing by itself; [`in_zone`] runs it with a question.
    #[test]
    fn tell_in_the_zone_of_this_process() {
        #[expect(clippy::disallowed_methods, reason = "the question comes in the environment")]
        let asked = (std::env::var("STAGEPASS_TEST_UNTIL"), std::env::var("STAGEPASS_TEST_NOW"));
        if let (Ok(text), Ok(now)) = asked {
            let now = now.parse().unwrap();
            match parse_until(&text, &Local, now) {
                Ok(moment) => println!("told: {}", human(moment, &Local, now)),
                Err(error) => println!("told: {error}"),
            }
        }
    }

    /// Amsterdam's rules, spelled out so that no zone files are needed.
    const AMSTERDAM: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    #[test]
    fn a_local_time_that_comes_twice_is_refused_with_both_instants() {
        let now = seconds("2026-10-20T12:00:00Z");
        assert_eq!(
            in_zone(AMSTERDAM, "2026-10-25 02:30", now),
            "`2026-10-25 02:30` comes twice that day, because clocks are put back; write \
             `2026-10-25T02:30:00+02:00` or `2026-10-25T02:30:00+01:00`"
        );
        // What was proposed is understood, and is what it says.
        assert_eq!(
            in_zone(AMSTERDAM, "2026-10-25T02:30:00+02:00", now),
            "2026-10-25 02:30:00 +02:00 (in 4 days 12 h; 2026-10-25 00:30:00 UTC)"
        );
        assert_eq!(
            in_zone(AMSTERDAM, "2026-10-25T02:30:00+01:00", now),
            "2026-10-25 02:30:00 +01:00 (in 4 days 13 h; 2026-10-25 01:30:00 UTC)"
        );
    }

    #[test]
    fn a_local_time_that_does_not_come_is_refused_with_both_instants() {
        let now = seconds("2027-03-20T12:00:00Z");
        assert_eq!(
            in_zone(AMSTERDAM, "2027-03-28 02:30", now),
            "`2027-03-28 02:30` does not come that day, because clocks are put forward; write \
             `2027-03-28T01:30:00+01:00` or `2027-03-28T03:30:00+02:00`"
        );
        assert_eq!(
            in_zone(AMSTERDAM, "2027-03-28 03:30", now),
            "2027-03-28 03:30:00 +02:00 (in 7 days 13 h; 2027-03-28 01:30:00 UTC)"
        );
    }

    #[test]
    fn local_times_around_a_change_of_clocks_are_what_the_wall_says() {
        let now = seconds("2026-10-20T12:00:00Z");
        for (text, expected) in [
            ("2026-10-25 01:59:59", "2026-10-25 01:59:59 +02:00 (in 4 days 12 h; "),
            ("2026-10-25 03:00:01", "2026-10-25 03:00:01 +01:00 (in 4 days 14 h; "),
            ("2026-10-25", "2026-10-25 23:59:59 +01:00 (in 5 days 11 h; "),
        ] {
            let told = in_zone(AMSTERDAM, text, now);
            assert!(told.starts_with(expected), "{text}: {told}");
        }
        // In the other half of the world, by half an hour, and at midnight.
        let lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
        let now = seconds("2027-04-01T00:00:00Z");
        let told = in_zone(lord_howe, "2027-04-04 01:45", now);
        assert!(told.contains("`2027-04-04T01:45:00+11:00` or `2027-04-04T01:45:00+10:30`"));
        let midnight = "<-04>4<-03>,M9.1.0/0,M4.1.0/0";
        let told = in_zone(midnight, "2027-04-03", now);
        assert!(told.contains("comes twice"), "{told}");
    }

    #[test]
    fn a_refused_local_time_is_never_an_hour_that_was_guessed() {
        // Every quarter of an hour of the two days on which clocks change, against a zone whose
        // rule is written out here.
        let zone = Wall { change: seconds("2026-10-25T01:00:00Z"), before: 7200, after: 3600 };
        let spring = Wall { change: seconds("2027-03-28T01:00:00Z"), before: 3600, after: 7200 };
        for (zone, day) in [(zone, "2026-10-25"), (spring, "2027-03-28")] {
            for quarter in 0..96 {
                let text = format!("{day} {:02}:{:02}", quarter / 4, quarter % 4 * 15);
                let wall = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").unwrap();
                let fits = |offset: i32| {
                    let moment = wall.and_utc().timestamp() - i64::from(offset);
                    (zone.offset_at(moment) == offset).then_some(moment)
                };
                let possible: Vec<_> =
                    [fits(zone.before), fits(zone.after)].into_iter().flatten().collect();
                match (parse_until(&text, &zone, NOW - 40 * 86_400), possible.as_slice()) {
                    (Ok(moment), [only]) => assert_eq!(moment, *only, "{text}"),
                    (Err(DeadlineError::Twice { earlier, later, .. }), [_, _]) => {
                        assert_eq!([seconds(&earlier), seconds(&later)], *possible, "{text}");
                    }
                    (Err(DeadlineError::Never { earlier, later, .. }), []) => {
                        assert_eq!(seconds(&later) - seconds(&earlier), 3600, "{text}");
                    }
                    (answer, possible) => panic!("{text}: {answer:?}, but {possible:?}"),
                }
            }
        }
    }

    /// A zone whose clocks change once, at `change`.
    #[derive(Debug, Clone, Copy)]
    struct Wall {
        change: UnixTime,
        before: i32,
        after: i32,
    }

    impl Wall {
        fn offset_at(&self, moment: UnixTime) -> i32 {
            if moment < self.change { self.before } else { self.after }
        }
    }

    #[derive(Debug, Clone, Copy)]
    struct WallOffset(Wall, i32);

    impl chrono::Offset for WallOffset {
        fn fix(&self) -> FixedOffset {
            FixedOffset::east_opt(self.1).unwrap()
        }
    }

    impl TimeZone for Wall {
        type Offset = WallOffset;

        fn from_offset(offset: &WallOffset) -> Self {
            offset.0
        }

        fn offset_from_local_date(&self, _: &NaiveDate) -> MappedLocalTime<WallOffset> {
            unreachable!("only used by what chrono has deprecated")
        }

        fn offset_from_local_datetime(&self, wall: &NaiveDateTime) -> MappedLocalTime<WallOffset> {
            let fits = |offset: i32| {
                let moment = wall.and_utc().timestamp() - i64::from(offset);
                (self.offset_at(moment) == offset).then_some(WallOffset(*self, offset))
            };
            match (fits(self.before), fits(self.after)) {
                (Some(one), Some(other)) => MappedLocalTime::Ambiguous(one, other),
                (Some(only), None) | (None, Some(only)) => MappedLocalTime::Single(only),
                (None, None) => MappedLocalTime::None,
            }
        }

        fn offset_from_utc_date(&self, _: &NaiveDate) -> WallOffset {
            unreachable!("only used by what chrono has deprecated")
        }

        fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> WallOffset {
            WallOffset(*self, self.offset_at(utc.and_utc().timestamp()))
        }
    }

    #[test]
    fn lengths_of_time_are_shown_in_their_two_largest_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (20, "20 s"),
            (59, "59 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (3599, "59 min 59 s"),
            (3600, "1 h"),
            (3661, "1 h 1 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 day"),
            (90_000, "1 day 1 h"),
            (172_800, "2 days"),
            (14 * 86_400 - 1, "13 days 23 h"),
            (-90, "1 min 30 s"),
            (i64::MIN, "106751991167 days 7 h"),
            (i64::MAX, "106751991167 days 7 h"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn moments_are_shown_with_how_far_away_they_are() {
        assert_eq!(relative(NOW + 20, NOW), "in 20 s");
        assert_eq!(relative(NOW - 3 * 86_400, NOW), "3 days ago");
        assert_eq!(relative(NOW, NOW), "now");
        assert_eq!(human(NOW + 20, &Utc, NOW), "2026-11-22 12:00:20 UTC (in 20 s)");
        let zone = FixedOffset::east_opt(3600).unwrap();
        assert_eq!(
            human(NOW + 14 * 86_400 - 60, &zone, NOW),
            "2026-12-06 12:59:00 +01:00 (in 13 days 23 h; 2026-12-06 11:59:00 UTC)"
        );
        // Beyond the calendar there is a number rather than nothing.
        assert_eq!(utc(i64::MAX), "9223372036854775807 s");
        assert_eq!(local(i64::MIN, &zone), "-9223372036854775808 s");
    }
}
