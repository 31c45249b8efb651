//! Where two other stand-ins overlap with ours, all three answer alike. They are made by other hands, so what we
//! misread in Stripe's documents would show.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use hyper::Method;
use serde_json::Value;
use stripe_double::StripeDouble;
use tempfile::TempDir;

use crate::client::{Client, Inbox, NOW};

/// A stand-in of others, ended when it is dropped.
struct Peer {
    child: Child,
    client: Client,
    _folder: TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Where the installation step puts them.
fn installed(path: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../target/stripe-peers");
    let found = root.join(path);
    assert!(found.exists(), "{} is missing: `cargo xtask test` installs it", found.display());
    found
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn started(mut command: Command, port: u16, folder: TempDir) -> Peer {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let client = Client { address: format!("127.0.0.1:{port}"), key: "sk_test_peer".into() };
    let peer = Peer { child, client, _folder: folder };
    for _ in 0..300 {
        if tokio::net::TcpStream::connect(&peer.client.address).await.is_ok() {
            return peer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{command:?} does not answer");
}

async fn localstripe() -> Peer {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let mut command = Command::new(installed("python/bin/localstripe"));
    command.args(["--port", &port.to_string(), "--from-scratch"]).current_dir(folder.path());
    started(command, port, folder).await
}

async fn emulate(hook: &str) -> Peer {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let seed = format!(
        "stripe:\n  products:\n    - id: prod_baa\n      name: BAA\n  prices:\n    - id: price_baa\n      \
         product_name: BAA\n      currency: usd\n      unit_amount: 39900\n  webhooks:\n    - url: {hook}\n      \
         events: [\"*\"]\n      secret: whsec_peer\n"
    );
    std::fs::write(folder.path().join("seed.yaml"), seed).unwrap();
    let mut command = Command::new(installed("node"));
    command
        .arg(installed("node_modules/emulate/dist/index.js"))
        .args(["start", "-p", &port.to_string(), "-s", "stripe", "--seed", "seed.yaml"])
        .current_dir(folder.path());
    started(command, port, folder).await
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Every field that the peer answers and we answer, too, is of one kind; `same` must be equal; and we lack none of
/// `wanted`.
fn alike(what: &str, ours: &Value, peers: &Value, same: &[&str], wanted: &[&str]) {
    for (name, theirs) in peers.as_object().unwrap() {
        let Some(mine) = ours.get(name) else {
            assert!(!wanted.contains(&name.as_str()), "{what}: we lack `{name}`");
            continue;
        };
        let nullable = mine.is_null() || theirs.is_null();
        assert!(
            nullable || kind(mine) == kind(theirs),
            "{what}: `{name}` is {} here and {} there",
            kind(mine),
            kind(theirs)
        );
    }
    for name in same {
        assert_eq!(ours[name], peers[name], "{what}: `{name}`");
    }
}

#[tokio::test]
async fn customers_and_errors_are_as_localstripe_answers_them() {
    let double = StripeDouble::start(NOW).await.unwrap();
    let (ours, peer) = (Client::of(&double), localstripe().await);
    let form = [("email", "a@clinic.example"), ("metadata[account]", "x")];
    let (mine, theirs) =
        (ours.post("/v1/customers", &form).await, peer.client.post("/v1/customers", &form).await);
    let same = ["object", "email", "metadata", "livemode", "delinquent", "shipping", "name", "phone"];
    alike("customer", &mine, &theirs, &same, &["id", "created", "invoice_settings"]);

    for (method, path) in
        [(Method::GET, "/v1/customers/cus_none"), (Method::GET, "/v1/subscriptions/sub_none")]
    {
        let mine = ours.ask(method.clone(), path, &[], None).await;
        let theirs = peer.client.ask(method, path, &[], None).await;
        assert_eq!(mine.status, theirs.status, "{path}");
        alike(path, &mine.json()["error"], &theirs.json()["error"], &["type"], &["message"]);
    }
}

#[tokio::test]
async fn a_subscription_and_its_invoice_are_as_localstripe_answers_them() {
    let double = StripeDouble::start(NOW).await.unwrap();
    let (ours, peer) = (Client::of(&double), localstripe().await);
    let price = ours.price().await;
    let session = ours.subscribe(&price, stripe_double::cards::PAYS).await;
    let mine = ours.get(&format!("/v1/subscriptions/{}", session["subscription"].as_str().unwrap())).await;

    let peers = &peer.client;
    let customer = peers.post("/v1/customers", &[("email", "a@clinic.example")]).await;
    let customer = customer["id"].as_str().unwrap();
    let card = [
        ("type", "card"),
        ("card[number]", stripe_double::cards::PAYS),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2030"),
        ("card[cvc]", "123"),
    ];
    let method = peers.post("/v1/payment_methods", &card).await;
    let method = method["id"].as_str().unwrap();
    peers.post(&format!("/v1/payment_methods/{method}/attach"), &[("customer", customer)]).await;
    let settings = [("invoice_settings[default_payment_method]", method)];
    peers.post(&format!("/v1/customers/{customer}"), &settings).await;
    let plan = [
        ("id", "baa"),
        ("currency", "usd"),
        ("amount", "39900"),
        ("interval", "month"),
        ("product[name]", "BAA"),
    ];
    peers.post("/v1/plans", &plan).await;
    let order = [("customer", customer), ("items[0][plan]", "baa"), ("metadata[account]", "account")];
    let theirs = peers.post("/v1/subscriptions", &order).await;
    let same =
        ["object", "status", "cancel_at_period_end", "canceled_at", "ended_at", "metadata", "livemode"];
    alike("subscription", &mine, &theirs, &same, &["customer", "items", "latest_invoice", "start_date"]);

    let invoice =
        |subscription: &Value| format!("/v1/invoices/{}", subscription["latest_invoice"].as_str().unwrap());
    let (mine, theirs) = (ours.get(&invoice(&mine)).await, peers.get(&invoice(&theirs)).await);
    let same = ["object", "amount_due", "amount_paid", "currency", "status", "total"];
    alike("invoice", &mine, &theirs, &same, &["customer", "attempted", "attempt_count"]);
}

#[tokio::test]
async fn webhooks_are_signed_as_localstripe_signs_them() {
    let peer = localstripe().await;
    let (inbox, address) = Inbox::open().await;
    let registered = peer
        .client
        .ask(Method::POST, "/_config/webhooks/one", &[("url", &address), ("secret", "whsec_peer")], None)
        .await;
    assert_eq!(registered.status, 200, "{}", registered.text);
    peer.client.post("/v1/customers", &[("email", "a@clinic.example")]).await;
    let (signature, body) = first(&inbox).await;
    assert!(signed_alike(&signature, &body), "{signature}");
    let event: Value = serde_json::from_str(&body).unwrap();
    let double = StripeDouble::start(NOW).await.unwrap();
    let (mine, address) = Inbox::open().await;
    let ours = Client::of(&double);
    ours.post("/v1/webhook_endpoints", &[("url", &address), ("enabled_events[]", "customer.created")]).await;
    ours.post("/v1/customers", &[("email", "a@clinic.example")]).await;
    let own: Value = serde_json::from_str(&first(&mine).await.1).unwrap();
    alike("event", &own, &event, &["object", "type", "livemode"], &["id", "created", "data", "api_version"]);
}

#[tokio::test]
async fn checkout_is_as_emulate_answers_it() {
    let (inbox, address) = Inbox::open().await;
    let double = StripeDouble::start(NOW).await.unwrap();
    let (ours, peer) = (Client::of(&double), emulate(&address).await);
    let price = ours.price().await;
    let form = |price| {
        [
            ("mode", "subscription"),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1/paid?page={CHECKOUT_SESSION_ID}"),
            ("cancel_url", "http://127.0.0.1/back"),
            ("metadata[account]", "x"),
        ]
    };
    let mine = ours.post("/v1/checkout/sessions", &form(price.as_str())).await;
    let theirs = peer.client.post("/v1/checkout/sessions", &form("price_baa")).await;
    let same = [
        "object",
        "mode",
        "status",
        "payment_status",
        "customer",
        "success_url",
        "cancel_url",
        "metadata",
        "livemode",
    ];
    alike("session", &mine, &theirs, &same, &["id", "url", "created"]);
    let (mine, theirs) =
        (ours.get(&format!("/v1/prices/{price}")).await, peer.client.get("/v1/prices/price_baa").await);
    alike(
        "price",
        &mine,
        &theirs,
        &["object", "currency", "unit_amount", "active", "livemode"],
        &["id", "product"],
    );
    let missing = "/v1/customers/cus_none";
    let (mine, theirs) = (
        ours.ask(Method::GET, missing, &[], None).await,
        peer.client.ask(Method::GET, missing, &[], None).await,
    );
    assert_eq!(mine.status, theirs.status);
    let (mine, theirs) = (mine.json(), theirs.json());
    alike("error", &mine["error"], &theirs["error"], &["type", "message", "code"], &[]);

    // Paid, both lead back with the session's id, and sign what they tell.
    let theirs = peer.client.post("/v1/checkout/sessions", &form("price_baa")).await;
    let id = theirs["id"].as_str().unwrap();
    let paid = peer.client.ask(Method::POST, &format!("/checkout/{id}/complete"), &[], None).await;
    assert_eq!(paid.headers["location"], format!("http://127.0.0.1/paid?page={id}"));
    let (signature, body) = first(&inbox).await;
    assert!(signed_alike(&signature, &body), "{signature}");
    let event: Value = serde_json::from_str(&body).unwrap();
    let session = ours.subscribe(&price, stripe_double::cards::PAYS).await;
    let same = ["object", "status", "payment_status", "url"];
    alike("completed session", &session, &event["data"]["object"], &same, &["success_url"]);
}

/// The first that came in, once it has.
async fn first(inbox: &Inbox) -> (String, String) {
    for _ in 0..300 {
        if let Some(first) = inbox.all().into_iter().next() {
            return first;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no webhook came");
}

/// Whether the peer's header is the one that we would have made of the same time and body.
fn signed_alike(header: &str, body: &str) -> bool {
    let at = header.split(',').find_map(|part| part.strip_prefix("t=")).and_then(|text| text.parse().ok());
    at.is_some_and(|at| {
        let ours = StripeDouble::sign("whsec_peer", at, body);
        ours.split(',').all(|part| header.split(',').any(|theirs| theirs == part))
    })
}
