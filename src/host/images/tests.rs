//! What holds for every format: content survives, chains read as one disk, broken files are refused.

use super::work::{copy, merge_down, merge_up};
use super::*;
use proptest::prelude::*;

fn quiet(_: u64, _: u64) -> Result {
    Ok(())
}

/// Formats and kinds that can be written anywhere.
const KINDS: &[(Format, u32, &str)] = &[
    (Format::Vdi, 0, "vdi"),
    (Format::Vdi, Variant::FIXED, "vdi"),
    (Format::Vhd, 0, "vhd"),
    (Format::Vhd, Variant::FIXED, "vhd"),
    (Format::Vmdk, 0, "vmdk"),
    (Format::Vmdk, Variant::SPLIT, "vmdk"),
    (Format::Vmdk, Variant::FIXED, "vmdk"),
    (Format::Vmdk, Variant::FIXED | Variant::ESX, "vmdk"),
    (Format::Raw, Variant::FIXED, "img"),
];

const SIZE: u64 = (5 << 20) + 512;

fn plan(format: Format, variant: u32, size: u64) -> Plan {
    Plan { format, size, variant: Variant(variant), id: Uuid::new_v4(), parent: None }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn child(&self, name: &str, parent: &Path, format: Format) -> PathBuf {
        let known = facts(parent, format).unwrap();
        let modification = open(parent, format, false).unwrap().modification();
        let parent = Parent { id: known.id, path: parent.to_owned(), modification };
        let plan = Plan { parent: Some(parent), ..plan(format, Variant::DIFF, known.size) };
        let path = self.path(name);
        create(&path, &plan, &mut quiet).unwrap();
        path
    }
}

fn chain(format: Format, paths: &[&Path]) -> Chain {
    let last = paths.len() - 1;
    Chain::new(paths.iter().enumerate().map(|(at, path)| open(path, format, at == last).unwrap()).collect())
}

fn all(chain: &mut Chain) -> Vec<u8> {
    let mut bytes = vec![0xee; chain.size() as usize];
    chain.read(0, &mut bytes).unwrap();
    bytes
}

fn pattern(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed) | 1).collect()
}

/// Writes that a test makes: place, length, and what.
fn writes() -> impl Strategy<Value = Vec<(u64, usize, u8)>> {
    proptest::collection::vec((0..SIZE / 512, 1usize..300_000, any::<u8>()), 1..6).prop_map(|list| {
        let fits = |(sector, length, seed): (u64, usize, u8)| {
            let at = sector * 512;
            (at, length.min((SIZE - at) as usize), seed)
        };
        list.into_iter().map(fits).collect()
    })
}

fn apply(chain: &mut Chain, model: &mut [u8], writes: &[(u64, usize, u8)]) {
    for (at, length, seed) in writes {
        let bytes = if seed % 5 == 0 { vec![0; *length] } else { pattern(*seed, *length) };
        chain.write(*at, &bytes).unwrap();
        model[*at as usize..*at as usize + length].copy_from_slice(&bytes);
    }
    chain.flush().unwrap();
}

#[test]
fn a_new_image_says_what_it_is() {
    let folder = Folder::new();
    for (number, (format, variant, extension)) in KINDS.iter().enumerate() {
        let path = folder.path(&format!("{number}.{extension}"));
        let wanted = plan(*format, *variant, SIZE);
        create(&path, &wanted, &mut quiet).unwrap();
        assert_eq!(identify(&path).unwrap(), *format, "{path:?}");
        let known = facts(&path, *format).unwrap();
        assert_eq!((known.size, known.parent), (SIZE, None), "{path:?}");
        assert!(*format == Format::Raw || known.id == wanted.id, "{path:?}");
        assert_eq!(known.variant.has(Variant::FIXED), variant & Variant::FIXED != 0, "{path:?}");
        assert!(create(&path, &wanted, &mut quiet).is_err(), "an existing file stays: {path:?}");
        let files = open(&path, *format, false).unwrap().files();
        assert!(files.iter().all(|file| file.exists()), "{files:?}");
    }
}

