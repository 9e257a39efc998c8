//! What else is on the machine: the clock, firewalls, `AppArmor`, secrets.

use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;

/// 2025: certificates that are made today are not valid before.
const EARLIEST: u64 = 1_735_689_600;

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(clock(machine));
    checks.extend(firewalls(machine));
    checks.extend(app_armor(machine));
    checks.extend(demands.secret_files.iter().map(|file| secret(machine, file)));
}

fn clock(machine: &Machine) -> Check {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now < EARLIEST {
        return Check::fail("clock", "it is in the past, so no certificate is valid", "set it, and let a time service keep it");
    }
    let kept = ["chronyd", "ntpd", "systemd-timesyncd", "systemd-timesyn", "openntpd"].into_iter().find(|name| machine.runs(name));
    if machine.exists("/run/systemd/timesync/synchronized") {
        return Check::pass("clock", "systemd-timesyncd keeps it");
    }
    match kept {
        Some(name) => Check::pass("clock", format!("{name} keeps it")),
        None => Check::warn(
            "clock",
            "no time service runs: certificates and leases go wrong when clocks drift apart",
            "`timedatectl set-ntp true`, or install chrony (on NixOS `services.timesyncd.enable`)",
        ),
    }
}

fn firewalls(machine: &Machine) -> Vec<Check> {
    let mut checks = Vec::new();
    let fix = "open k3s' ports and let the networks of pods and Services through (docs.k3s.io/installation/requirements), or turn it off";
    if machine.runs("firewalld") {
        checks.push(Check::warn("firewall", "firewalld runs, and drops the traffic of pods by default", fix));
    }
    let ufw = machine.text("/etc/ufw/ufw.conf").unwrap_or_default();
    if ufw.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes")) {
        checks.push(Check::warn("firewall", "ufw is on, and drops the traffic of pods by default", fix));
    }
    checks
}

/// The kernel has it and its tool is missing: containerd then fails to start any pod.
fn app_armor(machine: &Machine) -> Option<Check> {
    let on = machine.line("/sys/module/apparmor/parameters/enabled").is_some_and(|line| line == "Y");
    if !on {
        return None;
    }
    Some(if machine.has_command("apparmor_parser") {
        Check::pass("AppArmor", "on, with its tools")
    } else {
        Check::fail("AppArmor", "the kernel has it on, and there is no apparmor_parser: no pod starts", "install the package `apparmor`")
    })
}

fn secret(machine: &Machine, file: &str) -> Check {
    let about = format!("secret {file}");
    let Ok(found) = std::fs::metadata(machine.path(file)) else {
        return Check::fail(about, "it is not there", "bring it there: see docs/SECRETS.md of manifestgen, or write it by hand");
    };
    if found.size() == 0 {
        return Check::fail(about, "it is empty", "fill it");
    }
    if found.mode() & 0o077 != 0 {
        return Check::fail(about, format!("others can read it (mode {:04o})", found.mode() & 0o7777), format!("`chmod 0400 {file}`"));
    }
    Check::pass(about, "there, and nobody else reads it")
}
