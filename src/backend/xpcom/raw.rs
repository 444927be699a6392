//! The machine's side of XPCOM: interface pointers, vtables, calls by slot.

use super::loader::Api;
use super::runtime;
use super::typelib::IdBytes;
use std::ffi::c_void;
use std::mem::transmute;
use std::ptr::NonNull;

/// Slots that every object has.
const QUERY_INTERFACE: usize = 0;
const RELEASE: usize = 2;

/// Most arguments that a slot takes: 16 parameters, each of which may be an array, which takes two.
pub(super) const MOST_WORDS: usize = 32;

/// Whether a result code is a failure.
pub(super) fn failed(code: u32) -> bool {
    code & 0x8000_0000 != 0
}

/// An interface id as it stands in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    first: u32,
    second: u16,
    third: u16,
    rest: [u8; 8],
}

impl From<IdBytes> for Id {
    fn from(bytes: IdBytes) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        Self {
            first: u32::from_be_bytes([a, b, c, d]),
            second: u16::from_be_bytes([e, f]),
            third: u16::from_be_bytes([g, h]),
            rest,
        }
    }
}

/// The id of `nsISupports`, which never changes.
pub(super) const SUPPORTS: IdBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];

/// A call that could not run: the process at the other end is gone.
const CALL_FAILED: u32 = 0x8007_06be;

/// A reference to an interface of an object; dropping it gives the reference up.
#[derive(Debug)]
pub(super) struct Pointer {
    object: NonNull<c_void>,
    /// Whether the object lives in this process, so that it outlives the server.
    local: bool,
}

// SAFETY: VirtualBox's objects, and the stubs for those of its server, may be used and released from
// every thread that has taken part in XPCOM, and `runtime::attach` sees to that before each use.
unsafe impl Send for Pointer {}
// SAFETY: as above; the methods themselves lock.
unsafe impl Sync for Pointer {}

impl Pointer {
    /// Takes over a reference that the other side has counted for us; `None` for null.
    ///
    /// # Safety
    /// `address` is null, or an interface pointer with one reference that is ours to release. With
    /// `local`, the object lives in this process.
    pub(super) unsafe fn adopt(address: *mut c_void, local: bool) -> Option<Self> {
        NonNull::new(address).map(|object| Self { object, local })
    }

    /// Whether the object lives in this process, and not in the server.
    pub(super) fn is_local(&self) -> bool {
        self.local
    }

    /// Where it points: what tells interfaces of objects apart.
    pub(super) fn address(&self) -> usize {
        self.object.as_ptr() as usize
    }

    /// Calls a slot.
    ///
    /// # Safety
    /// The object's vtable has the slot, and `words` are its arguments as the platform passes them,
    /// each valid for what the slot does with it.
    pub(super) unsafe fn call(&self, slot: usize, words: &[Word]) -> u32 {
        if !self.local && runtime::is_dead() {
            return CALL_FAILED;
        }
        // SAFETY: as promised by the caller; the object is alive, since we hold a reference.
        unsafe { call(function(self.object, slot), self.address(), words) }
    }

    /// The object as another interface; the code of the failure when it does not have it.
    pub(super) fn query(&self, id: IdBytes) -> Result<Self, u32> {
        runtime::attach();
        let id = Id::from(id);
        let mut found: *mut c_void = std::ptr::null_mut();
        let words = [Word::pointer((&raw const id).cast()), Word::pointer((&raw mut found).cast())];
        // SAFETY: slot 0 of every object takes an id and a place for the pointer; both outlive the call.
        let code = unsafe { self.call(QUERY_INTERFACE, &words) };
        if failed(code) {
            return Err(code);
        }
        // SAFETY: a success has stored a pointer with a reference counted for us, or null.
        unsafe { Self::adopt(found, self.local) }.ok_or(0x8000_4002)
    }
}

impl Drop for Pointer {
    fn drop(&mut self) {
        runtime::attach();
        // SAFETY: slot 2 of every object gives a reference up; it takes no arguments, and this one is ours.
        unsafe { self.call(RELEASE, &[]) };
    }
}

/// The function in a slot of an object.
///
/// # Safety
/// `object` is a live interface pointer whose vtable has the slot.
unsafe fn function(object: NonNull<c_void>, slot: usize) -> usize {
    // SAFETY: an interface pointer points to the pointer to the vtable, a plain array of functions.
    unsafe {
        let vtable = object.cast::<*const usize>().read();
        vtable.add(slot).read()
    }
}

/// One argument: its bits, and how many bytes of them count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) bits: usize,
    pub(super) size: usize,
}

impl Word {
    pub(super) fn pointer(address: *const c_void) -> Self {
        Self { bits: address as usize, size: size_of::<usize>() }
    }

    pub(super) fn number(bits: usize, size: usize) -> Self {
        Self { bits, size }
    }
}

