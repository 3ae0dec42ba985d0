//! The arguments of every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::auto_merge::AutoMerge;
use super::backup::{Backup, BackupSchedule, Restore};
use super::cluster::{ClusterArgs, ClusterCommand};
use super::company::Company;
use super::config::Config;
use super::contact::ContactCommand;
use super::custom_field::CustomField;
use super::duplicates::Duplicates;
use super::edge::{Devices, Edge};
use super::edge_box::EdgeBox;
use super::erasure::Erasure;
use super::imports::Imports;
use super::jobs::{ImportQuestions, ImportUndo, Job};
use super::list::ListCommand;
use super::merge::{Merge, Merges, UndoMerge};
use super::oidc::Oidc;
use super::record::RecordCommand;
use super::tag::Tag;
use super::upkeep::{LeadScore, Retention};
use crate::memory;

/// Who is calling, and find anyone as you type: a contact service with its own search engine.
#[derive(Parser)]
#[command(name = "ringdex", version, about, max_term_width = 100)]
pub(super) struct Args {
    /// The data directory; the command works on it directly.
    #[arg(
        long,
        global = true,
        env = "RINGDEX_DATA_DIR",
        default_value = "./ringdex-data",
        value_name = "DIR"
    )]
    pub(super) data_dir: PathBuf,
    /// Work through a running server instead.
    #[arg(long, global = true, env = "RINGDEX_SERVER", value_name = "URL")]
    pub(super) server: Option<String>,
    /// The token for the server.
    #[arg(long, global = true, env = "RINGDEX_TOKEN", hide_env_values = true, requires = "server")]
    pub(super) token: Option<String>,
    /// Certificates, as PEM, of the authorities that the server's may come from, instead of the
    /// public ones.
    #[arg(long, global = true, env = "RINGDEX_CA_FILE", requires = "server", value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// The organisation to work for in a data directory, by name or id.
    #[arg(
        long,
        global = true,
        env = "RINGDEX_ORGANIZATION",
        default_value = "default",
        value_name = "NAME"
    )]
    pub(super) organization: String,
    /// The file with the key of an encrypted data directory; a new directory is encrypted with it.
    ///
    /// One line, 32 bytes as hexadecimal digits or base64. `RINGDEX_ENCRYPTION_KEY` takes the key
    /// itself.
    #[arg(long, global = true, env = "RINGDEX_ENCRYPTION_KEY_FILE", value_name = "FILE")]
    pub(super) encryption_key_file: Option<PathBuf>,
    /// Machine-readable answers on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serve the API and the agents' console.
    Serve(Box<Serve>),
    /// Check the options of `serve`, or print a file with all of them.
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Show how the machines of a cluster stand.
    Cluster {
        #[command(subcommand)]
        command: ClusterCommand,
    },
    /// Answer /cid beside a telephone system from a signed file, also when the server is gone.
    Edge(EdgeBox),
    /// Import contacts from a list (.csv, .tsv, .txt, .xlsx, .ods, .vcf, .jsonl, also packed with gzip; - is standard input).
    Import(Import),
    /// Export what a query selects.
    Export(Export),
    /// Find contacts by name, number, company, e-mail, tag.
    Search(Search),
    /// Complete what somebody begins to type to names, companies, tags, cities or sources.
    Suggest(Suggest),
    /// Who has this number?
    Lookup(Lookup),
    /// Show, create, edit, delete and restore contacts.
    Contact {
        #[command(subcommand)]
        command: ContactCommand,
    },
    /// Work with activities: what has happened with contacts.
    Activity {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Who called, was not answered, and was not spoken to since?
    Callbacks {
        /// How many hours are looked back.
        #[arg(long, default_value_t = 24)]
        hours: u64,
    },
    /// Work with calls: what the telephone system tells of them.
    Call {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with companies.
    Company {
        #[command(subcommand)]
        command: Company,
    },
    /// Work with conversations on channels.
    Conversation {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with messages of conversations.
    Message {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with deals.
    Deal {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with notes about contacts.
    Note {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Show the rows that an import asks about (`--on-duplicate ask`), or answer them.
    ImportQuestions(ImportQuestions),
    /// Take back what an import did; what was changed since is kept and named.
    ImportUndo(ImportUndo),
    /// List imports with who, when, from what and with which outcome, or show one; fetch the rows that
    /// it did not take.
    Imports(Imports),
    /// Show, stop and take back work in the background.
    Job {
        #[command(subcommand)]
        command: Job,
    },
    /// Work with templates of imports: options that are kept under a name.
    ImportTemplate {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with webhooks: where what happens is sent.
    Webhook {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Work with tasks: what is to be done, by whom and until when.
    Task {
        #[command(subcommand)]
        command: RecordCommand,
    },
    /// Find contacts that are the same person, in the base or in a list that is not imported, and
    /// say why.
    Duplicates(Duplicates),
    /// Merge contacts that are one person into one of them; prints the id of the merge.
    Merge(Merge),
    /// Merge without asking what the settings want merged so, list such runs, or undo one.
    AutoMerge(AutoMerge),
    /// List merges, newest first.
    Merges(Merges),
    /// Undo a merge: the originals come back, what was added since stays.
    UndoMerge(UndoMerge),
    /// Make synthetic contacts of many countries, with known duplicates.
    Generate(Generate),
    /// Verify journal, store, lookup and index against each other.
    Check(Check),
    /// Rebuild the search index from the store.
    Reindex,
    /// Make the files smaller: take a snapshot into the journal, let go of what is older, and rewrite
    /// the store.
    Compact,
    /// Write the files that say how searches are made, to be changed in the data directory.
    IndexSchema(IndexSchema),
    /// Copy everything that is acknowledged, of a data directory or of a running server, and verify
    /// the copy.
    Backup(Backup),
    /// Make a new data directory (--data-dir) of a backup, as of its end or an earlier moment.
    Restore(Restore),
    /// Encrypt a data directory, give it another key, or decrypt it; its server must be stopped.
    Rekey(Rekey),
    /// Make a key file for encryption.
    Keygen(Keygen),
    /// Work with organisations.
    Organization {
        #[command(subcommand)]
        command: Organization,
    },
    /// Work with the users of the organisation.
    User {
        #[command(subcommand)]
        command: Record,
    },
    /// Work with its departments.
    Department {
        #[command(subcommand)]
        command: Record,
    },
    /// Work with its queues and their members.
    Queue {
        #[command(subcommand)]
        command: Record,
    },
    /// Work with saved searches, your own and shared ones.
    SavedSearch {
        #[command(subcommand)]
        command: SavedSearch,
    },
    /// Work with the definitions of its custom fields.
    CustomField {
        #[command(subcommand)]
        command: CustomField,
    },
    /// Work with lists of contacts, and with who is on them.
    List {
        #[command(subcommand)]
        command: ListCommand,
    },
    /// List, rename, join, colour and remove tags.
    Tag {
        #[command(subcommand)]
        command: Tag,
    },
    /// Erase people on their request: ask for it, decide, show the certificate.
    Erasure {
        #[command(subcommand)]
        command: Erasure,
    },
    /// Archive and delete contacts with which nothing happens any more.
    Retention {
        #[command(subcommand)]
        command: Retention,
    },
    /// Score contacts by the rules of the organisation.
    LeadScore {
        #[command(subcommand)]
        command: LeadScore,
    },
    /// Show who did what, newest first; with --json one line of JSON each.
    Audit(Audit),
    /// Show what you may do and see, with the table of the organisation.
    Permissions,
    /// Print what completes commands and options in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of all commands.
    Man {
        /// The folder to write them to; it is made if it does not exist.
        dir: PathBuf,
    },
    /// Work with tokens.
    Token {
        #[command(subcommand)]
        command: Token,
    },
}

#[derive(ClapArgs)]
pub(super) struct Serve {
    /// Read options from this file: TOML, with the names of these options as keys.
    ///
    /// The command line counts before the file, the file before the environment.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:7464", value_name = "ADDR")]
    pub(super) listen: SocketAddr,
    #[command(flatten)]
    pub(super) devices: Devices,
    /// Serve N generated contacts from a throw-away directory, without log-in from this machine.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10000")]
    pub(super) demo: Option<u64>,
    /// A token that is valid for the first organisation, instead of a random one.
    #[arg(long, env = "RINGDEX_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(super) admin_token: Option<String>,
    #[command(flatten)]
    pub(super) edge: Edge,
    #[command(flatten)]
    pub(super) oidc: Oidc,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) backups: BackupSchedule,
    /// Where Google Sheets are fetched from, if not from Google: a mirror, or a test.
    #[arg(long, value_name = "URL", env = "RINGDEX_SHEETS_BASE")]
    pub(super) sheets_base: Option<String>,
    /// Worker threads; one a core if not given.
    #[arg(long, value_name = "N")]
    pub(super) workers: Option<usize>,
    /// How much memory the server may use, such as `2G` or `768M` [default: three quarters of what the
    /// machine or its control group has]. Caches have their share of it, and are let go of when it runs
    /// short; beyond it searches and exports are refused for a moment, lookups and writes never.
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    pub(super) memory: Option<u64>,
    /// Memory for pages of the store, in MiB, instead of its share.
    #[arg(long, value_name = "MIB")]
    pub(super) store_cache_mib: Option<u64>,
    /// Largest file that may be uploaded for an import, in MiB.
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    pub(super) max_upload_mib: u64,
    /// How many days of changes before the newest snapshot are kept in the journal: states that a
    /// restore can go back to, and changes that followers can catch up with.
    #[arg(long, default_value_t = 7, value_name = "DAYS")]
    pub(super) journal_days: u32,
    /// But no more than so many MiB of them.
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    pub(super) journal_mib: u64,
    /// What the log looks like: lines to read, or one object of JSON a line.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
    /// What is logged: a level, or levels by part, such as `info,ringdex=debug` [default: info, of
    /// parts that say much only warnings].
    #[arg(long, value_name = "FILTER", value_parser = parse_log_filter)]
    pub(super) log: Option<String>,
}

/// What the log looks like.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    Text,
    /// Objects for programs.
    Json,
}

fn parse_log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}: use for example info, or warn,ringdex=debug")),
    }
}

#[derive(ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "independent options")]
pub(super) struct Import {
    /// The file; - is standard input. With --server also the address of a Google Sheet that anyone
    /// with the link may view.
    pub(super) file: PathBuf,
    /// Options that were kept as a template, by its id; what is said beside it counts.
    #[arg(long, value_name = "ID")]
    pub(super) template: Option<uuid::Uuid>,
    /// Keep these options, with the columns of the list, as a template of this name.
    #[arg(long, value_name = "NAME")]
    pub(super) save_template: Option<String>,
    /// Where a column goes, for example "`Kunde=last_name`", "Branche=cf.industry" or "#3=phone" for
    /// the third one; repeatable.
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(super) map: Vec<String>,
    /// What happens to a row whose contact exists; what the organisation has set if not given, update
    /// as shipped.
    #[arg(long, value_parser = ["update", "skip", "create", "ask"])]
    pub(super) on_duplicate: Option<String>,
    /// What tells that a row's contact exists; what the organisation has set if not given, all of
    /// them as shipped.
    #[arg(long, value_delimiter = ',', value_parser = ["phone", "mobile", "email", "external_crm_id"])]
    pub(super) match_keys: Vec<String>,
    /// A shared number or address is enough; otherwise the names must agree as well.
    #[arg(long)]
    pub(super) ignore_names: bool,
    /// Fields that people have changed since this time, such as 2026-01-31T12:00:00Z, stay as they
    /// are.
    #[arg(long, value_name = "TIME")]
    pub(super) keep_edited_since: Option<crate::domain::time::Timestamp>,
    /// What becomes of the companies that rows name: they are names only, contacts belong to the one
    /// that is called so (if not given), or companies that there are not are made.
    #[arg(long, value_parser = ["none", "link", "create"])]
    pub(super) companies: Option<String>,
    /// Country of national numbers in rows that name none, for example US.
    #[arg(long, value_name = "CC")]
    pub(super) default_country: Option<String>,
    /// What separates the cells: comma, semicolon, tab, pipe, or the character itself; found out if
    /// not given.
    #[arg(long, value_name = "CHAR")]
    pub(super) delimiter: Option<String>,
    /// The encoding of the file, for example utf-8, windows-1252 or utf-16le; found out if not given.
    #[arg(long, value_name = "NAME")]
    pub(super) encoding: Option<String>,
    /// A value for rows that say nothing of a field, for example source=Fair; repeatable.
    #[arg(long = "default", value_name = "FIELD=VALUE")]
    pub(super) defaults: Vec<String>,
    /// The sheet of a workbook, by name or as #2; the first that is shown if not given.
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// What separates tags in a cell; commas, semicolons and pipes if not given.
    #[arg(long, value_name = "CHAR")]
    pub(super) tag_separator: Option<char>,
    /// The first row is a contact as well; columns are called #1, #2 and so on in --map.
    #[arg(long)]
    pub(super) no_header: bool,
    /// Read and report everything, write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Import all rows or none: an error in any row writes nothing.
    #[arg(long)]
    pub(super) strict: bool,
    /// Where rows go that do not fit, with row, column, value, reason and what to do; - is standard
    /// output. Removed if all rows fit.
    #[arg(long, value_name = "FILE")]
    pub(super) errors: Option<PathBuf>,
    /// A tag for every imported contact; repeatable.
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<String>,
    /// A list that every contact joins, by id or name.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["new_list", "lists_per_row"])]
    pub(super) list: Option<String>,
    /// A list of this name that is made, and that every contact joins.
    #[arg(long, value_name = "NAME", conflicts_with = "lists_per_row")]
    pub(super) new_list: Option<String>,
    /// Put each contact on the list that the column _list names; what there is not is made.
    #[arg(long)]
    pub(super) lists_per_row: bool,
}

#[derive(ClapArgs)]
pub(super) struct Export {
    /// The file to write; - is standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The format; taken from the name of the file if not given.
    #[arg(long, value_parser = ["csv", "xlsx", "vcf", "jsonl"])]
    pub(super) format: Option<String>,
    /// The version of vCards.
    #[arg(long, default_value = "4.0", value_parser = ["3.0", "4.0"])]
    pub(super) vcard_version: String,
    /// What separates the cells of a CSV: comma, semicolon, tab or pipe.
    #[arg(long, value_name = "CHAR")]
    pub(super) delimiter: Option<String>,
    /// Begin a CSV with a byte order mark, by which Excel knows UTF-8.
    #[arg(long)]
    pub(super) bom: bool,
    /// Only these contacts, by their ids.
    #[arg(long, value_delimiter = ',', value_name = "ID,ID", conflicts_with_all = ["q", "list"])]
    pub(super) ids: Vec<uuid::Uuid>,
    /// Only the contacts on this list, by its id or name.
    #[arg(long, value_name = "LIST")]
    pub(super) list: Option<String>,
    /// Only what this query selects.
    #[arg(long, default_value = "", value_name = "QUERY")]
    pub(super) q: String,
    #[command(flatten)]
    pub(super) more: Conditions,
    /// The columns of a table.
    #[arg(long, value_delimiter = ',', value_name = "a,b")]
    pub(super) columns: Vec<String>,
    /// Export also what a query selects of which something was not understood.
    #[arg(long)]
    pub(super) allow_partial: bool,
    /// Let words of the query match as in a search: by spelling, sound, typo and beginning.
    #[arg(long)]
    pub(super) loose: bool,
}

/// What must match besides a query.
#[derive(ClapArgs)]
pub(super) struct Conditions {
    /// Only what this tree of conditions selects, for example '{"field": "tag", "op": "is", "value": "VIP"}'.
    #[arg(long, value_name = "JSON")]
    pub(super) filter: Option<String>,
    /// Only what this saved search selects.
    #[arg(long, value_name = "ID|NAME")]
    pub(super) saved_search: Option<String>,
}

#[derive(ClapArgs)]
pub(super) struct Search {
    /// The query; put -- in front of one that begins with a minus.
    #[arg(num_args = 0..)]
    pub(super) query: Vec<String>,
    #[command(flatten)]
    pub(super) more: Conditions,
    /// Most contacts to show.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
    /// The order: relevance, name, `last_name`, company, `created_at`, cf.KEY, …; - in front for
    /// descending.
    #[arg(long, allow_hyphen_values = true)]
    pub(super) sort: Option<String>,
    /// Begin at this letter or text, in orders by name.
    #[arg(long)]
    pub(super) start: Option<String>,
    /// Count the values of these fields over the whole result: tag, status, owner, cf.KEY, ….
    #[arg(long, value_delimiter = ',')]
    pub(super) facets: Vec<String>,
    /// Say what each part of the query adds to the score of a contact.
    #[arg(long)]
    pub(super) explain: bool,
    /// Search the trash: contacts that are deleted and can be restored.
    #[arg(long)]
    pub(super) deleted: bool,
}

#[derive(ClapArgs)]
pub(super) struct IndexSchema {
    /// The folder to write them to; index-schema in the data directory if not given.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(super) struct Suggest {
    /// What was typed; without, the most frequent values are shown.
    #[arg(num_args = 0..)]
    pub(super) text: Vec<String>,
    /// What to complete: name, company, tag, city, source.
    #[arg(long, value_delimiter = ',')]
    pub(super) kind: Vec<String>,
    /// Most completions of a kind.
    #[arg(long, default_value_t = 8)]
    pub(super) limit: usize,
}

#[derive(ClapArgs)]
pub(super) struct Lookup {
    /// The number, in any form.
    #[arg(allow_hyphen_values = true)]
    pub(super) number: String,
    /// Country of a national number, for example US.
    #[arg(long, value_name = "CC")]
    pub(super) country: Option<String>,
    /// Most contacts to show.
    #[arg(long, default_value_t = 5)]
    pub(super) limit: usize,
}

#[derive(ClapArgs)]
pub(super) struct Generate {
    /// How many contacts.
    pub(super) count: u64,
    /// Equal seeds make equal files.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Share of rows that are another record of an earlier person, 0 to 1.
    #[arg(long, default_value_t = 0.15)]
    pub(super) duplicates: f64,
    /// The file to write; - is standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(ClapArgs)]
pub(super) struct Check {
    /// First repair a damaged journal: entries behind the damage that can be read are taken over,
    /// what is lost is named, and the old files are kept.
    #[arg(long, conflicts_with = "server")]
    pub(super) repair_journal: bool,
}

#[derive(ClapArgs)]
pub(super) struct Rekey {
    /// The file with the new key. Of an encrypted directory only the key is replaced, at once; one
    /// that is not encrypted is rewritten.
    #[arg(long, value_name = "FILE")]
    pub(super) new_encryption_key_file: Option<PathBuf>,
    /// Rewrite everything with a new data key as well, for when the old key may have been seen.
    #[arg(long)]
    pub(super) full: bool,
    /// Rewrite everything so that it can be read without a key.
    #[arg(long, conflicts_with_all = ["new_encryption_key_file", "full"])]
    pub(super) decrypt: bool,
}

#[derive(ClapArgs)]
pub(super) struct Keygen {
    /// The file to write; it must not exist.
    pub(super) file: PathBuf,
}

#[derive(Subcommand)]
pub(super) enum Organization {
    /// Make an organisation; prints its id.
    Create {
        /// The name.
        name: String,
        /// ISO 3166 country whose national numbers are understood without a country code.
        #[arg(long, value_name = "CC")]
        country: Option<String>,
    },
    /// List the organisations.
    List,
    /// Change name or quotas of an organisation.
    Update {
        /// Its id or name.
        organization: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// Most contacts; `none` is without limit.
        #[arg(long, value_name = "N")]
        quota_contacts: Option<String>,
        /// Most bytes of contacts, records and merges; `none` is without limit.
        #[arg(long, value_name = "BYTES")]
        quota_storage_bytes: Option<String>,
    },
    /// Show the settings of the organisation, or change some of them.
    Settings {
        /// What to change, as JSON, for example '{"permissions": {"preset": "s1-strict"}}'.
        changes: Option<String>,
    },
}

#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token; it is shown this once.
    Create(NewToken),
    /// List the tokens of the organisation; never their secrets.
    List,
    /// End a token at once.
    Revoke {
        /// The id of the token.
        #[arg(value_parser = id::<uuid::Uuid>)]
        id: uuid::Uuid,
    },
}

#[derive(ClapArgs)]
pub(super) struct NewToken {
    /// What its bearer is.
    #[arg(long, value_parser = ["admin", "manager", "agent", "machine", "lookup"])]
    role: String,
    /// A name for people.
    #[arg(long)]
    name: Option<String>,
    /// What a machine may do.
    #[arg(long, value_delimiter = ',', value_parser = ["lookup", "phonebook", "search", "read", "write", "import", "export", "admin"])]
    scopes: Vec<String>,
    /// The id of the user for whom it acts.
    #[arg(value_parser = id::<uuid::Uuid>, long, value_name = "ID")]
    user: Option<uuid::Uuid>,
    /// The id of the only department whose contacts it sees.
    #[arg(value_parser = id::<uuid::Uuid>, long, value_name = "ID")]
    department: Option<uuid::Uuid>,
    /// A network from which it is taken, for example 203.0.113.0/24; repeatable.
    #[arg(long = "address", value_name = "NET")]
    addresses: Vec<String>,
    /// Take it also from a URL, for devices that can set no headers; only with scopes that read.
    #[arg(long)]
    in_url: bool,
    /// When it ends, for example 2027-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

impl NewToken {
    /// The body of the request.
    pub(super) fn body(&self, args: &Args) -> serde_json::Value {
        serde_json::json!({
            "organization": args.organization,
            "role": self.role,
            "name": self.name,
            "scopes": self.scopes,
            "user_id": self.user,
            "department_id": self.department,
            "addresses": self.addresses,
            "in_url": self.in_url,
            "expires_at": self.expires_at,
        })
    }
}

#[derive(Subcommand)]
pub(super) enum Record {
    /// List them by name.
    List,
    /// Make one.
    Create(Members),
    /// Change one; what is not given stays.
    Update {
        /// Its id.
        #[arg(value_parser = id::<uuid::Uuid>)]
        id: uuid::Uuid,
        #[command(flatten)]
        members: Members,
    },
    /// Remove one.
    Delete {
        /// Its id.
        #[arg(value_parser = id::<uuid::Uuid>)]
        id: uuid::Uuid,
    },
}

#[derive(Subcommand)]
pub(super) enum SavedSearch {
    /// List them by name.
    List,
    /// Keep one.
    Create {
        /// The name, unique among your own.
        #[arg(long)]
        name: String,
        /// The query text.
        #[arg(long)]
        q: Option<String>,
        /// A filter in JSON that restricts it further.
        #[arg(long, value_name = "JSON")]
        filter: Option<String>,
        /// The order, as of the search.
        #[arg(long)]
        sort: Option<String>,
        /// The columns, in their order.
        #[arg(long, value_delimiter = ',')]
        columns: Option<Vec<String>>,
        /// Let everybody in the organisation see it.
        #[arg(long)]
        shared: bool,
    },
    /// Remove one.
    Delete {
        /// Its id.
        #[arg(value_parser = id::<uuid::Uuid>)]
        id: uuid::Uuid,
    },
}

#[derive(ClapArgs)]
pub(super) struct Members {
    /// The name.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Of a user: the address to sign in with.
    #[arg(long)]
    pub(super) email: Option<String>,
    /// Of a user: what it is.
    #[arg(long, value_parser = ["agent", "manager", "admin"])]
    pub(super) role: Option<String>,
    /// Of a user: the id of its department.
    #[arg(value_parser = id::<uuid::Uuid>, long, value_name = "ID")]
    pub(super) department: Option<uuid::Uuid>,
    /// Of a user: whether it may not sign in.
    #[arg(long)]
    pub(super) disabled: Option<bool>,
    /// Of a user: read a password from standard input.
    #[arg(long)]
    pub(super) password_stdin: bool,
    /// Of a user: issuer and subject at the provider of single sign-on.
    #[arg(long)]
    pub(super) subject: Option<String>,
    /// Of a queue: the ids of its members; replaces all of them.
    #[arg(value_parser = id::<uuid::Uuid>, long = "members", value_delimiter = ',', value_name = "ID")]
    pub(super) users_of_queue: Option<Vec<uuid::Uuid>>,
}

#[derive(ClapArgs)]
pub(super) struct Audit {
    /// Who: user:ID, token:ID or the id.
    #[arg(long)]
    pub(super) actor: Option<String>,
    /// What was done, for example contact.updated, or contact for all that is done to contacts.
    #[arg(long)]
    pub(super) action: Option<String>,
    /// To which contact, user, token: its id.
    #[arg(value_parser = id::<uuid::Uuid>, long, value_name = "ID")]
    pub(super) record: Option<uuid::Uuid>,
    /// Not before this time, for example 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// Most lines to show; 0 for all.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
}

/// Reads an id on the command line.
///
/// # Errors
/// With what an id looks like.
pub(super) fn id<T: From<uuid::Uuid>>(text: &str) -> Result<T, String> {
    let id: Result<uuid::Uuid, _> = text.trim().parse();
    id.map(T::from).map_err(|_not_one| {
        "ids look like 01a22913-3487-77c1-961f-85e447591042, and lists show them".to_owned()
    })
}
