//! People and the lines of tasks that wait for them.

use super::calendar::WorkCalendar;
use super::level::Level;
use super::tally::RoleTally;
use crate::model::scenario::Scenario;
use crate::model::{Expr, OfferId, Playbook, RoleId, ServiceId, ServiceSet};
use crate::run::evaluate::View;
use crate::run::state::Seconds;
use crate::value::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A place in a line: greater priority first, then who came first, then customers and tasks in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    pub(super) priority: Reverse<i64>,
    pub(super) asked: Seconds,
    pub(super) customer: u64,
    /// Counts all tickets.
    pub(super) number: u64,
    /// The customer's place among the arrivals.
    pub(super) place: usize,
    /// The task, among those of customers who are followed side by side.
    pub(super) demand: u32,
}

/// People of a role who know the same services and work at the same hours.
#[derive(Debug)]
pub(super) struct Group {
    role: RoleId,
    free: u64,
    people: u64,
    skills: Option<ServiceSet>,
    pub(super) calendar: WorkCalendar,
    /// Work begun is finished.
    finishes: bool,
    cost: Option<i64>,
    /// When the line is looked at again because a working day begins.
    opening: Option<Seconds>,
    /// The lines these people serve.
    lines: Vec<LineId>,
}

impl Group {
    /// When so much work that begins now is done.
    pub(super) fn done(&self, from: Seconds, work: i64) -> Seconds {
        if self.finishes { from.saturating_add(work) } else { self.calendar.after_work(from, work) }
    }

    /// How much was worked between two instants.
    pub(super) fn worked(&self, from: Seconds, to: Seconds) -> i64 {
        if self.finishes { to - from } else { self.calendar.between(from, to) }
    }
}

/// The place of a line among the lines.
pub(super) type LineId = usize;

/// Those who wait for the same people: for these roles, for somebody who knows this service.
#[derive(Debug)]
struct Line<'s> {
    roles: &'s [RoleId],
    service: Option<ServiceId>,
    /// The groups that serve it, in the order written.
    groups: Vec<usize>,
    waiting: Waiters,
}

/// Tickets in their order. Most come in it, and go to the end of a queue.
#[derive(Debug, Default)]
struct Waiters {
    queue: VecDeque<Ticket>,
    others: BTreeSet<Ticket>,
}

impl Waiters {
    fn join(&mut self, ticket: Ticket) {
        if self.queue.back().is_none_or(|last| *last < ticket) {
            self.queue.push_back(ticket);
        } else {
            self.others.insert(ticket);
        }
    }

    fn leave(&mut self, ticket: &Ticket) {
        if self.queue.front() == Some(ticket) {
            self.queue.pop_front();
        } else if !self.others.remove(ticket)
            && let Ok(at) = self.queue.binary_search(ticket)
        {
            self.queue.remove(at);
        }
    }

    fn first(&self) -> Option<Ticket> {
        self.queue.front().into_iter().chain(self.others.first()).min().copied()
    }
}

/// All people, and all who wait for them.
#[derive(Debug)]
pub(super) struct Floor<'s> {
    pub(super) groups: Vec<Group>,
    lines: Vec<Line<'s>>,
    /// By offer and service (0 is the customer): the line its task waits in, once one has.
    line_of: Vec<Option<LineId>>,
    services: usize,
    priorities: BTreeMap<RoleId, &'s Expr>,
    /// By offer, the roles its task waits for.
    waits_for: Vec<&'s [RoleId]>,
    /// By role.
    pub(super) tallies: Vec<RoleTally>,
    /// From when on is counted.
    since: Seconds,
    tickets: u64,
}

