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
use std::collections::{BTreeMap, BTreeSet};

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

/// Who waits for the same people: the roles, and the service those must know.
pub(super) type LineKey = (Vec<RoleId>, Option<ServiceId>);

/// All people, and all who wait for them.
#[derive(Debug)]
pub(super) struct Floor<'s> {
    pub(super) groups: Vec<Group>,
    lines: BTreeMap<LineKey, BTreeSet<Ticket>>,
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
            lines: BTreeMap::new(),
            priorities: scenario
                .staffing
                .iter()
                .filter_map(|staffing| Some((staffing.role, staffing.priority.as_ref()?)))
                .collect(),
            waits_for: offers.map(|offer| scenario.waits_for(playbook, offer)).collect(),
            since,
            tickets: 0,
        }
    }

    /// The roles a task waits for; empty where somebody is always free.
    pub(super) fn waits_for(&self, offer: OfferId) -> &'s [RoleId] {
        self.waits_for[offer.index()]
    }

    /// A place in the line for a customer's task that asks now.
    pub(super) fn ticket(
        &mut self,
        roles: &[RoleId],
        view: View<'_>,
        asked: Seconds,
        (customer, place): (u64, usize),
    ) -> Ticket {
        let rule = roles.iter().find_map(|role| self.priorities.get(role));
        let priority = rule.map_or(0, |rule| rank(view.value(rule)));
        self.tickets += 1;
        Ticket { priority: Reverse(priority), asked, customer, number: self.tickets, place }
    }

    /// Puts a task into the line.
    pub(super) fn join(&mut self, key: &LineKey, ticket: Ticket) {
        self.lines.entry(key.clone()).or_default().insert(ticket);
    }

    /// Takes a task out of the line.
    pub(super) fn leave(&mut self, key: &LineKey, ticket: &Ticket) {
        if let Some(line) = self.lines.get_mut(key) {
            line.remove(ticket);
        }
    }

    /// A task begins or ceases to wait, in the line or passed over.
    pub(super) fn count_waiting(&mut self, roles: &[RoleId], now: Seconds, up: bool) {
        for role in roles {
            self.tallies[role.index()].line.change(now, up);
        }
    }

    /// Groups that could serve this line, in the order written.
    pub(super) fn groups_for(&self, (roles, service): &LineKey) -> Vec<usize> {
        let groups = self.groups.iter().enumerate().filter(|(_, group)| serves(group, roles, *service));
        groups.map(|(index, _)| index).collect()
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
        let lines = self.lines.iter().filter(|((roles, service), _)| serves(group, roles, *service));
        lines.filter_map(|(_, line)| line.first().copied())
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
