//! Did you mean …?

/// The candidate nearest to a misspelt word, if one is near enough to be meant.
///
/// Distance is Damerau-Levenshtein, ignoring case and the separators `-` and `_`, so that `server_url` finds
/// `serverUrl`. At most a third of the letters may differ.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3)) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_other_spellings_and_slips() {
        let keys = ["serverUrl", "storage", "version"];
        assert_eq!(did_you_mean("server_url", keys), Some("serverUrl"));
        assert_eq!(did_you_mean("storgae", keys), Some("storage"));
        assert_eq!(did_you_mean("derp", keys), None);
    }
}
