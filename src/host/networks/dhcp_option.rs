//! Which values DHCP options take, in their written form. What is accepted is as observed with VirtualBox 7.2.22.

use super::addresses::ipv4;

/// What a value of an option is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Numbers,
    Flag,
    Address,
    Addresses,
    Pairs,
    Names,
    /// No written form; only bytes in hexadecimal.
    Bytes,
}

fn form(option: i64) -> Form {
    match option {
        1 | 16 | 28 | 32 => Form::Address,
        3..=11 | 21 | 41 | 42 | 44 | 45 | 48 | 49 | 68..=76 => Form::Addresses,
        2 | 13 | 22..=24 | 26 | 35 | 37 | 38 | 46 => Form::Number,
        19 | 20 | 27 | 29..=31 | 34 | 36 | 39 => Form::Flag,
        25 => Form::Numbers,
        33 => Form::Pairs,
        119 => Form::Names,
        43 | 47 | 63 | 78 | 79 => Form::Bytes,
        _ => Form::Text,
    }
}

/// Checks a value; the cause of a failure otherwise. `bytes`: it is written in hexadecimal.
pub(super) fn check(option: i64, bytes: bool, value: &str) -> Result<(), &'static str> {
    if bytes {
        let odd = value.len() > 1 && value.len() % 2 == 1 && value.bytes().all(|digit| digit.is_ascii_hexdigit());
        return if odd { Err("it has an odd number of hexadecimal digits") } else { Ok(()) };
    }
    let (fits, wanted) = match form(option) {
        Form::Text => (true, ""),
        Form::Number => (is_number(value), "a number is expected"),
        Form::Numbers => {
            let mut parts = value.split([' ', ',']).filter(|part| !part.is_empty()).peekable();
            (parts.peek().is_some() && parts.all(is_number), "numbers are expected, apart by blanks or commas")
        }
        Form::Flag => {
            let known = ["true", "yes", "on", "false", "no", "off"];
            (is_number(value) || known.contains(&value), "true or false is expected")
        }
        Form::Address => (ipv4(value).is_some(), "an IPv4 address is expected"),
        Form::Addresses => (addresses(value).is_some(), "IPv4 addresses are expected, apart by blanks"),
        Form::Pairs => {
            let pairs = addresses(value).is_some_and(|count| count % 2 == 0);
            (pairs, "pairs of IPv4 addresses are expected, apart by blanks")
        }
        Form::Names => {
            let mut names = value.split([' ', ',']).filter(|name| !name.is_empty()).peekable();
            let named = names.peek().is_some() && names.all(|name| !name.contains(".."));
            (named, "names of domains are expected, apart by blanks")
        }
        Form::Bytes => (false, "this option takes bytes in hexadecimal only"),
    };
    if fits { Ok(()) } else { Err(wanted) }
}

fn is_number(written: &str) -> bool {
    let written = written.trim_matches([' ', '\t']);
    let digits = written.strip_prefix(['-', '+']).unwrap_or(written);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// How many addresses there are; none for a list that cannot be read. One separator may end it.
fn addresses(value: &str) -> Option<usize> {
    let value = value.strip_suffix([' ', ',', ';']).unwrap_or(value);
    let mut count = 0;
    for part in value.split([' ', ',', ';']) {
        ipv4(part)?;
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these values VirtualBox takes (`+`), for an option of each form.
    #[test]
    fn values_are_taken_as_virtualbox_takes_them() {
        let values = [
            "",
            "1",
            "-1",
            "x",
            "1.2.3.4",
            "1.2.3.4 1.2.3.5",
            "1 2",
            "true",
            "yes",
            "off",
            "2",
            "a.b c.d",
            " 1",
            "1 ",
            "0x1",
            "300",
            "70000",
            "5000000000",
            "1.2.3.4,",
            ",",
            "a..b",
            "-a",
            "é",
            "1.2.3.4 1.2.3.5 1.2.3.6",
            "a_b",
            "on",
            "enable",
            "99999999999999999999",
        ];
        for (option, wanted) in [
            (1, "----+-----------------------"),
            (2, "-++-------+-++-+++---------+"),
            (3, "----++------------+----+----"),
            (12, "++++++++++++++++++++++++++++"),
            (19, "-++----++++-++-+++-------+-+"),
            (25, "-++---+---+-++-+++---------+"),
            (33, "-----+----------------------"),
            (43, "----------------------------"),
            (47, "----------------------------"),
            (65, "++++++++++++++++++++++++++++"),
            (119, "-++++++++++++++++++--+++++++"),
        ] {
            let taken: String =
                values.iter().map(|value| if check(option, false, value).is_ok() { '+' } else { '-' }).collect();
            assert_eq!(taken, wanted, "option {option}");
        }
        assert!(check(12, true, "616").is_err());
        assert!(["", "1", "12", "12:3", "zz", "1z"].into_iter().all(|value| check(12, true, value).is_ok()));
    }
}
