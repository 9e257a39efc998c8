//! The pods behind a Service.

use crate::reference::{Answer, Need, Selector, Target};
use crate::rule::facts::missing::needs;
use crate::rule::{Context, Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "reference/service-pods",
    level: Level::Deny,
    summary: "a Service that selects no pods",
    why: "A Service whose selector matches no pod has no endpoints: whoever calls it gets no answer. It is an error when the set holds \
        workloads of the same namespace and none matches; a warning when a chart or an operator makes pods in that namespace; and nothing is \
        said when the set holds no workload of the namespace, unless it holds all of it.",
    bad: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: wbe}
  ports:
    - {port: 80}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    good: r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
    - {port: 80}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    check: |context, report| {
        for edge in needs(context, Need::ServicePods) {
            let Target::Pods { namespace, selector } = &edge.target else { continue };
            if context.graph.answer(&edge.target) != Answer::Missing {
                continue;
            }
            let knows_pods = !context.graph.pods_in(namespace).is_empty();
            if knows_pods || context.is_settled(namespace) {
                let hint = nearest(context, namespace, selector).unwrap_or_default();
                let certain = !context.is_filled_elsewhere(namespace);
                report.add_if(certain, edge.from, edge.pointer.clone(), format!("no pod has the labels `{selector}`"), hint);
            }
        }
    },
};

/// Names the pods that fulfil the most of a selector, and what they lack. Looks at fifty templates at most.
pub(super) fn nearest(context: &Context<'_>, namespace: &str, selector: &Selector<'_>) -> Option<String> {
    let candidates = context.graph.pods_in(namespace).iter().take(50).map(|number| &context.graph.templates()[*number]);
    let value = |labels: &serde_json::Map<String, serde_json::Value>, key: &str| labels.get(key)?.as_str().map(ToOwned::to_owned);
    let best = candidates.filter_map(|template| {
        let labels = template.labels?;
        let (have, lack): (Vec<_>, Vec<_>) =
            selector.labels.iter().partition(|(key, wanted)| value(labels, key).as_deref() == Some(*wanted));
        let other = lack.iter().find_map(|(key, _)| Some((*key, value(labels, key)?)))?;
        Some((have.len(), template.object, other))
    });
    let (_, object, (key, value)) = best.max_by_key(|(have, object, _)| (*have, std::cmp::Reverse(*object)))?;
    let object = &context.objects[object];
    Some(format!("the pods of {} `{}` have `{key}={value}`", object.kind(), object.name()))
}
