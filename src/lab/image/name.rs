//! Names of images.

/// The whole name, as a registry is asked for it: with the registry's host, and with a tag unless there is a digest.
///
/// The defaults are Docker's, which containerd's CRI follows (`github.com/distribution/reference`): `redis` is
/// `docker.io/library/redis:latest`.
pub(super) fn whole(image: &str) -> String {
    let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
    let named = match image.split_once('/') {
        Some((host, _)) if is_host(host) => image.to_owned(),
        Some(_) => format!("docker.io/{image}"),
        None => format!("docker.io/library/{image}"),
    };
    let (_, last) = named.rsplit_once('/').unwrap_or_default();
    if last.contains([':', '@']) { named } else { format!("{named}:latest") }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn what_is_left_out_is_filled_in() {
        for (image, name) in [
            ("redis", "docker.io/library/redis:latest"),
            ("redis:8", "docker.io/library/redis:8"),
            ("headscale/headscale:0.29.0", "docker.io/headscale/headscale:0.29.0"),
            ("localhost/a", "localhost/a:latest"),
            ("example.com:5000/a/b", "example.com:5000/a/b:latest"),
            ("quay.io/argoproj/argocd:v3.5.1", "quay.io/argoproj/argocd:v3.5.1"),
            ("quay.io/a@sha256:00", "quay.io/a@sha256:00"),
        ] {
            assert_eq!(whole(image), name);
        }
    }
}
