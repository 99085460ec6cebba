//! The trace that `fusebox serve` plays: links that trip and recover, all within half a minute, and then silence.

use std::fmt::Write as _;

/// Answers all the time.
pub(crate) const STEADY: &str = "steady";
/// Trips once and recovers.
pub(crate) const INVENTORY: &str = "inventory";
/// Does the same, under a name that every format has to escape.
pub(crate) const AWKWARD: &str = r#"a\b "c", {d="e"} <i>%q é"#;
/// Is away for longer than others.
pub(crate) const DOWN: &str = "down";
/// Trips again and again, each time for a moment that hardly a scrape sees.
pub(crate) const BRIEF: &str = "brief";

/// Answers, but somebody holds its circuit open by hand for a while. It comes last and has no place in the set on trial
/// until another makes room.
pub(crate) const HELD: &str = "held";

pub(crate) const PEERS: [&str; 6] = [STEADY, INVENTORY, AWKWARD, DOWN, BRIEF, HELD];

/// How many of them are on trial: all but the last.
pub(crate) const ON_TRIAL: usize = PEERS.len() - 1;

/// How many times as fast as the trace's own time it is played. A circuit waits for 10 s of it, so for 100 ms.
pub(crate) const SPEED: u32 = 100;

/// How often `BRIEF` trips.
pub(crate) const BRIEF_TRIPS: u32 = 4;

/// Nobody is called any more, but for one call.
const SILENCE_MS: u32 = 32_000;
/// Nobody needs a place that is not there any more.
const ENOUGH_MS: u32 = 20_000;
/// `HELD` is called once more and takes the place of another, after all alerts have been raised.
const ROOM_MS: u32 = 36_000;
/// The last row. The trace would begin anew after it.
const END_MS: u32 = 120_000;

/// A link, the time between its calls, when they end, and whether they fail at a time. All times are those of a wall clock.
type Link = (&'static str, u32, u32, fn(u32) -> bool);

/// Half of the last 20 calls trip a circuit. Scrapes are not in step with `BRIEF`.
const LINKS: [Link; 6] = [
    (STEADY, 250, SILENCE_MS, |_| false),
    (INVENTORY, 40, SILENCE_MS, |ms| (3_000..9_000).contains(&ms)),
    (AWKWARD, 40, SILENCE_MS, |ms| (3_000..9_000).contains(&ms)),
    (DOWN, 40, SILENCE_MS, |ms| (2_000..24_000).contains(&ms)),
    (BRIEF, 20, SILENCE_MS, |ms| (6_000..6_000 + BRIEF_TRIPS * 3_330).contains(&ms) && (ms - 6_000) % 3_330 < 240),
    (HELD, 100, ENOUGH_MS, |_| false),
];

/// As a CSV file.
pub(crate) fn csv() -> String {
    let mut rows: Vec<(u32, &str, bool)> = vec![];
    for (name, every, end, fails) in LINKS {
        rows.extend((0..end).step_by(every as usize).map(|ms| (ms, name, fails(ms))));
    }
    rows.sort_by_key(|(ms, ..)| *ms);
    rows.push((ROOM_MS, HELD, false));
    rows.push((END_MS, STEADY, false));
    let mut text = String::from("time_ms,peer,outcome\n");
    for (ms, name, fails) in rows {
        let ms = u64::from(ms) * u64::from(SPEED);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{ms},\"{}\",{}", name.replace('"', "\"\""), if fails { "fail" } else { "ok" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_names_escaped() {
        let text = csv();
        let times: Vec<u64> = text.lines().skip(1).map(|row| row.split_once(',').unwrap().0.parse().unwrap()).collect();
        assert!(times.is_sorted());
        let of = |name: &str| text.lines().filter(|row| row.contains(&format!("\"{name}\",fail"))).count();
        assert_eq!(of(BRIEF), 12 * BRIEF_TRIPS as usize);
        assert_eq!((of(STEADY), of(INVENTORY), of(HELD)), (0, 150, 0));
        let first = text.lines().skip(1).take(PEERS.len()).map(|row| row.split('"').nth(1).unwrap());
        assert!(first.eq(["steady", "inventory", r"a\b ", "down", "brief", "held"]), "{text:.500}");
        assert!(text.contains(r#""a\b ""c"", {d=""e""} <i>%q é",fail"#));
    }
}
