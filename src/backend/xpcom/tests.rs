//! The typelib reader against a typelib made of the embedded schema, against damage, and against the
//! installed one where there is one.

use super::plan::{fits, slot_name, wanted};
use super::typelib::{Shape, Typelib};
use crate::model::Operation;
use crate::schema::{Direction, Interface, Kind, Type, embedded};
use proptest::prelude::*;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Writes a typelib: directory, then the pool with names and descriptors.
#[derive(Default)]
struct Writer {
    entries: Vec<(&'static str, &'static str)>,
    index: HashMap<&'static str, u16>,
    pool: Vec<u8>,
}

impl Writer {
    fn name(&mut self, name: &str) -> u32 {
        let at = self.pool.len();
        self.pool.extend(name.bytes().chain([0]));
        u32::try_from(at + 1).unwrap()
    }

    fn kind(&self, kind: Kind) -> Vec<u8> {
        let object = |name: &str| {
            let [high, low] = self.index[name].to_be_bytes();
            vec![0x92, high, low]
        };
        match kind {
            Kind::String | Kind::Uuid => vec![0x91],
            Kind::Boolean => vec![10],
            Kind::Octet => vec![4],
            Kind::Short => vec![1],
            Kind::UnsignedShort => vec![5],
            Kind::Long => vec![2],
            Kind::UnsignedLong | Kind::Enum(_) => vec![6],
            Kind::LongLong => vec![3],
            Kind::UnsignedLongLong => vec![7],
            Kind::AnyObject => object("nsISupports"),
            Kind::Interface(name) => object(name),
        }
    }

