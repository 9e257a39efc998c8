//! Strings of a known form: a quantity, a duration, a name.
//!
//! Each is a type of its own with a JSON Schema `format`; the config reader checks every value of such a format in one pass
//! over the nodes, so that a wrong one is shown at its own place. The types themselves hold the text as written.

mod cron;
mod duration;
mod image;
mod name;
mod network;
mod path;
mod quantity;
mod url;
mod version;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $format:literal, examples $examples:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format, "pattern": pattern($format), "examples": $examples})
            }
        }
    )*};
}

formats! {
    /// A Kubernetes quantity: `500m`, `1Gi`.
    Quantity = "quantity", examples ["1Gi", "500m"];
    /// A Go duration: `30s`, `1h30m`.
    GoDuration = "duration", examples ["30s", "1h30m"];
    /// An IP network in CIDR form, without host bits.
    Cidr = "cidr", examples ["10.42.0.0/16"];
    /// One IP network, or for a dual-stack cluster an IPv4 and an IPv6 one joined by a comma, as k3s takes them. The first is the
    /// family that Services get by default.
    Cidrs = "cidrs", examples ["10.42.0.0/16", "10.42.0.0/16,fd42::/56"];
    /// An IPv4 or IPv6 address.
    IpAddress = "ip", examples ["192.168.1.10"];
    /// An RFC 1123 label: lower-case letters, digits and `-`, at most 63.
    DnsLabel = "dns-label", examples ["primer"];
    /// An RFC 1123 subdomain: labels joined by dots, at most 253 characters.
    DnsName = "dns-name", examples ["cluster.example.com"];
    /// A host: an IP address or a DNS name, without port.
    Host = "host", examples ["192.168.1.10", "headscale.example.com"];
    /// An `http://` or `https://` URL with a host.
    HttpUrl = "http-url", examples ["https://headscale.example.com"];
    /// An OCI image reference with a tag or digest.
    Image = "image", examples ["docker.io/headscale/headscale:0.29.0"];
    /// An absolute path on a Linux node.
    AbsolutePath = "absolute-path", examples ["/var/lib/headscale"];
    /// A Kubernetes minor or patch version.
    KubernetesVersion = "kubernetes-version", examples ["1.36", "1.36.3"];
    /// The key of a label or annotation, with an optional DNS prefix.
    LabelKey = "label-key", examples ["app.kubernetes.io/name", "disk"];
    /// The value of a label: at most 63 letters, digits, `-`, `_` and `.`.
    LabelValue = "label-value", examples ["ssd"];
    /// A schedule of five cron fields, or `@daily` and the like, as a CronJob takes it.
    Cron = "cron", examples ["0 3 * * *", "@daily"];
    /// Permissions of a file in octal digits.
    FileMode = "file-mode", examples ["0400", "0644"];
}

impl Quantity {
    /// What it amounts to in whole units, rounded up; none when the text is no quantity, or more than fits.
    #[must_use]
    pub fn amount(&self) -> Option<u64> {
        quantity::amount(&self.0)
    }
}

impl Cidr {
    /// The network; none when the text is not one.
    #[must_use]
    pub fn network(&self) -> Option<IpNet> {
        network::parse_network(&self.0).ok()
    }
}

impl Cidrs {
    /// The networks; empty when the text does not hold one or two.
    #[must_use]
    pub fn networks(&self) -> Vec<IpNet> {
        network::parse_networks(&self.0).unwrap_or_default()
    }
}

impl IpAddress {
    /// The address; none when the text is not one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        network::parse_address(&self.0).ok()
    }
}

impl Host {
    /// The address, where the host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        network::parse_address(&self.0).ok()
    }
}

impl GoDuration {
    /// The length; none when the text is no duration.
    #[must_use]
    pub fn duration(&self) -> Option<std::time::Duration> {
        duration::parse(&self.0).ok()
    }
}

impl HttpUrl {
    /// Scheme, host (an IPv6 address without brackets) and port (80 or 443 where none is written); none when the text is no such URL.
    #[must_use]
    pub fn parts(&self) -> Option<(&str, &str, u16)> {
        url::parse(&self.0).ok()
    }
}

impl KubernetesVersion {
    /// The minor version, `1.36` of `1.36.3`; empty when the text is no version.
    #[must_use]
    pub fn minor(&self) -> &str {
        if version::check(&self.0).is_err() {
            return "";
        }
        let end = self.0.match_indices('.').nth(1).map_or(self.0.len(), |(at, _)| at);
        &self.0[..end]
    }
}

impl FileMode {
    /// The bits; none when the text is no mode.
    #[must_use]
    pub fn bits(&self) -> Option<u32> {
        u32::from_str_radix(&self.0, 8).ok().filter(|bits| *bits <= 0o7777)
    }
}

/// Why a text is not of its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Why, as the rest of a sentence after a colon.
    pub(crate) reason: String,
    /// The way out; may be empty.
    pub(crate) hint: String,
}

impl Wrong {
    pub(crate) fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: hint.into() }
    }
}

/// One format and what is known about it.
#[derive(Debug)]
pub(crate) struct Format {
    /// The schema's word for it.
    pub(crate) name: &'static str,
    /// What messages call it, with its article.
    pub(crate) noun: &'static str,
    /// Whether an unquoted number is taken by its raw text: `version: 1.30` must stay `1.30`.
    pub(crate) takes_number: bool,
    /// What editors, which do not know the format, can check: every good text matches it.
    pub(crate) pattern: &'static str,
    /// Whether a text is of this format.
    pub(crate) check: fn(&str) -> Result<(), Wrong>,
}

