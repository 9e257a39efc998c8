//! The map of image replacements.

use crate::config::format::format;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(image) = format("image") else { return };
    for (from, to) in &cluster.images {
        let path = ConfigPath::of(["images"]).key(from);
        if let Err(wrong) = (image.check)(from) {
            problems.error(path, "config/image", format!("the key `{from}` is not {}: {}", image.noun, wrong.reason), wrong.hint);
        } else if from == to.as_str() {
            problems.warning(path, "config/image", format!("`{from}` is replaced by itself"), "remove the entry");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::check::testing::{cluster, said};

    #[test]
    fn keys_are_image_references() {
        let config = json!({"cluster": {"name": "c"}, "images": {"a:1": "mirror.example.com/a:1", "b": "b:1", "c:1": "c:1"}});
        insta::assert_snapshot!(said(check, &cluster(config)), @r#"
        error images.b config/image: the key `b` is not an image reference: it has neither tag nor digest
        warning images."c:1" config/image: `c:1` is replaced by itself
        "#);
    }
}
