//! `overlapping-variants` and `customers-without-variant`: whom the variants of one base are for, together.

use crate::diagnostic::{CUSTOMERS_WITHOUT_VARIANT, Diagnostic, OVERLAPPING_VARIANTS};
use crate::diff::region::Joined;
use crate::model::{CUSTOMER, Document, Expr};
use crate::source::{FileId, Span};
use crate::verify::encode::{Lowering, Outlook, Prepared, Space};
use crate::verify::kernel::{BUDGET, Bdd, Decided};
use std::collections::{BTreeMap, BTreeSet};

/// How many overlaps of one variant are told.
const TOLD: usize = 3;

/// Compares the variants of each base that say whom they are for: who belongs to two, and who to none. What is not
/// known of a customer is taken to be known. `asked` are the files something is to be said of.
#[must_use]
pub fn audiences(documents: &[&Document], asked: &BTreeSet<FileId>) -> Vec<Diagnostic> {
    let mut by_base: BTreeMap<Span, Vec<&Document>> = BTreeMap::new();
    for document in documents {
        let about = &document.playbook.about;
        if let (Some(variant), Some(_)) = (&about.variant, &about.customers) {
            by_base.entry(variant.origin).or_default().push(document);
        }
    }
    let mut findings = Vec::new();
    for (base, variants) in by_base.into_iter().filter(|(_, variants)| variants.len() > 1) {
        // Beyond the budget nothing is said: who is meant is then too intricate to be told anyway.
        findings.extend(compared(base, &variants, asked).unwrap_or_default());
    }
    findings
}

/// A variant with its condition, about the joined playbook.
struct Audience<'d> {
    document: &'d Document,
    condition: Expr,
}

fn compared(base: Span, variants: &[&Document], asked: &BTreeSet<FileId>) -> Decided<Vec<Diagnostic>> {
    let mut joined = variants.first().map(|document| document.playbook.clone());
    let mut audiences: Vec<Audience<'_>> = Vec::new();
    for document in variants {
        let (Some(before), Some(condition)) = (joined.take(), &document.playbook.about.customers) else { continue };
        let both = Joined::new(&before, &document.playbook);
        if let Some(condition) = both.translated(condition) {
            audiences.push(Audience { document, condition });
        }
        joined = Some(both.playbook);
    }
    let Some(joined) = joined else { return Ok(Vec::new()) };
    let prepared = Prepared::new(&joined, audiences.iter().map(|audience| &audience.condition));
    let mut lowering = Lowering::new(&prepared, Outlook::start(&joined, CUSTOMER));
    audiences.iter().for_each(|audience| lowering.ask(&audience.condition));
    let truths: Vec<_> = audiences.iter().map(|audience| lowering.condition(&audience.condition).holds).collect();
    let mut space = Space::new(lowering, BUDGET)?;
    let mut sets = Vec::with_capacity(truths.len());
    for truth in truths {
        sets.push(space.set(truth)?);
    }
    let name = |audience: &Audience<'_>| audience.document.playbook.name.name.clone();
    let place = |audience: &Audience<'_>| {
        let playbook = &audience.document.playbook;
        playbook.about.customers.as_ref().map_or(playbook.name.span, |customers| customers.span)
    };
    let universe = space.universe();
    let mut findings = Vec::new();
    let mut nobody = Bdd::constant(true);
    for (at, (audience, set)) in audiences.iter().zip(&sets).enumerate() {
        nobody = space.kernel().and(nobody, set.not())?;
        let mut told = 0;
        for (other, earlier) in audiences.iter().zip(&sets).take(at) {
            let both = space.kernel().and(*set, *earlier)?;
            if told == TOLD || !space.satisfiable(both)? || space.depends_on_outside(both) {
                continue;
            }
            told += 1;
            let region = space.words(both, universe)?.0;
            let message = format!("customers where {region} belong to `{}` and to `{}`", name(other), name(audience));
            findings.push(
                Diagnostic::new(&OVERLAPPING_VARIANTS, place(audience), message)
                    .related(place(other), format!("whom `{}` is for", name(other)))
                    .help("Say in one of them who is not meant, or leave it to whoever chooses the playbook"),
            );
        }
    }
    if space.satisfiable(nobody)? && !space.depends_on_outside(nobody) {
        let region = space.words(nobody, universe)?.0;
        let message = format!("customers where {region} belong to none of the {} variants", audiences.len());
        // Of the base nothing is said where only its variants are asked for; this is about them.
        let mut places = audiences.iter().map(|audience| (place(audience), name(audience)));
        let at = if asked.contains(&base.file) { Some(base) } else { places.next().map(|(place, _)| place) };
        let mut finding = Diagnostic::new(&CUSTOMERS_WITHOUT_VARIANT, at.unwrap_or(base), message);
        if at != Some(base)
            && let Some(first) = audiences.first()
        {
            finding = finding.label(format!("whom `{}` is for", name(first)));
        }
        let room = TOLD + usize::from(at == Some(base));
        for (place, name) in places.take(room) {
            finding = finding.related(place, format!("whom `{name}` is for"));
        }
        findings.push(finding.help("They follow the base"));
    }
    Ok(findings)
}
