//! The host of a TCP route.

use crate::reference::Field;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "traefik/host-sni",
    level: Level::Deny,
    summary: "a TCP route for a host without TLS",
    why: "Plain TCP carries no host name: only TLS does (SNI). Traefik leaves out a TCP router with `HostSNI` of a certain host and without `tls`.",
    bad: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: api, namespace: default}
spec:
  entryPoints: [tcp]
  routes:
    - {match: HostSNI(`api.example.com`), services: [{name: kubernetes, port: 443}]}
",
    good: r"
apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {name: api, namespace: default}
spec:
  entryPoints: [tcp]
  routes:
    - {match: HostSNI(`*`), services: [{name: kubernetes, port: 443}]}
",
    check: |context, report| {
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.kind() == "IngressRouteTCP") {
            let Some(spec) = Field::of(object, &["spec"]).filter(|spec| spec.get("tls").is_none()) else { continue };
            for field in spec.list("routes").filter_map(|route| route.get("match")) {
                let text = field.as_str().unwrap_or_default();
                let is_any = text.contains("HostSNI(`*`)") || text.contains("HostSNI(\"*\")");
                if text.contains("HostSNI") && !is_any {
                    report.add(number, field.pointer(), format!("`{text}` never matches without TLS"), "match HostSNI(`*`), or set `tls`");
                }
            }
        }
    },
};
