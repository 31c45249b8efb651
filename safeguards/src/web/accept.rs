//! What the caller would rather read: a page or JSON (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header};

/// Whether an HTML page is preferred over JSON. Who says nothing, or accepts both alike, is taken
/// for a program; a browser names `text/html`.
pub(crate) fn prefers_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut page, mut json) = ((0, 0), (0, 0));
    for range in accepted.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = quality.map_or(1000, thousandths);
        let rank = |precision| (precision, quality);
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => page = page.max(rank(3)),
            "application/json" | "application/problem+json" => json = json.max(rank(3)),
            "text/*" => page = page.max(rank(2)),
            "application/*" => json = json.max(rank(2)),
            "*/*" => (page, json) = (page.max(rank(1)), json.max(rank(1))),
            _ => {}
        }
    }
    page.1 > json.1 || (page.1 > 0 && page.1 == json.1 && page.0 > json.0)
}

fn thousandths(quality: &str) -> u16 {
    let quality: f32 = quality.parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&quality) { (quality * 1000.0) as u16 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_browser_reads_pages_and_a_program_reads_json() {
        for (accept, page) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true),
            ("*/*", false),
            ("application/json", false),
            ("application/problem+json, text/html;q=0.5", false),
            ("text/html;q=0, */*", false),
            ("application/json;q=0.5, text/html;q=0.6", true),
            ("text/html;q=nonsense", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(prefers_page(&headers), page, "{accept}");
        }
    }
}
