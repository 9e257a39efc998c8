//! Expressions into values.

use std::cell::Cell;
use std::rc::Rc;

use crate::cel::{Binary, Call, Expression, Item, Literal};

use super::fold;
use super::function;
use super::operator;
use super::value::{Outcome, Stop, Val, failed};
use super::view;

/// What one rule may cost, in steps about as large as the server's own units (`PerCallLimit`, `k8s.io/apiserver/pkg/apis/cel`).
const COST: u64 = 1_000_000;

/// A variable, and those around it.
#[derive(Clone)]
pub(super) struct Scope<'s, 'a> {
    pub(super) name: &'a str,
    pub(super) value: Val<'a>,
    pub(super) around: Option<&'s Scope<'s, 'a>>,
}

impl<'s, 'a> Scope<'s, 'a> {
    fn find(&'s self, name: &str) -> Option<&'s Val<'a>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if here.name == name {
                return Some(&here.value);
            }
            scope = here.around;
        }
        None
    }
}

/// The evaluation of one rule.
pub(super) struct Evaluation<'c> {
    /// What this rule may still cost, and all rules of the object.
    left: Cell<u64>,
    of_object: &'c Cell<u64>,
}

impl<'c> Evaluation<'c> {
    pub(super) const fn new(of_object: &'c Cell<u64>) -> Self {
        Self { left: Cell::new(COST), of_object }
    }

    /// Pays for some steps.
    pub(super) fn pay(&self, steps: usize) -> Result<(), Stop> {
        for purse in [&self.left, self.of_object] {
            purse.set(purse.get().checked_sub(steps as u64).ok_or(Stop::TooCostly)?);
        }
        Ok(())
    }

