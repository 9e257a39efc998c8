//! The house keeps its own rules: rooms, arrows, one place that prints, no forgotten test file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LEAVES: [&str; 7] = ["cel", "diag", "nix", "source", "yaml", "versions", "data"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the source tree").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The room of a file under `src/`.
fn room(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("a file under src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The table of docs/ARCHITECTURE.md: a room and the rooms that it may use; none for "all".
fn table() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the architecture page");
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let room = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
            let allowed = *cells.get(2)?;
            let allowed =
                (allowed != "all").then(|| allowed.split_whitespace().filter(|word| *word != "–").map(ToOwned::to_owned).collect());
            Some((room.to_owned(), allowed))
        })
        .collect()
}

/// The rooms that a text names as `crate::room`, its tests left out.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut rooms = BTreeSet::new();
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::").chain(line.match_indices("manifestgen::")) {
            let rest = line[at..].split_once("::").map_or("", |(_, rest)| rest);
            if let Some(list) = rest.strip_prefix('{') {
                let names = list.split('}').next().unwrap_or_default().split(',');
                rooms.extend(names.map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()));
            } else {
                rooms.insert(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
            }
        }
    }
    rooms
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    let table = table();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let from = room(&file);
        if from == "lib" {
            continue;
        }
        let Some(allowed) = table.get(&from) else {
            wrong.push(format!("the room `{from}` is not in the table"));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        for to in used(&fs::read_to_string(&file).expect("source text")) {
            if table.contains_key(&to) && to != from && !allowed.contains(&to) {
                wrong.push(format!("{}: `{from}` must not use `{to}`", file.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The Nix package is made of these folders alone (nix/package.nix), and its build runs the unit tests.
#[test]
fn what_is_compiled_in_is_in_the_nix_package() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).expect("source text");
        for (at, macro_name) in text.match_indices("include_str!(\"").chain(text.match_indices("include_bytes!(\"")) {
            let path = text[at + macro_name.len()..].split('"').next().unwrap_or_default();
            let path = file.parent().expect("a folder").join(path).canonicalize().expect("a file that is compiled in");
            if !["src", "data"].iter().any(|folder| path.starts_with(root().join(folder))) {
                wrong.push(format!("{}: {}", file.display(), path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn leaves_know_no_room_above_them() {
    for (room, allowed) in table() {
        if LEAVES.contains(&room.as_str()) {
            let allowed = allowed.expect("leaves may not use everything");
            assert!(allowed.iter().all(|to| LEAVES.contains(&to.as_str())), "the leaf `{room}` may use {allowed:?}");
        }
    }
}

#[test]
fn only_ui_prints_and_nothing_exits() {
    let words = ["println!(", "print!(", "dbg!(", "process::exit", "todo!(", "unimplemented!("];
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        if room(&file) == "ui" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source text");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if words.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_has_too_many_reasons_to_exist() {
    for file in rust_files(&root().join("src")) {
        let lines = fs::read_to_string(&file).expect("source text").lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.display());
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = root().join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).expect("the test binary");
    for entry in fs::read_dir(&folder).expect("tests/it").flatten() {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        let is_module = entry.path().join("mod.rs").exists() || entry.path().extension().is_some_and(|extension| extension == "rs");
        if is_module && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "tests/it/{name}.rs is not part of the test binary");
        }
    }
}
