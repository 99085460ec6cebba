//! A route for axum.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use mime::Mime;

use crate::exporter::Exporter;
use crate::text::Format;

/// A route that answers with a page of metrics, in OpenMetrics if whoever asks prefers that, as Prometheus does, and
/// otherwise in the text format 0.0.4.
///
/// The page is made when it is asked for, on Tokio's threads for blocking work.
///
/// ```
/// use axum::Router;
/// use fusebox_prometheus::{Exporter, metrics_route};
///
/// let exporter = Exporter::new();
/// let app: Router = Router::new().route("/metrics", metrics_route(exporter));
/// # let _ = app;
/// ```
pub fn metrics_route<S: Clone + Send + Sync + 'static>(exporter: Exporter) -> MethodRouter<S> {
    get(move |headers: HeaderMap| answer(preferred(&headers), move |format| exporter.render_as(format)))
}

/// An answer that is made aside.
pub(crate) async fn answer(format: Format, page: impl FnOnce(Format) -> String + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(move || page(format)).await {
        Ok(page) => ([(header::CONTENT_TYPE, format.content_type())], page).into_response(),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "a key panicked when it was displayed, or a source when it was asked\n")
                .into_response()
        }
    }
}

/// The format that whoever asks likes best. Who accepts neither gets what everybody can read.
fn preferred(headers: &HeaderMap) -> Format {
    let lines = headers.get_all(header::ACCEPT).into_iter().filter_map(|line| line.to_str().ok());
    let (mut open, mut plain, mut text, mut all) = (None, None, None, None);
    for range in lines.flat_map(|line| line.split(',')).filter_map(media_range) {
        let version = range.get_param("version");
        let known = match range.essence_str() {
            "application/openmetrics-text" if version.is_none_or(|version| version == "1.0.0") => &mut open,
            "text/plain" if version.is_none_or(|version| version == "0.0.4") => &mut plain,
            "text/*" => &mut text,
            "*/*" => &mut all,
            _ => continue,
        };
        let weight = weight(&range);
        *known = Some(known.map_or(weight, |known: f32| known.max(weight)));
    }
    // What is said of a type counts for more than what is said of all.
    let (open, text) = (open.unwrap_or(0.0), plain.or(text).or(all).unwrap_or(0.0));
    if open > 0.0 && open >= text { Format::OpenMetrics } else { Format::Prometheus }
}

fn media_range(text: &str) -> Option<Mime> {
    // There may be spaces around a semicolon, of which the parser takes those that follow it only.
    text.split(';').map(str::trim).collect::<Vec<_>>().join(";").parse().ok()
}

/// 0 to 1. Who gives another cannot be understood, and does not get what they name.
fn weight(range: &Mime) -> f32 {
    let given = range.get_param("q").map_or(Ok(1.0), |weight| weight.as_str().parse::<f32>());
    given.ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_gets_what_they_prefer() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            preferred(&headers)
        };
        assert_eq!(preferred(&HeaderMap::new()), Format::Prometheus);
        for (accept, format) in [
            // Prometheus 2.42 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.2",
                Format::OpenMetrics,
            ),
            // A browser and curl.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/plain;version=0.0.4, application/openmetrics-text;q=0.9", Format::Prometheus),
            ("application/openmetrics-text;q=0.9, text/plain;q=0.9", Format::OpenMetrics),
            ("application/openmetrics-text; version=1.0.0; q=0", Format::Prometheus),
            ("application/openmetrics-text; version=2.0.0", Format::Prometheus),
            ("application/openmetrics-text; q=much", Format::Prometheus),
            ("APPLICATION/OpenMetrics-Text", Format::OpenMetrics),
            ("image/png, , ;;", Format::Prometheus),
            // Spaces may stand around a semicolon, and names of parameters have no case.
            ("application/openmetrics-text ; version=1.0.0 ; Q=0.9 , text/plain ; Q=0.1", Format::OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8", Format::OpenMetrics),
            ("application/openmetrics-text; Q=0.1, text/plain; Q=0.2", Format::Prometheus),
            // What is said of a type counts for more than what is said of all.
            ("*/*, text/plain;q=0.3, application/openmetrics-text;q=0.5", Format::OpenMetrics),
            ("text/*;q=0.9, application/openmetrics-text;q=0.5, */*;q=0.1", Format::Prometheus),
            ("*/*, text/plain;version=0.0.4;q=0, application/openmetrics-text;q=0.1", Format::OpenMetrics),
            ("*/*;q=0.1, text/plain;version=1.0.0;q=0.9, application/openmetrics-text;q=0.5", Format::OpenMetrics),
            // A weight is 0 to 1.
            ("application/openmetrics-text;q=7, text/plain;q=0.5", Format::Prometheus),
            ("application/openmetrics-text;q=inf, text/plain;q=0.5", Format::Prometheus),
            ("application/openmetrics-text;q=-1", Format::Prometheus),
            ("application/openmetrics-text;q=NaN", Format::Prometheus),
        ] {
            assert_eq!(of(accept), format, "{accept}");
        }
    }

    #[test]
    fn several_headers_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "text/plain;q=0.5".parse().unwrap());
        headers.append(header::ACCEPT, "application/openmetrics-text".parse().unwrap());
        assert_eq!(preferred(&headers), Format::OpenMetrics);
    }
}
