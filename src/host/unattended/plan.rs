//! `IUnattended.prepare`, `constructMedia`, `reconfigureVM` and `done`: an installation that answers its own questions.
//!
//! The medium is described by a VISO, VirtualBox's text form of an image: the installation medium with some files more.

use super::iso9660::Image;
use super::scripts;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::media::{Medium, Registry};
use crate::host::state::{Address, State};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome, machines};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// Which installer is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    #[default]
    Debian,
    RedHat,
}

/// What an installer shall do.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) family: Family,
    pub(super) ubuntu: bool,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) admin_password: String,
    pub(super) full_name: String,
    pub(super) host_name: String,
    pub(super) locale: String,
    pub(super) language: String,
    pub(super) country: String,
    pub(super) time_zone: String,
    pub(super) proxy: String,
    pub(super) kernel_parameters: String,
    pub(super) command: String,
    pub(super) minimal: bool,
    pub(super) offline: bool,
    pub(super) utc: bool,
}

/// How far an installation is prepared; kept beside the attributes.
const PHASE: &str = "phase";
const PREPARED: i64 = 1;
const CONSTRUCTED: i64 = 2;

/// Features of VirtualBox that need files of its own.
const FOREIGN: [(&str, &str); 3] = [
    ("installGuestAdditions", "installing the Guest Additions"),
    ("installTestExecService", "installing the test execution service"),
    ("installUserPayload", "installing a payload"),
];

impl State {
    fn phase(&self, at: Address) -> i64 {
        self.element(at).map(|element| element.int(PHASE)).unwrap_or_default()
    }

    fn set_phase(&mut self, at: Address, phase: i64) -> Outcome {
        self.element_mut(at)?.set(PHASE, RawValue::Int(phase));
        Ok(())
    }

    /// Whether attributes may change: not between `prepare` and `done`.
    pub(super) fn check_unprepared(&self, at: Address) -> Outcome {
        if self.phase(at) > 0 {
            return Err(Fault::new(code::E_FAIL, "the installation is prepared: `done()` comes first"));
        }
        Ok(())
    }

    pub(super) fn prepare_installation(&mut self, at: Address) -> Outcome {
        self.check_unprepared(at)?;
        self.check_described(at)?;
        if self.element(at)?.text("detectedOSTypeId").is_empty() {
            match self.detect_system(at) {
                Err(fault) if !self.element(at)?.text("detectedOSTypeId").is_empty() => drop(fault),
                other => other?,
            }
        }
        let element = self.element(at)?;
        let os_type = element.text("detectedOSTypeId").to_owned();
        let machine = element.value("machine").and_then(Address::of).unwrap_or(Address::VIRTUAL_BOX);
        if element.text("user").is_empty() || element.text("userPassword").is_empty() {
            return Err(Fault::argument("an installation needs a user: set `user` and `userPassword`"));
        }
        let known = [
            ("Debian", Family::Debian),
            ("Ubuntu", Family::Debian),
            ("Oracle", Family::RedHat),
            ("RedHat", Family::RedHat),
        ];
        let family = known.iter().find(|(start, _)| os_type.starts_with(start)).map(|(_, family)| *family);
        let family = family.filter(|_| element.flag("isUnattendedInstallSupported"));
        let unknown = || Fault::not_implemented(format!("IUnattended.prepare for {os_type}"));
        let family = family.ok_or_else(unknown)?;
        for (name, what) in FOREIGN {
            if element.flag(name) {
                return Err(Fault::not_implemented(format!("IUnattended.prepare with `{name}`: {what}")));
            }
        }
        let name = self.machine_name(machine.view);
        let folder = self.folder_of(machine.view)?;
        let plain: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        let element = self.element_mut(at)?;
        let id = machines::new_id();
        let base = folder.join(format!("Unattended-{id}-"));
        for (name, usual) in [
            ("timeZone", "Etc/UTC".to_owned()),
            ("locale", "en_US".to_owned()),
            ("language", element.text("detectedOSLanguages").split(' ').next().unwrap_or_default().to_owned()),
            ("country", "US".to_owned()),
            ("hostname", format!("{}.myguest.virtualbox.org", plain.trim_matches('-'))),
            ("auxiliaryBasePath", base.to_string_lossy().into_owned()),
        ] {
            if element.text(name).is_empty() {
                element.set(name, text(usual));
            }
        }
        let own = scripts::kernel_parameters(family, element.text("locale"), element.text("country"));
        if element.text("extraInstallKernelParameters").is_empty() {
            element.set("extraInstallKernelParameters", text(own));
        }
        // What cannot be read is told now, not when all else is done.
        self.aux_files(at)?;
        self.set_phase(at, PREPARED)
    }

