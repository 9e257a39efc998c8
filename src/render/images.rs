//! The `images` map: mirrors and offline labs.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::Image;
use crate::manifest::Object;

/// The lists of a pod spec whose entries name an image (core/v1 `PodSpec`).
const CONTAINER_LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Replaces the images of all containers of an object that stand in the map.
pub(super) fn replace(object: &mut Object, images: &BTreeMap<String, Image>) {
    // A definition describes pods at most.
    if !images.is_empty() && object.kind() != "CustomResourceDefinition" {
        object.edit(|value| in_map(value, images));
    }
}

fn in_map(map: &mut Map<String, Value>, images: &BTreeMap<String, Image>) {
    for (key, value) in map.iter_mut() {
        match value {
            Value::Array(items) if CONTAINER_LISTS.contains(&key.as_str()) => {
                for container in items {
                    let Some(Value::String(image)) = container.get_mut("image") else { continue };
                    if let Some(other) = images.get(image) {
                        other.as_str().clone_into(image);
                    }
                }
            }
            Value::Object(inner) => in_map(inner, images),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::ConfigPath;

    #[test]
    fn replaces_in_every_pod_template() {
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {
            "template": {"spec": {"containers": [{"name": "a", "image": "a:1"}], "initContainers": [{"name": "b", "image": "b:1"}]}}}}}});
        let mut object = Object::new("test", ConfigPath::root(), &cron).expect("an object");
        replace(&mut object, &BTreeMap::from([("a:1".to_owned(), Image::from("mirror/a:1"))]));
        let pod = object.pointer("/spec/jobTemplate/spec/template/spec").expect("a pod spec");
        assert_eq!(pod["containers"][0]["image"], "mirror/a:1");
        assert_eq!(pod["initContainers"][0]["image"], "b:1");
    }
}
