//! Transitions: what makes them fire, and where they lead.

use super::super::expression::Context;
use super::super::names::{Names, Spot, unknown, what_spot};
use super::super::{stand_in, suggest};
use crate::diagnostic::{Diagnostic, MISPLACED_TRANSITION, UNKNOWN_NAME, WRONG_SCOPE, WRONG_TYPE};
use crate::model::{Length, Origin, Place, ScopeId, ScopeKind, Transition, TransitionId, Trigger};
use crate::source::Span;
use crate::suggest::closest;
use crate::syntax::ast;
use crate::value::Duration;

/// A transition from `origin`, which lies in `scope`. Without a target there is none; what else cannot be resolved is
/// replaced, so that the stage keeps its exit.
pub(super) fn resolve(
    names: &mut Names,
    written: &ast::Transition,
    origin: Origin,
    scope: ScopeId,
    out: &mut Vec<Diagnostic>,
) -> Option<TransitionId> {
    let trigger = trigger(names, written, origin, scope, out);
    let limit = written.limit.as_ref().and_then(|limit| names.count(limit, "a limit", out));
    let (Some(target), Some(trigger)) = (target(names, &written.target, scope, out), trigger) else {
        names.flow_lost += 1;
        return None;
    };
    // Where it leads to what was probably meant, nothing is concluded from that.
    if names.playbook.place_name(target).name != written.target.text {
        names.flow_lost += 1;
    }
    let resume = written.resume && can_resume(&written.target, target, origin, out);
    let transition = Transition { origin, trigger, target, resume, limit, span: written.span };
    Some(super::push(names, transition))
}

fn trigger(
    names: &mut Names,
    written: &ast::Transition,
    origin: Origin,
    scope: ScopeId,
    out: &mut Vec<Diagnostic>,
) -> Option<Trigger> {
    let at = Context::scope(names.in_service(scope));
    let at = if let Origin::Stage(stage) = origin { at.in_stage(stage) } else { at };
    let mut condition = |condition: &ast::Expr, out: &mut Vec<Diagnostic>| {
        names.condition(condition, at, out).unwrap_or_else(|| stand_in(condition.span))
    };
    let trigger = match &written.trigger {
        ast::Trigger::Completion(guard) => Trigger::Completion(guard.as_ref().map(|guard| condition(guard, out))),
        ast::Trigger::Otherwise => Trigger::Otherwise,
        ast::Trigger::Whenever(guard) => Trigger::Whenever(condition(guard, out)),
        ast::Trigger::On(event, guard) => {
            let guard = guard.as_ref().map(|guard| condition(guard, out));
            match names.event(event, out) {
                Some(event) => Trigger::On(event, guard),
                // Not known when it fires, but it can.
                None => Trigger::Whenever(stand_in(event.name.span)),
            }
        }
        ast::Trigger::After(delay) => {
            let delay = names.length(delay, "the time to wait", out);
            Trigger::After(delay.unwrap_or_else(|| Length::Time(Duration::days(1))))
        }
        ast::Trigger::AfterLastRound(name) => {
            let Origin::Stage(stage) = origin else {
                return misplaced(written.span, "`after last round` belongs into a stage with `every … { … }`", out);
            };
            let cadence = match name {
                Some(name) => Some(names.cadence(stage, Some(name), name.span, out)?),
                None if names.playbook.stages[stage.index()].cadences.is_empty() => {
                    let name = names.playbook.stages[stage.index()].name.name.clone();
                    let message = format!("stage `{name}` has no rounds, so there is no last one");
                    return misplaced(written.span, &message, out);
                }
                None => None,
            };
            Trigger::AfterLastRound(cadence)
        }
    };
    let completion = matches!(trigger, Trigger::Completion(_) | Trigger::Otherwise);
    match origin {
        Origin::Start(_) if !completion => {
            misplaced(written.span, "`start` says where to begin, and nothing has happened by then", out)
        }
        Origin::Everywhere(_) if completion => misplaced(
            written.span,
            "no work is finished here: only `whenever`, `on` and `after` hold in every stage",
            out,
        ),
        _ => Some(trigger),
    }
}

