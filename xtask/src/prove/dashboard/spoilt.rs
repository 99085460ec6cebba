//! The dashboard with one thing wrong, again and again, to see that the check notices.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The ends of the paths at which the dashboard names its own things. `*` is any one name.
const FREE_KEYS: &[&str] =
    &["mappings/*/options/*", "value/*/options/*", "excludeByName/*", "indexByName/*", "renameByName/*"];

/// The ends of the paths of text for people, Prometheus and the browser.
const FREE_VALUES: &[&str] = &[
    "title",
    "description",
    "label",
    "name",
    "text",
    "/uid",
    "/refresh",
    "/timezone",
    "/time/*",
    "tags/*",
    "annotations/list/*/type",
    "annotations/list/*/datasource/*",
    "iconColor",
    "color",
    "fixedColor",
    "regex",
    "allValue",
    "current/text/*",
    "current/value/*",
    "query/query",
    "refId",
    "expr",
    "legendFormat",
    "reduceOptions/fields",
    "stacking/group",
    "matcher/options",
    "displayName",
    "renameByName/*",
];

/// A part of the dashboard in which one thing is wrong.
pub(super) struct Spoilt {
    what: String,
    part: Value,
    /// The part's type.
    of: &'static str,
    /// No type can tell that it is wrong.
    pub(super) is_free: bool,
}

/// Misspells each key and changes each value, in what is around the panels and in each panel.
pub(super) fn each(dashboard: &Value) -> Result<Vec<Spoilt>> {
    let mut frame = dashboard.clone();
    let panels = frame.get_mut("panels").map(Value::take);
    let panels = panels.as_ref().and_then(Value::as_array).context("there are no panels")?;
    frame["panels"] = json!([]);
    let mut all = spoil(&frame, "Dashboard", "dashboard");
    for panel in panels {
        all.extend(spoil(panel, "Panel", &format!("panel {}", panel["id"])));
    }
    Ok(all)
}

fn spoil(part: &Value, of: &'static str, name: &str) -> Vec<Spoilt> {
    let mut all = vec![];
    for path in paths(part) {
        let mut add = |verb: &str, changed: Option<Value>, free: &[&str]| {
            let is_free = free.iter().any(|end| ends(&path, end));
            all.extend(changed.map(|part| Spoilt { what: format!("{name}, {verb}: {path}"), part, of, is_free }));
        };
        add("misspelled", misspelled(part, &path), FREE_KEYS);
        add("changed", changed(part, &path), FREE_VALUES);
    }
    all
}

