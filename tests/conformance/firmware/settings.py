# IFirmwareSettings, ITrustedPlatformModule, INvramStore, IUefiVariableStore.

import prelude as t

m = t.create("firmware", "Windows11_64")
f = m.firmwareSettings
t.write_every("type", f, "firmwareType", FirmwareType)
t.write_every("menu", f, "bootMenuMode", FirmwareBootMenuMode)
t.write_every("apic", f, "APICMode", APICMode)
for name in ["logoFadeIn", "logoFadeOut", "ACPIEnabled", "IOAPICEnabled", "PXEDebugEnabled", "SMBIOSUuidLittleEndian", "AutoSerialNumGen"]:
    t.write_each("flag", f, name, [True, False])
t.write_each("time", f, "logoDisplayTime", [0, 5000, 4294967295, 0])
t.write_each("image", f, "logoImagePath", ["/tmp/x.bmp", "x", ""])
t.write_each("offset", f, "timeOffset", [-1, 86400000, -9223372036854775807, 0])
tpm = m.trustedPlatformModule
t.write_every("tpm", tpm, "type", TpmType)
t.write_each("tpm place", tpm, "location", ["/dev/tpm0", "localhost:1234", ""])
tpm.type = TpmType.Swtpm
t.write_each("swtpm place", tpm, "location", ["/dev/tpm0", "localhost:1234", ""])
t.attempt("save", lambda: m.saveSettings())
vbox.registerMachine(m)
t.write("registered", tpm, "type", TpmType["None"])
t.write("registered", f, "firmwareType", FirmwareType.EFI)
