//! What `cargo xtask regen` writes for the tests: the places of the description, and the shapes of the types there.

#[rustfmt::skip]
pub mod places;
// Each static has the name of its type.
#[allow(non_upper_case_globals)]
#[rustfmt::skip]
pub mod shapes;
