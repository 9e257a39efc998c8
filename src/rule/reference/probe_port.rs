//! The named port of a probe.

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/probe-port",
    level: Level::Deny,
    summary: "a probe on a named port that its container does not have",
    why: "A probe or lifecycle hook finds a port by name among the ports of its own container, not of the pod. When there is none, the probe fails \
        every time: the pod never gets ready, or is restarted for ever.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
      readinessProbe:
        httpGet: {path: /, port: web}
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      ports:
        - {name: http, containerPort: 8080}
      readinessProbe:
        httpGet: {path: /, port: http}
",
    check: |context, report| {
        for template in context.graph.templates() {
            for container in template.containers() {
                let probes = ["livenessProbe", "readinessProbe", "startupProbe"].into_iter().filter_map(|probe| container.get(probe));
                let hooks = ["postStart", "preStop"].into_iter().filter_map(|hook| container.at(&["lifecycle", hook]));
                for handler in
                    probes.chain(hooks).flat_map(|probe| ["httpGet", "tcpSocket"].into_iter().filter_map(move |key| probe.get(key)))
                {
                    let Some((field, name)) = handler.get("port").and_then(|port| Some((port, port.as_str()?))) else { continue };
                    // The kubelet takes a number in quotes as a number (kubernetes pkg/probe/util.go).
                    if name.parse::<u16>().is_err() && !container.list("ports").any(|port| port.text("name") == Some(name)) {
                        let have: Vec<_> = container.list("ports").filter_map(|port| Some(format!("`{}`", port.text("name")?))).collect();
                        let hint =
                            if have.is_empty() { "no port of it has a name".to_owned() } else { format!("it has {}", have.join(", ")) };
                        report.add(template.object, field.pointer(), format!("this container has no port `{name}`"), hint);
                    }
                }
            }
        }
    },
};
