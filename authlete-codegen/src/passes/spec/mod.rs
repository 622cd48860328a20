//! Passes over the specification, in the order they run: [`PASSES`] is the one place that states it.

mod component_references;
mod declared_parameters;
mod distinct_names;
mod documented;
mod flat_compositions;
mod formats;
mod grouped_operations;
mod hoist_references;
mod hosts;
mod keep_unknown;
mod named_enums;
mod named_inline_objects;
mod names;
mod one_request_body;
mod one_response;
mod operation_ids;
mod optional_collections;
mod optional_in_responses;
mod paging;
mod plain_aliases;
mod rust_types;
mod secrets;
mod supported;
mod walk;
mod words;

use super::Pass;

/// All passes. Later ones rely on what earlier ones did; their modules say on what.
pub const PASSES: &[Pass] = &[
    Pass {
        name: "supported",
        why: "what cannot be represented is refused before anything follows it",
        run: supported::run,
    },
    Pass { name: "operation_ids", why: "every operation has a distinct name, in Rust's case", run: operation_ids::run },
    Pass { name: "hosts", why: "every operation says which host serves it", run: hosts::run },
    Pass {
        name: "grouped_operations",
        why: "every operation has a group, a method there, a purpose, and an idempotency",
        run: grouped_operations::run,
    },
    Pass {
        name: "hoist_references",
        why: "a reference that points inside something becomes one to a named component",
        run: hoist_references::run,
    },
    Pass {
        name: "component_references",
        why: "responses, parameters and bodies stand where they are used",
        run: component_references::run,
    },
    Pass {
        name: "declared_parameters",
        why: "every placeholder of a path is a declared, required parameter",
        run: declared_parameters::run,
    },
    Pass {
        name: "one_request_body",
        why: "one media type per request: JSON where it is accepted",
        run: one_request_body::run,
    },
    Pass { name: "one_response", why: "one success and one error per operation", run: one_response::run },
    Pass { name: "paging", why: "an operation that answers page by page says how", run: paging::run },
    Pass {
        name: "named_inline_objects",
        why: "every object written inline is a named component",
        run: named_inline_objects::run,
    },
    Pass {
        name: "named_enums",
        why: "every enum written inline is a named component; equal ones share where their property names agree",
        run: named_enums::run,
    },
    Pass { name: "flat_compositions", why: "an object composed of parts is one object", run: flat_compositions::run },
    Pass {
        name: "plain_aliases",
        why: "another name for text, a number, a list or a map is no type",
        run: plain_aliases::run,
    },
    Pass { name: "formats", why: "what upstream promises about values must not fail a response", run: formats::run },
    Pass { name: "distinct_names", why: "component names are distinct Rust type names", run: distinct_names::run },
    Pass { name: "rust_types", why: "a text that is more than a text has a type of its own", run: rust_types::run },
    Pass {
        name: "optional_in_responses",
        why: "a member that a response lacks must not cost the response",
        run: optional_in_responses::run,
    },
    Pass {
        name: "optional_collections",
        why: "a list that is absent and one that is empty stay apart",
        run: optional_collections::run,
    },
    Pass {
        name: "keep_unknown",
        why: "what is read and sent back keeps the fields we do not know",
        run: keep_unknown::run,
    },
    Pass { name: "secrets", why: "every text field says whether it is secret", run: secrets::run },
    Pass { name: "documented", why: "every item has a factual doc line", run: documented::run },
];
