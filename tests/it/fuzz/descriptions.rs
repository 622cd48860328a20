//! Mutated OpenAPI documents into `import`, `diff` and `regen`, in a process of their own: a recursion without an end would
//! abort this one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::panic;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use authlete_codegen::Document;
use authlete_codegen::diff::diff;
use authlete_codegen::import::import;
use authlete_codegen::model::progenitor::THREAD;
use authlete_codegen::pipeline::{Inputs, generate};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{Case, cases, mutate};
use crate::project;

/// No document of these sizes takes this long on a machine that works.
const LONGEST: Duration = Duration::from_secs(120);

/// What begins the line that names a case.
const BEGINS: &str = "the case of seed ";

/// As the main thread has it on Linux.
const STACK: usize = 8 << 20;

#[test]
fn into_the_generator() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "fuzz::descriptions::in_a_process_of_its_own", "--ignored", "--nocapture"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut last = String::new();
    loop {
        match lines.recv_timeout(LONGEST) {
            Ok(line) if line.contains(BEGINS) => last = line,
            Ok(line) => println!("{line}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                panic!("no end in sight: {last}");
            }
        }
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}: {last}");
}

#[test]
#[ignore = "`into_the_generator` starts it"]
fn in_a_process_of_its_own() {
    // What progenitor asserts becomes an error of the generator's; every other panic ends the test.
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().name() != Some(THREAD) {
            print(panic);
        }
    }));
    let worker = || {
        let (bases, committed, nothing) = (bases(), Committed::read(), Committed::default());
        let (mut imported, mut generated, mut tried) = (0, 0, 0);
        for mut case in cases(200) {
            println!("{BEGINS}{}", case.seed);
            let base = &bases[case.rng.usize(..bases.len())];
            let document = mutated(&mut case, base);
            tried += 1;
            let Ok(new) = import(&document, "a test") else { continue };
            imported += 1;
            let old = import(base.to_string().as_bytes(), "a test").unwrap().document;
            for changes in [diff(&old, &new.document), diff(&new.document, &old)] {
                let _ = (changes.to_text(), changes.to_json());
            }
            // `regen --lenient` takes what is committed for another document, as far as it fits.
            let beside = if case.rng.u8(..8) == 0 { &committed } else { &nothing };
            generated += usize::from(generate(&beside.inputs(new.document)).is_ok());
        }
        println!("{imported} of {tried} documents were imported, and {generated} of them were generated from");
        assert!(imported > 0, "no document comes past the import");
    };
    thread::Builder::new().stack_size(STACK).spawn(worker).unwrap().join().unwrap();
}

/// What generation takes beside a document.
struct Committed {
    overlays: Vec<(String, Vec<u8>)>,
    actions: Vec<u8>,
    words: Vec<(String, Vec<u8>)>,
    examples: Vec<(String, Vec<u8>)>,
}

impl Default for Committed {
    fn default() -> Self {
        let actions = b"operations: {}".to_vec();
        Self { overlays: Vec::new(), actions, words: Vec::new(), examples: Vec::new() }
    }
}

impl Committed {
    fn read() -> Self {
        let actions = std::fs::read(project::path("openapi/actions.yaml")).unwrap();
        let [overlays, words, examples] =
            ["overlays", "docs", "examples"].map(|name| folder(&format!("openapi/{name}"), "yaml"));
        Self { overlays, actions, words, examples }
    }

    fn inputs(&self, document: Document) -> Inputs<'_> {
        Inputs {
            document,
            overlays: named(&self.overlays),
            actions: &self.actions,
            words: named(&self.words),
            examples: named(&self.examples),
            lenient: true,
        }
    }
}

fn named(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect()
}

