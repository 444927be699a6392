//! Work on whole images: copying one chain into another, merging, comparing with zeros.

use super::{Chain, Extent, ImageError, Result};

/// Bytes that are moved at once.
const STEP: u64 = 1 << 20;

/// Says how far work is (done, total); an error ends it.
pub(in crate::host) type Report<'a> = dyn FnMut(u64, u64) -> Result + 'a;

/// Whether there is nothing but zeros.
pub(in crate::host) fn is_zero(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<16>();
    chunks.iter().all(|chunk| u128::from_ne_bytes(*chunk) == 0) && rest.iter().all(|byte| *byte == 0)
}

/// Makes `target` read as `source` does, as far as both reach; what is beyond the source reads as zeros. What the
/// target reads already is not written. `fresh`: the target was just made, so it is not asked what it holds.
pub(in crate::host) fn copy(source: &mut Chain, target: &mut Chain, fresh: bool, report: &mut Report<'_>) -> Result {
    let size = target.size();
    let mut bytes = vec![0; STEP as usize];
    let mut old = vec![0; STEP as usize];
    let mut at = 0;
    while at < size {
        report(at, size)?;
        let length = STEP.min(size - at);
        let there = source.size().saturating_sub(at).min(length);
        let part = &mut bytes[..length as usize];
        let empty = there == 0 || {
            let (extent, run) = source.extent(at, there)?;
            extent != Extent::Data && run >= there
        };
        if empty {
            part.fill(0);
        } else {
            source.read(at, &mut part[..there as usize])?;
            part[there as usize..].fill(0);
        }
        let unknown = !fresh && target.extent(at, length)? != (Extent::Free, length);
        if unknown {
            let old = &mut old[..length as usize];
            target.read(at, old)?;
            if old != part {
                target.write(at, part)?;
            }
        } else if !empty && !is_zero(part) {
            target.write(at, part)?;
        }
        at += length;
    }
    target.flush()?;
    report(size, size)
}

/// Puts what `upper` has over what `lower` reads, into the last image of `lower`: a merge towards the base. Both have
/// the same number of bytes, or the upper one fewer.
pub(in crate::host) fn merge_down(upper: &mut Chain, lower: &mut Chain, report: &mut Report<'_>) -> Result {
    let size = upper.size().min(lower.size());
    let mut bytes = vec![0; STEP as usize];
    let mut at = 0;
    while at < size {
        report(at, size)?;
        let (extent, run) = upper.extent(at, STEP.min(size - at))?;
        if run == 0 {
            return Err(ImageError::Damaged(format!("nothing is known of the place {at}")));
        }
        match extent {
            Extent::Free => {}
            Extent::Zero => {
                // Where the lower chain has nothing, it reads as zeros already.
                if lower.extent(at, run)? != (Extent::Free, run) {
                    lower.write_zeros(at, run)?;
                }
            }
            Extent::Data => {
                let part = &mut bytes[..run as usize];
                upper.read(at, part)?;
                lower.write(at, part)?;
            }
        }
        at += run;
    }
    lower.flush()?;
    report(size, size)
}

/// Puts what `middle` has into `target` where that has nothing itself: a merge away from the base. `under` is the
/// chain that the target will stand on afterwards, for blocks of which only a part is in `middle`; none: the target
/// becomes a base.
pub(in crate::host) fn merge_up(
    middle: &mut Chain,
    mut under: Option<&mut Chain>,
    target: &mut dyn super::Image,
    report: &mut Report<'_>,
) -> Result {
    let size = target.facts().size;
    let unit = target.unit().max(1);
    let mut at = 0;
    while at < size {
        report(at, size)?;
        let (extent, run) = target.extent(at, unit.max(STEP).min(size - at))?;
        let mut end = at + run.max(1);
        if extent == Extent::Free {
            // Block by block, so that a new block is whole.
            end = end.min((at - at % unit) + unit.max(STEP)).min(size);
            fill(middle, under.as_deref_mut(), target, at, end)?;
        }
        at = end;
    }
    target.flush()?;
    report(size, size)
}

/// Fills a place of `target` that has nothing.
fn fill(middle: &mut Chain, under: Option<&mut Chain>, target: &mut dyn super::Image, at: u64, end: u64) -> Result {
    // Small units go together: what is copied besides comes from below, and reads the same.
    let step = target.unit().max(1 << 16);
    let mut under = under;
    let mut start = at;
    while start < end {
        let stop = ((start - start % step) + step).min(end);
        let mut bytes = vec![0; usize::try_from(stop - start).unwrap_or(0)];
        let (mut place, mut has) = (start, false);
        while place < stop {
            let inside = middle.size().saturating_sub(place).min(stop - place);
            let (extent, run) =
                if inside == 0 { (Extent::Free, stop - place) } else { middle.extent(place, inside)? };
            let run = run.max(1).min(stop - place);
            let part = &mut bytes[(place - start) as usize..(place - start + run) as usize];
            match extent {
                Extent::Data => middle.read(place, part)?,
                Extent::Zero => part.fill(0),
                Extent::Free => {
                    if let Some(under) = under.as_deref_mut() {
                        let inside = under.size().saturating_sub(place).min(run) as usize;
                        under.read(place, &mut part[..inside])?;
                    }
                }
            }
            has |= extent != Extent::Free;
            place += run;
        }
        if has {
            if is_zero(&bytes) {
                if under.is_some() {
                    target.write_zeros(start, stop - start)?;
                }
            } else {
                target.write(start, &bytes)?;
            }
        }
        start = stop;
    }
    Ok(())
}
