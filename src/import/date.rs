//! Dates as people write them in tables.

use super::language::{Language, Languages};
use super::text::key;
use crate::value::Date;
use std::sync::OnceLock;

/// A date as it was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The date.
    pub date: Date,
    /// What is odd about how it is written; nothing where it is usual.
    pub oddity: Option<&'static str>,
}

/// Whether dates with slashes name the day first: only where some row can be read no other way, and none says otherwise.
#[must_use]
pub fn day_first<'a>(written: impl IntoIterator<Item = &'a str>) -> bool {
    let (mut day, mut month) = (false, false);
    for numbers in written.into_iter().filter(|text| text.contains('/')).filter_map(numbers) {
        if let [first, second, _] = numbers.as_slice() {
            day |= (13..=31).contains(&first.0) && second.0 <= 12;
            month |= (13..=31).contains(&second.0) && first.0 <= 12;
        }
    }
    day && !month
}

/// The numbers of a date with how many digits they have.
fn numbers(text: &str) -> Option<Vec<(u32, usize)>> {
    let mut numbers = Vec::new();
    for piece in text.split(|character: char| !character.is_ascii_digit()).filter(|piece| !piece.is_empty()) {
        numbers.push((piece.parse().ok()?, piece.len()));
    }
    Some(numbers)
}

/// Reads a date. Slashes stand between month, day and year, unless `day_first`; dots between day, month and year; a
/// year may come first.
#[must_use]
pub fn read(text: &str, day_first: bool) -> Option<Read> {
    let text: String = text.chars().map(super::text::narrow).collect();
    if let Some(read) = with_month_in_words(&text) {
        return Some(read);
    }
    let numbers = numbers(&text)?;
    let [first, second, third] = numbers.as_slice() else { return None };
    let mut oddity = None;
    let (year, month, day) = if first.1 == 4 {
        (*first, *second, *third)
    } else {
        // A dot says that the day comes first.
        let dots = text.contains('.') && !text.contains('/');
        let (mut month, mut day) = if dots || day_first { (*second, *first) } else { (*first, *second) };
        if month.0 > 12 && day.0 <= 12 && month.0 <= 31 {
            (month, day) = (day, month);
            oddity = Some("day and month are the other way round");
        }
        (*third, month, day)
    };
    if month.1 > 2 || day.1 > 2 {
        oddity = Some("a number has a digit too many");
    }
    let full = match year.1 {
        4 => year.0,
        2 => {
            oddity = oddity.or(Some("the year has two digits only"));
            2000 + year.0
        }
        _ => return None,
    };
    let date = Date::from_parts(i16::try_from(full).ok()?, i8::try_from(month.0).ok()?, i8::try_from(day.0).ok()?)?;
    Some(Read { date, oddity })
}

/// The month of this name in any language, from 1; its first three letters are enough.
fn month(word: &str) -> Option<usize> {
    static MONTHS: OnceLock<Vec<(String, usize)>> = OnceLock::new();
    let months = MONTHS.get_or_init(|| {
        let named = |month: &String, at: usize| (key(month), at + 1);
        let of =
            |language: &'static Language| language.months.iter().enumerate().map(move |(at, month)| named(month, at));
        Languages::known().all().iter().flat_map(of).collect()
    });
    let word = key(word);
    let is_meant = |month: &str| {
        word.chars().count() >= 3 && month.starts_with(&word) || word == "sept" && month.starts_with("sep")
    };
    months.iter().find(|(month, _)| is_meant(month)).map(|(_, at)| *at)
}

/// `March 27, 2020`, `27 March 2020`, `27 de marzo de 2020`.
fn with_month_in_words(text: &str) -> Option<Read> {
    let numbers = numbers(text)?;
    let [first, second] = numbers.as_slice() else { return None };
    let (day, year) = if first.1 == 4 { (second, first) } else { (first, second) };
    if year.1 != 4 {
        return None;
    }
    let mut words = text.split(|character: char| !character.is_alphabetic()).filter(|word| word.chars().count() >= 3);
    let month = month(words.next()?)?;
    let date = Date::from_parts(i16::try_from(year.0).ok()?, month as i8, i8::try_from(day.0).ok()?)?;
    Some(Read { date, oddity: None })
}