macro_rules! table {
    ($($name:literal $noun:literal $takes_number:literal $check:expr, $pattern:expr;)*) => {
        &[$(Format { name: $name, noun: $noun, takes_number: $takes_number, pattern: $pattern, check: $check }),*]
    };
}

const FORMATS: &[Format] = table! {
    "quantity" "a quantity" true quantity::check, quantity::PATTERN;
    "duration" "a duration" false |text| duration::parse(text).map(drop), "^(0|([0-9.]+(ns|us|µs|μs|ms|s|m|h))+)$";
    "cidr" "an IP network" false |text| network::parse_network(text).map(drop), "^[0-9a-fA-F:.]+/[0-9]{1,3}$";
    "cidrs" "an IP network" false |text| network::parse_networks(text).map(drop), "^[0-9a-fA-F:.]+/[0-9]{1,3}(,[0-9a-fA-F:.]+/[0-9]{1,3})?$";
    "ip" "an IP address" false |text| network::parse_address(text).map(drop), "^[0-9a-fA-F:.]+$";
    "dns-label" "a DNS label" false name::check_label, "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
    "dns-name" "a DNS name" false name::check_dns_name, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    "host" "a host" false network::check_host, "^[0-9a-zA-Z.:-]+$";
    "http-url" "an HTTP URL" false |text| url::parse(text).map(drop), "^https?://.+$";
    "image" "an image reference" false image::check, "^.+[:@].+$";
    "absolute-path" "an absolute path" false path::check_absolute, "^/";
    "kubernetes-version" "a Kubernetes version" true version::check, "^[0-9]+[.][0-9]+([.][0-9]+)?$";
    "label-key" "a label key" false name::check_label_key, "^([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
    "label-value" "a label value" false name::check_label_value, "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$";
    "cron" "a cron schedule" false cron::check, "^(@[a-z]+|@every .+|[^ ]+( +[^ ]+){4})$";
    "file-mode" "a file mode" true path::check_mode, "^[0-7]{3,4}$";
    "argocd-version" "an Argo CD version" true super::argocd::check_version, "^(2[.]13|3[.]5)([.][0-9]{1,9})?$";
    "dagger-version" "a version of Dagger" true super::dagger::check_version, "^0[.](19|20|21)[.][0-9]{1,9}$";
    "headscale-version" "a Headscale version" true super::headscale::check_version, "^0[.](28|29)([.][0-9]{1,9})?$";
    "public-key" "a public key" false super::secret::check_public_key, "^(age1[a-z0-9]+|ssh-(ed25519|rsa) .+)$";
    "route-path" "a path" false super::ingress::check_path, "^/";
    "day-duration" "a duration" true super::headscale::check_day_duration, "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$";
};

/// Looks a format up by the schema's word for it.
pub(crate) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Looks a format up by its pattern, which is all that the generator keeps of a key's type.
pub(crate) fn format_of_pattern(pattern: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.pattern == pattern)
}

/// The pattern of a format.
pub(crate) fn pattern(name: &str) -> &'static str {
    format(name).map_or("", |format| format.pattern)
}

macro_rules! port_numbers {
    ($($(#[$doc:meta])* $name:ident = $minimum:literal..=$maximum:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u16);

        impl $name {
            /// As Kubernetes' structs take it.
            #[must_use]
            pub fn as_i32(self) -> i32 {
                self.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl From<u16> for $name {
            fn from(number: u16) -> Self {
                Self(number)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "integer", "minimum": $minimum, "maximum": $maximum})
            }
        }
    )*};
}

port_numbers! {
    /// A TCP or UDP port.
    Port = 1..=65535;
    /// A port that a Service takes on every node. The range is the cluster's (`k3s.serviceNodePortRange`), so a check of the whole config
    /// holds it against that, and sees to it that no two are equal.
    NodePort = 1..=65535;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `reason | hint` of a wrong text, or `ok`.
    pub(crate) fn verdict(name: &str, text: &str) -> String {
        match (format(name).expect("a known format").check)(text) {
            Ok(()) => "ok".to_owned(),
            Err(wrong) => format!("{} | {}", wrong.reason, wrong.hint),
        }
    }

    #[test]
    fn every_type_has_a_checker_and_its_examples_pass() {
        macro_rules! check {
            ($($name:ident)*) => {$({
                let schema = schemars::SchemaGenerator::default().into_root_schema_for::<$name>().to_value();
                let name = schema["format"].as_str().expect("a format");
                let pattern = regex::Regex::new(schema["pattern"].as_str().expect("a pattern")).expect("a regular expression");
                for example in schema["examples"].as_array().expect("examples") {
                    let example = example.as_str().expect("text");
                    assert_eq!(verdict(name, example), "ok", "{name} {example}");
                    assert!(pattern.is_match(example), "{name} {example}");
                }
            })*};
        }
        check!(Quantity GoDuration Cidr Cidrs IpAddress DnsLabel DnsName Host HttpUrl Image AbsolutePath);
        check!(KubernetesVersion LabelKey LabelValue Cron FileMode);
    }

    #[test]
    fn no_checker_panics_on_odd_text() {
        let odd = [
            "", " ", "é", "\u{0}", "-", ".", "/", ":", "@", "1", "1.", ".1", "[", "[::1", "//", "http://", "http://[", "a/b/c:", "é/é",
            "1é",
        ];
        for format in FORMATS {
            for text in odd {
                if let Err(wrong) = (format.check)(text) {
                    assert!(!wrong.reason.is_empty(), "{} {text:?}", format.name);
                }
            }
        }
    }
}
