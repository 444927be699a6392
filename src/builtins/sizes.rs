//! Sizes and counts as people write them: `20G`, `512M`, `4096`.

use crate::output::Failure;

/// Bytes in a megabyte.
pub(super) const MEGABYTE: i64 = 1 << 20;

/// Reads a size and gives bytes; a number without a unit counts in `unit` bytes.
pub(super) fn parse(word: &str, unit: i64) -> Result<i64, Failure> {
    let wrong = || {
        Failure::usage(format!("`{word}` is no size"), "write it as `20G`, `512M` or `4096`; units are K, M, G and T")
    };
    let end = word.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(word.len());
    let (number, name) = word.split_at(end);
    let factor = match name.trim().to_ascii_uppercase().as_str() {
        "" => unit,
        "B" => 1,
        "K" | "KB" | "KIB" => 1 << 10,
        "M" | "MB" | "MIB" => MEGABYTE,
        "G" | "GB" | "GIB" => 1 << 30,
        "T" | "TB" | "TIB" => 1 << 40,
        _ => return Err(wrong()),
    };
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong);
    }
    let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor as f64;
    if (1.0..9e18).contains(&bytes) { Ok(bytes as i64) } else { Err(wrong()) }
}

/// Reads a whole number that is not negative.
pub(super) fn count(what: &str, word: &str) -> Result<i64, Failure> {
    word.parse::<u32>().map(i64::from).map_err(|_| {
        Failure::usage(format!("{what}: `{word}` is no number"), "write a whole number that is not negative")
    })
}

/// A number of bytes for people: `1.5 GB`.
pub(super) fn show(bytes: i64) -> String {
    let mut size = bytes as f64;
    let mut unit = "B";
    for larger in ["KB", "MB", "GB", "TB", "PB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    if unit == "B" || size.fract() < 0.05 { format!("{size:.0} {unit}") } else { format!("{size:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (word, bytes) in [("4", 4 << 20), ("20G", 20 << 30), ("1.5g", 3 << 29), ("512 MB", 512 << 20), ("7B", 7)] {
            assert_eq!(parse(word, MEGABYTE).unwrap(), bytes, "{word}");
        }
        for word in ["", "G", "-1", "0", "1X", "1e9", "9999999T", "nan"] {
            assert!(parse(word, MEGABYTE).is_err(), "{word}");
        }
    }

    #[test]
    fn bytes_are_shown_short() {
        let shown: Vec<_> = [0, 999, 1024, 1536, 20 << 30].into_iter().map(show).collect();
        assert_eq!(shown, ["0 B", "999 B", "1 KB", "1.5 KB", "20 GB"]);
    }
}
