//! Schedules of a CronJob (github.com/robfig/cron/v3, `ParseStandard`; Kubernetes refuses a time zone in the schedule itself).

use super::Wrong;

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day of the week", least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const WORDS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

pub(super) fn check(text: &str) -> Result<(), Wrong> {
    if text.starts_with('@') {
        if let Some(interval) = text.strip_prefix("@every ") {
            return super::duration::parse(interval).map(drop);
        }
        if WORDS.contains(&text) {
            return Ok(());
        }
        return Err(Wrong::new(format!("`{text}` is no known word"), format!("the words are {}", listed(&WORDS))));
    }
    if text.contains("TZ=") {
        return Err(Wrong::new("a time zone has no place in it", ""));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(Wrong::new(
            format!("it has {} fields instead of 5", fields.len()),
            "the fields are minute, hour, day of the month, month and day of the week: `0 3 * * *`",
        ));
    }
    fields.iter().zip(&FIELDS).try_for_each(|(text, field)| text.split(',').try_for_each(|part| check_part(part, field)))
}

fn check_part(part: &str, field: &Field) -> Result<(), Wrong> {
    let wrong = |what: &str| {
        Err(Wrong::new(format!("the {} `{part}` {what}", field.name), format!("a {} is {} to {}", field.name, field.least, field.most)))
    };
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| !step.parse::<u32>().is_ok_and(|step| step > 0)) {
        return wrong("has a step that is no positive number");
    }
    if matches!(range, "*" | "?") {
        return Ok(());
    }
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let (Some(from), Some(to)) = (number(from, field), number(to, field)) else { return wrong("is no number") };
    if from < field.least || to > field.most {
        return wrong("is out of range");
    }
    if from > to {
        return wrong("ends before it begins");
    }
    Ok(())
}

fn number(text: &str, field: &Field) -> Option<u32> {
    if let Some(at) = field.names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
        return Some(u32::try_from(at).ok()? + field.least);
    }
    text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn schedules() {
        for good in ["*/5 * * * *", "0 3 1-15/2 JAN,mar sun", "@hourly", "@every 1h30m", "0 0 ? * *"] {
            assert_eq!(verdict("cron", good), "ok", "{good}");
        }
        assert_eq!(verdict("cron", "60 * * * *"), "the minute `60` is out of range | a minute is 0 to 59");
        assert_eq!(verdict("cron", "* * * * 7"), "the day of the week `7` is out of range | a day of the week is 0 to 6");
        assert_eq!(verdict("cron", "5-1 * * * *"), "the minute `5-1` ends before it begins | a minute is 0 to 59");
        assert_eq!(verdict("cron", "*/0 * * * *"), "the minute `*/0` has a step that is no positive number | a minute is 0 to 59");
        assert!(verdict("cron", "0 3 * *").starts_with("it has 4 fields instead of 5"));
        assert!(verdict("cron", "@dayly").starts_with("`@dayly` is no known word"));
        assert!(verdict("cron", "TZ=UTC 0 3 * * *").starts_with("a time zone"));
    }
}
