//! Points in time as settings files write them.

use crate::model::date;

/// `2026-11-22T03:12:12Z` as milliseconds since 1970; 0 for anything else.
pub(super) fn read(written: &str) -> i64 {
    let mut numbers =
        written.split(|letter: char| !letter.is_ascii_digit()).map(|part| part.parse::<i64>().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default().clamp(0, 99_999);
    let (year, month, day, hour, minute, second) = (next(), next(), next(), next(), next(), next());
    if year < 1970 || month == 0 {
        return 0;
    }
    // Days since 1970 in the civil calendar, counted in years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}

/// Milliseconds since 1970 as `2026-11-22T03:12:12Z`.
pub(super) fn write(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let ((year, month, day), rest) = (date(seconds / 86_400), seconds % 86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The same to the nanosecond.
pub(super) fn precise(milliseconds: i64) -> String {
    let whole = write(milliseconds);
    format!("{}.{:03}000000Z", whole.trim_end_matches('Z'), milliseconds.max(0) % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive() {
        for written in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-22T03:12:12Z", "2100-03-01T00:00:00Z"]
        {
            assert_eq!(write(read(written)), written);
        }
        assert_eq!(read("2026-11-22T03:12:12Z"), 1_795_317_132_000);
        assert_eq!(read("rubbish"), 0);
        assert_eq!(precise(1_795_317_132_007), "2026-11-22T03:12:12.007000000Z");
    }
}
