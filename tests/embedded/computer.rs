//! A computer with a disk, a USB device and a camera, as its `sys` and `dev` show it.

use std::fs::{create_dir_all, write};
use std::path::Path;

/// Makes the folders and files below `root`.
pub fn make(root: &Path) {
    let facts = [
        ("sys/block/sda/device/type", "0"),
        ("sys/block/sda/device/model", "Disk of tests"),
        ("sys/block/sda/removable", "0"),
        ("sys/block/sda/size", "2048"),
        ("sys/block/sda/queue/logical_block_size", "512"),
        ("sys/bus/usb/devices/1-1.2/idVendor", "1234"),
        ("sys/bus/usb/devices/1-1.2/idProduct", "abcd"),
        ("sys/bus/usb/devices/1-1.2/bcdDevice", "0100"),
        ("sys/bus/usb/devices/1-1.2/bDeviceClass", "00"),
        ("sys/bus/usb/devices/1-1.2/manufacturer", "Maker"),
        ("sys/bus/usb/devices/1-1.2/product", "Thing"),
        ("sys/bus/usb/devices/1-1.2/serial", "0001"),
        ("sys/bus/usb/devices/1-1.2/busnum", "1"),
        ("sys/bus/usb/devices/1-1.2/devnum", "5"),
        ("sys/bus/usb/devices/1-1.2/speed", "480"),
        ("sys/bus/usb/devices/1-1.2/version", " 2.00"),
        ("sys/bus/usb/devices/usb1/idVendor", "1d6b"),
        ("sys/bus/usb/devices/usb1/bDeviceClass", "09"),
        ("sys/bus/usb/devices/1-1.2:1.0/bInterfaceClass", "08"),
        ("sys/class/video4linux/video0/name", "Camera"),
        ("sys/class/video4linux/video0/index", "0"),
        ("sys/class/video4linux/video1/name", "Camera"),
        ("sys/class/video4linux/video1/index", "1"),
        ("dev/bus/usb/001/005", ""),
    ];
    for (path, text) in facts {
        let path = root.join(path);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(path, format!("{text}\n")).unwrap();
    }
    // One partition of Linux, from sector 1 on.
    let mut disk = vec![0; 1 << 20];
    disk[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x83, 1, 3, 4, 1, 0, 0, 0, 0xff, 7, 0, 0]);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    write(root.join("dev/sda"), disk).unwrap();
}
