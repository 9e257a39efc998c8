//! The annotation that silences rules.

use crate::rule::allowance::{ANNOTATION, allowances};
use crate::rule::{Level, Rule, level};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "annotation/allow",
    level: Level::Deny,
    summary: "an annotation manifestgen.dev/allow that does nothing",
    why: "The annotation silences a rule for one object. An entry without a reason, or with a rule that does not exist, silences nothing: whoever reads it in a year \
        has to know why it is there.",
    bad: r"
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  annotations: {manifestgen.dev/allow: size/annotation}
data: {color: blue}
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  annotations: {manifestgen.dev/allow: 'size/annotation: applied by Argo CD on the server side'}
data: {color: blue}
",
    check: |context, report| {
        for (number, object) in context.objects.iter().enumerate() {
            for allowance in allowances(object) {
                let pointer = format!("/metadata/annotations/{}", ANNOTATION.replace('/', "~1"));
                if !allowance.is_known() {
                    report.add(number, pointer, format!("there is no rule `{}`", allowance.rule), level::suggestion(allowance.rule));
                } else if allowance.reason.is_empty() {
                    let hint = format!("write `{}: why it is fine here`", allowance.rule);
                    report.add(number, pointer, format!("`{}` is allowed without a reason", allowance.rule), hint);
                }
            }
        }
    },
};
