//! Strings of a known form: a quantity, a duration, a name.
//!
//! Each is a type of its own with a JSON Schema `format`; the config reader checks every value of such a format in one pass
//! over the nodes, so that a wrong one is shown at its own place. The types themselves hold the text as written.

use std::borrow::Cow;
use std::fmt;

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
                json_schema!({"type": "string", "format": $format, "examples": $examples})
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
}

macro_rules! port_numbers {
    ($($(#[$doc:meta])* $name:ident = $minimum:literal..=$maximum:literal $(, $marker:literal: $value:literal)?;)*) => {$(
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
                json_schema!({"type": "integer", "minimum": $minimum, "maximum": $maximum $(, $marker: $value)?})
            }
        }
    )*};
}

port_numbers! {
    /// A TCP or UDP port.
    Port = 1..=65535;
    /// A NodePort in Kubernetes' default range (`--service-node-port-range`). No two NodePorts of the config may be equal; a UDP one is
    /// marked with `#[schemars(extend("x-node-port" = "UDP"))]` and may equal a TCP one.
    NodePort = 30000..=32767, "x-node-port": "TCP";
}
