//! How many servers run.

use crate::reference::Field;
use crate::rule::facts::headscale::servers;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/replicas",
    level: Level::Deny,
    summary: "more than one Headscale at a time",
    why: "Headscale keeps the state of all nodes in one process, and SQLite locks its file: a second replica gives half of the clients an old view or breaks the \
        database. A rolling update runs two for a moment; with a volume for one node only, the new pod may even wait for ever for the old one.",
    bad: r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: headscale, namespace: headscale}
spec:
  replicas: 2
  strategy: {type: Recreate}
  selector: {matchLabels: {app: headscale}}
  template:
    metadata: {labels: {app: headscale}}
    spec:
      containers:
        - {name: headscale, image: 'headscale/headscale:v0.29.0', args: [serve]}
",
    good: r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: headscale, namespace: headscale}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: headscale}}
  template:
    metadata: {labels: {app: headscale}}
    spec:
      containers:
        - {name: headscale, image: 'headscale/headscale:v0.29.0', args: [serve]}
",
    check: |context, report| {
        for template in context.graph.templates().iter().filter(|template| servers(template).next().is_some()) {
            let object = &context.objects[template.object];
            let Some(spec) = Field::of(object, &["spec"]) else { continue };
            let many = spec.integer("replicas").is_some_and(|replicas| replicas > 1) || object.kind() == "DaemonSet";
            if many {
                let field = spec.get("replicas").unwrap_or(spec);
                report.add(template.object, field.pointer(), "more than one Headscale would run", "set `replicas: 1`");
            }
            let strategy = spec.at(&["strategy", "type"]);
            if object.kind() == "Deployment" && strategy.and_then(|strategy| strategy.as_str()) != Some("Recreate") {
                let field = strategy.or_else(|| spec.get("strategy")).unwrap_or(spec);
                report.add_if(
                    false,
                    template.object,
                    field.pointer(),
                    "two Headscales run during an update",
                    "set `strategy: {type: Recreate}`",
                );
            }
        }
    },
};
