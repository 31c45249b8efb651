// tries: opens a database file of its own
// finds: path: `rusqlite::Connection`

use rusqlite::Connection;

pub fn open() -> bool {
    Connection::open("data/app.db").is_ok()
}