impl<'s> Floor<'s> {
    /// Everybody free, nobody waiting.
    pub(super) fn new(playbook: &'s Playbook, scenario: &'s Scenario, customers: u64, since: Seconds) -> Floor<'s> {
        let groups = scenario.staffing.iter().map(|staffing| {
            let people = staffing.people.count(customers);
            Group {
                role: staffing.role,
                free: people,
                people,
                skills: staffing.skills,
                calendar: WorkCalendar::new(playbook, scenario, staffing),
                finishes: staffing.finishes,
                cost: staffing.cost.map(|cost| cost.0),
                opening: None,
                lines: Vec::new(),
            }
        });
        let groups: Vec<Group> = groups.collect();
        let tallies = (0..playbook.roles.len()).map(|role| {
            let of_role = groups.iter().filter(|group| group.role.index() == role);
            let mut tally = RoleTally { line: Level::new(since), taken: Level::new(since), ..RoleTally::default() };
            for group in of_role {
                tally.people += group.people;
                tally.has_cost |= group.cost.is_some();
            }
            tally
        });
        let offers = (0..playbook.offers.len()).map(|offer| OfferId(offer as u32));
        Floor {
            tallies: tallies.collect(),
            groups,
            lines: Vec::new(),
            line_of: vec![None; playbook.offers.len() * (playbook.services.len() + 1)],
            services: playbook.services.len(),
            priorities: priorities(scenario),
            waits_for: offers.map(|offer| scenario.waits_for(playbook, offer)).collect(),
            since,
            tickets: 0,
        }
    }

    /// The line in which a task waits.
    pub(super) fn line(&mut self, offer: OfferId, service: Option<ServiceId>) -> LineId {
        let place = offer.index() * (self.services + 1) + service.map_or(0, |service| service.index() + 1);
        if let Some(line) = self.line_of[place] {
            return line;
        }
        let roles = self.waits_for[offer.index()];
        let known = self.lines.iter().position(|line| line.roles == roles && line.service == service);
        let line = known.unwrap_or_else(|| {
            let served = self.groups.iter().enumerate().filter(|(_, group)| serves(group, roles, service));
            let groups: Vec<usize> = served.map(|(index, _)| index).collect();
            let line = self.lines.len();
            groups.iter().for_each(|group| self.groups[*group].lines.push(line));
            self.lines.push(Line { roles, service, groups, waiting: Waiters::default() });
            line
        });
        self.line_of[place] = Some(line);
        line
    }

    /// The roles a line waits for.
    pub(super) fn roles(&self, line: LineId) -> &'s [RoleId] {
        self.lines[line].roles
    }

    /// What the rule of a line says of a customer's task that asks now.
    pub(super) fn priority(&self, line: LineId, view: View<'_>) -> i64 {
        let rule = self.roles(line).iter().find_map(|role| self.priorities.get(role));
        rule.map_or(0, |rule| rank(view.value(rule)))
    }

    /// A place in the line for a customer's task that asks now.
    pub(super) fn ticket(&mut self, priority: i64, asked: Seconds, (customer, place): (u64, usize)) -> Ticket {
        self.tickets += 1;
        Ticket { priority: Reverse(priority), asked, customer, number: self.tickets, place, demand: u32::MAX }
    }

    /// Puts a task into the line.
    pub(super) fn join(&mut self, line: LineId, ticket: Ticket) {
        self.lines[line].waiting.join(ticket);
    }

    /// Takes a task out of the line.
    pub(super) fn leave(&mut self, line: LineId, ticket: &Ticket) {
        self.lines[line].waiting.leave(ticket);
    }

    /// A task begins or ceases to wait, in the line or passed over.
    pub(super) fn count_waiting(&mut self, line: LineId, now: Seconds, up: bool) {
        for role in self.lines[line].roles {
            self.tallies[role.index()].line.change(now, up);
        }
    }

    /// The group that could serve a line, at this place among those that can.
    pub(super) fn group_for(&self, line: LineId, at: usize) -> Option<usize> {
        self.lines[line].groups.get(at).copied()
    }

    /// Who is next for this group, where somebody of it is free and at work.
    pub(super) fn next_for(&self, group: usize, now: Seconds) -> Option<Ticket> {
        let group = &self.groups[group];
        if group.free == 0 || !group.calendar.is_open(now) {
            return None;
        }
        self.waiting_for(group).min()
    }

    fn waiting_for(&self, group: &Group) -> impl Iterator<Item = Ticket> {
        group.lines.iter().filter_map(|line| self.lines[*line].waiting.first())
    }

    /// When the line has to be looked at again, because people who are free now are not at work; said once.
    pub(super) fn opening(&mut self, index: usize, now: Seconds) -> Option<Seconds> {
        let group = &self.groups[index];
        if group.free == 0 || group.calendar.is_open(now) || self.waiting_for(group).next().is_none() {
            return None;
        }
        let at = group.calendar.next_opening(now);
        if group.opening == Some(at) {
            return None;
        }
        self.groups[index].opening = Some(at);
        Some(at)
    }

    /// Somebody of the group is taken.
    pub(super) fn take(&mut self, index: usize, now: Seconds) {
        let group = &mut self.groups[index];
        group.free = group.free.saturating_sub(1);
        let role = group.role;
        self.tallies[role.index()].taken.change(now, true);
    }

    /// Somebody who was taken is free again; what they did is counted.
    pub(super) fn release(&mut self, index: usize, from: Seconds, now: Seconds) {
        self.groups[index].free += 1;
        let role = self.groups[index].role;
        self.tallies[role.index()].taken.change(now, false);
        self.count_work(index, from, now);
    }

    /// Counts the time between two instants in which somebody was taken.
    pub(super) fn count_work(&mut self, index: usize, from: Seconds, to: Seconds) {
        let (from, to) = (from.max(self.since), to.max(self.since));
        let group = &self.groups[index];
        let within = i128::from(group.calendar.between(from, to));
        let beyond = if group.finishes { i128::from(to - from) - within } else { 0 };
        let tally = &mut self.tallies[group.role.index()];
        tally.busy += within;
        tally.overtime += beyond;
        tally.cost += i128::from(group.cost.unwrap_or(0)) * (within + beyond);
    }

    /// Closes the books.
    pub(super) fn close(&mut self, now: Seconds) {
        let now = now.max(self.since);
        for group in &self.groups {
            let tally = &mut self.tallies[group.role.index()];
            tally.available += i128::from(group.people) * i128::from(group.calendar.between(self.since, now));
        }
        for tally in &mut self.tallies {
            tally.line.until(now);
            tally.taken.until(now);
        }
    }
}

