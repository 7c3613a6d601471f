//! What holds of every file, also of those with mistakes.

use super::expressions::{FORMS, asked};
use super::{playbook, resolve};
use crate::model::resolve::Imported;
use crate::model::{Atom, Document, Expr, Node, Place, Playbook, Since, Trigger, Work};
use crate::source::{Sources, Span};
use crate::syntax::parse;
use proptest::prelude::*;

const SKETCH: &str = include_str!("../../../../tests/fixtures/sketch.play");

/// Where names and numbers stand in a text.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, character.is_ascii_alphanumeric() || character == '_') {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The sketch with some of its words replaced by others of it.
fn mixed(swaps: &[(prop::sample::Index, prop::sample::Index)]) -> String {
    let words = words(SKETCH);
    let mut replaced: Vec<&str> = words.iter().map(|(start, end)| &SKETCH[*start..*end]).collect();
    for (at, by) in swaps {
        let (at, by) = (at.index(words.len()), by.index(words.len()));
        replaced[at] = &SKETCH[words[by].0..words[by].1];
    }
    let mut text = String::new();
    let mut end = 0;
    for ((start, stop), word) in words.iter().zip(replaced) {
        text.push_str(&SKETCH[end..*start]);
        text.push_str(word);
        end = *stop;
    }
    text + &SKETCH[end..]
}

/// Whether all ids of a playbook point at something.
fn is_sound(playbook: &Playbook) -> bool {
    let place = |place: &Place| match place {
        Place::Stage(id) => id.index() < playbook.stages.len(),
        Place::Block(id) => id.index() < playbook.blocks.len(),
        Place::End(id) => id.index() < playbook.ends.len(),
    };
    let expr = |expr: &Expr| {
        let mut sound = true;
        expr.walk(&mut |part| {
            sound &= match &part.node {
                Node::Parameter(id) => id.index() < playbook.parameters.len(),
                Node::Let(id) => id.index() < playbook.lets.len(),
                Node::Atom(Atom::Fact(id) | Atom::Unknown(id) | Atom::Change(id, _)) => {
                    id.index() < playbook.facts.len()
                }
                Node::Atom(Atom::Round(id)) => id.index() < playbook.cadences.len(),
                Node::Atom(Atom::DoneTask(id) | Atom::TaskStatus(id, _) | Atom::Since(_, Since::Task(id), ..)) => {
                    id.index() < playbook.tasks.len()
                }
                Node::Atom(Atom::At(places)) => places.iter().all(place),
                Node::Atom(Atom::Sustained(id)) => id.index() < playbook.sustained.len(),
                _ => true,
            }
        });
        sound
    };
    fn works(work: &[Work], sound: &dyn Fn(&Work) -> bool) -> bool {
        work.iter().all(|item| match item {
            Work::Together(items) => works(items, sound),
            item => sound(item),
        })
    }
    let work = |item: &Work| match item {
        Work::Task(id) => id.index() < playbook.offers.len(),
        Work::Set(assignment) => assignment.fact.index() < playbook.facts.len() && expr(&assignment.value),
        Work::Step(_) | Work::Together(_) => true,
    };
    let transitions = playbook.transitions.iter().all(|transition| {
        let guard = match &transition.trigger {
            Trigger::Completion(guard) | Trigger::On(_, guard) => guard.as_ref(),
            Trigger::Whenever(guard) => Some(guard),
            Trigger::AfterLastRound(Some(id)) => return id.index() < playbook.cadences.len(),
            Trigger::Otherwise | Trigger::After(_) | Trigger::AfterLastRound(None) => None,
        };
        place(&transition.target) && guard.is_none_or(expr)
    });
    let stages = playbook.stages.iter().all(|stage| {
        stage.scope.index() < playbook.scopes.len()
            && stage.exits.iter().all(|exit| exit.index() < playbook.transitions.len())
            && stage.roles.iter().all(|role| role.index() < playbook.roles.len())
            && stage.needs.iter().all(|needs| expr(&needs.condition))
            && works(&stage.body, &work)
    });
    transitions
        && stages
        && playbook.cadences.iter().all(|cadence| works(&cadence.body, &work))
        && playbook.sustained.iter().all(|sustained| expr(&sustained.condition))
        && playbook.lets.iter().all(|item| expr(&item.value))
        && playbook.scopes.iter().all(|scope| scope.places.iter().all(place))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_looked_at_to_its_end(
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12)
    ) {
        let text = mixed(&swaps);
        let mut sources = Sources::new();
        let id = sources.add("mixed.play", text.as_str());
        let (file, _) = parse(sources.get(id).unwrap(), id);
        let (documents, found) = resolve(&file, &[Imported::whole(&file)]);
        let inside = |span: Span| span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some();
        for finding in &found {
            prop_assert!(inside(finding.primary.span), "{finding:?}");
            prop_assert!(finding.related.iter().all(|label| inside(label.span)), "{finding:?}");
            prop_assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{finding:?}");
        }
        for Document { playbook, .. } in &documents {
            prop_assert!(is_sound(playbook));
        }
        prop_assert_eq!(resolve(&file, &[Imported::whole(&file)]), (documents, found));
    }
}

#[test]
fn conditions_in_words_are_read_as_they_were_meant() {
    let words = |condition: &str| {
        let text = asked("yes").replace("task 1 optional", &format!("needs {condition} task 1 optional"));
        let made = playbook(&text);
        let needs = made.stages[0].needs[0].clone();
        (needs.text.main, needs.condition.node)
    };
    for condition in FORMS {
        let (written, meant) = words(condition);
        assert_eq!(written, *condition);
        let (again, read) = words(&written);
        assert_eq!(again, written);
        assert_eq!(std::mem::discriminant(&read), std::mem::discriminant(&meant), "{written}");
    }
}
