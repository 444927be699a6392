//! A differencing image with its parents, read as one disk.

use super::{Extent, Image, Result};

/// Images of which each but the first is a difference to the one before it.
pub(in crate::host) struct Chain {
    images: Vec<Box<dyn Image>>,
}

impl Chain {
    /// `images` begin with the base; there is at least one.
    pub(in crate::host) fn new(images: Vec<Box<dyn Image>>) -> Self {
        Self { images }
    }

    /// This chain with another one on top of it.
    pub(in crate::host) fn with(mut self, upper: Self) -> Self {
        self.images.extend(upper.images);
        self
    }

    /// Bytes of the disk: those of the last image.
    pub(in crate::host) fn size(&self) -> u64 {
        self.images.last().map_or(0, |image| image.facts().size)
    }

    /// The image that writes go to.
    pub(in crate::host) fn top(&mut self) -> Option<&mut dyn Image> {
        match self.images.last_mut() {
            Some(image) => Some(image.as_mut()),
            None => None,
        }
    }

    /// What the chain has at a place: `Free` when no image has anything. Never beyond a change of the source.
    pub(in crate::host) fn extent(&mut self, at: u64, length: u64) -> Result<(Extent, u64)> {
        let mut length = length.min(self.size().saturating_sub(at));
        for image in self.images.iter_mut().rev() {
            // A parent may be shorter than its child.
            let own = image.facts().size.saturating_sub(at);
            if own == 0 {
                continue;
            }
            let (extent, run) = image.extent(at, length.min(own))?;
            length = run.max(1).min(length);
            if extent != Extent::Free {
                return Ok((extent, length));
            }
        }
        Ok((Extent::Free, length))
    }

    /// Reads the disk as a guest sees it.
    pub(in crate::host) fn read(&mut self, mut at: u64, mut bytes: &mut [u8]) -> Result {
        while !bytes.is_empty() {
            let mut length = bytes.len() as u64;
            let mut source = None;
            for (number, image) in self.images.iter_mut().enumerate().rev() {
                let own = image.facts().size.saturating_sub(at);
                if own == 0 {
                    continue;
                }
                let (extent, run) = image.extent(at, length.min(own))?;
                length = run.max(1).min(length);
                if extent != Extent::Free {
                    source = (extent == Extent::Data).then_some(number);
                    break;
                }
            }
            let (part, rest) = bytes.split_at_mut(usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len()));
            match source {
                Some(number) => self.images[number].read(at, part)?,
                None => part.fill(0),
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Writes to the last image. What a new block of it needs besides comes from the parents.
    pub(in crate::host) fn write(&mut self, mut at: u64, mut bytes: &[u8]) -> Result {
        let size = self.size();
        let unit = self.images.last().map_or(1, |image| image.unit()).max(1);
        while !bytes.is_empty() {
            let start = at - at % unit;
            let end = (start + unit).min(size);
            let (part, rest) = bytes.split_at(usize::try_from(end - at).unwrap_or(usize::MAX).min(bytes.len()));
            let last = self.images.len().saturating_sub(1);
            let Some(top) = self.images.last_mut() else { break };
            let whole = at == start && part.len() as u64 == end - start;
            if whole || last == 0 || top.extent(at, 1)?.0 == Extent::Data {
                top.write(at, part)?;
            } else {
                let mut block = vec![0; usize::try_from(end - start).unwrap_or(0)];
                self.read(start, &mut block)?;
                let from = usize::try_from(at - start).unwrap_or(0);
                block[from..from + part.len()].copy_from_slice(part);
                self.images[last].write(start, &block)?;
            }
            at += part.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Makes a place read as zeros.
    pub(in crate::host) fn write_zeros(&mut self, at: u64, length: u64) -> Result {
        let unit = self.images.last().map_or(1, |image| image.unit()).max(1);
        if self.images.len() == 1
            || (at.is_multiple_of(unit) && (length.is_multiple_of(unit) || at + length == self.size()))
        {
            return self.top().map_or(Ok(()), |top| top.write_zeros(at, length));
        }
        let zeros = vec![0; 1 << 16];
        let (mut at, mut left) = (at, length);
        while left > 0 {
            let part = left.min(zeros.len() as u64);
            self.write(at, &zeros[..part as usize])?;
            (at, left) = (at + part, left - part);
        }
        Ok(())
    }

    pub(in crate::host) fn flush(&mut self) -> Result {
        self.top().map_or(Ok(()), |top| top.flush())
    }
}