/// The ways dates are written, the usual one first.
const PATTERNS: [&str; 5] = ["M/D/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "D.M.YYYY", "YYYY-MM-DD"];

fn by_pattern(date: Date, pattern: &str) -> String {
    let iso = date.to_string();
    let mut parts = iso.split('-');
    let year = parts.next().unwrap_or_default();
    let month = parts.next().unwrap_or_default();
    let day = parts.next().unwrap_or_default();
    let short = |number: &str| number.trim_start_matches('0').to_owned();
    match pattern {
        "MM/DD/YYYY" => format!("{month}/{day}/{year}"),
        "DD.MM.YYYY" => format!("{day}.{month}.{year}"),
        "D.M.YYYY" => format!("{}.{}.{year}", short(day), short(month)),
        "YYYY-MM-DD" => iso.clone(),
        _ => format!("{}/{}/{year}", short(month), short(day)),
    }
}

/// How a table writes its dates, in few words: a pattern, and the dates it does not fit. Nothing where all are written as usual.
#[must_use]
pub fn style(written: &[(Date, String)]) -> String {
    let fitting = |pattern: &str| written.iter().filter(|(date, text)| by_pattern(*date, pattern) == *text).count();
    let best = PATTERNS.iter().rev().max_by_key(|pattern| fitting(pattern)).copied().unwrap_or(PATTERNS[0]);
    let others = written.iter().filter(|(date, text)| by_pattern(*date, best) != *text).map(|(_, text)| text.as_str());
    let parts: Vec<&str> = std::iter::once(best).chain(others).collect();
    if parts == [PATTERNS[0]] { String::new() } else { parts.join("; ") }
}

/// A date as a table of this style writes it.
#[must_use]
pub fn write(date: Date, style: &str) -> String {
    let mut parts = style.split("; ");
    let pattern = parts.next().unwrap_or_default();
    let as_written =
        parts.find(|text| [false, true].iter().any(|first| read(text, *first).is_some_and(|read| read.date == date)));
    as_written.map_or_else(|| by_pattern(date, pattern), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<(String, bool)> {
        read(text, false).map(|read| (read.date.to_string(), read.oddity.is_some()))
    }

    #[test]
    fn as_they_are_written() {
        let fine = |text: &str| Some((text.to_owned(), false));
        let odd = |text: &str| Some((text.to_owned(), true));
        assert_eq!(iso("04/30/2020"), fine("2020-04-30"));
        assert_eq!(iso("3/7/2020"), fine("2020-03-07"));
        assert_eq!(iso("13.12.2019"), fine("2019-12-13"));
        assert_eq!(iso("2020-03-27"), fine("2020-03-27"));
        assert_eq!(iso("2020年4月30日"), fine("2020-04-30"));
        assert_eq!(iso("March 27, 2020"), fine("2020-03-27"));
        assert_eq!(iso("15. Dezember 2019"), fine("2019-12-15"));
        assert_eq!(iso("1. März 2019"), fine("2019-03-01"));
        assert_eq!(iso("30 de abril de 2020"), fine("2020-04-30"));
        assert_eq!(iso("7 de fev. de 2020"), fine("2020-02-07"));
        assert_eq!(iso("10/018/2019"), odd("2019-10-18"));
        assert_eq!(iso("25/03/2020"), odd("2020-03-25"));
        assert_eq!(iso("3/27/20"), odd("2020-03-27"));
        assert_eq!(iso("02/30/2020"), None);
        assert_eq!(iso("General Maintenance"), None);
        assert_eq!(iso("4080"), None);
    }

    #[test]
    fn dates_are_written_as_they_were() {
        let dated = |text: &str| (read(text, false).unwrap().date, text.to_owned());
        for table in
            [&["04/30/2020", "3/27/2020", "2/11/2020"][..], &["13.12.2019", "06.10.2019"], &["12/07/2018"], &[]]
        {
            let rows: Vec<(Date, String)> = table.iter().map(|text| dated(text)).collect();
            let style = style(&rows);
            for (date, text) in rows {
                assert_eq!(write(date, &style), text, "{style}");
            }
        }
        assert_eq!(style(&[dated("3/27/2020")]), "");
    }

    #[test]
    fn a_table_that_names_the_day_first() {
        assert!(day_first(["25/03/2020", "01/02/2020"]));
        assert!(!day_first(["25/03/2020", "03/25/2020"]));
        assert_eq!(read("01/02/2020", true).map(|read| read.date.to_string()).as_deref(), Some("2020-02-01"));
    }
}
