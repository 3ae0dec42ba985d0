//! A partition: journal, store, lookup table and index of a set of organisations, as one value.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use parking_lot::{Condvar, Mutex, RwLock};
use tantivy::Searcher;

use super::applier::Applier;
use super::backup;
use super::cancel::Cancel;
use super::checkpointer::Checkpointer;
use super::cluster::{self, Cluster, OthersFollower, Standing};
use super::compaction::Compacted;
use super::error::{Error, Rejected};
use super::feed::RecentEntries;
use super::follower::{Follower, Replacement, Serving};
use super::health::{Condition, Health};
use super::image;
use super::lock::lock;
use super::mender::Mender;
use super::options::Options;
use super::progress::Progress;
use super::projection::Stored;
use super::rebuild::{Builder, read_schema};
use super::record_cache::RecordCache;
use super::recovery;
use super::rekey;
use super::room::Room;
use super::snapshots::SnapshotTaken;
use super::trash::Trash;
use super::tx::{Numbers, Tx, Usages};
use super::upkeep::Upkeep;
use super::watch::{ChangedByOrg, ChangedContacts};
use super::writer::{
    Needs, Origin, PendingWrite, Reply, Request, Writer, Written, abort_on_panic, job,
};
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactId, ContactNumber, OrgNumber};
use crate::domain::time::Timestamp;
use crate::index::{Generations, Mirror, Space};
use crate::journal::{FileJournal, SharedLog};
use crate::lookup::Table;
use crate::search;
use crate::store::{self, Store, Value, codec, keys};
use crate::vault::{KeyPurpose, Vault};

/// How long closing waits for merges of the index.
const CLOSING: Duration = Duration::from_secs(15);

/// How a record that was read is kept.
pub(super) type Keep = fn(&RecordCache, ContactNumber, u64, Arc<Contact>);

/// The engine of a set of organisations.
pub struct Partition {
    root: PathBuf,
    vault: Option<Vault>,
    options: Options,
    journal: Arc<FileJournal>,
    store: Arc<Store>,
    table: Arc<Table>,
    cards: Arc<RecordCache>,
    applied: Arc<Progress>,
    visible: Arc<Progress>,
    indexed: Arc<Progress>,
    serving: Arc<ArcSwap<Serving>>,
    /// Whether the schema has changed since the index was built that was opened.
    is_outdated: bool,
    search_caches: Arc<search::Caches>,
    contact_count: Arc<AtomicU64>,
    trash: Arc<Trash>,
    watches: Arc<ChangedByOrg>,
    recent: RecentEntries,
    standing: Arc<Standing>,
    health: Arc<Health>,
    room: Arc<Room>,
    builder: Arc<Builder>,
    upkeep: Arc<Upkeep>,
    requests: Option<Sender<Request>>,
    threads: Mutex<Threads>,
    stop: Arc<AtomicBool>,
    stop_following: Arc<AtomicBool>,
    _lock: File,
}

#[derive(Default)]
struct Threads {
    writer: Option<JoinHandle<()>>,
    follower: Option<JoinHandle<Option<Mirror>>>,
    mender: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
    upkeep: Option<JoinHandle<()>>,
    others: Option<JoinHandle<()>>,
}

