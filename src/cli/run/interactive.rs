//! `playbook run --interactive`: asks what it needs to know, and shows what is next.
//!
//! What is typed is what a test would say after the day: `teams { active_usage 8% }`, `teams blocker technical`,
//! `task 3740 complete`. So there is one language for what happens, and one place that reads it.

use super::{Exit, Session, Stop};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::resolve::{Imported, resolve};
use crate::model::{FactId, FactScope, OfferId, ServiceId};
use crate::report::journey::{Journey, Words, conclusion, news};
use crate::report::paint::{Tone, visible};
use crate::run::customer::duration;
use crate::run::event::{Effect, Event, Observer};
use crate::run::journey::{self, Answer, World, drive};
use crate::run::state::{Seconds, TrackId};
use crate::run::status::{What, waiting};
use crate::run::time::next_timer;
use crate::run::trace::Trace;
use crate::run::{Customer, Machine, State, apply};
use crate::source::Sources;
use crate::syntax::{ast, parse};
use crate::test::story;
use crate::value::{DAY, TaskStatus};
use std::collections::BTreeSet;
use std::io::BufRead;

/// What can be said at the prompt.
const HELP: &str = concat!(
    "  a number                        what the list says\n",
    "  3 days, 2 weeks, day 12         time passes\n",
    "  usage = 12%                     a fact of the customer becomes known\n",
    "  teams { active_usage 8% }       a fact of a service becomes known\n",
    "  task 3740 complete              a task; `teams task 3731 not required` for one service\n",
    "  event kickoff                   a declared event; `teams event live` for one service\n",
    "  teams blocker technical         a blocker, until `teams resolved technical`\n",
    "  paused, resumed                 everything stands still, and goes on\n",
    "  teams dropped, teams added      a service is not intended any more, or is now\n",
    "  quit                            ends\n",
);

/// Everything is said at the prompt: tasks stay open, and nothing comes by itself but time.
struct Prompt;

impl World for Prompt {
    fn offered(&mut self, _: &Machine, _: &State, _: TrackId, _: OfferId) -> Answer {
        Answer::Waits
    }

    fn next(&mut self, _: &Machine, _: &State) -> Option<Seconds> {
        None
    }

    fn say(&mut self, _: &Machine, _: &State) -> Option<Event> {
        None
    }
}

/// Hears what was refused.
struct Refusals<'a> {
    trace: &'a mut Trace,
    said: Vec<String>,
}

impl Observer for Refusals<'_> {
    fn effect(&mut self, machine: &Machine, state: &State, effect: Effect) {
        match &effect {
            Effect::Rejected(words) | Effect::Ignored(words) => self.said.push(words.clone()),
            _ => self.trace.effect(machine, state, effect),
        }
    }
}

/// A choice of the menu.
enum Choice {
    Complete(Option<ServiceId>, OfferId),
    Decline(Option<ServiceId>, OfferId),
    Wait(Seconds),
}

/// The conversation.
struct Conversation<'a> {
    machine: &'a Machine,
    sources: &'a Sources,
    /// The tree of the playbook's file, to read what is typed against.
    tree: ast::File,
    customer: Customer,
    state: State,
    trace: Trace,
    shown: usize,
    /// Facts that were asked for and not answered.
    skipped: BTreeSet<(Option<ServiceId>, FactId)>,
}

/// Talks until the journey ends or nobody answers any more.
///
/// # Errors
/// Where standard output cannot be written, or standard input not be read.
pub fn run(
    machine: &Machine,
    sources: &Sources,
    customer: Option<Customer>,
    session: &mut Session,
) -> Result<Exit, Stop> {
    let file = machine.playbook.name.span.file;
    let tree = sources.get(file).map(|source| parse(source, file).0).unwrap_or_default();
    let given = customer.is_some();
    let customer = customer.unwrap_or_else(|| Customer::new(machine, "customer"));
    let state = State::new(machine, &customer);
    let (trace, skipped) = (Trace::default(), BTreeSet::new());
    let mut talk = Conversation { machine, sources, tree, customer, state, trace, shown: 0, skipped };
    if !given && !talk.ask_services(session)? {
        return Ok(Exit::Fine);
    }
    talk.go(session)?;
    Ok(Exit::Fine)
}

