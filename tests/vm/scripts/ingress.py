# machines: primer worker
ADDRESSES = ["192.168.1.1", "192.168.1.2"]
CA = "/etc/cluster/ca.crt"


def ask(machine: Node, address: str, url: str, *options: str) -> tuple[str, str]:
    """Status and body of what the node at `address` answers."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    port = 30443 if scheme == "https" else 30880
    command = ["curl", "--silent", "--show-error", "--max-time", "10", "--cacert", CA, *options]
    command += ["--resolve", f"{host}:{port}:{address}", "--write-out", "\n%{http_code} %{redirect_url}"]
    said = machine.succeed(shlex.join([*command, f"{scheme}://{host}:{port}/{path}"]))
    body, _, status = said.rpartition("\n")
    return status.strip(), body


def answers(url: str, status: str, *lines: str) -> None:
    """Each machine gets this answer from each node, whichever node the pod is on."""
    for machine in [primer, worker]:
        for address in ADDRESSES:
            got, body = ask(machine, address, url)
            assert got == status, (machine.name, address, url, got, body)
            assert set(lines) <= set(body.splitlines()), (machine.name, address, url, body)


def settle(url: str, status: int = 200, timeout: int = 300) -> None:
    """Until each node's port leads to nothing but Traefiks that know the routes: one takes its time, and it is chance who gets asked."""
    host = url.removeprefix("https://").partition("/")[0]
    target = url.replace(host, f"{host}:30443")
    for address in ADDRESSES:
        command = f"curl --silent --output /dev/null --cacert {CA} --resolve {host}:30443:{address} --write-out '%{{http_code}}' {target}"
        primer.wait_until_succeeds(f'for i in $(seq 20); do test "$({command})" = {status} || exit 1; done', timeout=timeout)


start_all()
wait_for_server(primer)
wait_for_nodes(primer, "primer", "worker")
primer.wait_for_unit("manifestgen-secrets.service")
wait_for_release(primer)

with subtest("all pods are from images of these machines"):
    pods = get(primer, "--all-namespaces", "pods")["items"]
    images = {container["image"] for pod in pods for container in pod["spec"]["containers"]}
    assert images == {"test.local/echo:local", "test.local/traefik:local"}, images

with subtest("the certificate that was delivered is the one that is served"):
    expected = primer.succeed(
        "kubectl --namespace=web get secret shop-tls --output=json | jq --raw-output '.data[\"tls.crt\"]' | base64 --decode"
        " | openssl x509 -noout -fingerprint -sha256"
    )
    settle("https://shop.test/")
    for address in ADDRESSES:
        served = primer.succeed(
            f"openssl s_client -connect {address}:30443 -servername shop.test </dev/null 2>/dev/null"
            " | openssl x509 -noout -fingerprint -sha256"
        )
        assert served == expected, (address, served, expected)

with subtest("requests go by host and path elements, the longest first"):
    answers("https://shop.test/", "200", "Name: shop", "GET / HTTP/1.1")
    answers("https://shop.test/basketball", "200", "Name: shop", "GET /basketball HTTP/1.1")
    answers("https://shop.test/basket", "200", "Name: basket", "GET / HTTP/1.1")
    answers("https://shop.test/basket/1?a=b", "200", "Name: basket", "GET /1?a=b HTTP/1.1")
    answers("http://other.test/shop/x", "200", "Name: shop", "GET /shop/x HTTP/1.1")

with subtest("plain HTTP to a host with TLS is sent to HTTPS, and nobody's request is not found"):
    answers("http://shop.test/basket", "301 https://shop.test/basket")
    answers("http://other.test/", "404")

with subtest("the pod is told who asked for what"):
    _, body = ask(primer, ADDRESSES[0], "https://shop.test/")
    assert "X-Forwarded-Proto: https" in body and "X-Forwarded-Host: shop.test" in body, body

with subtest("a Service without pods is unavailable, until it has some again"):
    kubectl(primer, "--namespace=web", "scale", "deployment/basket", "--replicas=0")
    settle("https://shop.test/basket", status=503)
    kubectl(primer, "--namespace=web", "scale", "deployment/basket", "--replicas=1")
    settle("https://shop.test/basket")

with subtest("a reboot of the node that others are reached by keeps the routes"):
    reboot(primer)
    wait_for_server(primer)
    wait_for_nodes(primer, "primer", "worker")
    wait_for_release(primer)
    settle("https://shop.test/")
    answers("https://shop.test/basket", "200", "Name: basket", "GET / HTTP/1.1")
