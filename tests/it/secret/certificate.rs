//! Certificates among the values: signed by a CA of ours, given, at their end, and not fitting their key.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::{Home, public};
use crate::command::Ran;

fn cluster(secrets: &str) -> String {
    let admin = public("age");
    format!("cluster: {{name: test}}\nnodes: [{{name: primer, role: server}}]\nrecipients: {{admins: [{admin}]}}\nsecrets:\n{secrets}")
}

/// A certificate that ends with a year, and its key.
fn pair(year: i32) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["web.example.com".to_owned()]).expect("parameters");
    params.not_after = date_time_ymd(year, 1, 1);
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

fn given(value: &str) -> Ran {
    let home = Home::new(&cluster("  - {name: web, deliver: [{type: tls, namespace: shop, name: web}]}\n"));
    home.command(&["create", "web", "--from", "-"], "age").input(value).run().good();
    home.run(&["check"])
}

#[test]
fn a_given_certificate_is_looked_at() {
    let ((good, key), (old, old_key)) = (pair(3000), pair(2020));
    let good_one = given(&format!("{good}{key}"));
    assert_eq!(good_one.code, 0, "{}", good_one.stderr);
    for (value, said) in [
        (format!("{old}{old_key}"), "error[secret/expired]: the certificate of `web` has expired"),
        (
            format!("{good}{old_key}"),
            "error[secret/certificate]: `web` is no certificate with its key: its private key is not that of its certificate",
        ),
        (good, "error[secret/certificate]: `web` is no certificate with its key: it holds no private key"),
        ("hunter2".to_owned(), "error[secret/certificate]: `web` is no certificate with its key: it holds no private key"),
    ] {
        let checked = given(&value);
        assert!(checked.code == 1 && checked.stderr.contains(said), "{}", checked.stderr);
    }
}

#[test]
fn one_of_ours_at_its_end_is_made_anew() {
    let secrets = |length: &str| {
        cluster(&format!(
            "  - {{name: ca, make: {{type: tls-ca}}}}\n  - {{name: web, make: {{type: tls, ca: ca, hosts: [web.example.com], validFor: {length}}}, deliver: [{{type: tls, namespace: shop, name: web}}]}}\n"
        ))
    };
    let home = Home::new(&secrets("1ms"));
    home.run(&["create"]).good();
    let checked = home.run(&["check"]);
    assert!(
        checked.code == 1 && checked.stderr.contains("error[secret/expired]: the certificate of `web` has expired"),
        "{}",
        checked.stderr
    );
    home.write("cluster.yaml", secrets("90d"));
    home.run(&["rotate", "web"]).good();
    assert_eq!(home.run(&["check"]).code, 0);
    let chain = String::from_utf8(home.read("secrets/web.crt")).expect("text");
    assert!(chain.ends_with(&String::from_utf8(home.read("secrets/ca.crt")).expect("text")), "the CA follows: {chain}");
}
