//! Values while a rule is evaluated.

use std::borrow::Cow;
use std::net::IpAddr;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::data::{Array, Object};

use super::quantity::Quantity;
use super::url::Url;

/// A value. What the object holds is looked at in place ([`super::view`]); what a rule makes is shared.
#[derive(Debug, Clone)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Cow<'a, str>),
    Bytes(Rc<[u8]>),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    List(Rc<Vec<Val<'a>>>),
    Map(Rc<Vec<(Val<'a>, Val<'a>)>>),
    /// A list of the object.
    Items(&'a [Value], &'a Array),
    /// A mapping of the object.
    Fields(&'a Map<String, Value>, &'a Object),
    /// A part of the object that rules can only compare.
    Opaque(&'a Value),
    Optional(Option<Rc<Val<'a>>>),
    /// A type, by its name.
    Type(&'static str),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    Url(Rc<Url>),
    Quantity(Quantity),
    Semver(Rc<semver::Version>),
    /// A named format of text.
    Format(&'static str),
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// The server fails here too, with this message.
    Failed(String),
    /// No function or operator takes these types. Rules are checked for that when their definition is created, but where a
    /// value may be a number or text.
    NoOverload,
    /// Not evaluated here.
    Unknown,
    /// Takes longer than anyone waits.
    TooCostly,
}

/// A value, or why there is none.
pub(super) type Outcome<'a> = Result<Val<'a>, Stop>;

/// A failure with a message in the server's words.
pub(super) fn failed<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(message.into()))
}

impl<'a> Val<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(super) fn texts(items: impl IntoIterator<Item = String>) -> Self {
        Self::list(items.into_iter().map(Self::text).collect())
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    /// A length or index. Nothing here holds more than memory does.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::List(_) | Self::Items(..) => "list",
            Self::Map(_) | Self::Fields(..) => "map",
            Self::Opaque(_) => "unknown",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Ip(_) => "net.IP",
            Self::Cidr(..) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    pub(super) const fn as_bool(&self) -> Result<bool, Stop> {
        match self {
            Self::Bool(flag) => Ok(*flag),
            _ => Err(Stop::NoOverload),
        }
    }

    pub(super) fn as_text(&self) -> Result<&str, Stop> {
        match self {
            Self::String(text) => Ok(text),
            _ => Err(Stop::NoOverload),
        }
    }

    pub(super) const fn as_int(&self) -> Result<i64, Stop> {
        match self {
            Self::Int(number) => Ok(*number),
            _ => Err(Stop::NoOverload),
        }
    }
}
