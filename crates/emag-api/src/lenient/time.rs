//! The partner's zone-less wall-clock time and the one place where it meets real instants.

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Timelike as _,
    Utc,
};
use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::is_none;

/// The full form every filter is sent in; shorter forms are only read.
const FULL_FORM: &str = "%Y-%m-%d %H:%M:%S";

/// A timestamp without zone, as the partner writes it: the wall clock of the site's zone. See [`to_utc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct WallTime(pub Option<NaiveDateTime>);

impl WallTime {
    pub const fn get(self) -> Option<NaiveDateTime> {
        self.0
    }

    /// The instant meant, in the given zone.
    pub fn to_utc(self, zone: Tz) -> Option<DateTime<Utc>> {
        self.0.map(|wall| to_utc(wall, zone))
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        wall_time_of(&value).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(wall) => serializer.serialize_str(&format_wall_time(wall)),
            None => serializer.serialize_none(),
        }
    }
}

/// Years outside are a partner's mistake; conversion to an instant is safe within.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

fn wall_time_of(value: &Value) -> Result<Option<NaiveDateTime>, &'static str> {
    if is_none(value) {
        return Ok(None);
    }
    match value {
        Value::String(text) => parse(text.trim()),
        // A PHP DateTime dump: {"date": "…", "timezone_type": 3, "timezone": "Europe/Bucharest"}.
        Value::Object(dump) => match dump.get("date") {
            Some(Value::String(text)) => parse(text.trim()),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))
            | None => Err("an object without a date where a time belongs"),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err("no text where a time belongs")
        }
    }
}

fn parse(text: &str) -> Result<Option<NaiveDateTime>, &'static str> {
    match read_any_form(text)? {
        Some(time) if !YEARS.contains(&time.year()) => Err("a year nobody trades in"),
        time => Ok(time),
    }
}

fn read_any_form(text: &str) -> Result<Option<NaiveDateTime>, &'static str> {
    // MySQL's "no date".
    if text.starts_with("0000-00-00") {
        return Ok(None);
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            return Ok(Some(time));
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    date.and_then(|date| date.and_hms_opt(0, 0, 0))
        .map(Some)
        .ok_or("text that is no time")
}

/// The instant a wall time means in a zone.
///
/// The hour that repeats in October is taken as its first pass and the hour missing in March is moved forward; readers
/// overlap their windows by two hours, so an hour of doubt loses nothing.
pub fn to_utc(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Some(instant) = zone.from_local_datetime(&wall).earliest() {
        return instant.with_timezone(&Utc);
    }
    let earlier = wall.checked_sub_signed(TimeDelta::hours(12)).unwrap_or(wall);
    let before = zone.offset_from_utc_datetime(&earlier).fix();
    let shift = TimeDelta::seconds(i64::from(before.local_minus_utc()));
    wall.checked_sub_signed(shift).unwrap_or(wall).and_utc()
}

/// The wall time of an instant in a zone, cut to whole seconds.
pub fn from_utc(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    let wall = instant.with_timezone(&zone).naive_local();
    wall.with_nanosecond(0).unwrap_or(wall)
}

/// `YYYY-MM-DD HH:MM:SS`, the only form filters are sent in.
pub fn format_wall_time(wall: NaiveDateTime) -> String {
    wall.format(FULL_FORM).to_string()
}
