//! Lines of `policy.csv`: `p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT` and `g, SUBJECT, ROLE`.

use std::borrow::Cow;

/// One line as Argo CD reads it (`loadPolicyLine` in `util/rbac/rbac.go`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyLine {
    /// Who may do what: subject, resource, action, object, effect.
    Policy([String; 5]),
    /// Who has which role: subject, role.
    Binding([String; 2]),
}

impl PolicyLine {
    /// Reads one line; none for an empty one or a comment.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let mut fields = fields(line)?.into_iter();
        let kind = fields.next().unwrap_or_default();
        let rest: Vec<String> = fields.collect();
        let count = rest.len();
        match kind.as_str() {
            "p" => rest.try_into().map(|five| Some(Self::Policy(five))).map_err(|_| format!("`p` has 5 fields after it, and here {count}")),
            "g" => rest.try_into().map(|two| Some(Self::Binding(two))).map_err(|_| format!("`g` has 2 fields after it, and here {count}")),
            other => Err(format!("a line begins with `p` or `g`, and this one with `{other}`")),
        }
    }
}

/// Fields parted by commas (RFC 4180), blanks before a field left out as Argo CD does.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_field(quoted)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            if rest[..end].contains('"') {
                return Err("a quote stands inside of a field that does not begin with one".to_owned());
            }
            (rest[..end].trim_end().to_owned(), &rest[end..])
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

fn quoted_field(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"').ok_or("a quoted field has no end")?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None if rest.is_empty() || rest.starts_with(',') => return Ok((field, rest)),
            None => return Err("something follows the end of a quoted field".to_owned()),
        }
    }
}

/// A field as a line has it: quoted where it has to be.
#[must_use]
pub fn written(field: &str) -> Cow<'_, str> {
    let plain = !field.is_empty() && !field.contains(['"', ',', '#']) && field.trim() == field;
    if plain { field.into() } else { format!("\"{}\"", field.replace('"', "\"\"")).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_upstream_reads_them() {
        let policy = |fields: [&str; 5]| Ok(Some(PolicyLine::Policy(fields.map(ToOwned::to_owned))));
        assert_eq!(PolicyLine::read("p, role:a, applications, get, */*, allow"), policy(["role:a", "applications", "get", "*/*", "allow"]));
        assert_eq!(PolicyLine::read("p,\"a,b\",logs,get,\"x\"\"y\",deny"), policy(["a,b", "logs", "get", "x\"y", "deny"]));
        assert_eq!(PolicyLine::read("g, team, role:admin"), Ok(Some(PolicyLine::Binding(["team".to_owned(), "role:admin".to_owned()]))));
        assert_eq!(PolicyLine::read(" # nothing"), Ok(None));
        assert!(PolicyLine::read("p, a, b").is_err());
        assert!(PolicyLine::read("x, a, b").is_err());
        assert!(PolicyLine::read("g, \"a, b").is_err());
        assert!(PolicyLine::read("g, a\"b, c").is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        for field in ["role:a", "a,b", "a\"b", " a", "", "CN=x, O=y"] {
            let line = format!("g, {}, {}", written(field), written("role:b"));
            assert_eq!(PolicyLine::read(&line), Ok(Some(PolicyLine::Binding([field.to_owned(), "role:b".to_owned()]))), "{line}");
        }
    }
}