/// To everything in a value, as JSON pointers.
fn paths(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (escaped(key), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => vec![],
    };
    let deeper = inner.into_iter().map(|(name, value)| {
        let below = paths(value).into_iter().map(|path| format!("/{name}{path}"));
        std::iter::once(format!("/{name}")).chain(below).collect::<Vec<_>>()
    });
    deeper.flatten().collect()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// With another letter in the key that the path ends in.
fn misspelled(part: &Value, path: &str) -> Option<Value> {
    let mut part = part.clone();
    let (parent, _) = path.rsplit_once('/')?;
    let value = part.pointer_mut(path)?.take();
    let map = part.pointer_mut(parent)?.as_object_mut()?;
    let key = map.keys().find(|key| path[parent.len() + 1..] == escaped(key))?.clone();
    map.remove(&key);
    map.insert(format!("{key}x"), value);
    Some(part)
}

/// With another text, or with text in place of something else.
fn changed(part: &Value, path: &str) -> Option<Value> {
    let mut part = part.clone();
    let value = part.pointer_mut(path)?;
    *value = match &*value {
        Value::Object(_) | Value::Array(_) => return None,
        Value::String(text) => json!(format!("{text}x")),
        other => json!(other.to_string()),
    };
    Some(part)
}

fn ends(path: &str, end: &str) -> bool {
    let mut names = path.rsplit('/');
    end.rsplit('/').all(|wanted| names.next().is_some_and(|name| wanted == "*" || wanted == name))
}

/// A program that compiles if each one is noticed that has to be, and no other.
pub(super) fn program(all: &[Spoilt]) -> String {
    let mut program = String::from("import type { Dashboard, Panel } from './types';\n");
    for Spoilt { part, of, is_free, .. } in all {
        let expectation = if *is_free { "" } else { "// @ts-expect-error" };
        // Writing to a string cannot fail.
        let _ = writeln!(program, "{expectation}\n({part} satisfies {of});");
    }
    program
}

/// What the compiler did not expect, by the lines that it names.
pub(super) fn wrong(all: &[Spoilt], said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("spoilt.ts(")?.split_once(',')?.0.parse().ok());
    // After the first line there are two for each.
    let found = lines.filter_map(|line: usize| all.get(line.checked_sub(2)? / 2));
    found
        .map(|one| format!("{}: {}", one.what, if one.is_free { "noticed, and listed as free" } else { "not noticed" }))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_key_is_misspelled_and_each_value_changed_once() {
        let part = json!({ "id": 1, "a/b": { "list": [{ "name": "x" }, null] } });
        let spoilt = spoil(&part, "Panel", "panel 1");
        // Which key comes first is up to features of `serde_json` that others turn on.
        let seen: BTreeMap<_, _> = spoilt.iter().map(|one| (one.what.as_str(), one.part.clone())).collect();
        let expected = [
            ("panel 1, misspelled: /a~1b", r#"{"a/bx":{"list":[{"name":"x"},null]},"id":1}"#),
            ("panel 1, misspelled: /a~1b/list", r#"{"a/b":{"listx":[{"name":"x"},null]},"id":1}"#),
            ("panel 1, misspelled: /a~1b/list/0/name", r#"{"a/b":{"list":[{"namex":"x"},null]},"id":1}"#),
            ("panel 1, changed: /a~1b/list/0/name", r#"{"a/b":{"list":[{"name":"xx"},null]},"id":1}"#),
            ("panel 1, changed: /a~1b/list/1", r#"{"a/b":{"list":[{"name":"x"},"null"]},"id":1}"#),
            ("panel 1, misspelled: /id", r#"{"a/b":{"list":[{"name":"x"},null]},"idx":1}"#),
            ("panel 1, changed: /id", r#"{"a/b":{"list":[{"name":"x"},null]},"id":"1"}"#),
        ];
        assert_eq!(spoilt.len(), expected.len());
        assert_eq!(seen, expected.map(|(what, part)| (what, part.parse().unwrap())).into());
        let free: Vec<_> = spoilt.iter().filter(|one| one.is_free).map(|one| one.what.as_str()).collect();
        assert_eq!(free, ["panel 1, changed: /a~1b/list/0/name"]);
    }

    #[test]
    fn the_end_of_a_path_is_compared_name_by_name() {
        for (path, end, same) in [
            ("/panels/0/title", "title", true),
            ("/panels/0/subtitle", "title", false),
            ("/mappings/3/options/open", "mappings/*/options/*", true),
            ("/mappings/3/options/open/text", "mappings/*/options/*", false),
            ("/uid", "/uid", true),
            ("/datasource/uid", "/uid", false),
            ("/b", "a/b", false),
        ] {
            assert_eq!(ends(path, end), same, "{path} {end}");
        }
    }

    #[test]
    fn all_that_is_listed_as_free_is_there() {
        let dashboard = include_str!("../../../../prometheus/assets/grafana.json");
        let free: Vec<_> = each(&serde_json::from_str(dashboard).unwrap()).unwrap();
        let free: Vec<_> = free.iter().filter(|one| one.is_free).filter_map(|one| one.what.split_once(": ")).collect();
        for (verb, ends_in) in [("misspelled", FREE_KEYS), ("changed", FREE_VALUES)] {
            for end in ends_in {
                assert!(free.iter().any(|(what, path)| what.ends_with(verb) && ends(path, end)), "{verb} {end}");
            }
        }
    }

    #[test]
    fn a_line_of_the_compiler_leads_to_what_was_spoilt() {
        let all = spoil(&json!({ "id": 1, "name": "x" }), "Panel", "panel 1");
        let program = program(&all);
        let line = |text: &str| program.lines().position(|line| line.contains(text)).unwrap() + 1;
        let (id, name) = (line(r#""id":"1""#), line(r#""name":"xx""#));
        let said =
            format!("spoilt.ts({},1): error TS2578: unused\nspoilt.ts({name},3): error TS2322: no\n  more\n", id - 1);
        let expected = ["panel 1, changed: /id: not noticed", "panel 1, changed: /name: noticed, and listed as free"];
        assert_eq!(wrong(&all, &said), expected);
    }
}
