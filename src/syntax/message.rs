//! What was expected and what was found, in the author's words.

use super::blocks::{Open, Walk};
use super::grammar::{Grammar, Rule};
use super::place::Place;
use super::scan::is_word;
use crate::diagnostic::{Diagnostic, SYNTAX_ERROR};
use crate::suggest::closest;
use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};

/// How many alternatives a message names.
const ALTERNATIVES: usize = 5;
/// How long a found word may be to be shown whole.
const SHOWN: usize = 40;

/// How far the text could be read.
pub(super) fn position(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// What could stand at the furthest place.
fn expected(error: &Error<Rule>) -> &[Rule] {
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    }
}

impl Walk<'_> {
    /// Says what is wrong with an item that began at `start` and could be read up to `at`.
    pub fn refuse(&mut self, start: usize, at: usize, block: &Open) {
        let error = Grammar::parse(block.place.alone(), self.slice(start)).err();
        let (at, rules) = match &error {
            Some(error) if start + position(error) >= at => (start + position(error), expected(error).to_vec()),
            _ => (at, Vec::new()),
        };
        self.unexpected(start, at, &rules, block);
    }

    /// Says what is wrong with text that is no item, as far as possible as the rest of the item before it; and how far
    /// that could be read.
    pub fn refuse_stray(&mut self, at: usize, block: &Open) -> usize {
        if let Some((start, place)) = self.last {
            let error = Grammar::parse(place.alone(), self.slice(start)).err();
            if let Some(error) = error.filter(|error| self.skip(start + position(error)) >= at) {
                let rules = expected(&error).to_vec();
                let furthest = self.skip(start + position(&error));
                self.unexpected(start, furthest, &rules, block);
                return furthest;
            }
        }
        self.unexpected(at, at, &[], block);
        at
    }

    fn unexpected(&mut self, start: usize, at: usize, rules: &[Rule], block: &Open) {
        let at = self.skip(at);
        let found = self.token(at);
        // What was repaired is reported already.
        if self.scan.problems.iter().any(|problem| {
            let span = problem.primary.span;
            (span.start as usize) <= at && at < span.end as usize
        }) {
            return;
        }
        if let Some(before) = self.missing_after(start, at, found, block) {
            let list = alternatives(rules, block.place);
            let message = format!("{list} is expected after {}", shown(self.token(before)));
            let span = self.build.at(before, before + self.token(before).len());
            let help = match found {
                "}" => self.help(start, at, found, rules, block),
                _ => self.unfinished(start, rules, block),
            };
            return self.error(Diagnostic::new(&SYNTAX_ERROR, span, message).help_if(help));
        }
        let help = self.help(start, at, found, rules, block);
        let span = self.build.at(at, at + found.len());
        let message = match alternatives(rules, block.place) {
            _ if found == "{" && self.unnamed_block(at, block) => "this `{` belongs to no block".to_owned(),
            list if found.is_empty() => format!("the file ends where {list} is expected"),
            list => format!("{} cannot stand here: {list} is expected", shown(found)),
        };
        let mut diagnostic = Diagnostic::new(&SYNTAX_ERROR, span, message).help_if(help);
        if start < at {
            let head = self.token(start);
            if self.scan.line(start) != self.scan.line(at) {
                let place = self.build.at(start, start + head.len());
                diagnostic = diagnostic.related(place, "in what begins here");
            }
        }
        self.error(diagnostic);
    }

    /// Where the last token before `at` begins, if what is wrong is that something is missing after it: the next item or
    /// the end follows on another line.
    fn missing_after(&self, start: usize, at: usize, found: &str, block: &Open) -> Option<usize> {
        let ends =
            found.is_empty() || found == "}" || self.begins_item(at, found, block) || block.place.ends_before(found);
        let end = self.build.at_last_token(start, at).end as usize;
        // Behind what it stands, `then` says nothing of what came before.
        if start >= at || !ends || found == "then" || self.scan.line(end) == self.scan.line(at) && !found.is_empty() {
            return None;
        }
        let before = self.text.get(start..end)?;
        let word = before.trim_end_matches(is_word).len();
        let last = before.char_indices().next_back().map_or(0, |(at, _)| at);
        Some(start + if word < before.len() { word } else { last })
    }

    /// Help with an item that is not finished where the next one begins.
    fn unfinished(&self, start: usize, rules: &[Rule], block: &Open) -> Option<String> {
        let help = if block.place != Place::Scenario {
            return None;
        } else if rules.contains(&Rule::kw_then) && self.token(start) == "customers" {
            "After a rate for some time the next one follows: `10 per week for 8 weeks, then 5 per week`"
        } else if self.token(start) == "in" && self.text.get(..start)?.trim_end().ends_with("~ one") {
            "A share is written in percent: `25% of customers`"
        } else {
            return None;
        };
        Some(help.to_owned())
    }

    /// The token before `at` in what began at `start`.
    fn before(&self, start: usize, at: usize) -> &str {
        let end = self.build.at_last_token(start, at).end as usize;
        let text = self.text.get(start..end).unwrap_or_default();
        text.get(text.trim_end_matches(is_word).len()..).unwrap_or_default()
    }

    /// Whether a number stands before the place, with or without a percent sign.
    fn ends_in_number(&self, start: usize, at: usize) -> bool {
        let end = self.build.at_last_token(start, at).end as usize;
        let text = self.text.get(start..end).unwrap_or_default();
        text.trim_end_matches('%').ends_with(|last: char| last.is_ascii_digit())
    }

    fn unnamed_block(&self, at: usize, block: &Open) -> bool {
        self.last.is_none() && self.first_on_line(at) && !matches!(block.place, Place::Test | Place::Dynamics)
    }

    /// Help with well-known slips.
    fn help(&self, start: usize, at: usize, found: &str, rules: &[Rule], block: &Open) -> Option<String> {
        let expects = |rule: Rule| rules.contains(&rule);
        let next = self.token(self.skip(at + found.len()));
        let value = rules.iter().any(|rule| words(*rule) == VALUE);
        let fixed = match (found, next) {
            ("&", "&") => "Write `and`",
            ("|", "|") => "Write `or`",
            ("!", _) if value => "Write `not`",
            ("true", _) => "Write `yes`",
            ("false", _) => "Write `no`",
            ("elif" | "elseif", _) | ("else", "if") => "Write `else` and then the next `… if …`",
            ("if", _) if expects(Rule::kw_when) || expects(Rule::task_when) => "Write `when` before a condition",
            ("else", _) if expects(Rule::kw_otherwise) || block.place == Place::Stage => "Write `otherwise`",
            ("unless", _) => "Write `when not …`",
            ("=", _) if expects(Rule::colon) => "A type stands after a colon: `name : type`",
            (":", _) if expects(Rule::equals) || expects(Rule::assign_operator) => "A value stands after `=`",
            ("=", _) if expects(Rule::tilde) => "What is drawn stands after `~`",
            (",", _) if !expects(Rule::comma) => "Leave out the comma",
            ("-", _) | (">", _) if expects(Rule::arrow) => "An arrow is written `->`",
            ("}", _) if value => "Say the condition or value",
            ("%", _) => "Write the percent sign directly after the number: `10%`",
            ("\"", _) => "Close the text with `\"` on the same line",
            ("-", _) if value => "Write a number from zero up, without a sign",
            ("for", _) if self.token(start) == "property" => {
                "Write `property NAME for PLAYBOOK \"text\": …`: first the name, then the playbook, then the text"
            }
            ("second" | "seconds" | "sec" | "secs", _) => {
                "The shortest unit of time is the minute: half a minute is `0.5 minutes`"
            }
            ("to" | "-" | "–" | "…", _) if self.ends_in_number(start, at) => {
                "A range is written with two dots, both bounds included: `1..10`, `0%..100%`"
            }
            _ if expects(Rule::kw_times) && self.before(start, at) == "once" => "Write `at most 1 times`",
            _ if expects(Rule::kw_times) && self.before(start, at) == "twice" => "Write `at most 2 times`",
            ("fortnight" | "fortnights", _) => "Write `2 weeks`",
            ("{", _) if block.place == Place::Test && self.before(start, at) == "services" => {
                "In a test, services stand without braces of their own: `services teams { usage 3% } yammer`"
            }
            (number, _) if expects(Rule::kw_kept) && number.starts_with(|c: char| c.is_ascii_digit()) => {
                "Bounds stand after `in`: `int in 1..1_000`"
            }
            ("dynamics", _) if block.place == Place::Scenario => {
                "How facts change is written `in STAGE each round { … }` or `in STAGE on entry { … }`"
            }
            ("then", _) if self.token(start) == "->" && start < at => {
                "`then` is said once, before the first of these transitions: leave it out here"
            }
            ("then", _) if block.place != Place::Stage => {
                "`then` stands directly behind the closing brace of `each service { … }` or `together { … }`"
            }
            ("goto" | "go", _) if block.place == Place::Stage => "A transition is written `-> NAME`",
            _ => "",
        };
        if !fixed.is_empty() {
            return Some(fixed.to_owned());
        }
        let named = [Rule::name, Rule::task_ref, Rule::target, Rule::event_pattern].into_iter().any(expects);
        if named && Grammar::parse(Rule::reserved, found).is_ok_and(|pairs| pairs.as_str() == found) {
            return Some(format!(
                "`{found}` is a word of the language and cannot be a name; a longer one can, for example `{found}_1`"
            ));
        }
        if expects(Rule::arrow) && found.starts_with(is_word) {
            return Some(format!("An arrow stands before the place it leads to: `-> {}`", short(found)));
        }
        if expects(Rule::arrow) && found == "{" {
            return Some("Say where it leads: `-> NAME`".to_owned());
        }
        let out_of_place = (start == at || expects(Rule::EOI)).then(|| Place::home(found)).flatten();
        if let Some(home) = out_of_place.filter(|home| *home != block.place && !block.place.words().contains(&found)) {
            return Some(format!(
                "`{found}` belongs in {}, not in {}",
                home.words_for_block(),
                block.place.words_for_block()
            ));
        }
        if !found.starts_with(is_word) {
            return None;
        }
        let mut candidates: Vec<String> = Vec::new();
        for rule in rules {
            candidates.extend(keyword(*rule));
        }
        if start == at || expects(Rule::EOI) {
            candidates.extend(block.place.words().iter().map(|word| (*word).to_owned()));
        }
        if rules.contains(&Rule::type_expr) {
            let types = ["yes/no", "int", "number", "percent", "money", "date", "duration", "text"];
            candidates.extend(types.iter().map(|word| (*word).to_owned()));
        }
        let flags = [
            ("must", "mandatory"),
            ("required", "mandatory"),
            ("bool", "yes/no"),
            ("boolean", "yes/no"),
            ("integer", "int"),
            ("float", "number"),
            ("decimal", "number"),
            ("percentage", "percent"),
            ("string", "text"),
        ];
        if let Some((_, word)) =
            flags.iter().find(|(slip, word)| *slip == found && candidates.iter().any(|known| known == word))
        {
            return Some(format!("Write `{word}`"));
        }
        closest(found, candidates.iter().map(String::as_str)).map(|word| format!("Did you mean `{word}`?"))
    }

    /// An item that goes on and on.
    pub fn too_long(&mut self, start: usize) {
        let head = self.token(start);
        let span = self.build.at(start, start + head.len());
        self.error(
            Diagnostic::new(&SYNTAX_ERROR, span, "what begins here is too long to be read")
                .help("Give parts of a long condition a name with `let`"),
        );
    }

    /// `then` leads nowhere.
    pub fn nothing_after_then(&mut self) {
        let at = self.skip(self.at);
        let found = self.token(at);
        let span = self.build.at(at, at + found.len());
        let message = if found.is_empty() {
            "the file ends where a transition is expected after `then`".to_owned()
        } else {
            format!("{} cannot stand here: a transition is expected after `then`", shown(found))
        };
        self.error(Diagnostic::new(&SYNTAX_ERROR, span, message).help("Say where the customer goes: `then -> NAME`"));
    }
}

