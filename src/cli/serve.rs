//! `ringdex serve`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::args::{Args, Serve};
use super::error::Failure;
use super::notify;
use super::output;
use super::rekey::encryption_key;
use super::throw_away::ThrowAway;
use crate::app::{Access, App, ImportOptions};
use crate::domain::ids::OrgNumber;
use crate::domain::text::counted;
use crate::engine::{Options, SnapshotOptions, StartProgress};
use crate::generate;
use crate::http::{self, ServeOptions};
use crate::memory::{self, Shares};
use crate::priority::{Rank, step_back};

/// Stack of a thread that starts, in bytes: as much as the first thread of a process has.
const START_STACK: usize = 8 << 20;

/// The options of the server, if it would take them.
pub(super) fn options(args: &Args, command: &Serve) -> Result<ServeOptions, Failure> {
    if args.server.is_some() {
        return Err(Failure::Usage("serve takes --data-dir, not --server".to_owned()));
    }
    let mut serve_options = ServeOptions {
        listen: command.listen,
        workers: command.workers,
        upload_bytes: command.max_upload_mib << 20,
        // Stands in for the caller that there will be once the directory is open.
        demo: command.demo.map(|_| Access::operator_of(OrgNumber(0))),
        ..ServeOptions::default()
    };
    command.edge.apply(&mut serve_options);
    command.devices.apply(&mut serve_options);
    serve_options.oidc = command.oidc.options()?;
    serve_options.backups = command.backups.plan();
    serve_options.memory = command.memory.or_else(memory::usual_budget);
    serve_options.sheets_base.clone_from(&command.sheets_base);
    if let Some(objection) = serve_options.objection() {
        return Err(Failure::Usage(objection));
    }
    Ok(serve_options)
}

pub(super) fn run(args: &Args, command: &Serve) -> Result<(), Failure> {
    let mut serve_options = options(args, command)?;
    if let Some(warning) = serve_options.warning() {
        output::complain(&warning);
    }
    // From here on a signal is a clean end, and whoever asks is told to wait.
    let signals = http::Signals::catch().map_err(http::ServeError::from)?;
    http::raise_descriptors()?;
    let listener = http::bind(&serve_options)?;
    let progress = StartProgress::default();
    let waiting = http::Waiting::begin(&listener, &serve_options, &progress)?;
    let throw_away = command.demo.map(|_| ThrowAway::new(None, "demo")).transpose()?;
    let data_dir: &Path = throw_away.as_ref().map_or(&args.data_dir, ThrowAway::path);
    let started = Instant::now();
    let encryption_key = encryption_key(args)?;
    let shared =
        command.cluster.connect(data_dir, command.listen, encryption_key.as_ref(), &progress)?;
    let shares = Shares::of(serve_options.memory.unwrap_or(u64::MAX));
    let options = Options {
        node: shared.as_ref().and(command.cluster.node.as_deref()).map(Arc::from),
        shared,
        store_cache_bytes: command
            .store_cache_mib
            .map_or(shares.store_cache_bytes, |mib| mib << 20),
        index_writer_bytes: shares.index_writer_bytes,
        cards: shares.cards,
        encryption_key,
        start: progress,
        snapshots: SnapshotOptions {
            history: Duration::from_secs(u64::from(command.journal_days) * 24 * 3_600),
            history_bytes: command.journal_mib << 20,
            ..SnapshotOptions::default()
        },
        ..Options::default()
    };
    // What is worked on in parallel from then on are lists and duplicates.
    let pool = rayon::ThreadPoolBuilder::new().start_handler(|_| step_back(Rank::Background));
    if pool.build_global().is_err() {
        tracing::debug!("the threads for parallel work had been started before");
    }
    let app = Arc::new(starting(|| App::open(data_dir, options))?);
    if let Some(token) = app.bootstrap(command.admin_token.as_deref())?
        && command.demo.is_none()
    {
        // At once: nobody will ever see it again.
        output::tell(&format!("admin token, shown this once: {token}"));
    }
    if let Some(name) = command.oidc.organization()
        && app.access().find_organization(name).is_none()
    {
        return Err(Failure::Usage(format!("--oidc-organization: there is no {name:?}")));
    }
    if let Some(count) = command.demo {
        fill(&app, count)?;
    }
    serve_options.demo = command.demo.and_then(|_| first_caller(&app));
    tracing::info!(
        "{} ready after {:.1} s",
        counted(app.partition().contact_count(), "contact", "contacts"),
        started.elapsed().as_secs_f64()
    );
    drop(waiting);
    let answers = Arc::downgrade(&app);
    http::serve_on(listener, app, &serve_options, Some(signals), |running| {
        // The line that scripts wait for.
        let _ = output::print(&format!("ringdex listening on {}", running.url()));
        notify::tell_manager("READY=1");
        if let Some(limit) = notify::watchdog() {
            http::tell_watchdog(answers, limit, || notify::tell_manager("WATCHDOG=1"));
        }
    })?;
    Ok(())
}

/// Does what a start is made of on threads of the ordinary priority. Nobody is answered yet, so there
/// is nobody to step back for: on a busy machine it would only take ten times as long.
fn starting<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|at| format!("start-{at}"))
        .stack_size(START_STACK)
        .build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(error) => {
            tracing::debug!("starting without threads of its own: {error}");
            work()
        }
    }
}

fn first_caller(app: &App) -> Option<crate::domain::access::Caller> {
    let organization = app.access().organizations().into_iter().next()?;
    Some(Access::visitor_of(organization.number))
}

/// Makes so many contacts: the people of the examples, and generated ones that are imported as a user
/// would.
fn fill(app: &App, count: u64) -> Result<(), Failure> {
    let Some(caller) = first_caller(app) else { return Ok(()) };
    let mut known = generate::known_people(app.partition().now());
    known.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let count = count - u64::try_from(known.len()).unwrap_or(0);
    let (reader, writer) = std::io::pipe().map_err(Failure::Output)?;
    let generator = std::thread::spawn(move || {
        generate::write_csv(count, 1, generate::Options::default(), std::io::BufWriter::new(writer))
    });
    let options = ImportOptions {
        map: crate::import::MapOptions {
            columns: vec![("true_id".to_owned(), crate::import::Target::Ignore)],
            ..crate::import::MapOptions::default()
        },
        on_duplicate: crate::import::match_existing::OnDuplicate::Create,
        ..ImportOptions::default()
    };
    app.import_contacts(
        &caller,
        reader,
        &options,
        &mut std::io::sink(),
        &AtomicBool::new(false),
        &mut |_| {},
    )?;
    if let Ok(Err(error)) = generator.join() {
        return Err(Failure::Refused {
            detail: format!("the contacts cannot be generated: {error}"),
        });
    }
    // Last, so that they are the first whom somebody sees.
    app.create_contacts(&caller, &known)?;
    app.partition().wait_visible(app.partition().applied_seq(), Duration::from_secs(600));
    Ok(())
}
