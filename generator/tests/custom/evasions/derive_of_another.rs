// tries: runs a derive that was not agreed on
// finds: attribute: `#[derive]`

#[derive(Clone, zeroize::Zeroize)]
pub struct Kept(u8);