impl Partition {
    /// Opens a data directory, or begins one, and brings everything in it together.
    ///
    /// # Errors
    /// If another process holds it, or something is damaged beyond what replay repairs.
    pub fn open(root: &Path, options: Options) -> Result<Self, Error> {
        backup::refuse_backup(root, options.is_restore)?;
        let lock = lock(root)?;
        super::format::note(root);
        let room = Arc::new(Room::of(root));
        rekey::settle(root)?;
        let vault = recovery::open_vault(root, options.encryption_key.as_ref())?;
        let sealer = |room: KeyPurpose| vault.as_ref().map(|vault| vault.sealer(room));
        let journal = cluster::open_history(root, &options, sealer(KeyPurpose::Journal))?;
        let store_options = store::Options {
            cache_bytes: options.store_cache_bytes,
            sealer: sealer(KeyPurpose::Store),
            ..store::Options::default()
        };
        let recovery::Recovered { store, table, scanned } =
            recovery::open_store(root, &journal, &store_options, &options.start)?;
        let refusal = cluster::settle(root, &options)?;
        // What a cluster has agreed on is not for one machine to add to.
        if options.shared.is_none() && refusal.is_none() {
            image::complete_or_say(&journal, &store, &options);
        }
        let recovery::OpenIndex { generations, mirror, is_outdated, is_unverified } =
            recovery::open_index(
                &root.join("index"),
                &|| read_schema(root),
                (&store, scanned.live + scanned.trash.len()),
                &journal,
                &options,
                sealer(KeyPurpose::Index).as_ref(),
            )?;

        let applied = Arc::new(Progress::default());
        applied.set(store.applied_seq());
        let visible = Arc::new(Progress::default());
        visible.set(mirror.committed());
        let indexed = Arc::new(Progress::default());
        indexed.set(mirror.committed());
        let (request_sender, request_receiver) = crossbeam_channel::bounded(4_096);
        let (replacements, replacement_receiver) = crossbeam_channel::bounded(1);
        let reading = Arc::<RwLock<()>>::default();
        let health = Arc::<Health>::default();
        let builder = Arc::new(Builder {
            root: root.to_owned(),
            sealer: sealer(KeyPurpose::Index),
            writer_bytes: options.index_writer_bytes,
            journal: Arc::clone(&journal),
            store: Arc::clone(&store),
            applied: Arc::clone(&applied),
            replacements,
            health: Arc::clone(&health),
            one_at_a_time: Mutex::new(()),
            reading: Arc::clone(&reading),
            is_closing: AtomicBool::new(false),
        });
        let upkeep = Arc::new(Upkeep {
            root: root.to_owned(),
            journal: Arc::clone(&journal),
            store: Arc::clone(&store),
            store_options,
            visible: Arc::clone(&visible),
            health: Arc::clone(&health),
            shared: options.shared.clone(),
            room: Arc::clone(&room),
            clock: options.clock.clone(),
            options: options.snapshots,
            requests: Mutex::new(Some(request_sender.clone())),
            closing: Condvar::new(),
            taking: Mutex::new(()),
            reading: Arc::clone(&reading),
            compacting: Mutex::new(()),
        });
        let partition = Self {
            root: root.to_owned(),
            vault,
            cards: Arc::new(RecordCache::new(options.cards)),
            serving: Arc::new(ArcSwap::from_pointee(Serving::of(&mirror))),
            is_outdated,
            contact_count: Arc::new(AtomicU64::new(scanned.live)),
            trash: Arc::new(scanned.trash),
            watches: Arc::default(),
            recent: RecentEntries::default(),
            standing: Arc::default(),
            health,
            room,
            upkeep,
            stop: Arc::new(AtomicBool::new(false)),
            stop_following: Arc::default(),
            threads: Mutex::new(Threads::default()),
            requests: Some(request_sender),
            journal,
            store,
            table,
            applied,
            visible,
            indexed,
            search_caches: Arc::default(),
            builder,
            options,
            _lock: lock,
        };
        if let Some(reason) = refusal {
            partition.health.stop_writes(&reason);
        }
        if is_unverified {
            partition.health.doubt_search("it is looked at after each start".to_owned());
        }
        partition.start(
            (scanned.numbers, scanned.usages),
            generations,
            mirror,
            request_receiver,
            replacement_receiver,
        )?;
        partition.join_others()?;
        Ok(partition)
    }

