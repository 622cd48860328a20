//! Puts changes into the source of a file, each behind a switch.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Mutant;

/// A place in a file: lines and columns from 1 on, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Span {
    start: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// A file with its switches.
#[derive(Debug, Default)]
pub(super) struct Switched {
    pub(super) text: String,
    /// The changes that have none.
    pub(super) without: BTreeSet<usize>,
    /// The changes that no compiler accepts.
    pub(super) refused: BTreeSet<usize>,
}

impl Switched {
    /// The change that a place of the text belongs to: the innermost.
    pub(super) fn mutant_at(&self, offset: usize) -> Option<usize> {
        let mut open = Vec::new();
        let mut rest = 0;
        while let Some(start) = self.text[rest..].find("/*m").map(|start| start + rest) {
            let end = self.text[start..].find("*/")? + start;
            if start >= offset {
                break;
            }
            match self.text[start + 3..end].strip_suffix('>') {
                Some(_) => drop(open.pop()),
                None => open.push(self.text[start + 3..end].parse().ok()?),
            }
            rest = end;
        }
        open.pop()
    }

    /// The changes that have a part of the line at an offset.
    pub(super) fn mutants_on_line(&self, offset: usize) -> Vec<usize> {
        let start = self.text[..offset].rfind('\n').map_or(0, |start| start + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |end| end + offset);
        let marks = self.text[start..end].split("/*m").skip(1);
        marks.filter_map(|mark| mark.split("*/").next()?.trim_end_matches('>').parse().ok()).collect()
    }
}

/// What is written in place of a part of the file.
#[derive(Debug)]
enum Edit {
    /// Before the statements of a function: leave it with another value.
    Body(Vec<(usize, String)>),
    /// Another operator between two operands.
    Binary { left: Range<usize>, operator: Range<usize>, right: Range<usize>, others: Vec<(usize, String)> },
    /// No operator before the operand.
    Unary { operand: Range<usize>, without: usize },
    /// The guard of an arm, which may have none yet.
    Guard { guard: Option<Range<usize>>, deleted: Option<usize>, always: Option<usize>, never: Option<usize> },
    /// A member of a struct from the rest.
    Field { name: String, value: Option<Range<usize>>, rest: String, without: usize },
}

/// The file with a switch for each change but those that are to be left out, which do not compile.
pub(super) fn switch(
    source: &str,
    mutants: &[(usize, &Mutant)],
    leave_out: &BTreeSet<usize>,
) -> Result<Switched, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let lines: Vec<usize> =
        std::iter::once(0).chain(source.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
    let mut wanted: BTreeMap<(&str, usize), Vec<(usize, &Mutant)>> = BTreeMap::new();
    for (id, mutant) in mutants {
        let Place { line, column } = mutant.span.start;
        let line = lines.get(line - 1).copied().ok_or("a line that is not there")?;
        let column = source[line..].char_indices().nth(column - 1).map_or(0, |(column, _)| column);
        wanted.entry((&mutant.genre, line + column)).or_default().push((*id, mutant));
    }
    let (without, refused) = (BTreeSet::new(), BTreeSet::new());
    let mut finder = Finder { source, wanted, leave_out, edits: BTreeMap::new(), without, refused };
    finder.visit_file(&file);
    let Finder { wanted, edits, mut without, refused, .. } = finder;
    without.extend(wanted.into_values().flatten().map(|(id, _)| id).filter(|id| !leave_out.contains(id)));
    let writer =
        Writer { source, edits: edits.into_iter().map(|((start, _, end, _), edit)| (start..end.0, edit)).collect() };
    let text = writer.range(0..source.len(), None);
    Ok(Switched { text, without, refused })
}

struct Finder<'a> {
    source: &'a str,
    /// By what they are and where they begin.
    wanted: BTreeMap<(&'a str, usize), Vec<(usize, &'a Mutant)>>,
    leave_out: &'a BTreeSet<usize>,
    /// By where they begin; what is put before a statement first, and the outer before the inner.
    edits: BTreeMap<(usize, bool, Reverse<usize>, bool), Edit>,
    without: BTreeSet<usize>,
    refused: BTreeSet<usize>,
}

