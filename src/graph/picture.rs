//! What a drawing of the state graph shows, whatever draws it: nodes, clusters and labelled edges, as texts.
//!
//! A transition written on a whole scope is one edge here, from a node that stands for every stage of the scope: drawn
//! from each of them it would hide the rest.

use crate::graph::{EdgeClass, StateGraph};
use crate::model::{
    Block, BlockId, EndKind, EventMatch, Named, Place, Playbook, ScopeId, ScopeKind, ServiceSet, Stage, TransitionId,
    Trigger, Work,
};
use crate::source::{Sources, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// A drawing of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The playbook's name.
    pub playbook: String,
    /// Its title in the chosen language.
    pub title: String,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Clusters, each after the one it lies in.
    pub clusters: Vec<Cluster>,
    /// Edges.
    pub edges: Vec<Edge>,
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Where a scope begins.
    Start,
    /// Every stage of a scope: where its own `whenever`, `on` and `after` lead from.
    Everywhere,
    /// A stage.
    Stage,
    /// An end that is a success.
    Success,
    /// An end that is neither.
    Neutral,
    /// An end that is a failure.
    Failure,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Unique among nodes and clusters. A stage's or end's own name.
    pub id: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// The title in the chosen language.
    pub title: String,
    /// Who does the work, and how often; may be empty.
    pub subtitle: String,
    /// Further lines for who looks closer: services, needs, tasks.
    pub details: Vec<String>,
    /// The cluster it lies in: an index into [`Picture::clusters`]; none is the customer's own flow.
    pub cluster: Option<usize>,
    /// The line of the source, from 1.
    pub line: u32,
}

/// What a cluster stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// One track per service.
    EachService,
    /// Branches side by side.
    Together,
    /// One branch.
    Branch,
    /// A whole playbook, where several are drawn.
    Process,
}

/// A block or branch with what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Unique among nodes and clusters.
    pub id: String,
    /// What it stands for.
    pub kind: ClusterKind,
    /// The title in the chosen language.
    pub title: String,
    /// The cluster it lies in.
    pub cluster: Option<usize>,
    /// The line of the source, from 1.
    pub line: u32,
}

/// What an edge begins or ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vertex {
    /// A node: an index into [`Picture::nodes`].
    Node(usize),
    /// A cluster: an index into [`Picture::clusters`].
    Cluster(usize),
}

/// A line of [`Picture::outline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A cluster begins.
    Open(usize),
    /// A node.
    Node(usize),
    /// A cluster is over.
    Close(usize),
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// From where.
    pub from: Vertex,
    /// To where.
    pub to: Vertex,
    /// What kind of transition it is.
    pub class: EdgeClass,
    /// When it is taken, in the words of the source; empty where it always is.
    pub label: String,
    /// Whether the target keeps its clocks and rounds.
    pub resume: bool,
    /// At most so many times.
    pub limit: Option<u32>,
    /// The line of the source, from 1.
    pub line: u32,
}

