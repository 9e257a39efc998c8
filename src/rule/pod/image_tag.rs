//! The tag of an image.

use crate::rule::facts::image::Image;
use crate::rule::{Level, Rule};

pub(in crate::rule) const RULE: Rule = Rule {
    id: "pod/image-tag",
    level: Level::Warn,
    summary: "an image without a tag, or with `latest`",
    why: "Without a fixed tag two nodes may run two versions of the same Deployment, a restart may bring a new one, and a rollback brings back nothing. A digest \
        says it most exactly.",
    bad: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - {name: web, image: nginx}
",
    good: r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - {name: web, image: 'nginx:1.29'}
",
    check: |context, report| {
        for template in context.graph.templates() {
            for container in template.containers() {
                let (Some(text), Some(field)) = (container.text("image"), container.get("image")) else { continue };
                let image = Image::parse(text);
                let what = match image.tag {
                    None => format!("image `{text}` has no tag, which means `latest`"),
                    Some("latest") => format!("image `{text}` has the tag `latest`"),
                    Some(_) => continue,
                };
                if image.digest.is_some() {
                    continue;
                }
                report.add(template.object, field.pointer(), what, "name a version");
            }
        }
    },
};
