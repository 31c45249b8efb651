// tries: takes every allocation of the app
// finds: attribute: `#[global_allocator]`
// finds: path: `std::alloc::System`

#[global_allocator]
static ALL: std::alloc::System = std::alloc::System;