    fn slot(&mut self, flags: u8, name: &str, parameters: &[(&'static str, Type, Direction)]) -> Vec<u8> {
        let mut written = Vec::new();
        let mut count = 0_u8;
        for (_, kind, direction) in parameters {
            let flags = match direction {
                Direction::In => 0x80,
                Direction::Out => 0x40,
                Direction::Return => 0x60,
            };
            if kind.array {
                written.extend([flags & 0xc0, 6, flags, 0x94, count, count]);
                count += 1;
            } else {
                written.push(flags);
            }
            written.extend(self.kind(kind.kind));
            count += 1;
        }
        let mut slot = vec![flags];
        slot.extend(self.name(name).to_be_bytes());
        slot.push(count);
        slot.extend(written);
        slot.extend([0, 6]);
        slot
    }

    fn interface(&mut self, interface: &'static Interface) -> Vec<u8> {
        let parent = if interface.parent_name == "$errorinfo" { "nsIException" } else { interface.parent_name };
        let parent = if parent == "$unknown" { "nsISupports" } else { parent };
        let mut slots = Vec::new();
        let operation = |operation: Operation, writer: &mut Self| {
            let (access, name) = slot_name(operation);
            let flags = match access {
                super::typelib::Access::Get => 0x80,
                super::typelib::Access::Set => 0x40,
                super::typelib::Access::Call => 0,
            };
            writer.slot(flags, &name, &wanted(operation))
        };
        for attribute in interface.own_attributes() {
            slots.push(operation(Operation::Get(attribute), self));
            if attribute.writable {
                slots.push(operation(Operation::Set(attribute), self));
            }
        }
        let number = [("", Type::one(Kind::UnsignedLong), Direction::Return)];
        for at in 0..interface.reserved_attributes {
            slots.push(self.slot(0x80, &format!("InternalAndReservedAttribute{at}{}", interface.name), &number));
        }
        for method in interface.own_methods() {
            slots.push(operation(Operation::Call(method), self));
        }
        for at in 0..interface.reserved_methods {
            slots.push(self.slot(0, &format!("InternalAndReservedMethod{at}{}", interface.name), &[]));
        }
        descriptor(self.index[parent], &slots)
    }
}

fn descriptor(parent: u16, slots: &[Vec<u8>]) -> Vec<u8> {
    let mut written = parent.to_be_bytes().to_vec();
    written.extend(u16::try_from(slots.len()).unwrap().to_be_bytes());
    slots.iter().for_each(|slot| written.extend(slot));
    written.extend([0, 0, 0x80]);
    written
}

/// A typelib that states the embedded schema.
fn written() -> Vec<u8> {
    let entries = vec![
        ("nsISupports", "00000000-0000-0000-c000-000000000046"),
        ("nsIException", "f3a8d3b4-c424-4edc-8bf6-8974c983ba78"),
    ];
    let mut writer = Writer { entries, ..Writer::default() };
    let interfaces = embedded().interfaces();
    writer.entries.extend(interfaces.iter().map(|interface| (interface.name, interface.id)));
    writer.index =
        writer.entries.iter().enumerate().map(|(at, (name, _))| (*name, u16::try_from(at + 1).unwrap())).collect();
    let mut descriptors = Vec::new();
    let nothing = |writer: &mut Writer, name: &str| writer.slot(0, name, &[]);
    let basic: Vec<_> = ["QueryInterface", "AddRef", "Release"].map(|name| nothing(&mut writer, name)).into();
    descriptors.push(descriptor(0, &basic));
    let exception: Vec<_> = (0..10).map(|at| nothing(&mut writer, &format!("exception{at}"))).collect();
    descriptors.push(descriptor(1, &exception));
    descriptors.extend(interfaces.iter().map(|interface| writer.interface(interface)));

    let mut directory = Vec::new();
    for ((name, id), descriptor) in writer.entries.clone().into_iter().zip(descriptors) {
        directory.extend(uuid::Uuid::parse_str(id).unwrap().as_bytes());
        directory.extend(writer.name(name).to_be_bytes());
        directory.extend(0_u32.to_be_bytes());
        directory.extend(u32::try_from(writer.pool.len() + 1).unwrap().to_be_bytes());
        writer.pool.extend(descriptor);
    }
    const HEAD: usize = 33;
    let pool = HEAD + directory.len();
    let mut file = b"XPCOM\nTypeLib\r\n\x1a\x01\x02".to_vec();
    file.extend(u16::try_from(writer.entries.len()).unwrap().to_be_bytes());
    for number in [pool + writer.pool.len(), HEAD + 1, pool] {
        file.extend(u32::try_from(number).unwrap().to_be_bytes());
    }
    file.push(0x80);
    file.extend(directory);
    file.extend(writer.pool);
    file
}

/// Every slot of the embedded schema, by the rule: parents, attributes, reserved ones, methods, reserved ones.
fn check_slots(typelib: &Typelib) {
    let mut checked = 0;
    for interface in embedded().interfaces() {
        // These are made for the web service alone.
        let Some(described) = typelib.interface(interface.name).unwrap() else {
            assert!(
                ["IManagedObjectRef", "IWebsessionManager"].contains(&interface.name),
                "{} is missing",
                interface.name
            );
            continue;
        };
        let mut number = match interface.parent_name {
            "$unknown" => 3,
            "$errorinfo" => 13,
            parent => typelib.interface(parent).unwrap().unwrap().end(),
        };
        let mut check = |operation: Operation, reserved: usize| {
            number += reserved;
            let (access, name) = slot_name(operation);
            let slot = described.slot(access, &name).unwrap_or_else(|| panic!("{operation} has no slot"));
            assert_eq!(slot.number, number, "{operation}");
            let raw = slot.hidden || slot.parameters.iter().any(|parameter| matches!(parameter.shape, Shape::Other(_)));
            assert!(raw || fits(slot, &wanted(operation)), "{operation}: {slot:?}");
            number += 1;
            checked += 1;
        };
        for attribute in interface.own_attributes() {
            check(Operation::Get(attribute), 0);
            if attribute.writable {
                check(Operation::Set(attribute), 0);
            }
        }
        let mut reserved = usize::from(interface.reserved_attributes);
        for method in interface.own_methods() {
            check(Operation::Call(method), std::mem::take(&mut reserved));
        }
        assert_eq!(uuid::Uuid::from_bytes(described.id).to_string(), interface.id, "{}", interface.name);
    }
    assert!(checked > 2000, "{checked}");
}

#[test]
fn a_typelib_of_the_embedded_schema_gives_its_slots() {
    let file = written();
    let typelib = Typelib::parse(vec![file]).unwrap();
    check_slots(&typelib);
    let machine = typelib.interface("IMachine").unwrap().unwrap();
    assert!(machine.slots.iter().any(|slot| slot.name.starts_with("InternalAndReserved")));
}

/// The typelibs of the VirtualBox that is installed here, or in the chroot of the tests.
fn installed() -> Option<PathBuf> {
    let chroot = std::env::var_os("VBOXSH_REAL_VIRTUALBOX_ROOT")
        .map_or_else(|| PathBuf::from("/var/lib/real-virtualbox"), PathBuf::from);
    let local = crate::backend::local::library().and_then(|library| library.parent().map(Path::to_owned));
    let folders = [local, Some(chroot.join("usr/lib/virtualbox"))];
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join("components"))
        .find(|folder| folder.join("VirtualBox_XPCOM.xpt").is_file())
}

#[test]
fn the_installed_typelib_gives_the_slots_of_the_embedded_schema() {
    let Some(folder) = installed() else {
        eprintln!("skipped: no VirtualBox is installed here");
        return;
    };
    let started = std::time::Instant::now();
    let typelib = Typelib::open(&folder).unwrap();
    let opened = started.elapsed();
    for interface in embedded().interfaces() {
        let _ = typelib.interface(interface.name).unwrap();
    }
    println!("opened in {opened:?}, all of it read in {:?}", started.elapsed());
    check_slots(&typelib);
    // Numbers of enumerations come from it for another release; for this one they are the embedded ones.
    let table = super::release::table(&typelib, "7.2.99").unwrap();
    for (ours, theirs) in crate::schema::embedded_table().lines().zip(table.lines()).skip(1) {
        assert_eq!(ours, theirs);
    }
    assert!(table.starts_with("V 7.2.99 7_2 0\n"));
}

#[test]
fn what_is_no_typelib_is_refused() {
    for bytes in [vec![], b"XPCOM\nTypeLib\r\n\x1a".to_vec(), vec![0; 100], written()[..2000].to_vec()] {
        assert!(Typelib::parse(vec![bytes]).is_err());
    }
}

fn read_all(bytes: Vec<u8>) {
    if let Ok(typelib) = Typelib::parse(vec![bytes]) {
        for interface in embedded().interfaces() {
            let _ = typelib.interface(interface.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_ends_in_an_error_at_worst(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40), cut in any::<prop::sample::Index>()) {
        static WRITTEN: OnceLock<Vec<u8>> = OnceLock::new();
        let mut bytes = WRITTEN.get_or_init(written).clone();
        for (at, byte) in &damage {
            let length = bytes.len();
            bytes[at.index(length)] = *byte;
        }
        read_all(bytes.clone());
        // Damage to the head hits more often.
        for (at, byte) in &damage {
            bytes[at.index(7000)] = *byte;
        }
        read_all(bytes.clone());
        let length = cut.index(bytes.len());
        bytes.truncate(length);
        read_all(bytes);
    }
}
