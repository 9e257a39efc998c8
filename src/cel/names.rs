//! Which names an expression has.

use super::expression::Expression;

/// A name that an expression uses without binding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free<'a> {
    /// The name.
    pub name: &'a str,
    /// The field that is taken of it at once, `b` of `a.b`.
    pub field: Option<&'a str>,
}

impl Expression {
    /// All names that are used and not bound by a macro around them.
    #[must_use]
    pub fn free_names(&self) -> Vec<Free<'_>> {
        let mut found = Vec::new();
        collect(self, &mut Vec::new(), &mut found);
        found
    }
}

fn collect<'a>(expression: &'a Expression, bound: &mut Vec<&'a str>, found: &mut Vec<Free<'a>>) {
    let mut name = |name: &'a str, field: Option<&'a str>, bound: &[&str]| {
        if !bound.contains(&name) {
            found.push(Free { name, field });
        }
    };
    match expression {
        Expression::Literal(_) => {}
        Expression::Name(free) => name(free, None, bound),
        Expression::Select { of, field, .. } | Expression::Has { of, field } => match &**of {
            Expression::Name(free) => name(free, Some(field), bound),
            of => collect(of, bound, found),
        },
        Expression::Not(of) | Expression::Negative(of) => collect(of, bound, found),
        Expression::Index { of, index, .. } => [of, index].into_iter().for_each(|part| collect(part, bound, found)),
        Expression::Call(call) => call.target.iter().chain(&call.arguments).for_each(|part| collect(part, bound, found)),
        Expression::Binary(_, left, right) => [left, right].into_iter().for_each(|part| collect(part, bound, found)),
        Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| collect(part, bound, found)),
        Expression::Choice(parts) => parts.iter().for_each(|part| collect(part, bound, found)),
        Expression::List(items) => items.iter().for_each(|item| collect(&item.value, bound, found)),
        Expression::Map(entries) => {
            for (key, item) in entries {
                collect(key, bound, found);
                collect(&item.value, bound, found);
            }
        }
        Expression::Fold(fold) => {
            collect(&fold.over, bound, found);
            let before = bound.len();
            bound.extend([&*fold.first].into_iter().chain(fold.second.as_deref()));
            fold.filter.iter().chain([&fold.body]).for_each(|part| collect(part, bound, found));
            bound.truncate(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn what_a_macro_binds_is_not_free() {
        let expression = parse("self.all(x, x > y && variables.z.exists(i, x, i == x)) && has(a.b)").expect("an expression");
        let free: Vec<_> = expression.free_names().iter().map(|free| (free.name, free.field)).collect();
        assert_eq!(free, [("self", None), ("y", None), ("variables", Some("z")), ("a", Some("b"))]);
    }
}
