//! Where the Secret of a CA lives.

use crate::rule::{Level, Rule};

use super::{ca_issuers, certificates, cluster_resource_namespace};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "cert-manager/ca-secret-namespace",
    level: Level::Deny,
    summary: "a ClusterIssuer whose CA is made in the wrong namespace",
    why: "A ClusterIssuer belongs to no namespace, so cert-manager looks for its Secret in its own one, or in that of `--cluster-resource-namespace`. A CA whose Certificate \
        is in another namespace is never found, and the issuer never gets ready (cert-manager#2130).",
    bad: r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {kind: Certificate, plural: certificates}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusterissuers.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Cluster
  names: {kind: ClusterIssuer, plural: clusterissuers}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: self-signed}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ca, namespace: default}
spec:
  isCA: true
  commonName: ca
  secretName: ca
  issuerRef: {kind: ClusterIssuer, name: self-signed}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: internal}
spec:
  ca: {secretName: ca}
",
    good: r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {kind: Certificate, plural: certificates}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusterissuers.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Cluster
  names: {kind: ClusterIssuer, plural: clusterissuers}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: self-signed}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ca, namespace: cert-manager}
spec:
  isCA: true
  commonName: ca
  secretName: ca
  issuerRef: {kind: ClusterIssuer, name: self-signed}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: internal}
spec:
  ca: {secretName: ca}
",
    check: |context, report| {
        let home = cluster_resource_namespace(context);
        for (number, secret) in ca_issuers(context).filter(|(number, _)| context.objects[*number].kind() == "ClusterIssuer") {
            let Some(name) = secret.as_str() else { continue };
            let namespaces: Vec<_> = certificates(context, name).filter_map(|number| context.objects[number].namespace()).collect();
            let has_own = context.graph.object("", "Secret", home, name).is_some();
            if let Some(wrong) = namespaces.first().filter(|_| !home.is_empty() && !has_own && !namespaces.contains(&home)) {
                let message = format!("the Secret `{name}` is made in namespace `{wrong}`, and cert-manager looks for it in `{home}`");
                report.add(number, secret.pointer(), message, format!("put its Certificate into namespace `{home}`"));
            }
        }
    },
};