    fn start(
        &self,
        (numbers, usages): (Numbers, Usages),
        generations: Generations,
        mirror: Mirror,
        requests: Receiver<Request>,
        replacements: Receiver<Replacement>,
    ) -> Result<(), Error> {
        let io = |source| Error::Io { path: self.root.clone(), source };
        let shared = self.options.shared.as_ref();
        let writer = Writer {
            journal: Arc::clone(&self.journal),
            applier: Applier {
                store: Arc::clone(&self.store),
                table: Arc::clone(&self.table),
                cards: Arc::clone(&self.cards),
                applied: Arc::clone(&self.applied),
                contact_count: Arc::clone(&self.contact_count),
                trash: Arc::clone(&self.trash),
                watches: Arc::clone(&self.watches),
                projections: self.options.projections.clone(),
            },
            cluster: shared.map(|log| Cluster::new(Arc::clone(log), Arc::clone(&self.standing))),
            health: Arc::clone(&self.health),
            scorer: self.options.scorer.clone(),
            clock: self.options.clock.clone(),
            numbers,
            usages,
            others: ChangeSeq::ZERO,
            room: Arc::clone(&self.room),
        };
        let follower = Follower {
            journal: Arc::clone(&self.journal),
            applied: Arc::clone(&self.applied),
            visible: Arc::clone(&self.visible),
            indexed: Arc::clone(&self.indexed),
            serving: Arc::clone(&self.serving),
            search_caches: Arc::clone(&self.search_caches),
            stop: Arc::clone(&self.stop),
            health: Arc::clone(&self.health),
            root: self.index_root(),
            generations,
            committed_at: Instant::now(),
        };
        let keeper = Checkpointer {
            journal: Arc::clone(&self.journal),
            store: Arc::clone(&self.store),
            applied: Arc::clone(&self.applied),
            visible: Arc::clone(&self.visible),
            health: Arc::clone(&self.health),
            stop: Arc::clone(&self.stop),
            every: self.options.checkpoint_every,
            room: Arc::clone(&self.room),
        };
        let spawn = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let mut threads = self.threads.lock();
        threads.writer = Some(
            spawn("writer")
                .spawn(move || abort_on_panic("the writer", || writer.run(&requests)))
                .map_err(io)?,
        );
        if let (Some(log), Some(requests)) = (shared, &self.requests) {
            let others = OthersFollower {
                log: Arc::clone(log),
                standing: Arc::clone(&self.standing),
                requests: requests.clone(),
                stop: Arc::clone(&self.stop_following),
            };
            threads.others = Some(spawn("others").spawn(move || others.run()).map_err(io)?);
        }
        threads.follower =
            Some(spawn("follower").spawn(move || follower.run(mirror, &replacements)).map_err(io)?);
        let mender = Mender {
            builder: Arc::clone(&self.builder),
            health: Arc::clone(&self.health),
            serving: Arc::clone(&self.serving),
            index_root: self.index_root(),
            sealer: self.builder.sealer.clone(),
        };
        threads.mender = Some(spawn("mender").spawn(move || mender.run()).map_err(io)?);
        let upkeep = Arc::clone(&self.upkeep);
        threads.upkeep = Some(spawn("upkeep").spawn(move || upkeep.run()).map_err(io)?);
        threads.keeper = Some(
            spawn("keeper")
                .spawn(move || abort_on_panic("the keeper", || keeper.run()))
                .map_err(io)?,
        );
        Ok(())
    }

    /// Runs a closure as one atomic write; answers when it is durable and readable.
    ///
    /// The closure sees every write before it and may run more than once; it must have no side
    /// effects. With `reads_lookup` the lookup table, too, has every write before it.
    ///
    /// # Errors
    /// What the closure said, or that the engine is shutting down.
    pub fn write<T, E>(
        &self,
        org: OrgNumber,
        origin: impl Into<Origin>,
        reads_lookup: bool,
        run: impl FnMut(&mut Tx<'_>) -> Result<T, Rejected<E>> + Send + 'static,
    ) -> Result<Written<T>, Rejected<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.begin_write(org, origin, reads_lookup, run)?.wait()
    }

