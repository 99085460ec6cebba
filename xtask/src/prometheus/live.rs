//! The live page of `fusebox serve`, as a browser shows it.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use super::stage::Stage;
use super::trace::{DOWN, HELD, PEERS, STEADY};
use crate::shell::{Call, Shell};

pub(crate) const BROWSER: &str = "chromium";

/// What the page shows of one circuit.
#[derive(Debug, PartialEq)]
struct Shown {
    peer: String,
    /// For the eye, and as the page's style and script know it.
    state: String,
    known_as: String,
    success: u64,
    failure: u64,
    rejected: u64,
}

/// Who is down is shown so, by words.
pub(crate) fn shows_a_trip(shell: &Shell, stage: &Stage) -> Result<String> {
    let rows = visit(shell, stage, "open")?;
    let state_of = |peer: &str| rows.iter().find(|row| row.peer == peer).map(|row| row.state.as_str());
    let down = state_of(DOWN);
    ensure!(matches!(down, Some("open" | "half-open")), "the page shows {DOWN} as {down:?}");
    ensure!(state_of(STEADY) == Some("closed"), "the page shows {STEADY} as {:?}", state_of(STEADY));
    ensure!(state_of(HELD) == Some("forced open"), "the page shows {HELD} as {:?}", state_of(HELD));
    Ok(String::new())
}

/// All have recovered, and their figures are those of the client.
pub(crate) fn shows_recoveries(shell: &Shell, stage: &Stage) -> Result<String> {
    let rows = visit(shell, stage, "closed")?;
    let totals = stage.of_peers("/totals")?;
    let peers = totals["peers"].as_array().context("/totals has no peers")?;
    for row in rows {
        ensure!(row.state == "closed", "the page shows {} as {}, although it answers", row.peer, row.state);
        let own = peers.iter().find(|own| own["peer"] == row.peer.as_str());
        let own = own.with_context(|| format!("/totals has no {}", row.peer))?;
        for (field, shown) in [("success", row.success), ("failure", row.failure), ("rejected", row.rejected)] {
            ensure!(own[field] == shown, "{field} of {}: {} in /totals, {shown} on the page", row.peer, own[field]);
        }
        ensure!(own["success"].as_u64() > Some(0), "{} was never called", row.peer);
    }
    Ok(String::new())
}

/// Opens the page, keeps a picture of it and reads its circuits.
fn visit(shell: &Shell, stage: &Stage, picture: &str) -> Result<Vec<Shown>> {
    let folder = tempfile::tempdir()?;
    let picture = shell.root().join(format!("target/xtask/prometheus/live-{picture}.png"));
    let call = Call::new("timeout 40")
        .args(BROWSER)
        // The sandbox refuses root, and the only page is our own.
        .args("--headless --no-sandbox --disable-gpu --disable-background-networking --disable-dev-shm-usage")
        .args("--virtual-time-budget=2500 --window-size=1200,900 --dump-dom")
        .arg(format!("--user-data-dir={}", folder.path().display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(&stage.peers_url);
    let page = shell.run(&call)?;
    ensure!(page.contains("data-connection=\"live\""), "the page of {} is not live", stage.peers_url);
    ensure!(fs::metadata(&picture).is_ok_and(|file| file.len() > 0), "no picture of the page was taken");
    let rows = circuits(&page)?;
    let mut shown: Vec<&str> = rows.iter().map(|row| row.peer.as_str()).collect();
    let mut expected = PEERS;
    shown.sort_unstable();
    expected.sort_unstable();
    ensure!(shown == expected, "the page shows {shown:?}, not {expected:?}");
    for row in &rows {
        ensure!(
            row.known_as.replace('_', " ") == row.state.replace('-', " "),
            "{} is {} and {}",
            row.peer,
            row.known_as,
            row.state
        );
    }
    Ok(rows)
}

/// The rows that a page as dumped by the browser shows, without the template of a row.
fn circuits(page: &str) -> Result<Vec<Shown>> {
    let rows = page.split("<tr class=\"circuit\" ").skip(1).map(|rest| rest.split("</tr>").next().unwrap_or(rest));
    let rows: Vec<Shown> = rows.map(circuit).collect::<Result<_>>()?;
    if rows.is_empty() {
        bail!("the page shows no circuit");
    }
    Ok(rows)
}

fn circuit(row: &str) -> Result<Shown> {
    let part = |begin: &str, end: &str| {
        let rest = row.split_once(begin).map(|(_, rest)| rest).with_context(|| format!("no {begin} in {row}"))?;
        Ok::<_, anyhow::Error>(rest.split(end).next().unwrap_or(rest))
    };
    let figure = |name: &str| -> Result<u64> {
        let text = part(&format!(" {name}\">"), "<")?;
        // Large numbers are written in groups.
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().with_context(|| format!("{name} is `{text}`"))
    };
    let state = part("class=\"state\" data-state=\"", "</")?;
    let (known_as, state) = state.split_once("\">").with_context(|| format!("no state in {row}"))?;
    Ok(Shown {
        peer: unescaped(part("data-peer=\"", "\"")?),
        state: state.into(),
        known_as: known_as.into(),
        success: figure("success")?,
        failure: figure("failure")?,
        rejected: figure("rejected")?,
    })
}

fn unescaped(text: &str) -> String {
    let known = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    known.into_iter().fold(text.into(), |text: String, (entity, letter)| text.replace(entity, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_the_template_is_not() {
        let page = "<tr class=\"circuit\" data-peer=\"a&quot;&lt;b\" data-state=\"half_open\"><td>\
                    <span class=\"state\" data-state=\"half_open\">half-open</span></td>\
                    <td class=\"wide number success\">1,204</td><td class=\"wide number failure\">3</td>\
                    <td class=\"wide number rejected\">0</td></tr><tr class=\"circuit\"><td></td></tr>";
        let row = Shown {
            peer: "a\"<b".into(),
            state: "half-open".into(),
            known_as: "half_open".into(),
            success: 1_204,
            failure: 3,
            rejected: 0,
        };
        assert_eq!(circuits(page).unwrap(), [row]);
        assert!(circuits("<table>").is_err());
        let error = circuits(&page.replace("1,204", "none")).unwrap_err().to_string();
        assert_eq!(error, "success is `none`");
    }
}
