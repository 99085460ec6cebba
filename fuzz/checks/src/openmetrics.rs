//! Pages of metrics as the strictest reader would take them: OpenMetrics 1.0, and Prometheus' text format 0.0.4 to the same
//! measure. What fusebox never writes, such as timestamps and exemplars, is refused.

use std::collections::{BTreeMap, HashSet};

use fusebox_prometheus::Format;

/// A family of series with one name.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    unit: Option<String>,
    has_help: bool,
    pub(crate) samples: Vec<Sample>,
}

/// A line with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// All families of a page, or what is wrong with it and where.
pub(crate) fn read(page: &str, format: Format) -> Result<Vec<Family>, String> {
    let body = match format {
        Format::OpenMetrics => page.strip_suffix("# EOF\n").ok_or("it does not end in `# EOF`")?,
        _ => page,
    };
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("its last line has no end".into());
    }
    let mut families: Vec<Family> = Vec::new();
    for (number, line) in (1..).zip(body.split_terminator('\n')) {
        let taken = match line.strip_prefix("# ") {
            Some(about) => describe(&mut families, about, format),
            None => sample(line).and_then(|sample| belongs(&mut families, sample, format)),
        };
        taken.map_err(|wrong| format!("line {number}, {line:?}: {wrong}"))?;
    }
    whole(&families, format)?;
    Ok(families)
}

/// Takes in a line that says something of a family, which comes before its samples.
fn describe(families: &mut Vec<Family>, about: &str, format: Format) -> Result<(), String> {
    let mut words = about.splitn(3, ' ');
    let (Some(what), Some(name), Some(text)) = (words.next(), words.next(), words.next()) else {
        return Err("it says nothing of a family".into());
    };
    if !is_name(name, true) {
        return Err("that is no name of a metric".into());
    }
    if families.last().is_none_or(|last| last.name != name) {
        if families.iter().any(|known| known.name == name) {
            return Err("the family is taken up again".into());
        }
        families.push(Family { name: name.to_owned(), ..Family::default() });
    }
    let Some(family) = families.last_mut().filter(|family| family.samples.is_empty()) else {
        return Err("it comes after a sample".into());
    };
    let first = match what {
        "HELP" => !std::mem::replace(&mut family.has_help, true) && unescaped(text, format).is_some(),
        "TYPE" => ["counter", "gauge", "histogram", "summary"].contains(&text) && set(&mut family.kind, text),
        "UNIT" if format == Format::OpenMetrics => {
            name.ends_with(&format!("_{text}")) && family.unit.replace(text.to_owned()).is_none()
        }
        _ => false,
    };
    if first { Ok(()) } else { Err(format!("{what} is said twice, or cannot be that")) }
}

fn set(place: &mut String, text: &str) -> bool {
    let free = place.is_empty();
    text.clone_into(place);
    free
}

/// Help, as it was before its line breaks were escaped.
fn unescaped(text: &str, format: Format) -> Option<String> {
    let mut chars = text.chars();
    let mut plain = String::new();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '\\' => match chars.next()? {
                'n' => '\n',
                '\\' => '\\',
                '"' if format == Format::OpenMetrics => '"',
                _ => return None,
            },
            char => char,
        });
    }
    Some(plain)
}

/// `name{label="value",…} value`, with nothing behind it.
fn sample(line: &str) -> Result<Sample, String> {
    let (name, mut rest) = line.split_once('{').ok_or("there are no labels")?;
    if !is_name(name, true) {
        return Err("that is no name of a metric".into());
    }
    let mut labels = BTreeMap::new();
    loop {
        let (label, value) = rest.split_once("=\"").ok_or("a label has no value")?;
        if !is_name(label, false) || label.starts_with("__") {
            return Err(format!("{label:?} is no name of a label"));
        }
        let (text, after) = quoted(value).ok_or("the value of a label does not end, or is escaped wrongly")?;
        if labels.insert(label.to_owned(), text).is_some() {
            return Err(format!("{label} is there twice"));
        }
        rest = after;
        match rest.split_at_checked(1) {
            Some((",", after)) => rest = after,
            Some(("}", after)) => {
                let value = after.strip_prefix(' ').ok_or("no value")?;
                return Ok(Sample { name: name.to_owned(), labels, value: number(value).ok_or("that is no number")? });
            }
            _ => return Err("there is something behind a label".into()),
        }
    }
}

