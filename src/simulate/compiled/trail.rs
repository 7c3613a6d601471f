//! Journeys of customers who wait for people, as far as they can be known before anybody knows how long they wait.
//!
//! Nothing a compiled track does depends on the time of day, so a wait shifts all that comes after it and changes nothing
//! else. So the batch is followed as if nobody waited, on a clock on which work people are needed for takes no time, and
//! what is noted is: when people are asked for, for how long, and what is to be counted once it is known how long that took.

use super::batch::{LANES, Lanes, MASK, ROOM};
use super::expression::UNKNOWN;
use crate::model::{OfferId, ServiceId};

/// No place in a list.
pub(in crate::simulate) const NONE: u32 = u32::MAX;

/// Part of a track: it waits until the tasks in it are done, or until the tracks of a block are over.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Segment {
    /// When it begins, and when it is over if nobody waited or worked.
    pub(in crate::simulate) at: i64,
    pub(in crate::simulate) free: i64,
    /// When the last of its tasks or tracks was over, so far; once all are, by how much longer it took.
    pub(in crate::simulate) latest: i64,
    /// The segments before and after it in its track.
    pub(in crate::simulate) previous: u32,
    pub(in crate::simulate) next: u32,
    /// Its track.
    pub(in crate::simulate) track: u32,
    /// The first of its tasks, or of the tracks of its block.
    pub(in crate::simulate) first: u32,
    pub(in crate::simulate) count: u16,
    /// How many of them are not over.
    pub(in crate::simulate) open: u16,
    pub(in crate::simulate) is_block: bool,
    /// Something else happened to the track in the very instant in which it begins.
    pub(in crate::simulate) late: bool,
}

impl Demand {
    pub(in crate::simulate) fn offer(&self) -> OfferId {
        OfferId(self.offer)
    }

    pub(in crate::simulate) fn service(&self) -> Option<ServiceId> {
        self.instance.checked_sub(1).map(|service| ServiceId(u32::from(service)))
    }

    pub(in crate::simulate) fn has_begun(&self) -> bool {
        self.begun != NOT_BEGUN
    }
}

/// Nobody has begun.
const NOT_BEGUN: i64 = i64::MIN;

/// What a task has in the line: the rank by the rule of priority, and the number of its ticket, once it has asked.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Rank {
    pub(in crate::simulate) priority: i64,
    pub(in crate::simulate) ticket: u64,
}

/// A task somebody is needed for.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Demand {
    pub(in crate::simulate) takes: i64,
    /// When it asked, and from when until when it is done, once somebody has begun.
    pub(in crate::simulate) asked: i64,
    pub(in crate::simulate) begun: i64,
    pub(in crate::simulate) done: i64,
    pub(in crate::simulate) segment: u32,
    pub(in crate::simulate) offer: u32,
    /// By whom it is done, and the how manieth of the customer's tasks it was to begin.
    pub(in crate::simulate) group: u16,
    pub(in crate::simulate) order: u16,
    /// The customer (0) or the service and 1.
    pub(in crate::simulate) instance: u8,
    /// Whether it was begun before the customer's own turn at that instant.
    pub(in crate::simulate) before: bool,
}

/// One track of a customer.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) struct Thread {
    /// Its first segment.
    pub(in crate::simulate) first: u32,
    /// When it is over if nobody waited or worked.
    pub(in crate::simulate) end: i64,
    /// By how much it is late.
    pub(in crate::simulate) offset: i64,
    /// The block it is in; none for the customer's own.
    pub(in crate::simulate) block: u32,
}

/// Something to be counted when the journey is over.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulate) enum Record {
    /// A visit of a stage: how long it lasts if nobody waited or worked, by which exit it was left, and the last segments
    /// of the track before and in it.
    Visit {
        stage: u32,
        exit: u32,
        time: i64,
        before: u32,
        last: u32,
    },
    /// Offered, and neither done nor declared not required.
    Offered {
        task: u32,
    },
    NotRequired {
        task: u32,
    },
    /// Without people.
    Complete {
        task: u32,
        time: i64,
    },
    End {
        end: u32,
    },
}

