//! `IAppliance.importMachines`: the disks are made on a thread, then the machines are registered; all of it or nothing.

use super::description::{Entry, extra_value};
use super::envelope::Disk;
use super::import_settings::{Keep, chosen, controller};
use super::manifest::{Hasher, Manifest};
use super::package::{Package, Part};
use super::traces::Traces;
use super::{DESCRIPTIONS, Outcome};
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::images::{self, Chain, Format, ImageError, Plan, Variant, work};
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State};
use crate::host::value::{name_of, text};
use crate::host::xml::XmlNode;
use crate::host::{Fault, machines};
use crate::model::RawValue;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Bytes that are moved at once.
const STEP: usize = 1 << 20;

/// A disk that is imported, and where it is attached.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    source: Disk,
    path: PathBuf,
    format: Format,
    /// The id that it gets.
    pub(super) id: Uuid,
    /// The id that the settings in the descriptor know it by.
    pub(super) uuid: String,
    pub(super) iso: bool,
    pub(super) bus: &'static str,
    pub(super) port: u32,
    pub(super) device: u32,
    /// It shall be elsewhere than the settings in the descriptor say.
    pub(super) moved: bool,
}

/// A machine that is imported.
#[derive(Clone, Debug)]
struct Planned {
    id: String,
    file: PathBuf,
    settings: XmlNode,
    disks: Vec<Attached>,
    /// What the firmware keeps: file in the package, file here.
    nvram: Option<(String, PathBuf)>,
}

impl State {
    pub(super) fn import_machines(&mut self, at: Address, options: &[RawValue]) -> Outcome<RawValue> {
        let has = |name: &str| options.iter().any(|option| name_of(option) == name);
        let keep =
            Keep { addresses: has("KeepAllMACs"), nat_addresses: has("KeepNATMACs"), extra_data: has("KeepExtraData") };
        if keep.addresses && keep.nat_addresses {
            return Err(Fault::argument("`KeepAllMACs` and `KeepNATMACs` do not go together"));
        }
        let (package, manifest) = self.appliance(at)?.contents()?;
        let path = self.element(at)?.text("path").to_owned();
        let job = Job::new(format!("Importing appliance `{path}`"), at, "IAppliance");
        if std::mem::replace(&mut self.appliance_mut(at)?.imported, true) {
            let fault = Fault::new(code::E_FAIL, "the appliance was imported already; `interpret()` describes it anew");
            return Ok(self.finished_job(job, Err(fault)));
        }
        let planned = match self.plan_import(at, keep, has("ImportToVDI")) {
            Ok(planned) => planned,
            Err(fault) => return Ok(self.finished_job(job, Err(fault))),
        };
        let mut operations = vec![(format!("Importing appliance `{path}`"), 1)];
        for disk in planned.iter().flat_map(|machine| &machine.disks) {
            let megabytes = u32::try_from(disk.source.size.max(disk.source.capacity) >> 20).unwrap_or(u32::MAX >> 8);
            operations.push((format!("Importing virtual disk image `{}`", disk.source.file), megabytes.max(1)));
        }
        let drives = self.appliance_entries(at).into_iter().filter(|entry| entry.kind == "CDROM").count();
        operations.extend((0..drives).map(|_| ("Attaching drives".to_owned(), 1)));
        self.appliance_mut(at)?.busy = true;
        let machines = planned.clone();
        let run = move |report: &Reporter| {
            let mut traces = Traces::default();
            manifest.check_known()?;
            let made = machines.iter().try_for_each(|machine| {
                machine.disks.iter().try_for_each(|disk| {
                    report.next()?;
                    import_disk(disk, &package, &manifest, &mut traces, report)
                })?;
                let Some((name, to)) = &machine.nvram else { return Ok(()) };
                let part = package.part(name)?;
                copy_out(part, name, &manifest, to, false, &mut traces, &mut |_, _| report.check())
            });
            match made {
                Ok(()) => Ok(traces),
                Err(fault) => {
                    traces.undo();
                    Err(fault)
                }
            }
        };
        let close = move |state: &mut Self, result: Outcome<Traces>| {
            state.appliance_mut(at)?.busy = false;
            let mut traces = result?;
            let kept = state.keep_imported(&planned, &mut traces);
            match kept {
                Ok(()) => state.appliance_mut(at)?.machines = planned.iter().map(|one| one.id.clone()).collect(),
                Err(_) => traces.undo(),
            }
            kept
        };
        Ok(self.start_job(job.operations(operations), run, close))
    }

