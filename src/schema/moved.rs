//! Members that releases before 7.2 had elsewhere: where they went.

use super::Interface;

/// A member that went somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Interface that had it.
    pub interface: &'static str,
    /// Its name there.
    pub member: &'static str,
    /// Where it is now, from the object that had it (`platform.chipsetType`). `isFeatureEnabled(X)` stands for an
    /// attribute that became a value of an enumeration, read by that and written by `setFeature`.
    pub place: &'static str,
    /// The release that moved it.
    pub since: &'static str,
}

const fn moved(interface: &'static str, member: &'static str, place: &'static str, since: &'static str) -> Moved {
    Moved { interface, member, place, since }
}

/// All of them. The changes are those of the API's own list of incompatible changes.
pub const MOVED: &[Moved] = &[
    moved("IConsole", "addDiskEncryptionPassword", "addEncryptionPassword", "7.0"),
    moved("IConsole", "addDiskEncryptionPasswords", "addEncryptionPasswords", "7.0"),
    moved("IConsole", "adoptSavedState", "machine.adoptSavedState", "5.0"),
    moved("IConsole", "clearAllDiskEncryptionPasswords", "clearAllEncryptionPasswords", "7.0"),
    moved("IConsole", "deleteSnapshot", "machine.deleteSnapshot", "5.0"),
    moved("IConsole", "discardSavedState", "machine.discardSavedState", "5.0"),
    moved("IConsole", "removeDiskEncryptionPassword", "removeEncryptionPassword", "7.0"),
    moved("IConsole", "restoreSnapshot", "machine.restoreSnapshot", "5.0"),
    moved("IConsole", "saveState", "machine.saveState", "5.0"),
    moved("IHost", "getProcessorCPUIDLeaf", "x86.getProcessorCPUIDLeaf", "7.1"),
    moved("IMachine", "BIOSSettings", "firmwareSettings", "7.1"),
    moved("IMachine", "HPETEnabled", "platform.x86.HPETEnabled", "7.1"),
    moved("IMachine", "RTCUseUTC", "platform.RTCUseUTC", "7.1"),
    moved("IMachine", "VRAMSize", "graphicsAdapter.VRAMSize", "6.1"),
    moved("IMachine", "accelerate3DEnabled", "graphicsAdapter.isFeatureEnabled(Acceleration3D)", "7.1"),
    moved("IMachine", "audioAdapter", "audioSettings.adapter", "7.0"),
    moved("IMachine", "chipsetType", "platform.chipsetType", "7.1"),
    moved("IMachine", "firmwareType", "firmwareSettings.firmwareType", "7.1"),
    moved("IMachine", "getCPUIDLeaf", "platform.x86.getCPUIDLeaf", "7.1"),
    moved("IMachine", "getCPUIDLeafByOrdinal", "platform.x86.getCPUIDLeafByOrdinal", "7.1"),
    moved("IMachine", "getCPUProperty", "platform.x86.getCPUProperty", "7.1"),
    moved("IMachine", "getHWVirtExProperty", "platform.x86.getHWVirtExProperty", "7.1"),
    moved("IMachine", "graphicsControllerType", "graphicsAdapter.graphicsControllerType", "6.1"),
    moved("IMachine", "iommuType", "platform.iommuType", "7.1"),
    moved("IMachine", "monitorCount", "graphicsAdapter.monitorCount", "6.1"),
    moved("IMachine", "removeAllCPUIDLeaves", "platform.x86.removeAllCPUIDLeaves", "7.1"),
    moved("IMachine", "removeCPUIDLeaf", "platform.x86.removeCPUIDLeaf", "7.1"),
    moved("IMachine", "sessionType", "sessionName", "5.0"),
    moved("IMachine", "setCPUIDLeaf", "platform.x86.setCPUIDLeaf", "7.1"),
    moved("IMachine", "setCPUProperty", "platform.x86.setCPUProperty", "7.1"),
    moved("IMachine", "setHWVirtExProperty", "platform.x86.setHWVirtExProperty", "7.1"),
    moved("IMachine", "videoCaptureEnabled", "recordingSettings.enabled", "6.0"),
    moved("IMouse", "multiTouchSupported", "touchScreenSupported", "7.1"),
    moved("IMouseCapabilityChangedEvent", "supportsMultiTouch", "supportsTouchScreen", "7.1"),
    moved("ISerialPort", "IOBase", "IOAddress", "7.1"),
    moved("IGraphicsAdapter", "accelerate3DEnabled", "isFeatureEnabled(Acceleration3D)", "7.1"),
    moved("ISystemProperties", "exclusiveHwVirt", "platform.exclusiveHwVirt", "7.1"),
    moved("ISystemProperties", "getDeviceTypesForStorageBus", "platform.getDeviceTypesForStorageBus", "7.1"),
    moved(
        "ISystemProperties",
        "getMaxDevicesPerPortForStorageBus",
        "platform.getMaxDevicesPerPortForStorageBus",
        "7.1",
    ),
    moved("ISystemProperties", "getMaxInstancesOfStorageBus", "platform.getMaxInstancesOfStorageBus", "7.1"),
    moved(
        "ISystemProperties",
        "getMaxInstancesOfUSBControllerType",
        "platform.getMaxInstancesOfUSBControllerType",
        "7.1",
    ),
    moved("ISystemProperties", "getMaxNetworkAdapters", "platform.getMaxNetworkAdapters", "7.1"),
    moved("ISystemProperties", "getMaxNetworkAdaptersOfType", "platform.getMaxNetworkAdaptersOfType", "7.1"),
    moved("ISystemProperties", "getMaxPortCountForStorageBus", "platform.getMaxPortCountForStorageBus", "7.1"),
    moved("ISystemProperties", "getMinPortCountForStorageBus", "platform.getMinPortCountForStorageBus", "7.1"),
    moved("ISystemProperties", "getStorageBusForControllerType", "platform.getStorageBusForControllerType", "7.1"),
    moved(
        "ISystemProperties",
        "getStorageBusForStorageControllerType",
        "platform.getStorageBusForControllerType",
        "7.1",
    ),
    moved(
        "ISystemProperties",
        "getStorageControllerHotplugCapable",
        "platform.getStorageControllerHotplugCapable",
        "7.1",
    ),
    moved("ISystemProperties", "getStorageControllerTypesForBus", "platform.getStorageControllerTypesForBus", "7.1"),
    moved(
        "ISystemProperties",
        "getStorageControllerTypesForStorageBus",
        "platform.getStorageControllerTypesForBus",
        "7.1",
    ),
    moved("ISystemProperties", "maxBootPosition", "platform.maxBootPosition", "7.1"),
    moved("ISystemProperties", "parallelPortCount", "platform.parallelPortCount", "7.1"),
    moved("ISystemProperties", "rawModeSupported", "platform.rawModeSupported", "7.1"),
    moved("ISystemProperties", "serialPortCount", "platform.serialPortCount", "7.1"),
    moved("ISystemProperties", "supportedAudioControllerTypes", "platform.supportedAudioControllerTypes", "7.1"),
    moved("ISystemProperties", "supportedBootDevices", "platform.supportedBootDevices", "7.1"),
    moved("ISystemProperties", "supportedChipsetTypes", "platform.supportedChipsetTypes", "7.1"),
    moved("ISystemProperties", "supportedFirmwareTypes", "platform.supportedFirmwareTypes", "7.1"),
    moved("ISystemProperties", "supportedGraphicsControllerTypes", "platform.supportedGfxControllerTypes", "7.1"),
    moved("ISystemProperties", "supportedNetworkAdapterTypes", "platform.supportedNetworkAdapterTypes", "7.1"),
    moved("ISystemProperties", "supportedParavirtProviders", "platform.supportedParavirtProviders", "7.1"),
    moved("ISystemProperties", "supportedStorageBuses", "platform.supportedStorageBuses", "7.1"),
    moved("ISystemProperties", "supportedStorageControllerTypes", "platform.supportedStorageControllerTypes", "7.1"),
    moved("ISystemProperties", "supportedUSBControllerTypes", "platform.supportedUSBControllerTypes", "7.1"),
    moved("ISystemProperties", "supportedUartTypes", "platform.supportedUartTypes", "7.1"),
    moved("IUnattended", "password", "userPassword", "7.1"),
];

