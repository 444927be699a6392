//! Result codes: the 32-bit numbers that calls fail with, and their names.

/// Codes that every object model of this kind has, beside VirtualBox's own.
const STANDARD: &[(&str, u32)] = &[
    ("S_OK", 0x0000_0000),
    ("S_FALSE", 0x0000_0001),
    ("E_NOTIMPL", 0x8000_4001),
    ("E_NOINTERFACE", 0x8000_4002),
    ("E_POINTER", 0x8000_4003),
    ("E_ABORT", 0x8000_4004),
    ("E_FAIL", 0x8000_4005),
    ("E_UNEXPECTED", 0x8000_FFFF),
    ("E_ACCESSDENIED", 0x8007_0005),
    ("E_OUTOFMEMORY", 0x8007_000E),
    ("E_INVALIDARG", 0x8007_0057),
];

/// The codes that every object model of this kind has, beside VirtualBox's own.
pub fn standard_codes() -> &'static [(&'static str, u32)] {
    STANDARD
}

/// Name of a result code, `None` when no release known here has it.
pub fn name_of_code(code: u32) -> Option<&'static str> {
    let own = super::embedded().result_codes().iter().find(|(_, number)| *number == code);
    own.or_else(|| STANDARD.iter().find(|(_, number)| *number == code)).map(|(name, _)| *name)
}

/// Number of a result code's name.
pub fn number_of_code(name: &str) -> Option<u32> {
    let own = super::embedded().result_codes().iter().find(|(known, _)| *known == name);
    own.or_else(|| STANDARD.iter().find(|(known, _)| *known == name)).map(|(_, number)| *number)
}
