//! What the types forbid does not compile, and the compiler says why.
//!
//! After a change of the compiler or the cases, `TRYBUILD=overwrite cargo test -p authlete-ui-tests` writes down anew what
//! it says; read the difference.

// Other versions say the same in other words.
#[rustversion::attr(not(stable(1.95)), ignore = "the messages are those of Rust 1.95")]
#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