impl Conversation<'_> {
    fn go(&mut self, session: &mut Session) -> Result<(), Stop> {
        session.out.write("An answer may also be anything that happens: `teams { active_usage 8% }`, `teams blocker technical`; `help` says more, `quit` ends.\n")?;
        let mut until = self.state.now;
        loop {
            let stop = drive(self.machine, &mut self.state, &mut Prompt, &mut self.trace, Some(until));
            let journey = self.journey(session, stop);
            let text = news(journey, session.look, self.shown);
            session.out.write(&text)?;
            self.shown = self.trace.entries.len();
            if stop == journey::Stop::Ended {
                break;
            }
            let asked = match self.unknown() {
                Some((service, fact)) => self.ask_fact(service, fact, session)?,
                None => self.ask_what_next(&mut until, session)?,
            };
            if !asked {
                break;
            }
            until = until.max(self.state.now);
        }
        let stop = if self.state.ended().is_some() { journey::Stop::Ended } else { journey::Stop::Waiting };
        let text = conclusion(self.journey(session, stop), session.look);
        session.out.write(&text)
    }

    fn journey<'s>(&'s self, session: &'s Session, stop: journey::Stop) -> Journey<'s> {
        Journey {
            machine: self.machine,
            sources: self.sources,
            customer: &self.customer.id,
            state: &self.state,
            stop,
            trace: &self.trace,
            language: session.language.as_deref(),
        }
    }

    /// A fact somebody waits for and nobody has been asked for.
    fn unknown(&self) -> Option<(Option<ServiceId>, FactId)> {
        waiting(self.machine, &self.state).into_iter().find_map(|waits| match waits.what {
            What::Fact(service, fact) if !self.skipped.contains(&(service, fact)) => Some((service, fact)),
            _ => None,
        })
    }

    /// Asks for the services; whether there was an answer.
    fn ask_services(&mut self, session: &mut Session) -> Result<bool, Stop> {
        let names: Vec<&str> = self.machine.playbook.services.iter().map(|service| service.name.as_str()).collect();
        if names.is_empty() {
            return Ok(true);
        }
        loop {
            let question = format!("Which services does the customer intend to use? ({})", names.join(", "));
            let Some(answer) = answer(&question, session)? else { return Ok(false) };
            let chosen: Vec<&str> = answer.split([',', ' ']).filter(|name| !name.is_empty()).collect();
            let unknown = chosen.iter().find(|name| !names.contains(name));
            if let Some(name) = unknown {
                session.out.write(&format!("  There is no service `{}`\n", visible(name)))?;
                continue;
            }
            for name in chosen {
                if let Some(at) = names.iter().position(|known| *known == name) {
                    self.customer.intended = self.customer.intended.with(ServiceId(at as u32));
                }
            }
            self.state = State::new(self.machine, &self.customer);
            return Ok(true);
        }
    }

    /// Asks for a fact; whether there was an answer. An empty one means: not known yet.
    fn ask_fact(&mut self, service: Option<ServiceId>, id: FactId, session: &mut Session) -> Result<bool, Stop> {
        let fact = &self.machine.playbook.facts[id.index()];
        let text = fact.name.text.in_language(session.language.as_deref());
        let of = service
            .map_or_else(String::new, |service| format!("{}: ", self.machine.playbook.services[service.index()].name));
        let means = if text.is_empty() || text == fact.name.name { String::new() } else { format!(" ({text})") };
        let kinds = kinds(&fact.kind);
        let question = format!("{of}{}{means}? {kinds}, or nothing if it is not known yet", fact.name.name);
        let Some(answer) = answer(&question, session)? else { return Ok(false) };
        if answer.is_empty() {
            self.skipped.insert((service, id));
            return Ok(true);
        }
        let service_name = service
            .filter(|_| fact.scope == FactScope::Service)
            .map(|service| self.machine.playbook.services[service.index()].name.clone());
        let line = format!("{} {{ {} = {answer} }}", service_name.unwrap_or_default(), fact.name.name);
        // An answer that is no value may be something that happens.
        let event = self.read(&line).or_else(|wrong| self.read_any(&answer).map_err(|_| wrong));
        self.say(event, session)?;
        Ok(true)
    }

    /// Shows what is next and takes an answer; whether there was one.
    fn ask_what_next(&mut self, until: &mut Seconds, session: &mut Session) -> Result<bool, Stop> {
        let mut menu: Vec<(String, Choice)> = Vec::new();
        let mut hints = Vec::new();
        {
            let journey = self.journey(session, journey::Stop::Waiting);
            let words = Words::new(journey);
            for waits in waiting(self.machine, &self.state).iter().filter(|waits| waits.what.possible()) {
                let name = words.track(waits.track);
                match &waits.what {
                    What::Task(offer) => {
                        let known = &self.machine.playbook.offers[offer.index()];
                        let title = known.title.in_language(session.language.as_deref());
                        let label = words.task(*offer);
                        menu.push((
                            format!("{name}: task {label} is complete ({title})"),
                            Choice::Complete(waits.service, *offer),
                        ));
                        if !known.mandatory {
                            menu.push((
                                format!("{name}: task {label} is not required"),
                                Choice::Decline(waits.service, *offer),
                            ));
                        }
                    }
                    What::Tracks(_) => {}
                    what => hints.push(format!("{name} waits for {}", words.waits(what))),
                }
            }
        }
        if let Some(at) = next_timer(self.machine, &self.state) {
            menu.push((format!("time passes until day {}", shown_days(at)), Choice::Wait(at)));
        }
        let mut text = String::from("\n");
        for hint in hints {
            text.push_str(&format!("  {}\n", session.look.paint(Tone::Faint, &visible(&hint))));
        }
        for (number, (words, _)) in menu.iter().enumerate() {
            text.push_str(&format!("  {}  {}\n", number + 1, visible(words)));
        }
        session.out.write(&text)?;
        let Some(answer) = answer("What happens?", session)? else { return Ok(false) };
        let chosen = match answer.parse::<usize>() {
            Ok(number) => menu.get(number.wrapping_sub(1)).map(|(_, choice)| choice),
            Err(_) if answer.is_empty() => menu.first().filter(|_| menu.len() == 1).map(|(_, choice)| choice),
            Err(_) if matches!(answer.as_str(), "help" | "?") => {
                session.out.write(HELP)?;
                return Ok(true);
            }
            Err(_) => match self.passes(&answer) {
                Some(Ok(moment)) => {
                    session.out.write(&format!("  It is day {}\n", shown_days(moment)))?;
                    *until = moment;
                    return Ok(true);
                }
                Some(Err(words)) => {
                    session.out.write(&format!("  {words}\n"))?;
                    return Ok(true);
                }
                None => {
                    let event = self.read_any(&answer);
                    self.say(event, session)?;
                    return Ok(true);
                }
            },
        };
        match chosen {
            None => session.out.write(&format!("  Choose a number from 1 to {}, or say what happens\n", menu.len()))?,
            Some(Choice::Wait(at)) => *until = *at,
            Some(Choice::Complete(service, offer)) => {
                let event = self.task(*service, *offer, TaskStatus::Complete);
                self.say(Ok(event), session)?;
            }
            Some(Choice::Decline(service, offer)) => {
                let event = self.task(*service, *offer, TaskStatus::NotRequired);
                self.say(Ok(event), session)?;
            }
        }
        Ok(true)
    }

    /// The moment until which time passes, where the answer is `3 days` or `day 12`; words for what has been already.
    fn passes(&self, answer: &str) -> Option<Result<Seconds, String>> {
        let moment = match answer.strip_prefix("day ") {
            Some(day) => day.trim().parse::<i64>().ok()?.checked_mul(DAY)?,
            None => self.state.now.checked_add(duration(answer)?.0)?,
        };
        let now = self.state.now;
        Some(if moment > now { Ok(moment) } else { Err(format!("It is day {} already", shown_days(now))) })
    }

    fn task(&self, service: Option<ServiceId>, offer: OfferId, status: TaskStatus) -> Event {
        let task = self.machine.playbook.offers[offer.index()].task;
        Event::Task { service, task, status, reason: None }
    }

    /// Applies what was said, or says what is wrong with it.
    fn say(&mut self, event: Result<Event, Diagnostic>, session: &mut Session) -> Result<(), Stop> {
        let mut heard = Refusals { trace: &mut self.trace, said: Vec::new() };
        match event {
            Ok(event) => {
                if let Event::Fact { service, fact, .. } = &event {
                    self.skipped.remove(&(*service, *fact));
                }
                apply(self.machine, &mut self.state, &event, &mut heard);
            }
            Err(wrong) => {
                heard.said.push(wrong.message);
                heard.said.extend(wrong.help);
            }
        }
        for words in heard.said {
            session.out.write(&format!("  {}\n", session.look.paint(Tone::Doubtful, &visible(&words))))?;
        }
        Ok(())
    }

    /// What is typed as a moment of a test, or short for one: facts without braces.
    fn read_any(&self, line: &str) -> Result<Event, Diagnostic> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        self.read(line).or_else(|wrong| {
            let short = self.read(&format!("{{ {line} }}"));
            short.or_else(|_| self.read(&format!("{first} {{ {rest} }}"))).map_err(|_| wrong)
        })
    }

    /// One line of a test's timeline as an event.
    fn read(&self, line: &str) -> Result<Event, Diagnostic> {
        let playbook = &self.machine.playbook;
        let names: Vec<&str> =
            self.state.intended.iter().map(|service| playbook.services[service.index()].name.as_str()).collect();
        let services = if names.is_empty() { String::new() } else { format!("services {}", names.join(", ")) };
        let start = self.state.start.map_or_else(String::new, |start| format!("start {start}"));
        let name = &playbook.name.name;
        let text = format!("test \"prompt\" for {name} {{ customer {{ {start} {services} }} day 0 {line}\n}}\n");
        let mut sources = self.sources.clone();
        let file = sources.add("<prompt>", text);
        let (tree, mut found) = sources.get(file).map(|source| parse(source, file)).unwrap_or_default();
        let (documents, wrong) = resolve(&tree, &[Imported::whole(&self.tree)]);
        found.extend(wrong);
        found.retain(|found| found.severity == Severity::Error && found.primary.span.file == file);
        if let Some(wrong) = found.into_iter().next() {
            return Err(wrong);
        }
        let tests = documents.iter().flat_map(|document| &document.tests);
        let events = tests.flat_map(|test| story::of(self.machine, test).1).map(|said| said.event);
        events.into_iter().next().ok_or_else(|| {
            let span = crate::source::Span { file, start: 0, end: 0 };
            Diagnostic::new(&crate::diagnostic::SYNTAX_ERROR, span, "that says nothing that could happen")
        })
    }
}

