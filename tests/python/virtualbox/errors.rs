//! Errors: a class for each result code, with the right text, everywhere.

use super::{program, script};

#[test]
fn each_result_code_has_its_class() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox import library
from virtualbox.library_base import vbox_error, error_from
from virtualbox.library import VBoxError, VBoxErrorObjectNotFound
for name, code in [("VBoxErrorObjectNotFound", 0x80bb0001), ("VBoxErrorInvalidVmState", 0x80bb0002), ("VBoxErrorVmError", 0x80bb0003),
                   ("VBoxErrorFileError", 0x80bb0004), ("VBoxErrorIprtError", 0x80bb0005), ("VBoxErrorPdmError", 0x80bb0006),
                   ("VBoxErrorInvalidObjectState", 0x80bb0007), ("VBoxErrorHostError", 0x80bb0008), ("VBoxErrorNotSupported", 0x80bb0009),
                   ("VBoxErrorXmlError", 0x80bb000a), ("VBoxErrorInvalidSessionState", 0x80bb000b), ("VBoxErrorObjectInUse", 0x80bb000c),
                   ("VBoxErrorPasswordIncorrect", 0x80bb000d), ("VBoxErrorMaximumReached", 0x80bb000e), ("VBoxErrorGstctlGuestError", 0x80bb000f),
                   ("VBoxErrorTimeout", 0x80bb0010), ("OleErrorNotimpl", 0x80004001), ("OleErrorNointerface", 0x80004002), ("OleErrorFail", 0x80004005),
                   ("OleErrorUnexpected", 0x8000ffff), ("OleErrorAccessdenied", 0x80070005), ("OleErrorInvalidarg", 0x80070057)]:
    cls = getattr(library, name)
    assert cls is vbox_error[code] and cls.value == code and issubclass(cls, VBoxError), name
try:
    virtualbox.VirtualBox().find_machine("blah blah X")
except VBoxErrorObjectNotFound as error:
    print(type(error).__name__, hex(error.value), error.name, error.args, error.msg == error.message != "", error.errno == error.value)
    print(str(error) == "0x80bb0001 (%s)" % error.msg, error.exc.errno & 0xffffffff == error.value, error.__cause__ is error.exc)
print(str(VBoxError()), VBoxError.__bases__)

# As bindings for COM report: a code of their own around the real one, or none that is known.
class ComError(Exception):
    hresult = 0x80070057 - (1 << 32)
    msg = "wrong"
print(type(error_from(ComError())).__name__, error_from(ComError()))
class Strange(Exception):
    errno = 0x12345
print(type(error_from(Strange("odd"))).__name__, error_from(Strange("odd")))
print(error_from(ValueError("plain")))
"#,
    );
    assert_eq!(
        said,
        "VBoxErrorObjectNotFound 0x80bb0001 VBOX_E_OBJECT_NOT_FOUND () True True\nTrue True True\n\
         0x-1 () (<class 'Exception'>,)\nOleErrorInvalidarg 0x80070057 (wrong)\nVBoxError 0x12345 (odd)\n\
         0xffffffff (plain)\n"
    );
}

#[test]
fn reading_an_attribute_fails_with_the_same_classes() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from virtualbox import library
class Raw:
    __interface__ = "IMachine"
    @property
    def memorySize(self):
        error = Exception("no")
        error.errno, error.msg = 0x80bb0002 - (1 << 32), "not now"
        raise error
    @memorySize.setter
    def memorySize(self, value):
        error = Exception("no")
        error.hresult, error.msg = 0x80070005, "not you"
        raise error
machine = library.IMachine(Raw())
for work in (lambda: machine.memory_size, lambda: setattr(machine, "memory_size", 4)):
    try:
        work()
    except library.VBoxError as error:
        print(type(error).__name__, error)
"#,
    );
    assert_eq!(said, "VBoxErrorInvalidVmState 0x80bb0002 (not now)\nOleErrorAccessdenied 0x80070005 (not you)\n");
}

#[test]
fn an_uncaught_error_says_its_parts_and_the_script_s_line() {
    let Some(program) = program() else { return };
    let path =
        program.file("broken.py", "import virtualbox\nbox = virtualbox.VirtualBox()\nbox.find_machine('nobody')\n");
    let err = program.run(&[&path]).failed(4);
    for part in ["nobody", "VBOX_E_OBJECT_NOT_FOUND", "broken.py:3", "box.find_machine('nobody')"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert!(!err.contains("library_base"), "{err}");
}
