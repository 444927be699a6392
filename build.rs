//! Names the build: the program and the library beside it hand Rust values to each other, which only
//! works when both were made of the same sources in the same way.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

fn main() {
    let mut hasher = DefaultHasher::new();
    for place in ["Cargo.toml", "Cargo.lock", "build.rs", "src", "python"] {
        println!("cargo:rerun-if-changed={place}");
        take(Path::new(place), &mut hasher);
    }
    // What else decides how values are laid out.
    for (name, value) in std::env::vars() {
        let counts = ["PROFILE", "OPT_LEVEL", "DEBUG", "TARGET", "RUSTC", "CARGO_ENCODED_RUSTFLAGS"].contains(&&*name)
            || name.starts_with("CARGO_FEATURE_");
        if counts {
            (name, value).hash(&mut hasher);
        }
    }
    println!("cargo:rustc-env=VBOXSH_BUILD_ID={:016x}", hasher.finish());
}

fn take(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            take(&path, hasher);
        }
    } else if let Ok(bytes) = fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
