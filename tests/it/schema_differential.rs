//! The offline check against a real API server, on thousands of slightly wrong objects.
//!
//! By default a part of the mutants is asked about, always the same; `MANIFESTGEN_SOAK=1` asks about all. The figures are in
//! docs/VALIDATION.md; `examples/schema_corpus` writes the whole set down for other validators.

mod change;
mod compare;
mod mutant;
pub(crate) mod seeds;
pub(crate) mod server;

use manifestgen::schema::Catalog;

use crate::lab_server::kubeconfig;
use compare::{Case, Comparison};
use mutant::Mutant;
use server::Server;

/// One in so many mutants is part of a default run.
const PART: u64 = 24;

/// The least agreement in percent, by set. A default run sees a part, so these leave a little room below what all of them give.
const LEAST: [(&str, f64); 2] = [("built-in", 99.0), ("custom", 99.5)];

#[test]
fn the_offline_check_and_the_server_agree() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let kubeconfig = std::fs::read(kubeconfig).expect("a kubeconfig");
    let whole = std::env::var_os("MANIFESTGEN_SOAK").is_some();
    let mut catalog = Catalog::new("1.36").expect("known");
    for definition in seeds::own_definitions() {
        catalog.add_crd(&definition).expect("a whole definition");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::connect(&kubeconfig, &seeds::definitions()));
    for set in seeds::sets() {
        let kept = |mutant: &Mutant| whole || mutant.class == "unchanged" || mutant.number().is_multiple_of(PART);
        let mutants: Vec<_> = set.objects.iter().flat_map(mutant::mutants).filter(kept).collect();
        let verdicts = runtime.block_on(server.ask(mutants.iter().map(|mutant| &mutant.object)));
        let judged = verdicts.iter().filter(|verdict| verdict.accepted().is_some()).count();
        assert!(judged * 10 > mutants.len() * 9, "the server gave a verdict on {judged} of {} objects only", mutants.len());
        let cases = mutants.iter().zip(&verdicts).filter_map(|(mutant, verdict)| {
            let (class, path, object, message) = (mutant.class, mutant.path.as_str(), &mutant.object, verdict.message.as_str());
            verdict.accepted().map(|accepted| Case { class, path, object, accepted, message })
        });
        let comparison = Comparison::of(&catalog, cases);
        let report = comparison.report(set.name, 40);
        // nextest shows it when the test fails, or with `--no-capture`.
        #[allow(clippy::print_stdout)]
        {
            println!("{report}");
        }
        let (objects, kinds) = comparison.size();
        assert!(objects > 200 && kinds >= 15, "too few to judge by:\n{report}");
        assert!(comparison.refused_wrongly.is_empty(), "the server accepts what we refuse:\n{report}");
        let least = LEAST.iter().find(|(name, _)| *name == set.name).expect("a figure for each set").1;
        assert!(comparison.agreement() >= least, "below {least} %:\n{report}");
    }
}
