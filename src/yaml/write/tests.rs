use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn text<T: Serialize + ?Sized>(value: &T) -> String {
    to_string(value).expect("YAML can hold it")
}

#[test]
fn the_style_is_that_of_kubectl() {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "labels": {}, "finalizers": []},
        "spec": {"list": [{"name": "a", "args": ["-x", "y"]}, [1, [2]], "plain text"], "on": true, "port": 80, "none": null},
        "data": {"script.sh": "#!/bin/sh\necho 'a: b'\n", "no newline": "a\nb", "version": "1.10", "": ""},
    });
    let expected = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: {}
  finalizers: []
spec:
  list:
  - name: a
    args:
    - -x
    - \"y\"
  - - 1
    - - 2
  - plain text
  \"on\": true
  port: 80
  none: null
data:
  script.sh: |
    #!/bin/sh
    echo 'a: b'
  no newline: |-
    a
    b
  version: \"1.10\"
  \"\": \"\"
";
    assert_eq!(text(&object), expected);
}

#[test]
fn documents_are_separated_and_nothing_more() {
    let several = |values: &[Value]| documents_to_string(values).expect("YAML");
    assert_eq!(several(&[]), "");
    assert_eq!(several(&[json!({"a": 1})]), "a: 1\n");
    assert_eq!(several(&[json!({"a": 1}), json!("b\nc\n"), json!([]), json!(null)]), "a: 1\n---\n|\n  b\n  c\n---\n[]\n---\nnull\n");
}

#[test]
fn numbers_are_exact() {
    assert_eq!(
        text(&json!([i64::MIN, u64::MAX, 0.1, 1e21, -2.5e-9])),
        "- -9223372036854775808\n- 18446744073709551615\n- 0.1\n- 1.0e+21\n- -2.5e-9\n"
    );
    assert_eq!(text(&0.1_f32), "0.1\n");
    assert_eq!(text(&i128::from(u64::MAX)), "18446744073709551615\n");
}

#[test]
fn what_json_cannot_hold_is_refused() {
    let refused = |error: Result<String, WriteError>| error.expect_err("JSON cannot hold it").to_string();
    assert_eq!(refused(to_string(&[f64::NAN])), "the number NaN is not finite, and JSON cannot hold it");
    assert_eq!(refused(to_string(&f32::INFINITY)), "the number inf is not finite, and JSON cannot hold it");
    assert_eq!(refused(to_string(&u128::MAX)), format!("the number {} needs more than 64 bits", u128::MAX));
    assert_eq!(refused(to_string(&BTreeMap::from([((), 1)]))), "a key must be text, a number or a boolean");
}

#[test]
fn keys_are_text_or_integers() {
    assert_eq!(text(&BTreeMap::from([(80_u16, "a")])), "80: a\n");
    assert_eq!(text(&BTreeMap::from([("80", "a")])), "\"80\": a\n");
    assert_eq!(text(&BTreeMap::from([(true, "a")])), "\"true\": a\n");
}

#[test]
fn enums_are_written_as_json_has_them() {
    #[derive(Serialize)]
    enum Kind {
        No,
        Port(u16),
        Both { a: u8, off: Option<&'static str> },
    }
    let kinds = [Kind::No, Kind::Port(1), Kind::Both { a: 1, off: None }];
    assert_eq!(text(&kinds), "- \"No\"\n- Port: 1\n- Both:\n    a: 1\n    \"off\": null\n");
}

/// serde-saphyr 2.1.1 writes a literal block whose first line starts with a tab without an indentation indicator, and Go's reader refuses it.
#[test]
fn serde_saphyr_block_that_starts_with_a_tab() {
    assert_eq!(text("\ta\nb\n"), "\"\\ta\\nb\\n\"\n");
}

#[test]
fn text_that_a_block_might_lose_is_quoted() {
    for lossy in
        [" a\nb", "\na", "a\nb \n", "a \nb", "a\nb\n\n", "\n", "a\r\nb", "a\nb\u{85}", "a\nb\u{2028}", "a\n\u{feff}b", "a\n\0", "a\n\u{7f}"]
    {
        assert!(text(lossy).starts_with('"'), "{lossy:?}: {}", text(lossy));
    }
    for kept in ["a\nb", "a\n\nb\n", "a\n  b\n\tc", "é\n😀", "- a\n---\n# b\n"] {
        assert!(text(kept).starts_with('|'), "{kept:?}: {}", text(kept));
    }
}

#[test]
fn long_text_stays_on_its_line() {
    let long = "word ".repeat(500) + "end";
    assert_eq!(text(&json!({"a": long})), format!("a: {long}\n"));
    let long = "wörd: ".repeat(500);
    assert_eq!(text(&json!({"a": long})), format!("a: \"{long}\"\n"));
}
