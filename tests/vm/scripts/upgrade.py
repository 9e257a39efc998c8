# machines: primer
@action
def server() -> None:
    start_all()
    wait_for_server(primer)


@action
def release() -> None:
    wait_for_release(primer)


@action
def reboot_primer() -> None:
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)


def switch_to(system: str) -> None:
    primer.succeed(f"{system}/bin/switch-to-configuration test")
    wait_for_release(primer)
    found = names(primer, "configmaps") - {"kube-root-ca.crt"}
    assert found == ({"stays"} if system.endswith("smaller") else {"goes", "stays"}), found


@action
def smaller() -> None:
    switch_to("/run/current-system/specialisation/smaller")


@action
def back() -> None:
    switch_to("/run/booted-system")


play(primer)
