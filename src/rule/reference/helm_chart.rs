//! The chart that a `HelmChartConfig` changes.

use crate::reference::Need;
use crate::rule::facts::missing::missing;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/helm-chart",
    level: Level::Warn,
    summary: "a HelmChartConfig without a HelmChart of its name",
    why: "k3s applies a `HelmChartConfig` to the `HelmChart` of the same name and namespace, and silently to nothing when there is none. The charts `traefik` and `traefik-crd` come with k3s.",
    bad: r"
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: treafik, namespace: kube-system}
spec:
  valuesContent: '{}'
",
    good: r"
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: traefik, namespace: kube-system}
spec:
  valuesContent: '{}'
",
    check: |context, report| {
        missing(context, report, Need::HelmChart, "give it the name and namespace of the HelmChart");
    },
};
