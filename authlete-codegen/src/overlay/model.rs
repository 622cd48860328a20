//! An overlay document: its parts, and reading it with nothing unknown passed over.

use serde_json::{Map, Value};

use super::path::Path;
use crate::{Problem, Problems};

/// An overlay document.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// The name of its file, which problems are reported under.
    pub file: String,
    /// The version of the standard it is written in.
    pub version: Version,
    /// What it is for.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// What it does, in order.
    pub actions: Vec<Action>,
}

/// A version of the Overlay Specification; patch versions make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 1.0: actions select objects and arrays.
    V1_0,
    /// 1.1: actions select anything, arrays are concatenated, nodes can be copied.
    V1_1,
}

/// What an overlay is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Upstream is wrong, or lacks something.
    Correction,
    /// Upstream is right, and Rust wants it in another shape.
    Shape,
}

/// One action of an overlay.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its place in the list, counted from 1.
    pub number: usize,
    /// What it selects.
    pub target: Path,
    /// Why it is there.
    pub description: Option<String>,
    /// What it does with what it selects.
    pub modifier: Modifier,
    /// What it expects to find.
    pub expect: Expect,
}

/// What an action does with what it selects.
#[derive(Debug, Clone)]
pub enum Modifier {
    /// Merges a value into it.
    Update(Value),
    /// Merges the one node that a path selects into it.
    Copy(Path),
    /// Removes it.
    Remove,
}

/// What an action expects to find, from its `x-expect`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// How many places its target selects.
    pub count: Option<usize>,
    /// What each of them equals.
    pub before: Option<Value>,
    /// What each of them contains.
    pub has: Option<Value>,
    /// The members that none of them has.
    pub lacks: Vec<String>,
}

impl Overlay {
    /// Reads an overlay written in YAML or JSON.
    ///
    /// # Errors
    /// All that is wrong with it, under the name of its file.
    pub fn parse(file: &str, content: &[u8]) -> Result<Self, Problems> {
        let value: Value = serde_saphyr::from_slice(content).map_err(|error| syntax_problem(file, &error))?;
        let mut reader = Reader { file, problems: Problems::default() };
        let overlay = reader.overlay(&value);
        match overlay {
            Some(overlay) => reader.problems.into_result(overlay),
            None => Err(reader.problems),
        }
    }
}

fn syntax_problem(file: &str, error: &serde_saphyr::Error) -> Problem {
    let at = error.location().map(|at| format!("line {}, column {}", at.line(), at.column())).unwrap_or_default();
    // The library's own text repeats the place and draws the lines around it.
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or_default();
    Problem::new(file, at, format!("neither YAML nor JSON: {message}"))
}

/// Collects what is wrong while it reads.
struct Reader<'a> {
    file: &'a str,
    problems: Problems,
}

