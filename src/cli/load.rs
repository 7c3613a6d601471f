//! Paths to trees: files and folders are found, read and parsed, with everything they import.
#![expect(clippy::disallowed_methods, reason = "the command line is where folders are read")]

use super::input::{self, Unread, is_standard_input, read_text};
use super::{Session, Stop};
use crate::diagnostic::{BROKEN_IMPORT, Diagnostic, EMPTY_FILE, IMPORT_CYCLE, Severity, has_errors};
use crate::model::resolve::Imported;
use crate::model::variant::{FileInSight, expand};
use crate::source::{FileId, Sources, Span};
use crate::suggest::closest;
use crate::syntax::{ast, parse};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The ending of playbook files.
const ENDING: &str = "play";

/// One file that was read.
#[derive(Debug)]
pub struct LoadedFile {
    /// Its text.
    pub id: FileId,
    /// Where it was read from; `-` is standard input.
    pub path: PathBuf,
    /// Whether it was asked for, and not only imported.
    pub requested: bool,
    /// Its tree; as much of it as could be made of the text.
    pub tree: ast::File,
    /// What it imports.
    pub imports: Vec<FileImport>,
}

/// That a file imports another.
#[derive(Debug)]
pub struct FileImport {
    /// The place of the import.
    pub span: Span,
    /// The index of the file.
    pub file: usize,
    /// What of it; nothing named is everything.
    pub names: Vec<ast::Imported>,
}

/// All files of one command, with what is to be said about their text and their imports.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Their texts.
    pub sources: Sources,
    /// The files in the order they were asked for, then those that were imported.
    pub files: Vec<LoadedFile>,
    /// Findings about encodings, syntax and imports.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings about variants and vocabularies.
    pub of_variants: Vec<Diagnostic>,
    /// Files that were asked for and could not be read.
    pub unreadable: Vec<Unread>,
    by_path: BTreeMap<PathBuf, usize>,
}

impl Loaded {
    /// The trees the file of this index imports.
    #[must_use]
    pub fn imported(&self, index: usize) -> Vec<Imported<'_>> {
        let files = self.imports(index);
        files
            .into_iter()
            .filter_map(|(other, names)| {
                let path = self.path_of(index, other);
                Some(Imported { file: &self.files.get(other)?.tree, names, path })
            })
            .collect()
    }

    /// The path by which one file imports another.
    fn path_of(&self, index: usize, other: usize) -> Option<ast::Literal> {
        let file = self.files.get(index)?;
        let place = file.imports.iter().find(|import| import.file == other && import.names.is_empty())?.span;
        file.tree.items.iter().find_map(|item| match item {
            ast::Item::Import(import) if import.path.span == place => Some(import.path.clone()),
            _ => None,
        })
    }

    /// The files the file of this index imports, each once, with what of them.
    fn imports(&self, index: usize) -> BTreeMap<usize, Vec<ast::Imported>> {
        let mut files: BTreeMap<usize, Vec<ast::Imported>> = BTreeMap::new();
        let mut whole: BTreeSet<usize> = BTreeSet::new();
        let imports = self.files.get(index).into_iter().flat_map(|file| &file.imports);
        for import in imports.filter(|import| import.file != index) {
            files.entry(import.file).or_default().extend(import.names.iter().cloned());
            if import.names.is_empty() {
                whole.insert(import.file);
            }
        }
        // Where everything is imported once, it is under its own names.
        for file in whole {
            files.insert(file, Vec::new());
        }
        files
    }

    /// Puts the playbooks of variants and the declarations of vocabularies in their places.
    fn expand(&mut self) {
        let files: Vec<FileInSight<'_>> = self
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| FileInSight { tree: &file.tree, imports: self.imports(index).into_iter().collect() })
            .collect();
        let (trees, found) = expand(&files);
        for (file, tree) in self.files.iter_mut().zip(trees) {
            if let Some(tree) = tree {
                file.tree = tree;
            }
        }
        self.of_variants = found;
    }

    /// How many files were asked for.
    #[must_use]
    pub fn requested(&self) -> usize {
        self.files.iter().filter(|file| file.requested).count()
    }

    /// That files could not be read, as findings.
    pub fn unread(&mut self) -> Vec<Diagnostic> {
        self.unreadable.iter().map(|unread| unread.finding(&mut self.sources)).collect()
    }

    /// Says on standard error which files could not be read.
    pub fn complain(&self, session: &mut Session) {
        self.unreadable.iter().for_each(|unread| session.complain(&unread.stop));
    }
}