/// One customer of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::simulate) struct Outline {
    /// Only the interpreter can follow this one.
    pub(in crate::simulate) left: bool,
    /// The threads, the customer's own first.
    pub(in crate::simulate) threads: (u32, u32),
    pub(in crate::simulate) demands: (u32, u32),
    pub(in crate::simulate) records: (u32, u32),
}

/// The journeys of a batch, customer by customer.
#[derive(Debug, Default)]
pub(in crate::simulate) struct Outlines {
    pub(in crate::simulate) customers: Vec<Outline>,
    pub(in crate::simulate) threads: Vec<Thread>,
    pub(in crate::simulate) segments: Vec<Segment>,
    pub(in crate::simulate) demands: Vec<Demand>,
    /// Of each of them.
    pub(in crate::simulate) ranks: Vec<Rank>,
    pub(in crate::simulate) records: Vec<Record>,
}

/// What is noted while a batch is followed, in the order of the program. Each list has its customers beside it.
#[derive(Debug)]
pub(super) struct Trail {
    segments: Vec<(u32, Segment)>,
    demands: Vec<(u32, (Demand, Rank))>,
    records: Vec<(u32, Record)>,
    threads: Vec<(u32, Thread)>,
    /// By depth and customer: the last segment of the track.
    last: [Vec<u32>; 2],
    /// By depth and customer: when something else happened last.
    busy: [Box<Lanes>; 2],
    /// By stage and customer: the last segment of the track when the stage was entered.
    entered: Vec<Vec<u32>>,
    /// By customer: the number of the inner track.
    inner: Vec<u32>,
    /// Of the track that is followed.
    depth: usize,
    /// By customer: the segment that is being noted, and the block the customer is in.
    present: Vec<u32>,
    block: Vec<u32>,
}

impl Trail {
    pub(super) fn new(stages: usize) -> Trail {
        Trail {
            segments: Vec::new(),
            demands: Vec::new(),
            records: Vec::new(),
            threads: Vec::new(),
            last: [vec![NONE; LANES], vec![NONE; LANES]],
            busy: [Box::new([UNKNOWN; ROOM]), Box::new([UNKNOWN; ROOM])],
            entered: vec![vec![NONE; LANES]; stages],
            inner: vec![NONE; LANES],
            depth: 0,
            present: vec![NONE; LANES],
            block: vec![NONE; LANES],
        }
    }

    /// Nothing noted: the customers' own tracks begin.
    pub(super) fn clear(&mut self, customers: usize) {
        self.segments.clear();
        self.demands.clear();
        self.records.clear();
        self.threads.clear();
        self.last[0].fill(NONE);
        self.busy[0].fill(UNKNOWN);
        self.depth = 0;
        let own = Thread { first: NONE, end: 0, offset: 0, block: NONE };
        self.threads.extend((0..customers as u32).map(|lane| (lane, own)));
    }

    fn track(&self, lane: usize) -> u32 {
        if self.depth == 0 { lane as u32 } else { self.inner[lane & MASK] }
    }

    fn segment(&mut self, lane: u32, at: i64, is_block: bool) -> u32 {
        let place = lane as usize & MASK;
        let number = self.segments.len() as u32;
        let track = self.track(place);
        let previous = std::mem::replace(&mut self.last[self.depth][place], number);
        if previous == NONE {
            self.threads[track as usize].1.first = number;
        } else {
            self.segments[previous as usize].1.next = number;
        }
        let late = self.busy[self.depth][place] == at;
        self.busy[self.depth][place] = UNKNOWN;
        let segment = Segment {
            at,
            free: at,
            latest: i64::MIN,
            previous,
            next: NONE,
            track,
            first: NONE,
            count: 0,
            open: 0,
            is_block,
            late,
        };
        self.segments.push((lane, segment));
        number
    }

