//! What somebody may have meant by a name nobody knows.

/// The candidate nearest to `name`, if one is near enough to be a slip of the pen. Of equally near ones, the first.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let name = plain(name);
    let length = name.chars().count();
    let allowed = match length {
        0..=1 => 0,
        2..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        // Names that differ too much in length are not worth the comparison, however long they are.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(&name, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Help with the candidate nearest to `name`: ``Did you mean `check_in`?``
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(name, candidates).map(|candidate| format!("Did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_if_one_is_near() {
        let names = ["check_in", "track_adoption", "accelerate"];
        assert_eq!(closest("chek_in", names), Some("check_in"));
        assert_eq!(closest("Check-In", names), Some("check_in"));
        assert_eq!(closest("tarck_adoption", names), Some("track_adoption"));
        assert_eq!(closest("handshake", names), None);
        assert_eq!(closest("", names), None);
        assert_eq!(did_you_mean("acelerate", names).as_deref(), Some("Did you mean `accelerate`?"));
    }

    #[test]
    fn short_names_are_not_anything() {
        assert_eq!(closest("a", ["b"]), None);
        assert_eq!(closest("ab", ["cd"]), None);
        assert_eq!(closest("done", ["role"]), None);
    }
}
