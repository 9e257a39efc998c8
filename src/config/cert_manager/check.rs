//! What a schema cannot say about the section.

use super::{CertManager, Install, Issuer};
use crate::config::{Cluster, GoDuration, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/cert-manager";

/// cert-manager refuses shorter ones (internal/apis/certmanager/validation of cert-manager 1.21).
const SHORTEST: std::time::Duration = std::time::Duration::from_hours(1);
const SHORTEST_RENEWAL: std::time::Duration = std::time::Duration::from_mins(5);

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["certManager"]), |path, key| path.key(key))
}

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(manager) = &cluster.cert_manager else { return };
    installer(cluster, manager, problems);
    for (number, issuer) in manager.issuers.iter().enumerate() {
        kind(cluster, issuer, &at(["issuers"]).index(number), problems);
    }
    for (number, certificate) in manager.certificates.iter().enumerate() {
        let path = at(["certificates"]).index(number);
        if certificate.dns_names.is_empty() && certificate.ip_addresses.is_empty() && certificate.common_name.is_none() {
            let text = format!("the certificate `{}` is for nobody", certificate.name);
            problems.error(path.clone(), RULE, text, "set `dnsNames`, `ipAddresses` or `commonName`");
        }
        names(&certificate.dns_names, &path.key("dnsNames"), problems);
        times(certificate.duration.as_ref(), certificate.renew_before.as_ref(), &path, problems);
        let known = |issuer: &&Issuer| issuer.name == certificate.issuer;
        let named = manager.issuers.iter().find(known);
        if let Some(namespace) = named.and_then(|issuer| issuer.namespace.as_ref()).filter(|name| **name != certificate.namespace) {
            let text = format!("the issuer `{}` is for namespace `{namespace}`, not for `{}`", certificate.issuer, certificate.namespace);
            problems.error(path.key("issuer"), RULE, text, "remove the issuer's `namespace`, or use the same one");
        }
        let declared = cluster.external.iter().any(|external| external.name == certificate.issuer.as_str());
        if named.is_none() && !declared && !manager.issuers.is_empty() {
            let names = manager.issuers.iter().map(|issuer| issuer.name.as_str());
            let hint = did_you_mean(certificate.issuer.as_str(), names)
                .map_or_else(|| "add it to `issuers`, or declare it under `external`".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.error(path.key("issuer"), RULE, format!("there is no issuer `{}`", certificate.issuer), hint);
        }
    }
}

fn installer(cluster: &Cluster, manager: &CertManager, problems: &mut Problems) {
    if manager.install == Install::Application && cluster.argocd.is_none() {
        let text = "`install: application` is for Argo CD, which is not on";
        problems.error(at(["install"]), RULE, text, "add the section `argocd`, or use `helmChart`");
    }
    if manager.install == Install::HelmChart && cluster.k3s.disable_helm_controller {
        let text = "`install: helmChart` is for k3s' Helm controller, which is off";
        let problem = problems.error(at(["install"]), RULE, text, "use `application`, or remove `k3s.disableHelmController`");
        problem.involving(ConfigPath::of(["k3s", "disableHelmController"]));
    }
}

fn kind(cluster: &Cluster, issuer: &Issuer, path: &ConfigPath, problems: &mut Problems) {
    let kinds = [
        ("selfSigned", issuer.self_signed.is_some()),
        ("selfSignedCa", issuer.self_signed_ca.is_some()),
        ("ca", issuer.ca.is_some()),
        ("acme", issuer.acme.is_some()),
    ];
    let set: Vec<&str> = kinds.iter().filter(|(_, set)| *set).map(|(key, _)| *key).collect();
    match set[..] {
        [_] => {}
        [] => {
            let text = format!("the issuer `{}` signs in no way", issuer.name);
            problems.error(path.clone(), RULE, text, "set one of `selfSigned`, `selfSignedCa`, `ca` and `acme`");
        }
        [first, second, ..] => {
            let text = format!("the issuer `{}` signs in two ways, `{first}` and `{second}`", issuer.name);
            problems.error(path.key(second), RULE, text, "make two issuers of it");
        }
    }
    if let Some(ca) = &issuer.self_signed_ca {
        times(Some(&ca.duration), Some(&ca.renew_before), &path.key("selfSignedCa"), problems);
    }
    let Some(acme) = &issuer.acme else { return };
    let path = path.key("acme");
    match (&acme.http01, &acme.dns01) {
        (None, None) => {
            let text = "the authority has no way to see that a name is ours";
            problems.error(path, RULE, text, "set `http01: {}`, or `dns01` with a provider");
        }
        (Some(_), Some(_)) => {
            problems.error(path.key("http01"), RULE, "an issuer proves a name in one way", "remove `http01` or `dns01`");
        }
        (None, Some(provider)) if provider.len() != 1 => {
            let text = format!("`dns01` names one provider, and this names {}", provider.len());
            problems.error(path.key("dns01"), RULE, text, "write `dns01: {PROVIDER: {…}}`");
        }
        (Some(http01), None) if http01.class.is_none() && cluster.ingress.is_none() => {
            let text = "no ingress controller of this cluster can serve the file that the authority asks for";
            problems.error(path.key("http01"), RULE, text, "add the section `ingress`, or set `class`");
        }
        _ => {}
    }
}