    fn plan_of(&self, at: Address) -> Outcome<Plan> {
        let element = self.element(at)?;
        let of = |name: &str| element.text(name).to_owned();
        let machine = element.value("machine").and_then(Address::of).unwrap_or(Address::VIRTUAL_BOX);
        let document = self.document(machine.view)?;
        let platform = document.child(ROOT, "platform", 0).and_then(|id| document.get(id));
        let or_user = |value: String, other: &str| if value.is_empty() { of(other) } else { value };
        let os_type = of("detectedOSTypeId");
        Ok(Plan {
            family: if os_type.starts_with("Debian") || os_type.starts_with("Ubuntu") {
                Family::Debian
            } else {
                Family::RedHat
            },
            ubuntu: os_type.starts_with("Ubuntu"),
            user: of("user"),
            password: of("userPassword"),
            admin_password: or_user(of("adminPassword"), "userPassword"),
            full_name: or_user(of("fullUserName"), "user"),
            host_name: of("hostname"),
            locale: of("locale"),
            language: of("language"),
            country: of("country"),
            time_zone: of("timeZone"),
            proxy: of("proxy"),
            kernel_parameters: of("extraInstallKernelParameters"),
            command: of("postInstallCommand"),
            minimal: of("packageSelectionAdjustments") == "minimal",
            offline: element.flag("avoidUpdatesOverNetwork"),
            utc: platform.is_none_or(|platform| platform.flag("RTCUseUTC")),
        })
    }

    /// The files that go onto the medium: where, what.
    fn aux_files(&self, at: Address) -> Outcome<Vec<(String, String)>> {
        let plan = self.plan_of(at)?;
        let element = self.element(at)?;
        let template = |name: &str| {
            let path = element.text(name);
            if path.is_empty() {
                return Ok(None);
            }
            std::fs::read_to_string(path).map(Some).map_err(|error| Fault::file(Path::new(path), error))
        };
        let wrong = |why: String| Fault::new(code::E_FAIL, why);
        let answers = scripts::answers(&plan, template("scriptTemplatePath")?.as_deref()).map_err(wrong)?;
        let command =
            scripts::postinstall(&plan, template("postInstallScriptTemplatePath")?.as_deref()).map_err(wrong)?;
        let path = PathBuf::from(element.text("isoPath"));
        let image = Image::open(&path).map_err(|error| Fault::file(&path, error))?;
        let mut image = image.ok_or_else(|| Fault::file(&path, "it is no image"))?;
        let menu = image.text("isolinux/isolinux.cfg");
        let menu = menu
            .ok_or_else(|| Fault::not_implemented("IUnattended.prepare for media that do not start with isolinux"))?;
        let mut files = vec![("isolinux/isolinux.cfg".to_owned(), scripts::start_menu(&plan, &menu))];
        if plan.family == Family::Debian {
            if let Some(entry) = image.text("isolinux/txt.cfg") {
                files.push(("/isolinux/txt.cfg".to_owned(), scripts::install_entry(&plan, &entry)));
            }
            files.push(("/preseed.cfg".to_owned(), answers));
        } else {
            files.push(("/ks.cfg".to_owned(), answers));
        }
        files.push(("/vboxpostinstall.sh".to_owned(), command));
        Ok(files)
    }

    pub(super) fn construct_media(&mut self, at: Address) -> Outcome {
        if self.phase(at) < PREPARED {
            return Err(Fault::new(code::E_FAIL, "the installation is not prepared: `prepare()` comes first"));
        }
        let files = self.aux_files(at)?;
        let element = self.element(at)?;
        let base = element.text("auxiliaryBasePath").to_owned();
        let mut viso = format!(
            "--iprt-iso-maker-file-marker-bourne-sh {} --file-mode=0444 --dir-mode=0555 --no-file-mode --no-dir-mode \
             --import-iso {} --file-mode=0444 --dir-mode=0555",
            machines::new_id(),
            quoted(element.text("isoPath")),
        );
        let mut made = Vec::new();
        let written = files.iter().try_for_each(|(place, content)| {
            let path = format!("{base}{}", place.trim_start_matches('/').replace('/', "-"));
            // What stands there on the medium goes.
            if place.contains("isolinux") {
                viso.push_str(&format!(" {place}=:must-remove:"));
            }
            viso.push_str(&format!(" {}", quoted(&format!("{place}={path}"))));
            made.push(PathBuf::from(&path));
            write_private(Path::new(&path), content)
        });
        let viso_path = PathBuf::from(viso_of(&base));
        made.push(viso_path.clone());
        let written = written.and_then(|()| write_private(&viso_path, &viso));
        if written.is_err() {
            made.iter().for_each(|file| drop(std::fs::remove_file(file)));
        }
        written?;
        self.set_phase(at, CONSTRUCTED)
    }

