//! Methods that return a `Call`: the request as a value, and a decoder that is compiled in our crate.
//!
//! progenitor's methods are async functions with the whole exchange in their bodies, which the compiler translates
//! anew in every crate that calls them. Of each body, what builds the request stays; what follows is `Call`'s part.

use quote::{format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprMethodCall, FnArg, GenericArgument, ImplItemFn, Pat, PathArguments, Stmt, Type, parse_quote,
};

use super::docs::doc_text;
use super::{Code, Description, type_name};
use crate::{Problem, Problems};

pub(super) fn run(code: &mut Code, description: &Description) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for (name, method) in &mut code.methods {
        if let Some(operation) = description.operations.get(name) {
            order(method, &operation.parameters);
        }
        if let Err(what) = rewrite(name, method) {
            problems.0.push(
                Problem::new("calls", name.clone(), format!("progenitor's method has {what}"))
                    .hint("progenitor's output has changed; teach authlete-codegen/src/emit/syntax/calls.rs about it"),
            );
        }
    }
    problems.into_result(())
}

fn rewrite(name: &str, method: &mut ImplItemFn) -> Result<(), &'static str> {
    let output = success_type(method).ok_or("another return type than Result<ResponseValue<_>, _>")?;
    let (output, decode): (Type, Expr) = match type_name(&output).as_deref() {
        Some("ByteStream") => (parse_quote!(rt::Bytes), parse_quote!(rt::raw)),
        _ if matches!(&output, Type::Tuple(tuple) if tuple.elems.is_empty()) => (output, parse_quote!(rt::empty)),
        _ => (output, parse_quote!(rt::json)),
    };
    let operation = format_ident!("{}", name.trim_start_matches("r#").to_uppercase());
    let (request, fails) = request(&method.block, &operation)?;
    let request = request.stmts;
    method.block = match fails {
        true => parse_quote!({
            #(#request)*
            rt::call(client, &operations::#operation, request, #decode)
        }),
        false => parse_quote!({
            #(#request)*
            request.call(#decode)
        }),
    };
    let signature = &mut method.sig;
    signature.asyncness = None;
    signature.generics = syn::Generics::default();
    for input in &mut signature.inputs {
        WithoutLifetimes.visit_fn_arg_mut(input);
    }
    signature.generics = parse_quote!(<'a>);
    if let Some(receiver) = signature.inputs.first_mut() {
        *receiver = parse_quote!(client: &'a rt::Client);
    }
    signature.output = parse_quote!(-> rt::Call<'a, #output>);
    method.vis = parse_quote!(pub(crate));
    Ok(())
}

/// Puts the arguments into the order in which they are declared: progenitor sorts those of the query by name, so that
/// an end came before its start.
fn order(method: &mut ImplItemFn, declared: &[String]) {
    let rank = |name: &str| match declared.iter().position(|known| known == name.trim_start_matches("r#")) {
        Some(position) => position + 1,
        None if name == "body" => usize::MAX,
        None => 0,
    };
    let mut inputs: Vec<FnArg> = std::mem::take(&mut method.sig.inputs).into_iter().collect();
    inputs.sort_by_key(|input| match input {
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(pat) => rank(&pat.ident.to_string()),
            _ => 0,
        },
        FnArg::Receiver(_) => 0,
    });
    method.sig.inputs = inputs.into_iter().collect();
    for attr in &mut method.attrs {
        if let Some(text) = doc_text(attr) {
            let mut lines: Vec<&str> = text.lines().collect();
            let listed = |line: &&str| line.starts_with("- `");
            if let (Some(first), Some(last)) = (lines.iter().position(&listed), lines.iter().rposition(listed)) {
                lines[first..=last].sort_by_key(|line| rank(line.split('`').nth(1).unwrap_or_default()));
            }
            let text = lines.join("\n");
            *attr = parse_quote!(#[doc = #text]);
        }
    }
}

/// `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success_type(method: &ImplItemFn) -> Option<Type> {
    let syn::ReturnType::Type(_, result) = &method.sig.output else { return None };
    first_argument(&first_argument(result)?)
}

fn first_argument(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// The statements that build the request, ending with `let request = …;`.
fn request(block: &Block, operation: &syn::Ident) -> Result<(Block, bool), &'static str> {
    let end = block.stmts.iter().position(|stmt| binds(stmt, "info")).ok_or("no `let info`")?;
    let mut stmts: Vec<Stmt> = block.stmts[..end].to_vec();
    // A version header of progenitor's own; when the map holds nothing else, it goes too.
    stmts.retain(|stmt| !text(stmt).contains("api_version"));
    let header_map = stmts.iter().any(|stmt| text(stmt).starts_with("header_map . "));
    if !header_map {
        stmts.retain(|stmt| !binds(stmt, "header_map"));
    }
    let Some(Stmt::Local(local)) = stmts.iter_mut().find(|stmt| binds(stmt, "request")) else {
        return Err("no `let request`");
    };
    local.attrs.clear();
    local.pat = parse_quote!(request);
    let init = local.init.as_mut().ok_or("a request without a value")?;
    if let Expr::Try(build) = &*init.expr {
        init.expr = build.expr.clone();
    }
    let mut rewriter = Rewriter { header_map, questions: 0, operation: operation.clone() };
    let mut block = Block { brace_token: block.brace_token, stmts };
    rewriter.visit_block_mut(&mut block);
    let stmts = block.stmts;
    Ok(if rewriter.questions == 0 {
        (parse_quote!({ #(#stmts)* }), false)
    } else {
        let request = parse_quote!({
            let request = (|| {
                #(#stmts)*
                ::std::result::Result::Ok::<_, rt::BuildError>(request)
            })();
        });
        (request, true)
    })
}

fn binds(stmt: &Stmt, name: &str) -> bool {
    matches!(stmt, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(pat) if pat.ident == name))
}

fn text(stmt: &Stmt) -> String {
    quote!(#stmt).to_string()
}

type Arguments = syn::punctuated::Punctuated<Expr, syn::Token![,]>;

fn arguments(mac: &syn::Macro) -> Option<Arguments> {
    mac.parse_body_with(Arguments::parse_terminated).ok()
}

/// `format_args!("/api/{}/…", …)` of `format!("{}/api/{}/…", self.base_url(), …)`.
fn path_below_base(mac: &syn::Macro) -> Option<Expr> {
    let mut arguments = arguments(mac)?.into_iter();
    let (Expr::Lit(template), base) = (arguments.next()?, arguments.next()?) else { return None };
    let syn::Lit::Str(template) = &template.lit else { return None };
    let template = template.value().strip_prefix("{}")?.to_owned();
    let is_base = matches!(&base, Expr::MethodCall(call) if call.method == "base_url");
    is_base.then(|| parse_quote!(::std::format_args!(#template #(, #arguments)*)))
}

fn is_path(expr: &Expr, names: &[&str]) -> bool {
    matches!(expr, Expr::Path(path) if path.path.segments.iter().map(|segment| &segment.ident).eq(names))
}

/// Points the request's expressions at our own client and helpers.
struct Rewriter {
    header_map: bool,
    questions: usize,
    operation: syn::Ident,
}

impl VisitMut for Rewriter {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Field(field) => {
                let own = matches!(&*field.base, Expr::Path(base) if base.path.is_ident("self"));
                match &field.member {
                    syn::Member::Named(member) if own && member == "baseurl" => *expr = parse_quote!(self.base_url()),
                    _ => {}
                }
            }
            Expr::MethodCall(call) if call.method == "headers" && !self.header_map => *expr = (*call.receiver).clone(),
            // The base URL has been parsed when the client was made; only the path is new.
            Expr::Macro(url) if url.mac.path.is_ident("format") => {
                if let Some(path) = path_below_base(&url.mac) {
                    *expr = parse_quote!(rt::path(#path));
                }
            }
            Expr::MethodCall(build) if build.method == "build" => *expr = (*build.receiver).clone(),
            // `self.client.get(url)`
            Expr::MethodCall(start)
                if matches!(&*start.receiver, Expr::Field(field)
                if matches!(&field.member, syn::Member::Named(member) if member == "client")) =>
            {
                let operation = &self.operation;
                let url = &start.args;
                *expr = parse_quote!(rt::request(client, &operations::#operation).path(#url));
            }
            Expr::MethodCall(json) if json.method == "json" => {
                let body = &json.args;
                json.args = parse_quote!(::serde_json::to_vec(#body));
            }
            Expr::MethodCall(query) if query.method == "query" => {
                if let Some(Expr::Reference(parameter)) = query.args.first()
                    && let Expr::Call(parameter) = &*parameter.expr
                {
                    query.args = parameter.args.clone();
                }
            }
            // Our encoder writes any value that can be displayed, without a text in between.
            Expr::Call(call) if is_path(&call.func, &["rt", "path_segment"]) => {
                for argument in &mut call.args {
                    if let Expr::Reference(reference) = argument
                        && let Expr::MethodCall(ExprMethodCall { method, receiver, .. }) = &*reference.expr
                        && method == "to_string"
                    {
                        reference.expr = receiver.clone();
                    }
                }
            }
            Expr::MethodCall(call) if call.method == "form_urlencoded" => {
                let body = &call.args;
                call.args = parse_quote!(::serde_json::to_value(#body));
                call.method = format_ident!("form");
            }
            Expr::Try(question) => {
                // `form_urlencoded` can fail where our `form` keeps the error until the call is made.
                if matches!(&*question.expr, Expr::MethodCall(ExprMethodCall { method, .. }) if method == "form") {
                    *expr = (*question.expr).clone();
                } else {
                    self.questions += 1;
                }
            }
            _ => {}
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        // `format!` of the URL: its arguments are expressions like any others.
        if let Some(mut arguments) = arguments(mac) {
            arguments.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
            mac.tokens = quote!(#arguments);
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match &names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["encode_path"] => *path = parse_quote!(rt::path_segment),
            ["reqwest", "header", ..] => {
                let rest = path.segments.iter().skip(1);
                *path = parse_quote!(rt::http::#(#rest)::*);
            }
            _ => {}
        }
    }
}

/// Lets the compiler choose: the `Call` borrows the client only.
struct WithoutLifetimes;

impl VisitMut for WithoutLifetimes {
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        reference.lifetime = None;
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_fn_arg_mut(&mut self, argument: &mut FnArg) {
        match argument {
            FnArg::Receiver(_) => {}
            FnArg::Typed(_) => visit_mut::visit_fn_arg_mut(self, argument),
        }
    }
}