fn names(names: &[String], path: &ConfigPath, problems: &mut Problems) {
    for (number, name) in names.iter().enumerate() {
        let bare = name.strip_prefix("*.").unwrap_or(name);
        if let Some(format) = crate::config::format::format("dns-name")
            && let Err(wrong) = (format.check)(bare)
        {
            problems.error(path.index(number), RULE, format!("`{name}` is no DNS name: {}", wrong.reason), wrong.hint);
        }
    }
}

fn times(duration: Option<&GoDuration>, renew_before: Option<&GoDuration>, path: &ConfigPath, problems: &mut Problems) {
    let length = |duration: Option<&GoDuration>| duration.and_then(GoDuration::duration);
    // 90 days, where nothing is said (DefaultCertificateDuration in pkg/apis/certmanager/v1/const.go).
    let whole = length(duration).unwrap_or(std::time::Duration::from_hours(90 * 24));
    if whole < SHORTEST {
        problems.error(path.key("duration"), RULE, "a certificate is valid for an hour at least", "use `1h` or more");
    }
    let Some(before) = length(renew_before) else { return };
    if before < SHORTEST_RENEWAL {
        problems.error(path.key("renewBefore"), RULE, "a renewal takes five minutes at least", "use `5m` or more");
    } else if before >= whole {
        let text = "the certificate would be renewed before it is made: `renewBefore` is not shorter than its time";
        problems.error(path.key("renewBefore"), RULE, text, "use a third of `duration`").involving(path.key("duration"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::check::testing;

    fn said(manager: Value) -> String {
        testing::said(check, &testing::cluster(json!({"cluster": {"name": "c"}, "certManager": manager})))
    }

    #[test]
    fn an_issuer_signs_in_one_way() {
        let issuers = json!([
            {"name": "none"},
            {"name": "two", "selfSigned": {}, "ca": {"secretName": "a"}},
            {"name": "blind", "acme": {}},
            {"name": "both", "acme": {"http01": {"class": "traefik"}, "dns01": {"rfc2136": {}}}},
            {"name": "nowhere", "acme": {"http01": {}}},
            {"name": "many", "acme": {"dns01": {"rfc2136": {}, "cloudflare": {}}}},
            {"name": "short", "selfSignedCa": {"duration": "30m", "renewBefore": "1m"}},
            {"name": "late", "selfSignedCa": {"duration": "10h", "renewBefore": "10h"}},
        ]);
        insta::assert_snapshot!(said(json!({"install": "application", "issuers": issuers})), @"
        error certManager.install config/cert-manager: `install: application` is for Argo CD, which is not on
        error certManager.issuers[0] config/cert-manager: the issuer `none` signs in no way
        error certManager.issuers[1].ca config/cert-manager: the issuer `two` signs in two ways, `selfSigned` and `ca`
        error certManager.issuers[2].acme config/cert-manager: the authority has no way to see that a name is ours
        error certManager.issuers[3].acme.http01 config/cert-manager: an issuer proves a name in one way
        error certManager.issuers[4].acme.http01 config/cert-manager: no ingress controller of this cluster can serve the file that the authority asks for
        error certManager.issuers[5].acme.dns01 config/cert-manager: `dns01` names one provider, and this names 2
        error certManager.issuers[6].selfSignedCa.duration config/cert-manager: a certificate is valid for an hour at least
        error certManager.issuers[6].selfSignedCa.renewBefore config/cert-manager: a renewal takes five minutes at least
        error certManager.issuers[7].selfSignedCa.renewBefore config/cert-manager: the certificate would be renewed before it is made: `renewBefore` is not shorter than its time
        ");
    }

    #[test]
    fn a_certificate_is_for_somebody_and_signed_by_somebody() {
        let manager = json!({
            "issuers": [{"name": "internal", "selfSignedCa": {}}, {"name": "shop", "namespace": "shop", "selfSigned": {}}],
            "certificates": [
                {"name": "a", "namespace": "default", "issuer": "interal", "dnsNames": ["*.a.internal", "A_b"]},
                {"name": "b", "namespace": "default", "issuer": "shop"},
                {"name": "c", "namespace": "default", "issuer": "internal", "commonName": "c"},
            ],
        });
        insta::assert_snapshot!(said(manager), @"
        error certManager.certificates[0].dnsNames[1] config/cert-manager: `A_b` is no DNS name: only lower-case letters are allowed
        error certManager.certificates[0].issuer config/cert-manager: there is no issuer `interal`
        error certManager.certificates[1] config/cert-manager: the certificate `b` is for nobody
        error certManager.certificates[1].issuer config/cert-manager: the issuer `shop` is for namespace `shop`, not for `default`
        ");
    }
}
