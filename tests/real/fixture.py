#!/usr/bin/env python3
"""Fills a private VirtualBox with machines, media and networks of every kind, for tests against the real product.

Runs inside the chroot of scripts/real-virtualbox (`real-virtualbox fixture ID`). A second run keeps what is there, puts
every machine back into its promised state, and is quick. The last thing printed is a JSON summary on standard output.
What this build of VirtualBox or this computer refuses is listed there under "unavailable", with the reason.

Names, ids and contents are fixed, so that tests may rely on them.
"""
import argparse
import contextlib
import json
import os
import signal
import struct
import sys
import time
import uuid
import zlib

VERSION = "1"  # raise it when a machine is built differently: older ones are then rebuilt
MARK = "vboxsh/fixture"  # extra data set when a machine is complete, so a broken-off run is noticed
HOME = "/root"
MEDIA = HOME + "/media"
UNAVAILABLE = HOME + "/fixture-unavailable.json"
GREETING = "vboxsh guest ready"
MIB = 1024 * 1024

BROKEN = "broken-01"


def machine_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "urn:vboxsh:machine:" + name))


# ----------------------------------------------------------------------------------------------------------------------
# Image files that VirtualBox does not make itself


def boot_sector():
    """A guest of 61 bytes: prints the greeting through the BIOS and on COM1, then echoes keys the same way."""
    code = bytes.fromhex(
        "31c0"  # 00        xor ax, ax
        "8ed8"  # 02        mov ds, ax
        "fc"  # 04          cld
        "be3d7c"  # 05      mov si, 7c3d        the text
        "baf803"  # 08      mov dx, 3f8         COM1
        "ac"  # 11  print:  lodsb
        "84c0"  # 12        test al, al
        "7405"  # 14        jz wait
        "e81300"  # 16      call put
        "ebf6"  # 19        jmp print
        "fb"  # 21   wait:  sti
        "f4"  # 22          hlt                 an idle guest must not cost the host anything
        "b401"  # 23        mov ah, 1
        "cd16"  # 25        int 16              is there a key?
        "74f8"  # 27        jz wait
        "30e4"  # 29        xor ah, ah
        "cd16"  # 31        int 16              take it
        "e80200"  # 33      call put
        "ebef"  # 36        jmp wait
        "88c4"  # 38   put: mov ah, al
        "83c205"  # 40      add dx, 5
        "ec"  # 43    busy: in al, dx           without a port this reads ff, which is "ready"
        "a820"  # 44        test al, 20
        "74fb"  # 46        jz busy
        "83ea05"  # 48      sub dx, 5
        "88e0"  # 51        mov al, ah
        "ee"  # 53          out dx, al
        "b40e"  # 54        mov ah, 0e
        "31db"  # 56        xor bx, bx
        "cd10"  # 58        int 10
        "c3"  # 60          ret
    )
    assert len(code) == 61
    text = (GREETING + "\r\n").encode("ascii") + b"\0"
    return (code + text).ljust(510, b"\0") + b"\x55\xaa"


def write_floppy(path, first_sector=b""):
    with open(path, "wb") as file:
        file.write(first_sector)
        file.truncate(1440 * 1024)


