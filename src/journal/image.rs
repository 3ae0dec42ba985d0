//! Images in a journal: entries that hold all there is, between two marks in the headers of segments.
//!
//! Behind a complete image nothing older is needed to bring everything back. The marks stand in
//! headers, which are written whole and synced before anything follows them, so a crash leaves an
//! image that is complete or none.

use super::error::Error;
use super::file::FileJournal;
use super::segment::{HEADER_BYTES, ImageMark, Segment, Stretch};
use super::{Journal, Verified, verify};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;

/// The newest complete image, or the beginning of a journal that has all its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// The first of the entries that bring back everything.
    pub from: ChangeSeq,
    /// When the image was complete; `None` if there was none, or it has no entries.
    pub at: Option<Timestamp>,
    /// The size of everything from its first entry on, in bytes.
    pub bytes: u64,
}

impl FileJournal {
    /// Says that an image begins: entries follow that hold all there is. Answers the first of them;
    /// `None` if there is no entry since the last image, so that another would say the same.
    pub fn begin_image(&self) -> Result<Option<ChangeSeq>, Error> {
        self.without_writers(|| {
            let is_needless = self.with_segments(|segments, _| {
                segments.last().is_some_and(|last| {
                    last.header.image == ImageMark::Complete && last.last < last.header.first
                })
            });
            if is_needless {
                return Ok(None);
            }
            self.rotate(ImageMark::Begins)?;
            Ok(Some(self.tail().next()))
        })
    }

    /// Says that the image is complete: from its first entry on the journal is whole.
    pub fn end_image(&self) -> Result<(), Error> {
        self.without_writers(|| self.rotate(ImageMark::Complete))
    }

    /// The newest complete image; `None` if nothing brings everything back.
    pub fn image(&self) -> Option<Image> {
        let from = self.whole_from()?;
        Some(self.with_segments(|segments, _| {
            let behind = segments.partition_point(|segment| segment.header.first < from);
            let complete = segments.iter().rposition(|one| one.header.image == ImageMark::Complete);
            let at = complete.filter(|complete| *complete > behind).and_then(|complete| {
                segments[..complete].iter().rev().find_map(|segment| segment.newest)
            });
            let bytes = segments[behind..].iter().map(|segment| segment.end).sum();
            Image { from, at, bytes }
        }))
    }

    /// When the newest entry of the oldest segment was decided, if that does not grow any more.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.with_segments(|segments, _| match segments {
            [first, _, ..] => first.newest,
            [] | [_] => None,
        })
    }

    /// When the oldest of all entries was decided.
    pub fn began(&self) -> Option<Timestamp> {
        self.with_segments(|segments, _| segments.iter().find_map(|segment| segment.oldest))
    }

    /// As [`Journal::verify`], of everything from the segment on that begins with an entry.
    pub fn verify_from(&self, from: ChangeSeq) -> Result<Verified, Error> {
        let (stretches, sealing) = self.with_segments(|segments, sealing| {
            let wanted = segments.iter().filter(|segment| segment.header.first >= from);
            let stretch = |segment: &Segment| Stretch::of(segment, HEADER_BYTES as u64);
            (wanted.map(stretch).collect::<Vec<_>>(), sealing.cloned())
        });
        verify::verify(&stretches, self.seed(), sealing.as_ref())
    }
}
