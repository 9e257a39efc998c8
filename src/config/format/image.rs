//! Image references (github.com/distribution/reference, regexp.go), with a tag or digest demanded.

use super::Wrong;

pub(super) fn check(text: &str) -> Result<(), Wrong> {
    if let Some((_, rest)) = text.split_once("://") {
        return Err(Wrong::new("a URL is not wanted here", format!("did you mean `{rest}`?")));
    }
    let (named, digest) = text.split_once('@').map_or((text, None), |(named, digest)| (named, Some(digest)));
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    // A colon before the last slash belongs to the registry's port.
    let path_start = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[path_start..].split_once(':') {
        Some((last, tag)) => (&named[..path_start + last.len()], Some(tag)),
        None => (named, None),
    };
    check_name(name)?;
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    if tag.is_none() && digest.is_none() {
        return Err(Wrong::new("it has neither tag nor digest", format!("write the version that you mean: `{text}:TAG`")));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Wrong> {
    if name.is_empty() {
        return Err(Wrong::new("it has no name", "write it like `docker.io/library/busybox:1.37`"));
    }
    if name.len() > 255 {
        return Err(Wrong::new(format!("its name has {} characters, at most 255 are allowed", name.len()), ""));
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    // The first part is a registry when it cannot be anything else (distribution/reference, `splitDockerDomain`).
    if parts.len() > 1 && (parts[0].contains(['.', ':']) || parts[0] == "localhost") {
        check_registry(parts.remove(0))?;
    }
    for part in parts {
        if part.is_empty() {
            return Err(Wrong::new("it has an empty part between slashes", ""));
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(Wrong::new(format!("`{part}` has upper-case letters"), format!("did you mean `{}`?", part.to_lowercase())));
        }
        if let Some(c) = part.chars().find(|c| !c.is_ascii_lowercase() && !c.is_ascii_digit() && !matches!(c, '.' | '_' | '-')) {
            return Err(Wrong::new(format!("`{c}` is not allowed in `{part}`"), ""));
        }
        if !separators_are_between(part) {
            return Err(Wrong::new(format!("in `{part}` a `.`, `_` or `-` stands where a letter or digit must"), ""));
        }
    }
    Ok(())
}

/// Separators are `.`, `_`, `__` or any number of `-`, each between letters or digits.
fn separators_are_between(part: &str) -> bool {
    let mut run = String::new();
    let mut seen = false;
    for c in part.chars() {
        if matches!(c, '.' | '_' | '-') {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            if !seen || !(matches!(run.as_str(), "." | "_" | "__") || run.chars().all(|c| c == '-')) {
                return false;
            }
            run.clear();
        }
        seen = true;
    }
    run.is_empty()
}

fn check_registry(registry: &str) -> Result<(), Wrong> {
    let (host, port) = registry.rsplit_once(':').map_or((registry, None), |(host, port)| (host, Some(port)));
    let host_is_good = host.split('.').all(|label| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    });
    if !host_is_good {
        return Err(Wrong::new(format!("`{host}` is no registry host"), ""));
    }
    if let Some(port) = port
        && !port.parse::<u16>().is_ok_and(|number| number > 0)
    {
        return Err(Wrong::new(format!("`{port}` is no port"), ""));
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), Wrong> {
    let good = (1..=128).contains(&tag.len())
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && !tag.starts_with(['.', '-']);
    if good { Ok(()) } else { Err(Wrong::new(format!("`{tag}` is no tag"), "a tag has at most 128 letters, digits, `_`, `.` and `-`")) }
}

fn check_digest(digest: &str) -> Result<(), Wrong> {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return Err(Wrong::new(format!("`{digest}` is no digest"), "a digest is `sha256:` and 64 hexadecimal digits")),
    };
    if hex.len() != length || !hex.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        return Err(Wrong::new(format!("a `{algorithm}` digest has {length} lower-case hexadecimal digits"), ""));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn takes_what_a_registry_takes() {
        let digest = format!("registry.k8s.io/pause@sha256:{}", "a".repeat(64));
        for good in ["busybox:1.37", "localhost:5000/a/b__c:v1", "ghcr.io/a-b/c.d:1.0_x", "192.168.1.1:5000/x:1", digest.as_str()] {
            assert_eq!(verdict("image", good), "ok", "{good}");
        }
    }

    #[test]
    fn wrong_references() {
        assert_eq!(
            verdict("image", "docker.io/headscale/headscale"),
            "it has neither tag nor digest | write the version that you mean: `docker.io/headscale/headscale:TAG`"
        );
        assert_eq!(verdict("image", "Busybox:1"), "`Busybox` has upper-case letters | did you mean `busybox`?");
        assert_eq!(verdict("image", "docker://busybox:1"), "a URL is not wanted here | did you mean `busybox:1`?");
        assert_eq!(
            verdict("image", "localhost:5000/x"),
            "it has neither tag nor digest | write the version that you mean: `localhost:5000/x:TAG`"
        );
        assert!(verdict("image", "a@sha256:abc").starts_with("a `sha256` digest has 64"));
        assert!(verdict("image", "a:").starts_with("`` is no tag"));
        assert!(verdict("image", "a//b:1").starts_with("it has an empty part"));
        assert!(verdict("image", "a..b:1").starts_with("in `a..b`"));
    }
}
