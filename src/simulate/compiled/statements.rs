//! Statements of a scenario, done for tracks in a stage.

use super::batch::{Batch, List, MASK, NEVER, column, partition};
use super::flow::Flow;
use super::program::{CadenceProgram, Source, StageProgram, StepProgram};
use super::sampler::{Chance, Drawn};
use super::time::ROUND;

/// Statements under way: tracks in their stage, tracks held by a blocker raised just now, tracks that have left.
#[derive(Debug, Default)]
pub(super) struct Under {
    pub(super) live: List,
    pub(super) held: List,
    pub(super) gone: List,
}

impl Batch {
    /// Draws before a round; gives those for whom the round begins.
    pub(super) fn draws(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        cadence: &CadenceProgram,
        list: List,
    ) -> List {
        // Whoever leaves at a draw may come back while the round is still due.
        let comes_back = flow.program.pending || stage.again;
        let (draws, noted) = (&cadence.draws, cadence.noted || comes_back);
        let columns = stage.columns;
        let (now, resolved) = (self.common.now[flow.depth], self.common.resolved[flow.depth]);
        // A round that was drawn for and did not come is not drawn for again.
        let mut open = list;
        let mut drawn_before = self.list();
        if comes_back {
            let mut fresh = self.list();
            let (round, drawn) = (column(&self.columns, columns.round), column(&self.columns, columns.drawn));
            partition(&open, &mut fresh, &mut drawn_before, |lane| drawn[lane] <= round[lane]);
            self.done(std::mem::replace(&mut open, fresh));
        }
        if let (true, Ok([round, drawn])) = (noted, self.columns.get_disjoint_mut([columns.round, columns.drawn])) {
            for lane in &open {
                let lane = *lane as usize & MASK;
                drawn[lane] = round[lane] + ROUND;
            }
        }
        let under = self.steps(flow, stage, draws, Under { live: open, ..Under::default() });
        let Under { mut live, held, gone } = under;
        self.next_streams(columns.rounds, &live);
        self.next_streams(columns.rounds, &held);
        if stage.again {
            self.next_streams(columns.rounds, &gone);
        }
        self.done(gone);
        if !held.is_empty() {
            // The work stands still until the blocker is resolved, and with it the round that is due.
            let mut wrong = self.list();
            let mut on = self.list();
            for lane in &held {
                let at = *lane as usize & MASK;
                let until = self.columns[resolved][at];
                if self.limit(stage, at) <= until || until > self.horizon {
                    wrong.push(*lane);
                } else {
                    on.push(*lane);
                }
                self.columns[now][at] = until;
                self.columns[resolved][at] = NEVER;
            }
            self.done(held);
            self.abandon(wrong);
            let on = self.take_first(flow, Some(stage), &stage.on_resolved, on);
            self.join(&mut live, on);
        }
        self.join(&mut live, drawn_before);
        live
    }

    /// Statements of a scenario, one after the other. After each, what moves at once moves.
    pub(super) fn steps(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        steps: &[StepProgram],
        mut under: Under,
    ) -> Under {
        for step in steps {
            if under.live.is_empty() && under.held.is_empty() && under.gone.is_empty() {
                break;
            }
            match step {
                StepProgram::Assign { store, value, source, matters } => {
                    // A fact that changes after the track has left: rare, and left to the interpreter.
                    let gone = std::mem::take(&mut under.gone);
                    self.abandon(gone);
                    self.assign(store, value, source, &under.live);
                    self.assign(store, value, source, &under.held);
                    if *matters {
                        under = self.moved(flow, stage, under);
                    }
                }
                StepProgram::Blocker { kind, odds, lasting, otherwise } => {
                    let (yes, no) = self.part(odds.as_ref(), under);
                    self.abandon(yes.gone);
                    // A second blocker while the first one holds.
                    self.abandon(yes.held);
                    under = self.steps(flow, stage, otherwise, no);
                    let live = self.blocked(flow, stage, kind.as_ref(), lasting, yes.live, &mut under);
                    self.join(&mut under.held, live);
                }
                StepProgram::Event { event, odds, otherwise } => {
                    let (yes, no) = self.part(odds.as_ref(), under);
                    self.abandon(yes.gone);
                    under = self.steps(flow, stage, otherwise, no);
                    let mut live = yes.live;
                    let listens = stage.on_event.iter().any(|(known, _)| known == event);
                    if listens {
                        flow.noting = true;
                        for (known, exit) in &stage.on_event {
                            if known == event {
                                live = self.take_first(flow, Some(stage), std::slice::from_ref(exit), live);
                            }
                        }
                        flow.noting = false;
                        under.gone.append(&mut flow.gone);
                        self.abandon(yes.held);
                    } else {
                        self.join(&mut under.held, yes.held);
                    }
                    self.join(&mut under.live, live);
                }
                StepProgram::With { odds, then, otherwise } => {
                    let (yes, no) = self.part(Some(odds), under);
                    under = self.both(flow, stage, then, yes, otherwise, no);
                }
                StepProgram::When { condition, then, otherwise } => {
                    let mut yes = Under { live: self.list(), held: self.list(), gone: self.list() };
                    let mut no = Under { live: self.list(), held: self.list(), gone: self.list() };
                    self.select(condition, &under.live, &mut yes.live, &mut no.live);
                    self.select(condition, &under.held, &mut yes.held, &mut no.held);
                    self.select(condition, &under.gone, &mut yes.gone, &mut no.gone);
                    self.drop_under(under);
                    under = self.both(flow, stage, then, yes, otherwise, no);
                }
            }
        }
        under
    }

