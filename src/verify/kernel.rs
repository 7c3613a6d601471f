//! Decision diagrams: sets of customers as reduced ordered binary decision diagrams with complement edges.
//!
//! R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", IEEE Transactions on Computers C-35(8),
//! 1986; K. S. Brace, R. L. Rudell, R. E. Bryant, "Efficient Implementation of a BDD Package", DAC 1990. Linear
//! constraints after I. Abío, R. Nieuwenhuis, A. Oliveras, E. Rodríguez-Carbonell, "A New Look at BDDs for
//! Pseudo-Boolean Constraints", JAIR 45, 2012.
//!
//! Every operation that may make nodes counts them: beyond the budget it fails with [`Exhausted`], and never gives a
//! wrong answer.

mod linear;
#[cfg(test)]
mod tests;

/// A set of assignments: a node, and whether its complement is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bdd(u32);

impl Bdd {
    /// All assignments.
    pub const TRUE: Bdd = Bdd(0);
    /// None.
    pub const FALSE: Bdd = Bdd(1);

    fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn complemented(self) -> bool {
        self.0 & 1 == 1
    }

    /// The complement; costs nothing.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "reads like `and` and `or`, which need the kernel")]
    pub fn not(self) -> Bdd {
        Bdd(self.0 ^ 1)
    }

    /// Everything, or nothing.
    #[must_use]
    pub fn constant(all: bool) -> Bdd {
        if all { Bdd::TRUE } else { Bdd::FALSE }
    }

    /// Whether no assignment is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Bdd::FALSE
    }

    /// Whether every assignment is in it.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Bdd::TRUE
    }
}

/// The budget of nodes is used up: the question was not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// What an operation gives, inside the budget.
pub type Decided<T> = Result<T, Exhausted>;

#[derive(Debug, Clone, Copy)]
struct Node {
    variable: u32,
    low: Bdd,
    /// Never complemented: so each set has one node.
    high: Bdd,
}

/// A node for other programs: its variable; where it is off, a node, and whether its complement; where it is on, a node.
pub type Exported = (u32, (usize, bool), usize);

#[derive(Debug, Clone, Copy)]
struct Cached {
    operation: u32,
    left: Bdd,
    right: Bdd,
    result: Bdd,
}

/// Where diagrams live. Variables are numbers; lower ones are looked at first.
#[derive(Debug)]
pub struct Kernel {
    nodes: Vec<Node>,
    /// Open addressing, a power of two; 0 is free.
    unique: Vec<u32>,
    cache: Vec<Cached>,
    budget: usize,
    /// Operations of one argument and a parameter have numbers of their own.
    operations: u32,
}

const AND: u32 = 1;
const XOR: u32 = 2;
const NO_VARIABLE: u32 = u32::MAX;
const EMPTY: Cached = Cached { operation: 0, left: Bdd::TRUE, right: Bdd::TRUE, result: Bdd::TRUE };

/// Nodes a kernel may make where nothing else is said.
pub const BUDGET: usize = 2_000_000;

impl Kernel {
    /// An empty one that makes so many nodes at most.
    #[must_use]
    pub fn new(budget: usize) -> Kernel {
        Kernel {
            nodes: vec![Node { variable: NO_VARIABLE, low: Bdd::TRUE, high: Bdd::TRUE }],
            unique: vec![0; 256],
            cache: vec![EMPTY; 256],
            budget: budget.min((u32::MAX >> 2) as usize),
            operations: XOR,
        }
    }

    /// How many nodes were made.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Allows so many nodes more from now on.
    pub fn allow(&mut self, nodes: usize) {
        self.budget = self.nodes.len().saturating_add(nodes).min((u32::MAX >> 2) as usize);
    }

    fn hash(a: u32, b: u32, c: u32) -> usize {
        let mixed = u64::from(a).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ u64::from(b).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
            ^ u64::from(c).wrapping_mul(0x1656_67B1_9E37_79F9);
        (mixed ^ (mixed >> 29) ^ (mixed >> 43)) as usize
    }

    fn make(&mut self, variable: u32, low: Bdd, high: Bdd) -> Decided<Bdd> {
        if low == high {
            return Ok(low);
        }
        if high.complemented() {
            return Ok(self.make_regular(variable, low.not(), high.not())?.not());
        }
        self.make_regular(variable, low, high)
    }

