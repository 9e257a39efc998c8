//! Waves of Applications.

use serde_json::Value;

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "argocd/waves",
    level: Level::Warn,
    summary: "Applications in sync waves without a health check for Applications",
    why: "Argo CD waits between waves until what it has applied is healthy, but since 1.8 it no longer knows the health of an Application: child Applications of \
        all waves start at once. A Lua check under `resource.customizations.health.argoproj.io_Application` in `argocd-cm` brings it back (argo-cd#16870). \
        It is looked at where the set has both Applications of different waves and `argocd-cm`.",
    bad: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data: {admin.enabled: 'true'}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {kind: Application, plural: applications}
  versions:
    - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: storage, namespace: argocd, annotations: {argocd.argoproj.io/sync-wave: '0'}}
spec: {project: default}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd, annotations: {argocd.argoproj.io/sync-wave: '1'}}
spec: {project: default}
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data:
  resource.customizations.health.argoproj.io_Application: |
    hs = {status = 'Progressing', message = ''}
    if obj.status ~= nil and obj.status.health ~= nil then
      hs.status = obj.status.health.status
    end
    return hs
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec:
  group: argoproj.io
  scope: Namespaced
  names: {kind: Application, plural: applications}
  versions:
    - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: storage, namespace: argocd, annotations: {argocd.argoproj.io/sync-wave: '0'}}
spec: {project: default}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd, annotations: {argocd.argoproj.io/sync-wave: '1'}}
spec: {project: default}
",
    check: |context, report| {
        let mut configs = context.objects.iter().filter(|object| object.kind() == "ConfigMap" && object.name() == "argocd-cm").peekable();
        if configs.peek().is_none() || configs.any(|config| knows_applications(config.value().get("data"))) {
            return;
        }
        let wave = |number: usize| Field::of(&context.objects[number], &["metadata", "annotations", "argocd.argoproj.io/sync-wave"]);
        let applications = (0..context.objects.len())
            .filter(|number| context.objects[*number].kind() == "Application" && context.objects[*number].group() == "argoproj.io");
        // An Application without a wave is in wave 0.
        let waves: Vec<_> = applications.map(|number| (number, wave(number))).collect();
        let text = |wave: Option<Field<'_>>| wave.and_then(|wave| wave.as_str()).unwrap_or("0").trim().to_owned();
        let Some((_, first)) = waves.first() else { return };
        if waves.iter().all(|(_, wave)| text(*wave) == text(*first)) {
            return;
        }
        for (number, wave) in waves {
            let Some(field) = wave else { continue };
            let hint = "add `resource.customizations.health.argoproj.io_Application` to `argocd-cm`";
            report.add(number, field.pointer(), "this wave waits for no other: Argo CD does not know the health of Applications", hint);
        }
    },
};

fn knows_applications(data: Option<&Value>) -> bool {
    let Some(data) = data.and_then(Value::as_object) else { return false };
    data.contains_key("resource.customizations.health.argoproj.io_Application")
        || data.get("resource.customizations").and_then(Value::as_str).is_some_and(|text| text.contains("argoproj.io/Application"))
}
