//! The description against classes of a library, on small ones made up for it.

// Tests read the files that the generator is given.
#![allow(clippy::disallowed_methods)]

use authlete_codegen::Document;
use authlete_codegen::java::{Library, Mapping, verify};
use serde_json::{Value, json};

fn description() -> Value {
    json!({"components": {"schemas": {
        "pet_request": {"type": "object", "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "format": "int32"},
            "kind": {"$ref": "#/components/schemas/pet_kind"},
            "mood": {"type": "string", "enum": ["GOOD", "BAD"]},
            "toys": {"type": "array", "items": {"$ref": "#/components/schemas/toy"}},
            "tags": {"type": "array", "items": {"type": "string"}},
        }},
        "pet_kind": {"type": "string", "enum": ["CAT", "DOG"]},
        "toy": {"type": "object", "properties": {"label": {"type": "string"}}},
    }}})
}

fn library() -> Value {
    json!({
        "source": "made up", "version": "1",
        "types": {
            "Base": {"fields": {"name": {"type": "String"}}},
            "PetRequest": {"extends": "Base", "fields": {
                "age": {"type": "int", "since": "1.2", "authlete": "3.0"},
                "kind": {"type": "PetKind"},
                "mood": {"type": "Mood"},
                "toys": {"type": "List<Toy>"},
                "tags": {"type": "String[]"},
            }},
            "Toy": {"fields": {"label": {"type": "URI"}}},
        },
        "enums": {"PetKind": ["CAT", "DOG"], "PetRequest.Mood": ["GOOD", "BAD"], "Mood": ["OF_ANOTHER"]},
    })
}

const MAPPING: &str = "no_component: [{names: [Base], why: a superclass}]\n";

