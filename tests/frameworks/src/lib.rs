//! The programs of the guide's chapter on other frameworks.

#[path = "../../../authlete-api/src/guide/frameworks/actix_web.rs"]
pub mod on_actix_web;
#[path = "../../../authlete-api/src/guide/frameworks/hyper.rs"]
pub mod on_hyper;
#[path = "../../../authlete-api/src/guide/frameworks/poem.rs"]
pub mod on_poem;