def icon():
    """A PNG of 16 x 16 pixels, half red and half blue."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * 16) * 8 + (b"\0" + b"\0\0\xff" * 16) * 8
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_iso(path, label, files):
    """A plain ISO 9660 image with the files {NAME: bytes} in its root folder."""
    sector = 2048

    def both(format_, value):  # numbers are stored in both byte orders
        return struct.pack("<" + format_, value) + struct.pack(">" + format_, value)

    def record(name, extent, length, flags):
        body = both("I", extent) + both("I", length) + bytes([126, 1, 1, 0, 0, 0, 0, flags, 0, 0]) + both("H", 1)
        body += bytes([len(name)]) + name + (b"" if len(name) % 2 else b"\0")
        return bytes([len(body) + 2, 0]) + body

    root_extent, next_extent = 20, 21
    entries, contents = [], []
    for name, data in sorted(files.items()):
        entries.append(record(name.encode("ascii") + b";1", next_extent, len(data), 0))
        sectors = max(1, -(-len(data) // sector))
        contents.append(data.ljust(sectors * sector, b"\0"))
        next_extent += sectors
    root = record(b"\0", root_extent, sector, 2) + record(b"\1", root_extent, sector, 2) + b"".join(entries)

    volume = b"\x01CD001\x01\x00" + b" " * 32 + label.encode("ascii").ljust(32) + bytes(8)
    volume += both("I", next_extent) + bytes(32) + both("H", 1) + both("H", 1) + both("H", sector) + both("I", 10)
    volume += struct.pack("<II", 18, 0) + struct.pack(">II", 19, 0) + record(b"\0", root_extent, sector, 2)
    volume += b" " * 623 + (b"2026010100000000" + b"\0") + (b"0" * 16 + b"\0") * 3 + b"\x01\x00"
    end = b"\xffCD001\x01"
    little, big = b"\x01\x00" + struct.pack("<IH", root_extent, 1), b"\x01\x00" + struct.pack(">IH", root_extent, 1)
    parts = [volume, end, little + b"\0\0", big + b"\0\0", root]
    with open(path, "wb") as file:
        file.write(bytes(16 * sector))
        for part in parts:
            file.write(part.ljust(sector, b"\0"))
        file.write(b"".join(contents))


# ----------------------------------------------------------------------------------------------------------------------
# The API, a little more comfortable


class Rig:
    def __init__(self):
        from vboxapi import VirtualBoxManager

        self.manager = VirtualBoxManager(None, None)
        self.vbox = self.manager.getVirtualBox()
        self.c = self.manager.constants
        self.unavailable = {}
        with contextlib.suppress(FileNotFoundError, ValueError):  # what earlier runs, which built more, found out
            with open(UNAVAILABLE, encoding="utf-8") as file:
                self.unavailable = json.load(file)

    def array(self, owner, attribute):
        return self.manager.getArray(owner, attribute)

    def close(self):
        with open(UNAVAILABLE, "w", encoding="utf-8") as file:
            json.dump(self.unavailable, file)
        self.vbox = None
        self.manager = None

    @contextlib.contextmanager
    def optional(self, what):
        """For what depends on the build or the computer: a refusal is reported, not fatal."""
        self.unavailable.pop(what, None)
        try:
            yield
        except Exception as error:  # pylint: disable=broad-except
            self.unavailable[what] = self.message(error)

    @staticmethod
    def message(error):
        text = getattr(error, "msg", None) or str(error) or type(error).__name__
        return " ".join(text.split())

    def done(self, progress, milliseconds=120000):
        progress.waitForCompletion(milliseconds)
        if not progress.completed:
            raise RuntimeError("takes too long: " + progress.description)
        if progress.resultCode != 0:
            info = progress.errorInfo
            raise RuntimeError(info.text if info else "failed with 0x%08x" % (progress.resultCode & 0xFFFFFFFF))

    def machine(self, name):
        wanted = machine_id(name)
        for machine in self.array(self.vbox, "machines"):
            if machine.id == wanted:
                return machine
        return None

    def state_name(self, machine):
        if not machine.accessible:
            return "Inaccessible"
        for name, value in self.c.all_values("MachineState").items():
            if value == machine.state:
                return name.split("_")[-1]
        return str(machine.state)

    def is_online(self, machine):
        return machine.accessible and self.c.MachineState_FirstOnline <= machine.state <= self.c.MachineState_LastOnline

    @contextlib.contextmanager
    def locked(self, machine, shared=False):
        session = self.manager.getSessionObject(self.vbox)
        machine.lockMachine(session, self.c.LockType_Shared if shared else self.c.LockType_Write)
        try:
            yield session
        finally:
            try:
                session.unlockMachine()
            except Exception:
                # The machine may have ended, and the session with it.
                if session.state != self.c.SessionState_Unlocked:
                    raise
            self.until(lambda: shared or machine.sessionState == self.c.SessionState_Unlocked, "unlocking " + machine.name)

    def until(self, condition, what, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError("timed out: " + what)
            time.sleep(0.02)

    def launch(self, machine):
        session = self.manager.getSessionObject(self.vbox)
        self.done(machine.launchVMProcess(session, "headless", []))
        session.unlockMachine()

    def power_off(self, machine):
        if self.is_online(machine):
            with self.locked(machine, shared=True) as session:
                self.done(session.console.powerDown())
        self.until(lambda: machine.sessionState == self.c.SessionState_Unlocked, "power off")

    def discard(self, machine):
        """Removes a machine with its settings, disks and snapshots."""
        if machine.accessible:
            self.power_off(machine)
            media = machine.unregister(self.c.CleanupMode_DetachAllReturnHardDisksOnly)
            with contextlib.suppress(Exception):
                self.done(machine.deleteConfig(media))
        else:
            machine.unregister(self.c.CleanupMode_UnregisterOnly)

    def ensure_machine(self, name, build, groups=("/",), os_type="Linux26_64", arm=False, after=None):
        """Creates the machine if it is not there; `build` gets the mutable machine, `after` the session."""
        machine = self.machine(name)
        if machine and machine.accessible and machine.getExtraData(MARK) == VERSION:
            return machine
        if machine:
            self.discard(machine)
        platform = self.c.PlatformArchitecture_ARM if arm else self.c.PlatformArchitecture_x86
        flags = "forceOverwrite=1,UUID=" + machine_id(name)
        machine = self.vbox.createMachine("", name, platform, list(groups), os_type, flags, "", "", "")
        machine.saveSettings()
        self.vbox.registerMachine(machine)
        with self.locked(machine) as session:
            try:
                build(session.machine)
            except Exception:
                # Media stay reserved for a machine whose attachments were never saved: it could not be rebuilt.
                session.machine.saveSettings()
                raise
            session.machine.saveSettings()
            if after:
                after(session)
            session.machine.setExtraData(MARK, VERSION)
        return machine

    # Media ------------------------------------------------------------------------------------------------------------

    def disk(self, file, format_, mib, variants=("Standard",), description="", type_=None):
        path = file if file.startswith("/") else MEDIA + "/" + file
        if os.path.exists(path):
            return self.vbox.openMedium(path, self.c.DeviceType_HardDisk, self.c.AccessMode_ReadWrite, False)
        medium = self.vbox.createMedium(format_, path, self.c.AccessMode_ReadWrite, self.c.DeviceType_HardDisk)
        values = [getattr(self.c, "MediumVariant_" + variant) for variant in variants]
        self.done(medium.createBaseStorage(mib * MIB, values))
        if description:
            with contextlib.suppress(Exception):  # not every format can store one
                medium.description = description
        if type_:
            medium.type = getattr(self.c, "MediumType_" + type_)
        return medium

    def image(self, path, device_type):
        return self.vbox.openMedium(path, device_type, self.c.AccessMode_ReadWrite, False)

    def dvd(self, path):
        return self.vbox.openMedium(path, self.c.DeviceType_DVD, self.c.AccessMode_ReadOnly, False)

    def floppy(self, path):
        return self.image(path, self.c.DeviceType_Floppy)


# ----------------------------------------------------------------------------------------------------------------------
# Machines


def quiet_boot(rig, machine):
    """What a machine needs to start here at all, and to start soon."""
    machine.setExtraData("VBoxInternal/HM/FallbackToIEM", "1")
    firmware = machine.firmwareSettings
    firmware.logoDisplayTime = 0
    firmware.logoFadeIn = False
    firmware.logoFadeOut = False
    firmware.bootMenuMode = rig.c.FirmwareBootMenuMode_Disabled


def serial_log(name):
    return "%s/serial/%s.log" % (HOME, name)


def small_guest(rig, name):
    """A builder for a machine that really runs: a boot sector on a floppy."""

    def build(machine):
        machine.memorySize = 16
        machine.graphicsAdapter.VRAMSize = 8
        quiet_boot(rig, machine)
        write_floppy("%s/%s-boot.img" % (MEDIA, name), boot_sector())
        machine.addStorageController("Floppy", rig.c.StorageBus_Floppy)
        machine.attachDevice("Floppy", 0, 0, rig.c.DeviceType_Floppy, rig.floppy("%s/%s-boot.img" % (MEDIA, name)))
        machine.setBootOrder(1, rig.c.DeviceType_Floppy)
        for position in (2, 3, 4):
            machine.setBootOrder(position, rig.c.DeviceType_Null)
        port = machine.getSerialPort(0)
        port.enabled = True
        port.path = serial_log(name)  # before the mode, which is refused without a path
        port.hostMode = rig.c.PortMode_RawFile
        machine.audioSettings.adapter.enabled = False

    return build


def greeted(name):
    with contextlib.suppress(FileNotFoundError):
        with open(serial_log(name), "rb") as file:
            return GREETING.encode() in file.read()
    return False


def build_web(rig, machine):
    c = rig.c
    machine.description = (
        "Front end of the shop.\n"
        "Second line: tabs\tand \"quotes\", <angle> & ampersand.\n"
        "\n"
        "Grüße aus Zürich, 東京 and ☃."
    )
    machine.memorySize = 768
    machine.CPUCount = 2
    machine.CPUExecutionCap = 80
    machine.graphicsAdapter.VRAMSize = 16
    machine.graphicsAdapter.graphicsControllerType = c.GraphicsControllerType_VMSVGA
    machine.platform.chipsetType = c.ChipsetType_ICH9
    machine.platform.RTCUseUTC = True
    machine.platform.x86.HPETEnabled = True
    machine.platform.x86.setCPUProperty(c.CPUPropertyTypeX86_PAE, True)
    machine.platform.x86.setCPUIDLeaf(0x1, 0, 0x000306A9, 0x00100800, 0x7FBAE3FF, 0xBFEBFBFF)
    machine.paravirtProvider = c.ParavirtProvider_KVM
    machine.clipboardMode = c.ClipboardMode_Bidirectional
    machine.dnDMode = c.DnDMode_HostToGuest
    machine.pointingHIDType = c.PointingHIDType_USBTablet
    machine.defaultFrontend = "headless"
    with rig.optional("icon"):
        rig.manager.setArray(machine, "icon", icon())
    machine.teleporterPort = 6000
    machine.teleporterAddress = "127.0.0.1"
    quiet_boot(rig, machine)
    for position, device in enumerate(("DVD", "HardDisk", "Network", "Null"), 1):
        machine.setBootOrder(position, getattr(c, "DeviceType_" + device))

    # Storage
    machine.addStorageController("SATA", c.StorageBus_SATA).portCount = 4
    machine.addStorageController("IDE", c.StorageBus_IDE)
    system = rig.disk("web-01-system.vdi", "VDI", 512, description="System disk of web-01")
    logs = rig.disk("web-01-logs.vdi", "VDI", 64, description="Protokolle – täglich")
    machine.attachDevice("SATA", 0, 0, c.DeviceType_HardDisk, system)
    machine.attachDevice("SATA", 1, 0, c.DeviceType_HardDisk, logs)
    machine.nonRotationalDevice("SATA", 0, 0, True)
    machine.setHotPluggableForDevice("SATA", 1, 0, True)
    machine.attachDevice("IDE", 0, 0, c.DeviceType_DVD, rig.dvd(MEDIA + "/tools.iso"))
    machine.attachDeviceWithoutMedium("IDE", 1, 0, c.DeviceType_DVD)

    # Bandwidth
    control = machine.bandwidthControl
    control.createBandwidthGroup("disk-limit", c.BandwidthGroupType_Disk, 20 * MIB)
    control.createBandwidthGroup("net-limit", c.BandwidthGroupType_Network, 5 * MIB)
    control.createBandwidthGroup("no-limit", c.BandwidthGroupType_Network, 0)
    machine.setBandwidthGroupForDevice("SATA", 0, 0, control.getBandwidthGroup("disk-limit"))

    # Network
    def adapter(slot, attachment):
        result = machine.getNetworkAdapter(slot)
        result.enabled = True
        result.attachmentType = getattr(c, "NetworkAttachmentType_" + attachment)
        result.MACAddress = "0800270A00%02X" % slot
        return result

    nat = adapter(0, "NAT")
    nat.adapterType = c.NetworkAdapterType_Virtio
    nat.bandwidthGroup = control.getBandwidthGroup("net-limit")
    engine = nat.NATEngine
    engine.network = "10.9.8.0/24"
    engine.DNSProxy = True
    engine.TFTPPrefix = "/srv/tftp"
    engine.addRedirect("ssh", c.NATProtocol_TCP, "127.0.0.1", 2222, "", 22)
    engine.addRedirect("http", c.NATProtocol_TCP, "", 8080, "10.9.8.15", 80)
    engine.addRedirect("https", c.NATProtocol_TCP, "127.0.0.1", 8443, "10.9.8.15", 443)
    engine.addRedirect("dns", c.NATProtocol_UDP, "127.0.0.1", 5353, "", 53)
    internal = adapter(1, "Internal")
    internal.internalNetwork = "backbone"
    internal.promiscModePolicy = c.NetworkAdapterPromiscModePolicy_AllowNetwork
    internal.cableConnected = False
    network = adapter(2, "NATNetwork")
    network.NATNetwork = "prod-nat"
    bridged = adapter(3, "Bridged")
    bridged.bridgedInterface = "eth0"
    bridged.adapterType = c.NetworkAdapterType_I82545EM
    generic = adapter(4, "Generic")
    generic.genericDriver = "UDPTunnel"
    for key, value in (("dest", "127.0.0.1"), ("sport", "10001"), ("dport", "10002")):
        generic.setProperty(key, value)
    host_only = adapter(5, "HostOnly")
    host_only.hostOnlyInterface = "vboxnet0"
    adapter(6, "Null")

    # Ports
    serial = machine.getSerialPort(0)
    serial.enabled = True
    serial.path = "4555"
    serial.server = True
    serial.hostMode = c.PortMode_TCP
    pipe = machine.getSerialPort(1)
    pipe.enabled = True
    pipe.IOAddress = 0x2F8
    pipe.IRQ = 3
    pipe.path = HOME + "/web-01-com2"
    pipe.server = True
    pipe.hostMode = c.PortMode_HostPipe
    pipe.uartType = c.UartType_U16750
    parallel = machine.getParallelPort(0)
    parallel.enabled = True
    parallel.path = "/dev/parport0"

    # USB
    with rig.optional("USB controllers"):
        machine.addUSBController("OHCI", c.USBControllerType_OHCI)
        machine.addUSBController("EHCI", c.USBControllerType_EHCI)
    with rig.optional("USB device filters of a machine"):
        filters = machine.USBDeviceFilters
        for position, (name, vendor, product, active) in enumerate(
            (("Security key", "1050", "0407", True), ("Drucker für Büro", "04b8", "", False))
        ):
            item = filters.createDeviceFilter(name)
            item.active = active
            item.vendorId = vendor
            item.productId = product
            item.remote = "no"
            filters.insertDeviceFilter(position, item)

    # Shared folders
    for folder in ("docs", "Übergabe", "gone"):
        os.makedirs("%s/shared/%s" % (HOME, folder), exist_ok=True)
    machine.createSharedFolder("docs", HOME + "/shared/docs", True, True, "/mnt/docs")
    machine.createSharedFolder("Übergabe", HOME + "/shared/Übergabe", False, False, "")
    machine.createSharedFolder("gone", HOME + "/shared/gone", False, False, "")
    os.rmdir(HOME + "/shared/gone")  # so one of them is not accessible

    # Remote display and recording
    with rig.optional("remote display settings"):
        vrde = machine.VRDEServer
        vrde.enabled = True
        vrde.authType = c.AuthType_External
        vrde.authTimeout = 4000
        vrde.allowMultiConnection = True
        vrde.setVRDEProperty("TCP/Ports", "5000,5010-5012")
        vrde.setVRDEProperty("TCP/Address", "127.0.0.1")
    with rig.optional("recording settings"):
        screen = machine.recordingSettings.getScreenSettings(0)
        screen.filename = HOME + "/recordings/web-01.webm"
        screen.videoWidth, screen.videoHeight, screen.videoFPS, screen.videoRate = 1280, 720, 15, 900
        screen.maxTime = 60

    audio = machine.audioSettings.adapter
    audio.enabled = True
    audio.audioController = c.AudioControllerType_HDA
    audio.audioDriver = c.AudioDriverType_Null
    audio.enabledOut = True

    with rig.optional("PCI devices of the host"):
        machine.attachHostPCIDevice(0x0100, 0x0010, False)

    for name, value, flags in (
        ("/vboxsh/role", "web", ""),
        ("/vboxsh/motto", "Schneller, höher, 東京", ""),
        ("/vboxsh/readonly", "host decides", "RDONLYGUEST"),
        ("/vboxsh/locked", "nobody writes", "RDONLYGUEST, RDONLYHOST"),
        ("/VirtualBox/GuestInfo/OS/Product", "Linux", ""),
        ("/VirtualBox/GuestInfo/Net/0/V4/IP", "10.9.8.15", ""),
    ):
        with rig.optional("guest property with flags '%s'" % flags):
            machine.setGuestProperty(name, value, flags)
    machine.setExtraData("vboxsh/owner", "Jörg Müßig")
    machine.setExtraData("vboxsh/url", "https://example.org/?a=1&b=2")
    machine.setExtraData("vboxsh/multi", "line 1\nline 2")
    machine.setExtraData("GUI/Fullscreen", "off")


def build_storage(rig, machine):
    """One controller of each bus, and a medium of each format and type."""
    c = rig.c
    machine.description = "Every storage bus, disk format and medium type."
    machine.memorySize = 64
    buses = {
        "IDE": ("IDE", "PIIX4"),
        "SATA": ("SATA", "IntelAhci"),
        "SCSI": ("SCSI", "LsiLogic"),
        "SAS": ("SAS", "LsiLogicSas"),
        "VirtioSCSI": ("VirtioSCSI", "VirtioSCSI"),
        "NVMe": ("PCIe", "NVMe"),
        "USB": ("USB", "USB"),
        "Floppy": ("Floppy", "I82078"),
    }
    present = set()
    for name, (bus, kind) in buses.items():
        with rig.optional("storage controller " + name):
            controller = machine.addStorageController(name, getattr(c, "StorageBus_" + bus))
            controller.controllerType = getattr(c, "StorageControllerType_" + kind)
            present.add(name)
    machine.getStorageControllerByName("SATA").portCount = 16

    port = iter(range(30))

    def attach(medium, controller="SATA", at=None, device=0, type_="HardDisk"):
        slot = next(port) if at is None else at
        machine.attachDevice(controller, slot, device, getattr(c, "DeviceType_" + type_), medium)

    attach(rig.disk("dynamic.vdi", "VDI", 128, description="VDI, grows on demand"))
    attach(rig.disk("fixed.vdi", "VDI", 4, ("Fixed",), "VDI, fixed size"))
    attach(rig.disk("dynamic.vmdk", "VMDK", 128))
    attach(rig.disk("fixed.vmdk", "VMDK", 4, ("Fixed",)))
    with rig.optional("VMDK split into 2 GB files"):
        attach(rig.disk("split.vmdk", "VMDK", 2500, ("VmdkSplit2G",)))
    attach(rig.disk("dynamic.vhd", "VHD", 128))
    attach(rig.disk("fixed.vhd", "VHD", 4, ("Fixed",)))
    for format_, file in (("QCOW", "dynamic.qcow2"), ("QED", "dynamic.qed"), ("Parallels", "dynamic.hdd")):
        with rig.optional("disk format " + format_):
            attach(rig.disk(file, format_, 16))
    with rig.optional("medium type Immutable"):
        attach(rig.disk("immutable.vdi", "VDI", 16, type_="Immutable"))
    with rig.optional("medium type MultiAttach"):  # only for a disk that a machine has in its registry already
        disk, slot = rig.disk("multiattach.vdi", "VDI", 16), next(port)
        attach(disk, at=slot)
        machine.saveSettings()
        machine.detachDevice("SATA", slot, 0)
        machine.saveSettings()
        disk.type = c.MediumType_MultiAttach
        attach(disk, at=slot)
    with rig.optional("medium type Writethrough"):
        attach(rig.disk("writethrough.vdi", "VDI", 16, type_="Writethrough"))
    with rig.optional("medium type Shareable"):
        attach(rig.disk("shareable.vdi", "VDI", 4, ("Fixed",), type_="Shareable"))
    with rig.optional("differencing chain"):
        parent = rig.disk("chain-base.vdi", "VDI", 64, description="Base of a chain of three")
        for file in ("chain-1.vdi", "chain-2.vdi"):
            path = MEDIA + "/" + file
            child = rig.vbox.createMedium("VDI", path, c.AccessMode_ReadWrite, c.DeviceType_HardDisk)
            rig.done(parent.createDiffStorage(child, [c.MediumVariant_Standard]))
            parent = child
        attach(parent, "SCSI", 0)
    attach(rig.disk("scsi.vmdk", "VMDK", 16), "SCSI", 3)
    lost = rig.disk("lost.vdi", "VDI", 16)
    attach(lost, "SCSI", 5)
    machine.saveSettings()
    os.remove(lost.location)  # an inaccessible medium
    lost.refreshState()
    attach(rig.dvd(MEDIA + "/données.iso"), "IDE", 1, 0, "DVD")
    attach(rig.floppy(MEDIA + "/driver.img"), "Floppy", 0, 0, "Floppy")
    for name in sorted(present & {"SAS", "VirtioSCSI", "NVMe", "USB"}):
        with rig.optional("disk on " + name):
            attach(rig.disk(name.lower() + ".vdi", "VDI", 16), name, 0)
    with rig.optional("iSCSI target"):  # nobody listens there, which is noticed at once
        name = "iqn.2026-01.org.example:disk"
        target = rig.vbox.createMedium("iSCSI", "127.0.0.1|" + name, c.AccessMode_ReadWrite, c.DeviceType_HardDisk)
        target.setProperties(["TargetAddress", "TargetName", "LUN"], ["127.0.0.1:9", name, "0"])
        attach(target, "SCSI", 6)


def build_history(rig, machine):
    machine.description = "A tree of snapshots with a fork."
    machine.memorySize = 128
    machine.addStorageController("SATA", rig.c.StorageBus_SATA)
    machine.attachDevice(
        "SATA", 0, 0, rig.c.DeviceType_HardDisk, rig.disk("history-01.vdi", "VDI", 256, description="Base of history-01")
    )


def take_history(rig, session):
    """clean install -> patched -> Überprüfung ✓ -> release; a second branch starts at "patched"."""
    machine = session.machine

    def take(name, description):
        progress, _ = machine.takeSnapshot(name, description, True)  # False is for running machines only
        rig.done(progress)

    def restore(name):
        rig.done(machine.restoreSnapshot(machine.findSnapshot(name)))

    take("clean install", "Right after the installer.\nNothing configured yet.")
    machine.memorySize = 256
    machine.saveSettings()
    take("patched", "All updates applied")
    take("Überprüfung ✓", "Geprüft von Jörg – 東京")
    take("release", "")
    restore("patched")
    machine.memorySize = 512
    machine.saveSettings()
    take("experiment", "A fork: more memory")
    take("experiment/2", "A name with a slash")
    take("experiment/2", "The same name again")
    restore("experiment")
    machine.description = "Current state differs from its snapshot."
    machine.saveSettings()


def build_unicode(rig, machine):
    machine.description = "Ein Rechner mit Umlauten: äöüß ÄÖÜ\n日本語の説明\n☃ ❄ 𝄞 (beyond the basic plane)"
    machine.memorySize = 96
    machine.addStorageController("Größe – SATA", rig.c.StorageBus_SATA)
    machine.attachDevice("Größe – SATA", 0, 0, rig.c.DeviceType_HardDisk, rig.disk("Zürich 東京 ☃.vdi", "VDI", 32))
    machine.setExtraData("schlüssel/ключ/鍵", "wert ☃")
    machine.setGuestProperty("/vboxsh/città", "perché 東京", "")


def build_efi(rig, machine):
    c = rig.c
    machine.memorySize = 128
    machine.firmwareSettings.firmwareType = c.FirmwareType_EFI64
    machine.graphicsAdapter.monitorCount = 2
    machine.CPUHotPlugEnabled = True
    machine.CPUCount = 4
    with rig.optional("trusted platform module"):
        machine.trustedPlatformModule.type = c.TpmType_v2_0
    with rig.optional("UEFI variable store"):
        store = machine.nonVolatileStore
        store.initUefiVariableStore(0)
        store.uefiVariableStore.enrollOraclePlatformKey()
        store.uefiVariableStore.enrollDefaultMsSignatures()
        store.uefiVariableStore.secureBootEnabled = True
    with rig.optional("xHCI controller"):
        machine.addUSBController("xHCI", c.USBControllerType_XHCI)


def build_arm(rig, machine):
    machine.description = "An ARM machine; it cannot run on this host."
    with rig.optional("defaults of an ARM machine"):
        machine.applyDefaults("")


def vnc_port():
    """One per instance, as instances share the network. (The VNC module takes no range of ports.)"""
    return 15900 + zlib.crc32(os.environ["VBOX_IPC_SOCKETID"].encode()) % 2000


def build_live(rig, machine):
    small_guest(rig, "live-01")(machine)
    machine.description = "Really running: boot sector guest, echoes keys on screen and COM1."
    adapter = machine.getNetworkAdapter(0)
    adapter.enabled = True
    adapter.attachmentType = rig.c.NetworkAttachmentType_NAT
    with rig.optional("remote display of live-01"):
        vrde = machine.VRDEServer
        vrde.enabled = True
        vrde.VRDEExtPack = "VNC"
        vrde.setVRDEProperty("TCP/Ports", str(vnc_port()))
        vrde.setVRDEProperty("TCP/Address", "127.0.0.1")
        vrde.setVRDEProperty("VNCPassword", "secret")
    machine.addStorageController("SATA", rig.c.StorageBus_SATA).portCount = 4
    machine.attachDevice("SATA", 0, 0, rig.c.DeviceType_HardDisk, rig.disk("live-01.vdi", "VDI", 64))
    machine.attachDeviceWithoutMedium("SATA", 1, 0, rig.c.DeviceType_DVD)
    machine.setHotPluggableForDevice("SATA", 1, 0, True)
    os.makedirs(HOME + "/shared/docs", exist_ok=True)
    machine.createSharedFolder("docs", HOME + "/shared/docs", True, False, "")
    machine.setGuestProperty("/vboxsh/role", "live", "")


def transient_properties(rig, machine):
    """Only a running machine takes these."""
    with rig.locked(machine, shared=True) as session:
        for name, value, flags in (
            ("/vboxsh/transient", "gone after power off", "TRANSIENT"),
            ("/vboxsh/both", "1", "TRANSIENT, TRANSRESET, RDONLYGUEST"),
        ):
            session.machine.setGuestProperty(name, value, flags)


def build_app(rig, machine):
    simple(512, "In two groups", CPUCount=2)(machine)
    machine.addStorageController("SCSI", rig.c.StorageBus_SCSI).controllerType = rig.c.StorageControllerType_BusLogic
    machine.attachDevice("SCSI", 0, 0, rig.c.DeviceType_HardDisk, rig.disk("eu-app-01.vmdk", "VMDK", 64))


def simple(memory, description="", **settings):
    def build(machine):
        machine.memorySize = memory
        machine.description = description
        for name, value in settings.items():
            setattr(machine, name, value)

    return build


# ----------------------------------------------------------------------------------------------------------------------
# States


def boot(rig, machine):
    """Starts or restores it, if it is not online."""
    if rig.is_online(machine):
        return
    if machine.state not in (rig.c.MachineState_Saved, rig.c.MachineState_AbortedSaved):
        with contextlib.suppress(FileNotFoundError):
            os.remove(serial_log(machine.name))  # so that an old greeting is not taken for the new one
    rig.launch(machine)


def until_greeted(rig, machine):
    rig.until(lambda: greeted(machine.name), "start of the guest in " + machine.name, 60)


def keep_running(rig, machine):
    boot(rig, machine)
    if machine.state == rig.c.MachineState_Paused:
        with rig.locked(machine, shared=True) as session:
            session.console.resume()


def keep_paused(rig, machine):
    boot(rig, machine)
    if machine.state == rig.c.MachineState_Running:
        until_greeted(rig, machine)
        with rig.locked(machine, shared=True) as session:
            session.console.pause()


def save(rig, machine):
    with rig.locked(machine, shared=True) as session:
        rig.done(session.machine.saveState())
    rig.until(lambda: machine.sessionState == rig.c.SessionState_Unlocked, "saving " + machine.name)


def kill(rig, machine):
    os.kill(machine.sessionPID, signal.SIGKILL)
    rig.until(lambda: machine.sessionState == rig.c.SessionState_Unlocked, "end of the killed " + machine.name)


def keep_aborted_saved(rig, machine):
    """Killed while its saved state is being restored. The moment is short, hence several tries."""
    wanted = rig.c.MachineState_AbortedSaved
    for _ in range(5):
        if machine.state == wanted:
            return
        if machine.state != rig.c.MachineState_Saved:
            boot(rig, machine)
            save(rig, machine)
        session = rig.manager.getSessionObject(rig.vbox)
        machine.launchVMProcess(session, "headless", [])
        end = time.monotonic() + 5
        while machine.state not in (rig.c.MachineState_Restoring, rig.c.MachineState_Running) and time.monotonic() < end:
            pass
        kill(rig, machine)
        with contextlib.suppress(Exception):
            session.unlockMachine()
    raise RuntimeError("the machine could not be killed at the right moment")


# ----------------------------------------------------------------------------------------------------------------------
# Networks and global settings


@contextlib.contextmanager
def undo_on_failure(undo, item):
    """So that the next run does not take something half made for done."""
    try:
        yield
    except Exception:
        undo(item)
        raise


def fill_prod_nat(rig, network):
    c = rig.c
    network.network = "10.77.0.0/24"
    network.needDhcpServer = True
    network.IPv6Enabled = True
    network.IPv6Prefix = "fd17:625c:f037:2::/64"
    network.addPortForwardRule(False, "ssh", c.NATProtocol_TCP, "127.0.0.1", 2201, "10.77.0.5", 22)
    network.addPortForwardRule(False, "dns", c.NATProtocol_UDP, "", 5300, "10.77.0.5", 53)
    network.addPortForwardRule(True, "web6", c.NATProtocol_TCP, "::1", 8081, "fd17:625c:f037:2::5", 80)
    network.addLocalMapping("127.0.0.1", 6)


def fill_office_nat(rig, network):
    network.network = "10.78.0.0/16"
    network.needDhcpServer = False
    network.enabled = False


def fill_backbone(rig, server):
    c = rig.c
    server.setConfiguration("10.55.0.1", "255.255.255.0", "10.55.0.100", "10.55.0.200")
    server.enabled = True
    options = server.globalConfig
    options.defaultLeaseTime = 3600
    options.setOption(c.DHCPOption_Routers, c.DHCPOptionEncoding_Normal, "10.55.0.1")
    options.setOption(c.DHCPOption_DomainNameServers, c.DHCPOptionEncoding_Normal, "10.55.0.2 10.55.0.3")
    options.setOption(c.DHCPOption_DomainName, c.DHCPOptionEncoding_Normal, "backbone.example.org")
    rig.manager.setArray(options, "forcedOptions", [c.DHCPOption_DomainName])
    group = server.getConfig(c.DHCPConfigScope_Group, "printers", 0, True)
    group = rig.manager.queryInterface(group, "IDHCPGroupConfig")
    group.addCondition(True, c.DHCPGroupConditionType_MACWildcard, "08:00:27:aa:*")
    group.addCondition(False, c.DHCPGroupConditionType_MAC, "08:00:27:aa:00:01")
    with rig.optional("DHCP condition on a vendor class"):  # 7.2 takes any text of usual length for too long
        group.addCondition(False, c.DHCPGroupConditionType_vendorClassID, "scanner")
    group.maxLeaseTime = 7200
    group.setOption(c.DHCPOption_HostName, c.DHCPOptionEncoding_Normal, "printer")
    single = server.getConfig(c.DHCPConfigScope_MachineNIC, machine_id("web-01"), 1, True)
    single = rig.manager.queryInterface(single, "IDHCPIndividualConfig")
    single.fixedAddress = "10.55.0.10"
    single.setOption(c.DHCPOption_HostName, c.DHCPOptionEncoding_Normal, "web-01")
    server.getConfig(c.DHCPConfigScope_MAC, "08:00:27:0b:00:01", 0, True).minLeaseTime = 60


def fill_unused(rig, server):
    server.setConfiguration("10.56.0.1", "255.255.255.0", "10.56.0.10", "10.56.0.20")
    server.enabled = False


def networks(rig):
    nat = {network.networkName for network in rig.array(rig.vbox, "NATNetworks")}
    for name, fill_network in (("prod-nat", fill_prod_nat), ("büro-netz", fill_office_nat)):
        if name not in nat:
            network = rig.vbox.createNATNetwork(name)
            with undo_on_failure(rig.vbox.removeNATNetwork, network):
                fill_network(rig, network)
    servers = {server.networkName for server in rig.array(rig.vbox, "DHCPServers")}
    for name, fill_server in (("backbone", fill_backbone), ("unused", fill_unused)):
        if name not in servers:
            server = rig.vbox.createDHCPServer(name)
            with undo_on_failure(rig.vbox.removeDHCPServer, server):
                fill_server(rig, server)

    if "hostonly-net" not in {network.networkName for network in optional_array(rig, "hostOnlyNetworks")}:
        with rig.optional("host-only networks"):
            network = rig.vbox.createHostOnlyNetwork("hostonly-net")
            network.networkMask, network.lowerIP, network.upperIP = "255.255.255.0", "192.168.56.1", "192.168.56.99"
    if "cloud-net" not in {network.networkName for network in optional_array(rig, "cloudNetworks")}:
        with rig.optional("cloud networks"):
            network = rig.vbox.createCloudNetwork("cloud-net")
            network.provider, network.profile, network.enabled = "OCI", "default", False
    with rig.optional("host-only interfaces"):
        progress, _ = rig.vbox.host.createHostOnlyNetworkInterface()
        rig.done(progress)
    with rig.optional("cloud profiles"):
        provider = rig.vbox.cloudProviderManager.getProviderByShortName("OCI")
        provider.createProfile("vboxsh", ["user", "region"], ["ocid1.user.example", "eu-zurich-1"])


def optional_array(rig, attribute):
    with contextlib.suppress(Exception):
        return rig.array(rig.vbox, attribute)
    return []


def global_settings(rig):
    for key, value in (
        ("vboxsh/site", "Zürich"),
        ("vboxsh/mehrzeilig", "erste Zeile\nzweite Zeile"),
        ("vboxsh/日本", "東京 ☃"),
        ("GUI/UpdateDate", "never"),
    ):
        rig.vbox.setExtraData(key, value)
    with rig.optional("USB device filters of the host"):
        host = rig.vbox.host
        if not rig.array(host, "USBDeviceFilters"):
            item = host.createUSBDeviceFilter("Keyboards stay here")
            item.active = True
            item.action = rig.c.USBDeviceFilterAction_Ignore
            item.vendorId = "046d"
            host.insertUSBDeviceFilter(0, item)


def image_files():
    for folder in (MEDIA, HOME + "/serial", HOME + "/recordings", HOME + "/appliances"):
        os.makedirs(folder, exist_ok=True)
    if not os.path.exists(MEDIA + "/tools.iso"):
        write_iso(MEDIA + "/tools.iso", "TOOLS", {"README.TXT": b"Tools for the test machines.\r\n"})
    if not os.path.exists(MEDIA + "/données.iso"):
        write_iso(MEDIA + "/données.iso", "DATA", {"DATA.BIN": bytes(range(256)) * 64, "EMPTY.TXT": b""})
    if not os.path.exists(MEDIA + "/driver.img"):
        write_floppy(MEDIA + "/driver.img")


def unattached_media(rig):
    """Known to the server while it runs; it forgets media without a machine, so this is repeated."""
    rig.disk("spare.vdi", "VDI", 32, description="Attached to nothing")
    rig.disk("spare.vhd", "VHD", 8, ("Fixed",))
    path = MEDIA + "/spare.iso"
    if not os.path.exists(path):
        write_iso(path, "SPARE", {"A.TXT": b"a"})
    rig.dvd(path)


def appliance(rig, machine):
    path = HOME + "/appliances/web-01.ova"
    if os.path.exists(path):
        return
    item = rig.vbox.createAppliance()
    machine.exportTo(item, path)
    rig.done(item.write("ovf-2.0", [rig.c.ExportOptions_CreateManifest], path))


# ----------------------------------------------------------------------------------------------------------------------
# The inaccessible machine. VirtualBox looks at a settings file only when its server starts, so whoever calls this must
# restart the server in between: `real-virtualbox fixture` does.


def break_machine(rig):
    """Returns the exit status: 0 it is inaccessible already, 10 restart the server, 11 a restart would do harm now."""
    machine = rig.machine(BROKEN)
    if machine and not machine.accessible:
        return 0
    if any(rig.is_online(other) for other in rig.array(rig.vbox, "machines")):
        return 11
    machine = rig.ensure_machine(BROKEN, simple(64, "Its settings file is broken."))
    path = machine.settingsFilePath
    with open(path, "rb") as file:
        good = file.read()
    with open(path + ".good", "wb") as file:
        file.write(good)
    with open(path, "wb") as file:
        file.write(good[: len(good) // 2] + b"\n<<< not XML any more\n")
    return 10


# ----------------------------------------------------------------------------------------------------------------------


def fill(rig):
    c = rig.c
    image_files()
    networks(rig)
    global_settings(rig)

    # What runs is started first: it boots while the rest is being made.
    live = rig.ensure_machine("live-01", lambda m: build_live(rig, m), ("/prod",), "Other")
    database = rig.ensure_machine("db-01", small_guest(rig, "db-01"), ("/prod/eu",), "Other")
    paused = rig.ensure_machine("paused-01", small_guest(rig, "paused-01"), ("/test",), "Other")
    crashed = rig.ensure_machine("crashed-01", small_guest(rig, "crashed-01"), ("/test",), "Other")
    keep_running(rig, live)
    if database.state != c.MachineState_Saved:
        boot(rig, database)
    boot(rig, paused)
    if crashed.state != c.MachineState_Aborted:
        boot(rig, crashed)
        kill(rig, crashed)

    web = rig.ensure_machine("web-01", lambda m: build_web(rig, m), ("/",), "Debian12_64")
    rig.ensure_machine("eu-app-01", lambda m: build_app(rig, m), ("/prod/eu", "/staging"), "Ubuntu_64")
    rig.ensure_machine("Zürich 東京 ☃", lambda m: build_unicode(rig, m), ("/", "/büro/東京"))
    rig.ensure_machine("storage-01", lambda m: build_storage(rig, m), ("/test",))
    rig.ensure_machine(
        "history-01", lambda m: build_history(rig, m), ("/test",), after=lambda session: take_history(rig, session)
    )
    rig.ensure_machine("efi-01", lambda m: build_efi(rig, m), ("/test",), "Windows11_64")
    rig.ensure_machine("empty", lambda m: None, ("/",), "Other")
    for name in ("42", "o'brien & co (50 %) $HOME", 'say "hi"'):  # for whoever quotes or guesses types
        with rig.optional("machine name " + name):
            rig.ensure_machine(name, simple(32), ("/names",), "Other")
    with rig.optional("ARM machines"):
        rig.ensure_machine("arm-01", lambda m: build_arm(rig, m), ("/test",), "Debian12_arm64", arm=True)
    with rig.optional("linked clone"):
        linked_clone(rig)
    with rig.optional("inaccessible machine"):
        broken = rig.machine(BROKEN)
        if not broken or broken.accessible:
            raise RuntimeError("the server has not restarted since its settings file was broken")
    unattached_media(rig)
    with rig.optional("appliance export"):
        appliance(rig, web)
    with rig.optional("state AbortedSaved"):
        keep_aborted_saved(rig, rig.ensure_machine("crashed-02", small_guest(rig, "crashed-02"), ("/test",), "Other"))

    if database.state != c.MachineState_Saved:
        until_greeted(rig, database)
        save(rig, database)
    keep_paused(rig, paused)
    with rig.optional("transient guest properties"):
        transient_properties(rig, live)
    with rig.optional("snapshot of a running machine"):
        if live.snapshotCount == 0:
            until_greeted(rig, live)
            with rig.locked(live, shared=True) as session:
                progress, _ = session.machine.takeSnapshot("while running", "Taken online", False)
                rig.done(progress)


def linked_clone(rig):
    name = "clone-01"
    if rig.machine(name):
        return
    source = rig.machine("history-01").findSnapshot("patched").machine
    flags = "forceOverwrite=1,UUID=" + machine_id(name)
    clone = rig.vbox.createMachine("", name, rig.c.PlatformArchitecture_x86, ["/test"], "Linux26_64", flags, "", "", "")
    rig.done(source.cloneTo(clone, rig.c.CloneMode_MachineState, [rig.c.CloneOptions_Link]))
    clone.saveSettings()
    rig.vbox.registerMachine(clone)


def summary(rig, seconds):
    machines = {}
    for machine in rig.array(rig.vbox, "machines"):
        entry = {"id": machine.id, "state": rig.state_name(machine)}
        name = BROKEN if machine.id == machine_id(BROKEN) else "(inaccessible)"
        if machine.accessible:
            name = machine.name
            entry["groups"] = list(rig.array(machine, "groups"))
            entry["snapshots"] = machine.snapshotCount
            if rig.is_online(machine):
                entry["pid"] = machine.sessionPID
                if name == "live-01":
                    entry["vncPort"] = vnc_port()
        else:
            entry["settingsFile"] = machine.settingsFilePath
        machines[name] = entry
    media = {}
    for kind in ("hardDisks", "DVDImages", "floppyImages"):
        media[kind] = [medium.location for medium in rig.array(rig.vbox, kind)]
    return {
        "virtualbox": rig.vbox.version,
        "machines": machines,
        "media": media,
        "natNetworks": [network.networkName for network in rig.array(rig.vbox, "NATNetworks")],
        "dhcpServers": [server.networkName for server in rig.array(rig.vbox, "DHCPServers")],
        "cloudNetworks": [network.networkName for network in optional_array(rig, "cloudNetworks")],
        "internalNetworks": list(rig.array(rig.vbox, "internalNetworks")),
        "genericNetworkDrivers": list(rig.array(rig.vbox, "genericNetworkDrivers")),
        "unavailable": rig.unavailable,
        "seconds": round(seconds, 1),
    }


def main():
    begin = time.monotonic()
    os.makedirs(MEDIA, exist_ok=True)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--break", dest="break_", action="store_true", help="only prepare the inaccessible machine")
    parser.add_argument("--bulk", type=int, default=0, metavar="N", help="also make N small machines in the group /bulk")
    options = parser.parse_args()
    rig = Rig()
    if options.break_:
        status = break_machine(rig)
        rig.close()
        return status
    fill(rig)
    for number in range(options.bulk):
        rig.ensure_machine("bulk-%04d" % number, simple(32, "One of many"), ("/bulk",))
    print(json.dumps(summary(rig, time.monotonic() - begin), ensure_ascii=False, indent=2), flush=True)
    rig.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