    /// The entries of all descriptions.
    fn appliance_entries(&self, at: Address) -> Vec<Entry> {
        let descriptions = self.global.children(at.element, DESCRIPTIONS);
        descriptions.into_iter().flat_map(|id| self.entries(id)).collect()
    }

    fn plan_import(&mut self, at: Address, keep: Keep, to_vdi: bool) -> Outcome<Vec<Planned>> {
        let mut planned: Vec<Planned> = Vec::new();
        for (index, description) in self.global.children(at.element, DESCRIPTIONS).into_iter().enumerate() {
            let one = self.plan_machine(at, index, description, keep, to_vdi)?;
            if planned.iter().any(|other| other.file == one.file) {
                let message =
                    format!("two machines of the appliance would have the settings file `{}`", one.file.display());
                return Err(Fault::new(code::FILE_ERROR, message));
            }
            planned.push(one);
        }
        Ok(planned)
    }

    fn plan_machine(
        &mut self,
        at: Address,
        index: usize,
        description: ElementId,
        keep: Keep,
        to_vdi: bool,
    ) -> Outcome<Planned> {
        let entries = self.entries(description);
        let file = self.settings_path(&entries)?;
        if file.exists() {
            let message = format!("machine settings file `{}` already exists; another `Name` helps", file.display());
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let envelope = self.appliance(at)?.envelope()?;
        let missing = || Fault::new(code::E_FAIL, "the description belongs to no system of the descriptor");
        let system = envelope.systems.get(index).ok_or_else(missing)?;
        let mut disks = Vec::new();
        let mut taken = HashSet::new();
        for entry in entries.iter().filter(|entry| entry.kind == "HardDiskImage") {
            let lost = || Fault::not_found(format!("the descriptor has no disk `{}`", entry.reference));
            let source = envelope.disks.get(&entry.reference).ok_or_else(lost)?;
            let disk = plan_disk(source, entry, &entries, &folder, to_vdi, &mut taken)?;
            disks.push(disk);
        }
        let (id, mut settings) = match &system.machine {
            Some(machine) => {
                let id = machines::new_id();
                (id.clone(), self.described_settings(machine, &id, &entries, &disks, keep)?)
            }
            None => self.made_settings(&file, &entries, &disks)?,
        };
        register_media(&mut settings, &disks, &folder);
        let nvram = entries.iter().find(|entry| entry.kind == "NVRAM");
        let nvram = nvram.map(|entry| (entry.original.clone(), file.with_extension("nvram")));
        Ok(Planned { id, file, settings, disks, nvram })
    }

    /// The settings file: as chosen, or as name, group and folder make it.
    fn settings_path(&mut self, entries: &[Entry]) -> Outcome<PathBuf> {
        let of = |kind: &str| entries.iter().find(|entry| entry.kind == kind);
        if let Some(file) =
            of("SettingsFile").filter(|entry| entry.chosen != entry.proposed && !entry.chosen.is_empty())
        {
            return Ok(crate::host::root::absolute(&file.chosen)?.to_owned());
        }
        let value = |kind: &str| chosen(entries, kind).unwrap_or_default();
        let name = value("Name");
        if self.find_machine(name).is_some() && machines::parse_id(name).is_none() {
            let message = format!("a machine is named `{name}` already; another `Name` helps");
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        self.compose_file_name(name, value("PrimaryGroup"), "", value("BaseFolder"))
    }

    /// Everything is there: writes the settings, and registers the machines.
    fn keep_imported(&mut self, planned: &[Planned], traces: &mut Traces) -> Outcome {
        let mut registered = Vec::new();
        let result = planned.iter().try_for_each(|one| {
            traces.folder(one.file.parent().unwrap_or(Path::new("")))?;
            traces.file(&one.file);
            crate::host::registry::write(&one.file, &one.settings)?;
            let machine = self.open_machine(Arguments(&[text(one.file.to_string_lossy()), text("")]))?;
            let view = Address::of(&machine).map(|at| at.view).unwrap_or_default();
            registered.push(view);
            for disk in &one.disks {
                if let Some(medium) = self.medium_by_id(&disk.id.to_string()) {
                    self.refresh_medium(medium)?;
                    self.tell_medium_changed(medium);
                }
            }
            self.register_machine(Arguments(&[machine]))
        });
        if result.is_err() {
            for view in registered {
                self.machines.remove(&view);
            }
            let ids: Vec<_> = planned.iter().flat_map(|one| &one.disks).map(|disk| disk.id.to_string()).collect();
            let made: Vec<_> = ids.iter().filter_map(|id| self.medium_by_id(id)).collect();
            for medium in made {
                self.media.remove(&medium);
                self.global.remove(medium);
            }
            // What was registered before the failure goes from the list, too.
            self.save_registry()?;
        }
        result
    }
}

/// Where a disk goes, and what it becomes.
fn plan_disk(
    source: &Disk,
    entry: &Entry,
    entries: &[Entry],
    folder: &Path,
    to_vdi: bool,
    taken: &mut HashSet<PathBuf>,
) -> Outcome<Attached> {
    let wrong = || {
        Fault::argument(format!("`{}` is no place for a disk: it must be like `controller=7;channel=0`", entry.extra))
    };
    let number = |name: &str| extra_value(&entry.extra, name).and_then(|value| value.parse::<usize>().ok());
    let (at, channel) = number("controller").zip(number("channel")).ok_or_else(wrong)?;
    let (_, bus) = entries.get(at).and_then(|entry| controller(entry.kind)).ok_or_else(wrong)?;
    let channel = u32::try_from(channel).map_err(|_| wrong())?;
    let (port, device) = if bus == "IDE" {
        // Two controllers of a description are the two channels of one.
        let before = entries[..at].iter().filter(|entry| entry.kind == "HardDiskControllerIDE").count();
        (u32::try_from(before).unwrap_or_default() + channel / 2, channel % 2)
    } else {
        (channel, 0)
    };
    let iso = source.is_iso();
    let mut path = folder.join(&entry.chosen);
    if to_vdi && !iso {
        path.set_extension("vdi");
    }
    let (stem, ending) = (path.with_extension(""), path.extension().unwrap_or_default().to_string_lossy().into_owned());
    let numbered = |number: u32| PathBuf::from(format!("{}_{number}.{ending}", stem.display()));
    let path =
        std::iter::once(path.clone()).chain((1..).map(numbered)).find(|path| !path.exists() && !taken.contains(path));
    let path = path.unwrap_or_default();
    taken.insert(path.clone());
    let format = match ending.to_ascii_lowercase().as_str() {
        "vdi" => Format::Vdi,
        "vhd" => Format::Vhd,
        _ => Format::Vmdk,
    };
    Ok(Attached {
        source: source.clone(),
        path,
        format,
        id: Uuid::new_v4(),
        uuid: source.uuid.clone(),
        iso,
        bus,
        port,
        device,
        moved: entry.extra != entry.proposed_extra,
    })
}

/// Puts the images into the media registry of the settings.
fn register_media(settings: &mut XmlNode, disks: &[Attached], folder: &Path) {
    for disk in disks {
        let location = disk.path.strip_prefix(folder).unwrap_or(&disk.path).to_string_lossy().into_owned();
        let (list, item) = if disk.iso { ("DVDImages", "Image") } else { ("HardDisks", "HardDisk") };
        let mut node = XmlNode::new(item).with("uuid", format!("{{{}}}", disk.id)).with("location", location);
        if !disk.iso {
            node = node.with("format", disk.format.name()).with("type", "Normal");
        }
        settings.make(&format!("Machine/MediaRegistry/{list}")).children.push(node);
    }
}

/// Makes a disk, or copies an image of a CD.
fn import_disk(
    disk: &Attached,
    package: &Package,
    manifest: &Manifest,
    traces: &mut Traces,
    report: &Reporter,
) -> Outcome {
    let failed = |error: ImageError| match error {
        ImageError::Cancelled => Fault::new(code::E_FAIL, "it was cancelled"),
        error => Fault::file(&disk.path, error),
    };
    let source = &disk.source;
    traces.folder(disk.path.parent().unwrap_or(Path::new("")))?;
    let plan = |size: u64| Plan { format: disk.format, size, variant: Variant::default(), id: disk.id, parent: None };
    if source.file.is_empty() {
        let size = u64::try_from(source.capacity).unwrap_or_default();
        traces.file(&disk.path);
        return images::create(&disk.path, &plan(size), &mut |_, _| Ok(()))
            .and_then(|mut image| image.flush())
            .map_err(failed);
    }
    let gzip = source.compression.eq_ignore_ascii_case("gzip") || source.file.to_ascii_lowercase().ends_with(".gz");
    let part = package.part(&source.file)?;
    if disk.iso {
        return copy_out(part, &source.file, manifest, &disk.path, gzip, traces, &mut |done, total| {
            report.done(done, total)
        });
    }
    // An image in an archive is taken out first: it is read here and there. That is the first half.
    let plain = package.plain_path(&source.file)?.filter(|_| !gzip);
    let extracted = disk.path.with_file_name(format!(".{}.part", disk.id));
    let image = match plain {
        Some(path) => {
            if manifest.algorithm(&source.file).is_some() {
                pass(part, &source.file, manifest, &mut std::io::sink(), &mut |done, total| {
                    report.done(done, total * 2)
                })?;
            }
            path
        }
        None => {
            let mut half = |done: u64, total: u64| report.done(done, total * 2);
            copy_out(part, &source.file, manifest, &extracted, gzip, traces, &mut half)?;
            extracted.clone()
        }
    };
    let known = images::identify(&image).map_err(failed)?;
    if known == Format::Raw && source.format.to_ascii_lowercase().contains("vmdk") {
        return Err(Fault::file(package.path(), format!("`{}` is no disk image", source.file)));
    }
    let opened = images::open(&image, known, false).map_err(failed)?;
    if opened.facts().parent.is_some() {
        return Err(Fault::file(package.path(), format!("`{}` is a difference to another image", source.file)));
    }
    let size = opened.facts().size;
    traces.file(&disk.path);
    let target = images::create(&disk.path, &plan(size), &mut |_, _| Ok(())).map_err(failed)?;
    let mut tell = |done: u64, total: u64| report.done(total + done, total * 2).map_err(|_| ImageError::Cancelled);
    work::copy(&mut Chain::new(vec![opened]), &mut Chain::new(vec![target]), true, &mut tell).map_err(failed)?;
    if image == extracted {
        std::fs::remove_file(&extracted).map_err(|error| Fault::file(&extracted, error))?;
    }
    Ok(())
}

/// Writes a file of a package beside the machine, checking its digest.
fn copy_out(
    part: Part,
    name: &str,
    manifest: &Manifest,
    to: &Path,
    gzip: bool,
    traces: &mut Traces,
    tell: &mut dyn FnMut(u64, u64) -> Outcome,
) -> Outcome {
    traces.folder(to.parent().unwrap_or(Path::new("")))?;
    traces.file(to);
    let failed = |error: std::io::Error| Fault::file(to, error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(to).map_err(failed)?;
    if gzip {
        let mut decoder = flate2::write::MultiGzDecoder::new(file);
        pass(part, name, manifest, &mut decoder, tell)?;
        decoder.finish().and_then(|file| file.sync_all()).map_err(failed)
    } else {
        pass(part, name, manifest, &mut file, tell)?;
        file.sync_all().map_err(failed)
    }
}

/// Reads a file of a package to its end, into `out`.
fn pass(
    mut part: Part,
    name: &str,
    manifest: &Manifest,
    out: &mut dyn Write,
    tell: &mut dyn FnMut(u64, u64) -> Outcome,
) -> Outcome {
    let failed = |error: std::io::Error| Fault::new(code::FILE_ERROR, format!("cannot unpack `{name}`: {error}"));
    let mut hasher = manifest.algorithm(name).map(Hasher::new);
    let mut bytes = vec![0; STEP];
    let (mut done, total) = (0, part.length());
    loop {
        tell(done, total)?;
        let read = part.read(&mut bytes).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.iter_mut().for_each(|hasher| hasher.update(&bytes[..read]));
        out.write_all(&bytes[..read]).map_err(failed)?;
        done += read as u64;
    }
    if done != total {
        return Err(Fault::new(code::FILE_ERROR, format!("`{name}` ends early: {done} of {total} bytes are there")));
    }
    hasher.map_or(Ok(()), |hasher| manifest.check(name, &hasher.finish()))
}
