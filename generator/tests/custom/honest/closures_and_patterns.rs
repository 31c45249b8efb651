// does: binds and matches in every way

use std::ops::ControlFlow;

pub struct Pair<A, B>(pub A, pub B);

pub fn walk(items: &[Option<Pair<u8, &str>>]) -> Result<u32, String> {
    let mut total = 0_u32;
    'items: for (at, item) in items.iter().enumerate() {
        let Some(Pair(number, text)) = item else { continue 'items };
        match (number, *text) {
            (0, "") => break,
            (n @ 1..=9, text) if !text.is_empty() => total += u32::from(*n),
            (_, text) => return Err(format!("{at}: {text:?}")),
        }
    }
    let doubled = |n: u32| -> u32 { n.wrapping_mul(2) };
    let found = (0..10).try_for_each(|n| if n == total { ControlFlow::Break(n) } else { ControlFlow::Continue(()) });
    let [first, .., last] = [1_u32, 2, 3];
    let Pair(a, b) = Pair(first, last);
    if let ControlFlow::Break(n) = found
        && n > 3
    {
        total = n;
    }
    let bytes = vec![0_u8; 4];
    let pairs: Vec<_> = bytes.iter().zip(vec![a, b]).map(|(&byte, n)| (byte, n)).collect();
    Ok(doubled(total) + pairs.len() as u32 + u32::try_from(bytes.len()).unwrap_or(u32::MAX))
}
