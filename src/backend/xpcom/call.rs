//! Carries one call out: arguments into words, outs into values, and every buffer back to its owner.
//!
//! What goes in stays ours: the other side copies it. What comes out is ours to give up: texts and
//! arrays are freed, objects are released when nobody holds them any more.

use super::loader::Api;
use super::plan::{Form, Parameter, Plan};
use super::raw::{self, Pointer, Word, failed};
use super::runtime;
use crate::model::{EnumValue, Error, Handle, RawValue, Result, Value};
use crate::schema::{Direction, Interface};
use std::ffi::c_void;
use std::sync::Arc;

/// A value whose objects are interface pointers.
pub(super) type Given = Value<(Arc<Pointer>, &'static Interface)>;

/// Finds the interface pointer for an object among the arguments.
pub(super) type Resolve<'a> = &'a dyn Fn(&Handle, &Parameter) -> Result<Arc<Pointer>>;

/// How a call ended other than well.
pub(super) enum Failure {
    /// It never left.
    Unsent(Error),
    /// It gave this code.
    Code(u32),
}

/// What the arguments of a call are made of; it must live as long as the call.
#[derive(Default)]
struct Arguments {
    texts: Vec<Vec<u16>>,
    arrays: Vec<Vec<u64>>,
    objects: Vec<Arc<Pointer>>,
}

/// Calls a member of the object behind `target`, which must be of the plan's interface.
pub(super) fn call(
    api: &Api,
    target: &Pointer,
    plan: &Plan,
    arguments: &[RawValue],
    resolve: Resolve<'_>,
) -> Result<Vec<Given>, Failure> {
    runtime::attach();
    let mut kept = Arguments::default();
    let mut arguments = arguments.iter();
    // One word for the length of an array, one for what is out.
    let mut outs = vec![0_u64; plan.parameters.len() * 2];
    let places = outs.as_mut_ptr();
    let mut words = Vec::with_capacity(plan.parameters.len() * 2);
    for (at, parameter) in plan.parameters.iter().enumerate() {
        if parameter.direction == Direction::In {
            let value = arguments.next().unwrap_or(&RawValue::Null);
            kept.push(&mut words, plan, parameter, value, resolve).map_err(Failure::Unsent)?;
            continue;
        }
        // SAFETY: `outs` has two places for each parameter.
        let (length, place) = unsafe { (places.add(at * 2), places.add(at * 2 + 1)) };
        if parameter.kind.array {
            words.push(Word::pointer(length.cast()));
        }
        words.push(Word::pointer(place.cast()));
    }
    // SAFETY: takes nothing; this thread takes part.
    unsafe { (api.clear_exception)() };
    // SAFETY: the plan's slot was compared with the installed typelib, parameter by parameter, and
    // the words follow it; what they point to is in `kept` and `outs`, which outlive the call.
    let code = unsafe { target.call(plan.slot, &words) };
    drop(kept);
    if failed(code) {
        return Err(Failure::Code(code));
    }
    let value = |(at, parameter): (usize, &Parameter)| {
        let out = Out { api, parameter, local: target.is_local() };
        match parameter.kind.array {
            // SAFETY: a success has stored a length and an array of so many values, which are ours now.
            true => unsafe { out.array(outs[at * 2], outs[at * 2 + 1]) },
            // SAFETY: a success has stored a value of the parameter's form, which is ours now.
            false => unsafe { out.value((&raw const outs[at * 2 + 1]).cast()) },
        }
    };
    let of =
        |direction| plan.parameters.iter().enumerate().filter(move |(_, parameter)| parameter.direction == direction);
    Ok(of(Direction::Return).chain(of(Direction::Out)).map(value).collect())
}

impl Arguments {
    fn push(
        &mut self,
        words: &mut Vec<Word>,
        plan: &Plan,
        parameter: &Parameter,
        value: &RawValue,
        resolve: Resolve<'_>,
    ) -> Result<()> {
        let size = parameter.form.size();
        if !parameter.kind.array {
            let bits = self.bits(plan, parameter, value, resolve)?;
            words.push(Word::number(bits, size));
            return Ok(());
        }
        let (length, array) = match value {
            RawValue::Blob(bytes) => (bytes.len(), bytes_as_words(bytes)),
            RawValue::List(values) => {
                // At least one word: the pointer to an empty array must still point somewhere.
                let mut array = vec![0_u64; (values.len() * size).div_ceil(8).max(1)];
                let start: *mut u8 = array.as_mut_ptr().cast();
                for (at, value) in values.iter().enumerate() {
                    let bits = self.bits(plan, parameter, value, resolve)?.to_ne_bytes();
                    let bytes = if cfg!(target_endian = "little") { &bits[..size] } else { &bits[bits.len() - size..] };
                    // SAFETY: the array has room for all values, each of `size` bytes.
                    unsafe { start.add(at * size).copy_from_nonoverlapping(bytes.as_ptr(), size) };
                }
                (values.len(), array)
            }
            _ => (0, vec![0]),
        };
        let length = u32::try_from(length)
            .map_err(|_| Error::usage(format!("{}: `{}` is too long", plan.operation, parameter.name), ""))?;
        words.push(Word::number(length as usize, 4));
        words.push(Word::pointer(array.as_ptr().cast()));
        self.arrays.push(array);
        Ok(())
    }

    /// The bits of one value: the number itself, or the address of a text or an object.
    fn bits(&mut self, plan: &Plan, parameter: &Parameter, value: &RawValue, resolve: Resolve<'_>) -> Result<usize> {
        Ok(match (parameter.form, value) {
            (Form::Text, RawValue::Text(text)) => {
                if text.contains('\0') {
                    return Err(Error::usage(
                        format!(
                            "{}: `{}` has a zero character in it, at which VirtualBox would cut it off",
                            plan.operation, parameter.name
                        ),
                        "leave it out",
                    ));
                }
                let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
                let address = text.as_ptr() as usize;
                self.texts.push(text);
                address
            }
            (Form::Object, RawValue::Object((handle, _))) => {
                let pointer = resolve(handle, parameter)?;
                let address = pointer.address();
                self.objects.push(pointer);
                address
            }
            (Form::Bool, RawValue::Bool(truth)) => usize::from(*truth),
            // A negative number keeps its sign in all 64 bits, as a C compiler would pass it.
            (Form::Number { .. }, value) => value.as_int().unwrap_or_default() as usize,
            // No object, an empty text.
            _ => 0,
        })
    }
}

fn bytes_as_words(bytes: &[u8]) -> Vec<u64> {
    let mut words = vec![0_u64; bytes.len().div_ceil(8).max(1)];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(whole);
    }
    words
}

