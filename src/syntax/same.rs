//! Whether two pieces of tree say the same: places in the text do not count.

use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hasher};

/// Whether two pieces of tree are the same but for their places in the text.
#[must_use]
pub fn same<T: Debug + ?Sized>(one: &T, other: &T) -> bool {
    fingerprint(one) == fingerprint(other)
}

/// How long the `Debug` form without its places is, and a hash of it: so no second tree of text is held.
fn fingerprint<T: Debug + ?Sized>(item: &T) -> (usize, u64) {
    let mut sink = Sink::default();
    // Writing into the sink cannot fail.
    let _ = write!(sink, "{item:?}");
    sink.flush();
    (sink.length, sink.hasher.finish())
}

/// How a span begins in the `Debug` form.
const SPAN: &[u8] = b"Span { file: FileId(";
/// How much is hashed at once.
const BUFFER: usize = 4_096;

/// Takes in the `Debug` form of a tree but for what stands in its spans.
#[derive(Default)]
struct Sink {
    hasher: DefaultHasher,
    buffer: Vec<u8>,
    length: usize,
    /// How much of [`SPAN`] was just seen.
    matched: usize,
    /// In a span.
    skipping: bool,
    /// In a text, which may hold anything.
    quoted: bool,
    escaped: bool,
}

impl Sink {
    fn flush(&mut self) {
        self.length += self.buffer.len();
        self.hasher.write(&self.buffer);
        self.buffer.clear();
    }
}

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if self.skipping {
                self.skipping = byte != b'}';
                continue;
            }
            self.buffer.push(byte);
            if self.buffer.len() == BUFFER {
                self.flush();
            }
            if self.quoted {
                self.quoted = self.escaped || byte != b'"';
                self.escaped = !self.escaped && byte == b'\\';
                continue;
            }
            self.quoted = byte == b'"';
            self.matched = match SPAN.get(self.matched) {
                Some(expected) if *expected == byte => self.matched + 1,
                _ => usize::from(byte == b'S'),
            };
            if self.matched == SPAN.len() {
                self.matched = 0;
                self.skipping = true;
            }
        }
        Ok(())
    }
}
