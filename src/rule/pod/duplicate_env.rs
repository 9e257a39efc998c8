//! An environment variable given twice.

use std::collections::HashSet;

use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "pod/duplicate-env",
    level: Level::Warn,
    summary: "an environment variable that is given twice",
    why: "The API server accepts it and the last one wins; a later server-side apply by another manager can drop either (kubernetes#113482). A second one \
        that uses the first (`$(NAME)`) is left alone.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      env:
        - {name: COLOR, value: blue}
        - {name: COLOR, value: red}
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      env:
        - {name: COLOR, value: red}
",
    check: |context, report| {
        for template in context.graph.templates() {
            for container in template.containers() {
                let mut seen = HashSet::new();
                for variable in container.list("env") {
                    let (Some(name), Some(field)) = (variable.text("name"), variable.get("name")) else { continue };
                    let uses_first = variable.text("value").is_some_and(|value| value.contains(&format!("$({name})")));
                    if !seen.insert(name) && !uses_first {
                        report.add(
                            template.object,
                            field.pointer(),
                            format!("the variable `{name}` is given twice"),
                            "leave one of them out: the last one wins",
                        );
                    }
                }
            }
        }
    },
};
