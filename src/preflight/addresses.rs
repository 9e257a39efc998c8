//! Host name, addresses, name servers, and the way to the server that the node joins.

use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;

/// How long the other server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// What k3s takes instead when systemd-resolved is behind the first (pkg/agent/config, `locateOrGenerateResolvConf`).
const RESOLVED: &str = "/run/systemd/resolve/resolv.conf";

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(host_name(machine, demands));
    let local = local_addresses(machine);
    for address in &demands.addresses {
        checks.push(match &local {
            None => Check::unknown("address", format!("/proc does not tell whether {address} is here"), "see `ip address`"),
            Some(local) if address.parse().is_ok_and(|address| local.contains(&address)) => Check::pass("address", address.clone()),
            Some(_) => Check::fail(
                "address",
                format!("{address} is the node's in the config, and no interface has it"),
                "set the address up, or mend `nodes[].address`; or this is another node",
            ),
        });
    }
    checks.push(name_servers(machine, demands));
    checks.extend(demands.joins.as_deref().map(way));
}

fn host_name(machine: &Machine, demands: &Demands) -> Check {
    match machine.line("/proc/sys/kernel/hostname") {
        Some(name) if name == demands.name => Check::pass("host name", name),
        Some(name) => Check::warn(
            "host name",
            format!("it is `{name}`, and the node is `{}`", demands.name),
            "rename the machine (`hostnamectl`, on NixOS `networking.hostName`); or this is another node",
        ),
        None => Check::unknown("host name", "/proc does not tell", "see that it is the node's name"),
    }
}

/// Addresses of this machine's interfaces; none when `/proc` does not tell.
fn local_addresses(machine: &Machine) -> Option<Vec<IpAddr>> {
    let mut found = Vec::new();
    let routes = machine.text("/proc/net/fib_trie")?;
    let mut last = None;
    for line in routes.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<IpAddr>().ok();
        } else if line.ends_with("host LOCAL") {
            found.extend(last);
        }
    }
    // Each line begins with the 32 digits of an address (proc_net(5)).
    for line in machine.text("/proc/net/if_inet6").unwrap_or_default().lines() {
        let digits = line.split(' ').next().unwrap_or_default();
        found.extend(u128::from_str_radix(digits, 16).ok().map(|bits| IpAddr::V6(bits.into())));
    }
    Some(found)
}

fn name_servers(machine: &Machine, demands: &Demands) -> Check {
    let usable = |path: &str| -> Option<Vec<IpAddr>> {
        let text = machine.text(path)?;
        let servers = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<IpAddr>().ok());
        // Pods have a loopback interface of their own: nobody answers there.
        Some(servers.filter(|server| !server.is_loopback() && !server.is_unspecified() && !server.is_multicast()).collect())
    };
    let files: Vec<&str> = demands.resolv_conf.as_deref().map_or_else(|| vec![RESOLV_CONF, RESOLVED], |own| vec![own]);
    match files.iter().find_map(|file| usable(file).filter(|servers| !servers.is_empty()).map(|servers| (*file, servers))) {
        Some((file, servers)) => {
            let list: Vec<_> = servers.iter().map(ToString::to_string).collect();
            let message = format!("{} in {file}", list.join(", "));
            if servers.len() > 3 {
                return Check::warn("name servers", message, "three count at most, in the node and in its pods: leave the others out");
            }
            Check::pass("name servers", message)
        }
        None => Check::warn(
            "name servers",
            format!("{} has none that a pod could reach, so pods of the node's DNS would ask 8.8.8.8", files.join(" or ")),
            "write a file with the network's own name servers and name it in `resolvConf` of the node",
        ),
    }
}

fn way(joins: &str) -> Check {
    let about = format!("server {joins}");
    let addresses: Vec<_> = match joins.to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            let fix = "mend the name or the node's name servers, or set `k3s.registrationAddress`";
            return Check::fail(about, format!("its name is not found: {error}"), fix);
        }
    };
    match addresses.iter().map(|address| TcpStream::connect_timeout(address, PATIENCE)).find_map(Result::ok) {
        Some(_) => Check::pass(about, "it answers"),
        None => Check::warn(
            about,
            "it does not answer: k3s will wait for it",
            "start the first server, open the port in its firewall, or bring the mesh up that leads to it",
        ),
    }
}
