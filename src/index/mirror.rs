//! One index: upserts, deletes, commits that carry the change sequence, snapshots to read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use tantivy::index::{SegmentComponent, SegmentId};
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{
    Directory, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, Term,
};

use super::Error;
use super::cutter::{ReadyMade, TOKENIZER};
use super::directory::UnsyncedDirectory;
use super::document::document;
use super::merging::{Merging, to_tidy};
use super::pace::Pace;
use super::schema::Schema;
use super::sealed::{SealedDirectory, SealedFiles};
use super::space::Space;
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactNumber, OrgNumber};
use crate::vault::Sealer;

/// An index on disk with its one writer.
pub struct Mirror {
    schema: Schema,
    index: Index,
    writer: IndexWriter,
    reader: IndexReader,
    committed: ChangeSeq,
    pace: Arc<Pace>,
    /// Documents added and deletes asked for.
    changes: AtomicU64,
    /// Tells merging to tidy up at the next commit.
    tidies: Arc<AtomicBool>,
    /// Segments that are being merged into one to tidy up.
    merging: Vec<SegmentId>,
}

impl Mirror {
    /// Opens the index in a directory, or makes an empty one. With a sealer its files are sealed.
    ///
    /// # Errors
    /// If the files are damaged, or another process writes there.
    pub fn open(
        path: &Path,
        schema: Schema,
        writer_bytes: usize,
        sealer: Option<&Sealer>,
    ) -> Result<Self, Error> {
        std::fs::create_dir_all(path).map_err(Error::io(path))?;
        let pace = Arc::new(Pace::default());
        let directory: Box<dyn Directory> = match sealer {
            None => Box::new(UnsyncedDirectory::open(path, Arc::clone(&pace))?),
            Some(sealer) => {
                Box::new(SealedDirectory::open(path, sealer.clone(), Arc::clone(&pace))?)
            }
        };
        let index = if Index::exists(directory.as_ref()).map_err(tantivy::TantivyError::from)? {
            Index::open(directory)?
        } else {
            let settings = IndexSettings {
                // Nothing is stored, so there is nothing to compress.
                docstore_compression: tantivy::store::Compressor::None,
                ..IndexSettings::default()
            };
            Index::create(directory, schema.tantivy.clone(), settings)?
        };
        if index.schema() != schema.tantivy {
            return Err(Error::Schema("the files hold an index of another schema".to_owned()));
        }
        index.tokenizers().register(TOKENIZER, ReadyMade::default());
        let writer: IndexWriter = index.writer_with_num_threads(1, writer_bytes)?;
        let policy = Merging::default();
        let tidies = policy.switch();
        writer.set_merge_policy(Box::new(policy));
        // A process that was killed between writing the deletes of a commit and its metadata has
        // left a file under the very name that the same commit takes when it is made again.
        writer.garbage_collect_files().wait()?;
        // The next change would have the number of the last commit, and a merge that begins before
        // the next commit would take a delete of that number for one that was made long ago.
        writer.run(std::iter::empty())?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let payload = index.load_metas()?.payload;
        let committed = payload.and_then(|p| p.parse().ok()).map_or(ChangeSeq::ZERO, ChangeSeq);
        let changes = AtomicU64::new(0);
        let merging = Vec::new();
        Ok(Self { schema, index, writer, reader, committed, pace, changes, tidies, merging })
    }

