# machines: primer worker
def trust() -> None:
    """Where the steps look for the certificate of the CA."""
    for machine in [primer, worker]:
        machine.succeed("mkdir -p /var/lib/cluster && cp /etc/cluster/ca.crt /var/lib/cluster/ca.crt")


@action
def server() -> None:
    start_all()
    trust()
    wait_for_server(primer)
    wait_for_nodes(primer, "primer", "worker")


@action
def release() -> None:
    wait_for_release(primer)


@action
def delivered() -> None:
    primer.wait_for_unit("manifestgen-secrets.service")


@action
def images() -> None:
    pods = get(primer, "--all-namespaces", "pods")["items"]
    found = {container["image"] for pod in pods for container in pod["spec"]["containers"]}
    assert found == {"test.local/echo:local", "test.local/traefik:local"}, found


@action
def reboot_primer() -> None:
    reboot(primer)
    wait_for_server(primer)
    wait_for_nodes(primer, "primer", "worker")
    wait_for_release(primer)


play(primer, worker)
