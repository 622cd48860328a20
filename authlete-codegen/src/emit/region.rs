//! `region.rs`: where the API runs, from the servers of the description.

use heck::ToUpperCamelCase;
use quote::{format_ident, quote};

use super::docs::doc;
use super::files::{parse, print};
use crate::model::{Model, Server};
use crate::{Problem, Problems};

pub(super) fn emit(model: &Model) -> Result<String, Problems> {
    let mut names: Vec<(String, &Server)> = Vec::new();
    let mut problems = Problems::default();
    for server in &model.servers {
        let name = server.region.clone().unwrap_or_else(|| first_label(&server.url));
        let ident = name.to_upper_camel_case();
        let fits = syn::parse_str::<syn::Ident>(&ident).is_ok();
        if !fits || names.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            let message =
                format!("the server {} would be the region {name:?}, which is not a name of its own", server.url);
            problems.0.push(Problem::new("region", "servers", message).hint("give it an `x-region` by an overlay"));
            continue;
        }
        names.push((name, server));
    }
    problems.into_result(())?;
    let idents: Vec<_> = names.iter().map(|(name, _)| format_ident!("{}", name.to_upper_camel_case())).collect();
    let docs = names.iter().map(|(name, server)| {
        let said = if server.doc.is_empty() { String::new() } else { format!("{}\n\n", server.doc) };
        doc(&format!("{said}Its short name is `{name}`, its base URL <{}>.", server.url))
    });
    let shorts = names.iter().map(|(name, _)| name);
    let urls = names.iter().map(|(_, server)| &server.url);
    let clusters = names.iter().map(|(_, server)| match server.cluster {
        Some(cluster) => {
            let cluster = proc_macro2::Literal::i64_unsuffixed(cluster);
            quote!(Some(#cluster))
        }
        None => quote!(None),
    });
    let listed: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    let short_doc =
        doc(&format!("The short name, as settings and environment variables write it: {}.", listed.join(", ")));
    let items = quote! {
        /// A cluster of Authlete's shared cloud. For any other server, give its base URL instead.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Region {
            #(#docs #idents),*
        }

        impl Region {
            /// Every region.
            pub const ALL: &'static [Self] = &[#(Self::#idents),*];

            #short_doc
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#idents => #shorts),* }
            }

            /// The base URL, which the paths of all operations are appended to: scheme and host, without a slash at the end.
            pub const fn base_url(self) -> &'static str {
                match self { #(Self::#idents => #urls),* }
            }

            /// The id of the cluster, which creating a service through the identity provider asks for (`apiServerId`).
            pub const fn cluster_id(self) -> Option<i64> {
                match self { #(Self::#idents => #clusters),* }
            }
        }
    };
    Ok(print("The servers of the API.", parse("region", items)?)?)
}

/// `us` of `https://us.authlete.com`.
fn first_label(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.split(['.', ':', '/']).next().unwrap_or_default().to_owned()
}