/// The files of a folder, with their names.
fn folder(path: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut paths = project::files(&project::path(path));
    paths.retain(|path| project::has_extension(path, extension));
    let named = paths.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    named.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

/// Documents to begin with: those of the generator's tests, and a few operations each of the one that is committed.
fn bases() -> Vec<Value> {
    let fixtures =
        ["passes", "pipeline"].map(|name| folder(&format!("authlete-codegen/tests/fixtures/{name}"), "json"));
    let mut bases: Vec<Value> =
        fixtures.iter().flatten().map(|(_, text)| serde_json::from_slice(text).unwrap()).collect();
    let whole: Value = serde_json::from_slice(&std::fs::read(project::path("openapi/authlete.json")).unwrap()).unwrap();
    let paths: Vec<_> = whole["paths"].as_object().unwrap().iter().collect();
    for few in paths.chunks(8) {
        let paths: Map<_, _> = few.iter().map(|(path, item)| ((*path).clone(), (*item).clone())).collect();
        let mut part = json!({"openapi": "3.0.3", "info": whole["info"], "servers": whole["servers"], "paths": paths});
        let mut wanted = BTreeSet::new();
        let mut open = vec![&part["paths"]];
        while let Some(value) = open.pop() {
            references(value, &mut |name| {
                if wanted.insert(name.to_owned()) {
                    open.push(&whole["components"]["schemas"][name]);
                }
            });
        }
        let schemas: Map<_, _> =
            wanted.iter().map(|name| (name.clone(), whole["components"]["schemas"][name].clone())).collect();
        // The largest component would be in nearly all of them.
        if schemas.len() < 12 {
            part["components"] = json!({"schemas": schemas});
            bases.push(part);
        }
    }
    bases.retain(|base| import(base.to_string().as_bytes(), "a test").is_ok());
    bases
}

/// Calls back with each component that the value refers to.
fn references<'a>(value: &'a Value, found: &mut impl FnMut(&'a str)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| references(element, found)),
        Value::Object(members) => {
            if let Some(name) = value["$ref"].as_str().and_then(|target| target.strip_prefix("#/components/schemas/")) {
                found(name);
            }
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

fn mutated(case: &mut Case, base: &Value) -> Vec<u8> {
    let Case { rng, .. } = case;
    let mut document = base.clone();
    for _ in 0..rng.usize(1..5) {
        match rng.u8(..4) {
            0 => mutate::value(rng, &mut document),
            1 => mutate::splice(rng, &mut document),
            2 => rename(rng, &mut document),
            _ => schema(rng, &mut document),
        }
    }
    // Most documents stay readable, since reading is the least of what they are put through.
    if rng.u8(..4) == 0 { mutate::written(rng, &document) } else { document.to_string().into_bytes() }
}

/// Gives a key another name: one that Rust or OpenAPI has a use for, or none has.
fn rename(rng: &mut Rng, document: &mut Value) {
    const NAMES: [&str; 24] = [
        "self",
        "Self",
        "type",
        "crate",
        "r#fn",
        "Option",
        "String",
        "Vec",
        "Box",
        "request",
        "body",
        "client",
        "a-b",
        "aB",
        "a_b",
        "1",
        "",
        " ",
        "é",
        "$ref",
        "x-secret",
        "additionalProperties",
        "{x}",
        "\u{202e}/~0~1",
    ];
    let Value::Object(members) = mutate::any(rng, document) else { return };
    let Some(key) = rng.choice(members.keys()).cloned() else { return };
    let value = members.remove(&key);
    members.insert(NAMES[rng.usize(..NAMES.len())].to_owned(), value.unwrap_or_default());
}

/// Puts a schema of another kind somewhere, with the old value or a reference within it.
fn schema(rng: &mut Rng, document: &mut Value) {
    let mut pointers = Vec::new();
    pointers_of(document, "#", &mut pointers);
    let components: Vec<_> = pointers.iter().filter(|pointer| pointer.matches('/').count() == 3).collect();
    let target = match rng.choice(&components) {
        Some(component) if rng.u8(..4) > 0 => (**component).clone(),
        _ => pointers[rng.usize(..pointers.len())].clone(),
    };
    let place = mutate::any(rng, document);
    let reference = json!({"$ref": target});
    let old = if rng.bool() { place.take() } else { reference.clone() };
    *place = match rng.u8(..12) {
        0..3 => reference,
        3 => json!({"allOf": [old, reference]}),
        4 => json!({"oneOf": [old, {"type": "string"}]}),
        5 => json!({"anyOf": [old, {"type": "object", "properties": {"a": reference}}]}),
        6 => json!({"not": old}),
        7 => json!({"type": "array", "items": old}),
        8 => json!({"type": "object", "additionalProperties": old}),
        9 => json!({"type": "object", "properties": {"type": old, "b": reference}, "required": ["b", "c"]}),
        10 => json!({"type": "string", "enum": ["", "+", "-", "a", "A", "é", null, old]}),
        _ => {
            let kind = ["integer", "boolean", "object"][rng.usize(..3)];
            json!({"type": kind, "format": "int128", "default": old, "nullable": true})
        }
    };
}

fn pointers_of(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            pointers_of(member, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, one)| pointers_of(one, &format!("{pointer}/{at}"), found));
        }
        _ => {}
    }
}
