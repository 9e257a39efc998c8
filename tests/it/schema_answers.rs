//! Objects with which the offline check and the server once disagreed: one document each in `fixtures/answers`.

use manifestgen::diag::Severity;
use manifestgen::schema::Catalog;

use crate::lab_server::kubeconfig;
use crate::schema_differential::seeds::{definitions, read};
use crate::schema_differential::server::Server;

#[test]
fn the_offline_check_and_the_server_answer_alike() {
    let catalog = Catalog::new("1.36").expect("known");
    let cases: Vec<_> = read("answers").into_iter().filter(|object| !object.is_null()).collect();
    let refused = |object| catalog.check(object).into_iter().find(|violation| violation.severity == Severity::Error);
    let offline: Vec<_> = cases.iter().map(refused).collect();
    let (accepted, wrong) = (offline.iter().filter(|found| found.is_none()).count(), offline.iter().flatten().count());
    assert!(accepted > 5 && wrong > 12, "{accepted} accepted, {wrong} refused");
    let Some(kubeconfig) = kubeconfig() else { return };
    let kubeconfig = std::fs::read(kubeconfig).expect("a kubeconfig");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let verdicts = runtime.block_on(async { Server::connect(&kubeconfig, &definitions()).await.ask(&cases).await });
    for ((object, offline), server) in cases.iter().zip(offline).zip(verdicts) {
        assert_eq!(Some(offline.is_none()), server.accepted(), "{object}: {offline:?}, the server: {server:?}");
    }
}
