//! The certificate that a CA signs with.

use serde_json::Value;

use crate::rule::{Level, Rule};

use super::{ca_issuers, certificates};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "cert-manager/ca-flag",
    level: Level::Deny,
    summary: "an issuer that signs with a certificate that is no CA",
    why: "cert-manager refuses to sign with a certificate without the CA flag (`certificate is not a CA`), and clients would not trust what it signs. The Certificate behind \
        an issuer's `ca.secretName` needs `isCA: true`.",
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
metadata: {name: ca, namespace: cert-manager}
spec:
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
        for (issuer, secret) in ca_issuers(context) {
            let Some(name) = secret.as_str() else { continue };
            let namespace = context.objects[issuer].namespace();
            for number in certificates(context, name) {
                let certificate = &context.objects[number];
                let is_meant = namespace.is_none() || namespace == certificate.namespace();
                if is_meant && certificate.pointer("/spec/isCA") != Some(&Value::Bool(true)) {
                    let pointer = if certificate.pointer("/spec/isCA").is_some() { "/spec/isCA" } else { "/spec" };
                    let (kind, issuer) = (context.objects[issuer].kind(), context.objects[issuer].name());
                    report.add(
                        number,
                        pointer,
                        format!("{kind} `{issuer}` signs with this certificate, and it is no CA"),
                        "set `isCA: true`",
                    );
                }
            }
        }
    },
};
