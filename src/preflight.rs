//! Whether a machine is fit to be a node of the cluster, before k3s is installed on it.
//!
//! Everything is read from files of the machine (`/proc`, `/sys`, `/etc`), nothing is changed, and no other program is started.
//! What a machine does not tell is said to be unknown, not guessed.

mod addresses;
mod cgroups;
mod check;
mod demands;
mod disk;
mod kernel;
mod machine;
mod mounts;
mod ports;
mod resources;
mod software;

pub use check::{Check, Outcome};
pub use demands::{Demands, Port, Protocol};
pub use machine::Machine;

/// Looks at a machine, in the order in which problems are best mended.
#[must_use]
pub fn preflight(machine: &Machine, demands: &Demands) -> Vec<Check> {
    let mut checks = Vec::new();
    resources::check(machine, demands, &mut checks);
    kernel::check(machine, demands, &mut checks);
    cgroups::check(machine, demands, &mut checks);
    disk::check(machine, demands, &mut checks);
    addresses::check(machine, demands, &mut checks);
    ports::check(machine, demands, &mut checks);
    software::check(machine, demands, &mut checks);
    checks
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const KERNEL: &str = "6.12.57";

    /// A machine on which nothing is wrong.
    fn fit() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        let modules = ["br_netfilter", "nf_conntrack", "nf_nat", "veth", "bridge", "xt_comment", "overlay", "vxlan"];
        let list: Vec<_> = modules.iter().map(|name| format!("kernel/net/{}.ko.xz:", name.replace('_', "-"))).collect();
        let files = [
            ("proc/self/status", "Name:\tx\nUid:\t0\t0\t0\t0\n".to_owned()),
            ("proc/cpuinfo", "processor\t: 0\nprocessor\t: 1\n".to_owned()),
            ("proc/meminfo", "MemTotal:        4000000 kB\nSwapTotal:             0 kB\n".to_owned()),
            ("proc/sys/kernel/osrelease", format!("{KERNEL}\n")),
            ("proc/sys/kernel/hostname", "a\n".to_owned()),
            ("proc/sys/fs/inotify/max_user_instances", "8192\n".to_owned()),
            ("proc/net/fib_trie", "Main:\n  |-- 10.0.0.1\n     /32 host LOCAL\n  |-- 10.0.0.255\n     /32 link BROADCAST\n".to_owned()),
            ("proc/net/tcp", "  sl  local_address\n".to_owned()),
            ("proc/self/mountinfo", "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n".to_owned()),
            ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n".to_owned()),
            (&format!("lib/modules/{KERNEL}/modules.dep"), list.join("\n")),
            ("dev/kmsg", String::new()),
            ("dev/net/tun", String::new()),
            ("etc/resolv.conf", "nameserver 10.0.0.1\n".to_owned()),
            ("run/systemd/timesync/synchronized", String::new()),
            ("run/token", "secret".to_owned()),
        ]
        .map(|(path, text)| (path.to_owned(), text));
        for (path, text) in files {
            write(&root, &path, &text);
        }
        fs::set_permissions(root.path().join("run/token"), fs::Permissions::from_mode(0o400)).expect("set");
        root
    }

    fn write(root: &tempfile::TempDir, path: &str, text: &str) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn demands() -> Demands {
        let port = |number, protocol| Port { number, protocol, what: "a test".to_owned() };
        Demands {
            name: "a".to_owned(),
            server: true,
            data_dir: "/var/lib/rancher/k3s".to_owned(),
            snapshotter: "overlayfs".to_owned(),
            rootless: false,
            protect_kernel_defaults: false,
            refuses_cgroup_v1: true,
            resolv_conf: None,
            addresses: vec!["10.0.0.1".to_owned()],
            ports: vec![port(6443, Protocol::Tcp), port(8472, Protocol::Udp)],
            secret_files: vec!["/run/token".to_owned()],
            modules: vec![("br_netfilter", "a test"), ("overlay", "a test"), ("vxlan", "a test")],
            joins: None,
            tun: true,
        }
    }

    /// Everything but what passes, and but the space of the disk that this test runs on.
    fn trouble(root: &tempfile::TempDir, demands: &Demands) -> Vec<String> {
        let checks = preflight(&Machine::at(root.path()), demands);
        let trouble = checks.iter().filter(|check| check.outcome != Outcome::Pass && check.about != "disk");
        trouble.map(|check| format!("{} {}: {}", check.outcome.name(), check.about, check.message)).collect()
    }

    #[test]
    fn a_fit_machine_passes() {
        let root = fit();
        assert_eq!(trouble(&root, &demands()), [""; 0]);
    }

    #[test]
    fn each_trouble_is_told() {
        // A file and its text, and what is told then.
        let cases = [
            ("proc/self/status", "Uid:\t1000\n", "warn user: this is not root, so parts of the machine stay unseen"),
            ("proc/cpuinfo", "processor: 0\n", "warn processors: 1, and a server takes 2"),
            ("proc/meminfo", "MemTotal: 1000000 kB\nSwapTotal: 0 kB\n", "warn memory: 976 MiB, and a server takes 2048"),
            ("proc/meminfo", "MemTotal: 300000 kB\nSwapTotal: 0 kB\n", "fail memory: 292 MiB, and a server takes 2048"),
            (
                "proc/meminfo",
                "MemTotal: 4000000 kB\nSwapTotal: 2097152 kB\n",
                "warn swap: 2048 MiB; pods' memory limits then say little about what they use",
            ),
            ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n", "fail cgroups: version 2 without memory"),
            ("proc/sys/kernel/hostname", "other\n", "warn host name: it is `other`, and the node is `a`"),
            (
                "proc/net/fib_trie",
                "Main:\n  |-- 10.0.0.1\n     /32 link BROADCAST\n",
                "fail address: 10.0.0.1 is the node's in the config, and no interface has it",
            ),
            (
                "etc/resolv.conf",
                "nameserver 127.0.0.53\n",
                "warn name servers: /etc/resolv.conf or /run/systemd/resolve/resolv.conf has none that a pod could reach, \
                 so pods of the node's DNS would ask 8.8.8.8",
            ),
            ("run/token", "", "fail secret /run/token: it is empty"),
            (
                "proc/self/mountinfo",
                "22 1 8:1 / /var rw,noexec - ext4 /dev/sda1 rw\n",
                "fail file system: /var/lib/rancher/k3s is on /var, mounted with `noexec`: k3s unpacks its programs there",
            ),
            (
                "proc/self/mountinfo",
                "22 1 8:1 / / rw - overlay overlay rw\n",
                "fail file system: /var/lib/rancher/k3s is on overlay, and overlayfs cannot be stacked on it",
            ),
            (
                "sys/module/apparmor/parameters/enabled",
                "Y\n",
                "fail AppArmor: the kernel has it on, and there is no apparmor_parser: no pod starts",
            ),
            ("etc/ufw/ufw.conf", "# x\nENABLED=yes\n", "warn firewall: ufw is on, and drops the traffic of pods by default"),
            (
                "proc/net/tcp",
                "h\n 0: 00000000:192B 00000000:0000 0A 0:0 0:0 0 0 0 77 1\n",
                "fail port 6443/tcp: another program listens on it, and a test needs it",
            ),
            (
                "proc/net/udp",
                "h\n 0: 00000000:2118 00000000:0000 07 0:0 0:0 0 0 0 78 1\n",
                "fail port 8472/udp: another program listens on it, and a test needs it",
            ),
        ];
        for (file, text, told) in cases {
            let root = fit();
            if file == "run/token" {
                fs::remove_file(root.path().join(file)).expect("removed");
            }
            write(&root, file, text);
            assert_eq!(trouble(&root, &demands()), [told], "{file}");
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        let cases = [
            ("dev/kmsg", "fail /dev/kmsg: it is not there, and the kubelet does not start without it"),
            ("dev/net/tun", "fail TUN device: there is no /dev/net/tun, and Tailscale's interface needs it"),
            ("run/token", "fail secret /run/token: it is not there"),
            (
                "lib/modules/6.12.57/modules.dep",
                "unknown kernel modules: whether there are br_netfilter, overlay, vxlan cannot be told: neither modules nor the kernel's \
                 config are here",
            ),
            ("proc/net/tcp", "unknown ports: /proc does not tell which are taken"),
            ("sys/fs/cgroup/cgroup.controllers", "fail cgroups: there are none"),
        ];
        for (file, told) in cases {
            let root = fit();
            fs::remove_file(root.path().join(file)).expect("removed");
            assert_eq!(trouble(&root, &demands()), [told], "{file}");
        }
    }

    #[test]
    fn a_kernel_without_modules_is_known_by_its_config() {
        use std::io::Write;
        let root = fit();
        fs::remove_dir_all(root.path().join("lib")).expect("removed");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"CONFIG_BRIDGE_NETFILTER=y\nCONFIG_OVERLAY_FS=y\n# CONFIG_VXLAN is not set\n").expect("packed");
        fs::write(root.path().join("proc/config.gz"), packed.finish().expect("packed")).expect("written");
        assert_eq!(trouble(&root, &demands()), ["fail kernel module vxlan: there is none; it is for a test"]);
    }

    #[test]
    fn cgroup_v1_is_judged_by_the_version_of_kubernetes() {
        let root = fit();
        fs::remove_file(root.path().join("sys/fs/cgroup/cgroup.controllers")).expect("removed");
        write(&root, "proc/cgroups", "#name\th\tn\tenabled\ncpu\t1\t1\t1\ncpuset\t1\t1\t1\nmemory\t1\t1\t1\npids\t1\t1\t1\n");
        assert_eq!(trouble(&root, &demands()), ["fail cgroups: version 1, which the kubelet refuses from Kubernetes 1.35 on"]);
        let older = Demands { refuses_cgroup_v1: false, ..demands() };
        assert_eq!(trouble(&root, &older), ["warn cgroups: version 1, which Kubernetes leaves behind"]);
        write(&root, "proc/cgroups", "#name\th\tn\tenabled\ncpu\t1\t1\t1\ncpuset\t1\t1\t1\nmemory\t1\t1\t0\npids\t1\t1\t1\n");
        assert_eq!(trouble(&root, &older), ["fail cgroups: version 1 without memory"]);
    }

    #[test]
    fn a_running_k3s_holds_its_own_ports() {
        let root = fit();
        write(&root, "proc/net/tcp", "h\n 0: 00000000:192B 00000000:0000 0A 0:0 0:0 0 0 0 77 1\n");
        let hold = |name: &str| {
            write(&root, "proc/812/comm", &format!("{name}\n"));
            fs::create_dir_all(root.path().join("proc/812/fd")).expect("made");
            let link = root.path().join("proc/812/fd/3");
            if !link.is_symlink() {
                std::os::unix::fs::symlink("socket:[77]", link).expect("linked");
            }
        };
        hold("nginx");
        assert_eq!(trouble(&root, &demands()), ["fail port 6443/tcp: nginx (process 812) listens on it, and a test needs it"]);
        hold("k3s-server");
        assert_eq!(trouble(&root, &demands()), [""; 0]);
    }

    #[test]
    fn the_way_to_the_server_is_tried() {
        let root = fit();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let joins = Demands { joins: Some(address.clone()), ..demands() };
        assert_eq!(trouble(&root, &joins), [""; 0]);
        drop(listener);
        assert_eq!(trouble(&root, &joins), [format!("warn server {address}: it does not answer: k3s will wait for it")]);
        let nobody = Demands { joins: Some("nobody.invalid:6443".to_owned()), ..demands() };
        assert!(
            trouble(&root, &nobody)[0].starts_with("fail server nobody.invalid:6443: its name is not found"),
            "{:?}",
            trouble(&root, &nobody)
        );
    }

    #[test]
    fn protected_kernel_defaults_must_be_set() {
        let root = fit();
        let settings = [("vm/overcommit_memory", "1"), ("vm/panic_on_oom", "0"), ("kernel/panic", "0"), ("kernel/panic_on_oops", "1")];
        for (name, value) in settings {
            write(&root, &format!("proc/sys/{name}"), value);
        }
        let protect = Demands { protect_kernel_defaults: true, ..demands() };
        let told = trouble(&root, &protect);
        assert!(
            told.contains(&"fail kernel.panic: 0, and with `protectKernelDefaults` the kubelet starts only with 10".to_owned()),
            "{told:?}"
        );
        assert!(told.contains(&"unknown kernel.keys.root_maxkeys: the kernel does not tell".to_owned()), "{told:?}");
    }
}
