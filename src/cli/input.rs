//! Reading files and standard input.
#![expect(clippy::disallowed_methods, reason = "the command line is where files are read")]

use super::Stop;
use crate::diagnostic::{Diagnostic, NOT_UTF8, NUL_BYTE, UNREADABLE_FILE};
use crate::source::{FileId, Sources, Span};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Larger inputs are refused, in bytes.
pub const LARGEST: u64 = 256 << 20;

/// Whether a path stands for standard input.
#[must_use]
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The name of an input in messages: the path as it was given.
#[must_use]
pub fn name(path: &Path) -> String {
    if is_standard_input(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Why something failed, in plain words where there are some.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is not a folder".to_owned(),
        ErrorKind::StorageFull => "no space is left".to_owned(),
        ErrorKind::BrokenPipe => "nobody reads it".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

/// A file or folder that was asked for and could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its path, as it was given or found.
    pub path: PathBuf,
    /// Why it could not be read.
    pub stop: Stop,
}

impl Unread {
    /// That a file could not be read, for those who read findings only: without it a file that is missing would look like
    /// one without findings.
    pub fn finding(&self, sources: &mut Sources) -> Diagnostic {
        let message = match &self.stop {
            Stop::Unreadable(message) | Stop::Usage(message, _) => message.as_str(),
            Stop::Interrupted => "reading was interrupted",
        };
        let file = sources.add(name(&self.path), "");
        Diagnostic::new(&UNREADABLE_FILE, Span { file, start: 0, end: 0 }, message)
            .help("Check the path and who may read it")
    }
}

/// All bytes of a file, or of standard input for `-`.
///
/// # Errors
/// [`Stop::Unreadable`] where it is missing, a folder, unreadable, or larger than [`LARGEST`].
pub fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    read_up_to(path, LARGEST)
}

fn read_up_to(path: &Path, largest: u64) -> Result<Vec<u8>, Stop> {
    let cannot = |why: &str| Stop::Unreadable(format!("cannot read `{}`: {why}", name(path)));
    let mut bytes = Vec::new();
    let read = if is_standard_input(path) {
        io::stdin().lock().take(largest + 1).read_to_end(&mut bytes)
    } else {
        let metadata = fs::metadata(path).map_err(|error| cannot(&reason(&error)))?;
        if metadata.is_dir() {
            return Err(cannot("it is a folder, not a file"));
        }
        if metadata.len() > largest {
            return Err(cannot(&too_large(largest)));
        }
        fs::File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| cannot(&reason(&error)))?;
    if bytes.len() as u64 > largest {
        return Err(cannot(&too_large(largest)));
    }
    Ok(bytes)
}

fn too_large(largest: u64) -> String {
    format!("it is larger than {} MB", largest >> 20)
}

/// Reads a text and adds it to the sources. A byte order mark is taken off, and lines that all end in a carriage return
/// alone end in a line feed. Where it is no text at all, the finding
/// says so, and there is nothing to be made of it.
///
/// # Errors
/// As [`read`].
pub fn read_text(path: &Path, sources: &mut Sources) -> Result<(FileId, Option<Diagnostic>), Stop> {
    Ok(add_text(name(path), read(path)?, sources))
}

/// As [`read_text`], for bytes that are already there.
pub fn add_text(name: String, bytes: Vec<u8>, sources: &mut Sources) -> (FileId, Option<Diagnostic>) {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            // Lines that end as on old Macintoshes; no place moves.
            if text.contains('\r') && !text.contains('\n') {
                text = text.replace('\r', "\n");
            }
            let nul = text.find('\0');
            let file = sources.add(name, text);
            (file, nul.map(|at| nul_byte(file, at, sources)))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let encoding = guess(&bytes, at);
            let file = sources.add(name, String::from_utf8_lossy(&bytes).into_owned());
            let span = Span { file, start: at as u32, end: (at + char::REPLACEMENT_CHARACTER.len_utf8()) as u32 };
            let help = match encoding {
                Some(encoding) => format!("It looks like {encoding}: save the file as UTF-8"),
                None => "If it is a text, save it as UTF-8".to_owned(),
            };
            let byte = bytes.get(at).copied().unwrap_or_default();
            let finding = Diagnostic::new(&NOT_UTF8, span, "this file is not text in UTF-8")
                .label(format!("the byte {byte:02X} (hexadecimal) does not fit here"))
                .help(help);
            (file, Some(finding))
        }
    }
}

