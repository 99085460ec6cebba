//! The page of the `serve` command, as far as it can be judged without a browser.

use crate::serve::{FLAGS, trace};
use crate::served::Served;

#[test]
fn the_page_is_whole_and_takes_nothing_from_elsewhere() {
    let served = Served::start(&trace(), &FLAGS);
    let page = served.get("/");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    for (path, content_type) in [("page.css", "text/css"), ("page.js", "text/javascript")] {
        assert!(page.body.contains(&format!("=\"{path}\"")), "{path}");
        let file = served.get(&format!("/{path}"));
        assert!(file.status == 200 && file.content_type.starts_with(content_type), "{path}: {}", file.content_type);
        let elsewhere = file.body.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("//www") && !elsewhere.contains("http"), "{path}");
    }
    assert!(!page.body.contains("http"), "{}", page.body);
    for part in
        ["<table", "<caption", "scope=\"col\"", "aria-live=\"polite\"", "aria-expanded", "prefers", "lang=\"en\""]
    {
        let found = page.body.contains(part) || served.get("/page.css").body.contains(part);
        assert!(found, "no {part}");
    }
    // Every link of the page leads somewhere.
    let links = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links.filter(|link| !link.starts_with("data:")) {
        assert_eq!(served.get(&format!("/{link}")).status, 200, "{link}");
    }
    let unknown = served.get("/nowhere");
    assert!(unknown.status == 404 && unknown.body.contains("/metrics"), "{}", unknown.body);
    assert_eq!(served.get("/circuits/peers/nobody").status, 404);
}

/// The share of light that a colour such as `#1b1f24` reflects, as WCAG 2 has it.
fn luminance(colour: &str) -> f64 {
    let hex = colour.trim_start_matches('#');
    let digits = hex.len() / 3;
    let part = |at: usize| {
        let part = hex[at * digits..(at + 1) * digits].repeat(3 - digits);
        let share = f64::from(u8::from_str_radix(&part, 16).unwrap()) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn all_that_is_written_stands_out_in_both_themes() {
    assert!((contrast("#fff", "#000000") - 21.0).abs() < 1e-9 && (contrast("#777", "#ffffff") - 4.48).abs() < 0.01);
    let css = include_str!("../../src/serve/page/page.css");
    let (light, rest) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split("}\n}").next().unwrap();
    for (theme, text) in [("light", light), ("dark", dark)] {
        let declared =
            text.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": "));
        let colours: Vec<(&str, &str)> = declared.collect();
        let of = |name: &str| colours.iter().find(|(known, _)| *known == name).unwrap().1;
        for ink in ["ink", "quiet", "focus", "closed", "open", "half-open", "by-hand"] {
            for paper in ["paper", "shade"] {
                let contrast = contrast(of(ink), of(paper));
                assert!(contrast >= 4.5, "{theme}: {ink} on {paper} has a contrast of {contrast:.2}");
            }
        }
    }
    assert!(!css.contains("opacity"), "what is seen through is harder to read");
}
