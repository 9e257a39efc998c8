//! Control groups: which version, and which controllers.

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;

/// Without one of these the kubelet does not start.
const NEEDED: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];
/// Raspberry Pi OS and others leave it out.
const NO_MEMORY: &str = "boot with `cgroup_enable=memory cgroup_memory=1` (on a Raspberry Pi in /boot/firmware/cmdline.txt)";

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(judge(machine, demands));
}

fn judge(machine: &Machine, demands: &Demands) -> Check {
    if let Some(controllers) = machine.line("/sys/fs/cgroup/cgroup.controllers") {
        let there: Vec<&str> = controllers.split_whitespace().collect();
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !there.contains(name)).collect();
        if missing.is_empty() {
            return Check::pass("cgroups", format!("version 2 with {}", NEEDED.join(", ")));
        }
        let fix = if missing.contains(&"memory") {
            NO_MEMORY
        } else if demands.rootless {
            "delegate them to the user: `Delegate=cpu cpuset io memory pids` of `user@.service`"
        } else {
            "use a kernel that has them; in a container, give it a cgroup namespace of its own with all controllers"
        };
        return Check::fail("cgroups", format!("version 2 without {}", missing.join(", ")), fix);
    }
    let Some(text) = machine.text("/proc/cgroups") else {
        return Check::fail("cgroups", "there are none", "mount them: /sys/fs/cgroup of the type cgroup2");
    };
    // The last column says whether a controller is enabled (cgroups(7)).
    let enabled =
        |name: &str| text.lines().any(|line| line.split_whitespace().next() == Some(name) && line.split_whitespace().last() == Some("1"));
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !enabled(name)).collect();
    if !missing.is_empty() {
        let fix = if missing.contains(&"memory") { NO_MEMORY } else { "use a kernel that has them" };
        return Check::fail("cgroups", format!("version 1 without {}", missing.join(", ")), fix);
    }
    let fix = "boot with `systemd.unified_cgroup_hierarchy=1`, or a newer system";
    if demands.rootless {
        return Check::fail("cgroups", "version 1, and `rootless` takes version 2", fix);
    }
    if demands.refuses_cgroup_v1 {
        return Check::fail("cgroups", "version 1, which the kubelet refuses from Kubernetes 1.35 on", fix);
    }
    Check::warn("cgroups", "version 1, which Kubernetes leaves behind", fix)
}
