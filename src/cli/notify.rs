//! Tells the service manager how the server is, as systemd wants it with `Type=notify`.

use std::io;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells the service manager, if one is listening.
pub(super) fn tell_manager(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()) else {
        return;
    };
    if let Err(error) = send(&path, state) {
        tracing::warn!("the service manager at {} cannot be told: {error}", path.display());
    }
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