    fn make_regular(&mut self, variable: u32, low: Bdd, high: Bdd) -> Decided<Bdd> {
        let mask = self.unique.len() - 1;
        let mut at = Kernel::hash(variable, low.0, high.0) & mask;
        loop {
            let found = self.unique[at];
            if found == 0 {
                break;
            }
            let node = &self.nodes[found as usize];
            if (node.variable, node.low, node.high) == (variable, low, high) {
                return Ok(Bdd(found << 1));
            }
            at = (at + 1) & mask;
        }
        if self.nodes.len() > self.budget {
            return Err(Exhausted);
        }
        let id = self.nodes.len() as u32;
        self.nodes.push(Node { variable, low, high });
        self.unique[at] = id;
        if self.nodes.len() * 2 > self.unique.len() {
            self.grow();
        }
        Ok(Bdd(id << 1))
    }

    fn grow(&mut self) {
        let size = self.unique.len() * 2;
        let mut unique = vec![0; size];
        for (id, node) in self.nodes.iter().enumerate().skip(1) {
            let mut at = Kernel::hash(node.variable, node.low.0, node.high.0) & (size - 1);
            while unique[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            unique[at] = id as u32;
        }
        self.unique = unique;
        if self.cache.len() < 1 << 20 {
            self.cache = vec![EMPTY; size];
        }
    }

    fn top(&self, set: Bdd) -> u32 {
        self.nodes[set.node()].variable
    }

    /// What is left of a set where a variable is off, and where it is on.
    fn split(&self, set: Bdd, variable: u32) -> (Bdd, Bdd) {
        let node = &self.nodes[set.node()];
        match (node.variable == variable, set.complemented()) {
            (false, _) => (set, set),
            (true, false) => (node.low, node.high),
            (true, true) => (node.low.not(), node.high.not()),
        }
    }

    fn remembered(&self, operation: u32, left: Bdd, right: Bdd) -> Option<Bdd> {
        let cached = &self.cache[Kernel::hash(operation, left.0, right.0) & (self.cache.len() - 1)];
        ((cached.operation, cached.left, cached.right) == (operation, left, right)).then_some(cached.result)
    }

    fn remember(&mut self, operation: u32, left: Bdd, right: Bdd, result: Bdd) {
        let at = Kernel::hash(operation, left.0, right.0) & (self.cache.len() - 1);
        self.cache[at] = Cached { operation, left, right, result };
    }

    /// Where a variable is on.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn variable(&mut self, variable: u32) -> Decided<Bdd> {
        self.make(variable, Bdd::FALSE, Bdd::TRUE)
    }