    /// Tracks ask for people at these instants, and would be free again at others, where something beside takes time. Next
    /// their tasks are noted.
    pub(super) fn ask(&mut self, list: &[u32], at: &Lanes, free: Option<impl Fn(usize) -> i64>) {
        for lane in list {
            let place = *lane as usize & MASK;
            let segment = self.segment(*lane, at[place], false);
            if let Some(free) = &free {
                self.segments[segment as usize].1.free = free(place);
            }
            self.present[place] = segment;
        }
    }

    /// A task of the segment that was noted last for this customer.
    pub(super) fn demand(
        &mut self,
        lane: u32,
        (offer, service): (OfferId, Option<ServiceId>),
        takes: i64,
        priority: i64,
    ) {
        let segment = self.present[lane as usize & MASK];
        let demand = Demand {
            takes,
            asked: 0,
            begun: NOT_BEGUN,
            done: 0,
            segment,
            offer: offer.0,
            group: 0,
            order: 0,
            instance: service.map_or(0, |service| service.0 as u8 + 1),
            before: false,
        };
        self.segments[segment as usize].1.count += 1;
        self.demands.push((lane, (demand, Rank { priority, ticket: 0 })));
    }

    /// Something happens to tracks at this instant that the interpreter follows step by step.
    pub(super) fn happens(&mut self, list: impl IntoIterator<Item = u32>, now: &Lanes) {
        let busy = &mut self.busy[self.depth];
        for lane in list {
            let lane = lane as usize & MASK;
            busy[lane] = now[lane];
        }
    }

    pub(super) fn record(&mut self, lane: u32, record: Record) {
        self.records.push((lane, record));
    }

    pub(super) fn record_all(&mut self, list: &[u32], record: Record) {
        self.records.extend(list.iter().map(|lane| (*lane, record)));
    }

    /// Stages are entered.
    pub(super) fn enter(&mut self, stage: usize, list: &[u32]) {
        let (entered, last) = (&mut self.entered[stage], &self.last[self.depth]);
        for lane in list {
            let lane = *lane as usize & MASK;
            entered[lane] = last[lane];
        }
    }

    /// A stage is left.
    pub(super) fn leave(&mut self, lane: u32, stage: usize, exit: u32, time: i64) {
        let place = lane as usize & MASK;
        let (before, last) = (self.entered[stage][place], self.last[self.depth][place]);
        self.records.push((lane, Record::Visit { stage: stage as u32, exit, time, before, last }));
    }

    /// Customers come to a block.
    pub(super) fn begin_block(&mut self, list: &[u32], now: &Lanes) {
        for lane in list {
            let place = *lane as usize & MASK;
            // What happened before is inherited by the tracks.
            let busy = self.busy[0][place];
            self.block[place] = self.segment(*lane, now[place], true);
            self.busy[0][place] = busy;
        }
    }

    /// One track of the block begins for these customers.
    pub(super) fn begin_track(&mut self, list: &[u32]) {
        self.depth = 1;
        let [own, inner] = &mut self.busy;
        inner.copy_from_slice(&**own);
        self.last[1].fill(NONE);
        for lane in list {
            let place = *lane as usize & MASK;
            self.inner[place] = self.threads.len() as u32;
            let block = self.block[place];
            self.threads.push((*lane, Thread { first: NONE, end: 0, offset: 0, block }));
        }
    }

    /// The track is over.
    pub(super) fn end_track(&mut self, list: &[u32], now: &Lanes) {
        for lane in list {
            let place = *lane as usize & MASK;
            self.threads[self.inner[place] as usize].1.end = now[place];
        }
        self.depth = 0;
    }

    /// All tracks of the block are over.
    pub(super) fn end_block(&mut self, list: &[u32], until: &[i64]) {
        for lane in list {
            let segment = self.last[0][*lane as usize & MASK];
            self.segments[segment as usize].1.free = until[*lane as usize & MASK];
        }
    }

