//! Several machines as one server: the options of `serve` for them, and `ringdex cluster`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use super::args::Args;
use super::error::Failure;
use super::output;
use super::target::Target;
use crate::engine::{
    JetStreamLog, JetStreamOptions, SharedError, SharedLog, StartProgress, StartWork, is_member,
};
use crate::vault::MasterKey;

/// How a machine takes part in a cluster.
#[derive(ClapArgs)]
pub(super) struct ClusterArgs {
    /// Be one of several machines that are one server: the servers of NATS `JetStream` that keep the
    /// log of the cluster, such as nats://a:4222,nats://b:4222,nats://c:4222.
    #[arg(long, value_name = "URL", value_delimiter = ',', requires = "node")]
    pub(super) cluster: Vec<String>,
    /// What this machine is called in its cluster, the same after each start.
    #[arg(long, value_name = "NAME", requires = "cluster", value_parser = parse_name)]
    pub(super) node: Option<String>,
    /// What the cluster is called, main if not given; several can use the same servers of NATS.
    #[arg(long, value_name = "NAME", requires = "cluster", value_parser = parse_name)]
    pub(super) cluster_name: Option<String>,
    /// A file with the credentials of an account of NATS.
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub(super) cluster_credentials: Option<PathBuf>,
    /// On how many servers of NATS each change is kept before it counts: three, where so many are
    /// named, else one. Only whoever begins the cluster decides.
    #[arg(long, value_name = "N", requires = "cluster", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(super) cluster_replicas: Option<u8>,
    /// Where others reach this machine, as `ringdex cluster status` shows it; where it listens if not
    /// given.
    #[arg(long, value_name = "URL", requires = "cluster")]
    pub(super) node_address: Option<String>,
}

fn parse_name(text: &str) -> Result<String, String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=32).contains(&text.len()) && text.chars().all(is_fine) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 32 letters, digits, - or _".to_owned())
    }
}

impl ClusterArgs {
    /// The log of the cluster, if this machine is to be in one.
    pub(super) fn connect(
        &self,
        data_dir: &Path,
        listen: SocketAddr,
        key: Option<&MasterKey>,
        progress: &StartProgress,
    ) -> Result<Option<Arc<dyn SharedLog>>, Failure> {
        let Some(node) = self.node.clone().filter(|_| !self.cluster.is_empty()) else {
            return Ok(None);
        };
        let replicas = self
            .cluster_replicas
            .map_or_else(|| if self.cluster.len() >= 3 { 3 } else { 1 }, usize::from);
        let options = JetStreamOptions {
            servers: self.cluster.clone(),
            cluster: self.cluster_name.clone().unwrap_or_else(|| "main".to_owned()),
            node,
            address: self.node_address.clone().unwrap_or_else(|| format!("http://{listen}")),
            replicas,
            credentials: self.cluster_credentials.clone(),
            journal: data_dir.join("journal"),
            is_member: is_member(data_dir),
            sealer: key.map(MasterKey::cluster_sealer),
        };
        loop {
            match JetStreamLog::connect(options.clone()) {
                Ok(log) => {
                    progress.end();
                    return Ok(Some(Arc::new(log)));
                }
                // A machine that has been one of the cluster starts when its log does. One that is
                // new may have been told the wrong servers.
                Err(error @ SharedError::Unreachable(_)) if options.is_member => {
                    progress.begin(StartWork::AwaitCluster, 0);
                    tracing::warn!("{error}; it is tried again");
                }
                Err(error) => return Err(Failure::Refused { detail: error.to_string() }),
            }
        }
    }
}

/// `ringdex cluster`.
#[derive(Subcommand)]
pub(super) enum ClusterCommand {
    /// Show the machines, how far each is, and which one leads.
    Status,
}

pub(super) fn run(args: &Args, command: &ClusterCommand) -> Result<(), Failure> {
    let ClusterCommand::Status = command;
    let view: Value = match Target::open_existing_for_operator(args)? {
        Target::Remote(client) => client.get("/api/v1/cluster", &[])?,
        Target::Local { app, caller } => json!(app.cluster(&caller)?),
    };
    if args.json {
        return output::print_json(&view);
    }
    if view["clustered"] != true {
        return output::print("this server is one machine alone");
    }
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    for node in view["nodes"].as_array().into_iter().flatten() {
        let mark = |name: &str, text: &'static str| if node[name] == true { text } else { "" };
        output::print(&format!(
            "{}  {}  change {}, {} behind{}{}",
            text(&node["name"]),
            text(&node["address"]),
            node["applied"],
            node["behind"],
            mark("is_leading", ", leads"),
            mark("is_this", ", answers this"),
        ))?;
    }
    if let Some(trouble) = view["trouble"].as_str() {
        output::print(&format!("trouble: {trouble}"))?;
    }
    Ok(())
}
