//! `IAppliance.write`: the described machines as a package: descriptor, disks as compressed VMDK, manifest.

use super::description::Entry;
use super::descriptor::{File, FileKind, Version, Written, envelope};
use super::export::MACHINE;
use super::import_settings::chosen;
use super::manifest::{Algorithm, Hasher, Lines};
use super::package::is_archive;
use super::traces::Traces;
use super::{DESCRIPTIONS, Outcome};
use crate::host::fault::code;
use crate::host::images::{self, Chain, Format, ImageError, Plan, Variant, work};
use crate::host::media::Files;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View};
use crate::host::value::{name_of, text};
use crate::host::xml::XmlNode;
use crate::host::{Fault, machines};
use crate::model::RawValue;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Bytes that are moved at once.
const STEP: usize = 1 << 20;

/// What a descriptor begins with.
const HEADING: &str = "** Written by vboxsh.";

/// Where the content of a file comes from.
#[derive(Clone, Debug)]
enum Source {
    /// A disk, read with its parents.
    Disk(Files, Uuid),
    File(PathBuf),
}

/// A package to be written.
struct Package {
    path: PathBuf,
    archive: bool,
    algorithm: Option<Algorithm>,
    /// Name and text of the descriptor.
    descriptor: (String, String),
    files: Vec<(String, Source)>,
}

/// What is wanted of `write`.
#[derive(Clone, Copy)]
struct Wanted {
    manifest: bool,
    isos: bool,
    strip: bool,
    strip_others: bool,
}

impl State {
    pub(super) fn write_package(
        &mut self,
        at: Address,
        format: &str,
        options: &[RawValue],
        path: &str,
    ) -> Outcome<RawValue> {
        let has = |name: &str| options.iter().any(|option| name_of(option) == name);
        let wanted = Wanted {
            manifest: has("CreateManifest"),
            isos: has("ExportDVDImages"),
            strip: has("StripAllMACs"),
            strip_others: has("StripAllNonNATMACs"),
        };
        let file = std::path::absolute(path).unwrap_or_default();
        if format == "opc-1.0" && path.to_ascii_lowercase().ends_with(".tar.gz") {
            return Err(Fault::not_implemented("IAppliance.write of the format opc-1.0"));
        }
        let archive = is_archive(Path::new(path)).ok_or_else(|| {
            Fault::new(
                code::FILE_ERROR,
                format!("`{path}` is no place for OVF: its name must end with `.ovf` or `.ova`"),
            )
        })?;
        let version = Version::named(format).ok_or_else(|| {
            Fault::new(code::FILE_ERROR, format!("`{format}` is no format of appliances: ovf-0.9, ovf-1.0 or ovf-2.0"))
        })?;
        self.element_mut(at)?.set("path", text(path));
        let title = format!("Export appliance `{path}`");
        let job = Job::new(&title, at, "IAppliance");
        let (package, readers, weights) = match self.plan_package(at, version, wanted, file, archive) {
            Ok(planned) => planned,
            Err(fault) => return Ok(self.finished_job(job, Err(fault))),
        };
        if let Err(fault) = self.lock_all(&readers) {
            return Ok(self.finished_job(job, Err(fault)));
        }
        let mut operations = vec![(title, 1)];
        operations.extend(weights);
        if wanted.manifest {
            operations.push((format!("Creating manifest file `{}`", manifest_name(&package.descriptor.0)), 1));
        }
        self.appliance_mut(at)?.busy = true;
        let run = move |report: &Reporter| {
            let mut traces = Traces::default();
            let written = write(&package, &mut traces, report);
            written.inspect_err(|_| traces.undo())
        };
        let close = move |state: &mut Self, result: Outcome| {
            readers.iter().for_each(|media| state.unlock_read(media));
            state.appliance_mut(at)?.busy = false;
            result
        };
        Ok(self.start_job(job.operations(operations), run, close))
    }

    fn lock_all(&mut self, readers: &[Vec<u32>]) -> Outcome {
        for (at, media) in readers.iter().enumerate() {
            if let Err(fault) = self.lock_read(media) {
                readers[..at].iter().for_each(|media| self.unlock_read(media));
                return Err(fault);
            }
        }
        Ok(())
    }

