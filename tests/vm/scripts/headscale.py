# machines: primer worker1 worker2
workers = [worker1, worker2]

start_all()
wait_for_server(primer)

with subtest("the release is applied, and Headscale is healthy"):
    wait_for_release(primer)
    kubectl(primer, "--namespace=headscale", "rollout", "status", "deployment/headscale")
    for machine in [primer, *workers]:
        machine.succeed("curl --fail --silent http://192.168.1.1:30080/health")

with subtest("a worker without a key waits, and its start hangs on nothing"):
    for machine in workers:
        machine.wait_for_unit("multi-user.target")
        machine.wait_for_unit("cluster-mesh-join.path")
        machine.fail("systemctl is-active k3s.service")

with subtest("the primer joins its own mesh, and its route is approved"):
    primer.wait_for_unit("cluster-mesh-join.service")
    primer.wait_until_succeeds("tailscale ip -4")
    (own,) = [member for member in headscale(primer, "nodes", "list") if member["given_name"] == "primer"]
    assert "192.168.1.1/32" in own["approved_routes"], own

with subtest("workers join the mesh with keys of their own"):
    for machine in workers:
        bring_join_key(primer, machine)
        machine.fail("test -e /run/cluster-mesh-join/key")
    members = {member["given_name"] for member in headscale(primer, "nodes", "list")}
    assert members == {"primer", "worker1", "worker2"}, members

with subtest("they reach each other across the mesh"):
    addresses = {machine.name: machine.succeed("tailscale ip -4").strip() for machine in [primer, *workers]}
    for machine in [primer, *workers]:
        for name, address in addresses.items():
            if name != machine.name:
                machine.wait_until_succeeds(f"ping -c 1 -W 2 {address}", timeout=120)

with subtest("all nodes are Ready"):
    wait_for_nodes(primer, "primer", "worker1", "worker2")

with subtest("keys of nodes that have joined are gone"):
    primer.succeed("systemctl start cluster-join-keys.service")
    primer.fail("ls /var/lib/cluster-join-keys/*.age")

with subtest("a primer that reboots waits for no mesh"):
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)
    primer.wait_until_succeeds("tailscale ip -4")
    wait_for_nodes(primer, "primer", "worker1", "worker2")

with subtest("a worker that reboots needs no key, neither a new one nor its old"):
    worker1.succeed("rm /var/lib/cluster-mesh/join-key.age")
    reboot(worker1)
    worker1.wait_until_succeeds("systemctl is-active cluster-mesh-join.service k3s.service")
    wait_for_nodes(primer, "primer", "worker1", "worker2")
