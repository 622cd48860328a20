//! JSON in a text, as many fields of the API have it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;
use crate::wire::decode::BodyError;

/// A text that holds JSON: claims, the payload of a credential, a key set.
///
/// It is made from whatever serialises, and read back as whatever fits:
///
/// ```
/// use authlete_api::{JsonString, types::AuthorizationIssueRequest};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Claims {
///     given_name: String,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let claims = JsonString::of(&Claims { given_name: "Ada".to_owned() })?;
/// let request = AuthorizationIssueRequest::new("ada", "ticket").claims(claims);
///
/// let claims: Claims = request.claims.as_ref().ok_or("no claims")?.parse()?;
/// assert_eq!(claims.given_name, "Ada");
/// # Ok(())
/// # }
/// ```
///
/// On the wire it is a text, byte for byte as it was made. What it holds may be secret or personal, so `Debug` tells its
/// length alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsonString(String);

impl JsonString {
    /// The value as JSON.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the value has no form in JSON, as a map whose keys are no texts.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        // What the serializer says may show the value.
        serde_json::to_string(value).map(Self).map_err(|_| {
            Error::configuration(
                "the value cannot be written as JSON: keys of maps have to be texts or numbers, and `Serialize` of the \
                 value must not fail",
            )
        })
    }

    /// What the JSON says.
    ///
    /// # Errors
    /// When the text is not JSON, or not what the type says: where, and what was expected, without the value.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        serde_json::from_str(&self.0).map_err(|error| BodyError::of(self.0.as_bytes(), &error))
    }

    /// The JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON, taken out.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Stands where a response lacks what its action promises.
    #[doc(hidden)]
    pub fn none() -> &'static Self {
        static NONE: JsonString = JsonString(String::new());
        &NONE
    }
}

/// A text that is JSON already; it is not looked into.
impl From<&str> for JsonString {
    fn from(json: &str) -> Self {
        Self(json.to_owned())
    }
}

/// A text that is JSON already; it is not looked into.
impl From<String> for JsonString {
    fn from(json: String) -> Self {
        Self(json)
    }
}

impl From<&JsonString> for JsonString {
    fn from(json: &JsonString) -> Self {
        json.clone()
    }
}

impl From<serde_json::Value> for JsonString {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl AsRef<str> for JsonString {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for JsonString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonString({} bytes)", self.0.len())
    }
}

impl Serialize for JsonString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for JsonString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for JsonString {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonString".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "contentMediaType": "application/json" })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn values_become_json_and_come_back() {
        let json = JsonString::of(&["a", "b"]).unwrap();
        assert_eq!(json.as_str(), r#"["a","b"]"#);
        assert_eq!(json.parse::<Vec<String>>().unwrap(), ["a", "b"]);
        assert_eq!(JsonString::from(serde_json::json!({"a": 1})).as_str(), r#"{"a":1}"#);
        assert_eq!(serde_json::to_string(&json).unwrap(), r#""[\"a\",\"b\"]""#);
        assert_eq!(serde_json::from_str::<JsonString>(r#"" [1] ""#).unwrap().as_str(), " [1] ");
    }

    #[test]
    fn nothing_tells_what_it_holds() {
        let json = JsonString::from(r#"{"name":"s3cret"}"#);
        assert_eq!(format!("{json:?}"), "JsonString(17 bytes)");
        let error = json.parse::<BTreeMap<String, i32>>().unwrap_err();
        assert_eq!(error.path(), "$.name");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }

    #[test]
    fn what_json_cannot_hold_is_an_error() {
        let error = JsonString::of(&BTreeMap::from([((1, 2), 3)])).unwrap_err();
        assert!(error.to_string().contains("cannot be written as JSON"), "{error}");
    }

    #[test]
    fn it_is_the_text_that_it_is() {
        let text = JsonString::from("[1]");
        assert_eq!((text.as_ref(), text.as_str()), ("[1]", "[1]"));
    }
}
