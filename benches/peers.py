#!/usr/bin/env python3
"""Runs manifestgen and a peer in turn on the same work and prints medians and ratios.

    cargo build --release && tests/toolchain/build && benches/peers.py [--runs N] [WORK...]

Work: `render` (the primer, against `kustomize build` of Argo CD's install), `validate` (10,000 mixed objects, schemas, references and
rules, against kubeconform's schema check), `server` (a server-side dry run of Argo CD's install, against kubectl on the same server).
The peers that only this script needs (kubeconform, its schemas) are fetched from their package registries once. Both sides are whole processes with their output thrown away. They take turns, so that a busy
machine slows both.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import mixed_manifests

ROOT = Path(__file__).resolve().parent.parent
ARGOCD = "github.com/argoproj/argo-cd/v3@v3.5.1"
OBJECTS = 59
KUBECONFORM = "v0.8.0"
SCHEMAS = "v1.36.0-local-strict"
MIXED = 10_000


def toolchain() -> Path:
    cache = os.environ.get("MANIFESTGEN_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "manifestgen"
    )
    return Path(cache) / "toolchain" / "bin"


def argocd_install() -> Path:
    """Argo CD's own install.yaml, from its Go module."""
    answer = subprocess.run(["go", "mod", "download", "-json", ARGOCD], check=True, capture_output=True, cwd="/").stdout
    return Path(json.loads(answer)["Dir"]) / "manifests" / "install.yaml"


def run(command: list[str], **options) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    return time.perf_counter() - started


def compare(title: str, runs: int, ours: tuple[str, list[str]], peer: tuple[str, list[str]], **options) -> None:
    times: dict[str, list[float]] = {ours[0]: [], peer[0]: []}
    for name, command in (ours, peer):
        run(command, **options)  # warm the page cache
    for _ in range(runs):
        for name, command in (ours, peer):
            times[name].append(run(command, **options))
    medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
    print(f"\n{title} ({runs} runs each)")
    for name, median in medians.items():
        low, high = min(times[name]) * 1000, max(times[name]) * 1000
        print(f"  {name:<44} {median:9.1f} ms   ({low:.1f} to {high:.1f})")
    print(f"  ratio {medians[peer[0]] / medians[ours[0]]:.1f}")


def render(binary: Path, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        install = Path(folder) / "install.yaml"
        install.write_bytes(argocd_install().read_bytes())
        (Path(folder) / "kustomization.yaml").write_text("resources: [install.yaml]\n")
        compare(
            "render",
            runs,
            ("manifestgen render --profile primer", [str(binary), "render", "--profile", "primer"]),
            ("kustomize build of Argo CD's install", [str(toolchain() / "kustomize"), "build", folder]),
            cwd=folder,
        )


def kubeconform() -> Path:
    """kubeconform, built from its Go module."""
    folder = toolchain().parent.parent / "peers"
    if not (folder / "kubeconform").exists():
        environment = {**os.environ, "GOBIN": str(folder)}
        subprocess.run(["go", "install", f"github.com/yannh/kubeconform/cmd/kubeconform@{KUBECONFORM}"], check=True, env=environment, cwd="/")
    return folder / "kubeconform"


def json_schemas() -> Path:
    """Strict JSON schemas of Kubernetes, from the PyPI package `kubernetes-validate`, made standalone: kubeconform's own default form."""
    folder = toolchain().parent.parent / "peers"
    standalone = folder / "standalone-strict"
    if not standalone.exists():
        wheel = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder), "kubernetes-validate==1.37.0"]
        subprocess.run(wheel, check=True)
        with zipfile.ZipFile(next(folder.glob("kubernetes_validate-*.whl"))) as archive:
            names = [name for name in archive.namelist() if f"/{SCHEMAS}/" in name]
            texts = {Path(name).name: archive.read(name) for name in names}
        definitions = json.loads(texts["_definitions.json"])["$defs"]
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            for kind in {document["kind"].lower() for document in mixed_manifests.app(0)}:
                for name in [name for name in texts if re.fullmatch(rf"{kind}(-[a-z0-9]+)*-v\d+\.json", name)]:
                    (Path(aside) / name).write_text(json.dumps(inlined(json.loads(texts[name]), definitions)))
            shutil.copytree(aside, standalone)
    return standalone


def inlined(schema, definitions):
    """A schema with its references replaced by what they name; none of the kinds here is recursive."""
    if isinstance(schema, list):
        return [inlined(entry, definitions) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: inlined(value, definitions) for key, value in schema.items()}


def validate(binary: Path, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        manifests = Path(folder) / "mixed.yaml"
        mixed_manifests.write(manifests, MIXED)
        location = f"{json_schemas()}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
        peer = [str(kubeconform()), "-strict", "-n", str(os.cpu_count()), "-schema-location", location, str(manifests)]
        compare(
            f"validate {MIXED} mixed objects, {manifests.stat().st_size / 1e6:.1f} MB",
            runs,
            ("manifestgen validate -f", [str(binary), "validate", "-f", str(manifests), "--kubernetes", "1.36"]),
            ("kubeconform -strict", peer),
        )


def server(binary: Path, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        install = Path(folder) / "install.yaml"
        install.write_bytes(argocd_install().read_bytes())
        named = Path(folder) / "path"
        # The control plane ends with this process.
        keeper = subprocess.Popen([str(binary), "__control-plane", str(named), str(os.getpid())])
        try:
            while not named.exists():
                if keeper.poll() is not None:
                    sys.exit("the control plane did not start")
                time.sleep(0.05)
            kubeconfig = named.read_text()
            kubectl = [str(toolchain() / "kubectl"), "--kubeconfig", kubeconfig]
            apply = kubectl + ["apply", "--server-side", "--force-conflicts", "-f", str(install)]
            # Both are to find the definitions there, as on a cluster that runs Argo CD.
            run(apply)
            environment = dict(os.environ, KUBECONFIG=kubeconfig)
            compare(
                f"server-side dry run of {OBJECTS} objects",
                runs,
                ("manifestgen validate --server=live", [str(binary), "validate", "--server=live", str(install)]),
                ("kubectl apply --server-side --dry-run=server", apply + ["--dry-run=server"]),
                env=environment,
            )
            ours = [str(binary), "apply", "-f", str(install), "--name", "argocd", "--no-wait"]
            # The first run makes the objects ours as well; from then on neither side changes anything.
            run(ours, env=environment)
            compare(
                f"apply of {OBJECTS} objects that are there",
                runs,
                ("manifestgen apply --no-wait", ours),
                ("kubectl apply --server-side", apply),
                env=environment,
            )
        finally:
            keeper.terminate()
            keeper.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", nargs="*", choices=["render", "validate", "server", []], help="by default all")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "manifestgen")
    arguments = parser.parse_args()
    if not arguments.binary.exists():
        sys.exit(f"{arguments.binary} is not there: cargo build --release")
    print(f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    for name in arguments.work or ["render", "validate", "server"]:
        {"render": render, "validate": validate, "server": server}[name](arguments.binary, arguments.runs)


if __name__ == "__main__":
    main()
