//! The socket, in the tunnel and nowhere else.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use rustix::net::{RecvFlags, recv};
use tokio::net::UdpSocket;

use crate::diag::{Error, Result};

/// A UDP socket on the node's address in the mesh that hears only what comes out of the interface. Without that, anybody in the node's own network
/// could send to this address from one of the mesh's: Linux takes packets for any of its addresses on any interface.
pub(super) fn open(interface: &str, address: IpAddr, port: u16) -> Result<UdpSocket> {
    let cannot = |cause: std::io::Error| {
        let error = Error::environment(format!("cannot listen on {} in `{interface}`", SocketAddr::new(address, port)));
        let error = match cause.kind() {
            ErrorKind::AddrInUse => error.hint("does discovery run there already? another port is `mesh.discovery.port`, for all nodes"),
            ErrorKind::AddrNotAvailable => error.hint("`manifestgen mesh up NODE` gives the interface its address"),
            ErrorKind::PermissionDenied => error.hint("run it as root; a container needs the capabilities NET_ADMIN and NET_RAW"),
            _ => error,
        };
        error.caused_by(cause)
    };
    let socket = std::net::UdpSocket::bind(SocketAddr::new(address, port)).map_err(cannot)?;
    socket.set_nonblocking(true).map_err(cannot)?;
    let socket = UdpSocket::from_std(socket).map_err(cannot)?;
    socket.bind_device(Some(interface.as_bytes())).map_err(cannot)?;
    // What came before that may have come from anywhere.
    while recv(&socket, &mut [0_u8; 1][..], RecvFlags::DONTWAIT).is_ok() {}
    Ok(socket)
}
