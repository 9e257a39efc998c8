//! Functions of text. Positions count characters.

use crate::schema::cel::evaluate::Evaluation;
use crate::schema::cel::operator::elements;
use crate::schema::cel::value::{Outcome, Stop, Val, failed};

use super::{Answer, conversion, pattern, print};

pub(super) fn method<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let (target, arguments) = arguments.split_first()?;
    if name == "size" && arguments.is_empty() {
        return conversion::size(target).map(|size| Ok(Val::count(size)));
    }
    if name == "join" && !matches!(target, Val::String(_)) {
        return Some(join(evaluation, target, arguments));
    }
    let Val::String(text) = target else { return None };
    if let Err(stop) = evaluation.pay(text.len() / 10) {
        return Some(Err(stop));
    }
    let flag = |flag: bool| Some(Ok(Val::Bool(flag)));
    match (name, arguments) {
        ("contains", [Val::String(part)]) => flag(text.contains(&**part)),
        ("startsWith", [Val::String(part)]) => flag(text.starts_with(&**part)),
        ("endsWith", [Val::String(part)]) => flag(text.ends_with(&**part)),
        ("matches", [Val::String(pattern)]) => Some(pattern::matches(text, pattern).map(Val::Bool)),
        ("find", [Val::String(pattern)]) => Some(pattern::find(text, pattern).map(Val::text)),
        ("findAll", [Val::String(pattern)]) => Some(pattern::find_all(text, pattern, -1).map(Val::texts)),
        ("findAll", [Val::String(pattern), Val::Int(most)]) => Some(pattern::find_all(text, pattern, *most).map(Val::texts)),
        ("lowerAscii", []) => Some(Ok(Val::text(text.to_ascii_lowercase()))),
        ("upperAscii", []) => Some(Ok(Val::text(text.to_ascii_uppercase()))),
        ("trim", []) => Some(Ok(Val::text(text.trim().to_owned()))),
        ("charAt", [Val::Int(at)]) => Some(char_at(text, *at)),
        ("substring", [Val::Int(from)]) => Some(substring(text, *from, None)),
        ("substring", [Val::Int(from), Val::Int(to)]) => Some(substring(text, *from, Some(*to))),
        ("indexOf", [Val::String(part)]) => Some(index_of(text, part, 0)),
        ("indexOf", [Val::String(part), Val::Int(from)]) => Some(index_of(text, part, *from)),
        ("lastIndexOf", [Val::String(part)]) => Some(last_index_of(text, part, None)),
        ("lastIndexOf", [Val::String(part), Val::Int(from)]) => Some(last_index_of(text, part, Some(*from))),
        ("replace", [Val::String(old), Val::String(new)]) => Some(replace(evaluation, (text, old, new), -1)),
        ("replace", [Val::String(old), Val::String(new), Val::Int(most)]) => Some(replace(evaluation, (text, old, new), *most)),
        ("split", [Val::String(by)]) => Some(Ok(Val::texts(split(text, by, -1)))),
        ("split", [Val::String(by), Val::Int(most)]) => Some(Ok(Val::texts(split(text, by, *most)))),
        ("format", [list]) => Some(print::format(evaluation, text, list)),
        _ => None,
    }
}

pub(super) fn function<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    match (name, arguments) {
        ("strings.quote", [Val::String(text)]) => Some(evaluation.pay(text.len() / 10).map(|()| Val::text(format!("{text:?}")))),
        ("matches", [Val::String(text), Val::String(pattern)]) => Some(pattern::matches(text, pattern).map(Val::Bool)),
        _ => None,
    }
}

fn join<'a>(evaluation: &Evaluation, list: &Val<'a>, arguments: &[Val<'a>]) -> Outcome<'a> {
    let between = match arguments {
        [] => "",
        [Val::String(between)] => between,
        _ => return Err(Stop::NoOverload),
    };
    let items = elements(evaluation, list)?;
    let texts: Vec<&str> = items.iter().map(Val::as_text).collect::<Result<_, _>>()?;
    let joined = texts.join(between);
    evaluation.pay(joined.len() / 10)?;
    Ok(Val::text(joined))
}

fn out_of_range<T>(index: i64) -> Result<T, Stop> {
    failed(format!("index out of range: {index}"))
}

fn char_at<'a>(text: &str, at: i64) -> Outcome<'a> {
    match usize::try_from(at) {
        Ok(index) if index <= text.chars().count() => Ok(Val::text(text.chars().nth(index).map(String::from).unwrap_or_default())),
        _ => out_of_range(at),
    }
}

fn substring<'a>(text: &str, from: i64, to: Option<i64>) -> Outcome<'a> {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let to_or_end = to.unwrap_or(length);
    if from > to_or_end && to.is_some() {
        return failed(format!("invalid substring range. start: {from}, end: {to_or_end}"));
    }
    for index in [from, to_or_end] {
        if !(0..=length).contains(&index) {
            return out_of_range(index);
        }
    }
    let (from, count) = (usize::try_from(from).unwrap_or_default(), usize::try_from(to_or_end - from).unwrap_or_default());
    Ok(Val::text(text.chars().skip(from).take(count).collect::<String>()))
}

fn index_of<'a>(text: &str, part: &str, from: i64) -> Outcome<'a> {
    if part.is_empty() {
        return Ok(Val::Int(from));
    }
    let Ok(start) = usize::try_from(from) else { return out_of_range(from) };
    let Some((offset, _)) = text.char_indices().nth(start) else { return Ok(Val::Int(-1)) };
    Ok(text[offset..].find(part).map_or(Val::Int(-1), |at| Val::count(text[..offset + at].chars().count())))
}

fn last_index_of<'a>(text: &str, part: &str, from: Option<i64>) -> Outcome<'a> {
    let length = text.chars().count();
    if part.is_empty() {
        return Ok(from.map_or_else(|| Val::count(length), Val::Int));
    }
    let Some(from) = from else {
        return Ok(text.rfind(part).map_or(Val::Int(-1), |at| Val::count(text[..at].chars().count())));
    };
    let Ok(start) = usize::try_from(from) else { return out_of_range(from) };
    if start >= length {
        return Ok(Val::Int(-1));
    }
    // The last one that begins no later than there.
    let end = text.char_indices().nth(start).map_or(text.len(), |(at, _)| text.len().min(at + part.len()));
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    Ok(text[..end].rfind(part).map_or(Val::Int(-1), |at| Val::count(text[..at].chars().count())))
}

fn replace<'a>(evaluation: &Evaluation, (text, old, new): (&str, &str, &str), most: i64) -> Outcome<'a> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let count = text.matches(old).count().min(most);
    evaluation.pay(count.saturating_mul(new.len()) / 10)?;
    Ok(Val::text(text.replacen(old, new, most)))
}

/// As Go's `strings.SplitN`: at most so many parts, and without a separator single characters.
fn split(text: &str, by: &str, most: i64) -> Vec<String> {
    let Ok(most) = usize::try_from(most) else {
        return if by.is_empty() { text.chars().map(String::from).collect() } else { text.split(by).map(ToOwned::to_owned).collect() };
    };
    if most == 0 {
        return Vec::new();
    }
    if !by.is_empty() {
        return text.splitn(most, by).map(ToOwned::to_owned).collect();
    }
    let mut parts: Vec<String> = text.chars().take(most - 1).map(String::from).collect();
    let rest: String = text.chars().skip(most - 1).collect();
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}
