//! What XPCOM has and the web service has not, and connections beside each other.

use crate::rig::object;
use vboxsh::backend::xpcom;
use vboxsh::model::{Error, Value};

#[test]
fn structures_and_what_the_web_service_lacks_are_objects() {
    let Some(connection) = super::connection() else { return };
    let root = connection.root();
    let kind = object(root.call("getGuestOSType", vec!["Debian_64".into()]).unwrap());
    assert_eq!(kind.get("id").unwrap(), Value::from("Debian_64"));
    assert!(matches!(kind.get("recommendedRAM").unwrap(), Value::Int(megabytes) if megabytes > 0));
    let manager = object(root.get("extensionPackManager").unwrap());
    assert!(matches!(manager.get("installedExtPacks").unwrap(), Value::List(_)));
    let storage = connection.find_machine("storage-01").unwrap();
    let attachments = storage.get("mediumAttachments").unwrap().into_list();
    assert!(attachments.len() > 5);
    for attachment in attachments {
        assert!(matches!(object(attachment).get("port").unwrap(), Value::Int(_)));
    }
}

#[test]
fn connections_come_and_go() {
    let Some(first) = super::connection() else { return };
    let second = xpcom::connect().unwrap();
    drop(first);
    assert!(second.root().get("version").is_ok());
    let old = second.find_machine("web-01").unwrap();
    second.reconnect().unwrap();
    assert!(matches!(old.get("name"), Err(Error::Stale { .. })));
    assert!(second.find_machine("web-01").unwrap().get("name").is_ok());
    second.close();
    let error = second.root().get("version").unwrap_err();
    assert!(error.hint().unwrap().contains("reconnect"), "{error}");
    second.reconnect().unwrap();
    assert!(second.root().get("version").is_ok());
    drop(second);
    for _ in 0..5 {
        assert!(xpcom::connect().unwrap().root().get("version").is_ok());
    }
}
