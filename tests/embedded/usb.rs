//! What the computer has: disks, USB devices, cameras; and USB devices in the hands of a machine.

use super::{Home, code, computer, object, objects, text};
use vboxsh::model::{Object, Value};

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    computer::make(&folder.path().join("computer"));
    Home::on(folder, "computer")
}

fn host(home: &Home) -> Object {
    object(home.vbox().get("host").unwrap())
}

#[test]
fn disks_tell_their_partitions() {
    let home = home();
    let drives = objects(host(&home).get("hostDrives").unwrap());
    let [drive] = drives.as_slice() else { panic!("{drives:?}") };
    assert_eq!((text(drive, "drivePath"), text(drive, "model")), ("/dev/sda".to_owned(), "Disk of tests".to_owned()));
    assert_eq!((drive.get("size").unwrap(), drive.get("sectorSize").unwrap()), (Value::Int(1 << 20), Value::Int(512)));
    assert_eq!(text(drive, "partitioningType"), "MBR");
    let partitions = drive.get("partitions").unwrap().into_list();
    let [Value::Struct(partition)] = partitions.as_slice() else { panic!("{partitions:?}") };
    let field = |name| partition.get(name).unwrap().clone();
    assert_eq!((field("start"), field("size")), (Value::Int(512), Value::Int(0x7ff * 512)));
    assert_eq!(field("active"), Value::Bool(true));
}

#[test]
fn cameras_and_usb_devices_are_listed_and_hubs_are_not() {
    let home = home();
    let cameras = objects(host(&home).get("videoInputDevices").unwrap());
    assert_eq!(cameras.len(), 1);
    assert_eq!((text(&cameras[0], "path"), text(&cameras[0], "alias")), ("/dev/video0".to_owned(), ".1".to_owned()));
    let devices = objects(host(&home).get("USBDevices").unwrap());
    let [device] = devices.as_slice() else { panic!("{devices:?}") };
    for (name, value) in [("vendorId", 0x1234), ("productId", 0xabcd), ("revision", 0x100), ("port", 2), ("version", 2)]
    {
        assert_eq!(device.get(name).unwrap(), Value::Int(value), "{name}");
    }
    assert_eq!((text(device, "speed"), text(device, "state")), ("High".to_owned(), "Available".to_owned()));
    assert_eq!((text(device, "portPath"), text(device, "product")), ("1.2".to_owned(), "Thing".to_owned()));
    let found = object(host(&home).call("findUSBDeviceById", vec![text(device, "id").as_str().into()]).unwrap());
    assert_eq!(&found, device);
    let found = host(&home).call("findUSBDeviceByAddress", vec![text(device, "address").as_str().into()]).unwrap();
    assert_eq!(&object(found), device);
    assert_eq!(code(host(&home).call("findUSBDeviceByAddress", vec!["nowhere".into()])), "VBOX_E_OBJECT_NOT_FOUND");
}

#[test]
fn a_machine_has_a_usb_device_until_it_is_given_back_or_the_machine_ends() {
    let home = home();
    let machine = home.machine("usb");
    super::change(&machine, |mutable| drop(mutable.call("addUSBController", vec!["x".into(), "XHCI".into()]).unwrap()));
    let device = objects(host(&home).get("USBDevices").unwrap()).remove(0);
    let id = text(&device, "id");
    let session = home.connection.new_session().unwrap();
    let launch = vec![Value::Object(session.clone()), "headless".into(), super::list(&[])];
    super::wait(machine.call("launchVMProcess", launch.clone()).unwrap());
    let console = object(session.get("console").unwrap());
    assert_eq!(code(console.call("attachUSBDevice", vec!["x".into(), "".into()])), "E_INVALIDARG");
    console.call("attachUSBDevice", vec![id.as_str().into(), "".into()]).unwrap();
    assert_eq!(text(&device, "state"), "Captured");
    assert_eq!(code(console.call("attachUSBDevice", vec![id.as_str().into(), "".into()])), "E_INVALIDARG");
    let attached = objects(console.get("USBDevices").unwrap());
    assert_eq!((attached.len(), text(&attached[0], "id")), (1, id.clone()));
    let found = object(console.call("findUSBDeviceById", vec![id.as_str().into()]).unwrap());
    assert_eq!(text(&found, "product"), "Thing");
    console.call("detachUSBDevice", vec![id.as_str().into()]).unwrap();
    assert_eq!(code(console.call("detachUSBDevice", vec![id.as_str().into()])), "E_INVALIDARG");
    assert!(objects(console.get("USBDevices").unwrap()).is_empty());

    console.call("attachUSBDevice", vec![id.as_str().into(), "".into()]).unwrap();
    super::wait(console.call("powerDown", vec![]).unwrap());
    let device = objects(host(&home).get("USBDevices").unwrap()).remove(0);
    assert_eq!(text(&device, "state"), "Available");
}
