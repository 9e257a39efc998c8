//! How long rendering takes: the primer, and a cluster file with 1,000, 2,000, 5,000 and 10,000 objects (linear).

use std::borrow::Cow;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use manifestgen::config::{self, ConfigFile, LoadRequest};
use manifestgen::render::{self, Selection};
use manifestgen::sink;
use manifestgen::source::Sources;
use serde_json::json;

fn rendered(request: &LoadRequest) -> Vec<Cow<'static, str>> {
    let mut sources = Sources::new();
    let loaded = config::load(request, &mut sources).expect("a good config");
    let release = render::render(loaded.cluster(), &Selection::default()).expect("a release");
    sink::yaml(&release).expect("YAML")
}

fn primer(criterion: &mut Criterion) {
    let request = LoadRequest { file: None, profile: Some("primer".to_owned()), sets: Vec::new() };
    criterion.bench_function("render primer", |bencher| bencher.iter(|| rendered(&request)));
}

fn many(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render objects");
    group.sample_size(10);
    for count in [1_000_u64, 2_000, 5_000, 10_000] {
        let objects: Vec<_> = (0..count)
            .map(|n| {
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("config-{n}"), "namespace": "default"},
                       "data": {"key": format!("value {n}"), "text": "one\ntwo\n"}})
            })
            .collect();
        // JSON is YAML; the file is what `manifestgen render -c` would be given.
        let text = json!({"cluster": {"name": "large"}, "extraObjects": objects}).to_string();
        let file = ConfigFile { name: "cluster.yaml".to_owned(), text };
        let request = LoadRequest { file: Some(file), profile: None, sets: Vec::new() };
        group.throughput(Throughput::Elements(count));
        group.bench_with_input(BenchmarkId::from_parameter(count), &request, |bencher, request| bencher.iter(|| rendered(request)));
    }
    group.finish();
}

criterion_group!(benches, primer, many);
criterion_main!(benches);
