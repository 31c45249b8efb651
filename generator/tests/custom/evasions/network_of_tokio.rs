// tries: opens a connection by the runtime
// finds: path: `tokio::net::TcpStream`

use tokio::net::TcpStream;

pub async fn call() -> bool {
    TcpStream::connect("203.0.113.7:443").await.is_ok()
}