fn short(found: &str) -> String {
    if found.chars().count() <= SHOWN {
        return found.to_owned();
    }
    let mut shown: String = found.chars().take(SHOWN).collect();
    shown.push('…');
    shown
}

fn shown(found: &str) -> String {
    if found.starts_with('"') && found.len() > 1 {
        return "this text".to_owned();
    }
    format!("`{}`", short(found))
}

const VALUE: &str = "a condition or value";
const NEXT: &str = "the next item";

/// A keyword as it is written.
fn keyword(rule: Rule) -> Vec<String> {
    let name = format!("{rule:?}");
    match (rule, name.strip_prefix("kw_")) {
        (Rule::flag, _) => vec!["mandatory".to_owned(), "optional".to_owned()],
        (Rule::end_kind, _) => vec!["success".to_owned(), "neutral".to_owned(), "failure".to_owned()],
        (Rule::volatility | Rule::how_it_changes, _) => {
            ["live", "fixed", "rising", "falling"].map(str::to_owned).to_vec()
        }
        (Rule::task_when, _) => vec!["when".to_owned()],
        (Rule::for_services | Rule::for_playbook, _) => vec!["for".to_owned()],
        (Rule::by_roles, _) => vec!["by".to_owned()],
        (Rule::motion, _) => vec!["motion".to_owned()],
        (Rule::link, _) => vec!["link".to_owned()],
        (Rule::again, _) => vec!["again".to_owned()],
        (Rule::due, _) => vec!["due".to_owned()],
        (Rule::continues, _) => vec!["continues".to_owned()],
        (_, Some(word)) => vec![word.to_owned()],
        _ => Vec::new(),
    }
}

