//! What is on record of the users, and what of it becomes a credential. A product asks its registers here.

use std::time::Duration;

use authlete_api::Error;
use authlete_api::credential_issuance::{Mdoc, MdocValue, SdJwtVc};
use authlete_api::types::CredentialIssuanceOrder;
use serde_json::{Value, json};

/// How long a credential is valid.
const VALID: Duration = Duration::from_secs(90 * 24 * 3600);

/// The smallest picture there is in JPEG's clothes: what a portrait is made of is of no interest here.
const PORTRAIT: [u8; 4] = [0xff, 0xd8, 0xff, 0xd9];

/// A credential that the issuer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Who somebody is, as an SD-JWT VC.
    Person,
    /// The same as an mdoc.
    PersonMdoc,
    /// What somebody studied, as an SD-JWT VC.
    Diploma,
    /// The same as an mdoc.
    DiplomaMdoc,
}

impl Credential {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Person, Self::PersonMdoc, Self::Diploma, Self::DiplomaMdoc];

    /// The id of the credential configuration, which is the scope, too.
    pub fn id(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::PersonMdoc => "person_mdoc",
            Self::Diploma => "diploma",
            Self::DiplomaMdoc => "diploma_mdoc",
        }
    }

    /// The credential with this id.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|credential| credential.id() == id)
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "Identity (SD-JWT VC)",
            Self::PersonMdoc => "Identity (mdoc)",
            Self::Diploma => "Diploma (SD-JWT VC)",
            Self::DiplomaMdoc => "Diploma (mdoc)",
        }
    }

    /// The `vct` or `doctype`.
    fn kind(self) -> &'static str {
        match self {
            Self::Person => "urn:example:person:1",
            Self::PersonMdoc => "org.example.person.1",
            Self::Diploma => "urn:example:diploma:1",
            Self::DiplomaMdoc => "org.example.diploma.1",
        }
    }

    fn is_mdoc(self) -> bool {
        matches!(self, Self::PersonMdoc | Self::DiplomaMdoc)
    }

    /// What the issuer's metadata says of it (OpenID4VCI 1.0, 12.2.4, A.2 and A.3).
    pub fn configuration(self) -> Value {
        let names: &[&str] = match self {
            Self::Person => &["given_name", "family_name", "birthdate", "nationalities", "address"],
            Self::PersonMdoc => &["given_name", "family_name", "birth_date", "portrait"],
            Self::Diploma => &["given_name", "family_name", "title", "university", "awarded"],
            Self::DiplomaMdoc => &["given_name", "family_name", "title", "university", "award_date"],
        };
        let path = |name: &&str| if self.is_mdoc() { json!([self.kind(), name]) } else { json!([name]) };
        let claims: Vec<Value> = names.iter().map(|name| json!({"path": path(name)})).collect();
        let mut configuration = json!({
            "scope": self.id(),
            "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}},
            "credential_metadata": {"display": [{"name": self.name(), "locale": "en"}], "claims": claims},
        });
        let (format, kind, binding, algorithm) = match self.is_mdoc() {
            true => ("mso_mdoc", "doctype", "cose_key", json!(-7)),
            false => ("dc+sd-jwt", "vct", "jwk", json!("ES256")),
        };
        configuration["format"] = format.into();
        configuration[kind] = self.kind().into();
        configuration["cryptographic_binding_methods_supported"] = json!([binding]);
        configuration["credential_signing_alg_values_supported"] = json!([algorithm]);
        configuration
    }

    /// How long the register takes to confirm it: that of the universities is a slow one.
    pub(crate) fn takes(self) -> Duration {
        match self {
            Self::Person | Self::PersonMdoc => Duration::ZERO,
            Self::Diploma | Self::DiplomaMdoc => Duration::from_secs(2),
        }
    }
}

struct Person {
    subject: &'static str,
    given_name: &'static str,
    family_name: &'static str,
    birth_date: &'static str,
    locality: &'static str,
    diploma: Option<Diploma>,
}

struct Diploma {
    title: &'static str,
    university: &'static str,
    awarded: &'static str,
}

/// The users of the authorization server example.
const PEOPLE: [Person; 2] = [
    Person {
        subject: "1001",
        given_name: "Ada",
        family_name: "Lovelace",
        birth_date: "1815-12-10",
        locality: "London",
        diploma: Some(Diploma {
            title: "Analytical Engineer",
            university: "University of London",
            awarded: "1843-09-01",
        }),
    },
    Person {
        subject: "1002",
        given_name: "Alan",
        family_name: "Turing",
        birth_date: "1912-06-23",
        locality: "Wilmslow",
        diploma: None,
    },
];

/// The order for a user's credential, or `None` where nothing is on record.
///
/// # Errors
/// When a record cannot be put into the credential.
pub(crate) fn order(subject: &str, credential: Credential) -> Result<Option<CredentialIssuanceOrder>, Error> {
    let Some(person) = PEOPLE.iter().find(|person| person.subject == subject) else { return Ok(None) };
    let kind = credential.kind();
    let sd_jwt_vc = || {
        SdJwtVc::new(kind)
            .claim("given_name", person.given_name)
            .claim("family_name", person.family_name)
            .valid_for(VALID)
    };
    let mdoc = || {
        Mdoc::new(kind)
            .element(kind, "given_name", person.given_name)
            .element(kind, "family_name", person.family_name)
            .valid_for(VALID)
    };
    let order = match (credential, &person.diploma) {
        (Credential::Person, _) => sd_jwt_vc()
            .claim("birthdate", person.birth_date)
            .claim("nationalities", json!(["GB"]))
            .claim("address", json!({"locality": person.locality, "country": "GB"}))
            .into_order()?,
        (Credential::PersonMdoc, _) => mdoc()
            .element(kind, "birth_date", MdocValue::full_date(person.birth_date)?)
            .element(kind, "portrait", MdocValue::bytes(PORTRAIT))
            .into_order()?,
        (Credential::Diploma, Some(diploma)) => sd_jwt_vc()
            .claim("title", diploma.title)
            .claim("university", diploma.university)
            .claim("awarded", diploma.awarded)
            .into_order()?,
        (Credential::DiplomaMdoc, Some(diploma)) => mdoc()
            .element(kind, "title", diploma.title)
            .element(kind, "university", diploma.university)
            .element(kind, "award_date", MdocValue::full_date(diploma.awarded)?)
            .into_order()?,
        (Credential::Diploma | Credential::DiplomaMdoc, None) => return Ok(None),
    };
    Ok(Some(order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_credential_has_an_order_or_none_is_on_record() {
        for credential in Credential::ALL {
            assert_eq!(Credential::of(credential.id()), Some(credential));
            assert!(order("1001", credential).unwrap().is_some(), "{credential:?}");
            let has = matches!(credential, Credential::Person | Credential::PersonMdoc);
            assert_eq!(order("1002", credential).unwrap().is_some(), has, "{credential:?}");
            assert!(order("nobody", credential).unwrap().is_none());
        }
    }
}
