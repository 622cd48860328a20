//! Calls with parameters that can be left out.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::request::RequestBuilder;
use super::{Call, Decode};

/// A call while its optional parameters are being set. Generated types wrap it, with a method for each parameter.
#[derive(Clone)]
#[must_use = "a call does nothing until it is awaited"]
pub struct OptionalCall<'a, T> {
    request: RequestBuilder<'a>,
    decode: Decode<T>,
    timeout: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The query, as far as it can be left out.
    query: Vec<(&'static str, Value)>,
}

impl<'a> RequestBuilder<'a> {
    /// What generated functions end with where parameters can be left out.
    pub fn optional<T>(self, decode: Decode<T>) -> OptionalCall<'a, T> {
        OptionalCall { request: self, decode, timeout: None, headers: Vec::new(), query: Vec::new() }
    }
}

impl<'a, T> OptionalCall<'a, T> {
    /// Sets a parameter of the query; one that is there already is replaced.
    pub fn set<V: Serialize + ?Sized>(&mut self, name: &'static str, value: &V) {
        self.set_value(name, serde_json::to_value(value));
    }

    // Apart from `set`, so that it is compiled once.
    fn set_value(&mut self, name: &'static str, value: Result<Value, serde_json::Error>) {
        self.query.retain(|(known, _)| *known != name);
        match value {
            Ok(value) => self.query.push((name, value)),
            Err(error) => self.request.fail_with(error.to_string()),
        }
    }

    /// Sets a parameter that goes into a header; one that is there already is replaced.
    pub fn set_header<V: ToString + ?Sized>(&mut self, name: &'static str, value: &V) {
        let value = value.to_string();
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.add_header(name, value),
            _ => self.request.fail_with(format!("the value of {name} cannot be sent in a header")),
        }
    }

    /// As [`Call::header`].
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
    }

    /// As [`Call::timeout`].
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// The call with what was set.
    pub fn into_call(self) -> Call<'a, T> {
        let Self { mut request, decode, timeout, headers, query } = self;
        for (name, value) in &query {
            request = request.query(name, value);
        }
        let mut call = Call::new(request, decode);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        match timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }
}

impl<T> fmt::Debug for OptionalCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptionalCall").field("operation", &self.request.operation.name).finish_non_exhaustive()
    }
}

/// What every generated call with optional parameters has beside them.
#[doc(hidden)]
#[macro_export]
macro_rules! __optional_call {
    ($call:ident, $output:ty) => {
        impl<'a> $call<'a> {
            /// The most this call may take, with all attempts and the waits between them, whatever transport the client has.
            /// It replaces the client's `operation_timeout`.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.call.set_timeout(timeout);
                self
            }

            /// Adds a header to this call, a trace context for example; one that is there already is replaced.
            pub fn header(
                mut self,
                name: $crate::codegen::http::HeaderName,
                value: $crate::codegen::http::HeaderValue,
            ) -> Self {
                self.call.add_header(name, value);
                self
            }
        }

        impl<'a> ::std::future::IntoFuture for $call<'a> {
            type Output = ::std::result::Result<$crate::codegen::ApiResponse<$output>, $crate::codegen::Error>;
            type IntoFuture = $crate::codegen::CallFuture<'a, $output>;

            fn into_future(self) -> Self::IntoFuture {
                ::std::future::IntoFuture::into_future(self.call.into_call())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::call::request::request;
    use crate::test::INFO;
    use crate::wire::lenient::json;

    #[test]
    fn a_parameter_that_is_set_twice_is_sent_once() {
        let client = crate::test::client();
        let mut call = request(&client, &INFO).path("/api/x").optional(json::<serde_json::Value>);
        call.set("pretty", &true);
        call.set("ids", &["a b", "c"]);
        call.set("pretty", &false);
        let call = call.clone().into_call();
        assert_eq!(call.request.unwrap().uri().query(), Some("ids=a+b&ids=c&pretty=false"));
    }

    #[test]
    fn what_no_header_can_hold_fails_the_call() {
        let client = crate::test::client();
        let mut call = request(&client, &INFO).path("/api/x").optional(json::<serde_json::Value>);
        call.set_header("x-trace", "a\nb");
        assert!(call.into_call().request.is_err());
    }

    #[test]
    fn a_header_is_sent_as_it_was_set_last() {
        let client = crate::test::client();
        let mut call = request(&client, &INFO).path("/api/x").optional(json::<serde_json::Value>);
        call.set_header("x-count", &1);
        call.set_header("x-count", &2);
        call.add_header("x-trace".parse().unwrap(), "a".parse().unwrap());
        let request = call.into_call().request.unwrap();
        let values = |name: &str| request.headers().get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!((values("x-count"), values("x-trace")), (vec!["2".parse().unwrap()], vec!["a".parse().unwrap()]));
    }

    #[test]
    fn a_timeout_is_the_calls() {
        let client = crate::test::client();
        let mut call = request(&client, &INFO).path("/api/x").optional(json::<serde_json::Value>);
        assert_eq!(call.clone().into_call().timeout, None);
        call.set_timeout(std::time::Duration::from_secs(3));
        assert_eq!(call.into_call().timeout, Some(std::time::Duration::from_secs(3)));
    }
}
