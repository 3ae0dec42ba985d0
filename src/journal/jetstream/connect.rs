//! Connecting to the servers, and making or finding the stream.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectOptions};
use futures_util::StreamExt;
use uuid::Uuid;

use super::{ANSWER, JetStreamLog, MESSAGE_MARGIN, Shared, lease};
use crate::domain::ids::ChangeSeq;
use crate::journal::shared::SharedError;
use crate::journal::{Chain, end_of};
use crate::vault::Sealer;

/// What servers must take in one message.
const NEEDED_PAYLOAD: usize = 8_000_000;
/// How long it is tried to reach the servers at the start.
const FIRST_CONTACT: Duration = Duration::from_secs(20);
/// By then a machine that has been one of the cluster says that it waits for them.
const SOON: Duration = Duration::from_secs(5);
/// A message that comes again within this time is known by its name.
const DUPLICATES: Duration = Duration::from_secs(120);
/// Where the stream says which history it holds.
const INCARNATION: &str = "ringdex.incarnation";
/// Where it says which entry it begins behind, as `NUMBER:HASH`.
const BASE: &str = "ringdex.base";
/// Where it says which format its messages have.
const FORMAT: &str = "ringdex.format";
/// The format that this version writes.
const KNOWN_FORMAT: &str = "1";

/// How a machine takes part in a cluster.
#[derive(Clone, Debug)]
pub struct JetStreamOptions {
    /// The addresses of the servers, as `nats://host:4222`.
    pub servers: Vec<String>,
    /// What the cluster is called: letters, digits, `-` and `_`.
    pub cluster: String,
    /// What this machine is called, the same after each start.
    pub node: String,
    /// Where others reach it, for the list of machines.
    pub address: String,
    /// On how many servers each message is kept.
    pub replicas: usize,
    /// A file with the credentials of a NATS account.
    pub credentials: Option<PathBuf>,
    /// The folder of the journal of this machine, if it has one: a cluster that is begun takes its
    /// history over.
    pub journal: PathBuf,
    /// Whether this machine has been one of a cluster already: then that is never begun anew.
    pub is_member: bool,
    /// What seals messages, if the directory is encrypted.
    pub sealer: Option<Sealer>,
}

impl JetStreamOptions {
    pub(super) fn stream_name(&self) -> String {
        format!("RINGDEX_{}", self.cluster)
    }

    pub(super) fn subject(&self, what: &str) -> String {
        format!("ringdex.{}.{what}", self.cluster)
    }

    pub(super) fn bucket_name(&self) -> String {
        format!("ringdex_{}", self.cluster)
    }
}

fn unreachable(error: impl std::fmt::Display) -> SharedError {
    SharedError::Unreachable(error.to_string())
}

impl JetStreamLog {
    /// Connects to the servers of a cluster, and makes its stream if there is none.
    ///
    /// # Errors
    /// If the servers cannot be reached within 20 s, or 5 by a machine that has been one of the
    /// cluster and may try again, or the stream is not one for this.
    pub fn connect(options: JetStreamOptions) -> Result<Self, SharedError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("cluster")
            .enable_all()
            .build()
            .map_err(unreachable)?;
        let shared = Arc::<Shared>::default();
        let (reply, answer) = crossbeam_channel::bounded(1);
        let (own, heard) = (options.clone(), Arc::clone(&shared));
        runtime.spawn(async move {
            let _ = reply.send(begin(&own, heard).await);
        });
        let joined = answer.recv_timeout(FIRST_CONTACT * 2).map_err(unreachable)?;
        let Joined { client, context, stream, history: (incarnation, base) } = joined?;
        let most = client.server_info().max_payload;
        if most < NEEDED_PAYLOAD {
            return Err(SharedError::Unfit(format!(
                "its servers take messages of {most} bytes, and {NEEDED_PAYLOAD} are needed: set \
                 `max_payload: 8MB` in the configuration of each"
            )));
        }
        let sealer = options.sealer.clone();
        Ok(Self {
            runtime: Some(runtime),
            client,
            context,
            stream,
            incarnation,
            base,
            most_bytes: NEEDED_PAYLOAD - MESSAGE_MARGIN,
            sealer,
            options,
            shared,
        })
    }
}

struct Joined {
    client: Client,
    context: Context,
    stream: Stream<()>,
    history: (Uuid, Base),
}

/// An entry, and the hash over it and everything before it.
type Base = (ChangeSeq, Chain);

