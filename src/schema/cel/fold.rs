//! Macros over the entries of a list or mapping.

use std::rc::Rc;

use crate::cel::{Expression, Fold, FoldKind};

use super::evaluate::{Evaluation, Scope, junction};
use super::operator;
use super::value::{Outcome, Stop, Val, failed};
use super::view;

/// What a macro makes.
pub(super) fn value<'a>(evaluation: &Evaluation, fold: &'a Fold, scope: &Scope<'_, 'a>) -> Outcome<'a> {
    let over = evaluation.value(&fold.over, scope)?;
    if matches!(fold.kind, FoldKind::OptMap | FoldKind::OptFlatMap) {
        return inside(evaluation, fold, &over, scope);
    }
    let entries = entries(evaluation, &over)?;
    let with = Each { evaluation, fold, scope };
    match fold.kind {
        FoldKind::All => junction(entries.iter().map(|entry| with.of(&fold.body, entry)), false),
        FoldKind::Exists => junction(entries.iter().map(|entry| with.of(&fold.body, entry)), true),
        FoldKind::ExistsOne => {
            let mut fitting = 0;
            for entry in &entries {
                fitting += u32::from(with.of(&fold.body, entry)?.as_bool()?);
            }
            Ok(Val::Bool(fitting == 1))
        }
        FoldKind::Filter => {
            let mut kept = Vec::new();
            for entry in &entries {
                if with.of(&fold.body, entry)?.as_bool()? {
                    kept.push(entry.value(false).clone());
                }
            }
            Ok(Val::list(kept))
        }
        FoldKind::Map | FoldKind::TransformList => {
            let mut made = Vec::new();
            for entry in &entries {
                if with.counts(entry)? {
                    made.push(with.of(&fold.body, entry)?);
                }
            }
            Ok(Val::list(made))
        }
        FoldKind::SortBy => {
            let mut keyed = Vec::new();
            for entry in &entries {
                keyed.push((with.of(&fold.body, entry)?, entry.value(false).clone()));
            }
            operator::sorted(evaluation, keyed)
        }
        FoldKind::TransformMap | FoldKind::TransformMapEntry => with.map(&entries),
        FoldKind::OptMap | FoldKind::OptFlatMap => Err(Stop::Unknown),
    }
}

/// An index or key, and the value there.
struct Entry<'a> {
    key: Val<'a>,
    value: Val<'a>,
    is_of_list: bool,
}

impl<'a> Entry<'a> {
    /// What a single name stands for: the value of a list, the key of a mapping.
    const fn value(&self, both: bool) -> &Val<'a> {
        if both || self.is_of_list { &self.value } else { &self.key }
    }
}

struct Each<'e, 's, 'a> {
    evaluation: &'e Evaluation<'e>,
    fold: &'a Fold,
    scope: &'s Scope<'s, 'a>,
}

impl<'a> Each<'_, '_, 'a> {
    fn of(&self, expression: &'a Expression, entry: &Entry<'a>) -> Outcome<'a> {
        let around = Some(self.scope);
        match &self.fold.second {
            None => self.evaluation.value(expression, &Scope { name: &self.fold.first, value: entry.value(false).clone(), around }),
            Some(second) => {
                let outer = Scope { name: &self.fold.first, value: entry.key.clone(), around };
                self.evaluation.value(expression, &Scope { name: second, value: entry.value.clone(), around: Some(&outer) })
            }
        }
    }

    fn counts(&self, entry: &Entry<'a>) -> Result<bool, Stop> {
        self.fold.filter.as_ref().map_or(Ok(true), |filter| self.of(filter, entry)?.as_bool())
    }

    fn map(&self, entries: &[Entry<'a>]) -> Outcome<'a> {
        let mut map: Vec<(Val<'a>, Val<'a>)> = Vec::new();
        for entry in entries {
            if !self.counts(entry)? {
                continue;
            }
            let made = self.of(&self.fold.body, entry)?;
            let made = match (self.fold.kind, made) {
                (FoldKind::TransformMap, made) => vec![(entry.key.clone(), made)],
                (_, Val::Map(made)) => made.to_vec(),
                _ => return Err(Stop::NoOverload),
            };
            for (key, value) in made {
                if operator::entry(self.evaluation, &map, &key)?.is_some() {
                    return failed("insert failed: key already exists");
                }
                map.push((key, value));
            }
        }
        Ok(Val::Map(Rc::new(map)))
    }
}

fn entries<'a>(evaluation: &Evaluation, over: &Val<'a>) -> Result<Vec<Entry<'a>>, Stop> {
    let of_list = |items: Vec<Val<'a>>| {
        items.into_iter().enumerate().map(|(index, value)| Entry { key: Val::count(index), value, is_of_list: true }).collect()
    };
    match over {
        Val::Items(items, array) => {
            evaluation.pay(items.len())?;
            Ok(of_list(view::items(items, array)?))
        }
        Val::List(items) => {
            evaluation.pay(items.len())?;
            Ok(of_list(items.to_vec()))
        }
        Val::Map(map) => {
            evaluation.pay(map.len())?;
            Ok(map.iter().map(|(key, value)| Entry { key: key.clone(), value: value.clone(), is_of_list: false }).collect())
        }
        Val::Fields(fields, object) => {
            evaluation.pay(fields.len())?;
            let entry = |key: Val<'a>| -> Result<Entry<'a>, Stop> {
                let value = view::field(fields, object, key.as_text()?).unwrap_or(Ok(Val::Null))?;
                Ok(Entry { key, value, is_of_list: false })
            };
            view::keys(fields, object).into_iter().map(entry).collect()
        }
        _ => Err(Stop::NoOverload),
    }
}

/// `optMap` and `optFlatMap`: something is made of what an optional holds.
fn inside<'a>(evaluation: &Evaluation, fold: &'a Fold, over: &Val<'a>, scope: &Scope<'_, 'a>) -> Outcome<'a> {
    match over {
        Val::Optional(None) => Ok(Val::Optional(None)),
        Val::Optional(Some(inner)) => {
            let scope = Scope { name: &fold.first, value: (**inner).clone(), around: Some(scope) };
            let made = evaluation.value(&fold.body, &scope)?;
            Ok(if fold.kind == FoldKind::OptMap { Val::some(made) } else { made })
        }
        _ => Err(Stop::NoOverload),
    }
}
