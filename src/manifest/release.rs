//! Everything that one render made.

use sha2::{Digest, Sha256};

use super::{DeclaredSecret, Object, ReleaseFile, hex, rank};

/// Everything that one render made, in a fixed order. Every sink and the API server get the same one.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    name: String,
    objects: Vec<Object>,
    files: Vec<ReleaseFile>,
    secrets: Vec<DeclaredSecret>,
}

/// Collects what components make until it is sealed.
#[derive(Debug, Clone, Default)]
pub struct ReleaseBuilder {
    /// Objects in any order.
    pub objects: Vec<Object>,
    /// Files in any order.
    pub files: Vec<ReleaseFile>,
    /// Secrets that something else delivers.
    pub secrets: Vec<DeclaredSecret>,
}

impl ReleaseBuilder {
    /// Puts everything in order. Checks belong to `render`, which calls this last.
    #[must_use]
    pub fn finish(mut self, name: impl Into<String>) -> Release {
        self.objects.sort_by(|a, b| order_key(a).cmp(&order_key(b)));
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.secrets.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        Release { name: name.into(), objects: self.objects, files: self.files, secrets: self.secrets }
    }
}

fn order_key(object: &Object) -> (u8, &str, &str, Option<&str>, &str) {
    (rank(object.group(), object.kind()), object.group(), object.kind(), object.namespace(), object.name())
}

impl Release {
    /// The cluster's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The objects in the order in which they can be created.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The files, by path.
    #[must_use]
    pub fn files(&self) -> &[ReleaseFile] {
        &self.files
    }

    /// The Secrets that must be delivered by something else, by namespace and name.
    #[must_use]
    pub fn secrets(&self) -> &[DeclaredSecret] {
        &self.secrets
    }

    /// A SHA-256 over everything but the origins, in lower-case hex: two releases with the same digest are the same.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        // Lengths stand before texts so that no two different releases run into the same bytes.
        let mut add = |text: &str| {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        };
        add(&self.name);
        for object in &self.objects {
            add(&serde_json::to_string(object).unwrap_or_default());
        }
        for file in &self.files {
            add(&file.path);
            add(if file.executable { "x" } else { "-" });
            add(&file.contents);
        }
        for secret in &self.secrets {
            add(&secret.namespace);
            add(&secret.name);
            secret.keys.iter().for_each(|key| add(key));
        }
        hex(&hash.finalize())
    }
}