/// Calls a function with an object and further arguments.
///
/// No signature of the Main API has floating-point numbers or structures by value. So an argument
/// is an integer of at most 64 bits, and each takes a register or a word of the stack, whatever its
/// width. Apple's arm64 packs what goes to the stack; [`packed`] does the same before.
///
/// # Safety
/// `address` is a function that takes these arguments.
unsafe fn call(address: usize, object: usize, words: &[Word]) -> u32 {
    let mut bits = [0_usize; MOST_WORDS];
    let count = if cfg!(all(target_vendor = "apple", target_arch = "aarch64")) {
        packed(words, &mut bits)
    } else {
        for (bits, word) in bits.iter_mut().zip(words) {
            *bits = word.bits;
        }
        words.len().min(MOST_WORDS)
    };
    macro_rules! by_count {
        ([$($done:ident)*]) => {
            // More than any slot takes: the plan of a call refuses those.
            if let [$($done),*] = &bits[..count] { by_count!(@call $($done)*) } else { 0x8000_4001 }
        };
        ([$($done:ident)*] $next:ident $($rest:ident)*) => {
            if let [$($done),*] = &bits[..count] { by_count!(@call $($done)*) } else { by_count!([$($done)* $next] $($rest)*) }
        };
        (@call $($done:ident)*) => {{
            // SAFETY: as promised by the caller; the type says as many arguments as are given.
            let function = unsafe { transmute::<usize, unsafe extern "C" fn(usize $(, by_count!(@word $done))*) -> u32>(address) };
            // SAFETY: as promised by the caller.
            unsafe { function(object $(, *$done)*) }
        }};
        (@word $done:ident) => { usize };
    }
    by_count!([] a b c d e f g h i j k l m n o p q r s t u v w x y z aa ab ac ad ae af)
}

/// Arguments behind the registers as Apple's arm64 wants them on the stack: each takes its own size
/// there, at the next address that suits it.
fn packed(words: &[Word], bits: &mut [usize; MOST_WORDS]) -> usize {
    // Eight registers, one of which takes the object.
    const REGISTERS: usize = 7;
    let mut stack = [0_u8; MOST_WORDS * 8];
    let mut end = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if at < REGISTERS {
            bits[at] = word.bits;
            continue;
        }
        let start = end.next_multiple_of(word.size);
        end = start + word.size;
        stack[start..end].copy_from_slice(&word.bits.to_le_bytes()[..word.size]);
    }
    let on_stack = end.div_ceil(8);
    for (bits, bytes) in bits[words.len().min(REGISTERS)..].iter_mut().zip(stack.chunks_exact(8)).take(on_stack) {
        *bits = bytes.iter().rev().fold(0, |word, byte| word << 8 | usize::from(*byte));
    }
    words.len().min(REGISTERS) + on_stack
}

/// Gives up memory that the other side has allocated for us.
///
/// # Safety
/// `address` is null, or memory that a call has handed out and that is ours to free.
pub(super) unsafe fn free(api: &Api, address: *mut c_void) {
    if !address.is_null() {
        // SAFETY: as promised by the caller.
        unsafe { (api.free)(address) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn sum(
        object: usize,
        a: u8,
        b: i64,
        c: u32,
        d: i16,
        e: u8,
        f: u16,
        g: i64,
        h: u8,
        i: u32,
        j: i64,
    ) -> u32 {
        let rest = i64::from(a)
            + b
            + i64::from(c)
            + i64::from(d)
            + i64::from(e)
            + i64::from(f)
            + g
            + i64::from(h)
            + i64::from(i)
            + j;
        u32::try_from(object as i64 + rest).unwrap()
    }

    #[test]
    fn arguments_of_all_widths_arrive() {
        let number = |value: i64, size| Word::number(value as usize, size);
        let words = [(1, 1), (-2, 8), (3, 4), (-4, 2), (5, 1), (6, 2), (70_000, 8), (8, 1), (9, 4), (10, 8)];
        let words: Vec<_> = words.into_iter().map(|(value, size)| number(value, size)).collect();
        // SAFETY: the function takes these arguments.
        let result = unsafe { call(sum as *const () as usize, 100, &words) };
        assert_eq!(result, 70_136);
        // SAFETY: the function takes one argument.
        assert_eq!(unsafe { call(one as *const () as usize, 7, &[]) }, 7);
    }

    extern "C" fn one(object: usize) -> u32 {
        object as u32
    }

    #[test]
    fn apples_stack_is_packed() {
        let mut bits = [0; MOST_WORDS];
        let mut words = vec![Word::number(1, 8); 7];
        words.extend([
            Word::number(0xaa, 1),
            Word::number(0xbbbb, 2),
            Word::number(0xcccc_cccc, 4),
            Word::number(0xdd, 1),
            Word::number(0xee, 8),
        ]);
        assert_eq!(packed(&words, &mut bits), 10);
        assert_eq!(bits[7..10], [0xcccc_cccc_bbbb_00aa, 0xdd, 0xee]);
    }

    #[test]
    fn ids_stand_in_memory_as_numbers() {
        let id = Id::from(SUPPORTS);
        assert_eq!((id.first, id.second, id.third, id.rest), (0, 0, 0, [0xc0, 0, 0, 0, 0, 0, 0, 0x46]));
        assert_eq!(size_of::<Id>(), 16);
    }
}
