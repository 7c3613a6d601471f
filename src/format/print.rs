//! Lines to text.

use super::lines::{Block, Lead, Line, Part};
use super::starts::{Kind, Starts};
use super::tokens::Token;
use unicode_width::UnicodeWidthStr;

/// How wide a line may become.
const WIDTH: usize = 120;
/// How far the items of a block stand in.
const STEP: usize = 2;
/// How far the rest of a long item stands in.
const REST: usize = 4;
/// How far apart columns may be and still be aligned.
const ALIGNED: usize = 24;

/// Writes lines.
pub(super) struct Printer<'s> {
    starts: &'s Starts,
    out: String,
    /// Whether an empty line may stand here.
    may_blank: bool,
}

/// The text of a whole file.
pub(super) fn print(lines: &[Line<'_>], last: &[Lead<'_>], starts: &Starts) -> String {
    let mut printer = Printer { starts, out: String::new(), may_blank: false };
    printer.lines(lines, 0);
    for lead in last {
        printer.lead(lead, lead.blank, 0);
    }
    printer.out
}

impl Printer<'_> {
    fn start_line(&mut self, blank: bool, indent: usize) {
        if blank && self.may_blank {
            self.out.push('\n');
        }
        self.may_blank = true;
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn lead(&mut self, lead: &Lead<'_>, blank: bool, indent: usize) {
        self.start_line(blank, indent);
        self.out.push_str(lead.text);
        self.out.push('\n');
    }

    fn lines(&mut self, lines: &[Line<'_>], indent: usize) {
        let columns = self.columns(lines, indent);
        for (index, line) in lines.iter().enumerate() {
            // What stands at the top of a file stands apart.
            let before = index.checked_sub(1).and_then(|before| lines.get(before));
            let apart = before.is_some_and(|before| line.kind == Kind::Top || before.kind == Kind::Top);
            let indent = indent + line.inset;
            let mut forced = apart;
            for lead in &line.leads {
                self.lead(lead, lead.blank || forced, indent);
                forced = false;
            }
            self.start_line(line.blank || forced, indent);
            self.line(line, indent, columns.get(index).copied().flatten());
            if let Some(comment) = line.trailing {
                self.out.push_str("  ");
                self.out.push_str(comment);
            }
            self.out.push('\n');
        }
    }

    fn line(&mut self, line: &Line<'_>, indent: usize, column: Option<usize>) {
        let flat = self.flat(line, column.map(|column| column - indent));
        if let Some(text) = flat.filter(|text| indent + text.width() <= WIDTH) {
            self.out.push_str(&text);
            return;
        }
        let mut from = 0;
        for (at, part) in line.parts.iter().enumerate() {
            if let Part::Block(block) = part {
                let head = line.parts.get(from..at).unwrap_or_default();
                if from > 0 && !head.is_empty() {
                    self.out.push(' ');
                }
                self.wrapped(head, indent);
                if at > 0 {
                    self.out.push(' ');
                }
                self.block(block, indent);
                from = at + 1;
            }
        }
        let rest = line.parts.get(from..).unwrap_or_default();
        if from > 0 && self.needs_blank_after_block(rest) {
            self.out.push(' ');
        }
        self.wrapped(rest, indent);
    }

    fn needs_blank_after_block(&self, rest: &[Part<'_>]) -> bool {
        matches!(rest.first(), Some(Part::Token(token)) if !matches!(token.text, "," | ")"))
    }

    fn block(&mut self, block: &Block<'_>, indent: usize) {
        if block.lines.is_empty() && block.last.is_empty() && block.comment.is_none() {
            self.out.push_str("{ }");
            return;
        }
        self.out.push('{');
        if let Some(comment) = block.comment {
            self.out.push_str("  ");
            self.out.push_str(comment);
        }
        self.out.push('\n');
        self.may_blank = false;
        self.lines(&block.lines, indent + STEP);
        for lead in &block.last {
            self.lead(lead, lead.blank, indent + STEP);
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push('}');
        self.may_blank = true;
    }

    /// Tokens without blocks, on several lines where they are too long for one.
    fn wrapped(&mut self, parts: &[Part<'_>], indent: usize) {
        let tokens: Vec<Token<'_>> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Token(token) => Some(*token),
                Part::Block(_) => None,
            })
            .collect();
        let line_start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let mut width = self.out.get(line_start..).unwrap_or_default().width();
        // Where the line in hand begins, and the last good place to break it: of tokens, and of the text.
        let mut begin = 0;
        let mut good: Option<(usize, usize)> = None;
        let mut previous: Option<Token<'_>> = None;
        let mut depth = 0_usize;
        for (at, token) in tokens.iter().enumerate() {
            let space = previous.is_some_and(|previous| self.space(previous, *token));
            let next = tokens.get(at + 1).filter(|next| matches!(next.text, "," | ")"));
            let needed = usize::from(space) + token.text.width() + next.map_or(0, |next| next.text.width());
            if at > begin && space && breaks_well(token.text) && depth == 0 {
                good = Some((at, self.out.len()));
            }
            if width + needed > WIDTH && at > begin && indent < WIDTH / 2 {
                let fits = space && indent + REST + token.text.width() <= WIDTH && !token.text.starts_with('"');
                let place = good.filter(|(good, _)| *good > begin).or(fits.then_some((at, self.out.len())));
                if let Some((place, offset)) = place {
                    let moved = self.out.split_off(offset);
                    self.out.push('\n');
                    self.out.extend(std::iter::repeat_n(' ', indent + REST));
                    self.out.push_str(moved.trim_start());
                    width = indent + REST + moved.trim_start().width();
                    begin = place;
                    good = None;
                }
            }
            let at_line_start = begin == at && at > 0;
            if space && !at_line_start {
                self.out.push(' ');
                width += 1;
            }
            self.out.push_str(token.text);
            width += token.text.width();
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            previous = Some(*token);
        }
    }

    /// The whole line on one line, where the source has its blocks on one line; with its column filled up to a width.
    fn flat(&self, line: &Line<'_>, column: Option<usize>) -> Option<String> {
        let mut text = String::new();
        let mut previous: Option<Token<'_>> = None;
        let mut aligned = column.is_none();
        for part in &line.parts {
            match part {
                Part::Token(token) => {
                    let mut space = if text.is_empty() { 0 } else { 1 };
                    if let Some(before) = previous {
                        space = usize::from(self.space(before, *token));
                    } else if matches!(token.text, "," | ")") {
                        space = 0;
                    }
                    if !aligned && is_column(line, *token) {
                        aligned = true;
                        space = column.map_or(space, |column| column.saturating_sub(text.width()));
                    }
                    text.extend(std::iter::repeat_n(' ', space));
                    text.push_str(token.text);
                    previous = Some(*token);
                }
                Part::Block(block) => {
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(&self.flat_block(block)?);
                    previous = None;
                }
            }
        }
        Some(text)
    }

    fn flat_block(&self, block: &Block<'_>) -> Option<String> {
        if block.lines.is_empty() && block.last.is_empty() && block.comment.is_none() {
            return Some("{ }".to_owned());
        }
        if !block.one_line || block.comment.is_some() || !block.last.is_empty() {
            return None;
        }
        let mut text = String::from("{");
        for (index, line) in block.lines.iter().enumerate() {
            if !line.leads.is_empty() || line.trailing.is_some() {
                return None;
            }
            // Items on one line stand further apart than words, but after a comma.
            text.push_str(if index > 0 && !text.ends_with(',') { "  " } else { " " });
            text.push_str(&self.flat(line, None)?);
            if text.width() > WIDTH {
                return None;
            }
        }
        text.push_str(" }");
        Some(text)
    }

    /// Whether a blank stands between two tokens.
    fn space(&self, before: Token<'_>, after: Token<'_>) -> bool {
        match (before.text, after.text) {
            ("(", _) | (_, ")" | "," | "..") | ("..", _) => false,
            (_, "(") => !self.starts.calls.contains(&before.end()),
            (_, ":") => self.starts.type_colons.contains(&after.start),
            ("-", _) => !self.starts.minus.contains(&before.start),
            _ => true,
        }
    }

    /// The column in which neighbouring lines of one kind have their middle.
    fn columns(&self, lines: &[Line<'_>], indent: usize) -> Vec<Option<usize>> {
        let mut columns = vec![None; lines.len()];
        let mut from = 0;
        while from < lines.len() {
            let kind = lines.get(from).map_or(Kind::Plain, |line| line.kind);
            let mut to = from + 1;
            while lines.get(to).is_some_and(|line| line.kind == kind && !line.blank && line.leads.is_empty()) {
                to += 1;
            }
            if matches!(kind, Kind::Header | Kind::Fact | Kind::Way | Kind::Draw) {
                self.align(lines, from, to, indent, &mut columns);
            }
            from = to;
        }
        columns
    }

    fn align(&self, lines: &[Line<'_>], from: usize, to: usize, indent: usize, columns: &mut [Option<usize>]) {
        // Where each line would have its column by itself, and how wide it is as a whole.
        let own: Vec<Option<(usize, usize)>> = lines
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .map(|line| {
                let whole = self.flat(line, None)?;
                let before = self.before_column(line)?;
                Some((indent + line.inset + before + 1, indent + line.inset + whole.width()))
            })
            .collect();
        let places = || own.iter().flatten().map(|(column, _)| *column);
        let (Some(least), Some(most)) = (places().min(), places().max()) else { return };
        let fits = own.iter().flatten().all(|(column, whole)| whole + most - column <= WIDTH);
        if most - least > ALIGNED || !fits {
            return;
        }
        for (at, own) in own.iter().enumerate() {
            if let (Some(_), Some(column)) = (own, columns.get_mut(from + at)) {
                *column = Some(most);
            }
        }
    }

    /// How wide what stands before the column is.
    fn before_column(&self, line: &Line<'_>) -> Option<usize> {
        let mut width = 0;
        let mut previous: Option<Token<'_>> = None;
        for part in &line.parts {
            let Part::Token(token) = part else { return None };
            if is_column(line, *token) && previous.is_some() {
                return Some(width);
            }
            width += usize::from(previous.is_some_and(|previous| self.space(previous, *token))) + token.text.width();
            previous = Some(*token);
        }
        None
    }
}

/// Whether a token stands in the column of its line.
fn is_column(line: &Line<'_>, token: Token<'_>) -> bool {
    match line.kind {
        Kind::Header => matches!(line.parts.get(1), Some(Part::Token(second)) if second.start == token.start),
        Kind::Fact => token.text == ":",
        Kind::Way => matches!(token.text, "when" | "otherwise"),
        Kind::Draw => matches!(token.text, "~" | "takes" | "take" | "done"),
        Kind::Top | Kind::TopLine | Kind::Plain => false,
    }
}

/// Words before which a long item may go on on the next line.
fn breaks_well(text: &str) -> bool {
    text.starts_with('@')
        || matches!(
            text,
            "and"
                | "or"
                | "when"
                | "if"
                | "else"
                | "by"
                | "for"
                | "link"
                | "due"
                | "while"
                | "assuming"
                | "within"
                | "followed"
                | "otherwise"
                | "->"
        )
}