    pub(super) fn both(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        then: &[StepProgram],
        yes: Under,
        otherwise: &[StepProgram],
        no: Under,
    ) -> Under {
        let yes = self.steps(flow, stage, then, yes);
        let mut no = self.steps(flow, stage, otherwise, no);
        self.join(&mut no.live, yes.live);
        self.join(&mut no.held, yes.held);
        self.join(&mut no.gone, yes.gone);
        no
    }

    pub(super) fn drop_under(&mut self, under: Under) {
        self.done(under.live);
        self.done(under.held);
        self.done(under.gone);
    }

    /// Parts all by odds; without odds it always comes.
    pub(super) fn part(&mut self, odds: Option<&(Source, Chance)>, under: Under) -> (Under, Under) {
        let Some(odds) = odds else { return (under, Under::default()) };
        let mut yes = Under { live: self.list(), ..Under::default() };
        let mut no = Under { live: self.list(), ..Under::default() };
        self.chance(odds, &under.live, &mut yes.live, &mut no.live);
        if !under.held.is_empty() {
            self.chance(odds, &under.held, &mut yes.held, &mut no.held);
        }
        if !under.gone.is_empty() {
            self.chance(odds, &under.gone, &mut yes.gone, &mut no.gone);
        }
        self.drop_under(under);
        (yes, no)
    }

    /// What moves at once after a fact has changed.
    pub(super) fn moved(&mut self, flow: &mut Flow<'_>, stage: &StageProgram, mut under: Under) -> Under {
        flow.noting = true;
        under.live = self.settle(flow, stage, under.live);
        flow.noting = false;
        under.gone.append(&mut flow.gone);
        if !under.held.is_empty() {
            // A way out that opens while work stands still: rare, and left to the interpreter.
            let held = std::mem::take(&mut under.held);
            let mut open = self.list();
            for lane in &held {
                let decided = stage.exits.exits.iter().chain(&stage.urgent);
                if decided.clone().any(|exit| self.at(&exit.guard, *lane as usize) == 1) {
                    open.push(*lane);
                } else {
                    under.held.push(*lane);
                }
            }
            self.done(held);
            self.abandon(open);
        }
        under
    }

    /// A blocker is raised: tracks that hear of it leave, the others stand still.
    pub(super) fn blocked(
        &mut self,
        flow: &mut Flow<'_>,
        stage: &StageProgram,
        kind: Option<&String>,
        lasting: &(Source, Drawn),
        list: List,
        under: &mut Under,
    ) -> List {
        let (now, resolved) = (self.common.now[flow.depth], self.common.resolved[flow.depth]);
        let mut lengths = self.values_list();
        self.lengths(lasting, &list, &mut lengths);
        let mut twice = self.list();
        for (lane, length) in list.iter().zip(&lengths) {
            let at = *lane as usize & MASK;
            if self.columns[resolved][at] != NEVER {
                twice.push(*lane);
            }
            self.columns[resolved][at] = self.columns[now][at].saturating_add(*length);
        }
        self.wholes.push(lengths);
        self.abandon(twice);
        if stage.on_blocker.is_empty() {
            return list;
        }
        let mut list = list;
        flow.noting = true;
        for (kinds, exit) in &stage.on_blocker {
            if kinds.is_empty() || kind.is_some_and(|kind| kinds.contains(kind)) {
                list = self.take_first(flow, Some(stage), std::slice::from_ref(exit), list);
            }
        }
        flow.noting = false;
        under.gone.append(&mut flow.gone);
        list
    }
}
