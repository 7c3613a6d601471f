//! Laws and looks of the formatter.

use super::*;
use proptest::prelude::*;

const SKETCH: &str = include_str!("../../tests/fixtures/sketch.play");
const CONDITIONS: &str = include_str!("../../tests/fixtures/conditions.play");
const VARIANTS: &str = include_str!("../../tests/fixtures/variants.play");
const EVERYTHING: &str = include_str!("../../tests/fixtures/everything.play");
const PROCESS: &str = include_str!("../../workflows/support-success-execution.play");
const JOURNEY: &str = include_str!("../../workflows/reference-journey.play");

fn formatted(text: &str) -> Result<String, Refusal> {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    sources.get(id).map_or(Ok(String::new()), format)
}

#[track_caller]
fn fine(text: &str) -> String {
    match formatted(text) {
        Ok(text) => text,
        Err(refusal) => panic!("{refusal}: {refusal:?}\n{text}"),
    }
}

/// What holds of every text that can be formatted.
#[track_caller]
fn lawful(text: &str) -> String {
    // That the tree and the comments stay is checked by `format` itself.
    let once = fine(text);
    let twice = fine(&once);
    assert_eq!(once, twice);
    for line in once.lines() {
        assert_eq!(line.trim_end(), line);
    }
    assert!(!once.contains("\n\n\n") && !once.starts_with('\n') && !once.ends_with("\n\n"));
    assert!(!once.contains("{\n\n") && !once.contains("\n\n}"));
    once
}

#[test]
fn the_files_of_the_project() {
    for text in [SKETCH, CONDITIONS, EVERYTHING, VARIANTS, PROCESS, JOURNEY] {
        lawful(text);
    }
}

#[test]
fn the_usual_look() {
    let text = r#"
// head


// second
import   "a.play"
playbook  p "P"   @de   "Pe" {  // what it is

  phase success   version "1"
  roles { a "A"   b }
  roles { a "A"
    b "B" }
  facts of the customer {
   usage:percent in 0%..100% = 0%   "Usage"  long_name : yes/no  x : one of ( a , b )

   y : int }

  let z=-usage+max( 1,-2 )*( 3-1 )  // why
  start->a when usage>=10% and(z or at(a,b))  // first
  // then
  ->b otherwise
  stage a "A" by m , n for teams{ -> b }
  stage b "B" { task 1 optional "x"
    set usage=10%-5% together{task 2 task 3}

    -> c when // inside
       usage > 3% at most 2 times -> resume a otherwise

    // before the end

  }
  each service{ end d } on blocker(technical)->c then->c when x whenever y->d
  end c success // last
  // of all

}
test "t" { customer { a , b services teams{ x 3% , y } yammer
 onedrive }
 day 3 teams{ x 4% } expect that not ( a ) }
property q:never a while b
property r : always a // trailing
scenario s { x~uniform( 0%,8% ) long_name , y~between 1 and 2 task 1,2 takes 3 days
 in a each round {
 blocker with 8% lasting 3 days otherwise x+=1 with 5%{ x=2 } otherwise x-=1 } }
"#;
    let look = r#"// head

// second
import "a.play"

playbook p "P" @de "Pe" {  // what it is
  phase   success
  version "1"
  roles { a "A"  b }
  roles {
    a "A"
    b "B"
  }
  facts of the customer {
    usage     : percent in 0%..100% = 0% "Usage"
    long_name : yes/no
    x         : one of (a, b)

    y : int
  }

  let z = -usage + max(1, -2) * (3 - 1)  // why
  start -> a when usage >= 10% and (z or at (a, b))  // first
        // then
        -> b otherwise
  stage a "A" by m, n for teams { -> b }
  stage b "B" {
    task 1 optional "x"
    set usage = 10% - 5%
    together { task 2  task 3 }

    // inside
    -> c        when usage > 3% at most 2 times
    -> resume a otherwise

    // before the end
  }
  each service { end d }
  on blocker (technical) -> c
  then -> c when x
       whenever y -> d
  end c success  // last
  // of all
}

test "t" {
  customer {
    a,
    b
    services teams { x 3%, y }
             yammer
             onedrive
  }
  day 3 teams { x 4% }
  expect that not (a)
}

property q: never a while b
property r: always a  // trailing

scenario s {
  x            ~ uniform(0%, 8%)
  long_name, y ~ between 1 and 2
  task 1, 2    takes 3 days
  in a each round {
    blocker with 8% lasting 3 days
    otherwise x += 1
    with 5% { x = 2 } otherwise x -= 1
  }
}
"#;
    assert_eq!(lawful(text), look);
    assert_eq!(lawful(look), look);
}

