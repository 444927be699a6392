//! UEFI variables as VirtualBox keeps them: a firmware volume in a file, with a store of authenticated variables.
//!
//! Bytes only. The layout is the one of the UEFI specifications and EDK II; sizes are those that VirtualBox writes.

/// Size of the file: the store, the working block and the spare blocks.
const FILE: usize = 0x84000;
/// Where the store of variables begins, and how long it is.
const STORE: (usize, usize) = (0x48, 0x3_ffb8);
/// Head of a variable.
const HEAD: usize = 0x3c;
/// Where the working block begins.
const WORKING: usize = 0x4_1000;
/// State of a variable that holds.
const HOLDS: u8 = 0x3f;

const VOLUME: [u8; 16] = guid(0xfff1_2b8d, 0x7696, 0x4c8b, [0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50]);
const VARIABLES: [u8; 16] = guid(0xaaf3_2c78, 0x947b, 0x439a, [0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92]);
const WORKING_BLOCK: [u8; 16] = guid(0x9e58_292b, 0x7c68, 0x497d, [0xa0, 0xce, 0x65, 0x00, 0xfd, 0x9f, 0x1b, 0x95]);

/// A GUID as bytes: its first three fields have their low byte first.
const fn guid(first: u32, second: u16, third: u16, rest: [u8; 8]) -> [u8; 16] {
    let ([a, b, c, d], [e, f], [g, h]) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes());
    let [i, j, k, l, m, n, o, p] = rest;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Variable {
    pub(super) name: String,
    /// The GUID, as bytes.
    pub(super) owner: [u8; 16],
    /// Bits as in the file.
    pub(super) attributes: u32,
    pub(super) data: Vec<u8>,
}

/// The variables in a file; `None` when it is no such file.
pub(in crate::host) fn read(file: &[u8]) -> Option<Vec<Variable>> {
    if file.get(0x10..0x20)? != VOLUME || file.get(STORE.0..STORE.0 + 16)? != VARIABLES {
        return None;
    }
    let end = file.len().min(STORE.0 + STORE.1);
    let mut found = Vec::new();
    let mut at = STORE.0 + 0x1c;
    while at + HEAD <= end && file[at..at + 2] == [0xaa, 0x55] {
        let number = |offset: usize| {
            let bytes = file.get(at + offset..at + offset + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let (name_length, length) = (number(0x24)? as usize, number(0x28)? as usize);
        let (name, data) = (at + HEAD, at.checked_add(HEAD)?.checked_add(name_length)?);
        let next = data.checked_add(length)?;
        let units: Vec<u16> =
            file.get(name..data)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        if file[at + 2] == HOLDS {
            found.push(Variable {
                name: String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned(),
                owner: file.get(at + 0x2c..at + HEAD)?.try_into().ok()?,
                attributes: number(4)?,
                data: file.get(data..next)?.to_vec(),
            });
        }
        at = next.next_multiple_of(4);
    }
    Some(found)
}

/// The file for these variables; `None` when they do not fit.
pub(in crate::host) fn write(variables: &[Variable]) -> Option<Vec<u8>> {
    let mut store = Vec::new();
    for variable in variables {
        let name: Vec<u8> = variable.name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        store.extend([0xaa, 0x55, HOLDS, 0]);
        store.extend(variable.attributes.to_le_bytes());
        // Count, time and key: only signed updates have them.
        store.extend([0; 28]);
        store.extend(u32::try_from(name.len()).ok()?.to_le_bytes());
        store.extend(u32::try_from(variable.data.len()).ok()?.to_le_bytes());
        store.extend(variable.owner);
        store.extend(name);
        store.extend(&variable.data);
        // Positions count from the start of the file, whose store begins at a multiple of four.
        store.resize(store.len().next_multiple_of(4), 0xff);
    }
    let mut file = vec![0xff; FILE];
    let head = volume_head();
    file.get_mut(..head.len())?.copy_from_slice(&head);
    let start = head.len();
    if start + store.len() > STORE.0 + STORE.1 {
        return None;
    }
    file.get_mut(start..start + store.len())?.copy_from_slice(&store);
    let mut working = WORKING_BLOCK.to_vec();
    working.extend([0xe9, 0x57, 0xcd, 0xec, 0xfe, 0xff, 0xff, 0xff, 0xe0, 0x0f, 0, 0, 0, 0, 0, 0]);
    file.get_mut(WORKING..WORKING + working.len())?.copy_from_slice(&working);
    Some(file)
}

/// What stands before the first variable: the volume and the store.
fn volume_head() -> Vec<u8> {
    let mut head = vec![0; 16];
    head.extend(VOLUME);
    head.extend((FILE as u64).to_le_bytes());
    head.extend(b"_FVH");
    // Attributes, length of the head, checksum, no further head, revision; then 132 blocks of 4 KB.
    head.extend([0xff, 0xfe, 0x04, 0x00, 0x48, 0x00, 0xaf, 0xb8, 0x00, 0x00, 0x00, 0x02]);
    head.extend([0x84, 0, 0, 0, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.extend(VARIABLES);
    head.extend(0x3_ffb8_u32.to_le_bytes());
    // Formatted and healthy.
    head.extend([0x5a, 0xfe, 0, 0, 0, 0, 0, 0]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_survive_the_file() {
        let one = Variable { name: "Ä".to_owned(), owner: [7; 16], attributes: 3, data: vec![1, 2, 3] };
        let two = Variable { name: "Boot0000".to_owned(), owner: [9; 16], attributes: 0x27, data: vec![] };
        let file = write(&[one.clone(), two.clone()]).unwrap();
        assert_eq!(file.len(), FILE);
        assert_eq!(read(&file), Some(vec![one, two]));
        assert_eq!(read(&write(&[]).unwrap()), Some(vec![]));
    }

    #[test]
    fn what_is_no_store_is_refused_and_what_is_cut_off_does_no_harm() {
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0; 100]), None);
        let big = Variable { name: "x".to_owned(), owner: [0; 16], attributes: 0, data: vec![0; 1 << 20] };
        assert_eq!(write(&[big]), None);
        let variable = Variable { name: "x".to_owned(), owner: [0; 16], attributes: 0, data: vec![5; 40] };
        let file = write(&[variable]).unwrap();
        for length in 0..0x100 {
            let _ = read(&file[..length]);
        }
    }
}