async fn begin(options: &JetStreamOptions, shared: Arc<Shared>) -> Result<Joined, SharedError> {
    let begun = Instant::now();
    let patience = if options.is_member { SOON } else { FIRST_CONTACT };
    let (client, context, (stream, history)) = loop {
        let tried = async {
            let client = connect(options).await?;
            let mut context = jetstream::new(client.clone());
            context.set_timeout(ANSWER);
            let stream = find_or_make(&context, options).await?;
            Ok((client, context, stream))
        };
        match tried.await {
            // Servers that have just been started choose a leader first.
            Err(SharedError::Unreachable(_)) if begun.elapsed() < patience => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            tried => break tried?,
        }
    };
    let mut announced = client.subscribe(options.subject("at")).await.map_err(unreachable)?;
    let listening = Arc::clone(&shared);
    tokio::spawn(async move {
        while let Some(message) = announced.next().await {
            let place = std::str::from_utf8(&message.payload).ok();
            if let Some(place) = place.and_then(|place| place.parse().ok()) {
                listening.hear(place);
            }
        }
    });
    tokio::spawn(lease::keep(context.clone(), options.clone(), shared));
    Ok(Joined { client, context, stream, history })
}

async fn connect(options: &JetStreamOptions) -> Result<Client, SharedError> {
    let mut connecting = ConnectOptions::new()
        .name(format!("ringdex {}", options.node))
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .ping_interval(Duration::from_secs(2));
    if let Some(file) = &options.credentials {
        connecting = connecting.credentials_file(file).await.map_err(|error| {
            SharedError::Unfit(format!("the credentials in {}: {error}", file.display()))
        })?;
    }
    connecting.connect(&options.servers).await.map_err(unreachable)
}

/// The stream of the cluster with the history that it names.
async fn find_or_make(
    context: &Context,
    options: &JetStreamOptions,
) -> Result<(Stream<()>, (Uuid, Base)), SharedError> {
    let name = options.stream_name();
    if let Err(error) = context.get_stream(&name).await {
        let is_absent = matches!(error.kind(), GetStreamErrorKind::JetStream(told)
            if told.error_code() == ErrorCode::STREAM_NOT_FOUND);
        if !is_absent {
            return Err(unreachable(error));
        }
        if options.is_member {
            return Err(SharedError::Unfit(format!(
                "stream {name} is not there, and this machine has been one of its cluster: bring it \
                 back, or remove the file CLUSTER on the machine that has most and begin a new \
                 cluster from there"
            )));
        }
        let begun = end_of(&options.journal).map_err(unreachable)?;
        let (incarnation, base) =
            begun.unwrap_or_else(|| (Uuid::now_v7(), (ChangeSeq::ZERO, [0; 32])));
        // Whoever else makes it at the same time may be the first; then theirs counts.
        if let Err(error) = context.create_stream(config(options, incarnation, base)).await {
            tracing::debug!("the stream {name} was not made: {error}");
        }
    }
    let stream = context.get_stream(&name).await.map_err(unreachable)?;
    let config = &stream.cached_info().config;
    let told = |key: &str| config.metadata.get(key).map(String::as_str);
    let unfit = |why: String| Err(SharedError::Unfit(format!("stream {name} {why}")));
    match told(FORMAT) {
        Some(KNOWN_FORMAT) => {}
        Some(other) => {
            return unfit(format!(
                "has format {other}, and this version writes {KNOWN_FORMAT}: start the version that \
                 the other machines run"
            ));
        }
        None => return unfit("was not made by Ringdex: name the cluster otherwise".to_owned()),
    }
    if !config.allow_direct
        || config.discard != DiscardPolicy::New
        || config.retention != RetentionPolicy::Limits
        || config.max_age != Duration::ZERO
        || config.storage != StorageType::File
    {
        return unfit(
            "was changed: it must be kept in files, discard what is new when it is full, have no \
             age limit and allow direct gets"
                .to_owned(),
        );
    }
    let Some(incarnation) = told(INCARNATION).and_then(|id| Uuid::parse_str(id).ok()) else {
        return unfit("does not say which history it holds".to_owned());
    };
    let Some(base) = told(BASE).and_then(read_base) else {
        return unfit("does not say which entry it begins behind".to_owned());
    };
    let stream = context.get_stream_no_info(&name).await.map_err(unreachable)?;
    Ok((stream, (incarnation, base)))
}

fn read_base(text: &str) -> Option<Base> {
    let (seq, chain) = text.split_once(':')?;
    let chain = blake3::Hash::from_hex(chain).ok()?;
    Some((ChangeSeq(seq.parse().ok()?), *chain.as_bytes()))
}

fn config(options: &JetStreamOptions, incarnation: Uuid, (seq, chain): Base) -> Config {
    let chain = blake3::Hash::from_bytes(chain).to_hex();
    Config {
        name: options.stream_name(),
        description: Some("Ringdex: what was written, in order".to_owned()),
        subjects: vec![options.subject("log")],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: options.replicas,
        duplicate_window: DUPLICATES,
        deny_delete: true,
        allow_direct: true,
        metadata: HashMap::from([
            (INCARNATION.to_owned(), incarnation.to_string()),
            (BASE.to_owned(), format!("{seq}:{chain}")),
            (FORMAT.to_owned(), KNOWN_FORMAT.to_owned()),
        ]),
        ..Config::default()
    }
}
