//! The pages of the rules about names and types: what they show triggers the rule, and only that.

use super::findings;
use crate::diagnostic::RULES;

#[test]
fn pages_show_what_they_say() {
    // From P221 on they are about variants and chains, which are looked at before and after names are resolved.
    let about_names = |code: &str| code.starts_with("P2") && code < "P221";
    let rules: Vec<_> = RULES.iter().filter(|rule| about_names(rule.code)).collect();
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
