//! The interface on this node: made, brought up to date, and taken away.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::interface::joined;
use super::keys::PrivateKey;
use super::programs::run;
use super::{Interface, Programs};
use crate::diag::{Error, Result};

/// How long WireGuard in user space may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Who does the work of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Driver {
    /// The kernel's WireGuard.
    Kernel,
    /// A program, on a TUN device.
    Userspace,
}

/// How an interface is brought up.
#[derive(Debug, Clone, Default)]
pub struct UpOptions {
    /// The program in user space that is taken where the kernel has no WireGuard.
    pub userspace: Option<PathBuf>,
    /// Whether that is taken even where the kernel has.
    pub not_kernel: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Up {
    /// Who does the work.
    pub driver: Driver,
    /// Whether the interface was not there before.
    pub made: bool,
    /// What is most likely not as meant.
    pub warnings: Vec<String>,
}

/// Makes a node's interface, or brings one that is there up to date: key, port, peers, address, MTU, routes. What peers have agreed on already
/// goes on; a peer that is no longer one is forgotten.
///
/// # Errors
/// Environment: no private key, or another one than is recorded; no WireGuard; no permission. An interface that was made here is gone again then.
pub fn up(interface: &Interface, options: &UpOptions, programs: &Programs) -> Result<Up> {
    let key = PrivateKey::read(Path::new(interface.private_key_file.as_str()))?;
    key.is_of(interface)?;
    let mut warnings = Vec::new();
    if key.is_open {
        warnings.push(format!("everybody on this machine can read `{}`: `chmod o= FILE` ends that", interface.private_key_file));
    }
    let made = make(interface, options, programs)?;
    let configured = configure(interface, &key, programs).and_then(|()| driver(&interface.name, programs));
    match configured {
        Ok(driver) => Ok(Up { driver, made, warnings }),
        Err(error) => {
            if made {
                // That error is the one to tell.
                let _ = programs.ip(&["link", "delete", "dev", &interface.name]);
            }
            Err(error)
        }
    }
}

/// Takes an interface of WireGuard away; tells whether there was one.
///
/// # Errors
/// Environment: an interface of another kind has the name, or no permission.
pub fn down(name: &str, programs: &Programs) -> Result<bool> {
    if !is_there(name, programs)? {
        return Ok(false);
    }
    is_wireguard(name, programs)?;
    programs.ip_good(&["link", "delete", "dev", name])?;
    Ok(true)
}

fn is_there(name: &str, programs: &Programs) -> Result<bool> {
    Ok(programs.ip(&["link", "show", "dev", name])?.good)
}

fn is_wireguard(name: &str, programs: &Programs) -> Result<()> {
    if programs.wg(&["show", name, "listen-port"])?.good {
        return Ok(());
    }
    Err(Error::environment(format!("there is an interface `{name}` already, and it is none of WireGuard's that answers"))
        .hint("give the node's mesh another `interface`, or remove that one: `ip link delete dev NAME`"))
}

/// Makes the interface unless it is there.
fn make(interface: &Interface, options: &UpOptions, programs: &Programs) -> Result<bool> {
    let name = interface.name.as_str();
    if is_there(name, programs)? {
        return is_wireguard(name, programs).map(|()| false);
    }
    if !options.not_kernel {
        let said = programs.ip(&["link", "add", "dev", name, "type", "wireguard"])?;
        if said.good {
            return Ok(true);
        }
        if said.stderr.contains("not permitted") {
            return Err(Error::environment(format!("cannot make the interface `{name}`"))
                .hint("interfaces are root's: run it as root; a container needs the capability NET_ADMIN")
                .caused_by(said.stderr));
        }
    }
    let program = programs.userspace(options.userspace.as_deref())?;
    let failed = |cause: String| {
        Error::environment(format!("`{} {name}` did not bring the interface up", program.display()))
            .hint("it needs /dev/net/tun and the capability NET_ADMIN")
            .caused_by(cause)
    };
    let said = run(&program, &[name], None)?;
    if !said.good {
        return Err(failed(said.stderr));
    }
    let began = Instant::now();
    while !programs.wg(&["show", name, "listen-port"])?.good {
        if began.elapsed() > PATIENCE {
            // Whatever of it is there goes.
            let _ = programs.ip(&["link", "delete", "dev", name]);
            return Err(failed(format!("it does not answer after {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(POLL);
    }
    Ok(true)
}

fn configure(interface: &Interface, key: &PrivateKey, programs: &Programs) -> Result<()> {
    let name = interface.name.as_str();
    // By a pipe: the key is in no argument list and in no other file.
    programs.wg_with_input(&["syncconf", name, "/dev/stdin"], settings(interface, key).as_bytes())?;
    programs.ip_good(&["address", "replace", &interface.address.to_string(), "dev", name])?;
    for address in addresses(name, programs)?.into_iter().filter(|address| *address != interface.address) {
        programs.ip_good(&["address", "delete", &address.to_string(), "dev", name])?;
    }
    programs.ip_good(&["link", "set", "dev", name, "mtu", &interface.mtu.to_string(), "up"])?;
    let wanted: BTreeSet<IpNet> = interface.routes().collect();
    for old in routes(name, programs)?.difference(&wanted) {
        programs.ip_good(&[family(old), "route", "delete", &old.to_string(), "dev", name])?;
    }
    for route in &wanted {
        programs.ip_good(&[family(route), "route", "replace", &route.to_string(), "dev", name, "proto", "static"])?;
    }
    Ok(())
}

/// What `wg syncconf` reads (wg(8), "CONFIGURATION FILE FORMAT").
fn settings(interface: &Interface, key: &PrivateKey) -> Zeroizing<String> {
    // Room for all of it, so that no copy of the key is left behind by a longer text.
    let mut text = Zeroizing::new(String::with_capacity(200 + 400 * interface.peers.len() + 64 * interface.routes().count()));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "[Interface]\nPrivateKey = {}\nListenPort = {}", key.text.as_str(), interface.port);
    for peer in &interface.peers {
        let _ = writeln!(text, "[Peer]\nPublicKey = {}\nAllowedIPs = {}", peer.public_key, joined(&peer.allowed_ips));
        if let Some(endpoint) = &peer.endpoint {
            let _ = writeln!(text, "Endpoint = {endpoint}");
        }
        let _ = match peer.persistent_keepalive {
            Some(seconds) => writeln!(text, "PersistentKeepalive = {seconds}"),
            None => writeln!(text, "PersistentKeepalive = off"),
        };
    }
    text
}

fn family(net: &IpNet) -> &'static str {
    if net.addr().is_ipv4() { "-4" } else { "-6" }
}

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(text).ok().and_then(|value| value.as_array().cloned()).unwrap_or_default()
}

/// The addresses of an interface but for the link-local ones, which the kernel gives.
fn addresses(name: &str, programs: &Programs) -> Result<Vec<IpNet>> {
    let links = json(&programs.ip_good(&["-json", "address", "show", "dev", name])?);
    let all = links.iter().flat_map(|link| link["addr_info"].as_array().cloned().unwrap_or_default());
    Ok(all
        .filter(|info| info["scope"] != "link")
        .filter_map(|info| {
            let length = u8::try_from(info["prefixlen"].as_u64()?).ok()?;
            IpNet::new(info["local"].as_str()?.parse().ok()?, length).ok()
        })
        .collect())
}

/// Routes over an interface that were not made by the kernel.
fn routes(name: &str, programs: &Programs) -> Result<BTreeSet<IpNet>> {
    let mut all = BTreeSet::new();
    for family in ["-4", "-6"] {
        // A kernel without IPv6 has none.
        let said = programs.ip(&["-json", family, "route", "show", "dev", name])?;
        let own = json(&said.stdout).into_iter().filter(|route| route["protocol"] != "kernel");
        all.extend(own.filter_map(|route| {
            let text = route["dst"].as_str()?;
            text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
        }));
    }
    Ok(all)
}

/// Who does the work of an interface that is there.
pub(super) fn driver(name: &str, programs: &Programs) -> Result<Driver> {
    let links = json(&programs.ip_good(&["-details", "-json", "link", "show", "dev", name])?);
    let kernel = links.iter().any(|link| link["linkinfo"]["info_kind"] == "wireguard");
    Ok(if kernel { Driver::Kernel } else { Driver::Userspace })
}
