//! The one verdict type: proved, refuted, proved up to a bound, or not decided. Never a silent pass.

use super::witness::Witness;

/// What is known about a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds for every journey.
    Proved(Proof),
    /// It does not: this customer shows it, replayed by the interpreter. None where the answer is that something is
    /// nowhere, and no one customer can show it.
    Refuted(Option<Box<Witness>>),
    /// It holds for every journey within a bound.
    ProvedUpTo(Bound, Proof),
    /// It is not decided.
    NotDecided {
        /// Why not.
        reason: String,
        /// What was tried.
        tried: String,
    },
}

/// What a proof rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proof {
    /// How many situations were seen; none where what is known at each place suffices.
    pub situations: u64,
    /// Where no situation was seen: how many places were looked at, with what is known of everybody there.
    pub places: u64,
    /// What was taken for granted, in words.
    pub premises: Vec<String>,
    /// A bound on time that was found, in words.
    pub bound: Option<String>,
}

/// How far a bounded proof reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Customers with at most so many services at a time.
    Services(u32),
}

impl Bound {
    /// In words: `customers with at most 2 services`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Bound::Services(1) => "customers with at most one service".to_owned(),
            Bound::Services(most) => format!("customers with at most {most} services"),
        }
    }
}

impl Verdict {
    /// Not decided, for a playbook whose conditions cannot be looked at as a whole.
    #[must_use]
    pub fn too_intertwined() -> Verdict {
        Verdict::NotDecided {
            reason: "its named values use each other too often".to_owned(),
            tried: "nothing: conditions cannot be written out".to_owned(),
        }
    }

    /// The word for it in machine output.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Proved(_) => "proved",
            Verdict::Refuted(_) => "refuted",
            Verdict::ProvedUpTo(..) => "bounded",
            Verdict::NotDecided { .. } => "undecided",
        }
    }
}
