//! Sizes as people write them: `20G`, `512M`, `4096`. `output` has the way back.

use crate::output::Failure;

/// Bytes in a megabyte.
pub const MEGABYTE: i64 = 1 << 20;

/// Reads a size and gives bytes; a number without a unit counts in `unit` bytes.
///
/// # Errors
/// It is no size, or none that a file can have.
pub fn parse_size(word: &str, unit: i64) -> Result<i64, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (word, bytes) in [("4", 4 << 20), ("20G", 20 << 30), ("1.5g", 3 << 29), ("512 MB", 512 << 20), ("7B", 7)] {
            assert_eq!(parse_size(word, MEGABYTE).unwrap(), bytes, "{word}");
        }
        for word in ["", "G", "-1", "0", "1X", "1e9", "9999999T", "nan"] {
            assert!(parse_size(word, MEGABYTE).is_err(), "{word}");
        }
    }
}