impl Edge {
    /// The label with `resume` and the bound, for drawings that have one text per edge.
    #[must_use]
    pub fn full_label(&self) -> String {
        let resume = self.resume.then(|| "resume".to_owned());
        let limit = self.limit.map(|limit| format!("at most {limit} {}", if limit == 1 { "time" } else { "times" }));
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        [label, resume, limit].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Picture {
    /// Draws a playbook, with titles in the language of this tag where there are any.
    #[must_use]
    pub fn new(playbook: &Playbook, graph: &StateGraph, sources: &Sources, language: Option<&str>) -> Picture {
        let none = |count| vec![Vertex::Node(usize::MAX); count];
        let picture = Picture {
            playbook: playbook.name.name.clone(),
            title: playbook.name.text.in_language(language).to_owned(),
            nodes: Vec::new(),
            clusters: Vec::new(),
            edges: Vec::new(),
        };
        Draughtsman {
            playbook,
            graph,
            sources,
            language,
            picture,
            ids: BTreeMap::new(),
            areas: vec![None; playbook.scopes.len()],
            stages: none(playbook.stages.len()),
            blocks: none(playbook.blocks.len()),
            ends: none(playbook.ends.len()),
        }
        .draw()
    }

    /// The id of what an edge begins or ends at.
    #[must_use]
    pub fn id(&self, vertex: Vertex) -> &str {
        match vertex {
            Vertex::Node(index) => self.nodes.get(index).map_or("", |node| &node.id),
            Vertex::Cluster(index) => self.clusters.get(index).map_or("", |cluster| &cluster.id),
        }
    }

    /// The picture as one reads it aloud: clusters opened and closed, nodes where they lie.
    #[must_use]
    pub fn outline(&self) -> Vec<Line> {
        // By cluster, the customer's own flow last: what lies directly in it.
        let outermost = self.clusters.len();
        let mut contents: Vec<Vec<Vertex>> = vec![Vec::new(); outermost + 1];
        for (index, node) in self.nodes.iter().enumerate() {
            contents[node.cluster.unwrap_or(outermost)].push(Vertex::Node(index));
        }
        for (index, cluster) in self.clusters.iter().enumerate() {
            contents[cluster.cluster.unwrap_or(outermost)].push(Vertex::Cluster(index));
        }
        let mut lines = Vec::with_capacity(self.nodes.len() + 2 * outermost);
        let mut waiting: Vec<Line> = Vec::new();
        let open = |cluster: usize, waiting: &mut Vec<Line>| {
            waiting.extend(contents[cluster].iter().rev().map(|vertex| match vertex {
                Vertex::Node(index) => Line::Node(*index),
                Vertex::Cluster(index) => Line::Open(*index),
            }));
        };
        open(outermost, &mut waiting);
        while let Some(line) = waiting.pop() {
            lines.push(line);
            if let Line::Open(cluster) = line {
                waiting.push(Line::Close(cluster));
                open(cluster, &mut waiting);
            }
        }
        lines
    }

    /// Whether something lies in a cluster, at whatever depth.
    #[must_use]
    pub fn lies_in(&self, vertex: Vertex, cluster: usize) -> bool {
        std::iter::successors(self.cluster_of(vertex), |at| self.clusters.get(*at)?.cluster).any(|at| at == cluster)
    }

    /// Where an edge begins in drawings whose lines cross no border: one that continues in another playbook leads from whole
    /// to whole, and its label names the end.
    #[must_use]
    pub fn tail(&self, edge: &Edge) -> Vertex {
        let mut around = std::iter::successors(self.cluster_of(edge.from), |at| self.clusters.get(*at)?.cluster);
        match around.find(|at| self.clusters.get(*at).is_some_and(|cluster| cluster.kind == ClusterKind::Process)) {
            Some(process) if edge.class == EdgeClass::Continues => Vertex::Cluster(process),
            _ => edge.from,
        }
    }

    /// The cluster something lies in.
    #[must_use]
    pub fn cluster_of(&self, vertex: Vertex) -> Option<usize> {
        match vertex {
            Vertex::Node(index) => self.nodes.get(index).and_then(|node| node.cluster),
            Vertex::Cluster(index) => self.clusters.get(index).and_then(|cluster| cluster.cluster),
        }
    }
}

/// What is needed while a picture is made.
struct Draughtsman<'a> {
    playbook: &'a Playbook,
    graph: &'a StateGraph,
    sources: &'a Sources,
    language: Option<&'a str>,
    picture: Picture,
    /// How often each id has been given away.
    ids: BTreeMap<String, usize>,
    /// The cluster each scope's places lie in.
    areas: Vec<Option<usize>>,
    stages: Vec<Vertex>,
    blocks: Vec<Vertex>,
    ends: Vec<Vertex>,
}

impl Draughtsman<'_> {
    fn draw(mut self) -> Picture {
        // Outer scopes first, so that a cluster stands after the one it lies in.
        let mut scopes = vec![crate::model::CUSTOMER];
        let mut next = 0;
        while let Some(scope) = scopes.get(next).copied() {
            next += 1;
            for block in &self.playbook.scopes[scope.index()].places {
                if let Place::Block(id) = block {
                    self.cluster(scope, *id);
                    scopes.extend(self.graph.runs(*id));
                }
            }
        }
        for scope in &scopes {
            self.nodes_of(*scope);
        }
        for scope in scopes {
            self.edges_of(scope);
        }
        self.picture
    }

    fn id(&mut self, wanted: &str) -> String {
        let count = self.ids.entry(wanted.to_owned()).or_default();
        *count += 1;
        if *count == 1 { wanted.to_owned() } else { format!("{wanted}#{count}") }
    }

    fn line(&self, span: Span) -> u32 {
        self.sources.position(span).line
    }

    fn title(&self, name: &Named) -> String {
        let title = name.text.in_language(self.language);
        if title.trim().is_empty() { name.name.clone() } else { title.to_owned() }
    }

