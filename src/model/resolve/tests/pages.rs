//! The pages of the rules about names and types: what they show triggers the rule, and only that.

use super::findings;
use crate::diagnostic::RULES;

#[test]
fn pages_show_what_they_say() {
    let rules: Vec<_> = RULES.iter().filter(|rule| rule.code.starts_with("P2")).collect();
    assert!(rules.len() >= 20);
    for rule in rules {
        let blocks: Vec<&str> =
            rule.page.split("```play\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
        let [wrong, right] = blocks.as_slice() else { panic!("{} has {} examples", rule.name, blocks.len()) };
        let found = findings(wrong);
        let names: Vec<&str> = found.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names, [rule.name], "{wrong}\n{found:#?}");
        assert_eq!(findings(right), [], "{right}");
    }
}
