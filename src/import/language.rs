//! The languages pages are written in, as data: one file each under `languages/`. Another language is another file and
//! its line in the list of this file.

use super::text::key;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// One file a language. The first is the one canonical names are written in.
static FILES: &[&str] = &[
    include_str!("languages/en.yaml"),
    include_str!("languages/de.yaml"),
    include_str!("languages/ja.yaml"),
    include_str!("languages/pt.yaml"),
    include_str!("languages/zh-CN.yaml"),
    include_str!("languages/es.yaml"),
];

/// What a heading announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// What the process is about.
    Overview,
    /// What it is to reach.
    Objectives,
    /// Its steps.
    Approach,
    /// The table of tasks of a step.
    Tasks,
    /// What has to be there before.
    Inputs,
    /// What a success stands for.
    Outputs,
    /// What follows.
    Next,
    /// The change history.
    History,
    /// Data to be written down.
    Data,
    /// Tasks that belong to no step yet: a step of its own.
    Uncategorized,
}

/// What a label of a page or a step says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The phase of the lifecycle.
    Phase,
    /// Who does it.
    Primary,
    /// Who helps.
    Secondary,
    /// The motions it belongs to.
    Motions,
    /// The services it is for.
    Applies,
    /// What the step takes in.
    Inputs,
    /// What the step gives.
    Outputs,
    /// The services, where they follow the role in one line.
    InlineApplies,
}

/// What a column of a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The number of a task.
    Id,
    /// Its name.
    Name,
    /// Mandatory or optional.
    Flag,
    /// Who does it.
    Role,
    /// The services it is for.
    Services,
    /// When something was changed.
    Date,
    /// Who changed it.
    Who,
    /// What was changed.
    What,
}

/// Mandatory or optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It has to be done.
    Mandatory,
    /// It may be declined.
    Optional,
}

/// A kind of name that has an English form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A role.
    Role,
    /// A service.
    Service,
    /// A motion.
    Motion,
}

/// One language. Of several spellings the first is the one that is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Its tag: `zh-CN`.
    pub tag: String,
    /// How the names of its pages end: `sc` for `….-sc.md`.
    pub suffixes: Vec<String>,
    /// Headings.
    pub headings: BTreeMap<Heading, Vec<String>>,
    /// Labels.
    pub labels: BTreeMap<Label, Vec<String>>,
    /// Heads of table columns.
    pub columns: BTreeMap<Column, Vec<String>>,
    /// Words for mandatory and optional.
    pub flags: BTreeMap<Flag, Vec<String>>,
    /// Phases, by their English name in small letters.
    pub phases: BTreeMap<String, Vec<String>>,
    /// Roles, by their English name.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Services, by their English name.
    pub services: BTreeMap<String, Vec<String>>,
    /// Motions, by their English name.
    pub motions: BTreeMap<String, Vec<String>>,
    /// Words between the last two names of a list.
    pub and: Vec<String>,
    /// Words between the last two names of a list of which one is enough.
    pub or: Vec<String>,
    /// Words between the first and the last of a range.
    pub to: Vec<String>,
    /// Words that announce a condition.
    pub conditions: Vec<String>,
    /// Frequent words, by which the language is known; none where its script says enough.
    pub words: Vec<String>,
    /// The names of the months, from January; none where dates have only numbers.
    pub months: Vec<String>,
}

impl Language {
    /// How a heading is written.
    #[must_use]
    pub fn heading(&self, heading: Heading) -> &str {
        first(self.headings.get(&heading))
    }

    /// How a label is written.
    #[must_use]
    pub fn label(&self, label: Label) -> &str {
        first(self.labels.get(&label))
    }

    /// How the head of a column is written.
    #[must_use]
    pub fn column(&self, column: Column) -> &str {
        first(self.columns.get(&column))
    }

    /// How a flag is written in a table.
    #[must_use]
    pub fn flag(&self, flag: Flag) -> &str {
        first(self.flags.get(&flag))
    }
}

fn first(spellings: Option<&Vec<String>>) -> &str {
    spellings.and_then(|spellings| spellings.first()).map_or("", String::as_str)
}

/// An index from the plain form of a spelling to what it means, for one language.
#[derive(Debug, Default)]
struct Index {
    headings: BTreeMap<String, Heading>,
    labels: BTreeMap<String, Label>,
    columns: BTreeMap<String, Column>,
    flags: BTreeMap<String, Flag>,
    phases: BTreeMap<String, String>,
    names: BTreeMap<(NameKind, String), String>,
    /// Beginnings of the names of blocks in a step.
    blocks: Vec<(String, Label)>,
    words: BTreeSet<String>,
}

