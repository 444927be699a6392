//! Types of the Main API as the schema states them.

use std::fmt;

/// What one value of a [`Type`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `wstring`: any text.
    String,
    /// `uuid`: a string on every wire.
    Uuid,
    /// `boolean`.
    Boolean,
    /// `octet`: one byte; an array of them is a blob.
    Octet,
    /// `short`: 16 bit, signed.
    Short,
    /// `unsigned short`: 16 bit.
    UnsignedShort,
    /// `long`: 32 bit, signed.
    Long,
    /// `unsigned long`: 32 bit.
    UnsignedLong,
    /// `long long`: 64 bit, signed.
    LongLong,
    /// `unsigned long long`: 64 bit (no member of 7.2 uses it).
    UnsignedLongLong,
    /// `$unknown`: an object of any interface.
    AnyObject,
    /// An object, or a structure by value, of the named interface.
    Interface(&'static str),
    /// A value of the named enumeration.
    Enum(&'static str),
}

impl Kind {
    /// The least and the greatest number of an integer kind.
    pub fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Octet => (0, 255),
            Self::Short => (i16::MIN.into(), i16::MAX.into()),
            Self::UnsignedShort => (0, u16::MAX.into()),
            Self::Long => (i32::MIN.into(), i32::MAX.into()),
            Self::UnsignedLong => (0, u32::MAX.into()),
            Self::LongLong => (i64::MIN.into(), i64::MAX.into()),
            Self::UnsignedLongLong => (0, u64::MAX.into()),
            _ => return None,
        })
    }

    /// Whether values of this kind are references to objects (or structures).
    pub fn is_object(self) -> bool {
        matches!(self, Self::AnyObject | Self::Interface(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "wstring",
            Self::Uuid => "uuid",
            Self::Boolean => "boolean",
            Self::Octet => "octet",
            Self::Short => "short",
            Self::UnsignedShort => "unsigned short",
            Self::Long => "long",
            Self::UnsignedLong => "unsigned long",
            Self::LongLong => "long long",
            Self::UnsignedLongLong => "unsigned long long",
            Self::AnyObject => "object",
            Self::Interface(name) | Self::Enum(name) => name,
        })
    }
}

/// A kind, alone or as an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What each value is.
    pub kind: Kind,
    /// Whether it is an array of them.
    pub array: bool,
}

impl Type {
    /// One value of `kind`.
    pub const fn one(kind: Kind) -> Self {
        Self { kind, array: false }
    }

    /// An array of `kind`.
    pub const fn many(kind: Kind) -> Self {
        Self { kind, array: true }
    }

    /// Whether this is an octet array, which travels and prints as a blob.
    pub fn is_blob(self) -> bool {
        self.array && self.kind == Kind::Octet
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind, if self.array { "[]" } else { "" })
    }
}
