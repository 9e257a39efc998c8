# machines: primer worker1 worker2 worker3 worker4
workers = [worker1, worker2, worker3, worker4]
members = [primer, *workers]

start_all()

with subtest("every node reaches every other one by WireGuard"):
    for machine in members:
        machine.wait_for_unit("wireguard-wg0.service")
    for machine in members:
        for number in range(1, len(members) + 1):
            machine.wait_until_succeeds(f"ping -c 1 -W 2 10.99.0.{number}", timeout=120)

with subtest("pods' traffic cannot get in beside it"):
    # VXLAN has no protection of its own: the firewall lets it in by the mesh alone.
    openings = [rule for rule in primer.succeed("iptables --list-rules").splitlines() if "--dport 8472" in rule]
    assert openings and all("-i wg0" in rule for rule in openings), openings

with subtest("all nodes are Ready, and their pods talk by WireGuard"):
    wait_for_server(primer)
    wait_for_nodes(primer, *(machine.name for machine in members))
    for number, machine in enumerate(members, start=1):
        node = get(primer, "node", machine.name)
        by_flannel = node["metadata"]["annotations"]["flannel.alpha.coreos.com/public-ip"]
        assert by_flannel == f"10.99.0.{number}", (machine.name, by_flannel)
        external = [entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "ExternalIP"]
        assert external == [f"10.99.0.{number}"], (machine.name, external)
