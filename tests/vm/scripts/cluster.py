# What the scripts share. It stands before each of them, in one text with it.
import json
import os
import shlex
from typing import Any, Protocol

# Where the driver has no KVM, its machines are emulated.
PATIENCE = 1 if os.access("/dev/kvm", os.R_OK | os.W_OK) else 10


class Node(Protocol):
    """What is used of the driver's machines, whatever their class is called."""

    name: str

    def succeed(self, *commands: str, timeout: int | None = None) -> str: ...
    def fail(self, *commands: str, timeout: int | None = None) -> str: ...
    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = 900) -> None: ...
    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str: ...
    def wait_until_fails(self, command: str, timeout: int = 900) -> str: ...
    def shutdown(self) -> None: ...
    def start(self) -> None: ...


def kubectl(server: Node, *arguments: str) -> str:
    return server.succeed("kubectl " + " ".join(map(shlex.quote, arguments)))


def get(server: Node, *arguments: str) -> Any:
    return json.loads(kubectl(server, "get", *arguments, "--output=json"))


def names(server: Node, *arguments: str) -> set[str]:
    return {item["metadata"]["name"] for item in get(server, *arguments)["items"]}


def wait_for_server(server: Node) -> None:
    server.wait_for_unit("k3s.service", timeout=900 * PATIENCE)
    server.wait_until_succeeds("kubectl get --raw=/readyz", timeout=900 * PATIENCE)
    server.wait_until_succeeds("kubectl get serviceaccount default", timeout=900 * PATIENCE)


def wait_for_release(server: Node) -> None:
    """Applied, and all of it healthy: the unit ends no earlier."""
    server.wait_for_unit("manifestgen-apply.service", timeout=1800 * PATIENCE)


def wait_for_nodes(server: Node, *expected: str) -> None:
    for name in expected:
        server.wait_until_succeeds(f"kubectl get node {name}", timeout=900 * PATIENCE)
    kubectl(server, "wait", "--for=condition=Ready", f"--timeout={600 * PATIENCE}s", "nodes", "--all")
    assert names(server, "nodes") == set(expected), names(server, "nodes")


def headscale(server: Node, *arguments: str) -> Any:
    """Headscale's own command line, in its pod."""
    said = kubectl(
        server,
        *("--namespace=headscale", "exec", "deployment/headscale", "--", "headscale"),
        *arguments,
        "--output=json",
    )
    return json.loads(said)


def bring_join_key(server: Node, worker: Node) -> None:
    """What an operator does with scp: the file is encrypted to the worker."""
    path = f"/var/lib/cluster-join-keys/{worker.name}.age"
    server.wait_until_succeeds(f"test -s {path}")
    key = server.succeed(f"cat {path}")
    assert key.startswith("-----BEGIN AGE ENCRYPTED FILE-----"), key
    target = "/var/lib/cluster-mesh/join-key.age"
    worker.succeed(f"printf %s {shlex.quote(key)} >{target}.new && mv {target}.new {target}")
    # The path unit starts the service a moment later: `wait_for_unit` would find it idle and give up.
    worker.wait_until_succeeds("systemctl is-active cluster-mesh-join.service")


def reboot(machine: Node) -> None:
    machine.shutdown()
    machine.start()


# What follows is the test's own.
