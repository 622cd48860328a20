//! Programs in the documentation never leave an action out: what a reader copies has to work when a token has expired.

use std::collections::BTreeSet;
use std::path::Path;

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprMethodCall, ImplItem, Item, Member, Pat, Stmt};

use crate::project;

/// What a response says of itself with every action.
const OF_EVERY_ACTION: [&str; 3] = ["action", "result_code", "result_message"];

/// The crates whose documentation shows the client. The workspace's README stands beside them.
const CRATES: [&str; 4] = ["authlete-api", "authlete-core", "authlete-resource-server", "authlete-test"];

/// The programs in Rust of a Markdown file, or of the doc comments of a source file, with their lines.
fn programs(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    if path.components().any(|part| part.as_os_str() == "frameworks") && project::has_extension(path, "rs") {
        return vec![(1, text)];
    }
    let source = project::has_extension(path, "rs");
    let (mut found, mut open): (_, Option<(bool, usize, String)>) = (Vec::new(), None);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let line = match ["/// ", "//! ", "///", "//!"].iter().find_map(|mark| line.strip_prefix(mark)) {
            Some(comment) if source => comment,
            _ if source => {
                open = None;
                continue;
            }
            _ => line,
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => {
                if let Some((true, start, program)) = open.take() {
                    found.push((start, program));
                }
            }
            (Some(tags), None) => {
                let known = ["", "rust", "no_run", "ignore", "should_panic", "compile_fail"];
                let rust = tags.split(',').all(|tag| known.contains(&tag.trim()));
                open = Some((rust, number + 1, String::new()));
            }
            (None, Some((_, _, program))) => {
                let line = line.strip_prefix("# ").unwrap_or(if line == "#" { "" } else { line });
                program.push_str(line);
                program.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// The methods of groups whose calls give an action, with their groups.
fn calls_with_actions() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (path, file) in project::sources(&project::path("authlete-api/src/generated/groups")) {
        let group = path.file_stem().unwrap().to_string_lossy().into_owned();
        for item in file.items {
            let Item::Impl(item) = item else { continue };
            for method in item.items {
                let ImplItem::Fn(method) = method else { continue };
                let syn::ReturnType::Type(_, ty) = &method.sig.output else { continue };
                let syn::Type::Path(ty) = &**ty else { continue };
                if ty.path.segments.last().is_some_and(|segment| segment.ident == "ActionCall") {
                    found.insert((group.clone(), method.sig.ident.to_string()));
                }
            }
        }
    }
    found
}

/// What a program does with responses.
struct Reading<'a> {
    with_actions: &'a BTreeSet<(String, String)>,
    takes_raw: bool,
    reads_action: bool,
    mistakes: Vec<String>,
}

impl Reading<'_> {
    /// Whether the value of an expression is an action, whatever it was awaited and unwrapped by.
    fn is_action(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Try(inner) => self.is_action(&inner.expr),
            Expr::Await(inner) => self.is_action(&inner.base),
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                let group = match &*call.receiver {
                    Expr::MethodCall(group) => group.method.to_string(),
                    _ => String::new(),
                };
                let passed_on = ["unwrap", "expect", "raw", "timeout", "header"].contains(&name.as_str());
                (passed_on && self.is_action(&call.receiver))
                    || name == "send"
                    || self.with_actions.contains(&(group, name))
            }
            _ => false,
        }
    }
}

