//! The form that all structs of Argo CD's custom resources have.

/// Declares structs whose fields are required before the `;` and optional after it.
///
/// An optional field is absent, or written as it was read: an empty list or `false` that somebody wrote is not the same as nothing, and
/// Argo CD, which treats some of them alike, is the one to say so. There is no `Default`, so that nothing required can be left out.
macro_rules! resource {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$required_meta:meta])* $required:ident: $required_type:ty,)*
            ;
            $($(#[$optional_meta:meta])* $optional:ident: $optional_type:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$required_meta])* pub $required: $required_type,)*
            $($(#[$optional_meta])* #[serde(skip_serializing_if = "Option::is_none")] pub $optional: Option<$optional_type>,)*
        }
    )*};
}

pub(super) use resource;
