"""A set of mixed manifests as large as one likes: apps of eight objects each that refer to each other and are all valid."""

from pathlib import Path


def app(number: int) -> list[dict]:
    name, namespace = f"app-{number}", "default"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "bench"}
    meta = {"name": name, "namespace": namespace, "labels": labels}
    selector = {"app.kubernetes.io/name": name}
    container = {
        "name": "web",
        "image": f"registry.example.com/{name}:1.{number}.0",
        "args": ["--listen=:8080", f"--name={name}"],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "envFrom": [{"configMapRef": {"name": name}}],
        "env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}, {"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {
        "serviceAccountName": name,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": name}}, {"name": "tmp", "emptyDir": {}}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"app.yaml": f"name: {name}\nlevel: info\n", "mode": "fast"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "stringData": {"token": f"not-a-secret-{number}"}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {"replicas": 2, "selector": {"matchLabels": selector}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": meta,
            "spec": {"ingressClassName": "traefik", "rules": [{"host": f"{name}.example.com", "http": {"paths": [path]}}]},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta,
            "spec": {
                "podSelector": {"matchLabels": selector},
                "policyTypes": ["Ingress"],
                "ingress": [{"ports": [{"protocol": "TCP", "port": "http"}]}],
            },
        },
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": meta,
            "spec": {
                "minReplicas": 2,
                "maxReplicas": 5,
                "scaleTargetRef": target,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
            },
        },
    ]


def write(path: Path, objects: int) -> None:
    """Block style YAML, as people and tools write it."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumper.ignore_aliases = lambda *_: True
    apps = [document for number in range(-(-objects // 8)) for document in app(number)]
    path.write_text(yaml.dump_all(apps[:objects], Dumper=dumper, sort_keys=False))


if __name__ == "__main__":
    import sys

    if len(sys.argv) != 3:
        sys.exit("usage: mixed_manifests.py FILE OBJECTS")
    write(Path(sys.argv[1]), int(sys.argv[2]))
