//! Reading and writing files from a script.

use super::error::{Outcome, mistake, raise};
use crate::model::Error;
use rhai::{Blob, Engine, ImmutableString, NativeCallContext};
use std::io;

/// `VBOX_E_FILE_ERROR`: a script handles all file errors alike.
const FILE_ERROR: u32 = 0x80bb_0004;
/// A file larger than this (in bytes) is refused: it would go into memory whole.
const LARGEST: u64 = 256 << 20;

/// Makes the functions known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("read_file", |context: NativeCallContext, path: ImmutableString| {
        let bytes = read(&context, &path)?;
        String::from_utf8(bytes).map_err(|_| {
            mistake(format!("`{path}` is no text"), format!("`read_blob({path:?})` reads bytes"), &context)
        })
    });
    engine.register_fn("read_blob", |context: NativeCallContext, path: ImmutableString| read(&context, &path));
    engine.register_fn("write_file", |context: NativeCallContext, path: ImmutableString, text: ImmutableString| {
        write(&context, &path, text.as_bytes())
    });
    engine.register_fn("write_file", |context: NativeCallContext, path: ImmutableString, bytes: Blob| {
        write(&context, &path, &bytes)
    });
}

fn read(context: &NativeCallContext, path: &str) -> Outcome<Blob> {
    let size = std::fs::metadata(path).map_err(|error| failed(context, "read", path, &error))?.len();
    if size > LARGEST {
        return Err(mistake(format!("`{path}` has {size} bytes; scripts read files of up to {LARGEST}"), "", context));
    }
    std::fs::read(path).map_err(|error| failed(context, "read", path, &error))
}

fn write(context: &NativeCallContext, path: &str, bytes: &[u8]) -> Outcome<()> {
    std::fs::write(path, bytes).map_err(|error| failed(context, "written", path, &error))
}

fn failed(context: &NativeCallContext, what: &str, path: &str, error: &io::Error) -> Box<rhai::EvalAltResult> {
    raise(Error::api(context.fn_name(), FILE_ERROR, format!("`{path}` cannot be {what}: {error}")), context)
}
