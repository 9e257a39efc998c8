//! Image references.

/// The parts of an image reference (<https://github.com/distribution/reference>).
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rule) struct Image<'a> {
    /// Registry and path, `ghcr.io/a/b`.
    pub(in crate::rule) repository: &'a str,
    pub(in crate::rule) tag: Option<&'a str>,
    pub(in crate::rule) digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    pub(in crate::rule) fn parse(text: &'a str) -> Self {
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        // A colon before the last slash belongs to the registry's port.
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        match rest[name_start..].find(':') {
            Some(colon) => Self { repository: &rest[..name_start + colon], tag: Some(&rest[name_start + colon + 1..]), digest },
            None => Self { repository: rest, tag: None, digest },
        }
    }

    /// The last part of the path.
    pub(in crate::rule) fn name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Major and minor of a tag such as `v0.29.0`.
    pub(in crate::rule) fn version(&self) -> Option<(u32, u32)> {
        let tag = self.tag?;
        let mut parts = tag.strip_prefix('v').unwrap_or(tag).split(['.', '-', '+']).map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        let image = Image::parse("localhost:5000/a/headscale:v0.29.0-debug@sha256:00");
        assert_eq!((image.repository, image.tag, image.digest), ("localhost:5000/a/headscale", Some("v0.29.0-debug"), Some("sha256:00")));
        assert_eq!((image.name(), image.version()), ("headscale", Some((0, 29))));
        let image = Image::parse("localhost:5000/a");
        assert_eq!((image.name(), image.tag, image.version()), ("a", None, None));
    }
}
