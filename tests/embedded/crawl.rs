//! Every attribute of every object that can be reached reads without surprise.

use super::{Home, change, objects};
use std::collections::HashSet;
use vboxsh::model::{Object, Value};

/// What fails by design: the real thing refuses these too, or the interface says that they may.
const REFUSED: &[(&str, &str)] = &[
    ("IDHCPServer", "eventSource"),
    ("INATNetwork", "localhostReachable"),
    ("INATNetwork", "forwardBroadcast"),
    ("INATNetwork", "natMTU"),
    ("INATNetwork", "natMRU"),
    ("IVirtualBox", "hostOnlyNetworks"),
    // It takes the right to read the disk.
    ("IHostDrive", "partitioningType"),
    ("IHostDrive", "uuid"),
    ("IHostDrive", "partitions"),
    ("IHost", "audioDevices"),
    ("IHost", "updateExtPack"),
    ("IHost", "updateGuestAdditions"),
    ("ISystemProperties", "freeDiskSpaceWarning"),
    ("ISystemProperties", "freeDiskSpacePercentWarning"),
    ("ISystemProperties", "freeDiskSpaceError"),
    ("ISystemProperties", "freeDiskSpacePercentError"),
    ("IMachine", "settingsAuxFilePath"),
    ("IMedium", "allowedTypes"),
    // Only a mutable machine tells.
    ("IMachine", "settingsModified"),
    ("IPlatform", "ARM"),
    ("INvramStore", "uefiVariableStore"),
    ("IRecordingSettings", "paused"),
    ("IRecordingSettings", "progress"),
    ("INetworkAdapter", "hostOnlyNetwork"),
    ("INATEngine", "natMRU"),
    ("INATEngine", "IPv6Enabled"),
    ("INATEngine", "IPv6Prefix"),
];

#[derive(Default)]
struct Crawl {
    seen: HashSet<Object>,
    attributes: usize,
    failures: Vec<String>,
}

impl Crawl {
    fn visit(&mut self, object: &Object) {
        if !self.seen.insert(object.clone()) {
            return;
        }
        for attribute in object.interface().attributes() {
            self.attributes += 1;
            match object.read(attribute) {
                Ok(value) => {
                    let fits = attribute.kind.array == matches!(value, Value::List(_)) || attribute.kind.is_blob();
                    if !fits {
                        self.failures.push(format!("{}.{} gave {value:?}", attribute.owner, attribute.name));
                    }
                    self.follow(&value);
                }
                Err(error) if REFUSED.contains(&(attribute.owner, attribute.name)) => {
                    assert!(error.api_error().is_some(), "{error:?}");
                }
                Err(error) => self.failures.push(format!("{}.{}: {error}", attribute.owner, attribute.name)),
            }
        }
        self.call(object);
    }

    /// Objects that only methods lead to.
    fn call(&mut self, object: &Object) {
        if object.interface().name == "IMachine" {
            for (method, count) in [("getNetworkAdapter", 8), ("getSerialPort", 4), ("getParallelPort", 2)] {
                for slot in 0..count {
                    self.follow(&object.call(method, vec![Value::Int(slot)]).unwrap());
                }
                assert!(object.call(method, vec![Value::Int(count)]).is_err());
            }
        }
    }

    fn follow(&mut self, value: &Value) {
        match value {
            Value::Object(object) => self.visit(object),
            Value::List(values) => values.iter().for_each(|value| self.follow(value)),
            Value::Struct(value) => value.fields.iter().for_each(|value| self.follow(value)),
            _ => {}
        }
    }
}

#[test]
fn the_whole_graph_reads() {
    let home = Home::new();
    let machine = home.machine("crawled");
    let disk = home.disk("crawled.vdi");
    change(&machine, |mutable| {
        let arguments = vec!["SATA".into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk)];
        mutable.call("attachDevice", arguments).unwrap();
        mutable
            .call("createSharedFolder", vec!["tmp".into(), "/tmp".into(), true.into(), false.into(), "".into()])
            .unwrap();
        mutable.call("addUSBController", vec!["x".into(), "XHCI".into()]).unwrap();
    });
    home.create("unregistered", "Windows11_64");
    let mut crawl = Crawl::default();
    crawl.visit(&home.vbox());
    crawl.visit(&home.connection.new_session().unwrap());
    let session_only: Vec<_> =
        crawl.failures.iter().filter(|failure| failure.starts_with("ISession.")).cloned().collect();
    assert_eq!(session_only.len(), 3, "an unlocked session has no type, machine or console: {session_only:?}");
    crawl.failures.retain(|failure| !failure.starts_with("ISession."));
    println!("{} attributes of {} objects", crawl.attributes, crawl.seen.len());
    assert_eq!(crawl.failures, Vec::<String>::new());
    assert!(
        crawl.attributes > 600 && crawl.seen.len() > 60,
        "{} attributes, {} objects",
        crawl.attributes,
        crawl.seen.len()
    );
}

#[test]
fn the_root_says_that_it_is_not_virtualbox() {
    let home = Home::new();
    assert_eq!(super::text(&home.vbox(), "packageType"), "EMBEDDED");
    assert_eq!(super::text(&home.vbox(), "versionNormalized"), "7.2.22");
    assert!(home.connection.transport().describe().starts_with("embedded host, home "));
    let types = home.vbox().get("guestOSTypes").unwrap().into_list();
    assert_eq!(types.len(), 228);
    let host = super::object(home.vbox().get("host").unwrap());
    assert!(host.get("memorySize").unwrap().as_int().unwrap() > 100);
    assert!(host.get("processorCount").unwrap().as_int().unwrap() >= 1);
    assert!(
        !objects(super::object(home.vbox().get("systemProperties").unwrap()).get("mediumFormats").unwrap()).is_empty()
    );
}