/// Interfaces and enumerations that have another name since.
const RENAMED: &[(&str, &str)] = &[
    ("BIOSBootMenuMode", "FirmwareBootMenuMode"),
    ("CPUPropertyType", "CPUPropertyTypeX86"),
    ("DhcpOpt", "DHCPOption"),
    ("DhcpOptEncoding", "DHCPOptionEncoding"),
    ("DirectoryCopyFlags", "DirectoryCopyFlag"),
    ("FileOpenExFlags", "FileOpenExFlag"),
    ("FsObjMoveFlags", "FsObjMoveFlag"),
    ("IBIOSSettings", "IFirmwareSettings"),
    ("RecordingVideoRateControlMode", "RecordingRateControlMode"),
    ("RecordingVideoScalingMethod", "RecordingVideoScalingMode"),
];

/// The present name of an interface or enumeration that older releases called `name`.
pub fn renamed(name: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
}

impl Moved {
    /// Whether it is a method; else an attribute. By what stands at its place.
    pub fn is_method(&self) -> bool {
        let schema = super::embedded();
        let steps = self.place.split('(').next().unwrap_or_default();
        if steps.len() != self.place.len() {
            return false;
        }
        let (path, last) = steps.rsplit_once('.').unwrap_or(("", steps));
        let path = path.split('.').filter(|step| !step.is_empty());
        let holder = path.fold(schema.interface(self.interface), |interface, step| {
            match interface?.attribute(step)?.kind.kind {
                super::Kind::Interface(name) => schema.interface(name),
                _ => None,
            }
        });
        holder.is_some_and(|holder| holder.method(last).is_some())
    }
}

