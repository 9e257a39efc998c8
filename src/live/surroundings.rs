//! What a rehearsal asks of a cluster that nobody lives in.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::Connection;
use super::refusal::causes;
use super::request::{Call, JSON, MANAGER, failed, send};
use super::target::{Target, Wanted, is_definition};
use crate::diag::{Finding, ObjectRef, Result};
use crate::manifest::{Object, Release};

const AT_ONCE: usize = 16;
/// RFC 7386.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Objects of kinds that the cluster does not serve and no release of `defining` defines.
pub async fn unserved(connection: &Connection, release: &Release, defining: &[&Release]) -> Result<Vec<ObjectRef>> {
    let target = Target::look(connection).await?;
    let mut known = target.resources.clone();
    let objects = release.objects();
    let definitions = defining.iter().flat_map(|release| release.objects()).filter(|object| is_definition(object));
    definitions.for_each(|object| known.define(&Value::Object(object.value().clone())));
    // A version that is not served is a mistake to be shown, not a kind from elsewhere.
    let unknown = |object: &&Object| known.get(object).is_none() && known.versions_of(object).is_empty();
    Ok(objects.iter().filter(unknown).map(Object::reference).collect())
}

/// Binds the claims of a release, as a provisioner would: what may be changed of a claim depends on it.
pub async fn bind_claims(connection: &Connection, release: &Release) -> Result<()> {
    let target = Target::look(connection).await?;
    for wanted in target.wanted(release, "")?.iter().filter(|wanted| wanted.object.kind() == "PersistentVolumeClaim") {
        let Some(path) = &wanted.path else { continue };
        let size = wanted.value.pointer("/spec/resources/requests/storage").cloned().unwrap_or_else(|| "1Gi".into());
        let modes = wanted.value.pointer("/spec/accessModes").cloned().unwrap_or_default();
        let status = json!({"status": {"phase": "Bound", "capacity": {"storage": size}, "accessModes": modes}});
        let answer = send(&target.client, &Call::with("PATCH", &format!("{path}/status"), MERGE_PATCH, &status)).await?;
        if !answer.is_good() {
            return Err(failed(&answer.status()));
        }
    }
    Ok(())
}

/// Custom resources that are there and could not be created any more: the server overlooks in what is there already what it would refuse
/// in something new (validation ratcheting, KEP-4008), until somebody changes that field.
pub async fn not_creatable(connection: &Connection, release: &Release) -> Result<Vec<Finding>> {
    let target = Target::look(connection).await?;
    let wanted = target.wanted(release, "probe")?;
    let custom = wanted.iter().filter(|wanted| {
        let definition = format!(".{}", wanted.object.group());
        wanted.path.is_some() && release.objects().iter().any(|object| is_definition(object) && object.name().ends_with(&definition))
    });
    let found: Vec<Vec<Finding>> =
        stream::iter(custom).map(|wanted| probe(&target, wanted)).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn probe(target: &Target, wanted: &Wanted) -> Result<Vec<Finding>> {
    let collection = wanted.path.as_deref().and_then(|path| path.rsplit_once('/')).map_or("", |(collection, _)| collection);
    let path = format!("{collection}?fieldManager={MANAGER}&fieldValidation=Strict&dryRun=All");
    let answer = send(&target.client, &Call::with("POST", &path, JSON, &wanted.value)).await?;
    if answer.is_good() || answer.code == 409 {
        return Ok(Vec::new());
    }
    let hint = "what is there already is left alone until that field is changed; a new cluster cannot be made of this release";
    let causes = causes(&answer.status(), &wanted.value).into_iter();
    Ok(causes.map(|cause| cause.error(wanted.object.reference()).with_hint(hint)).collect())
}
