//! What is taken out of a client's request, against the examples of the RFCs.

use authlete_api::Reply;
use authlete_api::http_inputs::{
    TokenScheme, access_token, access_token_or_form, client_certificates, client_credentials, dpop_proof,
    pem_certificates,
};
use http::{HeaderMap, HeaderName, HeaderValue};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).expect("a value");
    pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
}

// RFC 6749 2.3.1 has the example; RFC 7617 the scheme.
#[test]
fn client_credentials_are_form_decoded() {
    for (header, id, secret) in [
        ("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3", "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw"),
        ("basic  YSUzQWI6YyUyQitkOmU=", "a:b", "c+ d:e"),
        ("Basic Og==", "", ""),
    ] {
        let found = client_credentials(&headers(&[("authorization", header)])).expect("it can be read");
        let found = found.expect("it is there");
        assert_eq!((found.id.as_str(), found.secret.as_str()), (id, secret));
        assert!(secret.is_empty() || !format!("{found:?}").contains(secret));
    }
    for header in ["Basic", "Basic !", "Basic YWI=", "Basic JUZGOmE="] {
        let error = client_credentials(&headers(&[("authorization", header)])).expect_err(header);
        let reply = Reply::from(error);
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &br#"{"error":"invalid_request"}"#[..]));
    }
    assert_eq!(client_credentials(&headers(&[("authorization", "Bearer a")])), Ok(None));
    assert_eq!(client_credentials(&HeaderMap::new()), Ok(None));
    let mut twice = headers(&[("authorization", "Basic Og==")]);
    twice.append("authorization", HeaderValue::from_static("Basic Og=="));
    assert!(client_credentials(&twice).is_err());
}

// RFC 6750 2.1 and RFC 9449 7.1
#[test]
fn access_tokens_are_bearer_or_dpop() {
    for (header, scheme) in
        [("Bearer mF_9.B5f-4.1JqM", TokenScheme::Bearer), ("dpop mF_9.B5f-4.1JqM", TokenScheme::DPoP)]
    {
        let found = access_token(&headers(&[("authorization", header)])).expect("it can be read").expect("it is there");
        assert_eq!((found.scheme, found.token.as_str()), (scheme, "mF_9.B5f-4.1JqM"));
        assert!(!format!("{found:?}").contains("mF_9"));
    }
    for header in ["Bearer", "Bearer ", "Bearer a b", "DPoP \u{e9}"] {
        assert!(access_token(&headers(&[("authorization", header)])).is_err(), "{header}");
    }
    assert_eq!(access_token(&headers(&[("authorization", "Basic Og==")])), Ok(None));
}

// RFC 6750 2: in one place alone.
#[test]
fn access_tokens_can_be_in_forms() {
    let bearer = headers(&[("authorization", "Bearer header")]);
    for (headers, form, token) in [
        (&bearer, "a=b", Some("header")),
        (&HeaderMap::new(), "a=b&access%5Ftoken=fo+rm", Some("fo rm")),
        (&HeaderMap::new(), "", None),
    ] {
        let found = access_token_or_form(headers, form).expect("it can be read");
        assert_eq!(found.map(|found| found.token).as_deref(), token, "{form}");
    }
    for (headers, form) in [(&bearer, "access_token=form"), (&HeaderMap::new(), "access_token=a&access_token=b")] {
        assert!(access_token_or_form(headers, form).is_err(), "{form}");
    }
}

// RFC 9449 4.3: one.
#[test]
fn proofs_are_read_one_at_a_time() {
    assert_eq!(dpop_proof(&HeaderMap::new()), Ok(None));
    let mut proofs = headers(&[("dpop", "a.b.c")]);
    assert_eq!(dpop_proof(&proofs), Ok(Some("a.b.c".to_owned())));
    proofs.append("dpop", HeaderValue::from_static("a.b.c"));
    assert!(dpop_proof(&proofs).is_err());
    assert!(dpop_proof(&headers(&[("dpop", "\u{e9}")])).is_err());
}

const PEM: &str = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";

#[test]
fn certificates_come_as_proxies_write_them() {
    let name = [HeaderName::from_static("x-ssl-cert"), HeaderName::from_static("x-ssl-cert-chain-1")];
    for written in [
        "-----BEGIN%20CERTIFICATE-----%0AAQID%0A-----END%20CERTIFICATE-----%0A",
        "-----BEGIN CERTIFICATE----- AQID -----END CERTIFICATE----- ",
        "-----BEGIN CERTIFICATE-----\tAQ\tID\t-----END CERTIFICATE-----",
    ] {
        assert_eq!(pem_certificates(&headers(&[("x-ssl-cert", written)]), &name), Ok(vec![PEM.to_owned()]));
        let both = headers(&[("x-ssl-cert", written), ("x-ssl-cert-chain-1", written)]);
        assert_eq!(pem_certificates(&both, &name).expect("both can be read").len(), 2);
    }
    for none in ["", "(null)"] {
        assert_eq!(pem_certificates(&headers(&[("x-ssl-cert", none)]), &name), Ok(Vec::new()));
    }
    for wrong in ["AQID", "-----BEGIN CERTIFICATE-----AQID", "-----BEGIN CERTIFICATE-----!-----END CERTIFICATE-----"] {
        assert!(pem_certificates(&headers(&[("x-ssl-cert", wrong)]), &name).is_err(), "{wrong}");
    }
}

// RFC 9440 2.2 and 2.3
#[test]
fn certificates_come_as_byte_sequences() {
    let chain = headers(&[("client-cert", ":AQID:"), ("client-cert-chain", ":AQID:, :AQIDBA==:")]);
    let found = client_certificates(&chain).expect("they can be read");
    assert_eq!((found.len(), found[0].as_str()), (3, PEM));
    assert!(found[2].contains("AQIDBA=="));
    assert_eq!(client_certificates(&HeaderMap::new()), Ok(Vec::new()));
    for wrong in [
        headers(&[("client-cert", "AQID")]),
        headers(&[("client-cert", ":AQID:, :AQID:")]),
        headers(&[("client-cert-chain", ":AQID:")]),
    ] {
        assert!(client_certificates(&wrong).is_err());
    }
    let long = base64_of(&[7; 100]);
    let lines = client_certificates(&headers(&[("client-cert", &format!(":{long}:"))])).expect("it can be read");
    assert!(lines[0].lines().all(|line| line.len() <= 64));
}

fn base64_of(bytes: &[u8]) -> String {
    // Three bytes of 7 are "BwcH"; 100 = 33 * 3 + 1.
    format!("{}Bw==", "BwcH".repeat(bytes.len() / 3))
}