/// A moment in days of the journey, to a hundredth.
fn shown_days(moment: Seconds) -> f64 {
    (moment as f64 / DAY as f64 * 100.0).round() / 100.0
}

/// How a fact of this type is answered.
fn kinds(kind: &crate::model::Type) -> String {
    use crate::model::Type;
    let names =
        |values: &[crate::model::Named]| values.iter().map(|value| value.name.as_str()).collect::<Vec<_>>().join(", ");
    match kind {
        Type::YesNo => "yes or no".to_owned(),
        Type::Int => "a whole number".to_owned(),
        Type::Number(_) | Type::Money(_) => "a number".to_owned(),
        Type::Percent => "a percent, like 8%".to_owned(),
        Type::Date => "a date, like 2020-03-02".to_owned(),
        Type::Duration => "a time, like 5 days".to_owned(),
        Type::Text => "a \"text\"".to_owned(),
        Type::OneOf(values) => format!("one of {}", names(values)),
        Type::SetOf(values) => format!("some of ({})", names(values)),
        Type::Service => "a service".to_owned(),
    }
}

/// Asks, and reads a line; none where the input ends or somebody wants to leave.
fn answer(question: &str, session: &mut Session) -> Result<Option<String>, Stop> {
    session.out.write(&format!("{}\n> ", visible(question)))?;
    session.out.finish()?;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_until(b'\n', &mut bytes);
    match read {
        Ok(0) => {
            session.out.write("\n")?;
            Ok(None)
        }
        Ok(_) => {
            let line = String::from_utf8_lossy(&bytes).trim().to_owned();
            Ok((!matches!(line.as_str(), "quit" | "exit" | "q")).then_some(line))
        }
        Err(error) => {
            Err(Stop::Unreadable(format!("cannot read standard input: {}", crate::cli::input::reason(&error))))
        }
    }
}