/// What is said of a description and a library.
fn said(description: &Value, library: &Value, mapping: &str) -> String {
    let library = Library::parse(library.to_string().as_bytes()).expect("the library is readable");
    let mapping = Mapping::parse(mapping.as_bytes()).unwrap_or_else(|problem| panic!("{problem}"));
    match verify(&Document(description.clone()), &library, &mapping) {
        Ok(report) => format!("{report:?}"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn what_agrees_is_counted() {
    let said = said(&description(), &library(), MAPPING);
    assert_eq!(said, "Report { types: 2, fields: 7, enums: 2, explained: 0 }");
}

/// Changes one place of the library, and looks for a part of what is then said.
#[track_caller]
fn differs(pointer: &str, value: Value, expected: &str) {
    let mut library = library();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    library.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}"))[key] = value;
    let said = said(&description(), &library, MAPPING);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn every_kind_of_difference_is_a_problem() {
    differs("/types/PetRequest/fields/age/type", json!("String"), "pet_request.age: type: number, and string in Java");
    differs("/types/PetRequest/fields/age/type", json!("long[]"), "type: number, and list of number in Java");
    differs("/types/PetRequest/fields/tags/type", json!("String"), "type: list of string, and string in Java");
    differs("/types/PetRequest/fields/tags/type", json!("Toy[]"), "list of string, and list of object Toy in Java");
    differs(
        "/types/PetRequest/fields/toys/type",
        json!("Base[]"),
        "list of object toy, and list of object Base in Java",
    );
    differs("/types/PetRequest/fields/kind/type", json!("boolean"), "type: enum, and boolean in Java");
    differs("/types/PetRequest/fields/kind/type", json!("Date"), "type: enum, and Date in Java");
    differs("/types/PetRequest/fields/kind/type", json!("Mood"), "pet_request.kind.CAT: unknown value");
    differs(
        "/types/PetRequest/fields/extra",
        json!({"type": "int", "since": "9"}),
        "extra: missing: PetRequest has it, since 9",
    );
    differs("/types/Base/fields", json!({}), "pet_request.name: unknown: PetRequest has no such field");
    differs("/enums/PetKind", json!(["CAT", "DOG", "FOX"]), "pet_kind.FOX: missing value");
    differs("/enums/PetKind", json!(["CAT"]), "pet_kind.DOG: unknown value");
    differs("/enums/PetRequest.Mood", json!(["GOOD"]), "pet_request.mood.BAD: unknown value");
    differs("/types/Stray", json!({}), "Stray: no component is this class");
}

#[test]
fn a_component_without_a_class_is_a_problem() {
    let mut description = description();
    description["components"]["schemas"]["stray"] = json!({"type": "object", "properties": {}});
    assert!(said(&description, &library(), MAPPING).contains("stray: the component has no class of its name"));
    let mapping = format!("{MAPPING}no_class: [{{names: [stray], why: it strays}}]\n");
    assert!(said(&description, &library(), &mapping).starts_with("Report"));
}

#[test]
fn a_listed_difference_is_explained_and_one_that_is_gone_is_a_problem() {
    let mut library = library();
    library["types"]["PetRequest"]["fields"]["age"]["type"] = json!("String");
    let entry =
        |rest: &str| format!("{MAPPING}differences: [{{at: [pet_request.age], differs: type, {rest}why: w}}]\n");
    let explained = entry("as: 'number, and string in Java', ");
    assert!(said(&description(), &library, &explained).contains("explained: 1"));
    let otherwise = entry("as: 'string, and number in Java', ");
    assert!(said(&description(), &library, &otherwise).contains("differs otherwise than the entry says"));
    assert!(said(&description(), &library, &entry("")).contains("the entry has no `as`"));
    let gone = said(&description(), &self::library(), &explained);
    assert!(gone.contains("pet_request.age: is listed as a difference, and there is none"), "{gone}");
}

#[test]
fn entries_that_fit_nothing_are_problems() {
    for (mapping, expected) in [
        ("names: {nothing: Toy}\n", "nothing: there is no such component"),
        ("names: {toy: Nothing}\n", "Nothing: there is no such class"),
        ("inline: {/paths/x: Toy}\n", "/paths/x: there is no such place"),
        ("parts: [{names: [nothing], why: w}]\n", "nothing: there is no such component"),
        ("not_on_wire: [{names: [Toy.nothing], why: w}]\n", "Toy.nothing: there is no such field"),
        ("other_enum: [{names: [toy.label], why: w}]\n", "toy.label: there is no such enumeration"),
        ("no_component: [{names: [Base, Toy], why: w}]\n", "Toy: is under `no_component`, and a component has it"),
    ] {
        let mapping =
            if mapping.starts_with("no_component") { mapping.to_owned() } else { format!("{MAPPING}{mapping}") };
        let said = said(&description(), &library(), &mapping);
        assert!(said.contains(expected), "{mapping}: {said}");
    }
    assert!(Mapping::parse(b"nmes: {}").unwrap_err().to_string().contains("nmes"));
}

#[test]
fn parts_and_fields_that_are_not_sent_are_left_out() {
    let mut library = library();
    library["types"]["Toy"]["fields"]["weight"] = json!({"type": "int"});
    assert!(said(&description(), &library, MAPPING).contains("toy.weight: missing"));
    for entry in ["parts: [{names: [toy], why: w}]\n", "not_on_wire: [{names: [Toy.weight], why: w}]\n"] {
        let said = said(&description(), &library, &format!("{MAPPING}{entry}"));
        assert!(said.starts_with("Report"), "{said}");
    }
}

#[test]
fn the_project_s_mapping_names_what_the_description_has() {
    let read = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi").join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mapping = Mapping::parse(&read("java-shapes.yaml")).unwrap_or_else(|problem| panic!("{problem}"));
    let document = Document(serde_json::from_slice(&read("corrected.json")).expect("the description is JSON"));
    let has = |name: &str| document.schemas().any(|(known, _)| known == name);
    let named =
        mapping.names.keys().chain(mapping.no_class.iter().chain(&mapping.parts).flat_map(|group| &group.names));
    let gone: Vec<_> = named.filter(|name| !has(name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
    assert!(mapping.inline.keys().all(|place| document.0.pointer(place).is_some()));
}