/// Reads these files, the playbook files in these folders, and what they import.
///
/// # Errors
/// Wrong usage where a folder holds no playbook file, or standard input is named twice. A file that cannot be read is
/// in [`Loaded::unreadable`], the others are still read.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Stop> {
    let mut loaded = Loaded::default();
    for path in find(paths, &mut loaded.unreadable)? {
        match loaded.add(&path) {
            Ok(index) => loaded.files.get_mut(index).into_iter().for_each(|file| file.requested = true),
            Err(stop) => loaded.unreadable.push(Unread { path, stop }),
        }
    }
    // Imported files come after those that import them, and are looked at in their turn.
    let mut next = 0;
    while next < loaded.files.len() {
        loaded.follow_imports(next);
        next += 1;
    }
    loaded.find_cycles();
    loaded.expand();
    Ok(loaded)
}

impl Loaded {
    /// Reads and parses a file, unless it is already there; gives its index.
    fn add(&mut self, path: &Path) -> Result<usize, Stop> {
        let key = if is_standard_input(path) {
            path.to_owned()
        } else {
            fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
        };
        if let Some(index) = self.by_path.get(&key) {
            return Ok(*index);
        }
        let (id, not_a_text) = read_text(path, &mut self.sources)?;
        let tree = match (not_a_text, self.sources.get(id)) {
            (None, Some(source)) => {
                let (tree, found) = parse(source, id);
                if tree.items.is_empty() && !has_errors(&found) {
                    self.diagnostics.push(empty(id));
                }
                self.diagnostics.extend(found);
                tree
            }
            (not_a_text, _) => {
                self.diagnostics.extend(not_a_text);
                ast::File::default()
            }
        };
        let index = self.files.len();
        self.files.push(LoadedFile { id, path: path.to_owned(), requested: false, tree, imports: Vec::new() });
        self.by_path.insert(key, index);
        Ok(index)
    }

    fn follow_imports(&mut self, index: usize) {
        let Some(file) = self.files.get(index) else { return };
        let folder = file.path.parent().map(Path::to_owned).unwrap_or_default();
        let imports: Vec<ast::Import> = file
            .tree
            .items
            .iter()
            .filter_map(|item| if let ast::Item::Import(import) = item { Some(import.clone()) } else { None })
            .collect();
        for ast::Import { path: import, names, .. } in imports {
            let path = folder.join(&import.text);
            match self.add(&path) {
                Ok(imported) => {
                    if let Some(file) = self.files.get_mut(index) {
                        file.imports.push(FileImport { span: import.span, file: imported, names });
                    }
                    self.expect_playbook(import, imported);
                }
                Err(stop) => self.diagnostics.push(broken(&import, &path, &stop)),
            }
        }
    }

    /// An import is for the playbook in the file: without one it is of no use.
    fn expect_playbook(&mut self, import: ast::Literal, imported: usize) {
        let Some(file) = self.files.get(imported) else { return };
        let has_playbook = file
            .tree
            .items
            .iter()
            .any(|item| matches!(item, ast::Item::Playbook(_) | ast::Item::Variant(_) | ast::Item::Vocabulary(_)));
        // What keeps it from being read is said in its own place.
        let is_broken = self
            .diagnostics
            .iter()
            .any(|found| found.primary.span.file == file.id && found.severity == Severity::Error);
        if !has_playbook && !is_broken {
            self.diagnostics.push(
                Diagnostic::new(&BROKEN_IMPORT, import.span, format!("there is no playbook in `{}`", import.text))
                    .help("Import the file that holds the playbook"),
            );
        }
    }

