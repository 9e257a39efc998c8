//! Ports that k3s and the release listen on.

use std::collections::HashMap;
use std::fs;

use super::check::Check;
use super::demands::{Demands, Port, Protocol};
use super::machine::Machine;

/// Who may hold a port of k3s': k3s itself, in an installation that runs already.
const OWN: [&str; 4] = ["k3s", "k3s-server", "k3s-agent", "containerd"];

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    let Some(taken) = Taken::of(machine) else {
        checks.push(Check::unknown("ports", "/proc does not tell which are taken", "see `ss -tulpn`"));
        return;
    };
    let (mut free, mut own) = (Vec::new(), Vec::new());
    for port in &demands.ports {
        let name = format!("{}/{}", port.number, port.protocol);
        let Some(socket) = taken.socket(port) else {
            free.push(name);
            continue;
        };
        let holder = taken.holder(machine, socket);
        if holder.as_ref().is_some_and(|(program, _)| OWN.iter().any(|own| program.starts_with(own))) {
            own.push(name);
            continue;
        }
        let who = holder.map_or_else(|| "another program".to_owned(), |(program, process)| format!("{program} (process {process})"));
        checks.push(Check::fail(
            format!("port {name}"),
            format!("{who} listens on it, and {} needs it", port.what),
            "stop that program, or give one of the two another port",
        ));
    }
    if !free.is_empty() {
        checks.push(Check::pass("ports", format!("free: {}", free.join(", "))));
    }
    if !own.is_empty() {
        checks.push(Check::pass("ports", format!("held by k3s, which runs here already: {}", own.join(", "))));
    }
}

/// Sockets that somebody listens on: protocol and port, and the number of the socket.
struct Taken(HashMap<(bool, u16), u64>);

impl Taken {
    fn of(machine: &Machine) -> Option<Self> {
        let mut sockets = HashMap::new();
        let mut known = false;
        for (file, tcp) in [("tcp", true), ("tcp6", true), ("udp", false), ("udp6", false)] {
            let Some(text) = machine.text(&format!("/proc/net/{file}")) else { continue };
            known = true;
            for line in text.lines().skip(1) {
                let columns: Vec<&str> = line.split_whitespace().collect();
                let (Some(local), Some(state), Some(inode)) = (columns.get(1), columns.get(3), columns.get(9)) else { continue };
                // TCP listens in state 0A; a UDP socket that is bound and not connected is in state 07 (include/net/tcp_states.h).
                if *state != if tcp { "0A" } else { "07" } {
                    continue;
                }
                let Some(port) = local.rsplit(':').next().and_then(|port| u16::from_str_radix(port, 16).ok()) else { continue };
                sockets.insert((tcp, port), inode.parse().unwrap_or_default());
            }
        }
        known.then_some(Self(sockets))
    }

    fn socket(&self, port: &Port) -> Option<u64> {
        self.0.get(&(port.protocol == Protocol::Tcp, port.number)).copied()
    }

    /// The program that has a socket open, and its process; only root sees those of others.
    #[expect(clippy::unused_self, reason = "it belongs to what was taken")]
    fn holder(&self, machine: &Machine, socket: u64) -> Option<(String, String)> {
        let wanted = format!("socket:[{socket}]");
        machine.processes().into_iter().find_map(|(folder, name)| {
            let files = fs::read_dir(folder.join("fd")).ok()?;
            let holds = files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str()));
            holds.then(|| (name, folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()))
        })
    }
}