    /// As [`Partition::write`], without waiting: the caller goes on and asks for the answer later.
    pub fn begin_write<T, E>(
        &self,
        org: OrgNumber,
        origin: impl Into<Origin>,
        reads_lookup: bool,
        run: impl FnMut(&mut Tx<'_>) -> Result<T, Rejected<E>> + Send + 'static,
    ) -> Result<PendingWrite<T, E>, Rejected<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        Ok(PendingWrite(self.submit(org, origin, reads_lookup, run)?))
    }

    pub(super) fn submit<T, E>(
        &self,
        org: OrgNumber,
        origin: impl Into<Origin>,
        reads_lookup: bool,
        run: impl FnMut(&mut Tx<'_>) -> Result<T, Rejected<E>> + Send + 'static,
    ) -> Result<Reply<T, E>, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let (job, answer) = job(run);
        let needs = if reads_lookup { Needs::Lookup } else { Needs::Nothing };
        let request = Request { job, org, origin: origin.into(), needs };
        let sender = self.requests.as_ref().ok_or(Error::Closed)?;
        sender.send(request).map_err(|_closed| Error::Closed)?;
        Ok(answer)
    }

    /// Reads a contact by its id, deleted ones included.
    pub fn contact(&self, org: OrgNumber, id: ContactId) -> Result<Option<Arc<Contact>>, Error> {
        match self.store.get(&keys::contact(org, id))? {
            Some(bytes) => Ok(Some(Arc::new(codec::decode(&bytes)?))),
            None => Ok(None),
        }
    }

    /// Reads a record that is nobody's: takes as long as reading a usual contact.
    pub fn decoy(&self) -> Option<Contact> {
        static BYTES: OnceLock<Option<Vec<u8>>> = OnceLock::new();
        let encode = || codec::encode(&Contact::decoy()).ok();
        BYTES.get_or_init(encode).as_deref().and_then(|bytes| codec::decode(bytes).ok())
    }

    /// Reads a live contact of an organisation by its number, from the cache of hot records if
    /// it is there.
    pub fn contact_by_number(
        &self,
        org: OrgNumber,
        number: ContactNumber,
    ) -> Result<Option<Arc<Contact>>, Error> {
        self.contact_of_number(org, number, Some(RecordCache::put))
    }

    /// As [`Partition::contact_by_number`], without keeping the record: rows of an import would push
    /// out those that are asked for again.
    pub fn peek_contact(
        &self,
        org: OrgNumber,
        number: ContactNumber,
    ) -> Result<Option<Arc<Contact>>, Error> {
        self.contact_of_number(org, number, None)
    }

    /// Reads a live contact from the cache or the store, and keeps it as it is told to.
    pub(super) fn contact_of_number(
        &self,
        org: OrgNumber,
        number: ContactNumber,
        keep: Option<Keep>,
    ) -> Result<Option<Arc<Contact>>, Error> {
        let Some((owner, id)) = self.table.directory().get(number) else { return Ok(None) };
        if owner != org {
            return Ok(None);
        }
        if let Some(contact) = self.cards.get(number) {
            return Ok(Some(contact));
        }
        let ticket = self.cards.ticket(number);
        let found = self.contact(org, id)?.filter(|contact| !contact.is_deleted());
        if let (Some(contact), Some(keep)) = (&found, keep) {
            keep(&self.cards, number, ticket, Arc::clone(contact));
        }
        Ok(found)
    }

    /// Reads a contact of the trash of an organisation by its number.
    pub(super) fn trashed(
        &self,
        org: OrgNumber,
        number: ContactNumber,
    ) -> Result<Option<Arc<Contact>>, Error> {
        let Some((owner, id)) = self.trash.get(number) else { return Ok(None) };
        if owner != org {
            return Ok(None);
        }
        let found = self.contact(org, id)?;
        Ok(found.filter(|contact| Space::of(org, contact) == Some(Space::trash(org))))
    }

    /// How many contacts are in the trash of any organisation.
    pub(super) fn trash_count(&self) -> u64 {
        self.trash.len()
    }