/// A parameter that has come out.
struct Out<'a> {
    api: &'a Api,
    parameter: &'a Parameter,
    /// Whether it comes from an object of this process.
    local: bool,
}

impl Out<'_> {
    /// # Safety
    /// `length` values of the parameter's form stand at `address`, and all of it is ours.
    unsafe fn array(&self, length: u64, address: u64) -> Given {
        let start = address as usize as *mut u8;
        // The other side stores four bytes of the eight.
        let length = u32::from_ne_bytes(first_bytes(length)) as usize;
        let size = self.parameter.form.size();
        let value = if start.is_null() {
            if self.parameter.kind.is_blob() { Given::Blob(Vec::new()) } else { Given::List(Vec::new()) }
        } else if self.parameter.kind.is_blob() {
            // SAFETY: as promised by the caller.
            Given::Blob(unsafe { std::slice::from_raw_parts(start, length) }.to_vec())
        } else {
            // SAFETY: as promised by the caller.
            Given::List((0..length).map(|at| unsafe { self.value(start.add(at * size)) }).collect())
        };
        // SAFETY: the buffer is ours, and what its elements pointed to is taken over.
        unsafe { raw::free(self.api, start.cast()) };
        value
    }

    /// # Safety
    /// A value of the parameter's form stands at `place`, and what it points to is ours.
    unsafe fn value(&self, place: *const u8) -> Given {
        // SAFETY: as promised by the caller; the place may be in the middle of a word.
        unsafe {
            match self.parameter.form {
                Form::Number { size, signed } => self.number(match (size, signed) {
                    (1, _) => place.read().into(),
                    (2, true) => place.cast::<i16>().read_unaligned().into(),
                    (2, false) => place.cast::<u16>().read_unaligned().into(),
                    (4, true) => place.cast::<i32>().read_unaligned().into(),
                    (4, false) => place.cast::<u32>().read_unaligned().into(),
                    _ => place.cast::<i64>().read_unaligned(),
                }),
                Form::Bool => Given::Bool(place.cast::<i32>().read_unaligned() != 0),
                Form::Text => Given::Text(self.text(place.cast::<*mut u16>().read_unaligned())),
                Form::Object => self.object(place.cast::<*mut c_void>().read_unaligned()),
            }
        }
    }

    fn number(&self, number: i64) -> Given {
        match self.parameter.enumeration {
            Some(enumeration) => Given::Enum(EnumValue { enumeration, number }),
            None => Given::Int(number),
        }
    }

    /// # Safety
    /// `text` is null, or UTF-16 with a zero behind it, and ours.
    unsafe fn text(&self, text: *mut u16) -> String {
        if text.is_null() {
            return String::new();
        }
        // SAFETY: as promised by the caller; the memory is given up after it was copied.
        unsafe {
            let mut length = 0;
            while text.add(length).read() != 0 {
                length += 1;
            }
            let copied = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
            raw::free(self.api, text.cast());
            copied
        }
    }

    /// # Safety
    /// `address` is null, or an interface pointer with a reference that is ours.
    unsafe fn object(&self, address: *mut c_void) -> Given {
        let local = self.local && self.parameter.interface.is_some_and(stays_local);
        // SAFETY: as promised by the caller.
        match (unsafe { Pointer::adopt(address, local) }, self.parameter.interface) {
            (Some(pointer), Some(interface)) => Given::Object((Arc::new(pointer), interface)),
            _ => Given::Null,
        }
    }
}

fn first_bytes(word: u64) -> [u8; 4] {
    let [a, b, c, d, ..] = word.to_ne_bytes();
    [a, b, c, d]
}

/// Whether what an object of this process hands out lives here as well: events and where they come
/// from do, `IVirtualBox` does not.
fn stays_local(interface: &'static Interface) -> bool {
    matches!(interface.name, "IEventSource" | "IEventListener") || interface.extends("IEvent")
}
