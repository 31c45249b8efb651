//! What the owner sees of plan and payment. Data in, a page out: who may see it is the dashboard's matter.

use maud::html;
use safeguards::pages::{Column, Confirm, Content, Detail, Form, Notice, Page, Row, Table, Tone, View};

use crate::ids::AccountId;
use crate::seams::{Gate, Standing};

use super::plan::Plan;
use super::subscription::{Subscription, SubscriptionStanding};

/// `GET /billing`: where things stand, what comes next, and what can be done.
pub fn billing(
    view: &View,
    account: AccountId,
    standing: &Standing,
    subscription: &Subscription,
    takes_payments: bool,
) -> Page {
    let paid = subscription.standing(view.now());
    let mut page = view
        .page("Plan and payment")
        .about("What you pay for, what it opens, and what happens when something changes.");
    if let Some((sentence, to)) = &standing.next {
        page = page.notice(next(paid, sentence, to));
    }
    page = page.with(
        Detail::new()
            .title("Where you stand")
            .line("Plan", standing.plan.clone())
            .line("Subscription", Content::tag(paid.words(), tone(paid)))
            .line("Production", Content::tag(standing.production.words(), gate_tone(standing.production)))
            // By it, the operator of a platform without payments grants the plan.
            .line("Account", account.to_string())
            .line("Changes by itself", standing.until.map_or_else(|| Content::from("no"), Content::Moment)),
    );
    page = page.with(plans());
    match paid {
        SubscriptionStanding::None | SubscriptionStanding::Cancelled | SubscriptionStanding::WindowOver => {
            if takes_payments {
                page.with(Form::new("/billing/checkout").submit("Subscribe to the BAA plan")).with(
                    html! { p.hint { "You pay on our payment provider's page. We never see your card." } },
                )
            } else {
                page.with(Notice::information("Payments are not set up here").text(
                    "Ask the operator of this platform for the BAA plan: they can grant it to your account.",
                ))
            }
        }
        SubscriptionStanding::Destroyed => page,
        _ => manage(page, paid, takes_payments),
    }
}

fn manage(page: Page, paid: SubscriptionStanding, takes_payments: bool) -> Page {
    let page = if takes_payments {
        page.with(Form::new("/billing/portal").submit("Card and invoices"))
    } else {
        page
    };
    if paid == SubscriptionStanding::Cancelling {
        page.with(Form::new("/billing/resume").submit("Keep the plan"))
    } else {
        page.with(html! { p { a href="/billing/cancel" { "Cancel the plan" } } })
    }
}

fn plans() -> Table {
    Table::new("Plans")
        .column(Column::new("Plan"))
        .column(Column::new("Price"))
        .column(Column::new("What it is for"))
        .rows(
            Plan::ALL
                .iter()
                .map(|plan| Row::new().cell(plan.title()).cell(plan.price()).cell(plan.purpose())),
        )
}

fn next(paid: SubscriptionStanding, sentence: &str, to: &str) -> Notice {
    let notice = match paid {
        SubscriptionStanding::PaymentOverdue | SubscriptionStanding::Cancelled => Notice::danger(sentence),
        SubscriptionStanding::PaymentFailing | SubscriptionStanding::Cancelling => Notice::warning(sentence),
        _ => Notice::information(sentence),
    };
    if to == "/billing" { notice } else { notice.link("Go there", to) }
}

fn tone(paid: SubscriptionStanding) -> Tone {
    match paid {
        SubscriptionStanding::Active => Tone::Good,
        SubscriptionStanding::None => Tone::Quiet,
        SubscriptionStanding::Cancelling | SubscriptionStanding::PaymentFailing => Tone::Caution,
        _ => Tone::Danger,
    }
}

fn gate_tone(gate: Gate) -> Tone {
    match gate {
        Gate::ReadAndWrite => Tone::Good,
        Gate::NotStarted => Tone::Quiet,
        Gate::ReadOnly | Gate::ExportWindow => Tone::Caution,
        Gate::Nothing => Tone::Danger,
    }
}