#[test]
fn sizes_that_no_format_holds_are_refused() {
    let folder = Folder::new();
    for (number, (format, size)) in
        [(Format::Vdi, 0), (Format::Vdi, 512), (Format::Vhd, 1000), (Format::Vmdk, 1 << 50), (Format::Vhd, 3 << 40)]
            .into_iter()
            .enumerate()
    {
        let path = folder.path(&number.to_string());
        let result = create(&path, &plan(format, 0, size), &mut quiet);
        assert!(matches!(result, Err(ImageError::Size(_))), "{format:?} {size}");
        assert!(!path.exists());
    }
    let path = folder.path("cancelled.vdi");
    let mut cancel = |_, _| Err(ImageError::Cancelled);
    for (format, variant, _) in KINDS {
        assert!(matches!(create(&path, &plan(*format, *variant, SIZE), &mut cancel), Err(ImageError::Cancelled)));
        assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 0, "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn content_survives(kind in 0..KINDS.len(), writes in writes()) {
        let folder = Folder::new();
        let (format, variant, extension) = KINDS[kind];
        let path = folder.path(&format!("a.{extension}"));
        create(&path, &plan(format, variant, SIZE), &mut quiet).unwrap();
        let mut model = vec![0; SIZE as usize];
        apply(&mut chain(format, &[&path]), &mut model, &writes);
        prop_assert!(all(&mut chain(format, &[&path])) == model);
    }

    #[test]
    fn chains_read_as_one_disk_and_merge(format in 0..3usize, first in writes(), second in writes(), third in writes()) {
        let folder = Folder::new();
        let (format, extension) = [(Format::Vdi, "vdi"), (Format::Vhd, "vhd"), (Format::Vmdk, "vmdk")][format];
        let name = |stem: &str| format!("{stem}.{extension}");
        let base = folder.path(&name("base"));
        create(&base, &plan(format, 0, SIZE), &mut quiet).unwrap();
        let mut model = vec![0; SIZE as usize];
        apply(&mut chain(format, &[&base]), &mut model, &first);
        let middle = folder.child(&name("middle"), &base, format);
        apply(&mut chain(format, &[&base, &middle]), &mut model, &second);
        let until = model.clone();
        let top = folder.child(&name("top"), &middle, format);
        apply(&mut chain(format, &[&base, &middle, &top]), &mut model, &third);
        prop_assert!(all(&mut chain(format, &[&base, &middle, &top])) == model);
        prop_assert!(all(&mut chain(format, &[&base, &middle])) == until);
        // A copy of the whole, onto nothing and onto something.
        let clone = folder.path("clone.vdi");
        create(&clone, &plan(Format::Vdi, 0, SIZE), &mut quiet).unwrap();
        let mut source = chain(format, &[&base, &middle]);
        copy(&mut source, &mut chain(Format::Vdi, &[&clone]), true, &mut quiet).unwrap();
        prop_assert!(all(&mut chain(Format::Vdi, &[&clone])) == until);
        let mut source = chain(format, &[&base, &middle, &top]);
        copy(&mut source, &mut chain(Format::Vdi, &[&clone]), false, &mut quiet).unwrap();
        prop_assert!(all(&mut chain(Format::Vdi, &[&clone])) == model);
        // Forward, into the last one: with the base below, then as a base.
        let mut target = open(&top, format, true).unwrap();
        let mut under = chain(format, &[&base]);
        merge_up(&mut chain(format, &[&middle]), Some(&mut under), target.as_mut(), &mut quiet).unwrap();
        drop(target);
        prop_assert!(all(&mut chain(format, &[&base, &top])) == model);
        // Backward, into the base, of a copy of the files.
        let copied = folder.path(&name("copied"));
        std::fs::copy(&base, &copied).unwrap();
        let mut lower = Chain::new(vec![open(&copied, format, true).unwrap()]);
        merge_down(&mut chain(format, &[&top]), &mut lower, &mut quiet).unwrap();
        drop(lower);
        prop_assert!(all(&mut chain(format, &[&copied])) == model);
        let mut target = open(&top, format, true).unwrap();
        merge_up(&mut chain(format, &[&base]), None, target.as_mut(), &mut quiet).unwrap();
        target.set_ids(Uuid::new_v4(), None).unwrap();
        drop(target);
        prop_assert!(all(&mut chain(format, &[&top])) == model);
    }

    #[test]
    fn growing_and_compacting_lose_nothing(format in 0..2usize, first in writes(), growth in 1u64..400 << 20) {
        let folder = Folder::new();
        let (format, extension) = [(Format::Vdi, "vdi"), (Format::Vhd, "vhd")][format];
        let path = folder.path(&format!("a.{extension}"));
        create(&path, &plan(format, 0, SIZE), &mut quiet).unwrap();
        let mut model = vec![0; SIZE as usize];
        apply(&mut chain(format, &[&path]), &mut model, &first);
        let size = SIZE + growth / 512 * 512;
        open(&path, format, true).unwrap().resize(size).unwrap();
        prop_assert_eq!(facts(&path, format).unwrap().size, size);
        let mut bytes = vec![1; SIZE as usize];
        chain(format, &[&path]).read(0, &mut bytes).unwrap();
        prop_assert!(bytes == model);
        chain(format, &[&path]).write(2 << 20, &vec![0; 3 << 20]).unwrap();
        model[2 << 20..5 << 20].fill(0);
        let before = path.metadata().unwrap().len();
        open(&path, format, true).unwrap().compact(&mut |_, _| Ok(false), &mut quiet).unwrap();
        prop_assert!(path.metadata().unwrap().len() <= before);
        chain(format, &[&path]).read(0, &mut bytes).unwrap();
        prop_assert!(bytes == model);
        // It can still be written.
        apply(&mut chain(format, &[&path]), &mut model, &first);
        chain(format, &[&path]).read(0, &mut bytes).unwrap();
        prop_assert!(bytes == model);
    }

    #[test]
    fn broken_files_are_refused_and_left_alone(kind in 0..KINDS.len() - 1, cut in 0usize..4096,
        changes in proptest::collection::vec((0usize..4096, any::<u8>()), 0..4), tail in any::<bool>()) {
        let folder = Folder::new();
        let (format, variant, extension) = KINDS[kind];
        let path = folder.path(&format!("a.{extension}"));
        create(&path, &plan(format, variant, 1 << 20), &mut quiet).unwrap();
        chain(format, &[&path]).write(70_000, &[7; 5000]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in &changes {
            let at = if tail { bytes.len() - 1 - at % bytes.len() } else { at % bytes.len() };
            bytes[at] = *value;
        }
        if changes.is_empty() {
            bytes.truncate(cut);
        }
        std::fs::write(&path, &bytes).unwrap();
        let _ = identify(&path);
        // Whatever it says now: no panic, no endless loop, no change of the file.
        if let Ok(mut image) = open(&path, format, true) {
            let size = image.facts().size.min(1 << 21);
            let mut at = 0;
            while at < size {
                match image.extent(at, size - at) {
                    Ok((_, run)) if run > 0 => at += run,
                    _ => break,
                }
            }
            let mut bytes = vec![0; size as usize];
            let _ = image.read(0, &mut bytes);
        }
        prop_assert!(std::fs::read(&path).unwrap() == bytes);
    }
}

#[test]
fn a_stream_optimized_image_is_written_once_and_read() {
    let folder = Folder::new();
    let source = folder.path("a.vdi");
    create(&source, &plan(Format::Vdi, 0, 40 << 20), &mut quiet).unwrap();
    let mut chain_of = chain(Format::Vdi, &[&source]);
    chain_of.write(100, &pattern(3, 200_000)).unwrap();
    chain_of.write(35 << 20, &pattern(9, 70_000)).unwrap();
    let path = folder.path("a.vmdk");
    let target = create(&path, &plan(Format::Vmdk, Variant::STREAM, 40 << 20), &mut quiet).unwrap();
    let mut target = Chain::new(vec![target]);
    copy(&mut chain_of, &mut target, true, &mut quiet).unwrap();
    assert!(target.write(0, &[1]).is_err(), "it is complete");
    drop(target);
    let known = facts(&path, Format::Vmdk).unwrap();
    assert_eq!((known.variant, known.size), (Variant(Variant::STREAM), 40 << 20));
    assert!(path.metadata().unwrap().len() < 200_000, "it is packed");
    assert!(all(&mut chain(Format::Vmdk, &[&path])) == all(&mut chain_of));
}

#[test]
fn ids_and_parents_are_kept() {
    let folder = Folder::new();
    for (format, extension) in [(Format::Vdi, "vdi"), (Format::Vhd, "vhd"), (Format::Vmdk, "vmdk")] {
        let base = folder.path(&format!("base.{extension}"));
        create(&base, &plan(format, 0, SIZE), &mut quiet).unwrap();
        let child = folder.child(&format!("child.{extension}"), &base, format);
        let known = facts(&child, format).unwrap();
        assert_eq!(known.parent, Some(facts(&base, format).unwrap().id));
        assert!(known.variant.has(Variant::DIFF));
        let (id, parent) = (Uuid::new_v4(), Uuid::new_v4());
        open(&child, format, true).unwrap().set_ids(id, Some(parent)).unwrap();
        let known = facts(&child, format).unwrap();
        assert_eq!((known.id, known.parent), (id, Some(parent)));
        open(&child, format, true).unwrap().set_ids(id, None).unwrap();
        assert!(!facts(&child, format).unwrap().variant.has(Variant::DIFF));
    }
}

#[test]
fn large_and_split_images_have_their_pieces() {
    let folder = Folder::new();
    let path = folder.path("s.vmdk");
    let mut image = create(&path, &plan(Format::Vmdk, Variant::SPLIT, 5 << 30), &mut quiet).unwrap();
    assert_eq!(image.files().len(), 4);
    let edge = (2047 << 20) - 1000;
    image.write(edge, &pattern(5, 5000)).unwrap();
    image.flush().unwrap();
    let mut bytes = vec![0; 5000];
    open(&path, Format::Vmdk, false).unwrap().read(edge, &mut bytes).unwrap();
    assert!(bytes == pattern(5, 5000));
}
