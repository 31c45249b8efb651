//! The reader's own account: who they are here, how they sign in, where they are signed in.

use maud::{Markup, html};
use time::OffsetDateTime;

use super::words::fill;
use super::{Content, Detail, Show, Tone, View};

/// The account page. Its links lead to `/account/password`, `/account/second-factor`,
/// `/account/recovery-codes` and `/account/devices`.
#[derive(Clone, Debug)]
pub struct Account {
    /// The person's name.
    pub name: String,
    /// The e-mail address they sign in with.
    pub email: String,
    /// The organisation they act in.
    pub organisation: String,
    /// Their roles in it.
    pub roles: Vec<String>,
    /// Whether a code is asked at sign-in.
    pub second_factor: bool,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: usize,
}

impl Show for Account {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        let detail = Detail::new()
            .line(words.name, &self.name)
            .line(words.email, &self.email)
            .line(words.organisation, &self.organisation)
            .line(words.roles, Content::list(&self.roles));
        let few = self.recovery_codes_left < 3;
        html! {
            (detail.show(view))
            section.settings {
                h2 { (words.sign_in) }
                ul {
                    li { span { (words.password) } a href="/account/password" { (words.change_password) } }
                    li {
                        span {
                            (words.second_factor) " "
                            @if self.second_factor { (Content::tag(words.second_factor_on, Tone::Good).show(view)) }
                            @else { (Content::tag(words.second_factor_off, Tone::Caution).show(view)) }
                        }
                        @if !self.second_factor { a href="/account/second-factor" { (words.set_up) } }
                    }
                    @if self.second_factor { li {
                        span.low[few] { (fill(words.recovery_left, &[&self.recovery_codes_left.to_string()])) }
                        a href="/account/recovery-codes" { (words.new_recovery_codes) }
                    } }
                    li { span { (words.devices_title) } a href="/account/devices" { (words.change) span.unseen { " " (words.devices_title) } } }
                }
            }
        }
    }
}

/// A place where the reader is signed in.
#[derive(Clone, Debug)]
pub struct Device {
    /// The id that signing it out sends.
    pub id: String,
    /// What the browser calls itself, shortened, like "Firefox on Linux".
    pub name: String,
    /// The address it was last seen at.
    pub address: String,
    /// When it signed in.
    pub signed_in: OffsetDateTime,
    /// When it was last used.
    pub last_seen: OffsetDateTime,
    /// Whether it is the one in use.
    pub this: bool,
}

/// Where the reader is signed in. Signing out posts `device` to `/account/devices/sign-out`; without
/// a `device` it means everywhere else.
#[derive(Clone, Debug)]
pub struct Devices(pub Vec<Device>);

const SIGN_OUT: &str = "/account/devices/sign-out";

impl Show for Devices {
    fn show(&self, view: &View) -> Markup {
        let words = view.words;
        html! {
            p.about { (words.devices_why) }
            ul.devices { @for device in &self.0 { li {
                div {
                    h2 { bdi { (device.name) } @if device.this { " " (Content::tag(words.this_device, Tone::Good).show(view)) } }
                    p.hint { (words.address) " " bdi { (device.address) } }
                    p.hint {
                        (words.signed_in_at) " " (view.moment_markup(device.signed_in)) " · "
                        (words.last_seen) " " (view.moment_markup(device.last_seen))
                    }
                }
                @if !device.this { form method="post" action=(SIGN_OUT) {
                    (view.csrf_field())
                    button.second type="submit" name="device" value=(device.id) { (words.sign_out_device) span.unseen { " " (device.name) } }
                } }
            } } }
            @if self.0.iter().filter(|device| !device.this).count() > 1 {
                form method="post" action=(SIGN_OUT) { (view.csrf_field()) button.second type="submit" { (words.sign_out_others) } }
            }
        }
    }
}
