//! People: how many, what they know, when they work.

use super::super::expression::Context;
use super::{Maker, Said};
use crate::diagnostic::{
    Diagnostic, IDLE_STAFFING, NOBODY_FOR_SERVICE, SCENARIO_CONFLICT, UNDATED_SCENARIO, WRONG_TYPE,
};
use crate::model::scenario::{People, Staffing, WorkingHours};
use crate::model::{Expr, OfferId, RoleId, ServiceId, ServiceSet, Type};
use crate::source::Span;
use crate::syntax::ast::{self, StaffingRule, StaffingRuleKind, WorkingDays};
use crate::value::{DAY, Value};

/// When the day begins where only its length is said.
const NINE: i64 = 9 * 3_600;

impl Maker<'_> {
    pub(super) fn staffing(
        &mut self,
        role: &ast::Name,
        people: &ast::Staff,
        skills: &[ast::Name],
        rules: &[StaffingRule],
        span: Span,
    ) {
        let id = self.names.role(role, self.out);
        let people = self.people(people);
        let known = if skills.is_empty() { Some(None) } else { self.names.service_list(skills, self.out).map(Some) };
        let (Some(role_id), Some(people), Some(skills)) = (id, people, known) else { return };
        let mut staffing = Staffing {
            role: role_id,
            people,
            skills,
            hours: None,
            days_off: Vec::new(),
            finishes: false,
            cost: None,
            priority: None,
            span,
        };
        let mut said: Vec<(&str, Span)> = Vec::new();
        for rule in rules {
            let what = match rule.kind {
                StaffingRuleKind::Hours(..) | StaffingRuleKind::Clock(..) => "when they work",
                StaffingRuleKind::DaysOff(_) => "their days off",
                StaffingRuleKind::Priority(_) => "who is served first",
                StaffingRuleKind::Finishing => "that work begun is finished",
                StaffingRuleKind::Cost(_) => "what they cost",
            };
            if let Some((_, first)) = said.iter().find(|(known, _)| *known == what) {
                let message = format!("this says {what} twice");
                self.out.push(
                    Diagnostic::new(&SCENARIO_CONFLICT, rule.span, message)
                        .label("said again")
                        .related(*first, "said here first")
                        .help("Keep one of them"),
                );
                continue;
            }
            said.push((what, rule.span));
            self.staffing_rule(&mut staffing, rule, &role.text);
        }
        let same = |other: &&Staffing| (other.role, other.skills, other.hours) == (role_id, skills, staffing.hours);
        if let Some(first) = self.made.staffing.iter().find(same) {
            let message = format!("the scenario says the staffing of `{}` twice", role.text);
            self.out.push(
                Diagnostic::new(&SCENARIO_CONFLICT, span, message)
                    .label("said again")
                    .related(first.span, "said here first")
                    .help("Keep one of them, or say how these people differ: `for SERVICE`, or other hours"),
            );
            return;
        }
        self.made.staffing.push(staffing);
    }

    fn people(&mut self, people: &ast::Staff) -> Option<People> {
        let (written, one_per) = match people {
            ast::Staff::People(written) => (written, false),
            ast::Staff::OnePer(written) => (written, true),
        };
        match self.names.constant(written, &Type::Int, self.out)? {
            Value::Number(number) if number.0 > 0 => {
                let number = number.0.unsigned_abs() / 1_000_000;
                Some(if one_per { People::OnePer(number) } else { People::Number(number) })
            }
            _ => {
                self.impossible(written.span, "there must be at least one", "Say a whole number above 0");
                None
            }
        }
    }

    fn staffing_rule(&mut self, staffing: &mut Staffing, rule: &StaffingRule, role: &str) {
        match &rule.kind {
            StaffingRuleKind::Hours(length, days) => staffing.hours = self.hours(length, *days),
            StaffingRuleKind::Clock((from, _), (to, _), days) if from < to => {
                staffing.hours = Some(WorkingHours { from: *from, to: *to, days: *days });
            }
            StaffingRuleKind::Clock(_, (_, span), _) => {
                let help = "Say a later time; hours past midnight are a second line for the role";
                self.impossible(*span, "the working day would end before it begins", help);
            }
            StaffingRuleKind::DaysOff(dates) => {
                staffing.days_off = dates.iter().map(|(date, _)| *date).collect();
                staffing.days_off.sort_unstable();
                staffing.days_off.dedup();
            }
            StaffingRuleKind::Priority(written) => {
                let what = format!("who is served first by `{role}`");
                if self.once(Said::Priority(staffing.role), &what, rule.span) {
                    staffing.priority = self.priority(written, staffing.role);
                }
            }
            StaffingRuleKind::Finishing => staffing.finishes = true,
            StaffingRuleKind::Cost(cost) => staffing.cost = Some(*cost),
        }
    }

    fn hours(&mut self, written: &ast::Expr, days: WorkingDays) -> Option<WorkingHours> {
        let length = self.positive(written)?.0;
        if length > DAY {
            self.impossible(written.span, "nobody works more than 24 hours a day", "Say something like `8 hours`");
            return None;
        }
        let from = NINE.min(DAY - length);
        Some(WorkingHours { from, to: from + length, days })
    }

    /// A value that can be compared: of the customer, or of the service where all tasks of the role are a service's.
    fn priority(&mut self, written: &ast::Expr, role: RoleId) -> Option<Expr> {
        let playbook = &self.names.playbook;
        let stages = playbook.offers.iter().filter(|offer| offer.roles.contains(&role)).map(|offer| offer.stage);
        let mut stages = stages.map(|stage| self.names.in_service(playbook.stages[stage.index()].scope));
        let at = Context::scope(stages.all(|in_service| in_service));
        let found = self.names.value(written, None, at, self.out)?;
        if matches!(found.kind, Type::Text | Type::SetOf(_) | Type::Service) {
            let message = "who is served first needs a value that can be more or less";
            self.out.push(
                Diagnostic::new(&WRONG_TYPE, written.span, message)
                    .help("Name a number, percent, date, length of time, yes/no or one of several values"),
            );
            return None;
        }
        Some(found)
    }

    /// People need tasks, tasks need people who know their service, and days off need dates.
    pub(super) fn people_have_work(&mut self) {
        let playbook = &self.names.playbook;
        let mut found = Vec::new();
        for (index, staffing) in self.made.staffing.iter().enumerate() {
            if !staffing.days_off.is_empty() && self.made.starts.is_none() {
                let message = "days off are dates, and the scenario has none";
                found.push(
                    Diagnostic::new(&UNDATED_SCENARIO, staffing.span, message)
                        .help("Say the date of day 0: `starts 2026-01-05`"),
                );
            }
            let first = self.made.staffing.iter().position(|other| other.role == staffing.role);
            if first != Some(index) {
                continue;
            }
            let offers = (0..playbook.offers.len()).map(|offer| OfferId(offer as u32));
            let mut waited = offers.filter(|offer| self.made.waits_for(playbook, *offer).contains(&staffing.role));
            if waited.next().is_none() {
                let role = &playbook.roles[staffing.role.index()];
                let message = format!("no task ever waits for `{}`", role.name);
                found.push(
                    Diagnostic::new(&IDLE_STAFFING, staffing.span, message)
                        .related(role.span, "the role")
                        .help("A task waits where all roles that can do it (`by …`) have staffing"),
                );
            }
        }
        let mut told = Vec::new();
        for (index, offer) in playbook.offers.iter().enumerate() {
            let stage = &playbook.stages[offer.stage.index()];
            let roles = self.made.waits_for(playbook, OfferId(index as u32));
            if roles.is_empty() || !playbook.scopes[stage.scope.index()].in_service {
                continue;
            }
            let all =
                ServiceSet(if playbook.services.len() >= 128 { u128::MAX } else { (1 << playbook.services.len()) - 1 });
            let mut services = offer.services.unwrap_or(all);
            services.0 &= stage.services.unwrap_or(all).0;
            let groups = self.made.staffing.iter().filter(|staffing| roles.contains(&staffing.role));
            let known = groups.clone().fold(0, |known, staffing| known | staffing.skills.unwrap_or(all).0);
            let missing = ServiceSet(services.0 & !known);
            let Some(place) = groups.map(|staffing| staffing.span).next() else { continue };
            if let Some(ServiceId(service)) = missing.iter().next()
                && !told.contains(&(place, service))
            {
                told.push((place, service));
                let service = &playbook.services[service as usize].name;
                let task = playbook.tasks[offer.task.index()].label();
                let message = format!("nobody can do task `{task}` for `{service}`: it would wait for ever");
                found.push(
                    Diagnostic::new(&NOBODY_FOR_SERVICE, place, message)
                        .related(offer.span, "the task")
                        .help(format!("Add `{service}` to what these people know, or staff the role for it")),
                );
            }
        }
        self.out.extend(found);
    }
}
