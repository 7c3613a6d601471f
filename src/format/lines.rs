//! Tokens and comments to lines, and the blocks in them.

use super::starts::{Kind, Starts};
use super::tokens::Token;
use crate::syntax::ast::Comment;

/// A comment on a line of its own.
#[derive(Debug)]
pub(super) struct Lead<'s> {
    /// As written.
    pub text: &'s str,
    /// Whether the source has an empty line before it.
    pub blank: bool,
}

/// An item, or a part of one that begins a line.
#[derive(Debug)]
pub(super) struct Line<'s> {
    /// What it holds.
    pub kind: Kind,
    /// How far in it stands below the line it belongs to.
    pub inset: usize,
    /// Comments before it.
    pub leads: Vec<Lead<'s>>,
    /// Whether the source has an empty line before it, after its comments.
    pub blank: bool,
    /// Its tokens and blocks.
    pub parts: Vec<Part<'s>>,
    /// The comment at its end.
    pub trailing: Option<&'s str>,
}

/// A piece of a line.
#[derive(Debug)]
pub(super) enum Part<'s> {
    /// A word or sign.
    Token(Token<'s>),
    /// `{ … }`.
    Block(Block<'s>),
}

/// `{ … }`.
#[derive(Debug)]
pub(super) struct Block<'s> {
    /// The comment after `{`.
    pub comment: Option<&'s str>,
    /// What stands in it.
    pub lines: Vec<Line<'s>>,
    /// Comments before `}`.
    pub last: Vec<Lead<'s>>,
    /// Whether the source has it on one line.
    pub one_line: bool,
}

/// Puts tokens and comments into lines.
pub(super) struct Weaver<'s> {
    text: &'s str,
    tokens: &'s [Token<'s>],
    comments: &'s [Comment],
    starts: &'s Starts,
    token: usize,
    comment: usize,
    /// Where the last token or comment ended.
    end: usize,
}

impl<'s> Weaver<'s> {
    pub fn new(text: &'s str, tokens: &'s [Token<'s>], comments: &'s [Comment], starts: &'s Starts) -> Weaver<'s> {
        Weaver { text, tokens, comments, starts, token: 0, comment: 0, end: 0 }
    }

    fn next(&self) -> Option<Token<'s>> {
        self.tokens.get(self.token).copied()
    }

    /// Whether the source has an empty line between the last token or comment and a place.
    fn blank_before(&self, at: usize) -> bool {
        let between = self.text.get(self.end..at).unwrap_or_default();
        between.bytes().filter(|byte| *byte == b'\n').count() > 1
    }

    /// The next comment before the next token.
    fn pending(&self) -> Option<&'s Comment> {
        let until = self.next().map_or(self.text.len(), |token| token.start);
        self.comments.get(self.comment).filter(|comment| (comment.span.start as usize) < until)
    }

    fn take_comment(&mut self, comment: &'s Comment) -> Lead<'s> {
        let blank = self.blank_before(comment.span.start as usize);
        self.comment += 1;
        self.end = comment.span.end as usize;
        Lead { text: &comment.text, blank }
    }

    /// The comment on the same line as the token before.
    fn trailing(&mut self) -> Option<&'s str> {
        let comment = self.pending().filter(|comment| !comment.own_line)?;
        Some(self.take_comment(comment).text)
    }

    /// All comments before the next token.
    fn leads(&mut self) -> Vec<Lead<'s>> {
        let mut leads = Vec::new();
        while let Some(comment) = self.pending() {
            leads.push(self.take_comment(comment));
        }
        leads
    }

    /// The lines up to a `}` or the end of the text, and the comments after the last.
    pub fn lines(&mut self) -> (Vec<Line<'s>>, Vec<Lead<'s>>) {
        let mut lines: Vec<Line<'s>> = Vec::new();
        loop {
            let leads = self.leads();
            match self.next() {
                Some(token) if token.text != "}" => {
                    let (kind, inset) = self.starts.lines.get(&token.start).copied().unwrap_or((Kind::Plain, 0));
                    let blank = self.blank_before(token.start);
                    lines.push(Line { kind, inset, leads, blank, parts: Vec::new(), trailing: None });
                }
                _ => return (lines, leads),
            }
            if let Some(line) = lines.last_mut() {
                self.line(line);
            }
        }
    }

    /// The rest of a line. Comments inside of it go before it.
    fn line(&mut self, line: &mut Line<'s>) {
        while let Some(token) = self.next() {
            let first = line.parts.is_empty();
            if !first && (token.text == "}" || self.starts.lines.contains_key(&token.start)) {
                break;
            }
            for lead in self.leads() {
                let blank = std::mem::take(&mut line.blank);
                line.leads.push(Lead { blank, ..lead });
            }
            self.token += 1;
            self.end = token.end();
            line.parts.push(if token.text == "{" { Part::Block(self.block(token)) } else { Part::Token(token) });
        }
        line.trailing = self.trailing();
    }

    fn block(&mut self, open: Token<'s>) -> Block<'s> {
        let comment = self.trailing();
        let (lines, last) = self.lines();
        let close = self.next().map_or(self.text.len(), |token| token.start);
        let one_line = !self.text.get(open.start..close).is_some_and(|text| text.contains('\n'));
        if let Some(token) = self.next() {
            self.token += 1;
            self.end = token.end();
        }
        Block { comment, lines, last, one_line }
    }
}