    /// The sequence of the last change that the last commit holds.
    pub fn committed(&self) -> ChangeSeq {
        self.committed
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Adds a contact in its space, or replaces it where it may be there already; one that belongs
    /// to no space is removed.
    pub fn upsert(&self, org: OrgNumber, contact: &Contact, is_new: bool) -> Result<(), Error> {
        if !is_new {
            self.delete(contact.number);
        }
        if let Some(space) = Space::of(org, contact) {
            self.writer.add_document(document(&self.schema, space, contact))?;
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Removes a contact.
    pub fn delete(&self, number: ContactNumber) {
        let term = Term::from_field_u64(self.schema.fields.number, u64::from(number.0));
        self.writer.delete_term(term);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes everything.
    pub fn delete_all(&self) -> Result<(), Error> {
        self.writer.delete_all_documents()?;
        Ok(())
    }

    /// Makes all changes so far visible, together with the sequence they reach to.
    pub fn commit(&mut self, through: ChangeSeq) -> Result<(), Error> {
        let mut prepared = self.writer.prepare_commit()?;
        // A commit without a payload would clear it.
        prepared.set_payload(&through.0.to_string());
        prepared.commit()?;
        self.reader.reload()?;
        self.committed = through;
        Ok(())
    }

    /// How many documents were added and deletes asked for since it was opened.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Whether [`Mirror::tidy`] would find something to merge that is not being merged already.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn is_untidy(&self) -> Result<bool, Error> {
        Ok(!self.untidy()?.is_empty())
    }

    fn untidy(&self) -> Result<Vec<SegmentId>, Error> {
        let segments = self.index.searchable_segment_metas()?;
        // What could not be merged is not tried again until it has changed.
        let goes_on = segments.iter().any(|segment| self.merging.contains(&segment.id()));
        Ok(if goes_on { Vec::new() } else { to_tidy(&segments) })
    }

    /// Begins to merge segments where there are more than need be, or to purge one of much that is
    /// deleted. Goes on in the background; [`Mirror::merged`] says when it is done.
    ///
    /// # Errors
    /// If the commit that begins it fails.
    pub fn tidy(&mut self) -> Result<(), Error> {
        let untidy = self.untidy()?;
        if untidy.is_empty() {
            return Ok(());
        }
        self.merging = untidy;
        self.tidies.store(true, Ordering::Release);
        let begun = self.commit(self.committed);
        self.tidies.store(false, Ordering::Release);
        begun
    }

    /// A snapshot of what tidying up has made, once it is done; [`Mirror::show_merged`] gives it to
    /// everybody.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn merged(&self) -> Result<Option<Searcher>, Error> {
        if self.merging.is_empty() {
            return Ok(None);
        }
        let now = self.index.searchable_segment_ids()?;
        if now.iter().any(|id| self.merging.contains(id)) {
            return Ok(None);
        }
        let reader: IndexReader =
            self.index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Some(reader.searcher()))
    }

    /// Lets searches see the segments that tidying up has made.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn show_merged(&mut self) -> Result<(), Error> {
        self.merging.clear();
        Ok(self.reader.reload()?)
    }

    /// A reader whose snapshots follow the commits.
    pub fn reader(&self) -> IndexReader {
        self.reader.clone()
    }

    /// How merges give way to searches.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// A snapshot.
    pub fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Reads all files and compares their checksums; the damaged ones.
    pub fn damaged_files(&self) -> Result<Vec<String>, Error> {
        let damaged = self.index.validate_checksum()?;
        Ok(damaged.into_iter().map(|path| path.display().to_string()).collect())
    }

    /// Whether the index holds a contact, and how often.
    pub fn count_of(&self, number: ContactNumber) -> Result<usize, Error> {
        let term = Term::from_field_u64(self.schema.fields.number, u64::from(number.0));
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        Ok(self.searcher().search(&query, &tantivy::collector::Count)?)
    }

    /// Waits for merges as long as is said, ends the others and lets go of the files. Merging takes
    /// some twelve seconds for a million contacts; what was not finished is merged when the index is
    /// opened again and it is quiet.
    ///
    /// # Errors
    /// If a thread has ended.
    pub fn close(self, patience: Duration) -> Result<(), Error> {
        let (done, waits) = mpsc::channel::<()>();
        let pace = Arc::clone(&self.pace);
        let stops =
            std::thread::Builder::new().name("merge-patience".to_owned()).spawn(move || {
                if waits.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                    pace.stop();
                }
            });
        if stops.is_err() {
            // Without a thread to spare nobody would end them later.
            self.pace.stop();
        }
        let closed = self.writer.wait_merging_threads();
        drop(done);
        if let Ok(stops) = stops {
            let _ = stops.join();
        }
        Ok(closed?)
    }
}

/// Reads all files that the last commit of an index names from the disk, and compares their
/// checksums; the damaged ones. `path` is where the index is, for the sealed files of which there
/// is a copy in memory.
///
/// # Errors
/// If the files cannot be listed or read at all.
pub fn damaged_files(
    index: &Index,
    path: &Path,
    sealer: Option<&Sealer>,
) -> Result<Vec<String>, Error> {
    let Some(sealer) = sealer else {
        let damaged = index.validate_checksum()?;
        return Ok(damaged.into_iter().map(|path| path.display().to_string()).collect());
    };
    let files = SealedFiles { root: path.to_owned(), sealer: sealer.clone() };
    let managed = index.directory().list_managed_files();
    let mut damaged = Vec::new();
    for segment in index.searchable_segment_metas()? {
        let components = [
            SegmentComponent::Postings,
            SegmentComponent::Positions,
            SegmentComponent::Terms,
            SegmentComponent::Store,
            SegmentComponent::FastFields,
            SegmentComponent::FieldNorms,
            SegmentComponent::Delete,
        ];
        let named = components.into_iter().map(|component| segment.relative_path(component));
        for file in named.filter(|file| managed.contains(file)) {
            if !files.is_whole(&file).map_err(Error::io(&file))? {
                damaged.push(file.display().to_string());
            }
        }
    }
    Ok(damaged)
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;