impl Reader<'_> {
    fn overlay(&mut self, value: &Value) -> Option<Overlay> {
        let root = self.object(value, "")?;
        self.known(root, "", &["overlay", "info", "extends", "actions"]);
        let version = self.text(root, "", "overlay").and_then(|version| self.version(version));
        if root.contains_key("extends") {
            self.text(root, "", "extends");
        }
        let info = self.required(root, "", "info").and_then(|info| self.object(info, "info"));
        let (title, kind) = info.map(|info| self.info(info)).unwrap_or_default();
        let actions = self.required(root, "", "actions").map(|actions| self.actions(actions));
        let file = self.file.to_owned();
        Some(Overlay { file, version: version?, kind: kind?, title: title?, actions: actions? })
    }

    fn version(&mut self, version: &str) -> Option<Version> {
        let mut parts = version.split('.');
        match (parts.next(), parts.next(), parts.next().map(str::parse::<u32>), parts.next()) {
            (Some("1"), Some("0"), Some(Ok(_)), None) => Some(Version::V1_0),
            (Some("1"), Some("1"), Some(Ok(_)), None) => Some(Version::V1_1),
            _ => {
                self.problem("overlay", format!("version {version:?} is not supported: 1.0.x and 1.1.x are"));
                None
            }
        }
    }

    fn info(&mut self, info: &Map<String, Value>) -> (Option<String>, Option<Kind>) {
        self.known(info, "info", &["title", "version", "description"]);
        let title = self.text(info, "info", "title").map(str::to_owned);
        self.text(info, "info", "version");
        if info.contains_key("description") {
            self.text(info, "info", "description");
        }
        let kind = self.text(info, "info", "x-kind").and_then(|kind| match kind {
            "correction" => Some(Kind::Correction),
            "shape" => Some(Kind::Shape),
            other => {
                self.problem("info.x-kind", format!("{other:?} is neither \"correction\" nor \"shape\""));
                None
            }
        });
        (title, kind)
    }

    fn actions(&mut self, actions: &Value) -> Vec<Action> {
        let Some(actions) = actions.as_array().filter(|actions| !actions.is_empty()) else {
            self.problem("actions", "not a list with at least one action");
            return Vec::new();
        };
        actions.iter().zip(1..).filter_map(|(action, number)| self.action(action, number)).collect()
    }

    fn action(&mut self, action: &Value, number: usize) -> Option<Action> {
        let at = &format!("action {number}");
        let action = self.object(action, at)?;
        self.known(action, at, &["target", "description", "update", "remove", "copy"]);
        let target = self.text(action, at, "target").and_then(|target| self.path(target, at, "target"));
        let description = action.get("description").and_then(|_| self.text(action, at, "description"));
        let expect = action.get("x-expect").map(|expect| self.expect(expect, at)).unwrap_or_default();
        let modifier = self.modifier(action, at);
        Some(Action {
            number,
            target: target?,
            description: description.map(|text| text.trim().to_owned()),
            modifier: modifier?,
            expect,
        })
    }

    /// Exactly one of the three: what the standard says of several is to ignore all but one, which hides a slip.
    fn modifier(&mut self, action: &Map<String, Value>, at: &str) -> Option<Modifier> {
        let remove = match action.get("remove") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                self.problem(at, "\"remove\" is neither true nor false");
                return None;
            }
        };
        match (remove, action.get("update"), action.contains_key("copy")) {
            (true, None, false) => Some(Modifier::Remove),
            (false, Some(update), false) => Some(Modifier::Update(update.clone())),
            (false, None, true) => {
                let from = self.text(action, at, "copy")?;
                self.path(from, at, "copy").map(Modifier::Copy)
            }
            (false, None, false) => {
                self.problem(at, "does nothing: it has neither \"update\" nor \"copy\" nor \"remove: true\"");
                None
            }
            _ => {
                self.problem(at, "has more than one of \"update\", \"copy\" and \"remove: true\"");
                None
            }
        }
    }

    fn expect(&mut self, expect: &Value, at: &str) -> Expect {
        let at = &format!("{at}, x-expect");
        let Some(expect) = self.object(expect, at) else { return Expect::default() };
        let known = ["count", "before", "has", "lacks"];
        for name in expect.keys().filter(|name| !known.contains(&name.as_str())) {
            self.problem(at, format!("unknown key {name:?}: known are {}", known.join(", ")));
        }
        let count = expect.get("count").and_then(|count| {
            let number = count.as_u64().and_then(|count| usize::try_from(count).ok());
            if number.is_none() {
                self.problem(at, "\"count\" is not a whole number");
            }
            number
        });
        let lacks = expect.get("lacks").map(|names| self.names(names, at)).unwrap_or_default();
        Expect { count, before: expect.get("before").cloned(), has: expect.get("has").cloned(), lacks }
    }

    fn names(&mut self, names: &Value, at: &str) -> Vec<String> {
        let texts = names.as_array().and_then(|names| names.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        if texts.is_none() {
            self.problem(at, "\"lacks\" is not a list of names");
        }
        texts.unwrap_or_default().into_iter().map(str::to_owned).collect()
    }

    fn path(&mut self, text: &str, at: &str, field: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(message) => {
                self.problem(at, format!("{field} {text}: {message}"));
                None
            }
        }
    }

    fn known(&mut self, object: &Map<String, Value>, at: &str, known: &[&str]) {
        for name in object.keys().filter(|name| !known.contains(&name.as_str()) && !name.starts_with("x-")) {
            self.problem(at, format!("unknown key {name:?}: the standard has {}", known.join(", ")));
        }
    }

    fn required<'v>(&mut self, object: &'v Map<String, Value>, at: &str, name: &str) -> Option<&'v Value> {
        let value = object.get(name);
        if value.is_none() {
            self.problem(at, format!("{name:?} is missing"));
        }
        value
    }

    fn text<'v>(&mut self, object: &'v Map<String, Value>, at: &str, name: &str) -> Option<&'v str> {
        let value = self.required(object, at, name)?;
        if value.as_str().is_none() {
            self.problem(at, format!("{name:?} is not a text"));
        }
        value.as_str()
    }

    fn object<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v Map<String, Value>> {
        if !value.is_object() {
            self.problem(at, "not an object");
        }
        value.as_object()
    }

    fn problem(&mut self, at: &str, message: impl Into<String>) {
        self.problems.0.push(Problem::new(self.file, at, message));
    }
}
