//! What is read from the journey and the clock: tasks, places, events, rounds, services, history.

use super::super::names::{BUILT_IN_EVENTS, Symbol, task_label, unknown};
use super::super::types::{Class, class, words};
use super::comparison::clock_alone;
use super::{Resolver, condition, not_constant};
use crate::diagnostic::{Diagnostic, WRONG_SCOPE, WRONG_TYPE};
use crate::model::expr::Since;
use crate::model::resolve::Where;
use crate::model::{Atom, Expr, FactId, FactScope, Node, StageId, Sustained, SustainedId, TaskId, TaskRef, Type};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Quantifier, SinceSubject};

impl Resolver<'_> {
    /// An expression that reads the journey or the clock.
    pub(super) fn journey(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Service => {
                let allowed = self.constant || self.of_service(span, "`service` is the service of a track", None);
                if !allowed {
                    return None;
                }
                self.atom(Atom::Service, Type::Service, span, "`service` differs from track to track")
            }
            ExprKind::ThisService => self.this_service(span),
            ExprKind::Round(name) => {
                let stage = self.stage(span, "`round` counts the rounds of a stage")?;
                let cadence = match (name, self.at.cadence) {
                    (None, Some(cadence)) => cadence,
                    _ => self.names.cadence(stage, name.as_ref(), span, self.out)?,
                };
                self.touch();
                self.atom(Atom::Round(cadence), Type::Int, span, "rounds are counted as they go")
            }
            ExprKind::Today | ExprKind::Since(..) => {
                self.report(clock_alone(span));
                None
            }
            ExprKind::Quantified { quantifier, group, condition } => {
                self.quantified(*quantifier, group.as_ref(), condition.as_deref(), span)
            }
            ExprKind::CountOf(name) => self.count_of(name, span),
            ExprKind::DoneTask(task, task_span) => {
                let task = self.task(task, *task_span)?;
                self.atom(Atom::DoneTask(task), Type::YesNo, span, "tasks are done as the journey goes")
            }
            ExprKind::TaskStatus { task, task_span, negated, status } => {
                let task = self.task(task, *task_span)?;
                let atom = Atom::TaskStatus(task, *status);
                let found = self.atom(atom, Type::YesNo, span, "the status of a task changes as the journey goes")?;
                Some(super::negate_if(*negated, found))
            }
            ExprKind::At(names) => self.at_places(names, span),
            ExprKind::Happened(pattern) => {
                let event = self.names.event(pattern, self.out)?;
                self.touch();
                self.atom(Atom::Happened(event), Type::YesNo, span, "events happen as the journey goes")
            }
            ExprKind::Sustained(part, duration) => self.sustained(part, duration, span),
            ExprKind::Change(name, window) => self.change(name, window, span),
            ExprKind::InStage(duration) => {
                let stage = self.stage(span, "`in this stage` speaks of a stage");
                let duration = self.window(duration, "a length of time");
                let (_, duration) = (stage?, duration?);
                self.touch();
                self.atom(Atom::InStage(duration), Type::YesNo, span, "time passes")
            }
            ExprKind::Unknown(name) => {
                let fact = self.read_fact(name)?;
                self.atom(Atom::Unknown(fact), Type::YesNo, span, "what is known differs from customer to customer")
            }
            ExprKind::EndedAt(playbook, ends) => {
                let ends = ends.iter().map(|end| end.text.clone()).collect();
                let atom = Atom::EndedAt(playbook.text.clone(), ends);
                self.atom(atom, Type::YesNo, span, "another journey is read")
            }
            _ => None,
        }
    }

    /// In a track, what happens there is of the service.
    fn touch(&mut self) {
        self.touched |= self.quantified || self.at.subject == Where::Service;
    }

    fn stage(&mut self, span: Span, what: &str) -> Option<StageId> {
        if self.at.stage.is_none() {
            let help = if self.in_let {
                "Say it in the stage itself: a `let` belongs to no stage"
            } else {
                "Say it in the stage whose time or rounds are meant"
            };
            let message = format!("{what}, and here is none");
            self.report(Diagnostic::new(&WRONG_SCOPE, span, message).help(help));
        }
        self.at.stage
    }

    fn this_service(&mut self, span: Span) -> Option<Expr> {
        let diagnostic = if self.at.subject == Where::Customer {
            Diagnostic::new(&WRONG_SCOPE, span, "`this service` is the service of a track, and here is no track")
                .help("In a quantifier say `service`")
        } else if self.in_let {
            Diagnostic::new(&WRONG_SCOPE, span, "a `let` belongs to no track, so it has no `this service`")
                .help("Say `service`")
        } else if self.sustained_in_quantifier {
            let message = "`this service` cannot be asked for in a sustained condition of a quantifier";
            Diagnostic::new(&WRONG_SCOPE, span, message).help("Say it outside the part with `for`")
        } else {
            self.touched = true;
            self.reads_service = true;
            return self.atom(Atom::ThisService, Type::Service, span, "`this service` differs from track to track");
        };
        self.report(diagnostic);
        None
    }

    /// A fact by name, where it may be read.
    fn read_fact(&mut self, name: &ast::Name) -> Option<FactId> {
        let id = self.names.fact(name, self.out)?;
        let fact = &self.names.playbook.facts[id.index()];
        let (scope, declared) = (fact.scope, fact.name.span);
        let what = format!("`{}` is a fact of each service", name.text);
        let readable =
            scope == FactScope::Customer || self.constant || self.of_service(name.span, &what, Some(declared));
        readable.then_some(id)
    }

    fn count_of(&mut self, name: &ast::Name, span: Span) -> Option<Expr> {
        let id = self.read_fact(name)?;
        let kind = self.names.playbook.facts[id.index()].kind.clone();
        if class(&kind) != Class::SetOf {
            let message = format!("`{}` is {}, and only the values of a set are counted", name.text, words(&kind));
            self.report(Diagnostic::new(&WRONG_TYPE, name.span, message));
            return None;
        }
        let what = format!("`{}` is a fact", name.text);
        let fact = self.atom(Atom::Fact(id), kind, name.span, &what)?;
        Some(Expr { node: Node::SizeOf(Box::new(fact)), kind: Type::Int, span })
    }

    /// A task that can be done by those the condition speaks of.
    fn task(&mut self, task: &TaskRef, span: Span) -> Option<TaskId> {
        let id = self.names.task(task, span, self.out)?;
        let offered = self.names.offered[id.index()];
        let label = task_label(task);
        let declared = Some(self.names.playbook.tasks[id.index()].span);
        if self.constant {
            return Some(id);
        }
        if offered.by_service && !offered.by_customer {
            let what = format!("task {label} is done in the tracks of services");
            return self.of_service(span, &what, declared).then_some(id);
        }
        let only_service = self.quantified || self.at.subject == Where::Service;
        if only_service && !offered.by_service {
            let mut diagnostic = Diagnostic::new(
                &WRONG_SCOPE,
                span,
                format!("task {label} is done once for the customer, and a service is spoken of here"),
            )
            .help("Let the stage set a fact of the customer, and ask for that");
            if let Some(declared) = declared {
                diagnostic = diagnostic.related(declared, "offered here");
            }
            self.report(diagnostic);
            return None;
        }
        if only_service {
            self.touch();
        }
        Some(id)
    }

    fn at_places(&mut self, names: &[ast::Name], span: Span) -> Option<Expr> {
        let mut places = Vec::with_capacity(names.len());
        let mut whole = true;
        for name in names {
            let Some(place) = self.names.place(name, self.out) else {
                whole = false;
                continue;
            };
            let declared = self.names.playbook.place_name(place).span;
            let scope = self.names.playbook.place_scope(place);
            let what = format!("`{}` lies in the tracks of services", name.text);
            if self.names.in_service(scope) && !self.constant && !self.of_service(name.span, &what, Some(declared)) {
                whole = false;
                continue;
            }
            places.push(place);
        }
        if !whole {
            return None;
        }
        self.atom(Atom::At(places), Type::YesNo, span, "places change as the journey goes")
    }

    fn quantified(
        &mut self,
        quantifier: Quantifier,
        group: Option<&ast::Name>,
        written: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Expr> {
        if self.constant {
            self.report(not_constant(span, "services differ from customer to customer"));
            return None;
        }
        let (word, kind) = match quantifier {
            Quantifier::All => ("all", Type::YesNo),
            Quantifier::Any => ("any", Type::YesNo),
            Quantifier::No => ("no", Type::YesNo),
            Quantifier::Count => ("count", Type::Int),
        };
        let services = match group {
            Some(group) => self.names.services_of(group, self.out).map(Some),
            None => Some(None),
        };
        let found = match written {
            Some(written) => {
                let outside = std::mem::replace(&mut self.quantified, true);
                let found = self.condition(written);
                self.quantified = outside;
                Some(found?)
            }
            None if quantifier == Quantifier::Count => None,
            None => {
                let message = format!("`{word} services` does not say what holds of them");
                let help = format!("Say `{word} services where (…)`; `count services >= 1` asks whether there are any");
                self.report(Diagnostic::new(&WRONG_TYPE, span, message).help(help));
                return None;
            }
        };
        Some(Expr { node: Node::Quantified(quantifier, services?, found.map(Box::new)), kind, span })
    }

    fn sustained(&mut self, part: &ast::Expr, duration: &ast::Expr, span: Span) -> Option<Expr> {
        let touched = std::mem::take(&mut self.touched);
        let nested = self.sustained_in_quantifier;
        self.sustained_in_quantifier |= self.quantified;
        let found = self.condition(part);
        self.sustained_in_quantifier = nested;
        let of_service = std::mem::replace(&mut self.touched, touched);
        self.touched |= of_service;
        let duration = self.window(duration, "a length of time");
        let (found, duration) = (found?, duration?);
        if self.constant {
            self.report(not_constant(span, "time passes"));
            return None;
        }
        let id = SustainedId(self.names.playbook.sustained.len() as u32);
        self.names.playbook.sustained.push(Sustained { condition: found, duration, of_service });
        Some(condition(Node::Atom(Atom::Sustained(id)), span))
    }

    fn change(&mut self, name: &ast::Name, window: &ast::Expr, span: Span) -> Option<Expr> {
        let id = self.read_fact(name);
        let window = self.window(window, "a length of time");
        let (id, window) = (id?, window?);
        let kind = self.names.playbook.facts[id.index()].kind.clone();
        if !matches!(class(&kind), Class::Number | Class::Percent | Class::Duration) {
            let message = format!("`{}` is {}, and only numbers change by so much", name.text, words(&kind));
            self.report(Diagnostic::new(&WRONG_TYPE, name.span, message));
            return None;
        }
        let found = self.atom(Atom::Change(id, window), kind, span, "facts change")?;
        let histories = &mut self.names.playbook.histories;
        match histories.iter_mut().find(|(fact, _)| *fact == id) {
            Some((_, longest)) => *longest = (*longest).max(window),
            None => histories.push((id, window)),
        }
        Some(found)
    }

    /// What `days since …` counts from.
    pub(super) fn since(&mut self, subject: &SinceSubject, span: Span) -> Option<Since> {
        let name = match subject {
            SinceSubject::Task(task, task_span) => return self.task(task, *task_span).map(Since::Task),
            SinceSubject::Name(name) => name,
        };
        match self.names.symbols.get(&name.text) {
            Some(Symbol::Fact(_)) => {
                let id = self.read_fact(name)?;
                let kind = &self.names.playbook.facts[id.index()].kind;
                if class(kind) == Class::Date {
                    return Some(Since::Fact(id));
                }
                let message = format!("`{}` is {}, and time is counted since a date", name.text, words(kind));
                self.report(Diagnostic::new(&WRONG_TYPE, name.span, message));
                None
            }
            Some(Symbol::Broken) => None,
            Some(_) => {
                let what = self.names.what_is(&name.text);
                let message = format!("`{}` is {what}, and time is counted since a fact, event or task", name.text);
                self.report(Diagnostic::new(&WRONG_TYPE, name.span, message));
                None
            }
            None => {
                let known =
                    BUILT_IN_EVENTS.contains(&name.text.as_str()) || self.names.events.get(&name.text).is_some();
                if known {
                    let pattern = ast::EventPattern { name: name.clone(), kinds: Vec::new() };
                    let event = self.names.event(&pattern, self.out)?;
                    self.touch();
                    return Some(Since::Event(event));
                }
                let dates = self.names.playbook.facts.iter().filter(|fact| class(&fact.kind) == Class::Date);
                let candidates = dates.map(|fact| fact.name.name.as_str()).chain(self.names.events.names());
                let diagnostic = unknown("date or event", &name.text, span, candidates);
                self.report(diagnostic);
                None
            }
        }
    }
}
