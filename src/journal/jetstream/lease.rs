//! Which machine does what only one of them does, and which machines there are.
//!
//! A key with a time to live in a bucket of `JetStream` names the machine. Two machines that both
//! think it is theirs do some work twice and lose no write: writes do not depend on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, Store};
use futures_util::StreamExt;

use super::Shared;
use super::connect::JetStreamOptions;
use crate::domain::ids::ChangeSeq;
use crate::journal::shared::{SharedError, SharedNode};

/// A key is gone so long after it was written last.
const LIFE: Duration = Duration::from_secs(10);
/// How often it is written.
const EVERY: Duration = Duration::from_secs(2);
/// Whoever could not write it for so long has lost it.
const TRUSTED: Duration = Duration::from_secs(6);
/// The key of the machine that does what only one does.
const LEADER: &str = "leader";
/// What keys of machines begin with.
const NODE: &str = "node.";

/// What this machine knows of the lease.
#[derive(Debug, Default)]
pub(super) struct Lease {
    held_since: Option<Instant>,
    holder: Option<String>,
}

impl Lease {
    pub(super) fn is_held(&self) -> bool {
        self.held_since.is_some_and(|since| since.elapsed() < TRUSTED)
    }

    pub(super) fn holder(&self) -> Option<String> {
        self.holder.clone()
    }
}

/// Keeps up the lease and the key of this machine.
pub(super) async fn keep(context: Context, options: JetStreamOptions, shared: Arc<Shared>) {
    let mut revision = None;
    loop {
        if let Some(bucket) = bucket(&context, &options).await {
            revision = renew(&bucket, &options, &shared, revision).await;
            let own = shared.seen.lock().own;
            let told = serde_json::json!({
                "address": options.address, "place": own.place.0, "seq": own.last.0,
            });
            let key = format!("{NODE}{}", options.node);
            let _ = bucket.put(key, told.to_string().into()).await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn bucket(context: &Context, options: &JetStreamOptions) -> Option<Store> {
    let name = options.bucket_name();
    if let Ok(bucket) = context.get_key_value(&name).await {
        return Some(bucket);
    }
    let config = Config {
        bucket: name,
        description: "Ringdex: which machines there are".to_owned(),
        history: 1,
        max_age: LIFE,
        num_replicas: options.replicas,
        ..Config::default()
    };
    context.create_key_value(config).await.ok()
}

/// Writes the lease if it is ours or nobody's; answers its revision while it is ours.
async fn renew(
    bucket: &Store,
    options: &JetStreamOptions,
    shared: &Shared,
    revision: Option<u64>,
) -> Option<u64> {
    let begun = Instant::now();
    let value = || options.node.clone().into_bytes().into();
    let written = match revision {
        Some(revision) => bucket.update(LEADER, value(), revision).await.ok(),
        None => bucket.create(LEADER, value()).await.ok(),
    };
    if written.is_some() {
        *shared.lease.lock() =
            Lease { held_since: Some(begun), holder: Some(options.node.clone()) };
        return written;
    }
    let entry = bucket.entry(LEADER).await.ok().flatten();
    let holder = entry.as_ref().and_then(|entry| String::from_utf8(entry.value.to_vec()).ok());
    // It was ours before a restart.
    let own = entry.filter(|_| holder.as_deref() == Some(options.node.as_str()));
    let mut lease = shared.lease.lock();
    lease.held_since = None;
    lease.holder = holder;
    own.map(|entry| entry.revision)
}

/// Lets another machine have the lease at once.
pub(super) async fn give_back(context: Context, bucket: String) {
    if let Ok(bucket) = context.get_key_value(bucket).await {
        let _ = bucket.delete(LEADER).await;
    }
}

/// The machines that have told of themselves lately, by name.
pub(super) async fn nodes(
    context: Context,
    bucket: String,
) -> Result<Vec<SharedNode>, SharedError> {
    let unreachable = |error: &dyn std::fmt::Display| SharedError::Unreachable(error.to_string());
    let bucket = context.get_key_value(bucket).await.map_err(|e| unreachable(&e))?;
    let mut keys = bucket.keys().await.map_err(|e| unreachable(&e))?;
    let mut nodes = Vec::new();
    while let Some(key) = keys.next().await {
        let key = key.map_err(|e| unreachable(&e))?;
        let Some(name) = key.strip_prefix(NODE) else { continue };
        let Ok(Some(value)) = bucket.get(&key).await else { continue };
        let told: serde_json::Value = serde_json::from_slice(&value).unwrap_or_default();
        nodes.push(SharedNode {
            name: name.to_owned(),
            address: told["address"].as_str().unwrap_or_default().to_owned(),
            last: ChangeSeq(told["seq"].as_u64().unwrap_or(0)),
        });
    }
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(nodes)
}
