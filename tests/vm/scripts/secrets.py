# machines: primer
FILE = "/run/agenix/headscale-noise"
UNIT = "manifestgen-secrets.service"


def delivered() -> str:
    return primer.succeed(
        "kubectl --namespace=headscale get secret headscale-secrets --output=json"
        " | jq --raw-output '.data[\"noise-private.key\"]' | base64 --decode | sha256sum"
    )


def pods() -> set[str]:
    return {pod["metadata"]["uid"] for pod in get(primer, "--namespace=headscale", "pods")["items"]}


start_all()
wait_for_server(primer)
primer.wait_for_unit(UNIT)
wait_for_release(primer)

with subtest("the Secret holds what agenix decrypted"):
    assert delivered() == primer.succeed(f"sha256sum <{FILE}")
    kubectl(primer, "--namespace=headscale", "rollout", "status", "deployment/headscale")
    first = delivered()

with subtest("the value is in no store path, log or argument"):
    value = primer.succeed(f"cat {FILE}").strip()
    primer.fail(f"journalctl --boot --grep {value[-20:]}")
    primer.fail(f"grep --recursive --quiet --fixed-strings {value[-20:]} /run/current-system/etc")

with subtest("nor in k3s' database, which is encrypted from the first start"):
    status = primer.succeed("k3s secrets-encrypt status")
    assert "Encryption Status: Enabled" in status, status
    primer.fail(f"grep --recursive --quiet --fixed-strings --text {value[-20:]} /var/lib/rancher/k3s/server/db")

with subtest("a rotated value reaches the pod"):
    before = pods()
    primer.succeed("/run/current-system/specialisation/rotated/bin/switch-to-configuration test")
    primer.wait_for_unit(UNIT)
    assert delivered() == primer.succeed(f"sha256sum <{FILE}")
    assert delivered() != first
    kubectl(primer, "--namespace=headscale", "rollout", "status", "deployment/headscale")
    assert not before & pods(), "the pod still runs with the old key"

with subtest("older files are refused, and the newer value stays"):
    newer = delivered()
    primer.succeed("/run/booted-system/bin/switch-to-configuration test || true")
    primer.wait_until_succeeds(f"journalctl --boot --unit={UNIT} --grep older")
    assert delivered() == newer
