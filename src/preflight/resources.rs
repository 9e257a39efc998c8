//! Processors, memory, swap, and limits of the kernel.

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;

const MIB: u64 = 1024;

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(user(machine, demands));
    checks.push(processors(machine, demands));
    checks.push(memory(machine, demands));
    checks.push(swap(machine));
    checks.extend(limits(machine));
    checks.extend(protected(machine, demands));
}

fn user(machine: &Machine, demands: &Demands) -> Check {
    let user = machine.field("/proc/self/status", "Uid");
    match user {
        Some(0) => Check::pass("user", "root"),
        Some(_) if demands.rootless => Check::pass("user", "not root, as `rootless` wants it"),
        Some(_) => Check::warn("user", "this is not root, so parts of the machine stay unseen", "run it again as root"),
        None => Check::unknown("user", "/proc does not tell", "run it on the machine itself, as root"),
    }
}

fn processors(machine: &Machine, demands: &Demands) -> Check {
    let text = machine.text("/proc/cpuinfo").unwrap_or_default();
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    let wanted = if demands.server { 2 } else { 1 };
    let message = format!("{count}, and {} takes {wanted}", role(demands));
    match count {
        0 => Check::unknown("processors", "/proc/cpuinfo does not tell", "see that there are enough of them"),
        _ if count >= wanted => Check::pass("processors", message),
        _ => Check::warn("processors", message, "give the machine more, or expect a slow control plane"),
    }
}

fn memory(machine: &Machine, demands: &Demands) -> Check {
    let Some(total) = machine.field("/proc/meminfo", "MemTotal").map(|kib| kib / MIB) else {
        return Check::unknown("memory", "/proc/meminfo does not tell", "see that there is enough of it");
    };
    // A machine of 2 GiB shows a little less: the kernel takes its part first.
    let wanted = if demands.server { 2048 } else { 512 };
    let message = format!("{total} MiB, and {} takes {wanted}", role(demands));
    if total >= wanted * 9 / 10 {
        Check::pass("memory", message)
    } else if total >= 512 * 9 / 10 {
        Check::warn("memory", message, "give the machine more memory, or run no pods on it")
    } else {
        Check::fail("memory", message, "give the machine more memory")
    }
}

const fn role(demands: &Demands) -> &'static str {
    if demands.server { "a server" } else { "an agent" }
}

fn swap(machine: &Machine) -> Check {
    match machine.field("/proc/meminfo", "SwapTotal") {
        Some(0) => Check::pass("swap", "none"),
        Some(kib) => Check::warn(
            "swap",
            format!("{} MiB; pods' memory limits then say little about what they use", kib / MIB),
            "turn it off (`swapoff -a`, and its line in /etc/fstab; on NixOS `swapDevices = [ ]`), or set the kubelet's swap behaviour",
        ),
        None => Check::unknown("swap", "/proc/meminfo does not tell", "see that it is off"),
    }
}

/// Limits that a node with some dozens of pods exceeds, with the default of a desktop in mind.
fn limits(machine: &Machine) -> Vec<Check> {
    let wanted = [("fs.inotify.max_user_instances", 512), ("fs.inotify.max_user_watches", 65_536), ("kernel.pid_max", 32_768)];
    let low = wanted.into_iter().filter_map(|(name, least)| {
        let value = machine.number(&format!("/proc/sys/{}", name.replace('.', "/")))?;
        (value < least).then(|| {
            let message = format!("{value}: pods fail with `too many open files` or cannot fork");
            Check::warn(name, message, format!("`sysctl -w {name}={least}`, and a file in /etc/sysctl.d (on NixOS `boot.kernel.sysctl`)"))
        })
    });
    low.collect()
}

/// What the kubelet wants set when it may not set it itself (`setupKernelTunables` in `pkg/kubelet/cm/container_manager_linux.go`).
fn protected(machine: &Machine, demands: &Demands) -> Vec<Check> {
    if !demands.protect_kernel_defaults {
        return Vec::new();
    }
    let wanted = [
        ("vm.overcommit_memory", 1),
        ("vm.panic_on_oom", 0),
        ("kernel.panic", 10),
        ("kernel.panic_on_oops", 1),
        ("kernel.keys.root_maxkeys", 1_000_000),
        ("kernel.keys.root_maxbytes", 25_000_000),
    ];
    let judge = |(name, value): (&str, u64)| match machine.number(&format!("/proc/sys/{}", name.replace('.', "/"))) {
        Some(now) if now == value => Check::pass(name, value.to_string()),
        Some(now) => Check::fail(
            name,
            format!("{now}, and with `protectKernelDefaults` the kubelet starts only with {value}"),
            format!("`sysctl -w {name}={value}`, and a file in /etc/sysctl.d (on NixOS `boot.kernel.sysctl`)"),
        ),
        None => Check::unknown(name, "the kernel does not tell", format!("see that it is {value}")),
    };
    wanted.into_iter().map(judge).collect()
}
