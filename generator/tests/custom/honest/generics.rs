// does: is generic, with traits and bounds of its own

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::hash::Hash;

pub trait Weighs {
    type Unit: Copy + Into<f64>;
    const NAME: &'static str;

    fn weight(&self) -> Self::Unit;

    fn heavy(&self) -> bool {
        self.weight().into() > 100.0
    }
}

pub struct Pile<T, const N: usize = 4> {
    items: Vec<T>,
}

impl<T: Weighs, const N: usize> Pile<T, N> {
    pub fn total(&self) -> f64 {
        self.items.iter().take(N).map(|item| item.weight().into()).sum()
    }

    pub fn by<K: Eq + Hash, F>(&self, key: F) -> HashMap<K, usize>
    where
        F: Fn(&T) -> K,
    {
        let mut counts = HashMap::new();
        for item in &self.items {
            *counts.entry(key(item)).or_insert(0) += 1;
        }
        counts
    }
}

impl<T, const N: usize> Default for Pile<T, N> {
    fn default() -> Self {
        Self { items: Vec::with_capacity(N) }
    }
}

impl Weighs for u32 {
    type Unit = u32;
    const NAME: &'static str = "number";

    fn weight(&self) -> <Self as Weighs>::Unit {
        *self
    }
}

pub fn least<I: IntoIterator<Item = u32>>(numbers: I, most: usize) -> Vec<u32> {
    let mut heap: BinaryHeap<Reverse<u32>> = numbers.into_iter().map(Reverse).collect();
    std::iter::from_fn(|| heap.pop()).take(most).map(|Reverse(number)| number).collect()
}

pub fn grouped<'a>(words: &[&'a str]) -> BTreeMap<usize, HashSet<&'a str>> {
    words.iter().fold(BTreeMap::new(), |mut groups, word| {
        groups.entry(word.len()).or_insert_with(HashSet::new).insert(*word);
        groups
    })
}
