# machines: primer
WORKLOADS = {
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-dex-server",
    "argocd-notifications-controller",
    "argocd-redis",
    "argocd-repo-server",
    "argocd-server",
}


def ready() -> set[str]:
    items = get(primer, "--namespace=argocd", "deployments,statefulsets")["items"]
    return {item["metadata"]["name"] for item in items if item["status"].get("readyReplicas") == item["spec"]["replicas"]}


start_all()
wait_for_server(primer)

with subtest("all seven workloads are ready"):
    wait_for_release(primer)
    assert ready() == WORKLOADS, ready() ^ WORKLOADS

with subtest("no image came from a registry"):
    pods = get(primer, "--all-namespaces", "pods")["items"]
    images = {container["image"] for pod in pods for container in pod["spec"]["containers"]}
    assert all(image.startswith("test.local/") for image in images), images

with subtest("the API server of Argo CD answers by its name in the cluster"):
    primer.succeed(
        "kubectl --namespace=argocd exec deployment/argocd-repo-server --"
        " argocd version --server argocd-server.argocd.svc.cluster.local --insecure --short"
    )

with subtest("a reboot brings all of them back"):
    reboot(primer)
    wait_for_server(primer)
    wait_for_release(primer)
    assert ready() == WORKLOADS, ready() ^ WORKLOADS
