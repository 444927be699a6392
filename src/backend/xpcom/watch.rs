//! Sees VirtualBox's server die, and keeps its death from holding this process up.
//!
//! The library of 7.2 sends from a thread of its own, which holds the lock that every call and every
//! release needs. When the server is gone while something is still to be sent, that thread tries again
//! and again, for ever. So a thread of ours waits for the end of the connection; then it puts a socket
//! in the place of the broken one that takes everything and gives its reader the end. The sender gets
//! rid of what it has, the reader sees the end, and all who wait get their error.

use super::runtime;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the library may take to find the end by itself.
const GRACE: Duration = Duration::from_millis(100);

/// Begins to watch the connection that the library has made; for once it is there.
pub(super) fn begin() {
    let Some((number, connection)) = connection() else { return };
    // Without the thread the end is found by the next call.
    let _ = std::thread::Builder::new().name("watch".to_owned()).spawn(move || watch(number, &connection));
}

/// The library's connection to the server: its number, and a hold of our own on it.
fn connection() -> Option<(RawFd, UnixStream)> {
    let numbers = std::fs::read_dir("/dev/fd").ok()?;
    let numbers = numbers.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.into_iter().find_map(|number| {
        let stream = UnixStream::from(hold(number)?);
        let peer = stream.peer_addr().ok()?;
        let path = peer.as_pathname()?.to_str()?;
        (path.ends_with("/ipcd") && path.contains(".vbox-")).then_some((number, stream))
    })
}

/// Another number for what a number stands for; none when it stands for nothing.
fn hold(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: the number is only duplicated, which fails when it stands for nothing.
    (number >= 0).then(|| unsafe { BorrowedFd::borrow_raw(number) }.try_clone_to_owned().ok()).flatten()
}

fn watch(number: RawFd, connection: &UnixStream) {
    if !wait_for_end(connection) {
        return;
    }
    runtime::bury();
    std::thread::sleep(GRACE);
    // Unless the library has closed it.
    if is_same(number, connection) {
        let _ = exchange(number);
    }
}

/// Waits until the other end is gone; false when that cannot be waited for.
fn wait_for_end(connection: &UnixStream) -> bool {
    #[repr(C)]
    struct Wanted {
        number: RawFd,
        events: i16,
        happened: i16,
    }
    #[cfg(target_vendor = "apple")]
    type Count = std::ffi::c_uint;
    #[cfg(not(target_vendor = "apple"))]
    type Count = std::ffi::c_ulong;
    unsafe extern "C" {
        fn poll(wanted: *mut Wanted, count: Count, milliseconds: i32) -> i32;
    }
    loop {
        // Nothing is asked for: the end is told in any case.
        let mut wanted = Wanted { number: connection.as_raw_fd(), events: 0, happened: 0 };
        // SAFETY: one element, which outlives the call.
        let found = unsafe { poll(&raw mut wanted, 1, -1) };
        if found > 0 {
            return true;
        }
        if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return false;
        }
    }
}

fn is_same(number: RawFd, connection: &UnixStream) -> bool {
    let identity = |number| {
        let file = File::from(hold(number)?);
        file.metadata().ok().map(|found| (found.dev(), found.ino()))
    };
    identity(number).is_some_and(|found| identity(connection.as_raw_fd()) == Some(found))
}

/// Puts the socket in its place, and takes what comes from it for as long as the process lives.
fn exchange(number: RawFd) -> std::io::Result<()> {
    unsafe extern "C" {
        fn dup2(from: RawFd, to: RawFd) -> RawFd;
    }
    let (theirs, mut ours) = UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    ours.shutdown(std::net::Shutdown::Write)?;
    // SAFETY: both numbers stand for something; the one that is exchanged is the library's, whose socket is broken.
    if unsafe { dup2(theirs.as_raw_fd(), number) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    drop(theirs);
    let mut rest = [0; 4096];
    while ours.read(&mut rest)? > 0 {}
    Ok(())
}
