//! A reader of JSON that remembers where everything stands, and keeps numbers as they are written.
//!
//! Customers and timelines are written by people and by other programs: each mistake has to be shown at its place, and
//! `9.999999` must not become the nearest binary fraction.

use crate::diagnostic::{BAD_JSON, Diagnostic};
use crate::source::{FileId, Span};

/// Deeper texts are refused: no customer needs more than four levels.
const DEEPEST: usize = 64;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) struct Node {
    /// What it is.
    pub json: Json,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) enum Json {
    Null,
    YesNo(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// In the order written; a key may be there twice.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) struct Member {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Json {
    /// What it is, for messages.
    pub fn words(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::YesNo(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// Reads one value after another.
#[derive(Debug)]
pub(in crate::run) struct Reader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    pub fn new(file: FileId, text: &'a str) -> Reader<'a> {
        Reader { file, text, at: 0 }
    }

    /// On one line of a text: from a byte up to another.
    pub fn within(file: FileId, text: &'a str, start: usize, end: usize) -> Reader<'a> {
        Reader { file, text: text.get(..end).unwrap_or(text), at: start.min(end) }
    }

    /// The next value; none at the end. After an error nothing more can be said of the text.
    pub fn next_value(&mut self) -> Option<Result<Node, Diagnostic>> {
        self.skip_space();
        (self.at < self.text.len()).then(|| self.value(0))
    }

    /// The only value of the text.
    pub fn only(&mut self) -> Option<Result<Node, Diagnostic>> {
        let value = self.next_value()?;
        self.skip_space();
        if value.is_ok() && self.at < self.text.len() {
            return Some(Err(self.wrong("something follows the end of the line's object", self.here())));
        }
        Some(value)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
    }

    /// The character that comes next, or the empty end.
    fn here(&self) -> Span {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.span(self.at, self.at + length)
    }

    fn wrong(&self, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::new(&BAD_JSON, span, message)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        self.skip_space();
        let start = self.at;
        if depth > DEEPEST {
            return Err(self.wrong("this is nested too deeply", self.here()));
        }
        let json = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Json::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.wrong("the text ends where a value is missing", self.here())),
        };
        Ok(Node { json, span: self.span(start, self.at) })
    }

    fn object(&mut self, depth: usize) -> Result<Json, Diagnostic> {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'}') if members.is_empty() => break,
                Some(b'"') => {}
                Some(b'}') => return Err(self.wrong("there is a comma too many", self.here())),
                Some(_) => {
                    let help = "Names of fields stand in double quotes";
                    return Err(self.wrong("the name of a field is missing here", self.here()).help(help));
                }
                None => return Err(self.wrong("the text ends before its `}`", self.here())),
            }
            let start = self.at;
            let key = self.string()?;
            let key_span = self.span(start, self.at);
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.wrong(format!("a `:` is missing after `{key}`"), self.here()));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.push(Member { key, key_span, value });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) => return Err(self.wrong("a comma or `}` is missing here", self.here())),
                None => return Err(self.wrong("the text ends before its `}`", self.here())),
            }
        }
        self.at += 1;
        Ok(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Json, Diagnostic> {
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b']') if values.is_empty() => break,
                Some(b']') => return Err(self.wrong("there is a comma too many", self.here())),
                Some(_) => {}
                None => return Err(self.wrong("the text ends before its `]`", self.here())),
            }
            values.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                Some(_) => return Err(self.wrong("a comma or `]` is missing here", self.here())),
                None => return Err(self.wrong("the text ends before its `]`", self.here())),
            }
        }
        self.at += 1;
        Ok(Json::List(values))
    }

    fn number(&mut self) -> Result<Json, Diagnostic> {
        let start = self.at;
        while self.peek().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if !is_number(text) {
            let message = format!("`{text}` is not a number as JSON writes them");
            return Err(self.wrong(message, self.span(start, self.at)));
        }
        Ok(Json::Number(text.to_owned()))
    }

    fn word(&mut self) -> Result<Json, Diagnostic> {
        let start = self.at;
        while self.text[self.at..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8);
        }
        let span = self.span(start, self.at);
        match &self.text[start..self.at] {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::YesNo(true)),
            "false" => Ok(Json::YesNo(false)),
            "" => {
                let found = self.text[self.at..].chars().next().unwrap_or_default();
                let message = format!("a value is missing here: `{}` begins none", found.escape_debug());
                Err(self.wrong(message, self.here()))
            }
            "NaN" | "Infinity" | "inf" | "nan" => {
                let help = "Write `null` for what is not known";
                Err(self.wrong(format!("`{}` is not a number", &self.text[start..self.at]), span).help(help))
            }
            "yes" | "no" | "True" | "False" => {
                Err(self.wrong("JSON knows no such word", span).help("Write `true` or `false`"))
            }
            _ => Err(self.wrong("JSON knows no such word", span).help("Texts stand in double quotes")),
        }
    }

    fn string(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(b'\n' | b'\r') | None => {
                    return Err(
                        self.wrong("a double quote is missing at the end of this text", self.span(start, self.at))
                    );
                }
                Some(_) => {
                    let help = "Write `\\t` for a tab, `\\u0000` and so on for others";
                    return Err(self
                        .wrong("a control character cannot stand in a text as it is", self.here())
                        .help(help));
                }
            }
        }
        self.at += 1;
        Ok(text)
    }

    fn escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let found = self.text[self.at..].chars().next();
        self.at += found.map_or(0, char::len_utf8);
        let simple = match found {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.unicode(),
            _ => None,
        };
        simple.ok_or_else(|| self.wrong("JSON knows no such escape", self.span(start, self.at)))
    }

    /// After `\u`: four digits, or a pair of such escapes for characters beyond.
    fn unicode(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        self.at += self.text[self.at..].strip_prefix("\\u").map(|_| 2)?;
        let low = self.four_digits()?;
        let low = (0xdc00..0xe000).contains(&low).then_some(low)?;
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let number =
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?;
        self.at += 4;
        number
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Node, Diagnostic> {
        Reader::new(FileId(0), text).only().expect("something is there")
    }

    /// As serde_json would see it; numbers as texts.
    fn plain(node: &Node) -> serde_json::Value {
        match &node.json {
            Json::Null => serde_json::Value::Null,
            Json::YesNo(yes) => (*yes).into(),
            Json::Number(number) | Json::Text(number) => number.clone().into(),
            Json::List(values) => values.iter().map(plain).collect(),
            Json::Object(members) => members.iter().map(|member| (member.key.clone(), plain(&member.value))).collect(),
        }
    }

    fn numbers_as_texts(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) => number.to_string().into(),
            serde_json::Value::Array(values) => values.into_iter().map(numbers_as_texts).collect(),
            serde_json::Value::Object(members) => {
                members.into_iter().map(|(key, value)| (key, numbers_as_texts(value))).collect()
            }
            value => value,
        }
    }

    #[test]
    fn values_have_places() {
        let node = read(" {\"a\" : [1, -2.50e3], \"b\": \"\\u00e9\\ud83d\\ude00\"} ").unwrap();
        let Json::Object(members) = &node.json else { panic!("an object") };
        assert_eq!((node.span.start, node.span.end), (1, 48));
        assert_eq!((members[0].key_span.start, members[0].key_span.end), (2, 5));
        let Json::List(values) = &members[0].value.json else { panic!("a list") };
        assert_eq!(values[1].json, Json::Number("-2.50e3".to_owned()));
        assert_eq!((values[1].span.start, values[1].span.end), (12, 19));
        assert_eq!(members[1].value.json, Json::Text("é😀".to_owned()));
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        for (text, at, message) in [
            ("{\"a\": NaN}", 6, "`NaN` is not a number"),
            ("{\"a\": 01}", 6, "`01` is not a number as JSON writes them"),
            ("{\"a\": 1,}", 8, "there is a comma too many"),
            ("{\"a\": 1 \"b\": 2}", 8, "a comma or `}` is missing here"),
            ("{\"a\" 1}", 5, "a `:` is missing after `a`"),
            ("{a: 1}", 1, "the name of a field is missing here"),
            ("{\"a\": ", 6, "the text ends where a value is missing"),
            ("{\"a\": yes}", 6, "JSON knows no such word"),
            ("[1 2]", 3, "a comma or `]` is missing here"),
            ("{\"a\": \"b", 6, "a double quote is missing at the end of this text"),
            ("\"\\ud800\"", 1, "JSON knows no such escape"),
            ("{} {}", 3, "something follows the end of the line's object"),
            ("é", 0, "JSON knows no such word"),
            (")", 0, "a value is missing here: `)` begins none"),
        ] {
            let problem = read(text).expect_err(text);
            assert_eq!((problem.primary.span.start, problem.message.as_str()), (at, message), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let problem = read(&"[".repeat(100_000)).expect_err("too deep");
        assert_eq!(problem.message, "this is nested too deeply");
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(".{0,4}", inner, 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn reads_what_serde_json_writes(value in any_json()) {
            let node = read(&value.to_string()).expect("it is JSON");
            prop_assert_eq!(plain(&node), numbers_as_texts(value));
        }

        #[test]
        fn says_yes_exactly_where_serde_json_does(text in r#"[\[\]{}",:\\0-9.eE+ntrufals -]{0,24}"#) {
            let mut reader = Reader::new(FileId(0), &text);
            let ours = reader.only().is_some_and(|value| value.is_ok());
            let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
            // Numbers beyond what a binary fraction can hold are refused there; here the fact decides.
            let too_large = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(ours == theirs.is_ok() || too_large, "{}", text);
        }

        #[test]
        fn arbitrary_text_is_no_panic(text in any::<String>()) {
            let mut reader = Reader::new(FileId(0), &text);
            while let Some(Ok(_)) = reader.next_value() {}
        }
    }
}
