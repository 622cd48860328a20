//! The order for an mdoc.

use std::fmt;
use std::time::Duration;

use authlete_core::error::Error;
use serde_json::{Map, Value, json};

use super::mdoc_value::MdocValue;
use super::order_options::{OrderOptions, Validity};
use crate::generated::types::CredentialIssuanceOrder;

/// What a credential in the format `mso_mdoc` (ISO/IEC 18013-5) says, to order it from Authlete.
///
/// Its data elements stand in namespaces, and each can be disclosed by itself. Authlete adds the dates of validity and the key
/// from the wallet's proof. The key that signs needs a certificate (`x5c`) in the service's `credential_jwks`, since readers
/// verify by it.
///
/// ```
/// use std::time::Duration;
///
/// use authlete_api::actions::VciSingleParseOk;
/// use authlete_api::credential_issuance::{Mdoc, MdocValue};
/// use authlete_api::{AuthleteService, Reply};
///
/// async fn issue(service: &AuthleteService, wanted: VciSingleParseOk, token: String) -> Result<Reply, Reply> {
///     const MDL: &str = "org.iso.18013.5.1";
///     let order = Mdoc::new("org.iso.18013.5.1.mDL")
///         .element(MDL, "family_name", "Lovelace")
///         .element(MDL, "birth_date", MdocValue::full_date("1815-12-10")?)
///         .element(MDL, "portrait", MdocValue::bytes([0xff, 0xd8, 0xff]))
///         .element(MDL, "age_over_18", true)
///         .element(
///             MDL,
///             "driving_privileges",
///             MdocValue::array([MdocValue::map([
///                 ("vehicle_category_code", MdocValue::from("B")),
///                 ("issue_date", MdocValue::full_date("1840-01-01")?),
///             ])]),
///         )
///         .valid_for(Duration::from_secs(365 * 24 * 3600))
///         .into_order()?;
///     Ok(wanted.issue(token, order).send(service).await?.into_reply())
/// }
/// ```
#[derive(Clone)]
#[must_use = "it becomes an order with `into_order`"]
pub struct Mdoc {
    doc_type: String,
    name_spaces: Map<String, Value>,
    options: OrderOptions,
}

impl Mdoc {
    /// A document of this type: the `doctype` of the credential configuration.
    pub fn new(doc_type: impl Into<String>) -> Self {
        Self { doc_type: doc_type.into(), name_spaces: Map::new(), options: OrderOptions::default() }
    }

    /// A data element of a namespace with its value. A second value for a name takes the place of the first.
    pub fn element(
        mut self,
        name_space: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<MdocValue>,
    ) -> Self {
        let elements = self.name_spaces.entry(name_space).or_insert_with(|| json!({}));
        if let Value::Object(elements) = elements {
            elements.insert(name.into(), value.into().into_json());
        }
        self
    }

    /// For how long the document is valid, in whole seconds; the service's `credential_duration` unless set. ISO/IEC 18013-5
    /// wants an end, so there is no document without.
    pub fn valid_for(mut self, duration: Duration) -> Self {
        self.options.validity = Validity::For(duration);
        self
    }

    /// The `kid` of the key in the service's `credential_jwks` that signs; Authlete chooses one unless set.
    pub fn signing_key(mut self, key_id: impl Into<String>) -> Self {
        self.options.signing_key = Some(key_id.into());
        self
    }

    /// The order, for `issue` of a parsed request.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the type is empty, when there is no element, or when the duration is below a second.
    pub fn into_order(self) -> Result<CredentialIssuanceOrder, Error> {
        if self.doc_type.is_empty() {
            return Err(Error::configuration("an mdoc needs a type (`doctype`)"));
        }
        if self.name_spaces.is_empty() {
            return Err(Error::configuration("an mdoc needs a data element"));
        }
        self.options.order(json!({"doctype": self.doc_type, "claims": self.name_spaces}))
    }
}

/// The names of the elements; their values are personal.
impl fmt::Debug for Mdoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |elements: &Value| elements.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
        let name_spaces: Vec<(&String, Vec<String>)> =
            self.name_spaces.iter().map(|(name, elements)| (name, names(elements))).collect();
        f.debug_struct("Mdoc")
            .field("doc_type", &self.doc_type)
            .field("name_spaces", &name_spaces)
            .field("options", &self.options)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME_SPACE: &str = "org.iso.18013.5.1";

    #[test]
    fn elements_stand_in_their_namespaces() {
        let order = Mdoc::new("org.iso.18013.5.1.mDL")
            .element(NAME_SPACE, "family_name", "L")
            .element(NAME_SPACE, "family_name", "Lovelace")
            .element(NAME_SPACE, "birth_date", MdocValue::full_date("1815-12-10").unwrap())
            .element("org.example", "member", true)
            .valid_for(Duration::from_secs(60))
            .signing_key("k1")
            .into_order()
            .unwrap();
        let payload: Value = order.credential_payload.as_ref().unwrap().parse().unwrap();
        assert_eq!(
            payload,
            json!({
                "doctype": "org.iso.18013.5.1.mDL",
                "claims": {
                    NAME_SPACE: {"family_name": "Lovelace", "birth_date": "cbor:1004(\"1815-12-10\")"},
                    "org.example": {"member": true},
                },
            })
        );
        assert_eq!((order.credential_duration, order.signing_key_id.as_deref()), (Some(60), Some("k1")));
    }

    #[test]
    fn documents_without_content_are_refused() {
        assert!(Mdoc::new("").element("a", "b", 1).into_order().is_err());
        assert!(Mdoc::new("a").into_order().is_err());
    }

    #[test]
    fn nothing_shows_what_the_elements_say() {
        let shown = format!("{:?}", Mdoc::new("a").element(NAME_SPACE, "family_name", "s3cret"));
        assert!(shown.contains("family_name") && !shown.contains("s3cret"), "{shown}");
    }
}
