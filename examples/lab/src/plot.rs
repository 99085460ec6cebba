//! A picture of links over time as an SVG file.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use fusebox::State;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::history::{History, Link};
use crate::trace::{Peers, printable};

/// More links than this are left out, and the picture says so: nobody could tell them apart.
const MOST_LINKS: usize = 256;

const WIDTH: u32 = 1200;
const TOP: u32 = 70;
const BOTTOM: u32 = 60;
const ROW: u32 = 22;
const PIXELS: u64 = 1000;

const CLOSED: RGBColor = RGBColor(0xcd, 0xe8, 0xd0);
const OPEN: RGBColor = RGBColor(0xf2, 0xb1, 0x8b);
const HALF_OPEN: RGBColor = RGBColor(0x1f, 0x5f, 0xbf);
const LOST: RGBColor = RGBColor(0x8a, 0x0f, 0x1c);
const LEGEND: [(&str, RGBColor); 4] =
    [("closed", CLOSED), ("open", OPEN), ("half-open (a probe)", HALF_OPEN), ("packet lost, or would be", LOST)];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws the links to `file`.
pub(crate) fn save(history: &History, peers: &Peers, file: &Path) -> Result<()> {
    let svg = draw(history, peers).map_err(|error| anyhow!("drawing the plot: {error}"))?;
    std::fs::write(file, svg).with_context(|| format!("writing the plot {}", file.display()))
}

fn draw(history: &History, peers: &Peers) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let shown = history.links().len().min(MOST_LINKS);
    let mut svg = String::new();
    {
        let size = (WIDTH, TOP + BOTTOM + ROW * shown.max(1) as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).map_err(own)?;
        let (top, below) = area.split_vertically(TOP);
        draw_legend(&top, shown, peers.len())?;
        draw_links(&below, history, peers, shown)?;
        area.present().map_err(own)?;
    }
    Ok(svg)
}

/// The drawing errors borrow the picture.
fn own(error: impl Display) -> String {
    error.to_string()
}

fn draw_legend(area: &Area, shown: usize, all: usize) -> Result<(), String> {
    let title = match all - shown {
        0 => format!("{all} links"),
        left_out => format!("{shown} of {all} links, {left_out} left out"),
    };
    area.draw(&Text::new(title, (20, 12), ("sans-serif", 18))).map_err(own)?;
    for (index, (name, colour)) in (0..).zip(LEGEND) {
        let left = 20 + index * 200;
        area.draw(&Rectangle::new([(left, 42), (left + 16, 56)], colour.filled())).map_err(own)?;
        area.draw(&Text::new(name, (left + 24, 42), ("sans-serif", 14))).map_err(own)?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a pixel is far coarser")]
fn draw_links(area: &Area, history: &History, peers: &Peers, shown: usize) -> Result<(), String> {
    let seconds = |time_ms: u64| time_ms as f64 / 1000.0;
    let end_ms = history.end_ms().max(1);
    let rows = shown.max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, 160)
        .set_label_area_size(LabelAreaPosition::Bottom, 45)
        .margin_right(30)
        .build_cartesian_2d(0.0..seconds(end_ms), rows..0.0)
        .map_err(own)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .x_desc("seconds since the first packet")
        .label_style(("sans-serif", 13))
        .draw()
        .map_err(own)?;
    // What is shorter than a pixel is widened to one, or probes and single losses would not be seen.
    let pixel = end_ms.div_ceil(PIXELS);
    for (row, (link, name)) in (0..shown).map(|row| row as f64).zip(history.links().iter().zip(peers)) {
        let bar = |from: u64, to: u64, top: f64, bottom: f64, colour: RGBColor| {
            Rectangle::new(
                [(seconds(from), row + top), (seconds(to.max(from.saturating_add(pixel)).min(end_ms)), row + bottom)],
                colour.filled(),
            )
        };
        let (mut probes, mut bands) = (Vec::new(), Vec::new());
        for span in link.spans(end_ms) {
            match span.state {
                State::HalfOpen => probes.push(bar(span.from_ms, span.to_ms, 0.1, 0.9, HALF_OPEN)),
                State::Open => bands.push(bar(span.from_ms, span.to_ms, 0.1, 0.9, OPEN)),
                _ => bands.push(bar(span.from_ms, span.to_ms, 0.1, 0.9, CLOSED)),
            }
        }
        let lost = runs(link, pixel).into_iter().map(|(from, to)| bar(from, to, 0.35, 0.65, LOST));
        chart.draw_series(bands.into_iter().chain(probes).chain(lost)).map_err(own)?;
        let style = ("sans-serif", 13).into_text_style(area).pos(Pos::new(HPos::Right, VPos::Center));
        let (left, middle) = chart.backend_coord(&(0.0, row + 0.5));
        let (_, above) = area.get_base_pixel();
        area.draw(&Text::new(shortened(name), (left - 8, middle - above), style)).map_err(own)?;
    }
    Ok(())
}

/// Lost packets as few spans: those less than a pixel apart are one.
fn runs(link: &Link, pixel: u64) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for time in link.lost() {
        match runs.last_mut() {
            Some((_, end)) if *time <= end.saturating_add(pixel) => *end = *time,
            _ => runs.push((*time, *time)),
        }
    }
    runs
}

fn shortened(name: &str) -> String {
    const LONGEST: usize = 20;
    let name = printable(name);
    if name.chars().nth(LONGEST).is_none() { name } else { name.chars().take(LONGEST - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Report;
    use crate::trace::Row;

    #[test]
    fn names_are_escaped_and_shortened() {
        let mut history = History::default();
        for (time_ms, ok) in [(0, true), (1_000, false)] {
            history.packet(Row { time_ms, peer: 0, ok }, true);
        }
        let peers: Peers = [Box::from("a<b>&\u{1}\"c\"")].into_iter().collect();
        let svg = draw(&history, &peers).unwrap();
        assert!(svg.contains("a&lt;b&gt;&amp;\u{fffd}"), "{svg}");
        assert_eq!(shortened(&"n".repeat(30)), format!("{}…", "n".repeat(19)));
    }

    #[test]
    fn nothing_and_too_much_can_be_drawn() {
        assert!(draw(&History::default(), &Peers::new()).unwrap().contains("0 links"));
        let mut history = History::default();
        let peers: Peers = (0..300).map(|peer| format!("link {peer}").into()).collect();
        for peer in 0..300 {
            history.packet(Row { time_ms: u64::from(peer), peer, ok: false }, true);
        }
        let svg = draw(&history, &peers).unwrap();
        assert!(svg.contains("256 of 300 links, 44 left out"));
        assert!(svg.contains("link 255") && !svg.contains("link 256"));
    }

    #[test]
    fn losses_close_together_are_one_bar() {
        let link = Link::made_of(&[], &[0, 5, 10, 50, 51, 90]);
        assert_eq!(runs(&link, 10), [(0, 10), (50, 51), (90, 90)]);
    }
}