    fn cluster(&mut self, scope: ScopeId, id: BlockId) {
        let playbook = self.playbook;
        let block = &playbook.blocks[id.index()];
        let each = block.scopes.iter().any(|scope| playbook.scopes[scope.index()].kind == ScopeKind::EachService);
        let kind = if each { ClusterKind::EachService } else { ClusterKind::Together };
        let outer = self.push_cluster(kind, self.areas[scope.index()], &block.name, block_title(block, each));
        self.blocks[id.index()] = Vertex::Cluster(outer);
        for inner in &block.scopes {
            let branch = &playbook.scopes[inner.index()];
            self.areas[inner.index()] = Some(match branch.kind {
                ScopeKind::Branch => self.push_cluster(ClusterKind::Branch, Some(outer), &branch.name, None),
                ScopeKind::Customer | ScopeKind::EachService => outer,
            });
        }
    }

    fn push_cluster(&mut self, kind: ClusterKind, cluster: Option<usize>, name: &Named, title: Option<&str>) -> usize {
        let id = self.id(&name.name);
        let title = title.map_or_else(|| self.title(name), str::to_owned);
        self.picture.clusters.push(Cluster { id, kind, title, cluster, line: self.line(name.span) });
        self.picture.clusters.len() - 1
    }

    fn push_node(&mut self, wanted: &str, node: Node) -> Vertex {
        let id = self.id(wanted);
        self.picture.nodes.push(Node { id, ..node });
        Vertex::Node(self.picture.nodes.len() - 1)
    }

    fn nodes_of(&mut self, scope: ScopeId) {
        let playbook = self.playbook;
        let cluster = self.areas[scope.index()];
        for place in &playbook.scopes[scope.index()].places {
            let name = playbook.place_name(*place);
            let node = Node {
                id: String::new(),
                kind: NodeKind::Stage,
                title: self.title(name),
                subtitle: String::new(),
                details: Vec::new(),
                cluster,
                line: self.line(name.span),
            };
            match place {
                Place::Block(_) => {}
                Place::Stage(id) => {
                    let stage = &playbook.stages[id.index()];
                    let node = Node { subtitle: self.subtitle(stage), details: self.details(stage), ..node };
                    self.stages[id.index()] = self.push_node(&name.name, node);
                }
                Place::End(id) => {
                    let end = &playbook.ends[id.index()];
                    let kind = match end.kind {
                        EndKind::Success => NodeKind::Success,
                        EndKind::Neutral => NodeKind::Neutral,
                        EndKind::Failure => NodeKind::Failure,
                    };
                    let subtitle =
                        end.continues.as_ref().map(|(playbook, _)| format!("continues {playbook}")).unwrap_or_default();
                    self.ends[id.index()] = self.push_node(&name.name, Node { kind, subtitle, ..node });
                }
            }
        }
    }

    fn subtitle(&self, stage: &Stage) -> String {
        let roles = stage.roles.iter().map(|role| self.title(&self.playbook.roles[role.index()]));
        let cadences = stage.cadences.iter().map(|id| {
            let cadence = &self.playbook.cadences[id.index()];
            let period = cadence.period.to_string();
            let period = period.strip_prefix("1 ").unwrap_or(&period);
            match cadence.limit {
                Some(limit) => format!("every {period}, at most {limit}×"),
                None => format!("every {period}"),
            }
        });
        roles.chain(cadences).collect::<Vec<_>>().join(" · ")
    }

    fn details(&self, stage: &Stage) -> Vec<String> {
        let mut details = Vec::new();
        details.extend(stage.services.map(|services| format!("for {}", self.services(services))));
        details.extend(stage.needs.iter().map(|needs| format!("needs {}", needs.text.in_language(self.language))));
        let cadences = stage.cadences.iter().map(|id| &self.playbook.cadences[id.index()].body);
        let mut waiting: Vec<&Work> = std::iter::once(&stage.body).chain(cadences).flatten().rev().collect();
        while let Some(work) = waiting.pop() {
            match work {
                Work::Together(parts) => waiting.extend(parts.iter().rev()),
                Work::Step(step) => details.push(step.text.in_language(self.language).to_owned()),
                Work::Set(set) => details.push(self.source(set.span)),
                Work::Task(id) => {
                    let offer = &self.playbook.offers[id.index()];
                    let label = self.playbook.tasks[offer.task.index()].label();
                    let title = offer.title.in_language(self.language);
                    let mandatory = if offer.mandatory { "mandatory" } else { "optional" };
                    details.push(format!("task {label} {mandatory} {title}").trim_end().to_owned());
                }
            }
        }
        details
    }

