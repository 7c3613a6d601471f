//! Writing to standard output and to files.

use super::Stop;
use std::fs;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::path::{Path, PathBuf};

/// Standard output, buffered. When its reader has gone (`| head`), what is left to write is dropped without a word
/// and the command ends as it would have.
#[derive(Debug)]
pub struct Output {
    writer: BufWriter<StdoutLock<'static>>,
    closed: bool,
}

impl Default for Output {
    fn default() -> Output {
        Output::new()
    }
}

impl Output {
    /// Locks standard output.
    #[must_use]
    pub fn new() -> Output {
        Output { writer: BufWriter::with_capacity(1 << 16, io::stdout().lock()), closed: false }
    }

    /// Writes text as it is.
    ///
    /// # Errors
    /// [`Stop::Unreadable`] where it cannot be written for another reason than that nobody reads it.
    pub fn write(&mut self, text: &str) -> Result<(), Stop> {
        self.attempt(|writer| writer.write_all(text.as_bytes()))
    }

    /// Writes everything that is still buffered.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn finish(&mut self) -> Result<(), Stop> {
        self.attempt(Write::flush)
    }

    /// Whether nobody reads any more: a long command may stop working for it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn attempt(
        &mut self,
        action: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> Result<(), Stop> {
        if self.closed {
            return Ok(());
        }
        match action(&mut self.writer) {
            Ok(()) => Ok(()),
            Err(error) => {
                // What could not be written must not be tried again.
                self.closed = true;
                if error.kind() == ErrorKind::BrokenPipe {
                    Ok(())
                } else {
                    Err(Stop::Unreadable(format!("cannot write to standard output: {}", super::input::reason(&error))))
                }
            }
        }
    }
}

/// Writes a file as a whole: whoever looks at it sees the old text or the new one, never a part, whatever happens in
/// between. Permissions of an existing file are kept, and so are links to it.
///
/// # Errors
/// [`Stop::Unreadable`] where it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let cannot = |why: &str| Stop::Unreadable(format!("cannot write `{}`: {why}", path.display()));
    let failed = |error: &io::Error| cannot(&super::input::reason(error));
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failed(&error)),
    };
    if let Some(metadata) = &existing {
        if metadata.is_dir() {
            return Err(cannot("it is a folder, not a file"));
        }
        if !metadata.is_file() {
            // A pipe or a device is written to, not replaced.
            return fs::OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|mut file| file.write_all(bytes))
                .map_err(|error| failed(&error));
        }
        if metadata.permissions().readonly() {
            return Err(cannot("it is read-only"));
        }
    }
    let target =
        if existing.is_some() { fs::canonicalize(path).map_err(|error| failed(&error))? } else { path.to_owned() };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".playbook-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As a new file would get them: the user's mask takes away what it always does.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(|error| failed(&error))?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| failed(&error))?;
    if let Some(metadata) = existing {
        fs::set_permissions(file.path(), metadata.permissions()).map_err(|error| failed(&error))?;
    }
    file.persist(&target).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// Refuses to write over what is read, or two results into one file.
///
/// # Errors
/// [`Stop::Usage`] where an output is one of the inputs, or the same as another output.
pub fn keep_apart<'p>(
    outputs: impl IntoIterator<Item = &'p Path>,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Stop> {
    let is_file = |path: &&Path| path.as_os_str() != "-" && (!path.exists() || path.is_file());
    let inputs: Vec<PathBuf> = inputs.into_iter().filter(is_file).map(place).collect();
    let mut outputs_seen: Vec<PathBuf> = Vec::new();
    for path in outputs.into_iter().filter(is_file) {
        let place = place(path);
        let name = path.display();
        if inputs.contains(&place) {
            return Err(Stop::Usage(
                format!("`{name}` is read: it would be overwritten"),
                Some("Name another file for the result".to_owned()),
            ));
        }
        if outputs_seen.contains(&place) {
            return Err(Stop::Usage(
                format!("two results would be written to `{name}`"),
                Some("Name a file for each of them".to_owned()),
            ));
        }
        outputs_seen.push(place);
    }
    Ok(())
}

/// Where a file is, or would be.
fn place(path: &Path) -> PathBuf {
    if let Ok(found) = fs::canonicalize(path) {
        return found;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| path.to_owned(), |name| folder.join(name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests look at what was written")]
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.play");
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_read_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one.play", "two.play"].map(|name| folder.path().join(name));
        write_file(&one, b"one").unwrap();
        let around = folder.path().join(".").join("one.play");
        let refused = |outputs: &[&Path], inputs: &[&Path]| {
            let done = keep_apart(outputs.iter().copied(), inputs.iter().copied());
            matches!(done, Err(Stop::Usage(..)))
        };
        assert!(refused(&[&around], &[&one]) && refused(&[&two, &two], &[&one]));
        assert!(!refused(&[&two], &[&one]) && !refused(&[Path::new("-")], &[Path::new("-")]));
        assert!(!refused(&[folder.path()], &[folder.path()]), "a folder is written into");
    }

    #[test]
    fn folders_and_missing_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| match write_file(path, b"x") {
            Err(Stop::Unreadable(message)) => message,
            other => panic!("{other:?}"),
        };
        assert!(refused(folder.path()).ends_with("it is a folder, not a file"));
        assert!(refused(&folder.path().join("no/such")).ends_with("there is no such file or folder"));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        write_file(&file, b"one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a", &link).unwrap();
        write_file(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        assert!(write_file(&file, b"three").is_err());
    }
}
