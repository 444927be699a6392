//! What the crawl does not reach at the standard fixture, with one word why.

use super::Crawl;
use super::reader::is_offered;

/// Met at one run and not at another: VirtualBox names facilities of the Guest Additions once something
/// on the machine has asked for them.
const SOMETIMES: [&str; 1] = ["IAdditionsFacility"];

/// The one word, and the interfaces that it is said of. `web` holds for the web service alone.
const WHY: [(&str, &[&str]); 12] = [
    // The Guest Additions, or a display driver, in the guest.
    (
        "additions",
        &[
            "IGuestSession",
            "IProcess",
            "IGuestProcess",
            "IDirectory",
            "IGuestDirectory",
            "IFile",
            "IGuestFile",
            "IFsInfo",
            "IFsObjInfo",
            "IGuestFsInfo",
            "IGuestFsObjInfo",
            "IAdditionsStateChangedEvent",
            "IClipboardEvent",
            "IClipboardErrorEvent",
            "IGuestSessionEvent",
            "IGuestSessionStateChangedEvent",
            "IGuestSessionRegisteredEvent",
            "IGuestProcessEvent",
            "IGuestProcessRegisteredEvent",
            "IGuestProcessStateChangedEvent",
            "IGuestProcessIOEvent",
            "IGuestProcessInputNotifyEvent",
            "IGuestProcessOutputEvent",
            "IGuestDirectoryEvent",
            "IGuestDirectoryRegisteredEvent",
            "IGuestDirectoryStateChangedEvent",
            "IGuestDirectoryReadEvent",
            "IGuestFileEvent",
            "IGuestFileRegisteredEvent",
            "IGuestFileStateChangedEvent",
            "IGuestFileIOEvent",
            "IGuestFileOffsetChangedEvent",
            "IGuestFileSizeChangedEvent",
            "IGuestFileReadEvent",
            "IGuestFileWriteEvent",
            "IGuestMonitorChangedEvent",
            "IGuestUserStateChangedEvent",
            "ICursorPositionChangedEvent",
            "IGuestAdditionsStatusChangedEvent",
        ],
    ),
    // The cloud provider of Oracle's extension pack, and an account.
    (
        "cloud",
        &[
            "IStringArray",
            "IFormValue",
            "IBooleanFormValue",
            "IRangedIntegerFormValue",
            "IRangedInteger64FormValue",
            "IStringFormValue",
            "IChoiceFormValue",
            "IForm",
            "IVirtualSystemDescriptionForm",
            "ICloudNetworkGatewayInfo",
            "ICloudNetworkEnvironmentInfo",
            "ICloudMachine",
            "ICloudClient",
            "ICloudProfile",
            "ICloudProvider",
            "ICloudProviderListChangedEvent",
            "ICloudProviderRegisteredEvent",
            "ICloudProviderUninstallEvent",
            "ICloudProfileRegisteredEvent",
            "ICloudProfileChangedEvent",
        ],
    ),
    // Installing one.
    ("extension-pack", &["IExtPackInstalledEvent", "IExtPackUninstalledEvent"]),
    // A device that the computer must have and let a container see.
    (
        "hardware",
        &[
            "IHostVideoInputDevice",
            "IHostDrive",
            "IHostDrivePartition",
            "IUSBDevice",
            "IHostUSBDevice",
            "IUSBDeviceStateChangedEvent",
            "IHostAudioDeviceChangedEvent",
        ],
    ),
    // Offered on macOS only.
    ("macos", &["IHostOnlyNetwork"]),
    // A signed appliance.
    ("signature", &["ICertificate"]),
    // A frontend that draws: headless has none to give.
    ("frontend", &["IFramebuffer"]),
    // No member gives one.
    ("unused", &["IPCIAddress", "IResourceStore", "IUSBProxyBackend", "IFramebufferOverlay", "IManagedObjectRef"]),
    // VirtualBox 7.2.22 refuses every member that gives one.
    ("unimplemented", &["IHostAudioDevice"]),
    // The web service cannot tell it from its parent.
    ("web", &["IHostUpdateAgent"]),
    // A source that VirtualBox keeps on the client's side.
    ("client", &["IVBoxSVCAvailabilityChangedEvent"]),
    // Nothing that the crawl does makes VirtualBox send it.
    (
        "unprovoked",
        &[
            "IRuntimeErrorEvent",
            "IHostNameResolutionConfigurationChangeEvent",
            "IParallelPortChangedEvent",
            "IRecordingScreenStateChangedEvent",
            "IUSBControllerChangedEvent",
            "IProgressCreatedEvent",
            "ILanguageChangedEvent",
            "IUpdateAgentAvailableEvent",
            "IUpdateAgentStateChangedEvent",
        ],
    ),
];

/// Whether the table names the interface.
pub fn is_known(name: &str) -> bool {
    SOMETIMES.contains(&name) || WHY.iter().any(|(_, names)| names.contains(&name))
}

/// Prints what was not reached, and why; gives what the table above says wrong.
pub fn check(crawl: &Crawl) -> Vec<String> {
    let schema = crawl.connection.schema();
    let mut wrong = Vec::new();
    let mut reasons = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for interface in schema.interfaces().iter().filter(|interface| is_offered(interface)) {
        let why = WHY.iter().find(|(_, names)| names.contains(&interface.name)).map(|(why, _)| *why);
        if SOMETIMES.contains(&interface.name)
            || (why == Some("web") && crawl.connection.transport().name() != "webservice")
        {
            continue;
        }
        match (crawl.reached(interface), why) {
            (true, None) => {}
            (true, Some(why)) => wrong.push(format!("{} is reached, although: {why}", interface.name)),
            (false, None) => wrong.push(format!("{} is not reached", interface.name)),
            (false, Some(why)) => reasons.entry(why).or_default().push(interface.name),
        }
    }
    println!("not reached: {} interfaces", reasons.values().map(Vec::len).sum::<usize>());
    for (why, names) in &reasons {
        println!("  {why}: {}", names.join(" "));
    }
    let names = WHY.iter().flat_map(|(_, names)| names.iter());
    wrong.extend(names.filter(|name| schema.interface(name).is_none()).map(|name| format!("{name} is no interface")));
    wrong
}
