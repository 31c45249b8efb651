// tries: names it in a where clause
// finds: path: `std::io::Read`

pub fn take<R>(_: R)
where
    R: std::io::Read,
{
}
