//! The certificate as a page: whole in one file, without script, for screens and for paper.

use maud::{DOCTYPE, Markup, html};

use super::certificate::{Certificate, Item, Signed};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.75rem;line-height:1.2}h2{font-size:1.2rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid #8886}\
td,pre{overflow-wrap:anywhere}\
pre{white-space:pre-wrap;font-size:.75rem}\
@media(max-width:40rem){th,td{display:block;border:0;padding:.1rem 0}tr{display:block;padding:.5rem 0;\
border-bottom:1px solid #8886}thead{position:absolute;left:-999rem}}\
@media print{body{margin:0;max-width:none}}";

/// What stands before and behind the signed text in the page.
const BEGIN: &str = "<pre id=\"signed\">";
const END: &str = "</pre>";

/// The page of a certificate.
pub(super) fn of(certificate: &Certificate, signed: &Signed) -> String {
    let title = format!("Certificate of destruction: {}", certificate.name);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (STYLE) }
            }
            body {
                main {
                    h1 { (title) }
                    p {
                        "We certify that what this page lists was destroyed: keys first, so that nothing opens any more, "
                        "then what they had opened (NIST SP 800-88 Rev. 1, cryptographic erase and clear)."
                    }
                    (facts(certificate))
                    h2 { "Taken home before" }
                    @if certificate.archives.is_empty() { p { "There was nothing to take home." } }
                    @for taken in &certificate.archives {
                        p {
                            "Archive of environment " (taken.environment) ", made on " (taken.made_at) ": " (taken.told()) "."
                            br; "SHA-256 " (taken.sha256) br; "signed by " (taken.signed_by)
                        }
                    }
                    (items("Disabled", "How", &certificate.disabled))
                    (items("Deleted", "How", &certificate.deleted))
                    (items("What remains", "Why", &certificate.remains))
                    h2 { "To verify it" }
                    p { "healthcoder certificate verify FILE needs no network. It was signed by the key" br; (signed.public_key) }
                    h2 { "The signed text" }
                    pre id="signed" { (signed.json()) }
                }
            }
        }
    };
    page.into_string()
}

fn facts(certificate: &Certificate) -> Markup {
    let organisation = certificate.organisation.map(|id| id.to_string());
    html! {
        table {
            tbody {
                tr { th scope="row" { "Certificate" } td { (certificate.id) } }
                tr { th scope="row" { "Account" } td { (certificate.account) } }
                tr { th scope="row" { "Project" } td { (certificate.project) } }
                @if let Some(id) = organisation { tr { th scope="row" { "Organisation in it" } td { (id) } } }
                tr { th scope="row" { "Cancelled" } td { (certificate.cancelled_at) } }
                tr { th scope="row" { "Export window ended" } td { (certificate.window_ended_at) } }
                tr { th scope="row" { "Issued" } td { (certificate.issued_at) " by " (certificate.issued_by) } }
            }
        }
    }
}

fn items(title: &str, how: &str, items: &[Item]) -> Markup {
    html! {
        h2 { (title) }
        table {
            thead { tr { th scope="col" { "What" } th scope="col" { "When (UTC)" } th scope="col" { (how) } } }
            tbody {
                @for item in items { tr { td { (item.what) } td { (item.at) } td { (item.how) } } }
                @if items.is_empty() { tr { td { "Nothing." } td {} td {} } }
            }
        }
    }
}

/// The signed text in a page.
pub(super) fn embedded(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(BEGIN)?;
    let (text, _) = rest.split_once(END)?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}
