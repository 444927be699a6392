//! The exact wire form, as a real server of 7.2.22 has it.

use vboxsh::model::{Handle, Operation, RawValue, Request};
use vboxsh::schema::embedded;
use vboxsh::soap::{Fault, Reply, decode_reply, encode_request};

const ROOT: &str = "c96e0df6ac88c200-0000000000000001";
const BEFORE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope \
    xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
    xmlns:vbox=\"http://www.virtualbox.org/\"><SOAP-ENV:Body>";
const AFTER: &str = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\r\n";

pub(super) fn get(interface: &str, name: &str) -> Operation {
    Operation::Get(embedded().interface(interface).unwrap().attribute(name).unwrap())
}

pub(super) fn call(interface: &str, name: &str) -> Operation {
    Operation::Call(embedded().interface(interface).unwrap().method(name).unwrap())
}

fn decode(operation: Operation, body: &str) -> Reply {
    decode_reply(embedded(), ROOT, operation, &format!("{BEFORE}{body}{AFTER}")).unwrap()
}

fn values(operation: Operation, body: &str) -> Vec<RawValue> {
    match decode(operation, body) {
        Reply::Values(values) => values,
        Reply::Fault(fault) => panic!("{fault:?}"),
    }
}

fn sent(target: &Handle, operation: Operation, arguments: &[RawValue]) -> String {
    let mut text = String::new();
    encode_request(&mut text, embedded(), ROOT, &Request { target, operation, arguments, waits: None }).unwrap();
    let start = text.find("<s:Body>").unwrap() + 8;
    text[start..text.find("</s:Body>").unwrap()].to_owned()
}

#[test]
fn a_request_names_its_owner_and_its_children_have_no_namespace() {
    assert_eq!(
        sent(&Handle::Root, call("IVirtualBox", "findMachine"), &[RawValue::from("a&b")]),
        format!(
            "<v:IVirtualBox_findMachine><_this>{ROOT}</_this><nameOrId>a&amp;b</nameOrId></v:IVirtualBox_findMachine>"
        )
    );
    // Declared by the parent: its name counts.
    let event = Handle::Text("e".into());
    assert_eq!(
        sent(&event, get("IMachineRegisteredEvent", "machineId"), &[]),
        "<v:IMachineEvent_getMachineId><_this>e</_this></v:IMachineEvent_getMachineId>"
    );
    let set = Operation::Set(embedded().interface("IMachine").unwrap().attribute("OSTypeId").unwrap());
    assert_eq!(
        sent(&event, set, &[RawValue::from("")]),
        "<v:IMachine_setOSTypeId><_this>e</_this><OSTypeId></OSTypeId></v:IMachine_setOSTypeId>"
    );
    let logon = call("IWebsessionManager", "logon");
    assert_eq!(
        sent(&Handle::Root, logon, &[RawValue::from("u"), RawValue::from("p")]),
        "<v:IWebsessionManager_logon><username>u</username><password>p</password></v:IWebsessionManager_logon>"
    );
}

#[test]
fn blobs_are_padded() {
    let set = Operation::Set(embedded().interface("IMachine").unwrap().attribute("icon").unwrap());
    assert!(sent(&Handle::Root, set, &[RawValue::Blob(vec![0, 1, 2, 3])]).contains("<icon>AAECAw==</icon>"));
    let wrapped = format!(
        "<vbox:IMachine_getIconResponse><returnval>{}\nAAEC\n Aw==</returnval></vbox:IMachine_getIconResponse>",
        "AAAA".repeat(16)
    );
    let decoded = values(get("IMachine", "icon"), &wrapped);
    assert_eq!(decoded, [RawValue::Blob([vec![0; 48], vec![0, 1, 2, 3]].concat())]);
    assert_eq!(
        values(get("IMachine", "icon"), "<vbox:IMachine_getIconResponse><returnval/></vbox:IMachine_getIconResponse>"),
        [RawValue::Blob(vec![])]
    );
}

#[test]
fn an_empty_array_is_absent_and_an_empty_element_is_one_value() {
    let machines = get("IVirtualBox", "machines");
    assert_eq!(
        values(machines, "<vbox:IVirtualBox_getMachinesResponse></vbox:IVirtualBox_getMachinesResponse>"),
        [RawValue::List(vec![])]
    );
    assert_eq!(
        values(machines, "<vbox:IVirtualBox_getMachinesResponse><returnval/></vbox:IVirtualBox_getMachinesResponse>"),
        [RawValue::List(vec![RawValue::Null])]
    );
}

#[test]
fn several_outs_come_by_name_with_the_return_value_first() {
    let property = call("IMachine", "getGuestProperty");
    let decoded = values(
        property,
        "<vbox:IMachine_getGuestPropertyResponse><value/><timestamp>0</timestamp><flags/></vbox:IMachine_getGuestPropertyResponse>",
    );
    assert_eq!(decoded, [RawValue::from(""), RawValue::Int(0), RawValue::from("")]);
    let all = call("IMachine", "enumerateGuestProperties");
    let decoded = values(
        all,
        "<vbox:IMachine_enumerateGuestPropertiesResponse><names>/a</names><names>/b</names><values>1</values><values/><timestamps>1795300000000000000</timestamps><timestamps>2</timestamps><flags/><flags/></vbox:IMachine_enumerateGuestPropertiesResponse>",
    );
    assert_eq!(decoded[0], RawValue::List(vec!["/a".into(), "/b".into()]));
    assert_eq!(decoded[2], RawValue::List(vec![RawValue::Int(1_795_300_000_000_000_000), RawValue::Int(2)]));
    let thumbnail = call("IMachine", "readSavedScreenshotToArray");
    let decoded = values(
        thumbnail,
        "<vbox:IMachine_readSavedScreenshotToArrayResponse><width>2</width><height>1</height><returnval>AA==</returnval></vbox:IMachine_readSavedScreenshotToArrayResponse>",
    );
    assert_eq!(decoded, [RawValue::Blob(vec![0]), RawValue::Int(2), RawValue::Int(1)]);
}