impl<'a> Finder<'a> {
    fn take(&mut self, genre: &'a str, at: usize) -> Vec<(usize, &'a Mutant)> {
        let mut found = self.wanted.remove(&(genre, at)).unwrap_or_default();
        found.retain(|(id, _)| !self.leave_out.contains(id));
        found
    }

    fn put(&mut self, range: Range<usize>, edit: Edit) {
        // A guard may be an expression that has an edit itself.
        let is_within = !matches!(edit, Edit::Guard { .. });
        self.edits.insert((range.start, !range.is_empty(), Reverse(range.end), is_within), edit);
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first() else { return };
        let start = first.span().byte_range().start;
        let values = self.take("FnValue", start);
        // No switch can be asked at compile time, and another type cannot stand for `impl …`.
        let is_opaque = matches!(&signature.output, syn::ReturnType::Type(_, kind) if has_impl(kind));
        if signature.constness.is_some() || is_opaque {
            self.without.extend(values.iter().map(|(id, _)| *id));
        } else if !values.is_empty() {
            let values = values.into_iter().map(|(id, mutant)| (id, mutant.replacement.clone())).collect();
            self.put(start..start, Edit::Body(values));
        }
    }
}

fn has_impl(kind: &syn::Type) -> bool {
    struct Found(bool);
    impl Visit<'_> for Found {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(kind);
    found.0
}

/// Whether it is part of a condition that binds: `let` and what `&&` joins to it.
fn binds(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => binds(&binary.left) || binds(&binary.right),
        _ => false,
    }
}