    /// The customers' journeys are over at these instants, but for those who are `left` to the interpreter. What was noted,
    /// customer by customer.
    pub(super) fn outlines(&mut self, customers: usize, now: &Lanes, left: &[bool]) -> Outlines {
        for lane in 0..customers {
            self.threads[lane].1.end = now[lane & MASK];
        }
        let of = |number: u32, places: &[u32]| if number == NONE { NONE } else { places[number as usize] };
        let (_, segment_places) = places(&self.segments, left);
        let (thread_ends, thread_places) = places(&self.threads, left);
        let (demand_ends, demand_places) = places(&self.demands, left);
        let (record_ends, record_places) = places(&self.records, left);
        let range = |ends: &[u32], lane: usize| (if lane == 0 { 0 } else { ends[lane - 1] }, ends[lane]);
        let customers = (0..customers).map(|lane| Outline {
            left: left[lane],
            threads: range(&thread_ends, lane),
            demands: range(&demand_ends, lane),
            records: range(&record_ends, lane),
        });
        let customers = customers.collect();
        let mut segments = sorted(&self.segments, &segment_places, |segment| Segment {
            previous: of(segment.previous, &segment_places),
            next: of(segment.next, &segment_places),
            track: of(segment.track, &thread_places),
            ..*segment
        });
        let ranks = sorted(&self.demands, &demand_places, |(_, rank)| *rank);
        let demands = sorted(&self.demands, &demand_places, |(demand, _)| Demand {
            segment: of(demand.segment, &segment_places),
            ..*demand
        });
        // Tasks side by side were noted one task after the other: of one customer, those of a segment still follow each
        // other, for no other segment of the customer is noted meanwhile.
        for (number, demand) in demands.iter().enumerate() {
            let segment = &mut segments[demand.segment as usize];
            segment.first = segment.first.min(number as u32);
        }
        let threads = sorted(&self.threads, &thread_places, |thread| Thread {
            first: of(thread.first, &segment_places),
            block: of(thread.block, &segment_places),
            ..*thread
        });
        for (number, thread) in threads.iter().enumerate() {
            if thread.block != NONE {
                let block = &mut segments[thread.block as usize];
                block.first = block.first.min(number as u32);
                block.count += 1;
            }
        }
        for segment in &mut segments {
            segment.open = segment.count;
        }
        let records = sorted(&self.records, &record_places, |record| match *record {
            Record::Visit { stage, exit, time, before, last } if before != last => {
                let (before, last) = (of(before, &segment_places), of(last, &segment_places));
                Record::Visit { stage, exit, time, before, last }
            }
            record => record,
        });
        Outlines { customers, threads, segments, demands, ranks, records }
    }
}

/// Where each of a list goes when it is sorted by customer, and where each customer's end; those who are left have none.
fn places<T>(list: &[(u32, T)], left: &[bool]) -> (Vec<u32>, Vec<u32>) {
    let mut ends = vec![0_u32; LANES + 1];
    for (lane, _) in list {
        let lane = *lane as usize & MASK;
        ends[lane + 1] += u32::from(!left[lane]);
    }
    for lane in 0..LANES {
        ends[lane + 1] += ends[lane];
    }
    let places = list.iter().map(|(lane, _)| {
        let lane = *lane as usize & MASK;
        if left[lane] {
            return NONE;
        }
        ends[lane] += 1;
        ends[lane] - 1
    });
    let places = places.collect();
    (ends, places)
}

fn sorted<T, S: Clone>(list: &[(u32, T)], places: &[u32], change: impl Fn(&T) -> S) -> Vec<S> {
    let found = list.iter().zip(places).find(|(_, place)| **place != NONE);
    let Some(((_, first), _)) = found else { return Vec::new() };
    let count = places.iter().filter(|place| **place != NONE).count();
    let mut all = vec![change(first); count];
    for ((_, item), place) in list.iter().zip(places) {
        if *place != NONE {
            all[*place as usize] = change(item);
        }
    }
    all
}
