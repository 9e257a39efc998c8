//! The writer.
use serde::Serialize;
use std::fmt;
/// One document as text.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, fmt::Error> {
    let mut out = String::new();
    write(&mut out, value)?;
    Ok(out)
}
/// One document into `out`.
pub fn write<T: Serialize>(out: &mut impl fmt::Write, value: &T) -> fmt::Result {
    serde_saphyr::to_fmt_writer(out, value).map_err(|_| fmt::Error)
}