/// What stands up to the next quote, and what comes behind that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.char_indices();
    let mut plain = String::new();
    while let Some((at, char)) = chars.next() {
        plain.push(match char {
            '"' => return Some((plain, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                _ => return None,
            },
            char => char,
        });
    }
    None
}

/// By the grammar of numbers in OpenMetrics, which is narrower than Rust's.
fn number(text: &str) -> Option<f64> {
    let plain = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_special =
        ["inf", "infinity"].contains(&plain.to_ascii_lowercase().as_str()) || text.eq_ignore_ascii_case("nan");
    let is_plain = plain.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && plain.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '+' | '-'));
    if is_special || is_plain { text.parse().ok() } else { None }
}

fn is_name(name: &str, of_metric: bool) -> bool {
    let begins = |char: char| char.is_ascii_alphabetic() || char == '_' || (of_metric && char == ':');
    name.starts_with(begins) && name.chars().all(|char| begins(char) || char.is_ascii_digit())
}

/// How the names of samples go on after that of their family.
fn suffixes(kind: &str, format: Format) -> &'static [&'static str] {
    match (kind, format) {
        ("counter", Format::OpenMetrics) => &["_total", "_created"],
        ("histogram", Format::OpenMetrics) => &["_bucket", "_count", "_sum", "_created"],
        ("summary", Format::OpenMetrics) => &["", "_count", "_sum", "_created"],
        ("histogram", _) => &["_bucket", "_count", "_sum"],
        ("summary", _) => &["", "_count", "_sum"],
        _ => &[""],
    }
}

/// Puts a sample to the family before it.
fn belongs(families: &mut [Family], sample: Sample, format: Format) -> Result<(), String> {
    let family = families.last_mut().ok_or("no family was named")?;
    let suffix = sample.name.strip_prefix(&family.name).ok_or("it is of another family")?;
    if !family.has_help || !suffixes(&family.kind, format).contains(&suffix) {
        return Err(format!("a {} has no such sample", family.kind));
    }
    let counts = family.kind != "gauge" && suffix != "_created";
    if counts && !(sample.value.is_finite() && sample.value >= 0.0) {
        return Err("that is no count".into());
    }
    if (suffix == "_bucket") != sample.labels.contains_key("le") {
        return Err("buckets have bounds, and nothing else does".into());
    }
    family.samples.push(sample);
    Ok(())
}

/// What can only be said of all lines together.
fn whole(families: &[Family], format: Format) -> Result<(), String> {
    let (mut names, mut series) = (HashSet::new(), HashSet::new());
    for family in families {
        if family.samples.is_empty() {
            return Err(format!("{} has no samples", family.name));
        }
        let own = suffixes(&family.kind, format).iter().map(|suffix| format!("{}{suffix}", family.name));
        for name in own.chain([family.name.clone()]).collect::<HashSet<_>>() {
            if !names.insert(name.clone()) {
                return Err(format!("{name} may be of two families"));
            }
        }
        let (mut groups, mut last) = (HashSet::new(), None);
        for sample in &family.samples {
            if !series.insert((&sample.name, &sample.labels)) {
                return Err(format!("{sample:?} is there twice"));
            }
            let labels: Vec<_> = sample.labels.iter().filter(|(label, _)| *label != "le").collect();
            if last.as_ref() != Some(&labels) && !groups.insert(labels.clone()) {
                return Err(format!("{sample:?} is apart from the others with its labels"));
            }
            last = Some(labels);
        }
        if family.kind == "histogram" {
            buckets(&family.samples)?;
        }
    }
    Ok(())
}

/// Bounds rise, counts do not fall, and the last bucket has them all.
fn buckets(samples: &[Sample]) -> Result<(), String> {
    let mut before = (f64::NEG_INFINITY, 0.0);
    for sample in samples {
        if let Some(bound) = sample.label("le") {
            let bound = number(bound).ok_or_else(|| format!("{sample:?} has no number for a bound"))?;
            if bound <= before.0 || sample.value < before.1 {
                return Err(format!("{sample:?} comes after {before:?}"));
            }
            before = (bound, sample.value);
        } else if sample.name.ends_with("_count") {
            if before != (f64::INFINITY, sample.value) {
                return Err(format!("{sample:?} is not what the last bucket has, {before:?}"));
            }
            before = (f64::NEG_INFINITY, 0.0);
        }
    }
    Ok(())
}