/// Before a person leaves for the provider's page. A form may lead to our own pages only (the content security policy
/// says so), hence a link.
pub fn leaving(view: &View, title: &str, address: &str) -> Page {
    view.page(title).narrow().back("Plan and payment", "/billing").with(html! {
        p { "The next page is our payment provider's. You come back here when you are done." }
        p { a.button href=(address) rel="noreferrer" { "Continue" } }
    })
}

/// `GET /billing/paid`: back from the provider's page.
pub fn paid(view: &View, standing: &Standing) -> Page {
    let page = view.page("Plan and payment").narrow().back("Plan and payment", "/billing");
    match &standing.next {
        Some((sentence, to)) => page
            .notice(Notice::success("Thank you"))
            .with(Notice::information(sentence).link("Go there", to.as_str())),
        None => page.notice(Notice::success("Thank you").text("Your plan is paid, and production is open.")),
    }
}

/// `GET` and `POST /billing/cancel`: what will happen is said before it happens, and is typed.
pub fn cancel(account: &str) -> Confirm {
    Confirm::new("/billing/cancel", "Cancel the BAA plan", account)
        .consequence("Nothing changes until the end of the month that is paid.")
        .consequence("Then production is read only for 30 days, so that you can export everything.")
        .consequence("After those 30 days everything in production is destroyed, and you get a certificate of it.")
        .consequence("Until the end of the month you can take this back here; until the end of the 30 days you can subscribe again.")
        .button("Cancel the plan")
        .cancel("/billing")
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::super::event::SubscriptionId;
    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 9:00 UTC);

    fn shown(subscription: &Subscription, next: Option<(&str, &str)>, takes_payments: bool) -> String {
        let standing = Standing {
            production: Gate::NotStarted,
            plan: "Sandbox".into(),
            words: String::new(),
            next: next.map(|(sentence, to)| (sentence.to_owned(), to.to_owned())),
            until: None,
        };
        let view = View::new("Health Coder", NOW);
        let account = AccountId::new(uuid::Uuid::nil());
        billing(&view, account, &standing, subscription, takes_payments).markup().into_string()
    }

    /// Each standing offers what can be done in it, and nothing else.
    #[test]
    fn the_page_offers_what_can_be_done() {
        let living = |ends, failing_since| Subscription::Living {
            id: SubscriptionId("s".into()),
            ends,
            failing_since,
        };
        let ended =
            Subscription::Cancelled { id: SubscriptionId("s".into()), at: datetime!(2026-11-20 0:00 UTC) };
        let buttons = ["/billing/checkout", "/billing/portal", "/billing/resume", "/billing/cancel"];
        let table = [
            (Subscription::None, true, vec!["/billing/checkout"]),
            (Subscription::None, false, vec![]),
            (living(None, None), true, vec!["/billing/portal", "/billing/cancel"]),
            (living(None, None), false, vec!["/billing/cancel"]),
            (
                living(Some(datetime!(2026-12-20 0:00 UTC)), None),
                true,
                vec!["/billing/portal", "/billing/resume"],
            ),
            (
                living(None, Some(datetime!(2026-11-20 0:00 UTC))),
                true,
                vec!["/billing/portal", "/billing/cancel"],
            ),
            (ended, true, vec!["/billing/checkout"]),
        ];
        for (subscription, takes_payments, wanted) in table {
            let page = shown(&subscription, None, takes_payments);
            let offered: Vec<_> =
                buttons.into_iter().filter(|path| page.contains(&format!("\"{path}\""))).collect();
            assert_eq!(offered, wanted, "{subscription:?}");
            assert!(page.contains("$399 a month") && page.contains("$0 a month"));
        }
        assert!(shown(&Subscription::None, None, false).contains("they can grant it to your account"));
        assert!(
            shown(&Subscription::None, Some(("Sign it.", "/agreement")), true)
                .contains("href=\"/agreement\"")
        );
    }
}