    /// `reconfigureVM`: the medium goes into the machine's drive, and the machine starts from its disk first.
    pub(super) fn reconfigure_machine(&mut self, at: Address) -> Outcome {
        if self.phase(at) < CONSTRUCTED {
            let message = "the media of the installation are not made: `constructMedia()` comes first";
            return Err(match self.phase(at) {
                PREPARED => Fault::not_found(message),
                _ => Fault::new(code::E_FAIL, message),
            });
        }
        let element = self.element(at)?;
        let path = PathBuf::from(viso_of(element.text("auxiliaryBasePath")));
        let machine = element.value("machine").and_then(Address::of).unwrap_or(Address::VIRTUAL_BOX);
        let original = self.machine_of(machine.view);
        // A session of this process that has the machine is joined.
        let held = self.machine(original)?.holder.is_some();
        let copy = self.copies.iter().find(|(_, copy)| copy.machine == original).map(|(view, _)| *view);
        let view = copy.filter(|_| held).unwrap_or(original);
        if (self.is_locked(original) && view == original) || self.machine(original)?.state != "PoweredOff" {
            let message = format!(
                "the machine `{}` is in use: it must be off, and no session may have it",
                self.machine_name(view)
            );
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let (id, owner) = (machines::new_id(), self.machine(view)?.id.clone());
        let before = self.document(view)?.clone();
        let known = self.media.iter().find(|(_, medium)| medium.location == path).map(|(id, _)| *id);
        let medium = known.unwrap_or_else(|| {
            self.add_medium(Medium {
                id,
                size: path.metadata().map(|facts| facts.len()).unwrap_or_default(),
                logical_size: path.metadata().map(|facts| facts.len()).unwrap_or_default(),
                location: path,
                format: "VBoxIsoMaker".to_owned(),
                device: "DVD",
                kind: "Readonly",
                state: "Created",
                registry: Registry::Machine(owner),
                properties: [("UnattendedInstall".to_owned(), "1".to_owned())].into(),
                ..Medium::default()
            })
        });
        let kept = self.insert(view, medium).and_then(|()| {
            let order = [
                ("bootOrder.1", "HardDisk"),
                ("bootOrder.2", "DVD"),
                ("bootOrder.3", "Floppy"),
                ("bootOrder.4", "Null"),
            ];
            let root = self.element_mut(Address::machine(view))?;
            order.into_iter().for_each(|(position, device)| root.set(position, enumerated("DeviceType", device)));
            self.save_machine(view)
        });
        if kept.is_err() {
            if known.is_none() {
                self.media.remove(&medium);
                self.global.remove(medium);
            }
            *self.document_mut(view)? = before;
        }
        kept
    }

    /// Puts a DVD into the first drive of a machine; into a new one where there is none.
    fn insert(&mut self, view: u32, medium: u32) -> Outcome {
        let value = Address::global(medium).value("IMedium");
        let document = self.document_mut(view)?;
        let drive = crate::host::attachments::attached(document)
            .into_iter()
            .find(|id| document.get(*id).is_some_and(|element| element.name("type") == "DVD"));
        if let Some(drive) = drive.and_then(|id| document.get_mut(id)) {
            drive.set("medium", value);
            return Ok(());
        }
        let controllers = document.children(ROOT, "storageControllers");
        let bus = |id: &u32| document.get(*id).map_or("", |element| element.name("bus"));
        let chosen =
            ["IDE", "SATA"].iter().find_map(|wanted| controllers.iter().copied().find(|id| bus(id) == *wanted));
        let none = || Fault::not_found("the machine has no controller for a DVD drive: IDE or SATA");
        let controller = chosen.ok_or_else(none)?;
        let (devices, ports) = match bus(&controller) {
            "IDE" => (2, 2),
            _ => (1, document.get(controller).map_or(1, |element| element.int("portCount"))),
        };
        let taken: Vec<(i64, i64)> = document
            .children(controller, "attachment")
            .into_iter()
            .filter_map(|id| document.get(id).map(|element| (element.int("port"), element.int("device"))))
            .collect();
        let mut places = (0..ports).flat_map(|port| (0..devices).map(move |device| (port, device)));
        let full = || Fault::new(code::OBJECT_IN_USE, "every port of the machine's controller is taken");
        let (port, device) = places.find(|place| !taken.contains(place)).ok_or_else(full)?;
        let position = u32::try_from(taken.len()).unwrap_or_default();
        let drive = document.add("IMediumAttachment", controller, "attachment", position);
        if let Some(drive) = document.get_mut(drive) {
            drive.set("port", RawValue::Int(port));
            drive.set("device", RawValue::Int(device));
            drive.set("type", enumerated("DeviceType", "DVD"));
            drive.set("medium", value);
        }
        Ok(())
    }

    pub(super) fn end_installation(&mut self, at: Address) -> Outcome {
        self.set_phase(at, 0)
    }
}

fn viso_of(base: &str) -> String {
    format!("{base}aux-iso.viso")
}

/// Writes a file that has passwords in it.
fn write_private(path: &Path, text: &str) -> Outcome {
    use std::io::Write as _;
    let failed = |error: std::io::Error| Fault::file(path, error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, error))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), |quoted| quoted.into_owned())
}