    /// Reads a value that is no contact.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        Ok(self.store.get(key)?)
    }

    /// Goes over all values of a key space that is no contact's.
    pub fn scan(&self, prefix: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, Value), Error>> {
        self.stored().scan(prefix)
    }

    /// The values that are stored, as projections read them.
    pub fn stored(&self) -> Stored<'_> {
        Stored(&self.store)
    }

    /// Goes over all live contacts of an organisation in order of creation, in batches decoded
    /// in parallel; memory is that of one batch, which is bounded by number and size. It costs a
    /// read of everything, so it must say who waits for it: where nobody does any more, it ends.
    ///
    /// # Errors
    /// If something cannot be read, or it was cancelled.
    pub fn for_each_contact(
        &self,
        org: OrgNumber,
        cancel: &Cancel,
        mut each: impl FnMut(Vec<Contact>) -> bool,
    ) -> Result<(), Error> {
        recovery::for_each_contact(&self.store, &keys::contacts_of(org), |batch| {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let live = batch.into_iter().map(|(_, c, _)| c).filter(|c| !c.is_deleted());
            Ok(each(live.collect()))
        })
    }

    /// As [`Partition::for_each_contact`] with contacts that are deleted and can be restored, for
    /// jobs in the background, which end with the server.
    pub fn for_each_record(
        &self,
        org: OrgNumber,
        mut each: impl FnMut(Vec<Contact>) -> bool,
    ) -> Result<(), Error> {
        recovery::for_each_contact(&self.store, &keys::contacts_of(org), |batch| {
            Ok(each(batch.into_iter().map(|(_, contact, _)| contact).collect()))
        })
    }

    /// The lookup table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Which contacts of an organisation are changed from now on.
    pub fn watch(&self, org: OrgNumber) -> Arc<ChangedContacts> {
        self.watches.of(org)
    }

    pub(super) fn applied(&self) -> &Progress {
        &self.applied
    }

    /// The log of the cluster, if there is one, and how this machine stands in it.
    pub(super) fn shared(&self) -> Option<(&Arc<dyn SharedLog>, &Standing)> {
        self.options.shared.as_ref().map(|log| (log, self.standing.as_ref()))
    }

    pub(super) fn node_name(&self) -> Option<&Arc<str>> {
        self.options.node.as_ref()
    }

    pub(super) fn requests(&self) -> Option<&Sender<Request>> {
        self.requests.as_ref()
    }

    pub(super) fn recent(&self) -> &RecentEntries {
        &self.recent
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    /// The last change that is durable and readable.
    pub fn applied_seq(&self) -> ChangeSeq {
        self.applied.get()
    }

    /// The last change that searches see.
    pub fn visible_seq(&self) -> ChangeSeq {
        self.visible.get()
    }

    /// Waits until searches see a change, at most for a time; whether they do.
    pub fn wait_visible(&self, seq: ChangeSeq, at_most: Duration) -> bool {
        if self.health.is_search_down() {
            return false;
        }
        self.hurry_index(seq) || self.visible.wait_for(seq, at_most)
    }

    /// Whether searches see a change that has been applied; has the index hurry if they do not.
    pub fn hurry_index(&self, seq: ChangeSeq) -> bool {
        let is_behind = self.visible.want(seq);
        if is_behind {
            // The follower lets some time pass between commits unless somebody waits.
            self.applied.wake();
        }
        !is_behind
    }

    /// Holds a bulk writer back until the index is at most `entries` writes behind one of its
    /// own, so that what others write is not indexed only after a long queue.
    pub fn pace(&self, seq: ChangeSeq, entries: u64) {
        if self.health.is_search_down() {
            return;
        }
        let behind = ChangeSeq(seq.0.saturating_sub(entries));
        self.indexed.wait_for(behind, Duration::from_secs(10));
    }

    /// How many contacts there are that are not deleted.
    pub fn contact_count(&self) -> u64 {
        self.contact_count.load(Ordering::Relaxed)
    }

    /// What is wrong with it, if anything.
    pub fn condition(&self) -> Condition {
        self.health.condition()
    }

    /// Takes a snapshot into the journal and lets go of what is behind it and older than what is to
    /// be kept; `None` if nothing was written since the last one. Writes go on meanwhile.
    ///
    /// Cost: reads the store, and writes and reads as much as it holds.
    ///
    /// # Errors
    /// If it was cancelled, or something cannot be read or written; then everything is as before.
    pub fn take_snapshot(&self, cancel: &Cancel) -> Result<Option<SnapshotTaken>, Error> {
        self.upkeep.take_snapshot(cancel, false)
    }

    /// Rewrites the store without what the database has left behind of changed values, and puts
    /// that in its place while reads and writes go on.
    ///
    /// Cost: reads and writes everything; both copies need room meanwhile.
    ///
    /// # Errors
    /// If it was cancelled, or something cannot be read or written; then everything is as before.
    pub fn compact_store(&self, cancel: &Cancel) -> Result<Compacted, Error> {
        self.upkeep.compact(cancel, false)
    }

    pub(super) fn upkeep(&self) -> &Upkeep {
        &self.upkeep
    }

    /// The data directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What seals files of the data directory, if it is encrypted.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn journal(&self) -> &FileJournal {
        &self.journal
    }

    pub(super) fn index_root(&self) -> PathBuf {
        self.root.join("index")
    }

    pub(super) fn searcher(&self) -> Searcher {
        self.serving.load().reader.searcher()
    }

    /// Forgets what is only kept to be faster, to give memory back. What is asked next is slower.
    pub fn let_go_of_caches(&self) {
        self.cards.clear();
        self.search_caches.let_go();
    }

    pub(super) fn search_caches(&self) -> &search::Caches {
        &self.search_caches
    }

    pub(super) fn health(&self) -> &Health {
        &self.health
    }

    pub(super) fn serving(&self) -> &ArcSwap<Serving> {
        &self.serving
    }

    /// Whether the index was built with another schema than that of now; [`Partition::reindex`]
    /// mends that.
    pub fn is_index_outdated(&self) -> bool {
        self.is_outdated
    }

    /// Gives up an index that is being built.
    pub fn cancel_reindex(&self) {
        self.builder.is_closing.store(true, Ordering::Release);
    }

    pub(super) fn builder(&self) -> &Builder {
        &self.builder
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        // Without a sender the writer finishes what it has and ends.
        self.requests = None;
        self.upkeep.close();
        self.stop_following.store(true, Ordering::Release);
        let mut threads = self.threads.lock();
        if let Some(others) = threads.others.take() {
            let _ = others.join();
        }
        if let Some(upkeep) = threads.upkeep.take() {
            let _ = upkeep.join();
        }
        if let Some(writer) = threads.writer.take() {
            let _ = writer.join();
        }
        // Before the follower, which takes over what it builds.
        self.cancel_reindex();
        self.health.close();
        if let Some(mender) = threads.mender.take() {
            let _ = mender.join();
        }
        self.stop.store(true, Ordering::Release);
        self.applied.wake();
        self.visible.wake();
        if let Some(keeper) = threads.keeper.take() {
            let _ = keeper.join();
        }
        if let Some(follower) = threads.follower.take()
            && let Ok(Some(mirror)) = follower.join()
            && !self.health.is_search_down()
        {
            let closed = mirror.close(CLOSING);
            let generations = Generations::new(&self.root.join("index"));
            if let (Ok(()), Ok(generations)) = (closed, generations)
                && let Some(current) = generations.current()
                && let Err(error) = generations.mark_synced(&current.path)
            {
                tracing::warn!("the index could not be synced: {error}");
            }
        }
        if let Err(error) = self.store.checkpoint() {
            tracing::warn!("the store could not be synced: {error}");
        }
    }
}