    #[allow(clippy::type_complexity)]
    fn plan_package(
        &mut self,
        at: Address,
        version: Version,
        wanted: Wanted,
        path: PathBuf,
        archive: bool,
    ) -> Outcome<(Package, Vec<Vec<u32>>, Vec<(String, u32)>)> {
        let mut described = Vec::new();
        let (mut sources, mut readers, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let mut number = 0;
        for description in self.global.children(at.element, DESCRIPTIONS) {
            let entries = self.entries(description);
            let machine = self.global.get(description).and_then(|element| element.value(MACHINE).and_then(Address::of));
            let machine =
                machine.ok_or_else(|| Fault::new(code::E_FAIL, "the description is not of a machine here"))?;
            self.load(machine.view)?;
            let mut files: Vec<File> = Vec::new();
            let mut images = Vec::new();
            for entry in &entries {
                let name = entry.original.clone();
                match entry.kind {
                    "NVRAM" => {
                        let from = PathBuf::from(&entry.chosen);
                        let size = from.metadata().map_err(|error| Fault::file(&from, error))?.len();
                        files.push(File { name: name.clone(), kind: FileKind::Nvram(size) });
                        sources.push((name, Source::File(from)));
                    }
                    "HardDiskImage" | "CDROM" if !name.is_empty() => {
                        number += 1;
                        let iso = entry.kind == "CDROM";
                        weights.push((format!("Exporting to disk image `{name}`"), 1));
                        if iso && !wanted.isos {
                            continue;
                        }
                        let medium = self.media.iter().find(|(_, medium)| medium.location == Path::new(&entry.chosen));
                        let lost = || Fault::not_found(format!("no known medium is at `{}`", entry.chosen));
                        let (medium, known) = medium.map(|(id, known)| (*id, known.clone())).ok_or_else(lost)?;
                        let id = Uuid::new_v4();
                        let capacity = if iso {
                            known.location.metadata().map_err(|error| Fault::file(&known.location, error))?.len()
                        } else {
                            self.chain_files(medium)?.open(false)?.size()
                        };
                        if let Some(last) = weights.last_mut() {
                            last.1 = u32::try_from(capacity >> 20).unwrap_or(u32::MAX >> 8).max(1);
                        }
                        readers.push(self.ancestry(medium));
                        let source = if iso {
                            Source::File(known.location.clone())
                        } else {
                            Source::Disk(self.chain_files(medium)?, id)
                        };
                        images.push((known.id.clone(), id.to_string()));
                        let kind = FileKind::Disk { number, capacity, id: id.to_string(), iso };
                        files.push(File { name: name.clone(), kind });
                        sources.push((name, source));
                    }
                    _ => {}
                }
            }
            let settings = self.settings_to_write(machine.view, &entries, &images, wanted)?;
            described.push((entries, files, settings));
        }
        let written =
            described.iter().map(|(entries, files, machine)| Written { entries, files, machine: machine.clone() });
        let root = envelope(version, written.collect());
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let descriptor = (format!("{stem}.ovf"), root.document(HEADING));
        let algorithm = if version == Version::V20 { Algorithm::Sha256 } else { Algorithm::Sha1 };
        let algorithm = wanted.manifest.then_some(algorithm);
        Ok((Package { path, archive, algorithm, descriptor, files: sources }, readers, weights))
    }

    /// The settings of a machine as they go into the descriptor: without what belongs to this computer.
    fn settings_to_write(
        &self,
        view: View,
        entries: &[Entry],
        images: &[(String, String)],
        wanted: Wanted,
    ) -> Outcome<XmlNode> {
        let mut file = self.machine(view)?.tree.clone().unwrap_or_else(|| XmlNode::new("VirtualBox"));
        self.write_settings(view, &mut file)?;
        let node = file.make("Machine");
        node.children.retain(|child| !matches!(child.name.as_str(), "MediaRegistry" | "Snapshot"));
        for gone in ["stateFile", "aborted", "currentSnapshot", "currentStateModified"] {
            node.remove_attribute(gone);
        }
        if let Some(name) = chosen(entries, "Name") {
            node.set_attribute("name", name);
        }
        if let Some(network) = node.make("Hardware").child_mut("Network") {
            for adapter in &mut network.children {
                if wanted.strip || (wanted.strip_others && adapter.child("NAT").is_none()) {
                    adapter.remove_attribute("MACAddress");
                }
            }
        }
        if let Some(controllers) = node.make("Hardware").child_mut("StorageControllers") {
            let devices = controllers.children.iter_mut().flat_map(|controller| &mut controller.children);
            for device in devices.filter(|device| device.name == "AttachedDevice") {
                let Some(image) = device.take_child("Image") else { continue };
                let known = image.attribute("uuid").and_then(machines::parse_id);
                let new = known.and_then(|known| images.iter().find(|(old, _)| *old == known));
                if let Some((_, new)) = new {
                    device.children.push(XmlNode::new("Image").with("uuid", format!("{{{new}}}")));
                }
            }
        }
        crate::host::versions::lower(&mut file);
        crate::host::versions::order(&mut file);
        let version = file.attribute("version").unwrap_or_default().to_owned();
        let mut machine = file.take_child("Machine").unwrap_or_default();
        machine.attributes.insert(0, ("version".to_owned(), version));
        Ok(machine)
    }
}

fn manifest_name(descriptor: &str) -> String {
    Path::new(descriptor).with_extension("mf").to_string_lossy().into_owned()
}

/// The file cannot be written because of what is there.
fn in_the_way(path: &Path) -> Fault {
    Fault::new(code::IPRT_ERROR, format!("`{}` is there already", path.display()))
}

/// Where the files of a package go: into a folder, or into an archive.
enum Sink {
    Folder(PathBuf),
    Archive { builder: Box<tar::Builder<std::fs::File>>, path: PathBuf, part: PathBuf },
}

fn write(package: &Package, traces: &mut Traces, report: &Reporter) -> Outcome {
    let folder = package.path.parent().unwrap_or(Path::new("")).to_owned();
    if !folder.is_dir() {
        return Err(Fault::not_found(format!("there is no folder `{}`", folder.display())));
    }
    let mut sink = if package.archive {
        if package.path.exists() {
            return Err(in_the_way(&package.path));
        }
        let part = folder.join(format!(".{}.part", Uuid::new_v4()));
        traces.file(&part);
        let file = std::fs::File::create_new(&part).map_err(|error| Fault::file(&part, error))?;
        Sink::Archive { builder: Box::new(tar::Builder::new(file)), path: package.path.clone(), part }
    } else {
        let names = package.files.iter().map(|(name, _)| name);
        if let Some(taken) = names.map(|name| folder.join(name)).find(|path| path.exists()) {
            return Err(in_the_way(&taken));
        }
        Sink::Folder(folder.clone())
    };
    let mut lines = Lines::default();
    let digest = |text: &[u8]| package.algorithm.map(|algorithm| (algorithm, super::manifest::digest(algorithm, text)));
    let (name, descriptor) = &package.descriptor;
    sink.put_text(name, descriptor.as_bytes(), traces)?;
    if let Some((algorithm, digest)) = digest(descriptor.as_bytes()) {
        lines.add(algorithm, name, &digest);
    }
    for (name, source) in &package.files {
        let image = folder.join(match package.archive {
            true => format!(".{}.part", Uuid::new_v4()),
            false => name.clone(),
        });
        let (path, made) = match source {
            Source::File(path) if package.archive => (path.clone(), false),
            Source::File(path) => {
                traces.file(&image);
                copy(path, &image, report)?;
                (image, true)
            }
            Source::Disk(chain, id) => {
                report.next()?;
                traces.file(&image);
                compress(chain, *id, &image, report)?;
                (image, true)
            }
        };
        let hasher = package.algorithm.map(Hasher::new);
        let digest = sink.put_file(name, &path, hasher, report)?;
        if let Some((algorithm, digest)) = package.algorithm.zip(digest) {
            lines.add(algorithm, name, &digest);
        }
        if package.archive && made {
            std::fs::remove_file(&path).map_err(|error| Fault::file(&path, error))?;
        }
    }
    if package.algorithm.is_some() {
        report.next()?;
        sink.put_text(&manifest_name(name), lines.text().as_bytes(), traces)?;
    }
    report.check()?;
    sink.finish()
}

/// Writes a disk as a stream-optimized VMDK.
fn compress(chain: &Files, id: Uuid, path: &Path, report: &Reporter) -> Outcome {
    let failed = |error: ImageError| match error {
        ImageError::Cancelled => Fault::new(code::E_FAIL, "it was cancelled"),
        error => Fault::file(path, error),
    };
    let mut source = chain.open(false)?;
    let plan = Plan { format: Format::Vmdk, size: source.size(), variant: Variant(Variant::STREAM), id, parent: None };
    let target = images::create(path, &plan, &mut |_, _| Ok(())).map_err(failed)?;
    let mut tell = |done: u64, total: u64| report.done(done, total).map_err(|_| ImageError::Cancelled);
    work::copy(&mut source, &mut Chain::new(vec![target]), true, &mut tell).map_err(failed)
}

fn copy(from: &Path, to: &Path, report: &Reporter) -> Outcome {
    report.check()?;
    crate::host::snapshots::copy_file(from, to)
}

impl Sink {
    fn put_text(&mut self, name: &str, text: &[u8], traces: &mut Traces) -> Outcome {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                if !path.exists() {
                    traces.file(&path);
                }
                crate::host::files::atomic::replace(&path, text).map_err(|error| Fault::file(&path, error))
            }
            Self::Archive { builder, path, .. } => {
                let mut header = header(text.len() as u64);
                builder.append_data(&mut header, name, text).map_err(|error| Fault::file(path, error))
            }
        }
    }

    /// Takes a file in; gives its digest.
    fn put_file(
        &mut self,
        name: &str,
        path: &Path,
        hasher: Option<Hasher>,
        report: &Reporter,
    ) -> Outcome<Option<String>> {
        let failed = |error: std::io::Error| Fault::file(path, error);
        let file = std::fs::File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut reader = Reading { file, hasher, report };
        match self {
            Self::Folder(_) if reader.hasher.is_none() => return Ok(None),
            Self::Folder(_) => {
                let mut bytes = vec![0; STEP];
                while reader.read(&mut bytes).map_err(failed)? > 0 {}
            }
            Self::Archive { builder, path, .. } => {
                let mut header = header(length);
                builder.append_data(&mut header, name, &mut reader).map_err(|error| Fault::file(path, error))?;
            }
        }
        Ok(reader.hasher.map(Hasher::finish))
    }

    /// All is there: the archive gets its name.
    fn finish(self) -> Outcome {
        let Self::Archive { builder, path, part } = self else { return Ok(()) };
        let failed = |error: std::io::Error| Fault::file(&path, error);
        let mut file = builder.into_inner().map_err(failed)?;
        file.flush().and_then(|()| file.sync_all()).map_err(failed)?;
        drop(file);
        if path.exists() {
            return Err(in_the_way(&path));
        }
        std::fs::rename(&part, &path).map_err(failed)
    }
}

/// A file that is read into an archive and into a digest at once; a cancelled progress ends it.
struct Reading<'a> {
    file: std::fs::File,
    hasher: Option<Hasher>,
    report: &'a Reporter,
}

impl Read for Reading<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.report.check().map_err(std::io::Error::other)?;
        let read = self.file.read(bytes)?;
        self.hasher.iter_mut().for_each(|hasher| hasher.update(&bytes[..read]));
        Ok(read)
    }
}

/// An entry of an archive, as OVF wants it: the plain format of POSIX.
fn header(length: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(length);
    header.set_mode(0o640);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    header.set_mtime(now.as_secs());
    let _ = header.set_username("vboxsh");
    let _ = header.set_groupname("vboxsh");
    header
}
