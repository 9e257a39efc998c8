#!/usr/bin/env python3
"""Stands in for k3s in a lab. It lies beside `stand-in.json`, which names the real programs and certificates.

As a server it starts the real etcd and kube-apiserver where its config.yaml says, and writes k3s.yaml as k3s does. It says of every node that
wrote something down that it is Ready, and of the Deployment `coredns` that it is available: no kubelet runs, and no pod. As an agent it
only writes down how it was called.
"""
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS = os.path.join(HERE, "records")
SETTINGS = "/etc/rancher/k3s"
DATA = "/var/lib/rancher/k3s/server"
# Folders that have to be each node's own.
OWN = ["/etc", "/etc/rancher", "/run", "/var/lib", "/var/log"]


def text(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


CONFIG = text(next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--config=")))


def setting(flag, default=None):
    """A flag that has one value. k3s reads YAML; what our writer makes of a text is plain, or between quotes."""
    found = re.search(rf"""^{flag}: *["']?([^"'\n]+)""", CONFIG, re.MULTILINE)
    return found.group(1) if found else default


def record():
    # Field 5 of a line is where something is mounted (`man 5 proc`).
    mounts = {line.split()[4] for line in text("/proc/self/mountinfo").splitlines()}
    seen = {
        "argv": sys.argv[1:],
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "config": CONFIG,
        "registries": text(f"{SETTINGS}/registries.yaml"),
        "own": [place for place in OWN if place in mounts],
        "routes": subprocess.run(["ip", "route"], capture_output=True, text=True).stdout,
    }
    with open(os.path.join(RECORDS, setting("node-name")), "a") as file:
        file.write(json.dumps(seen) + "\n")


def say_ready():
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.sendto(b"READY=1\n", os.environ["NOTIFY_SOCKET"])


class Server:
    def __init__(self):
        self.there = json.loads(text(os.path.join(HERE, "stand-in.json")))
        self.port = setting("https-listen-port", "6443")
        self.nodes = set()
        self.dns = False

    def run(self):
        os.makedirs(DATA, exist_ok=True)
        os.chdir(DATA)
        children = [self.etcd(), self.kube_apiserver()]
        # k3s writes it before its API server answers, too.
        self.write_kubeconfig()
        told = False
        while all(child.poll() is None for child in children):
            if self.kubectl("get", "--raw", "/readyz"):
                if not told:
                    say_ready()
                    told = True
                self.play_kubelets()
            time.sleep(0.3)
        sys.exit("a part of the stand-in ended")

    def etcd(self):
        peer = "unix://peer.sock:1"
        return subprocess.Popen([
            self.there["etcd"], "--name=stand-in", "--data-dir=etcd", "--listen-client-urls=unix://etcd.sock",
            "--advertise-client-urls=http://localhost:1", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=stand-in={peer}", "--unsafe-no-fsync", "--log-level=warn",
        ])

    def kube_apiserver(self):
        pki = self.there["pki"]
        return subprocess.Popen([
            self.there["kube-apiserver"], "--etcd-servers=unix://etcd.sock", "--bind-address=0.0.0.0", f"--secure-port={self.port}",
            f"--advertise-address={setting('node-ip')}", f"--service-cluster-ip-range={setting('service-cidr')}", "--cert-dir=.",
            f"--tls-cert-file={pki}/server.crt", f"--tls-private-key-file={pki}/server.key", f"--client-ca-file={pki}/ca.crt",
            "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/server.pub", f"--service-account-signing-key-file={pki}/server.key",
            "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true", "--profiling=false",
        ])

    def write_kubeconfig(self):
        def inside(name):
            return base64.b64encode(text(os.path.join(self.there["pki"], name)).encode()).decode()

        lines = [
            "apiVersion: v1",
            "clusters:",
            "- cluster:",
            f"    certificate-authority-data: {inside('ca.crt')}",
            f"    server: https://127.0.0.1:{self.port}",
            "  name: default",
            "contexts:",
            "- context:",
            "    cluster: default",
            "    user: default",
            "  name: default",
            "current-context: default",
            "kind: Config",
            "preferences: {}",
            "users:",
            "- name: default",
            "  user:",
            f"    client-certificate-data: {inside('client.crt')}",
            f"    client-key-data: {inside('client.key')}",
        ]
        descriptor = os.open(f"{SETTINGS}/k3s.yaml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")

    def kubectl(self, *arguments, given=None):
        command = [self.there["kubectl"], f"--kubeconfig={SETTINGS}/k3s.yaml", *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True).returncode == 0

    def patch_status(self, status, *what):
        return self.kubectl("patch", *what, "--subresource=status", "--type=merge", f"--patch={json.dumps({'status': status})}")

    def play_kubelets(self):
        for node in set(os.listdir(RECORDS)) - self.nodes:
            made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}}}
            self.kubectl("create", "--filename=-", given=json.dumps(made))
            condition = {"type": "Ready", "status": "True", "reason": "StandIn", "message": "no kubelet runs here"}
            if self.patch_status({"conditions": [condition]}, "node", node):
                self.nodes.add(node)
        if not self.dns:
            one = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
            self.dns = self.patch_status(one, "deployment", "coredns", "--namespace=kube-system")


record()
if sys.argv[1] == "server":
    Server().run()
else:
    say_ready()
    while True:
        time.sleep(60)