impl VisitMut for Reading<'_> {
    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        let dropped = match statement {
            Stmt::Expr(expression, Some(_)) => Some(&*expression),
            Stmt::Local(local) if matches!(local.pat, Pat::Wild(_)) => local.init.as_ref().map(|init| &*init.expr),
            _ => None,
        };
        if dropped.is_some_and(|expression| self.is_action(expression)) {
            self.mistakes.push("drops an action: match on it, or call proceed or into_reply".to_owned());
        }
        visit_mut::visit_stmt_mut(self, statement);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        self.takes_raw |= call.method == "raw" && call.args.is_empty();
        self.reads_action |= call.method == "into_action";
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_expr_field_mut(&mut self, field: &mut syn::ExprField) {
        let of_response = match &*field.base {
            Expr::Field(base) => matches!(&base.member, Member::Named(name) if name == "response"),
            Expr::MethodCall(call) => call.method == "response",
            _ => false,
        };
        if let Member::Named(name) = &field.member {
            self.reads_action |= name == "action";
            if of_response && !OF_EVERY_ACTION.contains(&name.to_string().as_str()) {
                self.mistakes.push(format!("reads response.{name}: use what the action's step shows"));
            }
        }
        visit_mut::visit_expr_field_mut(self, field);
    }

    fn visit_macro_mut(&mut self, invocation: &mut syn::Macro) {
        // Macros such as `assert_eq!` and `println!` take expressions.
        let arguments = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        for mut argument in invocation.parse_body_with(arguments).into_iter().flatten() {
            self.visit_expr_mut(&mut argument);
        }
    }
}

/// What is wrong with a program.
fn mistakes(program: &str, with_actions: &BTreeSet<(String, String)>) -> Vec<String> {
    let parsed =
        syn::parse_file(program).or_else(|_| syn::parse_file(&format!("async fn example() {{\n{program}\n}}")));
    let mut file = match parsed {
        Ok(file) => file,
        Err(error) => return vec![format!("is no Rust: {error}")],
    };
    let mut reading = Reading { with_actions, takes_raw: false, reads_action: false, mistakes: Vec::new() };
    reading.visit_file_mut(&mut file);
    if reading.takes_raw && !reading.reads_action {
        reading.mistakes.push("takes a response by raw() and never looks at its action".to_owned());
    }
    reading.mistakes
}

#[test]
fn no_program_in_the_documentation_leaves_an_action_out() {
    let with_actions = calls_with_actions();
    let mut files = vec![project::path("README.md")];
    for name in CRATES {
        files.extend(project::files(&project::path(name).join("src")));
        files.push(project::path(name).join("README.md"));
    }
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files.iter().filter(|path| path.exists()) {
        for (line, program) in programs(path) {
            seen += 1;
            let at = path.strip_prefix(project::path("")).unwrap().display();
            wrong
                .extend(mistakes(&program, &with_actions).into_iter().map(|mistake| format!("{at}:{line}: {mistake}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let operations = authlete_api::operations::ALL.len();
    assert!(seen > operations, "only {seen} programs were found, and there are {operations} operations");
}

#[test]
fn programs_that_leave_an_action_out_are_noticed() {
    let with_actions = calls_with_actions();
    let said = |program: &str| mistakes(program, &with_actions).join("; ");
    for (program, mistake) in [
        ("service.introspection().process(token).await?;", "drops an action"),
        ("let _ = service.introspection().process(token).await.unwrap();", "drops an action"),
        ("pending.issue(\"ada\").send(service).await?;", "drops an action"),
        ("let user = service.introspection().process(token).raw().await?.subject;", "never looks at its action"),
        ("println!(\"{:?}\", service.introspection().process(token).raw().await?.subject);", "never looks at"),
        ("let user = unknown.response().subject;", "reads response.subject"),
        ("let user = unknown.response.subject;", "reads response.subject"),
        ("let user = ;", "is no Rust"),
    ] {
        assert!(said(program).contains(mistake), "{program}: {}", said(program));
    }
    for program in [
        "let access = service.introspection().process(token).await?.proceed()?;",
        "let reply = pending.issue(\"ada\").send(service).await?.into_reply();",
        "let code = step.response().result_code.clone();",
        "let response = service.introspection().process(token).raw().await?; println!(\"{:?}\", response.action);",
        "service.clients().delete(2001).await?;",
    ] {
        assert_eq!(said(program), "", "{program}");
    }
}
