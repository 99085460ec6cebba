//! The pages of the repository: what they link to is there.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A page as readers of the repository see it.
struct Page {
    /// Where its links point to, but for those that leave the repository.
    links: Vec<String>,
    /// What may stand behind `#` in a link to it.
    anchors: HashSet<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let (mut links, mut anchors, mut heading) = (Vec::new(), HashSet::new(), None::<String>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                    if !dest_url.contains("://") && !dest_url.starts_with("mailto:") =>
                {
                    links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let again = (1..).map(|number| format!("{anchor}-{number}"));
                    let free = std::iter::once(anchor.clone()).chain(again).find(|name| !anchors.contains(name));
                    anchors.extend(free);
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        Self { links, anchors }
    }
}

/// What GitHub makes of a heading: lower case, spaces as hyphens, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// All pages below a folder, but for those that a build or a tool left there.
fn pages(folder: &Path, found: &mut HashMap<PathBuf, Page>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && name != "target" {
                pages(&path, found);
            }
        } else if path.extension().is_some_and(|end| end == "md") {
            let page = Page::read(&fs::read_to_string(&path).unwrap());
            found.insert(path, page);
        }
    }
}

/// A path without `..`, as no file need be there to have one.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The file that a link on the page of `path` leads to, and what stands behind `#`.
fn target<'a>(path: &Path, link: &'a str) -> (PathBuf, Option<&'a str>) {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = match path.parent() {
        Some(folder) if !file.is_empty() => plain(&folder.join(file)),
        _ => path.to_owned(),
    };
    (target, anchor)
}

/// Links that lead nowhere, with the page that they are on.
fn broken(pages: &HashMap<PathBuf, Page>) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, page) in pages {
        for link in &page.links {
            let (target, anchor) = target(path, link);
            let there = match (anchor, pages.get(&target)) {
                (Some(anchor), Some(page)) => page.anchors.contains(anchor),
                // Other files have lines for anchors, and they move.
                (Some(_), None) => false,
                (None, _) => target.exists(),
            };
            if !there {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    broken.sort();
    broken
}

#[test]
fn links_lead_somewhere() {
    let root = plain(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let mut found = HashMap::new();
    pages(&root, &mut found);
    let links: usize = found.values().map(|page| page.links.len()).sum();
    assert!(found.contains_key(&root.join("README.md")) && links > 50, "{} pages, {links} links", found.len());
    let broken = broken(&found);
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let root = plain(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let mut found = HashMap::new();
    pages(&root, &mut found);
    let (mut reached, mut next) = (HashSet::new(), vec![root.join("README.md")]);
    while let Some(path) = next.pop() {
        if let Some(page) = found.get(&path).filter(|_| reached.insert(path.clone())) {
            next.extend(page.links.iter().map(|link| target(&path, link).0));
        }
    }
    let mut missing: Vec<_> = found.keys().filter(|path| !reached.contains(*path)).collect();
    missing.sort();
    assert!(missing.is_empty(), "no link leads from README.md to {missing:#?}");
}

#[test]
fn a_link_to_nothing_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let page = "# Two `words`, and more\n\n# Again\n\n# Again\n\n[a](#two-words-and-more) [b](#again-1) [c](#again-2) \
                [d](other.md) [e](./there.txt) [f](gone.txt) [g](https://example.com/gone) ![h](gone.svg)\n\n```\n[i](gone)\n```\n";
    fs::write(folder.path().join("page.md"), page).unwrap();
    fs::write(folder.path().join("other.md"), "[j](page.md#again) [k](page.md#gone)\n").unwrap();
    fs::write(folder.path().join("there.txt"), "").unwrap();
    let mut found = HashMap::new();
    pages(folder.path(), &mut found);
    let broken = broken(&found);
    let missing: Vec<_> = broken.iter().filter_map(|line| line.rsplit_once(": ")).map(|(_, link)| link).collect();
    assert_eq!(missing, ["page.md#gone", "#again-2", "gone.svg", "gone.txt"]);
}
