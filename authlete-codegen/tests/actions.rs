//! The table of actions is held against the description, and everything that differs is said at once.

// clippy.toml lets tests unwrap, and does not count their helpers.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use authlete_codegen::Document;
use authlete_codegen::actions::{Actions, Table, check};
use serde_json::json;

fn document() -> Document {
    let body = |name: &str| json!({"content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}});
    let operation = |id: &str, request: &str, response: &str| json!({"post": {"operationId": id, "requestBody": body(request), "responses": {"2XX": body(response)}}});
    Document(json!({
        "paths": {
            "/api/{serviceId}/ask": operation("ask", "AskRequest", "AskResponse"),
            "/api/{serviceId}/tell": operation("tell", "TellRequest", "TellResponse"),
            "/api/{serviceId}/count": operation("count", "AskRequest", "Plain"),
        },
        "components": {"schemas": {
            "AskRequest": {"properties": {"parameters": {"type": "string"}}},
            "AskResponse": {"properties": {
                "action": {"allOf": [{"$ref": "#/components/schemas/AskAction"}]},
                "responseContent": {"type": "string"},
                "ticket": {"type": "string"},
                "nonce": {"type": "string"},
                "info": {"allOf": [{"$ref": "#/components/schemas/Info"}]},
            }},
            "AskAction": {"enum": ["OK", "WORK"]},
            "Info": {"properties": {"identifier": {"type": "string"}}},
            "TellRequest": {"required": ["ticket", "kind"], "properties": {"ticket": {"type": "string"}, "kind": {"type": "string"}}},
            "TellResponse": {"properties": {"action": {"enum": ["DONE", "FAILED"]}, "responseContent": {}}},
            "Plain": {"properties": {"count": {"type": "integer"}}},
        }},
    }))
}

const TABLE: &str = r#"
headers: {nonce: X-Nonce}
operations:
  ask:
    name: Ask
    always: [nonce]
    cache: no-store
    actions:
      OK: {kind: respond, status: 200, type: application/json, body: responseContent}
      WORK:
        kind: continue
        fields: [ticket, info]
        requires: [ticket]
        next:
          tell: {call: tell, copy: {ticket: [ticket, info.identifier]}, set: {kind: A}}
        decline: {status: 400, body: '{"error":"no"}'}
  tell:
    name: Tell
    never: [FAILED]
    actions:
      DONE: {kind: respond, status: 302, headers: {Location: $responseContent}}
"#;

fn problems(table: &str) -> String {
    let table = Table::parse(table.as_bytes()).unwrap();
    match check(&table, &document(), false) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

/// The table with one text in place of another.
fn with(old: &str, new: &str) -> String {
    assert!(TABLE.contains(old), "{old:?} is in the table");
    TABLE.replacen(old, new, 1)
}

#[test]
fn a_table_that_fits_is_taken_with_what_the_description_knows() {
    let (actions, warnings) = check(&Table::parse(TABLE.as_bytes()).unwrap(), &document(), false).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(actions.operations.keys().collect::<Vec<_>>(), ["ask", "tell"]);
    assert_eq!(actions.operations["ask"].response, "AskResponse");
    assert_eq!(actions.operations["ask"].actions, ["OK", "WORK"]);
    assert_eq!(actions.requests["tell"], "TellRequest");
}

#[test]
fn everything_that_differs_is_said_with_its_place() {
    for (old, new, said) in [
        ("  tell:\n    name: Tell", "  told:\n    name: Tell", "told: no such operation answers with an action"),
        ("  tell:\n    name: Tell", "  told:\n    name: Tell", "tell: answers with an action (TellResponse)"),
        ("    never: [FAILED]\n", "", "tell.FAILED: is an action of the description, and the table does not have it"),
        ("never: [FAILED]", "never: [FAILED, LOST]", "tell.LOST: is no action of TellResponse"),
        ("never: [FAILED]", "never: [FAILED, DONE]", "tell.DONE: has a row and is under `never`"),
        ("body: responseContent", "body: content", "ask.OK: AskResponse has no field content"),
        ("$responseContent", "$location", "tell.DONE: TellResponse has no field location"),
        ("fields: [ticket, info]", "fields: [ticket, client]", "ask.WORK: AskResponse has no field client"),
        ("requires: [ticket]", "requires: [subject]", "ask.WORK: AskResponse has no field subject"),
        ("always: [nonce]", "always: [ticket]", "ask: `ticket` is under `always` and has no header"),
        ("call: tell", "call: shout", "ask.WORK.tell: there is no operation shout with a request"),
        ("copy: {ticket:", "copy: {handle:", "ask.WORK.tell: TellRequest has no field handle"),
        ("info.identifier", "info.handle", "ask.WORK.tell: AskResponse has no field info.handle"),
        ("set: {kind:", "set: {sort:", "ask.WORK.tell: TellRequest has no field sort"),
        ("status: 302", "status: 99", "tell.DONE: 99 is no status of an answer"),
        ("status: 302, ", "", "tell.DONE: `status` belongs to what responds"),
        ("Location: $responseContent", "'Bad Name': x", "tell.DONE: \"Bad Name\": \"x\" is no header"),
        ("kind: continue", "kind: caller_error", "ask.WORK: `next` and `decline` belong to what continues"),
    ] {
        let found = problems(&with(old, new));
        assert!(found.contains(&format!("actions.yaml: {said}")), "{said:?} is not in:\n{found}");
    }
}

#[test]
fn what_was_decided_of_a_request_is_so() {
    let decided = |requests: &str| {
        problems(&format!("{TABLE}decisions: [{{ids: [C1], decision: d, reason: r, requests: {requests}}}]\n"))
    };
    assert_eq!(decided("{tell: {required: [kind, ticket], fields: [kind]}}"), "");
    for (requests, said) in [
        ("{tell: {required: [ticket]}}", "C1: TellRequest requires kind, ticket, which was decided otherwise"),
        ("{tell: {required: [kind, subject]}}", "C1: TellRequest requires kind, ticket"),
        ("{ask: {required: [parameters]}}", "C1: AskRequest requires nothing"),
        ("{tell: {required: [kind, ticket], fields: [kind.name]}}", "C1: TellRequest has no field kind.name"),
        ("{shout: {required: []}}", "C1: there is no operation shout with a request"),
    ] {
        let found = decided(requests);
        assert!(found.contains(said), "{said:?} is not in:\n{found}");
    }
}

#[test]
fn what_does_not_fit_another_document_is_a_warning_and_left_out() {
    let mut table =
        with("fields: [ticket, info]", "fields: [ticket, client]").replace("never: [FAILED]", "never: [LOST]");
    table.push_str("  shout: {name: Shout, actions: {}}\n");
    let table = Table::parse(table.as_bytes()).unwrap();
    let (actions, warnings): (Actions, _) = check(&table, &document(), true).unwrap();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert_eq!(actions.operations.keys().collect::<Vec<_>>(), ["ask", "tell"]);
    assert_eq!(actions.operations["ask"].row.actions["WORK"].fields, ["ticket"]);
}

#[test]
fn a_table_that_cannot_be_read_says_where() {
    for (old, new, said) in [
        ("kind: respond", "kind: answer", "line 9"),
        ("cache: no-store", "cash: no-store", "line 7"),
        ("operations:", "operations", "line"),
    ] {
        let problem = Table::parse(with(old, new).as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with("actions.yaml: ") && problem.contains(said), "{problem}");
    }
}

#[test]
fn every_difference_between_the_sources_is_decided_once() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/actions.yaml");
    let table = Table::parse(&std::fs::read(path).unwrap()).unwrap();
    let mut ids: Vec<_> = table.decisions.iter().flat_map(|decision| decision.ids.clone()).collect();
    ids.sort();
    let of_actions = (1..=59).map(|number| format!("C{number:02}"));
    let of_all = (1..=6).map(|number| format!("X{number:02}"));
    assert_eq!(ids, of_actions.chain(of_all).collect::<Vec<_>>());
}
