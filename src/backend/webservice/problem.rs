//! Why there is no connection, in words, each kind with its own cure.

use super::address::Address;
use super::http::{Cause, Failure};
use crate::model::{ConnectionProblem, Error};
use std::fmt;
use std::io;
use std::time::Duration;

fn problem(message: impl fmt::Display, hint: impl fmt::Display) -> ConnectionProblem {
    ConnectionProblem { message: message.to_string(), hint: hint.to_string() }
}

/// How the server is started where it is meant to run.
const START: &str = "start it there: `vboxwebsrv --host 0.0.0.0 --background`";

pub(super) fn unresolved(address: &Address, error: &io::Error) -> ConnectionProblem {
    problem(
        format_args!("the host name `{}` has no address: {error}", address.host),
        "check its spelling, or give the number: `vboxsh --connect http://192.0.2.7:18083`",
    )
}

/// No connection to any address of the host.
pub(super) fn unconnected(address: &Address, error: &io::Error, limit: Duration) -> ConnectionProblem {
    let place = address.place();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => problem(
            format_args!("{place} refuses connections: no web service listens there"),
            format_args!("{START}, or check the port (18083 is usual)"),
        ),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => unanswered(address, limit),
        _ => problem(
            format_args!("{place} cannot be reached: {error}"),
            "check the address, the network and the firewall in between",
        ),
    }
}

pub(super) fn unanswered(address: &Address, limit: Duration) -> ConnectionProblem {
    problem(
        format_args!("{} did not answer within {} s", address.place(), limit.as_secs_f64()),
        "check the address, and the firewall in between",
    )
}

pub(super) fn no_thread(error: &io::Error) -> ConnectionProblem {
    problem(format_args!("no thread can be started for a new connection: {error}"), "end what else runs, and try again")
}

/// https was asked for, and the server speaks without TLS.
pub(super) fn speaks_plain(address: &Address) -> ConnectionProblem {
    problem(
        format_args!("{} speaks plain HTTP, and the address says `https`", address.place()),
        format_args!(
            "connect to `http://{}`, or give the server a certificate: `vboxwebsrv --ssl --keyfile FILE`",
            address.place()
        ),
    )
}

/// http was asked for, and the server speaks TLS.
pub(super) fn speaks_tls(address: &Address) -> ConnectionProblem {
    problem(
        format_args!("{} speaks TLS, and the address says `http`", address.place()),
        format_args!("connect to `https://{}`", address.place()),
    )
}

/// Something else answers there.
pub(super) fn not_virtualbox(address: &Address, what: impl fmt::Display) -> ConnectionProblem {
    problem(
        format_args!("{} answers, but is no VirtualBox web service ({what})", address.place()),
        format_args!("check the port (18083 is usual), or {START}"),
    )
}

pub(super) fn log_on_refused(address: &Address, user: &str) -> ConnectionProblem {
    let who = if user.is_empty() { "a log-on without user".to_owned() } else { format!("the log-on of `{user}`") };
    problem(format_args!("the web service at {address} refuses {who}"), LOG_ON_CURE)
}

/// A web service whose VBoxSVC has ended refuses everyone in the same words (seen on 7.2.22).
const LOG_ON_CURE: &str = "give the name and the password (`VBOXSH_PASSWORD`) of the user that runs it, or switch its \
                           check off on that machine: `VBoxManage setproperty websrvauthlibrary null`, then start it \
                           anew; one that let you in before may have lost its VBoxSVC: start it anew as well";

pub(super) fn version_unknown(address: &Address, version: &str) -> ConnectionProblem {
    let version: String = version.chars().filter(|letter| !letter.is_control()).take(40).collect();
    problem(
        format_args!("the web service at {address} says it is version `{version}`, which is none of VirtualBox"),
        "`VBOXSH_SCHEMA=wsdl` reads what it offers; `VBoxManage --version` on that machine shows what runs there",
    )
}

pub(super) fn closed(address: &Address) -> ConnectionProblem {
    problem(
        format_args!("the connection to {address} is closed"),
        "`reconnect` takes it up anew; objects fetched before are gone: fetch them again from `vbox`",
    )
}

pub(super) fn server_died(address: &Address) -> ConnectionProblem {
    problem(
        format_args!("VBoxSVC, which the web service at {address} works with, has ended"),
        "`reconnect` in about ten seconds: the web service starts it anew; running machines go on",
    )
}

/// An answer to a call that cannot be understood.
pub(super) fn unreadable(
    address: &Address,
    operation: impl fmt::Display,
    what: impl fmt::Display,
) -> ConnectionProblem {
    problem(
        format_args!(
            "the answer of {address} to {operation} cannot be read: {what}; whether the call ran is not known"
        ),
        "look at what it should have changed before you repeat it; a proxy in between may be the cause",
    )
}

/// A call that got no reply. `pure` is a read, which changes nothing whatever became of it.
pub(super) fn broken(address: &Address, operation: impl fmt::Display, failure: &Failure, pure: bool) -> Error {
    let cause = match &failure.cause {
        Cause::Interrupted => return Error::Interrupted,
        Cause::Closed(what) => what.clone(),
        Cause::Silence(limit) => format!("nothing came for {} s", limit.as_secs_f64()),
        Cause::Garbage(what) => format!("the answer is no HTTP ({what})"),
        Cause::TooLarge => format!("the answer has more than {} bytes", crate::soap::LARGEST),
    };
    let (fate, hint) = match (failure.unsent, pure) {
        (true, _) => ("the call did not run", "try again; `reconnect` takes the connection up anew"),
        (false, true) => ("nothing was changed", "try again; `reconnect` takes the connection up anew"),
        (false, false) => (
            "whether the call ran is not known",
            "look at what it should have changed before you repeat it; `reconnect` takes the connection up anew",
        ),
    };
    problem(format_args!("{operation}: the connection to {address} broke: {cause}; {fate}"), hint).into()
}
