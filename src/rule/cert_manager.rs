//! Traps of cert-manager.

pub(super) mod ca_flag;
pub(super) mod ca_secret_namespace;

use crate::reference::Field;
use crate::rule::Context;
use crate::rule::facts::image::Image;

/// The issuers that sign with a CA, by number, with the field that names its Secret.
fn ca_issuers<'a>(context: &Context<'a>) -> impl Iterator<Item = (usize, Field<'a>)> + use<'a> {
    context.objects.iter().enumerate().filter_map(|(number, object)| {
        let is_issuer = object.group() == "cert-manager.io" && matches!(object.kind(), "Issuer" | "ClusterIssuer");
        Some((number, Field::of(object, &["spec", "ca", "secretName"]).filter(|_| is_issuer)?))
    })
}

/// The Certificates that write a Secret of a name, by number.
fn certificates<'c>(context: &'c Context<'_>, secret: &'c str) -> impl Iterator<Item = usize> + use<'c> {
    let wrote = move |object: &crate::manifest::Object| {
        object.kind() == "Certificate" && object.pointer("/spec/secretName").and_then(serde_json::Value::as_str) == Some(secret)
    };
    context.objects.iter().enumerate().filter(move |(_, object)| wrote(object)).map(|(number, _)| number)
}

/// The namespace in which the Secrets of a `ClusterIssuer` live: that of cert-manager's controller, unless an argument says otherwise
/// (<https://cert-manager.io/docs/configuration/#cluster-resource-namespace>).
fn cluster_resource_namespace<'a>(context: &Context<'a>) -> &'a str {
    let templates = context.graph.templates().iter();
    let mut found = templates.flat_map(|template| template.spec.list("containers").map(move |container| (template.namespace, container)));
    let controller =
        found.find(|(_, container)| container.text("image").is_some_and(|image| Image::parse(image).name() == "cert-manager-controller"));
    let Some((namespace, container)) = controller else { return "cert-manager" };
    let mut arguments = container.list("args").filter_map(|argument| argument.as_str());
    let named = arguments.find_map(|argument| argument.strip_prefix("--cluster-resource-namespace="));
    named.filter(|name| !name.starts_with('$')).unwrap_or(namespace)
}