fn nul_byte(file: FileId, at: usize, sources: &Sources) -> Diagnostic {
    let text = sources.get(file).map(|source| source.text.clone()).unwrap_or_default();
    let help = if is_wide(text.as_bytes()) {
        "It looks like UTF-16: save the file as UTF-8"
    } else {
        "Check that this is the right file and that it is not damaged"
    };
    let span = Span { file, start: at as u32, end: at as u32 + 1 };
    Diagnostic::new(&NUL_BYTE, span, "this file holds a NUL byte, which no text contains").help(help)
}

/// Whether every second byte at the beginning is NUL, as in UTF-16 for western languages.
fn is_wide(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let nul_at = |parity: usize| start.iter().skip(parity).step_by(2).all(|byte| *byte == 0);
    start.len() >= 4 && (nul_at(0) || nul_at(1))
}

/// What encoding a text is in that is not UTF-8; `at` is its first byte that does not fit.
fn guess(bytes: &[u8], at: usize) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || is_wide(bytes) {
        return Some("UTF-16");
    }
    // Single letters with accents between plain ones; binary data has control characters.
    let letter = bytes.get(at).is_some_and(|byte| *byte >= 0xa0);
    let no_controls = bytes.iter().take(4096).all(|byte| *byte >= 0x20 || matches!(byte, b'\n' | b'\r' | b'\t'));
    (letter && no_controls).then_some("Latin-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Position, message and help of the finding about these bytes.
    fn finding(bytes: &[u8]) -> Option<(u32, u32, &'static str, String)> {
        let mut sources = Sources::new();
        let (_, finding) = add_text("a.play".to_owned(), bytes.to_vec(), &mut sources);
        finding.map(|finding| {
            let at = sources.position(finding.primary.span);
            (at.line, at.column, finding.rule.name, finding.help.unwrap())
        })
    }

    #[test]
    fn encodings() {
        assert_eq!(finding("playbook é".as_bytes()), None);
        let latin = finding(b"a\nb R\xe9vision\n").unwrap();
        assert_eq!((latin.0, latin.1, latin.2), (2, 4, "not-utf8"));
        assert_eq!(latin.3, "It looks like Latin-1: save the file as UTF-8");
        let utf16 = finding(b"\xff\xfep\0l\0a\0y\0").unwrap();
        assert_eq!((utf16.0, utf16.1), (1, 1));
        assert_eq!(utf16.3, "It looks like UTF-16: save the file as UTF-8");
        assert_eq!(finding(b"\x7fELF\x01\x02\xfe\0\0").unwrap().3, "If it is a text, save it as UTF-8");
        assert_eq!(finding(b"p\0l\0a\0y\0").unwrap().2, "nul-byte");
        assert_eq!(finding(b"p\0l\0a\0y\0").unwrap().3, "It looks like UTF-16: save the file as UTF-8");
        assert_eq!(finding(b"\n  x\0").unwrap().1, 4);
    }

    #[test]
    fn a_byte_order_mark_is_taken_off() {
        let mut sources = Sources::new();
        let (file, finding) = add_text("a.play".to_owned(), b"\xef\xbb\xbfplaybook".to_vec(), &mut sources);
        assert_eq!(finding, None);
        assert_eq!(&*sources.get(file).unwrap().text, "playbook");
    }

    #[test]
    fn lines_may_end_in_a_carriage_return_alone() {
        let read = |bytes: &[u8]| {
            let mut sources = Sources::new();
            let (file, finding) = add_text("a.play".to_owned(), bytes.to_vec(), &mut sources);
            assert_eq!(finding, None);
            sources.get(file).unwrap().text.to_string()
        };
        assert_eq!(read(b"// one\rplaybook a\r"), "// one\nplaybook a\n");
        assert_eq!(read(b"// one\r\nplaybook a\r"), "// one\r\nplaybook a\r", "mixed breaks are left as they are");
    }

    #[test]
    fn what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| match read_up_to(path, 8 << 20) {
            Err(Stop::Unreadable(message)) => message,
            other => panic!("{other:?}"),
        };
        assert!(refused(&folder.path().join("none")).ends_with("none`: there is no such file or folder"));
        assert!(refused(folder.path()).ends_with("it is a folder, not a file"));
        let large = folder.path().join("large");
        fs::File::create(&large).unwrap().set_len((8 << 20) + 1).unwrap();
        assert!(refused(&large).ends_with("it is larger than 8 MB"));
        assert!(!cfg!(unix) || refused(Path::new("/dev/zero")).ends_with("it is larger than 8 MB"));
    }
}
