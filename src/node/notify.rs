//! Readiness, as programs tell it to systemd (`man 3 sd_notify`): a datagram to the socket that NOTIFY_SOCKET names.

use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram as Plain;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;

/// Where a child tells that it is ready. The socket's file goes with it.
pub(super) struct Listener {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Listener {
    /// Makes the socket, and replaces one that a killed process left.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self { socket: UnixDatagram::bind(path)?, path: path.to_owned() }),
        }
    }

    /// The value of NOTIFY_SOCKET.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until a child is ready.
    pub(super) async fn ready(&self) -> io::Result<()> {
        let mut message = [0; 4096];
        loop {
            let length = self.socket.recv(&mut message).await?;
            if is_ready(&message[..length]) {
                return Ok(());
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn is_ready(message: &[u8]) -> bool {
    message.split(|byte| *byte == b'\n').any(|line| line == b"READY=1")
}

/// Tells it to whoever started this process, if that wants to know.
pub(super) fn tell(socket: Option<&Path>) {
    // A path that begins with `@` is a name in the abstract namespace, which nothing but systemd itself uses.
    if let Some(socket) = socket.filter(|socket| socket.is_absolute())
        && let Ok(own) = Plain::unbound()
    {
        // systemd takes a service that does not say so for one that is not ready, and tells that itself.
        let _ = own.send_to(b"READY=1\n", socket);
    }
}