    fn services(&self, services: ServiceSet) -> String {
        let titles = services.iter().filter_map(|id| self.playbook.services.get(id.index()));
        titles.map(|service| self.title(service)).collect::<Vec<_>>().join(", ")
    }

    fn edges_of(&mut self, id: ScopeId) {
        let playbook = self.playbook;
        let scope = &playbook.scopes[id.index()];
        let special = |kind, title: &str, line| Node {
            id: String::new(),
            kind,
            title: title.to_owned(),
            subtitle: String::new(),
            details: Vec::new(),
            cluster: self.areas[id.index()],
            line,
        };
        let line = self.line(scope.name.span);
        let (start, everywhere) =
            (special(NodeKind::Start, "start", line), special(NodeKind::Everywhere, "in every stage", line));
        if !scope.start.is_empty() {
            let from = self.push_node(&format!("start:{}", scope.name.name), start);
            self.edges(from, &scope.start, true);
        }
        if !scope.everywhere.is_empty() {
            let from = self.push_node(&format!("everywhere:{}", scope.name.name), everywhere);
            self.edges(from, &scope.everywhere, false);
        }
        for place in &scope.places {
            match place {
                Place::Stage(id) => self.edges(self.stages[id.index()], &playbook.stages[id.index()].exits, false),
                Place::Block(id) => self.edges(self.blocks[id.index()], &playbook.blocks[id.index()].exits, false),
                Place::End(_) => {}
            }
        }
    }

    fn edges(&mut self, from: Vertex, transitions: &[TransitionId], start: bool) {
        for id in transitions {
            let transition = &self.playbook.transitions[id.index()];
            let edge = Edge {
                from,
                to: match transition.target {
                    Place::Stage(id) => self.stages[id.index()],
                    Place::Block(id) => self.blocks[id.index()],
                    Place::End(id) => self.ends[id.index()],
                },
                class: EdgeClass::of(&transition.trigger, start),
                label: self.label(&transition.trigger),
                resume: transition.resume,
                limit: transition.limit,
                line: self.line(transition.span),
            };
            self.picture.edges.push(edge);
        }
    }

    fn label(&self, trigger: &Trigger) -> String {
        match trigger {
            Trigger::Completion(None) => String::new(),
            Trigger::Completion(Some(guard)) => self.source(guard.span),
            Trigger::Otherwise => "otherwise".to_owned(),
            Trigger::Whenever(guard) => format!("whenever {}", self.source(guard.span)),
            Trigger::On(event, None) => format!("on {}", self.event(event)),
            Trigger::On(event, Some(guard)) => format!("on {} when {}", self.event(event), self.source(guard.span)),
            Trigger::After(duration) => format!("after {duration}"),
            Trigger::AfterLastRound(None) => "after last round".to_owned(),
            Trigger::AfterLastRound(Some(id)) => match &self.playbook.cadences[id.index()].name {
                Some(name) => format!("after last round of {name}"),
                None => "after last round".to_owned(),
            },
        }
    }

    fn event(&self, event: &EventMatch) -> String {
        match event {
            EventMatch::Blocker(kinds) if kinds.is_empty() => "blocker".to_owned(),
            EventMatch::Blocker(kinds) => format!("blocker ({})", kinds.join(", ")),
            EventMatch::Resolved => "resolved".to_owned(),
            EventMatch::Waived => "waived".to_owned(),
            EventMatch::Escalated => "escalated".to_owned(),
            EventMatch::Event(id) => self.playbook.events[id.index()].name.clone(),
        }
    }

    fn source(&self, span: Span) -> String {
        one_line(self.sources.text(span))
    }
}

/// The title of a block nobody named: the word it is written with.
fn block_title(block: &Block, each: bool) -> Option<&'static str> {
    let unnamed = block.name.text.main == block.name.name && block.name.text.translations.is_empty();
    match block.name.name.as_str() {
        "each_service" if unnamed && each => Some("each service"),
        "together" if unnamed && !each => Some("together"),
        _ => None,
    }
}

/// Source text as one line: comments left out, white space outside quotes collapsed.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                out.push(letter);
                out.extend(letters.next());
            }
            '"' => {
                quoted = !quoted;
                out.push(letter);
            }
            '/' if !quoted && letters.peek() == Some(&'/') => {
                while letters.next_if(|letter| *letter != '\n').is_some() {}
            }
            _ if letter.is_whitespace() && !quoted => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            _ => out.push(letter),
        }
    }
    out.truncate(out.trim_end().len());
    out
}
