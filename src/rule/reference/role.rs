//! The role of a binding that is not there.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/role",
    level: Level::Deny,
    summary: "a binding to a Role or ClusterRole that is not there",
    why: "A binding to a role that does not exist is accepted and grants nothing. A `RoleBinding` finds a `Role` in its own namespace only. Kubernetes' own cluster roles (`view`, `edit`, `admin`, `cluster-admin`, `system:…`) are always there.",
    bad: r"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}
subjects:
  - {kind: ServiceAccount, name: default, namespace: shop}
",
    good: r"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: read, namespace: shop}
rules:
  - {apiGroups: [''], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}
subjects:
  - {kind: ServiceAccount, name: default, namespace: shop}
",
    check: |context, report| {
        missing(context, report, Need::Role, "define it, or correct `roleRef`, which cannot be changed once it is created");
    },
};
