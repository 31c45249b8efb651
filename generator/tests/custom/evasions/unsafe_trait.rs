// tries: promises what nobody checks
// finds: syntax: `unsafe` reaches memory

pub struct Shared(std::rc::Rc<u8>);

unsafe impl Send for Shared {}
