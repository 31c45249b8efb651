// does: shares within a request

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Node {
    pub name: Arc<str>,
    pub seen: Rc<Cell<u32>>,
    pub below: Rc<RefCell<Vec<Node>>>,
}

impl Node {
    pub fn visit(&self) -> u32 {
        self.seen.set(self.seen.get() + 1);
        self.below.borrow().iter().map(Self::visit).sum::<u32>() + 1
    }

    pub fn swapped(mut self, name: &str) -> (Self, Arc<str>) {
        let before = std::mem::replace(&mut self.name, Arc::from(name));
        (self, before)
    }
}
