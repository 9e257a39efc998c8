# machines: primer worker1 worker2 worker3 worker4
members = [primer, worker1, worker2, worker3, worker4]


@action
def interfaces() -> None:
    start_all()
    for machine in members:
        machine.wait_for_unit("wireguard-wg0.service")


@action
def beside() -> None:
    # VXLAN has no protection of its own: the firewall lets it in by the mesh alone.
    openings = [rule for rule in primer.succeed("iptables --list-rules").splitlines() if "--dport 8472" in rule]
    assert openings and all("-i wg0" in rule for rule in openings), openings


@action
def nodes() -> None:
    wait_for_server(primer)
    wait_for_nodes(primer, *(machine.name for machine in members))
    for number, machine in enumerate(members, start=1):
        node = get(primer, "node", machine.name)
        by_flannel = node["metadata"]["annotations"]["flannel.alpha.coreos.com/public-ip"]
        assert by_flannel == f"10.99.0.{number}", (machine.name, by_flannel)
        external = [entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "ExternalIP"]
        assert external == [f"10.99.0.{number}"], (machine.name, external)


@action
def killed() -> None:
    worker2.crash()


@action
def back() -> None:
    worker2.start()
    worker2.wait_for_unit("wireguard-wg0.service")


play(*members)
