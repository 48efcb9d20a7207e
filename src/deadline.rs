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
use crate::message::{self, Arg};

/// The longest time that is understood, in seconds: 366 days. Policy sets the limits; this one
/// keeps the arithmetic away from the end of the calendar.
const LONGEST: i64 = 366 * 86_400;

/// A deadline that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// It is not a length of time.
    #[error("`{0}` is not a length of time; write `14d`, `5h`, `90m` or `2 weeks`")]
    NotALength(String),
    /// It is not a day or a time of day.
    #[error(
        "`{0}` is not a time; write `2026-12-01`, `2026-12-01 18:00`, `2026-12-01T18:00+01:00` or \
         `2026-12-01T17:00Z`"
    )]
    NotATime(String),
    /// Less than a second.
    #[error("`{0}` is no time at all")]
    Zero(String),
    /// More than a year.
    #[error("`{0}` is more than a year away")]
    Far(String),
    /// It is over.
    #[error("`{text}` is in the past: it was {ago}")]
    Past {
        /// What was written.
        text: String,
        /// How long ago.
        ago: String,
    },
    /// Clocks are put back, and this time of day comes twice.
    #[error(
        "`{text}` comes twice that day, because clocks are put back; write `{earlier}` or `{later}`"
    )]
    Twice {
        /// What was written.
        text: String,
        /// The first of the two, with its offset.
        earlier: String,
        /// The second of the two, with its offset.
        later: String,
    },
    /// Clocks are put forward, and this time of day does not come.
    #[error(
        "`{text}` does not come that day, because clocks are put forward; write `{earlier}` or \
         `{later}`"
    )]
    Never {
        /// What was written.
        text: String,
        /// The earlier instant it could mean, with its offset.
        earlier: String,
        /// The later instant it could mean, with its offset.
        later: String,
    },
}

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

fn at<Zone: TimeZone>(moment: UnixTime, zone: &Zone) -> Option<DateTime<Zone>> {
    zone.timestamp_opt(moment, 0).single()
}

/// How far away a moment is: `in 13 days 23 h`, `in 20 s`, `3 days ago`, `now`.
#[must_use]
pub fn relative(moment: UnixTime, now: UnixTime) -> String {
    let away = moment.saturating_sub(now);
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
