# machines: primer worker1 worker2
workers = [worker1, worker2]


@action
def server() -> None:
    start_all()
    wait_for_server(primer)


@action
def release() -> None:
    wait_for_release(primer)


@action
def waits() -> None:
    for machine in workers:
        machine.wait_for_unit("multi-user.target")
        machine.wait_for_unit("cluster-mesh-join.path")


@action
def joined() -> None:
    primer.wait_for_unit("cluster-mesh-join.service")
    primer.wait_until_succeeds("tailscale ip -4")
    (own,) = [member for member in headscale(primer, "nodes", "list") if member["given_name"] == "primer"]
    assert "192.168.1.1/32" in own["approved_routes"], own
    for machine in workers:
        bring_join_key(primer, machine)
        machine.fail("test -e /run/cluster-mesh-join/key")


@action
def ready() -> None:
    wait_for_nodes(primer, "primer", "worker1", "worker2")


@action
def reboot_primer() -> None:
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)


@action
def reboot_worker() -> None:
    worker1.succeed("rm /var/lib/cluster-mesh/join-key.age")
    reboot(worker1)
    worker1.wait_until_succeeds("systemctl is-active cluster-mesh-join.service k3s.service")


play(primer, *workers)