#[test]
fn long_items_go_on_on_the_next_line() {
    let terms: Vec<String> = (0..20).map(|at| format!("a_rather_long_name_{at} >= 10")).collect();
    let text = format!("playbook p {{\n  let x = {}\n  let y = max({})\n}}\n", terms.join(" and "), terms.join(", "));
    let look = lawful(&text);
    assert!(look.lines().all(|line| line.len() <= 120), "{look}");
    assert!(look.lines().filter(|line| line.starts_with("      and ")).count() >= 3, "{look}");
    let long = "word ".repeat(40);
    let text = format!(
        "playbook p {{\n  stage a {{\n    about \"{long}\"\n    task 1 \"{long}\" @de \"{long}\" due within 3 days\n    -> b\n  }}\n}}\n"
    );
    let look = lawful(&text);
    assert_eq!(look.lines().filter(|line| line.starts_with("        @de ")).count(), 1, "{look}");
    // A block on one line that does not fit goes on several.
    let text = format!(
        "playbook p {{ roles {{ {} }} }}\n",
        (0..30).map(|at| format!("role_{at}")).collect::<Vec<_>>().join(" ")
    );
    assert_eq!(lawful(&text).lines().count(), 34);
}

#[test]
fn small_files() {
    for (text, look) in [
        ("", ""),
        ("\n\n", ""),
        ("// only\n\n\n// comments", "// only\n\n// comments\n"),
        ("playbook p{}", "playbook p { }\n"),
        ("playbook p { // a\n}", "playbook p {  // a\n}\n"),
        ("playbook p {\n// a\n}", "playbook p {\n  // a\n}\n"),
        ("import \"a\"\r\nimport \"b\"\r\n", "import \"a\"\r\nimport \"b\"\r\n"),
        ("\u{FEFF}import \"a\"", "import \"a\"\n"),
    ] {
        assert_eq!(lawful(text), look, "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for text in ["playbook", "playbook p {", "playbook p { stage a { -> b; } }", "playbook p { let x = a or b and c }"]
    {
        assert!(matches!(formatted(text), Err(Refusal::SyntaxErrors(errors)) if errors.len() == 1), "{text}");
    }
}

#[test]
fn other_trees_are_told_apart() {
    let read = |text: &str| {
        let mut sources = Sources::new();
        let id = sources.add("test.play", text);
        sources.get(id).map(|source| parse(source, id).0).unwrap_or_default()
    };
    let one = read("playbook p { let x = a and b overview \"Span { file: FileId(\" }");
    assert!(tree::same(&one, &read("playbook p {\n  let x = a\n and b // c\n overview \"Span { file: FileId(\" }")));
    for text in [
        "playbook p { let x = a or b overview \"Span { file: FileId(\" }",
        "playbook p { let x = a and c overview \"Span { file: FileId(\" }",
        "playbook p { let x = a and b overview \"Span { file: FileId(0)\" }",
        "playbook p { let x = a and b }",
        "playbook p { let x = a and b overview \"Span { file: FileId(\" } import \"a\"",
    ] {
        assert!(!tree::same(&one, &read(text)), "{text}");
    }
}

/// One of the files with comments, blanks and line breaks put between its words, or blanks taken away.
fn shaken() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            prop::sample::select(vec![
                " // one\n",
                "\n// two\n",
                "\n\n\n",
                "\n",
                "\n\n // three \"{\"\n\n",
                "   ",
                "//\n",
                "\r\n",
                "\n      // last }\n // of (it\n",
            ]),
        ),
        1..25,
    );
    let texts =
        prop_oneof![Just(SKETCH), Just(EVERYTHING), Just(VARIANTS), Just(JOURNEY), Just(PROCESS), Just(CONDITIONS)];
    (texts, pieces, any::<bool>()).prop_map(|(text, pieces, joined)| {
        let mut sources = Sources::new();
        let id = sources.add("test.play", text);
        let file = sources.get(id).map(|source| parse(source, id).0).unwrap_or_default();
        let tokens = tokens::tokens(text, &file.comments);
        let comments = file.comments.iter().map(|comment| (comment.span.start as usize, format!("{}\n", comment.text)));
        let mut all: Vec<(usize, String)> =
            tokens.iter().map(|token| (token.start, token.text.to_owned())).chain(comments).collect();
        all.sort();
        // Either the source as it stands or all on one line.
        let mut parts: Vec<String> = Vec::new();
        for (at, (start, part)) in all.iter().enumerate() {
            parts.push(part.clone());
            let end = start + part.trim_end().len();
            let next = all.get(at + 1).map_or(text.len(), |(next, _)| *next);
            parts.push(if joined { " ".to_owned() } else { text.get(end..next).unwrap_or(" ").to_owned() });
        }
        for (at, piece) in pieces {
            let at = at.index(parts.len().div_ceil(2)) * 2;
            parts.insert(at.min(parts.len()), piece.to_owned());
            // Keep the places of words even.
            parts.insert(at.min(parts.len()), String::new());
        }
        parts.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shaken_files_keep_their_meaning_and_comments(text in shaken()) {
        lawful(&text);
    }
}
