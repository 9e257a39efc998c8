//! The kernel, and what it can do.

use std::io::Read;

use flate2::read::GzDecoder;

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;

/// A kernel's config unpacked; real ones have 300 KiB.
const LONGEST_CONFIG: u64 = 4 << 20;

/// What Kubernetes is tested on (kubernetes.io/docs/reference/node/kernel-version-requirements).
const OLDEST: (u32, u32) = (4, 19);

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(version(machine));
    let modules = Modules::of(machine);
    let found: Vec<_> = demands.modules.iter().map(|(name, why)| (*name, *why, modules.has(machine, name))).collect();
    let there: Vec<&str> = found.iter().filter(|(_, _, has)| *has == Some(true)).map(|(name, _, _)| *name).collect();
    if !there.is_empty() {
        checks.push(Check::pass("kernel modules", there.join(", ")));
    }
    for (name, why, _) in found.iter().filter(|(_, _, has)| *has == Some(false)) {
        let fix = format!("use a kernel with `{}`; on a small image, install the package with the further modules", option(name));
        checks.push(Check::fail(format!("kernel module {name}"), format!("there is none; it is for {why}"), fix));
    }
    let unknown: Vec<&str> = found.iter().filter(|(_, _, has)| has.is_none()).map(|(name, _, _)| *name).collect();
    if !unknown.is_empty() {
        let message = format!("whether there are {} cannot be told: neither modules nor the kernel's config are here", unknown.join(", "));
        checks.push(Check::unknown("kernel modules", message, "`zcat /proc/config.gz` or the distribution's documents tell"));
    }
    if demands.tun {
        checks.push(if machine.exists("/dev/net/tun") {
            Check::pass("TUN device", "/dev/net/tun")
        } else {
            let fix = "`modprobe tun`; in a container, hand /dev/net/tun in";
            Check::fail("TUN device", "there is no /dev/net/tun, and Tailscale's interface needs it", fix)
        });
    }
    if !machine.exists("/dev/kmsg") {
        let fix = "in a container, hand /dev/kmsg in, or make it a link to /dev/console";
        checks.push(Check::fail("/dev/kmsg", "it is not there, and the kubelet does not start without it", fix));
    }
}

fn version(machine: &Machine) -> Check {
    let Some(release) = machine.kernel() else {
        return Check::unknown("kernel", "/proc does not tell its release", "see that it is 4.19 or later");
    };
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or_default());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if found >= OLDEST {
        Check::pass("kernel", release)
    } else {
        Check::fail("kernel", format!("{release} is too old"), "use Linux 4.19 or later, better 5.8 or later")
    }
}

/// What is known about the kernel's modules.
struct Modules {
    /// The text of the lists of modules: built in, and to be loaded.
    lists: Option<String>,
    /// The kernel's config.
    config: Option<String>,
}

impl Modules {
    fn of(machine: &Machine) -> Self {
        let release = machine.kernel().unwrap_or_default();
        // NixOS has its modules elsewhere.
        let roots = ["/lib/modules", "/usr/lib/modules", "/run/booted-system/kernel-modules/lib/modules"];
        let lists = roots.iter().find_map(|root| {
            let list = |name: &str| machine.text(&format!("{root}/{release}/{name}"));
            Some(list("modules.dep")? + &list("modules.builtin").unwrap_or_default())
        });
        let packed = machine.bytes("/proc/config.gz").and_then(|bytes| {
            let mut text = String::new();
            GzDecoder::new(bytes.as_slice()).take(LONGEST_CONFIG).read_to_string(&mut text).ok()?;
            Some(text)
        });
        Self { lists, config: packed.or_else(|| machine.text(&format!("/boot/config-{release}"))) }
    }

    /// Whether a module is there, loaded or not; none when nothing tells.
    fn has(&self, machine: &Machine, name: &str) -> Option<bool> {
        if machine.exists(&format!("/sys/module/{name}")) {
            return Some(true);
        }
        let listed = self.lists.as_ref().map(|lists| {
            // Files may be packed, and spell a module with `-` or `_`.
            let file = |spelt: &str| lists.contains(&format!("/{spelt}.ko"));
            file(name) || file(&name.replace('_', "-"))
        });
        let configured = self.config.as_ref().map(|config| {
            let option = option(name);
            config.lines().any(|line| line == format!("{option}=y") || (self.lists.is_none() && line == format!("{option}=m")))
        });
        match (listed, configured) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, None) => None,
            _ => Some(false),
        }
    }
}

/// The option of the kernel's config that makes a module.
fn option(name: &str) -> String {
    match name {
        "br_netfilter" => "CONFIG_BRIDGE_NETFILTER".to_owned(),
        "overlay" => "CONFIG_OVERLAY_FS".to_owned(),
        "xt_comment" => "CONFIG_NETFILTER_XT_MATCH_COMMENT".to_owned(),
        name => format!("CONFIG_{}", name.to_ascii_uppercase()),
    }
}
