//! A way into the network of a node, from the machine: nothing of the lab is in the machine's own network.
//!
//! The hidden command `__relay` runs on the node and listens on a socket in the file system, which all network namespaces see. A
//! connection to it names an address in its first line, is connected to that, and told so with a line.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::diag::{Error, Result};

/// The hidden first argument; the socket's path follows.
pub(in crate::lab) const RELAY: &str = "__relay";

/// The socket, in the node's folder.
pub(super) const SOCKET: &str = "relay.sock";

const CONNECTED: &str = "connected\n";
const CONNECT: Duration = Duration::from_secs(5);

pub(in crate::lab) fn relay(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(socket) = arguments.next().map(PathBuf::from) else { return ExitCode::from(2) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served: io::Result<()> = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let listener = UnixListener::bind(socket)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(serve(stream));
            }
        })
    });
    if served.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What goes wrong here the other side sees as the end of its connection.
async fn serve(stream: UnixStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut address = String::new();
    (&mut stream).take(100).read_line(&mut address).await?;
    let connected = match address.trim().parse::<SocketAddr>() {
        Ok(address) => timeout(CONNECT, TcpStream::connect(address)).await.map_err(io::Error::from).flatten(),
        Err(_) => Err(io::Error::other("no address")),
    };
    let mut target = match connected {
        Ok(target) => target,
        Err(error) => return stream.write_all(format!("{error}\n").as_bytes()).await,
    };
    stream.write_all(CONNECTED.as_bytes()).await?;
    copy_bidirectional(&mut stream, &mut target).await.map(|_| ())
}

/// Connects to an address as a node sees it, through the relay in the node's folder.
pub(super) async fn connect(folder: &Path, address: SocketAddr) -> io::Result<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> {
    // By way of an open folder, because its path may be too long for a socket's address.
    let open = File::open(folder)?;
    let mut stream = BufReader::new(UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd())).await?);
    stream.write_all(format!("{address}\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    if answer != CONNECTED {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, format!("{address}: {}", answer.trim())));
    }
    Ok(stream)
}

/// A port of 127.0.0.1 that leads to an address as a node sees it, until it is dropped.
#[derive(Debug)]
pub struct Forward {
    /// The port.
    pub port: u16,
    task: JoinHandle<()>,
}

impl Forward {
    /// Opens a port of 127.0.0.1, 0 for any, by the node whose folder this is.
    ///
    /// # Errors
    /// An environment error when the port is taken.
    pub async fn start(folder: &Path, address: SocketAddr, port: u16) -> Result<Self> {
        let cannot = |cause: io::Error| Error::environment("cannot get a port of 127.0.0.1").caused_by(cause);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(cannot)?;
        let port = listener.local_addr().map_err(cannot)?.port();
        let folder: Arc<Path> = folder.into();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let folder = Arc::clone(&folder);
                tokio::spawn(async move {
                    // A failure closes the connection, which is what the other side would see of the real server.
                    if let Ok(mut target) = connect(&folder, address).await {
                        let _ = copy_bidirectional(&mut stream, &mut target).await;
                    }
                });
            }
        });
        Ok(Self { port, task })
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}