/// All languages.
#[derive(Debug)]
pub struct Languages {
    languages: Vec<Language>,
    indices: Vec<Index>,
}

fn spellings<'a, K: Clone + 'a>(map: &'a BTreeMap<K, Vec<String>>) -> impl Iterator<Item = (String, K)> + 'a {
    map.iter().flat_map(|(meaning, spellings)| spellings.iter().map(|spelling| (key(spelling), meaning.clone())))
}

impl Languages {
    /// The languages the program knows.
    ///
    /// A file that cannot be read is left out; a test sees to it that there is none.
    #[must_use]
    pub fn known() -> &'static Languages {
        static KNOWN: OnceLock<Languages> = OnceLock::new();
        KNOWN
            .get_or_init(|| Languages::new(FILES.iter().filter_map(|file| serde_saphyr::from_str(file).ok()).collect()))
    }

    fn new(languages: Vec<Language>) -> Languages {
        let indices = languages
            .iter()
            .map(|language| {
                let names = [
                    (NameKind::Role, &language.roles),
                    (NameKind::Service, &language.services),
                    (NameKind::Motion, &language.motions),
                ];
                Index {
                    headings: spellings(&language.headings).collect(),
                    labels: spellings(&language.labels).collect(),
                    columns: spellings(&language.columns).collect(),
                    flags: spellings(&language.flags).collect(),
                    phases: spellings(&language.phases).collect(),
                    names: names
                        .into_iter()
                        .flat_map(|(kind, map)| spellings(map).map(move |(key, name)| ((kind, key), name)))
                        .collect(),
                    blocks: spellings(&language.labels)
                        .filter(|(key, label)| {
                            matches!(label, Label::Inputs | Label::Outputs) && (key.len() > 9 || !key.is_ascii())
                        })
                        .collect(),
                    words: language.words.iter().map(|word| word.to_lowercase()).collect(),
                }
            })
            .collect();
        Languages { languages, indices }
    }

    /// Every language, English first.
    #[must_use]
    pub fn all(&self) -> &[Language] {
        &self.languages
    }

    /// The language of a tag: this one exactly, else one with the same first part.
    #[must_use]
    pub fn by_tag(&self, tag: &str) -> Option<&Language> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        self.languages
            .iter()
            .find(|language| language.tag.eq_ignore_ascii_case(tag))
            .or_else(|| self.languages.iter().find(|language| primary(&language.tag) == primary(tag)))
    }

    fn find<T>(&self, language: &str, look: impl Fn(&Index) -> Option<T>) -> Option<T> {
        let own = self.languages.iter().position(|known| known.tag == language);
        own.and_then(|own| self.indices.get(own)).and_then(&look).or_else(|| self.indices.iter().find_map(look))
    }

    /// What a heading announces: in this language, else in any.
    #[must_use]
    pub fn heading(&self, language: &str, text: &str) -> Option<Heading> {
        let key = key(text);
        self.find(language, |index| index.headings.get(&key).copied()).or_else(|| {
            let starts = |(known, heading): (&String, &Heading)| {
                (*heading == Heading::Uncategorized && key.starts_with(known.as_str())).then_some(*heading)
            };
            self.find(language, |index| index.headings.iter().find_map(starts))
        })
    }

    /// The heading of this language that was probably meant by a misspelt one.
    #[must_use]
    pub fn nearly_heading(&self, language: &str, text: &str) -> Option<Heading> {
        let key = key(text);
        let length = key.chars().count();
        let allowed = match length {
            0..=5 => return None,
            6..=9 => 1,
            _ => 2,
        };
        self.find(language, |index| {
            let near = |known: &str| {
                known.chars().count().abs_diff(length) <= allowed
                    && known.chars().count() > 5
                    && strsim::damerau_levenshtein(known, &key) <= allowed
            };
            index.headings.iter().find_map(|(known, heading)| near(known).then_some(*heading))
        })
    }

    /// What a label says: in this language, else in any.
    #[must_use]
    pub fn label(&self, language: &str, text: &str) -> Option<Label> {
        let key = key(text);
        self.find(language, |index| index.labels.get(&key).copied().filter(|label| *label != Label::InlineApplies))
    }

    /// The block of a step whose name a text begins with.
    #[must_use]
    pub fn block(&self, text: &str) -> Option<Label> {
        let key = key(text);
        let blocks = self.indices.iter().flat_map(|index| &index.blocks);
        blocks.filter(|(known, _)| key.starts_with(known.as_str())).map(|(_, label)| *label).next()
    }

    /// How much a line speaks for each language: headings, labels and frequent words it knows.
    pub(super) fn weigh(&self, line: &str, scores: &mut [usize]) {
        let text = line.trim();
        let title = text.strip_prefix('#').map(|title| key(title.trim_start_matches('#')));
        let label = text.split(':').next().filter(|label| label.len() < text.len() && label.len() < 40).map(key);
        let words: Vec<String> = text
            .split(|character: char| !character.is_alphabetic())
            .filter(|word| !word.is_empty() && word.len() < 12)
            .map(str::to_lowercase)
            .collect();
        for (index, score) in self.indices.iter().zip(scores) {
            if let Some(title) = &title {
                *score += if index.headings.contains_key(title) { 6 } else { 0 };
                continue;
            }
            *score += if label.as_ref().is_some_and(|label| index.labels.contains_key(label)) { 4 } else { 0 };
            *score += words.iter().filter(|word| index.words.contains(*word)).count();
        }
    }

    /// What a column holds: in this language, else in any.
    #[must_use]
    pub fn column(&self, language: &str, text: &str) -> Option<Column> {
        let key = key(text);
        self.find(language, |index| index.columns.get(&key).copied())
    }

    /// Mandatory or optional: in this language, else in any.
    #[must_use]
    pub fn flag(&self, language: &str, text: &str) -> Option<Flag> {
        let key = key(text);
        self.find(language, |index| index.flags.get(&key).copied())
    }

    /// The phase's English name in small letters: in this language, else in any.
    #[must_use]
    pub fn phase(&self, language: &str, text: &str) -> Option<String> {
        let key = key(text);
        self.find(language, |index| index.phases.get(&key).cloned())
    }

    /// The English name: in this language, else in any.
    #[must_use]
    pub fn name(&self, language: &str, kind: NameKind, text: &str) -> Option<String> {
        let key = (kind, key(text));
        self.find(language, |index| index.names.get(&key).cloned())
    }

    /// How a name is written in a language; the English name where the language has no word of its own.
    #[must_use]
    pub fn written(&self, language: &str, kind: NameKind, english: &str) -> String {
        let known = self.by_tag(language).map(|language| match kind {
            NameKind::Role => &language.roles,
            NameKind::Service => &language.services,
            NameKind::Motion => &language.motions,
        });
        let spelling = known.and_then(|names| names.get(english)).and_then(|spellings| spellings.first());
        spelling.map_or_else(|| english.to_owned(), Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        for file in FILES {
            serde_saphyr::from_str::<Language>(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        let tags: Vec<&str> = Languages::known().all().iter().map(|language| language.tag.as_str()).collect();
        assert_eq!(tags, ["en", "de", "ja", "pt", "zh-CN", "es"]);
    }

    #[test]
    fn every_language_has_a_word_for_everything() {
        let languages = Languages::known().all();
        let english = &languages[0];
        for language in languages {
            assert!(language.headings.keys().eq(english.headings.keys()), "{}", language.tag);
            assert!(language.labels.keys().eq(english.labels.keys()), "{}", language.tag);
            assert!(language.columns.keys().eq(english.columns.keys()), "{}", language.tag);
            assert!(language.flags.keys().eq(english.flags.keys()), "{}", language.tag);
            assert!(language.phases.keys().eq(english.phases.keys()), "{}", language.tag);
            for names in [&language.roles, &language.services, &language.motions] {
                let known = |name: &String| {
                    english.roles.contains_key(name)
                        || english.services.contains_key(name)
                        || english.motions.contains_key(name)
                };
                assert!(names.keys().all(known), "{}", language.tag);
            }
        }
    }

    #[test]
    fn near_collisions_are_kept_apart() {
        let languages = Languages::known();
        assert_eq!(languages.heading("ja", "概要"), Some(Heading::Overview));
        assert_eq!(languages.heading("ja", "概要の更新"), Some(Heading::History));
        assert_eq!(languages.heading("zh-CN", "目标"), Some(Heading::Objectives));
        assert_eq!(languages.heading("pt", "Principais Ações"), Some(Heading::Inputs));
        assert_eq!(languages.heading("en", "Key Inputs"), Some(Heading::Inputs));
        assert_eq!(languages.nearly_heading("en", "Key Inptus"), Some(Heading::Inputs));
        assert_eq!(languages.nearly_heading("en", "Overviews"), Some(Heading::Overview));
        assert_eq!(languages.nearly_heading("ja", "概要書"), None);
    }
}