/// By role, the rule by which its line is served.
fn priorities(scenario: &Scenario) -> BTreeMap<RoleId, &Expr> {
    scenario.staffing.iter().filter_map(|staffing| Some((staffing.role, staffing.priority.as_ref()?))).collect()
}

/// The rule by which those are served who wait for these roles.
pub(super) fn rule<'s>(scenario: &'s Scenario, roles: &[RoleId]) -> Option<&'s Expr> {
    let rules = priorities(scenario);
    roles.iter().find_map(|role| rules.get(role).copied())
}

fn serves(group: &Group, roles: &[RoleId], service: Option<ServiceId>) -> bool {
    let known = |skills: ServiceSet| service.is_none_or(|service| skills.contains(service));
    roles.contains(&group.role) && group.skills.is_none_or(known)
}

/// A value as a number that grows with it; unknown is least.
fn rank(value: Option<Value>) -> i64 {
    match value {
        None => i64::MIN,
        Some(Value::YesNo(yes)) => i64::from(yes),
        Some(Value::Number(number)) => number.0,
        Some(Value::Date(date)) => i64::from(date.0),
        Some(Value::Duration(time)) => time.0,
        Some(Value::Choice(choice)) => i64::from(choice),
        Some(Value::Text(_) | Value::Set(_) | Value::Service(_)) => 0,
    }
}
