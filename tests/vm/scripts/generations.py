# machines: primer
def own_config_maps() -> set[str]:
    return names(primer, "configmaps") - {"kube-root-ca.crt"}


start_all()
wait_for_server(primer)
wait_for_release(primer)
assert own_config_maps() == {"goes", "stays"}, own_config_maps()

with subtest("a reboot keeps the cluster"):
    uid = get(primer, "configmap", "stays")["metadata"]["uid"]
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)
    assert get(primer, "configmap", "stays")["metadata"]["uid"] == uid

with subtest("a switch deletes what the new generation no longer holds"):
    primer.succeed("/run/current-system/specialisation/smaller/bin/switch-to-configuration test")
    wait_for_release(primer)
    assert own_config_maps() == {"stays"}, own_config_maps()
    assert get(primer, "configmap", "stays")["metadata"]["uid"] == uid

with subtest("and back"):
    primer.succeed("/run/booted-system/bin/switch-to-configuration test")
    wait_for_release(primer)
    assert own_config_maps() == {"goes", "stays"}, own_config_maps()