impl<'a> Visit<'a> for Finder<'a> {
    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.body(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.body(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        let operator = binary.op.span().byte_range();
        let others = self.take("BinaryOperator", operator.start);
        if binds(&binary.left) || binds(&binary.right) {
            // `let … || …` is no condition.
            self.refused.extend(others.iter().map(|(id, _)| *id));
        } else if !others.is_empty() {
            let others = others.into_iter().map(|(id, mutant)| (id, mutant.replacement.clone())).collect();
            let (left, right) = (binary.left.span().byte_range(), binary.right.span().byte_range());
            self.put(left.start..right.end, Edit::Binary { left, operator, right, others });
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'a syn::ExprUnary) {
        let range = unary.span().byte_range();
        if let Some((without, _)) = self.take("UnaryOperator", range.start).first() {
            let operand = unary.expr.span().byte_range();
            self.put(range, Edit::Unary { operand, without: *without });
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, expression: &'a syn::ExprMatch) {
        // An arm that a switch turns off does not count as one, so another has to take everything.
        let takes_all = |arm: &syn::Arm| match &arm.pat {
            syn::Pat::Wild(_) => true,
            // Variants and constants look like bindings, but for their case.
            syn::Pat::Ident(binding) => binding.ident.to_string().starts_with(char::is_lowercase),
            _ => false,
        };
        if !expression.arms.iter().any(takes_all) {
            for arm in &expression.arms {
                let deleted = self.take("MatchArm", arm.span().byte_range().start);
                self.without.extend(deleted.iter().map(|(id, _)| *id));
            }
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        let start = arm.span().byte_range().start;
        let deleted = self.take("MatchArm", start).first().map(|(id, _)| *id);
        let end = arm.pat.span().byte_range().end;
        let guard = match &arm.pat {
            syn::Pat::Guard(guarded) => Some(guarded.guard.span().byte_range()),
            _ => None,
        };
        let guards = guard.as_ref().map(|guard| self.take("MatchArmGuard", guard.start)).unwrap_or_default();
        let id = |value: &str| guards.iter().find(|(_, mutant)| mutant.replacement == value).map(|(id, _)| *id);
        let (always, never) = (id("true"), id("false"));
        if deleted.is_some() || !guards.is_empty() {
            let range = guard.clone().unwrap_or(end..end);
            self.put(range, Edit::Guard { guard, deleted, always, never });
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, expression: &'a syn::ExprStruct) {
        for field in &expression.fields {
            let range = field.span().byte_range();
            let Some((without, _)) = self.take("StructField", range.start).first().copied() else { continue };
            let (Some(rest), syn::Member::Named(name)) = (&expression.rest, &field.member) else { continue };
            let text = &self.source[rest.span().byte_range()];
            let path = &self.source[expression.path.span().byte_range()];
            let rest = match **rest {
                syn::Expr::Path(_) | syn::Expr::Field(_) => format!("{text}.{name}"),
                _ => format!("{{ let rest: {path} = {text}; rest.{name} }}"),
            };
            let value = field.colon_token.is_some().then(|| field.expr.span().byte_range());
            self.put(range, Edit::Field { name: name.to_string(), value, rest, without });
        }
        visit::visit_expr_struct(self, expression);
    }
}

struct Writer<'a> {
    source: &'a str,
    edits: Vec<(Range<usize>, Edit)>,
}

impl Writer<'_> {
    /// A part of the source with its edits, but those of the edit at `outer`, whose part this is.
    fn range(&self, range: Range<usize>, outer: Option<usize>) -> String {
        let mut text = String::new();
        let mut at = range.start;
        let first = outer.map_or(0, |outer| outer + 1);
        for (index, (place, edit)) in self.edits.iter().enumerate().skip(first) {
            if place.start < at || place.start < range.start || place.end > range.end {
                continue;
            }
            text.push_str(&self.source[at..place.start]);
            text.push_str(&self.edit(index, edit));
            at = place.end;
        }
        text.push_str(&self.source[at..range.end]);
        text
    }

    fn edit(&self, index: usize, edit: &Edit) -> String {
        let inner = |range: &Range<usize>| self.range(range.clone(), Some(index));
        match edit {
            Edit::Body(values) => values
                .iter()
                .map(|(id, value)| mark(*id, &format!("if {} {{ return {value}; }} ", is_on(*id))))
                .collect(),
            Edit::Binary { left, operator, right, others } => {
                let (old_left, old_right) = (&self.source[left.clone()], &self.source[right.clone()]);
                let others: String = others
                    .iter()
                    .map(|(id, other)| {
                        format!(
                            "{} else ",
                            mark(*id, &format!("if {} {{ {old_left} {other} {old_right} }}", is_on(*id)))
                        )
                    })
                    .collect();
                let operator = &self.source[operator.clone()];
                format!("({others}{{ {} {operator} {} }})", inner(left), inner(right))
            }
            Edit::Unary { operand, without } => {
                let place = &self.edits[index].0;
                let operator = &self.source[place.start..operand.start];
                let changed =
                    mark(*without, &format!("if {} {{ {} }}", is_on(*without), &self.source[operand.clone()]));
                format!("({changed} else {{ {operator}{} }})", inner(operand))
            }
            Edit::Guard { guard, deleted, always, never } => {
                let mut text = guard.as_ref().map_or_else(|| "true".to_owned(), |guard| format!("({})", inner(guard)));
                if let Some(never) = never {
                    text = format!("({} && {text})", mark(*never, &format!("!{}", is_on(*never))));
                }
                if let Some(always) = always {
                    text = format!("({} || {text})", mark(*always, &is_on(*always)));
                }
                if let Some(deleted) = deleted {
                    text = format!("{} && {text}", mark(*deleted, &format!("!{}", is_on(*deleted))));
                }
                if guard.is_some() { text } else { format!(" if {text}") }
            }
            Edit::Field { name, value, rest, without } => {
                let value = value.as_ref().map_or_else(|| name.clone(), inner);
                let rest = mark(*without, &format!("if {} {{ {rest} }}", is_on(*without)));
                format!("{name}: {rest} else {{ {value} }}")
            }
        }
    }
}

/// What a change is found by in the text.
fn mark(id: usize, text: &str) -> String {
    format!("/*m{id}*/{text}/*m{id}>*/")
}

fn is_on(id: usize) -> String {
    format!("crate::mutants::is_on({id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(source: &str, genre: &str, before: &str, replacement: &str) -> Mutant {
        let at = source.find(before).unwrap();
        let line = source[..at].matches('\n').count();
        let column = source[..at].rsplit('\n').next().unwrap().chars().count();
        let place = serde_json::json!({"line": line + 1, "column": column + 1});
        serde_json::from_value(serde_json::json!({
            "name": before, "file": "a.rs", "genre": genre, "replacement": replacement, "span": {"start": place},
        }))
        .unwrap()
    }

    fn switched(source: &str, mutants: &[Mutant], leave_out: &[usize]) -> Switched {
        let mutants: Vec<_> = mutants.iter().enumerate().collect();
        switch(source, &mutants, &leave_out.iter().copied().collect()).unwrap()
    }

    /// The text without marks, and with a short name for the switch.
    fn text(source: &str, mutants: &[Mutant]) -> String {
        let mut text = switched(source, mutants, &[]).text.replace("crate::mutants::is_on", "on");
        while let Some(start) = text.find("/*m") {
            let end = text[start..].find("*/").unwrap() + start + 2;
            text.replace_range(start..end, "");
        }
        text
    }

    #[test]
    fn each_kind_of_change_has_its_switch() {
        let source = "fn f(a: u8) -> bool { /* ä */ a == 1 && !g(a) }";
        let body = mutant(source, "FnValue", "a == 1", "true");
        let and = mutant(source, "BinaryOperator", "&&", "||");
        let equal = mutant(source, "BinaryOperator", "==", "!=");
        let not = mutant(source, "UnaryOperator", "!g", "");
        assert_eq!(
            text(source, &[body, and, equal, not]),
            "fn f(a: u8) -> bool { /* ä */ if on(0) { return true; } (if on(1) { a == 1 || !g(a) } else { \
             (if on(2) { a != 1 } else { a == 1 }) && (if on(3) { g(a) } else { !g(a) }) }) }"
        );
        let source = "fn f(a: A) {\n    match a { 1 => b, 2 if c == d => e, _ => g }\n}";
        let arm = mutant(source, "MatchArm", "1 =>", "");
        let yes = mutant(source, "MatchArmGuard", "c ==", "true");
        let no = mutant(source, "MatchArmGuard", "c ==", "false");
        let equal = mutant(source, "BinaryOperator", "==", "!=");
        assert_eq!(
            text(source, &[arm, yes, no, equal]),
            "fn f(a: A) {\n    match a { 1 if !on(0) && true => b, \
             2 if (on(1) || (!on(2) && ((if on(3) { c != d } else { c == d })))) => e, _ => g }\n}"
        );
        let source = "fn f() -> S { S { a: 1, b, ..S::new() } }";
        let fields = [mutant(source, "StructField", "a: 1", ""), mutant(source, "StructField", "b,", "")];
        assert_eq!(
            text(source, &fields),
            "fn f() -> S { S { a: if on(0) { { let rest: S = S::new(); rest.a } } else { 1 }, \
             b: if on(1) { { let rest: S = S::new(); rest.b } } else { b }, ..S::new() } }"
        );
    }

    #[test]
    fn what_no_switch_can_change_is_told() {
        for (source, genre, before) in [
            ("const fn f() -> u8 { 1 }", "FnValue", "1 }"),
            ("fn f() -> impl Iterator { g() }", "FnValue", "g()"),
            ("fn f(a: A) { match a { None => 1, Some(_) => 2 } }", "MatchArm", "None =>"),
            ("fn f() { g() }", "Other", "g()"),
        ] {
            let switched = switched(source, &[mutant(source, genre, before, "2")], &[]);
            assert_eq!((switched.text.as_str(), switched.without.len()), (source, 1), "{source}");
        }
        let source = "fn f() { if let A = a && b {} }";
        let switched = switched(source, &[mutant(source, "BinaryOperator", "&&", "||")], &[]);
        assert_eq!((switched.text.as_str(), switched.refused.len()), (source, 1));
    }

    #[test]
    fn what_does_not_compile_is_left_out_and_not_told_again() {
        let source = "fn f() -> u8 { 1 }";
        let switched = switched(source, &[mutant(source, "FnValue", "1 }", "x")], &[0]);
        assert_eq!((switched.text.as_str(), switched.without.len()), (source, 0));
    }

    #[test]
    fn a_place_leads_to_its_change() {
        let source = "fn f() -> bool { a() == b() }\nfn g() {}\n";
        let equal = mutant(source, "BinaryOperator", "==", "!=");
        let body = mutant(source, "FnValue", "a()", "true");
        let switched = switched(source, &[equal, body], &[]);
        let at = |part: &str| switched.text.find(part).unwrap();
        assert_eq!(switched.mutant_at(at("!=")), Some(0));
        assert_eq!(switched.mutant_at(at("return true")), Some(1));
        assert_eq!(switched.mutant_at(at("a() == b()")), None);
        assert_eq!(switched.mutants_on_line(at("a() == b()")), [1, 1, 0, 0]);
        assert!(switched.mutants_on_line(at("fn g")).is_empty());
    }
}
