//! Any bytes as the cluster file, over the built-in primer: read or refused, never a panic, and every finding has a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifestgen::config::{ConfigFile, LoadRequest, load};
use manifestgen::diag::ErrorKind;
use manifestgen::source::Sources;
use manifestgen::yaml::Limits;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ConfigFile::from_reader("cluster.yaml", bytes, Limits::CONFIG) else { return };
    let request = LoadRequest { file: Some(file), profile: Some("primer".to_owned()), sets: Vec::new() };
    if let Err(error) = load(&request, &mut Sources::new()) {
        assert_eq!(error.kind, ErrorKind::Usage, "{:#?}", error.findings);
        assert!(error.findings.iter().all(|finding| finding.location.is_some()));
        // A tab moves nothing but the cursor; `ui` shows it as a blank.
        let steers = |c: char| c.is_control() && c != '\t';
        assert!(error.findings.iter().all(|finding| !finding.message.chars().any(steers)));
    }
});
