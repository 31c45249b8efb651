// tries: leaves a task behind
// finds: path: `tokio::spawn`

pub fn later() {
    tokio::spawn(async {});
}
