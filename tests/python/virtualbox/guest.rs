//! Programs and files in a guest, in cases that a simulated guest does not have: it is played by objects of the
//! script. `guests` has the scenarios, with the simulated guest of the embedded host.

use super::{program, script};

const GUEST: &str = r#"
import virtualbox, virtualbox.library_ext.guest as extended
from virtualbox import library
class Base:
    def queryInterface(self, name): return self
class Process(Base):
    __interface__ = "IGuestProcess"
    def __init__(self, out, err, rounds):
        self.out, self.err, self.rounds, self.input, self.ended, self.waited = out, err, rounds, b"", False, []
    @property
    def status(self):
        self.rounds -= 1
        return library.ProcessStatus.started._wire if self.rounds > 0 else library.ProcessStatus.terminated_normally._wire
    exitCode = 0
    def waitFor(self, what, timeout):
        self.waited.append((what, timeout)); return library.ProcessWaitResult.start._wire
    def writeArray(self, handle, flags, data, timeout):
        assert isinstance(data, bytes), data
        if flags == [library.ProcessInputFlag.end_of_file._wire]: self.ended = True
        taken = data[:3]; self.input += taken
        return len(taken)
    def read(self, handle, size, timeout):
        name = {1: "out", 2: "err"}[handle]
        data = getattr(self, name)[:4]
        setattr(self, name, getattr(self, name)[4:])
        if not data and self.rounds < 0:
            error = Exception("closed"); error.errno, error.msg = 0x80bb0005, "closed"; raise error
        return data
class Session(Base):
    __interface__ = "IGuestSession"
    status = library.GuestSessionStatus.started._wire
    closed, files, made, process = 0, {}, [], None
    def close(self): self.closed += 1
    def processCreateEx(self, *given):
        self.made.append(given); return self.process
    def fileExists(self, path, follow): return path in self.files
    def directoryExists(self, path, follow): return path == "C:\\Windows"
    def symlinkExists(self, path): return path == "link"
    def directoryCreate(self, path, mode, flags): self.made.append((path, mode, flags))
class Guest(Base):
    __interface__ = "IGuest"
    OSTypeId = "Windows10_64"
    def __init__(self, session): self.made, self.result = [], session
    def createSession(self, *given):
        self.made.append(given); return self.result
"#;

/// pyvbox gives text or fails with encodings, loses the end of long outputs, and cannot send input on Python 3.
#[test]
fn programs_get_input_and_give_both_outputs_as_bytes() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{GUEST}{}",
            r#"
raw = Session()
session = library.IGuestSession(raw)
raw.process = Process(b"out \xff\xfe" * 20, b"e" * 10, 3)
process, out, err = session.execute("cmd.exe", ["/C", "tasklist"], stdin="gr\u00fcn")
print(type(process).__name__, out == b"out \xff\xfe" * 20, err == b"e" * 10, raw.process.input == "gr\u00fcn".encode(), raw.process.ended)
command, arguments, folder, environment, flags, timeout, priority, affinity = raw.made[0]
print(command, arguments, repr(folder), environment, sorted(flags), timeout, priority, affinity, raw.process.waited)
raw.process = Process(b"", b"", 1)
session.execute("x", stdin=b"bytes", environment=["A=1"], flags=[], timeout_ms=5, priority=library.ProcessPriority.default, affinity=[1])
print(raw.process.input, raw.made[1][3:])
print(process.wait_for(1), process.wait_for(library.ProcessWaitForFlag.start, 7), raw.process.waited[-1:], process.exit_code)
print(session.makedirs("a/b"), raw.made[-1][:2], session.makedirs("c", 0o755), raw.made[-1])
raw.files = {"file"}
print(session.file_exists("file"), session.path_exists("C:\\Windows"), session.path_exists("link"), session.path_exists("nothing"), session.symlink_exists("link"))
"#
        ),
    );
    assert_eq!(
        said,
        "IGuestProcess True True True True\ncmd.exe ['cmd.exe', '/C', 'tasklist'] '' [] [2, 16, 32] 0 1 [] [(1, 0)]\n\
         b'bytes' (['A=1'], [], 5, 1, [1])\nStart Start [(1, 5)] 0\nNone ('a/b', 1911) None ('c', 493, [1])\nTrue True True False True\n"
    );
}

/// pyvbox leaves a session half open in the guest when it does not start.
#[test]
fn sessions_that_do_not_start_are_closed_and_say_why() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{GUEST}{}",
            r#"
extended._STARTS_WITHIN = 0.2
raw = Session()
guest = library.IGuest(Guest(raw))
with guest.create_session("me", "secret") as session:
    print(session.directory_exists("C:\\Windows"), raw.closed)
print(raw.closed, guest._i.made)
for status, password in ((library.GuestSessionStatus.error, ""), (library.GuestSessionStatus.starting, "x")):
    raw.status = status._wire
    try:
        guest.create_session("me", password)
    except SystemError as error:
        print(error, raw.closed)
raw.status = library.GuestSessionStatus.started._wire
try:
    guest.create_session("me", "secret", timeout_ms=10)
except SystemError as error:
    print(error, raw.closed)
raw.files = {"C:\\Windows\\System32\\calc.exe"}
print(type(guest.create_session("me", "secret", timeout_ms=10)).__name__)
guest._i.OSTypeId, raw.files = "Debian_64", {"/bin/sh"}
print(type(guest.create_session("me", "secret", timeout_ms=10)).__name__, guest.update_guest_addtions.__name__)
try:
    guest.update_guest_additions()
except IOError as error:
    print("VBoxGuestAdditions.iso" in str(error))
"#
        ),
    );
    assert_eq!(
        said,
        "True 0\n1 [('me', 'secret', '', 'pyvbox')]\n\
         the guest session did not start: it is Error; the password is empty, which many guests refuse 2\n\
         the guest session did not start: it is Starting 3\n\
         the guest's files cannot be reached: C:\\Windows\\System32\\calc.exe is not there 4\n\
         IGuestSession\nIGuestSession update_guest_additions\nTrue\n"
    );
}

#[test]
fn octets_are_bytes_in_both_directions() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from virtualbox.values import Kind, octets
print(octets(b"ab"), octets([104, 105]), octets(["104", "105"]), octets([b"h", "i"]), octets(bytearray(b"x")), octets([]))
print(Kind("octet[]").received(b"ab"), Kind("octet[]").given(["104"], "data"), Kind("octet[]").shown())
try:
    octets("text")
except TypeError as error:
    print(error)
"#,
    );
    assert_eq!(said, "b'ab' b'hi' b'hi' b'hi' b'x' b''\nb'ab' b'h' bytes\nthe data wants bytes, not str: encode it\n");
}
