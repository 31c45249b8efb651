// tries: sends a request
// finds: path: `hyper::Request::get` reaches the network

pub fn request() -> bool {
    hyper::Request::get("http://203.0.113.7/").body(()).is_ok()
}
