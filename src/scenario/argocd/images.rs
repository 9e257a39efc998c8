//! Images for what Argo CD's release asks for.

use std::collections::BTreeMap;

use crate::diag::{Error, Result};
use crate::lab::{ImageFile, Recipe};
use crate::manifest::Release;

/// Argo CD is one program under several names (its `cmd/main.go` goes by the name that it is called by).
const NAMES: [&str; 6] = [
    "argocd-server",
    "argocd-repo-server",
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-notifications",
    "argocd-cmp-server",
];

/// One for each reference of the release.
pub(super) fn of(release: &Release) -> Result<Vec<Recipe>> {
    let image_of = |workload: &str| {
        let object = release.objects().iter().find(|object| object.kind() == "Deployment" && object.name() == workload)?;
        Some(object.value().get("spec")?.pointer("/template/spec/containers/0/image")?.as_str()?.to_owned())
    };
    let missing = || Error::internal("the release is not Argo CD's");
    let argocd = image_of("argocd-server").ok_or_else(missing)?;
    let redis = image_of("argocd-redis").ok_or_else(missing)?;
    let dex = image_of("argocd-dex-server").ok_or_else(missing)?;
    Ok(vec![argocd_image(argocd), redis_image(redis), dex_image(dex)])
}

/// busybox under the names of programs.
pub(super) fn busybox(names: &[&str]) -> BTreeMap<String, ImageFile> {
    let mut files = BTreeMap::from([("/bin/busybox".to_owned(), ImageFile::Program { program: "busybox".to_owned() })]);
    files.extend(names.iter().map(|name| (format!("/bin/{name}"), ImageFile::Link { link: "busybox".to_owned() })));
    files
}

pub(super) fn system(program: &str) -> ImageFile {
    ImageFile::System { system: program.to_owned() }
}

pub(super) fn text(text: &str) -> ImageFile {
    ImageFile::Text { text: text.to_owned(), executable: false }
}

/// The manifests name the programs, as arguments of an entrypoint that runs them.
fn argocd_image(image: String) -> Recipe {
    // What the init containers and the repo server call.
    let mut files = busybox(&["sh", "cp", "ln", "env"]);
    files.insert("/usr/bin/git".to_owned(), system("git"));
    files.insert("/usr/local/bin/argocd".to_owned(), ImageFile::Program { program: "argocd".to_owned() });
    files.insert("/etc/passwd".to_owned(), text("argocd:x:999:999::/home/argocd:/bin/sh\n"));
    files.insert("/home/argocd/.keep".to_owned(), text(""));
    files.insert("/app/.keep".to_owned(), text(""));
    // Upstream's asks git about signatures. It is called whether they are wanted or not, and no output means that there is none.
    let no_signature = ImageFile::Text { text: "#!/bin/sh\n".to_owned(), executable: true };
    files.insert("/usr/local/bin/git-verify-wrapper.sh".to_owned(), no_signature);
    for name in NAMES {
        files.insert(format!("/usr/local/bin/{name}"), ImageFile::Link { link: "argocd".to_owned() });
    }
    let environment = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/home/argocd"), ("ARGOCD_GPG_ENABLED", "false")];
    Recipe {
        image,
        files,
        entrypoint: vec!["/bin/env".to_owned()],
        user: Some("999".to_owned()),
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    }
}

/// Debian's package of tools has the server under another name, which it looks at to know what it is.
fn redis_image(image: String) -> Recipe {
    let path = "/usr/bin/redis-server";
    Recipe {
        files: [(path.to_owned(), system("redis-check-rdb"))].into(),
        entrypoint: vec![path.to_owned()],
        user: Some("999".to_owned()),
        environment: BTreeMap::new(),
        image,
    }
}

/// Its pod runs a copy of argocd, which looks for dex and, without a configuration for it, only waits.
fn dex_image(image: String) -> Recipe {
    Recipe {
        files: busybox(&["dex"]),
        entrypoint: vec!["/bin/dex".to_owned()],
        user: Some("1001".to_owned()),
        environment: [("PATH".to_owned(), "/bin".to_owned())].into(),
        image,
    }
}
