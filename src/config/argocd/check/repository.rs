//! Repositories and their credentials.

use super::{Check, at};
use crate::config::argocd::{Credentials, RepositoryType};
use crate::config::repository_url::has_password;
use crate::source::ConfigPath;

const RULE: &str = "config/argocd-repository";
const SECRET: &str = "config/argocd-secret";

/// What both kinds of entry have.
struct Entry<'a> {
    path: ConfigPath,
    name: &'a str,
    url: &'a str,
    r#type: RepositoryType,
    credentials: Option<Credentials>,
    plain: Option<&'static str>,
    secret: String,
    enable_oci: bool,
}

pub(super) fn check(check: &mut Check<'_>) {
    let argocd = check.argocd;
    let plain = |password: bool, key: bool| password.then_some("password").or_else(|| key.then_some("sshPrivateKey"));
    let repositories = argocd.repositories.iter().enumerate().map(|(index, entry)| Entry {
        path: at(["repositories"]).index(index),
        name: entry.name.as_str(),
        url: &entry.url,
        r#type: entry.r#type,
        credentials: entry.credentials,
        plain: plain(entry.password.is_some(), entry.ssh_private_key.is_some()),
        secret: entry.secret(),
        enable_oci: entry.enable_oci,
    });
    let templates = argocd.credential_templates.iter().enumerate().map(|(index, entry)| Entry {
        path: at(["credentialTemplates"]).index(index),
        name: entry.name.as_str(),
        url: &entry.url,
        r#type: entry.r#type,
        credentials: Some(entry.credentials),
        plain: plain(entry.password.is_some(), entry.ssh_private_key.is_some()),
        secret: entry.secret(),
        enable_oci: entry.enable_oci,
    });
    let entries: Vec<Entry<'_>> = repositories.chain(templates).collect();
    for (index, entry) in entries.iter().enumerate() {
        one(check, entry);
        if entries[..index].iter().any(|other| other.secret == entry.secret) {
            let message = format!("two entries have the Secret `{}`", entry.secret);
            check.error(entry.path.clone(), RULE, message, "give one another `name` or `secret`");
        }
    }
    for (index, entry) in argocd.repositories.iter().enumerate() {
        let path = at(["repositories"]).index(index);
        if entry.proxy.as_deref().is_some_and(has_password) {
            let message = format!("the proxy's URL of `{}` holds a password", entry.name);
            check.error(path.key("proxy"), SECRET, message, "set `credentials`, and deliver the Secret with the key `proxy`");
        }
        let twice = argocd.repositories[..index].iter().any(|other| other.url == entry.url && other.project == entry.project);
        if twice {
            check.error(path.key("url"), RULE, format!("`{}` is there twice, and Argo CD takes either", entry.url), "remove one");
        }
        if entry.secret.is_some() && entry.credentials.is_none() {
            let message = "a Secret that something else delivers needs `credentials`, which say what is in it";
            check.error(path.key("secret"), RULE, message, "set `credentials`, or remove `secret`");
        }
        if entry.enable_oci && entry.r#type != RepositoryType::Helm {
            check.error(
                path.key("enableOCI"),
                RULE,
                "`enableOCI` is about Helm charts",
                "set `type: helm`, or for other artifacts `type: oci`",
            );
        }
    }
}