    /// What is in both.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn and(&mut self, left: Bdd, right: Bdd) -> Decided<Bdd> {
        let (left, right) = if left <= right { (left, right) } else { (right, left) };
        if left == Bdd::TRUE || left == right {
            return Ok(right);
        }
        if left == Bdd::FALSE || left == right.not() {
            return Ok(Bdd::FALSE);
        }
        if let Some(known) = self.remembered(AND, left, right) {
            return Ok(known);
        }
        let variable = self.top(left).min(self.top(right));
        let ((left_low, left_high), (right_low, right_high)) =
            (self.split(left, variable), self.split(right, variable));
        let low = self.and(left_low, right_low)?;
        let high = self.and(left_high, right_high)?;
        let result = self.make(variable, low, high)?;
        self.remember(AND, left, right, result);
        Ok(result)
    }

    /// What is in either.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn or(&mut self, left: Bdd, right: Bdd) -> Decided<Bdd> {
        Ok(self.and(left.not(), right.not())?.not())
    }

    /// What is in one and not in the other.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn xor(&mut self, left: Bdd, right: Bdd) -> Decided<Bdd> {
        // Complements are taken out in front: x ^ !y = !(x ^ y).
        let flip = left.complemented() != right.complemented();
        let (left, right) = (Bdd(left.0 & !1), Bdd(right.0 & !1));
        let (left, right) = if left <= right { (left, right) } else { (right, left) };
        let result = if left == right {
            Bdd::FALSE
        } else if left == Bdd::TRUE {
            right.not()
        } else if let Some(known) = self.remembered(XOR, left, right) {
            known
        } else {
            let variable = self.top(left).min(self.top(right));
            let ((left_low, left_high), (right_low, right_high)) =
                (self.split(left, variable), self.split(right, variable));
            let low = self.xor(left_low, right_low)?;
            let high = self.xor(left_high, right_high)?;
            let result = self.make(variable, low, high)?;
            self.remember(XOR, left, right, result);
            result
        };
        Ok(if flip { result.not() } else { result })
    }

    /// What is in the second where the first holds, and in the third elsewhere.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn ite(&mut self, condition: Bdd, then: Bdd, otherwise: Bdd) -> Decided<Bdd> {
        let then = self.and(condition, then)?;
        let otherwise = self.and(condition.not(), otherwise)?;
        self.or(then, otherwise)
    }

    /// What is in all of them.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn all(&mut self, sets: impl IntoIterator<Item = Bdd>) -> Decided<Bdd> {
        let mut all = Bdd::TRUE;
        for set in sets {
            all = self.and(all, set)?;
        }
        Ok(all)
    }

    /// What is in any of them.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn any(&mut self, sets: impl IntoIterator<Item = Bdd>) -> Decided<Bdd> {
        let mut any = Bdd::FALSE;
        for set in sets {
            any = self.or(any, set)?;
        }
        Ok(any)
    }

    /// Whether everything in the first is in the second.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn implies(&mut self, left: Bdd, right: Bdd) -> Decided<bool> {
        Ok(self.and(left, right.not())?.is_empty())
    }

    /// What is in so many of them at least.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn at_least(&mut self, number: usize, sets: &[Bdd]) -> Decided<Bdd> {
        // By how many are still needed, from the last set to the first.
        let mut needed: Vec<Bdd> = (0..=number).map(|left| Bdd::constant(left == 0)).collect();
        for set in sets.iter().rev() {
            for left in (1..=number).rev() {
                needed[left] = self.ite(*set, needed[left - 1], needed[left])?;
            }
        }
        Ok(needed.last().copied().unwrap_or(Bdd::TRUE))
    }

    /// A set with some variables forgotten: what is in it for some value of them. `forget` is asked for each variable.
    ///
    /// # Errors
    /// Beyond the budget.
    pub fn exists(&mut self, set: Bdd, forget: &impl Fn(u32) -> bool) -> Decided<Bdd> {
        self.operations += 1;
        self.forget(set, forget, self.operations)
    }

    fn forget(&mut self, set: Bdd, forget: &impl Fn(u32) -> bool, operation: u32) -> Decided<Bdd> {
        let variable = self.top(set);
        if variable == NO_VARIABLE {
            return Ok(set);
        }
        if let Some(known) = self.remembered(operation, set, Bdd::TRUE) {
            return Ok(known);
        }
        let (low, high) = self.split(set, variable);
        let low = self.forget(low, forget, operation)?;
        let result = if forget(variable) && low.is_all() {
            low
        } else {
            let high = self.forget(high, forget, operation)?;
            if forget(variable) { self.or(low, high)? } else { self.make(variable, low, high)? }
        };
        self.remember(operation, set, Bdd::TRUE, result);
        Ok(result)
    }

    /// The variables a set depends on, in order.
    #[must_use]
    pub fn support(&self, set: Bdd) -> Vec<u32> {
        let mut seen = std::collections::BTreeSet::new();
        let mut found = std::collections::BTreeSet::new();
        let mut waiting = vec![set.node()];
        while let Some(at) = waiting.pop() {
            let node = &self.nodes[at];
            if node.variable != NO_VARIABLE && seen.insert(at) {
                found.insert(node.variable);
                waiting.extend([node.low.node(), node.high.node()]);
            }
        }
        found.into_iter().collect()
    }

    /// How many variables there are: one more than the last.
    #[must_use]
    pub fn variables(&self) -> u32 {
        let numbers = self.nodes.iter().skip(1).map(|node| node.variable + 1);
        numbers.max().unwrap_or_default()
    }

    /// The nodes of a set for other programs, each after those it leads to, and whether the last one stands for the
    /// complement. Node 0 is everything, and not among them.
    #[must_use]
    pub fn export(&self, set: Bdd) -> (Vec<Exported>, bool) {
        let mut places = std::collections::BTreeMap::from([(0_usize, 0_usize)]);
        let mut nodes = Vec::new();
        let mut waiting = vec![(set.node(), false)];
        while let Some((at, ready)) = waiting.pop() {
            if places.contains_key(&at) {
                continue;
            }
            let node = &self.nodes[at];
            if !ready {
                waiting.extend([(at, true), (node.low.node(), false), (node.high.node(), false)]);
            } else if let (Some(low), Some(high)) = (places.get(&node.low.node()), places.get(&node.high.node())) {
                nodes.push((node.variable, (*low, node.low.complemented()), *high));
                places.insert(at, nodes.len());
            }
        }
        (nodes, set.complemented())
    }

    /// Forgets results that were kept for the next time, as a measurement wants.
    pub fn forget_results(&mut self) {
        self.cache.fill(EMPTY);
    }

    /// Whether an assignment is in a set; `on` is asked for the variables that matter.
    #[must_use]
    pub fn contains(&self, set: Bdd, on: impl Fn(u32) -> bool) -> bool {
        let mut at = set;
        while self.top(at) != NO_VARIABLE {
            let variable = self.top(at);
            let (low, high) = self.split(at, variable);
            at = if on(variable) { high } else { low };
        }
        at.is_all()
    }
}