    pub(super) fn value<'a>(&self, expression: &'a Expression, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        self.pay(1)?;
        match expression {
            Expression::Literal(literal) => Ok(constant(literal)),
            Expression::Name(name) => self.name(name, scope),
            Expression::Select { of, field, optional } => self.select(&self.value(of, scope)?, field, *optional),
            Expression::Has { of, field } => self.has(&self.value(of, scope)?, field),
            Expression::Index { of, index, optional } => {
                let of = self.value(of, scope)?;
                operator::index(self, &of, &self.value(index, scope)?, *optional)
            }
            Expression::Call(call) => self.call(call, scope),
            Expression::Not(of) => Ok(Val::Bool(!self.value(of, scope)?.as_bool()?)),
            Expression::Negative(of) => operator::negative(&self.value(of, scope)?),
            Expression::Binary(operator, left, right) => self.binary(*operator, (left, right), scope),
            Expression::And(parts) => junction(parts.iter().map(|part| self.value(part, scope)), false),
            Expression::Or(parts) => junction(parts.iter().map(|part| self.value(part, scope)), true),
            Expression::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                if self.value(condition, scope)?.as_bool()? { self.value(yes, scope) } else { self.value(no, scope) }
            }
            Expression::List(items) => self.list(items, scope),
            Expression::Map(entries) => self.map(entries, scope),
            Expression::Fold(fold) => fold::value(self, fold, scope),
        }
    }

    fn name<'a>(&self, name: &str, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        if let Some(value) = scope.find(name) {
            if let Val::String(text) = value {
                self.pay(text.len() / 64)?;
            }
            return Ok(value.clone());
        }
        let kinds = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type"];
        kinds.into_iter().find(|kind| *kind == name).map(Val::Type).ok_or(Stop::Unknown)
    }

    pub(super) fn select<'a>(&self, of: &Val<'a>, field: &str, optional: bool) -> Outcome<'a> {
        match of {
            Val::Optional(None) => Ok(Val::Optional(None)),
            Val::Optional(Some(inner)) => self.select(inner, field, true),
            _ => match (self.find(of, field)?, optional) {
                (Some(value), true) => Ok(Val::some(value)),
                (None, true) => Ok(Val::Optional(None)),
                (Some(value), false) => Ok(value),
                (None, false) => failed(format!("no such key: {field}")),
            },
        }
    }

    fn find<'a>(&self, of: &Val<'a>, field: &str) -> Result<Option<Val<'a>>, Stop> {
        match of {
            Val::Fields(fields, object) => view::field(fields, object, field).transpose(),
            Val::Map(entries) => operator::entry(self, entries, &Val::text(field.to_owned())),
            _ => Err(Stop::NoOverload),
        }
    }

    fn has<'a>(&self, of: &Val<'a>, field: &str) -> Outcome<'a> {
        match of {
            Val::Optional(None) => Ok(Val::Bool(false)),
            Val::Optional(Some(inner)) => self.has(inner, field),
            _ => Ok(Val::Bool(self.find(of, field)?.is_some())),
        }
    }

    fn call<'a>(&self, call: &'a Call, scope: &Scope<'_, 'a>) -> Outcome<'a> {
        if matches!(&*call.function, "or" | "orValue")
            && let (Some(target), [other]) = (&call.target, &*call.arguments)
        {
            // The other side is looked at only where there is nothing.
            return match self.value(target, scope)? {
                Val::Optional(None) => self.value(other, scope),
                Val::Optional(Some(inner)) if *call.function == *"orValue" => Ok((*inner).clone()),
                full @ Val::Optional(Some(_)) => Ok(full),
                _ => Err(Stop::NoOverload),
            };
        }
        let mut arguments = Vec::with_capacity(call.arguments.len() + 1);
        for argument in call.target.iter().chain(&call.arguments) {
            arguments.push(self.value(argument, scope)?);
        }
        function::call(self, &call.function, call.target.is_some(), &arguments)
    }

    fn binary<'a>(&self, operator: Binary, (left, right): (&'a Expression, &'a Expression), scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let left = self.value(left, scope)?;
        operator::binary(self, operator, &left, &self.value(right, scope)?)
    }

    fn list<'a>(&self, items: &'a [Item], scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            list.extend(self.item(item, scope)?);
        }
        Ok(Val::list(list))
    }

    fn item<'a>(&self, item: &'a Item, scope: &Scope<'_, 'a>) -> Result<Option<Val<'a>>, Stop> {
        match self.value(&item.value, scope)? {
            Val::Optional(inner) if item.optional => Ok(inner.map(|inner| (*inner).clone())),
            _ if item.optional => Err(Stop::NoOverload),
            value => Ok(Some(value)),
        }
    }

    fn map<'a>(&self, entries: &'a [(Expression, Item)], scope: &Scope<'_, 'a>) -> Outcome<'a> {
        let mut map: Vec<(Val<'a>, Val<'a>)> = Vec::with_capacity(entries.len());
        for (key, item) in entries {
            let key = self.value(key, scope)?;
            if let Some(value) = self.item(item, scope)? {
                if operator::entry(self, &map, &key)?.is_some() {
                    return failed("insert failed: key already exists");
                }
                map.push((key, value));
            }
        }
        Ok(Val::Map(Rc::new(map)))
    }
}

/// Whether one part is decisive (`true` for `||`), whatever the others are; an error counts only where none is.
pub(super) fn junction<'a>(parts: impl Iterator<Item = Outcome<'a>>, decisive: bool) -> Outcome<'a> {
    let mut stop = None;
    for part in parts {
        match part.and_then(|value| value.as_bool()) {
            Ok(flag) if flag == decisive => return Ok(Val::Bool(decisive)),
            Ok(_) => {}
            Err(Stop::TooCostly) => return Err(Stop::TooCostly),
            // What is not known here weighs more than what the server would call an error.
            Err(Stop::Unknown) => stop = Some(Stop::Unknown),
            Err(other) => stop = stop.or(Some(other)),
        }
    }
    stop.map_or(Ok(Val::Bool(!decisive)), Err)
}

fn constant(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Null => Val::Null,
        Literal::Bool(flag) => Val::Bool(*flag),
        Literal::Int(number) => Val::Int(*number),
        Literal::Uint(number) => Val::Uint(*number),
        Literal::Double(number) => Val::Double(*number),
        Literal::String(text) => Val::text(&**text),
        Literal::Bytes(bytes) => Val::Bytes(Rc::from(&**bytes)),
    }
}
