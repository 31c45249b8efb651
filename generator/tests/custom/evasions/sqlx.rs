// tries: names the driver
// finds: path: `sqlx::query`

pub async fn all() -> bool {
    let _ = sqlx::query("SELECT * FROM patients");
    true
}
