//! The package: its names, managers, and what `?` says.

use super::{program, script};

#[test]
fn the_package_has_pyvbox_s_names() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox, vboxapi, vboxsh
from virtualbox import library, library_base, events, pool, utils, library_ext, version
import pyvbox
print(pyvbox is virtualbox, virtualbox.lib is library, virtualbox.__version__ == version.__version__, "MachineState" in virtualbox.library.__all__)
print(virtualbox.VirtualBox is library.IVirtualBox, virtualbox.Session is library.ISession, library_ext.machine.IMachine is library.IMachine)
print(pool.MachinePool.__name__, utils.to_bytes("a"), utils.to_str(b"b"), library.vbox_version.startswith("7."), library.lib_version)
print({"IMachine", "MachineState", "VBoxErrorFileError", "vbox_version"} <= set(dir(library)), "VirtualBox" in dir(virtualbox))
namespace = {}
exec("from virtualbox.library import *", namespace)
print(namespace["IMachine"] is library.IMachine, namespace["OleErrorFail"] is library.OleErrorFail)
with virtualbox.import_vboxapi() as module:
    print(module is vboxapi)
try:
    library.INetworkAdapte
except AttributeError as error:
    print(error)
"#,
    );
    assert_eq!(
        said,
        "True True True True\nTrue True True\nMachinePool b'a' b True 1.3\nTrue True\nTrue True\nTrue\n\
         module 'virtualbox.library' has no attribute 'INetworkAdapte'; did you mean `INetworkAdapter` or `INetworkAdapterChangedEvent`?\n"
    );
}

#[test]
fn managers_share_the_connection_of_the_process() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox import library
manager = virtualbox.Manager()
print(manager.manager is virtualbox.Manager().manager, manager.bin_path == manager.manager.getBinDir())
print([m.name for m in manager.get_virtualbox().machines], [m.name for m in virtualbox.VirtualBox(manager=manager).machines])
print(manager.get_session().state, virtualbox.Session(manager=manager).state, virtualbox.Session() == virtualbox.Session())
try:
    manager.manager = None
except Exception as error:
    print("set already" in str(error))
virtualbox.VirtualBox.assert_version = False
box = virtualbox.VirtualBox()
cast = manager.cast_object(box.find_machine("web-01"), library.IMachine)
print(cast.name, virtualbox.VirtualBox(box).version == box.version, virtualbox.VirtualBox(box._i) == box)
other = virtualbox.WebServiceManager("http://localhost:1/")
print(other._shared.arguments[1][1])
try:
    virtualbox.VirtualBox(manager=other)
except (library.VBoxError, OSError) as error:
    print("localhost:1" in str(error))
print(virtualbox.WebServiceManager()._shared.arguments[1][1])
"#,
    );
    assert_eq!(
        said,
        "True True\n['web-01'] ['web-01']\nUnlocked Unlocked False\nTrue\nweb-01 True True\n\
         ('url', 'http://localhost:1/')\nTrue\n('url', 'http://localhost:18083/')\n"
    );
}

#[test]
fn an_installed_package_of_that_name_can_be_had() {
    let Some(program) = program() else { return };
    std::fs::create_dir_all(program.home().join("virtualbox")).unwrap();
    program.file("virtualbox/__init__.py", "mine = True\n");
    let said = script(
        &program,
        "import vboxsh\nvboxsh.use_installed('virtualbox')\nimport virtualbox\nprint(virtualbox.mine)\n",
    );
    assert_eq!(said, "True\n");
    let said = script(&program, "import virtualbox\nprint(hasattr(virtualbox, 'mine'))\n");
    assert_eq!(said, "False\n");
}
