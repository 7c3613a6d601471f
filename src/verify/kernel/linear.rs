//! Linear constraints over the bits of numbers.

use super::{Bdd, Decided, Kernel};
use std::collections::BTreeMap;

/// A diagram, and the bounds for which it is the same: from, to.
#[derive(Debug, Clone, Copy)]
struct Layer {
    set: Bdd,
    from: i128,
    to: i128,
}

struct Build<'a> {
    kernel: &'a mut Kernel,
    terms: &'a [(u32, i128)],
    /// By term: the least and the most that it and those after it can add up to.
    least: Vec<i128>,
    most: Vec<i128>,
    /// By term: diagrams by the first bound they are for.
    known: Vec<BTreeMap<i128, Layer>>,
}

impl Kernel {
    /// Where the weights of the variables that are on add up to no more than `bound`. Weights may be negative; variables
    /// must differ.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn weights_at_most(&mut self, mut terms: Vec<(u32, i128)>, bound: i128) -> Decided<Bdd> {
        terms.retain(|(_, weight)| *weight != 0);
        terms.sort_unstable();
        let mut least = vec![0; terms.len() + 1];
        let mut most = vec![0; terms.len() + 1];
        for (at, (_, weight)) in terms.iter().enumerate().rev() {
            least[at] = least[at + 1] + (*weight).min(0);
            most[at] = most[at + 1] + (*weight).max(0);
        }
        let known = vec![BTreeMap::new(); terms.len()];
        Ok(Build { kernel: self, terms: &terms, least, most, known }.build(0, bound)?.set)
    }
}

impl Build<'_> {
    fn build(&mut self, at: usize, bound: i128) -> Decided<Layer> {
        if bound >= self.most[at] {
            return Ok(Layer { set: Bdd::TRUE, from: self.most[at], to: i128::MAX / 4 });
        }
        if bound < self.least[at] {
            return Ok(Layer { set: Bdd::FALSE, from: i128::MIN / 4, to: self.least[at] - 1 });
        }
        if let Some((_, layer)) = self.known[at].range(..=bound).next_back()
            && bound <= layer.to
        {
            return Ok(*layer);
        }
        let (variable, weight) = self.terms[at];
        let low = self.build(at + 1, bound)?;
        let high = self.build(at + 1, bound - weight)?;
        let set = self.kernel.make(variable, low.set, high.set)?;
        let layer =
            Layer { set, from: low.from.max(high.from + weight), to: low.to.min(high.to.saturating_add(weight)) };
        self.known[at].insert(layer.from, layer);
        Ok(layer)
    }
}
