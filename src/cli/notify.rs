//! Tells the service manager how the server is, as systemd wants it with `Type=notify`.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Tells the service manager, if one is listening.
pub(super) fn tell_manager(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()) else {
        return;
    };
    if let Err(error) = send(&path, state) {
        tracing::warn!("the service manager at {} cannot be told: {error}", path.display());
    }
}

/// After how long without a word the service manager starts this process anew, if it watches it.
pub(super) fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id())) {
        return None;
    }
    number("WATCHDOG_USEC").filter(|limit| *limit >= 2).map(Duration::from_micros)
}

fn send(path: &std::ffi::OsStr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.send_to_addr(state.as_bytes(), &address(path)?)?;
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn address(path: &std::ffi::OsStr) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn address(path: &std::ffi::OsStr) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path)
}
