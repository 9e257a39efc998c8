//! The cache of a Dagger engine.

use crate::reference::{Need, Part, Template};
use crate::rule::facts::image::Image;
use crate::rule::facts::missing::needs;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "storage/dagger-cache",
    level: Level::Deny,
    summary: "several Dagger engines on one cache",
    why: "A Dagger engine locks its cache for itself alone (`dagger-engine.lock`): a second engine on the same volume exits at once. Every replica needs a volume of its own, \
        from `volumeClaimTemplates`, a `hostPath` or an `emptyDir`.",
    bad: r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: cache, namespace: dagger}
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 50Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: dagger, namespace: dagger}
spec:
  replicas: 2
  selector: {matchLabels: {app: dagger}}
  template:
    metadata: {labels: {app: dagger}}
    spec:
      containers:
        - name: engine
          image: registry.dagger.io/engine:v0.21.0
          volumeMounts:
            - {name: cache, mountPath: /var/lib/dagger}
      volumes:
        - name: cache
          persistentVolumeClaim: {claimName: cache}
",
    good: r"
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: dagger, namespace: dagger}
spec:
  replicas: 2
  selector: {matchLabels: {app: dagger}}
  template:
    metadata: {labels: {app: dagger}}
    spec:
      containers:
        - name: engine
          image: registry.dagger.io/engine:v0.21.0
          volumeMounts:
            - {name: cache, mountPath: /var/lib/dagger}
  volumeClaimTemplates:
    - metadata: {name: cache}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 50Gi}}
",
    check: |context, report| {
        let engines: std::collections::HashSet<_> =
            context.graph.templates().iter().filter(|template| is_engine(template)).map(|template| template.object).collect();
        for edge in needs(context, Need::Claim).filter(|edge| edge.part == Part::Whole && engines.contains(&edge.from)) {
            let object = &context.objects[edge.from];
            let replicas = object.pointer("/spec/replicas").and_then(serde_json::Value::as_i64).unwrap_or(1);
            if replicas > 1 || object.kind() == "DaemonSet" {
                let hint = "use a StatefulSet with `volumeClaimTemplates`, or one replica";
                report.add(
                    edge.from,
                    edge.pointer.clone(),
                    "several Dagger engines share this claim, and only one of them can have the cache",
                    hint,
                );
            }
        }
    },
};

fn is_engine(template: &Template<'_>) -> bool {
    let mut images = template.spec.list("containers").filter_map(|container| container.text("image"));
    images.any(|image| Image::parse(image).repository.ends_with("dagger.io/engine"))
}