    /// Files that import each other in a circle.
    fn find_cycles(&mut self) {
        let mut graph: DiGraph<usize, Span> = DiGraph::new();
        let nodes: Vec<NodeIndex> = (0..self.files.len()).map(|index| graph.add_node(index)).collect();
        for (from, file) in nodes.iter().zip(&self.files) {
            for import in &file.imports {
                if let Some(to) = nodes.get(import.file) {
                    graph.add_edge(*from, *to, import.span);
                }
            }
        }
        for circle in petgraph::algo::tarjan_scc(&graph) {
            let members: BTreeSet<usize> = circle.iter().map(|node| node.index()).collect();
            // The imports by which each member leads to another.
            let imports: Vec<(usize, Span)> = members
                .iter()
                .filter_map(|member| self.files.get(*member).map(|file| (*member, file)))
                .flat_map(|(member, file)| file.imports.iter().map(move |import| (member, import.span, import.file)))
                .filter(|(_, _, to)| members.contains(to))
                .map(|(member, span, _)| (member, span))
                .collect();
            let Some((_, first)) = imports.first() else { continue };
            let mut finding = Diagnostic::new(&IMPORT_CYCLE, *first, self.circle(&members))
                .help("Move what both need into a file that imports neither");
            for (member, span) in imports.iter().skip(1) {
                finding = finding.related(*span, format!("`{}` goes on from here", self.name(*member)));
            }
            self.diagnostics.push(finding);
        }
    }

    fn name(&self, index: usize) -> String {
        self.files.get(index).map(|file| input::name(&file.path)).unwrap_or_default()
    }

    fn circle(&self, members: &BTreeSet<usize>) -> String {
        let names: Vec<String> = members.iter().map(|member| format!("`{}`", self.name(*member))).collect();
        match names.as_slice() {
            [only] => format!("{only} imports itself"),
            [first @ .., last] => format!("{} and {last} import each other in a circle", first.join(", ")),
            [] => String::new(),
        }
    }
}

fn empty(id: FileId) -> Diagnostic {
    Diagnostic::new(
        &EMPTY_FILE,
        Span { file: id, start: 0, end: 0 },
        "there is no playbook, test, property or scenario in this file",
    )
}

fn broken(import: &ast::Literal, path: &Path, stop: &Stop) -> Diagnostic {
    let why = match stop {
        Stop::Unreadable(message) => message.rsplit_once("`: ").map_or(message.as_str(), |(_, why)| why),
        Stop::Usage(message, _) => message,
        Stop::Interrupted => "it was interrupted",
    };
    let message = format!("`{}` cannot be imported: {why}", import.text);
    Diagnostic::new(&BROKEN_IMPORT, import.span, message).help_if(similar(path))
}

/// A playbook file in the same folder with nearly the same name.
fn similar(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = path.file_stem()?.to_string_lossy().into_owned();
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| is_playbook(path))
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    closest(&wanted, names.iter().map(String::as_str))
        .map(|name| format!("Did you mean `{name}.{ENDING}`? The path is relative to the folder of this file"))
}

fn is_playbook(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == ENDING)
}