/// A rule in the author's words; empty for what only could go on, such as an operator.
fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::expr
        | Rule::value
        | Rule::quantified
        | Rule::count_of
        | Rule::in_stage
        | Rule::task_status
        | Rule::done_task
        | Rule::at_place
        | Rule::happened
        | Rule::change_of
        | Rule::since
        | Rule::unknown
        | Rule::share_of_customers
        | Rule::between
        | Rule::usually
        | Rule::weighted
        | Rule::number
        | Rule::yes_no
        | Rule::this_service
        | Rule::service_word
        | Rule::round
        | Rule::today
        | Rule::parenthesised
        | Rule::minus
        | Rule::quantifier
        | Rule::since_unit
        | Rule::percent
        | Rule::occurrence
        | Rule::assumption
        | Rule::argument
        | Rule::quantity => VALUE,
        Rule::kw_not
        | Rule::kw_and
        | Rule::kw_or
        | Rule::kw_if
        | Rule::compare_operator
        | Rule::sum_operator
        | Rule::product_operator
        | Rule::kw_is
        | Rule::kw_in
        | Rule::kw_for
        | Rule::dots
        | Rule::kw_of
        | Rule::tag
        | Rule::translation
        | Rule::comma
        | Rule::literal
        | Rule::names_in_parens
        | Rule::unit
        | Rule::argument_name
        | Rule::call
        | Rule::ended
        | Rule::kw_ended => "",
        Rule::EOI => NEXT,
        Rule::name => "a name",
        Rule::string | Rule::text => "a text in quotes",
        Rule::duration => "a length of time, for example `2 weeks`",
        Rule::business_time => "a length of business time, for example `5 business days`",
        Rule::date => "a date, for example `2020-03-02`",
        Rule::clock => "a time of day, for example `9:00`",
        Rule::business_hours => "`hours`",
        Rule::integer => "a number",
        Rule::task_ref => "the number or name of a task",
        Rule::status | Rule::status_word => "a status, for example `complete`",
        Rule::type_expr => "a type, for example `yes/no` or `percent`",
        Rule::arrow | Rule::completion => "`->`",
        Rule::brace_open | Rule::fields | Rule::statements => "`{`",
        Rule::brace_close => "`}`",
        Rule::paren_open | Rule::choices => "`(`",
        Rule::paren_close => "`)`",
        Rule::colon => "`:`",
        Rule::equals | Rule::default => "`=`",
        Rule::tilde => "`~`",
        Rule::assign_operator => "`=`",
        Rule::target => "the name of a stage or end",
        Rule::at_most => "`at most`",
        Rule::flag => "`mandatory` or `optional`",
        Rule::end_kind => "`success`, `neutral` or `failure`",
        Rule::task_when => "`when`",
        Rule::due => "`due within`",
        Rule::link => "`link`",
        Rule::for_services => "`for`",
        Rule::for_playbook => "`for`",
        Rule::by_roles => "`by`",
        Rule::again => "`again`",
        Rule::with_odds => "`with`",
        Rule::otherwise => "`otherwise`",
        Rule::as_name => "`as`",
        Rule::continues => "`continues`",
        Rule::event_pattern => "the name of an event",
        Rule::fact_range => "`in`",
        Rule::kept | Rule::volatility | Rule::how_it_changes => "how it may change, for example `fixed`",
        Rule::last_round => "`last round`",
        Rule::when_point => "a day or date",
        Rule::decimals => "`to`",
        Rule::field | Rule::service_fields => "the name of a fact or service",
        Rule::one_per | Rule::people => "`one per` or a number of `people`",
        Rule::each_round | Rule::on_entry => "`each round` or `on entry`",
        Rule::declaration | Rule::group | Rule::fact | Rule::link_entry | Rule::metadata_entry => "a name",
        Rule::change => "a date",
        _ => "",
    }
}