fn one(check: &mut Check<'_>, entry: &Entry<'_>) {
    let Entry { path, url, .. } = entry;
    if let Some(key) = entry.plain {
        let credentials = if key == "password" { "basic" } else { "ssh" };
        check.error(
            path.key(key),
            SECRET,
            format!("no secret value stands in the config, and `{key}` of `{}` is one", entry.name),
            format!("set `credentials: {credentials}` instead, and deliver the Secret `{}` with the key `{key}`", entry.secret),
        );
    }
    check.only_new(entry.r#type == RepositoryType::Oci, path.key("type"));
    check.only_new(entry.credentials == Some(Credentials::BearerToken), path.key("credentials"));
    if has_password(url) {
        check.error(
            path.key("url"),
            SECRET,
            format!("the URL of `{}` holds a password", entry.name),
            format!("take it out of the URL, set `credentials: basic`, and deliver the Secret `{}`", entry.secret),
        );
    }
    let ssh = url.starts_with("ssh://") || (!url.contains("://") && url.contains('@') && url.contains(':'));
    let http = url.starts_with("https://") || url.starts_with("http://");
    let known = match entry.r#type {
        RepositoryType::Git => ssh || http || url.starts_with("file://") || url.starts_with("git://"),
        // Helm puts `oci://` in front itself.
        RepositoryType::Helm if entry.enable_oci => !ssh && !url.contains("://"),
        RepositoryType::Helm => http,
        RepositoryType::Oci => url.starts_with("oci://"),
    };
    if url.trim().is_empty() || url.contains(char::is_whitespace) || !known {
        let (what, form) = match entry.r#type {
            RepositoryType::Git => ("a Git repository", "`https://HOST/PATH`, `ssh://git@HOST/PATH` or `git@HOST:PATH`"),
            RepositoryType::Helm => ("a Helm repository", "`https://HOST/PATH`, or `HOST/PATH` with `enableOCI`"),
            RepositoryType::Oci => ("an OCI repository", "`oci://HOST/PATH`"),
        };
        check.error(path.key("url"), RULE, format!("`{url}` is no URL of {what}"), format!("write {form}"));
    } else if (ssh
        && matches!(entry.credentials, Some(Credentials::Basic | Credentials::BearerToken | Credentials::Tls | Credentials::GithubApp)))
        || (http && entry.credentials == Some(Credentials::Ssh))
    {
        let message = "these credentials do not go with this URL";
        let hint = if ssh {
            "with SSH only `credentials: ssh` is used"
        } else {
            "`credentials: ssh` goes with `ssh://git@HOST/PATH` or `git@HOST:PATH`"
        };
        check.error(path.key("credentials"), RULE, message, hint);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn no_secret_stands_in_the_config() {
        let section = json!({
            "repositories": [
                {"name": "a", "url": "https://git.example.com/a.git", "password": "hunter2"},
                {"name": "b", "url": "https://me:hunter2@git.example.com/b.git"},
                {"name": "c", "url": "git@git.example.com:c.git", "sshPrivateKey": "hunter2"},
                {"name": "e", "url": "https://git.example.com/e.git", "proxy": "http://me:hunter2@proxy.example.com:3128"},
            ],
            "credentialTemplates": [{"name": "d", "url": "https://git.example.com/", "credentials": "basic", "password": "hunter2"}],
        });
        let said = said(section);
        assert!(!said.contains("hunter2"), "{said}");
        insta::assert_snapshot!(said, @"
        error argocd.repositories[0].password config/argocd-secret: no secret value stands in the config, and `password` of `a` is one
          set `credentials: basic` instead, and deliver the Secret `repository-a` with the key `password`
        error argocd.repositories[1].url config/argocd-secret: the URL of `b` holds a password
          take it out of the URL, set `credentials: basic`, and deliver the Secret `repository-b`
        error argocd.repositories[2].sshPrivateKey config/argocd-secret: no secret value stands in the config, and `sshPrivateKey` of `c` is one
          set `credentials: ssh` instead, and deliver the Secret `repository-c` with the key `sshPrivateKey`
        error argocd.credentialTemplates[0].password config/argocd-secret: no secret value stands in the config, and `password` of `d` is one
          set `credentials: basic` instead, and deliver the Secret `repo-creds-d` with the key `password`
        error argocd.repositories[3].proxy config/argocd-secret: the proxy's URL of `e` holds a password
          set `credentials`, and deliver the Secret with the key `proxy`
        ");
    }

    #[test]
    fn urls_fit_what_they_lead_to() {
        let section = json!({
            "version": "2.13.2",
            "repositories": [
                {"name": "a", "url": "git.example.com/a"},
                {"name": "b", "url": "https://charts.example.com", "type": "helm", "credentials": "ssh"},
                {"name": "c", "url": "ssh://git@git.example.com/c.git", "credentials": "basic", "secret": "own"},
                {"name": "d", "url": "ssh://git@git.example.com/c.git", "secret": "own"},
                {"name": "e", "url": "https://registry.example.com/e", "type": "oci"},
                {"name": "f", "url": "https://git.example.com/f.git", "enableOCI": true, "credentials": "bearerToken"},
            ],
        });
        insta::assert_snapshot!(said(section), @"
        error argocd.repositories[0].url config/argocd-repository: `git.example.com/a` is no URL of a Git repository
          write `https://HOST/PATH`, `ssh://git@HOST/PATH` or `git@HOST:PATH`
        error argocd.repositories[1].credentials config/argocd-repository: these credentials do not go with this URL
          `credentials: ssh` goes with `ssh://git@HOST/PATH` or `git@HOST:PATH`
        error argocd.repositories[2].credentials config/argocd-repository: these credentials do not go with this URL
          with SSH only `credentials: ssh` is used
        error argocd.repositories[3] config/argocd-repository: two entries have the Secret `own`
          give one another `name` or `secret`
        error argocd.repositories[4].type config/argocd-version: `argocd.repositories[4].type` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        error argocd.repositories[4].url config/argocd-repository: `https://registry.example.com/e` is no URL of an OCI repository
          write `oci://HOST/PATH`
        error argocd.repositories[5].credentials config/argocd-version: `argocd.repositories[5].credentials` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        error argocd.repositories[3].url config/argocd-repository: `ssh://git@git.example.com/c.git` is there twice, and Argo CD takes either
          remove one
        error argocd.repositories[3].secret config/argocd-repository: a Secret that something else delivers needs `credentials`, which say what is in it
          set `credentials`, or remove `secret`
        error argocd.repositories[5].enableOCI config/argocd-repository: `enableOCI` is about Helm charts
          set `type: helm`, or for other artifacts `type: oci`
        ");
    }

    #[test]
    fn registries_of_charts_have_no_scheme() {
        let helm = |name: &str, url: &str, oci: bool| json!({"name": name, "url": url, "type": "helm", "enableOCI": oci});
        let good = json!({"repositories": [helm("a", "ghcr.io/org/charts", true), helm("b", "https://charts.example.com", false)],
            "credentialTemplates": [{"name": "c", "url": "ghcr.io/org", "type": "helm", "credentials": "basic", "enableOCI": true}]});
        assert_eq!(said(good), "");
        let wrong =
            [helm("a", "oci://ghcr.io/org/charts", true), helm("b", "https://ghcr.io/org", true), helm("c", "ghcr.io/org/x", false)];
        insta::assert_snapshot!(said(json!({"repositories": wrong})), @"
        error argocd.repositories[0].url config/argocd-repository: `oci://ghcr.io/org/charts` is no URL of a Helm repository
          write `https://HOST/PATH`, or `HOST/PATH` with `enableOCI`
        error argocd.repositories[1].url config/argocd-repository: `https://ghcr.io/org` is no URL of a Helm repository
          write `https://HOST/PATH`, or `HOST/PATH` with `enableOCI`
        error argocd.repositories[2].url config/argocd-repository: `ghcr.io/org/x` is no URL of a Helm repository
          write `https://HOST/PATH`, or `HOST/PATH` with `enableOCI`
        ");
    }
}
