//! How a node's k3s is started: as a service of systemd, or as the entrypoint of a container.

use super::flags::Role;

/// The name of k3s' service on a node, as its installer has it.
#[must_use]
pub const fn unit_name(role: Role) -> &'static str {
    match role {
        Role::Server => "k3s.service",
        Role::Agent => "k3s-agent.service",
    }
}

/// A unit of systemd with what k3s' own has (`install.sh` of k3s, function `create_systemd_service_file`).
#[must_use]
pub fn unit(role: Role) -> String {
    // An agent tells systemd that it is ready only once it has joined, which may be long after the machine has to be up.
    let kind = match role {
        Role::Server => "notify",
        Role::Agent => "exec",
    };
    let command = role.command();
    format!(
        "[Unit]\n\
         Description=Lightweight Kubernetes ({command})\n\
         Documentation=https://k3s.io\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type={kind}\n\
         EnvironmentFile=-/etc/default/%N\n\
         ExecStartPre=-/sbin/modprobe br_netfilter\n\
         ExecStartPre=-/sbin/modprobe overlay\n\
         ExecStart=/usr/local/bin/k3s {command}\n\
         KillMode=process\n\
         Delegate=yes\n\
         LimitNOFILE=1048576\n\
         LimitNPROC=infinity\n\
         LimitCORE=infinity\n\
         TasksMax=infinity\n\
         TimeoutStartSec=0\n\
         Restart=always\n\
         RestartSec=5s\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    )
}

/// A recipe for an image with k3s, this program, and the node's configuration. k3s' own image has what k3s calls.
#[must_use]
pub fn containerfile(role: Role) -> String {
    let command = role.command();
    format!(
        "# podman build --build-arg K3S_IMAGE=docker.io/rancher/k3s:VERSION --tag NAME .\n\
         # podman run --privileged --cgroupns=private --volume k3s:/var/lib/rancher/k3s NAME\n\
         ARG K3S_IMAGE\n\
         FROM ${{K3S_IMAGE}}\n\
         # A static build of manifestgen, beside this file.\n\
         COPY manifestgen /usr/local/bin/manifestgen\n\
         COPY etc/rancher /etc/rancher\n\
         VOLUME /var/lib/rancher/k3s\n\
         HEALTHCHECK CMD [\"test\", \"-e\", \"/run/k3s-ready\"]\n\
         ENTRYPOINT [\"/usr/local/bin/manifestgen\", \"node\", \"run\", \"{command}\", \"--ready-file\", \"/run/k3s-ready\"]\n"
    )
}
