//! The engine's own config, `engine.json`.

use crate::config::Dagger;
use crate::config::dagger::{CacheStorageType, DiskSpace, Engine};
use crate::diag::{Error, Result};

/// The file's name, in the ConfigMap and below `/etc/dagger`.
pub(super) const NAME: &str = "engine.json";

/// The file's text.
pub(super) fn text(dagger: &Dagger) -> Result<String> {
    let mut engine = dagger.engine.clone();
    keep_to_the_claim(dagger, &mut engine);
    let broken = |cause: serde_json::Error| Error::internal("the engine's config does not serialize").caused_by(cause);
    let mut text = serde_json::to_string_pretty(&engine).map_err(broken)?;
    text.push('\n');
    Ok(text)
}

/// The engine's own limits are shares of the file system that it sees, and below a `local-path` volume that is the disk of the node.
fn keep_to_the_claim(dagger: &Dagger, engine: &mut Engine) {
    let storage = &dagger.storage;
    let has_claim = storage.r#type == CacheStorageType::Persistent && storage.existing_claim.is_none();
    let Some(size) = storage.size.amount().filter(|_| has_claim && engine.gc.policies.is_empty()) else { return };
    let bytes = |bytes: u64| DiskSpace(bytes.to_string());
    let most = engine.gc.max_used_space.get_or_insert_with(|| bytes(size / 4 * 3)).bytes();
    // By default the engine keeps up to 10 GB, which may be more than the claim holds.
    engine.gc.reserved_space.get_or_insert_with(|| bytes((size / 10).min(most.unwrap_or(size))));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::text;

    fn of(dagger: Value) -> Value {
        let dagger = serde_json::from_value(dagger).expect("a section");
        serde_json::from_str(&text(&dagger).expect("a text")).expect("JSON")
    }

    #[test]
    fn the_cache_stays_within_its_claim() {
        assert_eq!(of(json!({"storage": {"size": "40Gi"}}))["gc"], json!({"reservedSpace": "4294967296", "maxUsedSpace": "32212254720"}));
        assert_eq!(
            of(json!({"engine": {"gc": {"maxUsedSpace": "1GB"}}}))["gc"],
            json!({"reservedSpace": "1073741824", "maxUsedSpace": "1GB"})
        );
        assert_eq!(of(json!({"storage": {"type": "hostPath"}})), json!({}));
        let policies = json!({"engine": {"gc": {"policies": [{"all": true, "keepDuration": "48h", "maxUsedSpace": "20%"}]}}});
        assert_eq!(of(policies.clone())["gc"], policies["engine"]["gc"]);
    }

    /// The engine does not start with a key that it does not know (`engine/config/load.go`).
    #[test]
    fn keys_are_the_engines_own() {
        let engine = json!({
            "logLevel": "debugextra",
            "gc": {"enabled": true, "reservedSpace": "1GB", "maxUsedSpace": "50%", "minFreeSpace": "10%", "sweepSize": "5%"},
            "security": {"insecureRootCapabilities": false},
            "registries": {"docker.io": {"mirrors": ["mirror.gcr.io"], "http": false, "insecure": false, "ca": ["/a.crt"]}},
        });
        assert_eq!(of(json!({"engine": engine.clone()})), engine);
    }
}