fn misplaced(span: Span, message: &str, out: &mut Vec<Diagnostic>) -> Option<Trigger> {
    out.push(Diagnostic::new(&MISPLACED_TRANSITION, span, message));
    None
}

fn target(names: &Names, name: &ast::Name, scope: ScopeId, out: &mut Vec<Diagnostic>) -> Option<Place> {
    // A block without a name goes by its keyword, which leads nowhere.
    let declared = |place: &&Place| names.spot(&names.playbook.place_name(**place).name).is_some();
    let own = || {
        let places = names.playbook.scopes[scope.index()].places.iter();
        places.filter(declared).map(|place| names.playbook.place_name(*place).name.as_str())
    };
    match names.spot(&name.text) {
        Some(Spot::Place(place)) => {
            let found = names.playbook.place_scope(place);
            if found == scope {
                return Some(place);
            }
            let message = format!(
                "`{}` lies in {}, and this transition belongs to {}",
                name.text,
                call(names, found),
                call(names, scope)
            );
            out.push(
                Diagnostic::new(&WRONG_SCOPE, name.span, message)
                    .related(names.playbook.place_name(place).span, "declared here")
                    .help("A transition leads to a stage, block or end beside it"),
            );
            None
        }
        Some(Spot::Branch(branch)) => {
            let block = names.playbook.scopes[branch.index()].block.map(|block| &names.playbook.blocks[block.index()]);
            let help = match block {
                Some(block) if names.spot(&block.name.name).is_some() => {
                    format!("Enter the whole block: `-> {}`", block.name.name)
                }
                _ => "Give the block a name, `together as NAME { … }`, and enter it as a whole".to_owned(),
            };
            let message = format!("`{}` is a branch, and branches begin together", name.text);
            out.push(Diagnostic::new(&WRONG_TYPE, name.span, message).help(help));
            None
        }
        None => {
            let meant = closest(&name.text, own());
            let places = names.playbook.scopes[scope.index()].places.iter();
            let nameless = places.filter(|place| !declared(place) && matches!(place, Place::Block(_)));
            let mut nameless = nameless.map(|place| (*place, names.playbook.place_name(*place)));
            if let Some((place, block)) = nameless.find(|(_, block)| block.name == name.text) {
                let keyword = block.name.replace('_', " ");
                out.push(
                    Diagnostic::new(&UNKNOWN_NAME, name.span, format!("the block `{keyword}` has no name to lead to"))
                        .related(block.span, "the block")
                        .help(format!("Give it one, `{keyword} as NAME {{ … }}`, and lead there: `-> NAME`")),
                );
                return Some(place);
            }
            // Without one that is near, all of the playbook are looked at for the message.
            let diagnostic = match (meant, closest(&name.text, names.place_names())) {
                (None, Some(_)) => unknown("stage, block or end", &name.text, name.span, names.place_names()),
                _ => unknown("stage, block or end", &name.text, name.span, own()),
            };
            out.push(diagnostic);
            // The one that was probably meant, so that the stage is not called a dead end too.
            match names.spot(meant?) {
                Some(Spot::Place(place)) if names.playbook.place_scope(place) == scope => Some(place),
                _ => None,
            }
        }
    }
}

/// A scope as a message calls it.
fn call(names: &Names, id: ScopeId) -> String {
    let scope = &names.playbook.scopes[id.index()];
    match scope.kind {
        ScopeKind::Customer => "the customer's own stages".to_owned(),
        ScopeKind::EachService => {
            if scope.name.name == "each_service" {
                "`each service`".to_owned()
            } else {
                format!("`each service as {}`", scope.name.name)
            }
        }
        ScopeKind::Branch => format!("branch {}", suggest::list([scope.name.name.as_str()], "and")),
    }
}

fn can_resume(name: &ast::Name, target: Place, origin: Origin, out: &mut Vec<Diagnostic>) -> bool {
    let message = match (target, origin) {
        (Place::Stage(_), Origin::Start(_)) => "nothing was begun yet, so nothing can be resumed".to_owned(),
        (Place::Stage(_), _) => return true,
        _ => format!("only stages are resumed, and `{}` is {}", name.text, what_spot(Spot::Place(target))),
    };
    out.push(Diagnostic::new(&MISPLACED_TRANSITION, name.span, message).help("Leave `resume` out"));
    false
}
