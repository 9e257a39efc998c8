# machines: primer
@action
def server() -> None:
    start_all()
    wait_for_server(primer)


@action
def release() -> None:
    wait_for_release(primer)


@action
def images() -> None:
    pods = get(primer, "--all-namespaces", "pods")["items"]
    found = {container["image"] for pod in pods for container in pod["spec"]["containers"]}
    assert all(image.startswith("test.local/") for image in found), found


@action
def reboot_primer() -> None:
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)


play(primer)