/// The files these paths stand for: folders are searched for playbook files, hidden ones left out.
pub(super) fn find(paths: &[PathBuf], unreadable: &mut Vec<Unread>) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Stop::Usage("standard input (`-`) can be read only once".to_owned(), None));
    }
    for path in paths {
        if is_standard_input(path) || !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let (files_before, failures_before) = (files.len(), unreadable.len());
        walk(path, &mut files, unreadable, &mut BTreeSet::new());
        if files.len() == files_before && unreadable.len() == failures_before {
            return Err(Stop::Usage(
                format!("there is no playbook in the folder `{}`", path.display()),
                Some(format!("Files with playbooks end in `.{ENDING}`")),
            ));
        }
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, unreadable: &mut Vec<Unread>, seen: &mut BTreeSet<PathBuf>) {
    let cannot = |error: &std::io::Error| {
        let why = format!("cannot read the folder `{}`: {}", folder.display(), input::reason(error));
        Unread { path: folder.to_owned(), stop: Stop::Unreadable(why) }
    };
    // A link may lead back to a folder that has been searched.
    match fs::canonicalize(folder) {
        Ok(real) if seen.insert(real.clone()) => {}
        Ok(_) => return,
        Err(error) => return unreadable.push(cannot(&error)),
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return unreadable.push(cannot(&error)),
    };
    // `.` and its files are called by their names alone.
    let shown = if folder == Path::new(".") { Path::new("") } else { folder };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if !entry.file_name().to_string_lossy().starts_with('.') => {
                paths.push(shown.join(entry.file_name()))
            }
            Ok(_) => {}
            Err(error) => unreadable.push(cannot(&error)),
        }
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, files, unreadable, seen);
        } else if is_playbook(&path) {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes files into a folder of their own.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// The files found below a folder, relative to it.
    fn found(folder: &Path) -> Vec<String> {
        let mut unreadable = Vec::new();
        let files = find(&[folder.to_owned()], &mut unreadable).unwrap();
        assert_eq!(unreadable, []);
        files.iter().map(|file| file.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/")).collect()
    }

    const PLAYBOOK: &str = "playbook a { stage b { -> c } end c success }";

    fn messages(loaded: &Loaded) -> Vec<String> {
        let mut diagnostics = loaded.diagnostics.clone();
        crate::diagnostic::sort(&mut diagnostics);
        diagnostics.into_iter().map(|finding| format!("{}: {}", finding.rule.name, finding.message)).collect()
    }

    #[test]
    fn folders_are_searched_in_order_without_hidden_ones() {
        let folder = folder(&[("b/x.play", ""), ("a.play", ""), ("b/a.play", ""), (".git/y.play", ""), ("b/z.md", "")]);
        assert_eq!(found(folder.path()), ["a.play", "b/a.play", "b/x.play"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_are_not_followed_for_ever() {
        let folder = folder(&[("a/x.play", "")]);
        std::os::unix::fs::symlink("..", folder.path().join("a/back")).unwrap();
        assert_eq!(found(folder.path()), ["a/x.play"]);
    }

    #[test]
    fn a_folder_without_playbooks_is_wrong_usage() {
        let folder = folder(&[("a.md", "")]);
        assert!(matches!(load(&[folder.path().to_owned()]), Err(Stop::Usage(..))));
    }

    #[test]
    fn imports_are_read_once() {
        let folder = folder(&[
            ("a.play", PLAYBOOK),
            ("tests/a.play", "import \"../a.play\"\n"),
            ("tests/b.play", "import \"../a.play\"\nimport \"../tests/../a.play\"\n"),
        ]);
        let loaded = load(&[folder.path().join("tests")]).unwrap();
        assert_eq!(loaded.files.len(), 3);
        assert_eq!(loaded.requested(), 2);
        assert_eq!(messages(&loaded), Vec::<String>::new());
        assert_eq!(loaded.imported(1).len(), 1);
    }

    #[test]
    fn broken_imports() {
        let folder = folder(&[
            ("support.play", PLAYBOOK),
            ("tests.play", "import \"suport.play\"\nimport \".\"\nimport \"empty.play\"\nimport \"more.play\"\n"),
            ("empty.play", ""),
            ("more.play", "import \"support.play\"\n"),
        ]);
        let loaded = load(&[folder.path().join("tests.play")]).unwrap();
        assert_eq!(
            messages(&loaded),
            [
                "broken-import: `suport.play` cannot be imported: there is no such file or folder",
                "broken-import: `.` cannot be imported: it is a folder, not a file",
                "broken-import: there is no playbook in `more.play`",
                "empty-file: there is no playbook, test, property or scenario in this file",
            ]
        );
        let help = loaded.diagnostics[0].help.as_deref();
        assert!(help.is_some_and(|help| help.starts_with("Did you mean `support.play`?")), "{help:?}");
    }

    #[test]
    fn circles_name_their_members() {
        let text = |other: &str| format!("import \"{other}\"\n{PLAYBOOK}");
        let folder = folder(&[("a.play", &text("b.play")), ("b.play", &text("c.play")), ("c.play", &text("a.play"))]);
        let loaded = load(&[folder.path().join("b.play")]).unwrap();
        let [message] = messages(&loaded).try_into().unwrap();
        for name in ["a.play", "b.play", "c.play"] {
            assert!(message.contains(&format!("{name}`")), "{message}");
        }
        let folder = self::folder(&[("a.play", &text("a.play"))]);
        let loaded = load(&[folder.path().join("a.play")]).unwrap();
        assert!(messages(&loaded)[0].ends_with("a.play` imports itself"));
    }

    #[test]
    fn one_unreadable_file_does_not_hide_the_others() {
        let folder = folder(&[("a.play", PLAYBOOK)]);
        let loaded = load(&[folder.path().join("none.play"), folder.path().join("a.play")]).unwrap();
        assert_eq!((loaded.files.len(), loaded.unreadable.len()), (1, 1));
    }
}