/// What may go on with a condition or value, and need not.
fn goes_on(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::kw_and
            | Rule::kw_or
            | Rule::kw_not
            | Rule::kw_if
            | Rule::kw_is
            | Rule::kw_in
            | Rule::kw_for
            | Rule::kw_of
    )
}

/// "`when`, `otherwise` or the next item".
fn alternatives(rules: &[Rule], place: Place) -> String {
    let mut list: Vec<String> = Vec::new();
    let mut add = |words: String| {
        if !words.is_empty() && !list.contains(&words) {
            list.push(words);
        }
    };
    let ends = rules.contains(&Rule::EOI);
    // After a name a bracket could follow, and after a value a sign or word that goes on: said only where nothing else is.
    let named = rules.contains(&Rule::kw_ended);
    let needed = |rule: &&Rule| !(goes_on(**rule) || named && **rule == Rule::paren_open);
    let only_goes_on = !ends && !rules.iter().any(|rule| needed(&rule) && !words(*rule).is_empty());
    let value = rules.iter().any(|rule| words(*rule) == VALUE);
    for rule in rules.iter().filter(|rule| only_goes_on || needed(rule)) {
        // Where a value can stand, so can its many forms.
        let form = matches!(
            rule,
            Rule::string | Rule::name | Rule::date | Rule::duration | Rule::business_time | Rule::paren_open
        );
        if value && form || *rule == Rule::EOI {
            continue;
        }
        let known = words(*rule);
        let name = format!("{rule:?}");
        match name.strip_prefix("kw_") {
            Some("ended") => {}
            Some("at") if place != Place::Test => add("`at most`".to_owned()),
            Some(word) => add(format!("`{word}`")),
            None => add(known.to_owned()),
        }
    }
    if list.len() > ALTERNATIVES {
        list.truncate(ALTERNATIVES - 1);
        list.push("something else that may follow".to_owned());
    } else if ends {
        list.push(if place.is_list() { "the next line of the list".to_owned() } else { NEXT.to_owned() });
    }
    match list.as_slice() {
        [] => place.words_for_item().to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