/// Where a member of an interface, or of one that it extends, went.
pub fn moved_to(interface: &'static Interface, member: &str) -> Option<&'static Moved> {
    MOVED.iter().find(|moved| {
        (moved.member.eq_ignore_ascii_case(member) || super::snake_case(moved.member) == member)
            && interface.extends(moved.interface)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Kind, Type, embedded};

    /// Every place can be reached, and no member that moved is still where it was.
    #[test]
    fn every_place_is_in_the_schema() {
        for moved in MOVED {
            let mut interface = embedded().interface(moved.interface).unwrap();
            assert!(
                interface.attribute(moved.member).is_none() && interface.method(moved.member).is_none(),
                "{moved:?}"
            );
            let steps = moved.place.split('(').next().unwrap();
            let (path, last) = steps.rsplit_once('.').unwrap_or(("", steps));
            for step in path.split('.').filter(|step| !step.is_empty()) {
                let kind = interface.attribute(step).unwrap_or_else(|| panic!("{moved:?}: {step}")).kind;
                let Type { kind: Kind::Interface(name), array: false } = kind else { panic!("{moved:?}: {step}") };
                interface = embedded().interface(name).unwrap();
            }
            assert!(interface.attribute(last).is_some() || interface.method(last).is_some(), "{moved:?}");
            if let Some((_, feature)) = moved.place.split_once('(') {
                let features = embedded().enumeration("GraphicsFeature").unwrap();
                assert!(features.number(feature.trim_end_matches(')')).is_some(), "{moved:?}");
            }
            assert_eq!(moved.is_method(), interface.method(last).is_some() && !moved.place.contains('('), "{moved:?}");
        }
    }

    #[test]
    fn every_new_name_is_in_the_schema_and_no_old_one_is() {
        for (old, new) in RENAMED {
            assert!(embedded().interface(new).is_some() || embedded().enumeration(new).is_some(), "{new}");
            assert!(embedded().interface(old).is_none() && embedded().enumeration(old).is_none(), "{old}");
            assert_eq!(renamed(old), Some(*new));
        }
        assert_eq!(renamed("IMachine"), None);
    }
}