#[test]
fn a_structure_travels_by_value() {
    let attachments = get("IMachine", "mediumAttachments");
    let one = "<returnval><machine>0c33000000000000-0000000000000011</machine><medium/><controller>h3c</controller><port>0</port><device>1</device><type>DVD</type><passthrough>false</passthrough><temporaryEject>false</temporaryEject><isEjected>false</isEjected><nonRotational>false</nonRotational><discard>false</discard><hotPluggable>false</hotPluggable><bandwidthGroup/></returnval>";
    let decoded = values(
        attachments,
        &format!("<vbox:IMachine_getMediumAttachmentsResponse>{one}{one}</vbox:IMachine_getMediumAttachmentsResponse>"),
    );
    let [RawValue::List(list)] = &decoded[..] else { panic!("{decoded:?}") };
    let RawValue::Struct(first) = &list[0] else { panic!("{list:?}") };
    assert_eq!(list.len(), 2);
    assert_eq!(first.get("controller"), Some(&RawValue::from("h3c")));
    assert_eq!(first.get("medium"), Some(&RawValue::Null));
    assert_eq!(first.get("device"), Some(&RawValue::Int(1)));
    assert!(
        matches!(first.get("machine"), Some(RawValue::Object((Handle::Text(_), interface))) if interface.name == "IMachine")
    );
    assert!(matches!(first.get("type"), Some(RawValue::Enum(value)) if value.is("DVD")));
}

#[test]
fn the_root_is_known_by_its_reference() {
    let parent = get("IMachine", "parent");
    let decoded = values(
        parent,
        &format!("<vbox:IMachine_getParentResponse><returnval>{ROOT}</returnval></vbox:IMachine_getParentResponse>"),
    );
    assert!(matches!(&decoded[0], RawValue::Object((Handle::Root, interface)) if interface.name == "IVirtualBox"));
}

#[test]
fn enum_values_that_the_release_lacks_survive() {
    let state = get("IMachine", "state");
    let body = |value: &str| {
        format!("<vbox:IMachine_getStateResponse><returnval>{value}</returnval></vbox:IMachine_getStateResponse>")
    };
    assert_eq!(values(state, &body("Hibernating")), [RawValue::from("Hibernating")]);
    assert!(
        matches!(values(state, &body("2147475117"))[0], RawValue::Enum(value) if value.number == 2_147_475_117 && value.to_string() == "MachineState(2147475117)")
    );
}

#[test]
fn control_characters_come_as_references() {
    let description = get("IMachine", "description");
    let decoded = values(
        description,
        "<vbox:IMachine_getDescriptionResponse><returnval> a&#xD;\n&#x1;&lt; </returnval></vbox:IMachine_getDescriptionResponse>",
    );
    assert_eq!(decoded, [RawValue::from(" a\r\n\u{1}< ")]);
}

#[test]
fn faults_are_told_apart() {
    let find = call("IVirtualBox", "findMachine");
    let fault = |inside: &str| {
        decode(find, &format!("<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>{inside}</SOAP-ENV:Fault>"))
    };
    let text = "VirtualBox error: apirc=0x80bb0001 Could not find a registered machine named 'nope' (0x80bb0001)";
    assert_eq!(
        fault(&format!(
            "<faultstring>{text}</faultstring><detail><vbox:RuntimeFault><resultCode>-2135228415</resultCode><returnval>c96e0df6ac88c200-0000000000000004</returnval></vbox:RuntimeFault></detail>"
        )),
        Reply::Fault(Fault::Runtime {
            code: 0x80bb_0001,
            info: Some("c96e0df6ac88c200-0000000000000004".into()),
            text: text.into()
        })
    );
    assert_eq!(
        fault(
            "<faultstring>x</faultstring><detail><vbox:RuntimeFault><resultCode>-2147024809</resultCode><returnval/></vbox:RuntimeFault></detail>"
        ),
        Reply::Fault(Fault::Runtime { code: 0x8007_0057, info: None, text: "x".into() })
    );
    assert_eq!(
        fault(
            "<faultstring>y</faultstring><detail><vbox:InvalidObjectFault><badObjectID>a-b</badObjectID></vbox:InvalidObjectFault></detail>"
        ),
        Reply::Fault(Fault::InvalidObject { id: "a-b".into(), text: "y".into() })
    );
    assert_eq!(
        fault(
            "<faultstring>Method 'v:IVirtualBox_noSuch' not implemented: method name or namespace not recognized</faultstring>"
        ),
        Reply::Fault(Fault::Request {
            text: "Method 'v:IVirtualBox_noSuch' not implemented: method name or namespace not recognized".into()
        })
    );
    assert_eq!(fault(""), Reply::Fault(Fault::Bare));
}

#[test]
fn the_answer_to_another_question_is_refused() {
    let body = format!(
        "{BEFORE}<vbox:IMachine_getNameResponse><returnval>x</returnval></vbox:IMachine_getNameResponse>{AFTER}"
    );
    assert!(decode_reply(embedded(), ROOT, get("IMachine", "id"), &body).is_err());
    let number = format!(
        "{BEFORE}<vbox:IMachine_getMemorySizeResponse><returnval>much</returnval></vbox:IMachine_getMemorySizeResponse>{AFTER}"
    );
    let error = decode_reply(embedded(), ROOT, get("IMachine", "memorySize"), &number).unwrap_err();
    assert!(error.to_string().contains("returnval"), "{error}");
}
