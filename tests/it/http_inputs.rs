//! What is taken out of a client's request, against the examples of the RFCs.

use authlete_api::Reply;
use authlete_api::http_inputs::{
    self, TokenScheme, access_token, access_token_or_form, apache_certificates, azure_certificates, client_attestation,
    client_certificates, client_credentials, dpop_proof, envoy_certificates, haproxy_certificates, nginx_certificates,
    pem_certificates, traefik_certificates,
};
use authlete_api::types::{RevocationRequest, TokenRequest};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

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
        assert!(error.to_string().starts_with("the request is malformed: "), "{error}");
        let reply = Reply::from(error);
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (401, &br#"{"error":"invalid_client"}"#[..]));
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
    // A parameter without a value counts as left out (RFC 6749 3.1).
    for (headers, form) in [(&bearer, "access_token="), (&HeaderMap::new(), "access_token=&access_token=a")] {
        assert!(access_token_or_form(headers, form).expect("it can be read").is_some(), "{form}");
    }
    assert_eq!(access_token_or_form(&HeaderMap::new(), "access_token="), Ok(None));
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
    for wrong in ["\u{e9}", "", " "] {
        assert!(dpop_proof(&headers(&[("dpop", wrong)])).is_err(), "{wrong:?}");
    }
}

// RFC 6750 3, RFC 9449 5 and 7.1
#[test]
fn what_cannot_be_read_is_answered_in_its_protocol() {
    let challenge =
        |reply: &Reply| reply.headers().get("www-authenticate").map(|value| value.to_str().expect("ASCII").to_owned());
    for (header, scheme) in [("Bearer a b", "Bearer"), ("DPoP a b", "DPoP")] {
        let reply = Reply::from(access_token(&headers(&[("authorization", header)])).expect_err(header));
        let challenge = challenge(&reply).expect("a challenge");
        assert_eq!((reply.status().as_u16(), reply.body().len()), (400, 0));
        assert!(challenge.starts_with(&format!("{scheme} error=\"invalid_request\", ")), "{challenge}");
        assert_eq!(challenge.contains("algs=\"ES256 "), scheme == "DPoP", "{challenge}");
    }
    let proof = dpop_proof(&headers(&[("dpop", "")])).expect_err("an empty header is no proof");
    let reply = Reply::from(proof);
    assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, &br#"{"error":"invalid_dpop_proof"}"#[..]));
    let reply = proof.challenge(TokenScheme::DPoP);
    let text = challenge(&reply).expect("a challenge");
    assert_eq!(reply.status().as_u16(), 401);
    assert!(text.starts_with("DPoP error=\"invalid_dpop_proof\"") && text.contains("algs=\""), "{text}");
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
    for wrong in ["AQID,", "-----BEGIN CERTIFICATE-----AQID", "-----BEGIN CERTIFICATE-----!-----END CERTIFICATE-----"] {
        assert!(pem_certificates(&headers(&[("x-ssl-cert", wrong)]), &name).is_err(), "{wrong}");
    }
}

/// The values that the proxies' own documents show, with the bytes 03 ef c3 as the certificate.
#[test]
fn certificates_are_read_by_the_proxy_that_writes_them() {
    const XFCC: &str = "Hash=ab;By=spiffe://x\\;Cert=\"-----BEGIN%20CERTIFICATE-----%0AA%2B%2FD%0A-----END%20CERTIFICATE-----%0A\";\
                        Subject=\"CN=x\\\";y,z\"";
    let chain = XFCC
        .replace("Cert=", "Chain=")
        .replace("%0A\"", "%0A-----BEGIN%20CERTIFICATE-----%0AAQID%0A-----END%20CERTIFICATE-----%0A\"");
    let appended = format!("By=spiffe://client;Hash=cd;Cert=\"forged\", {XFCC}");
    let name = HeaderName::from_static("x-c");
    let names = std::slice::from_ref(&name);
    type Parser<'a> = Box<dyn Fn(&HeaderMap) -> Result<Vec<String>, authlete_api::http_inputs::Malformed> + 'a>;
    let (traefik, envoy): (Parser, Parser) = (Box::new(traefik_certificates), Box::new(envoy_certificates));
    let haproxy: Parser = Box::new(|headers| haproxy_certificates(headers, names));
    let azure: Parser = Box::new(azure_certificates);
    let nginx: Parser = Box::new(|headers| nginx_certificates(headers, &name));
    let apache: Parser = Box::new(|headers| apache_certificates(headers, names));
    for (parser, header, value, count) in [
        (&traefik, "x-forwarded-tls-client-cert", "A+/D", 1),
        (&traefik, "x-forwarded-tls-client-cert", "A+/D,AQID", 2),
        (&traefik, "x-forwarded-tls-client-cert", "A%2B%2FD", 1),
        (&envoy, "x-forwarded-client-cert", XFCC, 1),
        (&envoy, "x-forwarded-client-cert", &chain, 2),
        (&envoy, "x-forwarded-client-cert", &appended, 1),
        (&haproxy, "x-c", "A+/D", 1),
        (&azure, "x-arr-clientcert", "A+/D", 1),
        (&nginx, "x-c", "-----BEGIN%20CERTIFICATE-----%0AA%2B%2FD%0A-----END%20CERTIFICATE-----%0A", 1),
        (&apache, "x-c", "-----BEGIN CERTIFICATE----- A+/D -----END CERTIFICATE-----", 1),
    ] {
        let found = parser(&headers(&[(header, value)])).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert!(found.len() == count && found[0].contains("\nA+/D\n"), "{value}: {found:?}");
        // Where it is not known which proxy is in front.
        let found =
            pem_certificates(&headers(&[("x-c", value)]), names).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert!(found.len() == count && found[0].contains("\nA+/D\n"), "{value}: {found:?}");
        assert_eq!(parser(&headers(&[(header, "")])), Ok(Vec::new()), "{header}");
        assert_eq!(parser(&HeaderMap::new()), Ok(Vec::new()), "{header}");
    }
    for (parser, header, value) in [
        (&traefik, "x-forwarded-tls-client-cert", "A+/D,"),
        (&traefik, "x-forwarded-tls-client-cert", "!"),
        (&envoy, "x-forwarded-client-cert", "Cert=\"A+/D\""),
        (&envoy, "x-forwarded-client-cert", "Cert=\"-----BEGIN"),
        (&haproxy, "x-c", "A+/D,AQID"),
        (&haproxy, "x-c", "\u{e9}"),
        (&azure, "x-arr-clientcert", "-----BEGIN CERTIFICATE-----"),
        (&nginx, "x-c", "A+/D"),
        (&apache, "x-c", "-----BEGIN%20CERTIFICATE-----"),
    ] {
        assert!(parser(&headers(&[(header, value)])).is_err(), "{value}");
    }
    // A hash alone is not a certificate.
    assert_eq!(envoy(&headers(&[("x-forwarded-client-cert", "By=x;Hash=ab")])), Ok(Vec::new()));
}

// RFC 9440 2.2 and 2.3
#[test]
fn certificates_come_as_byte_sequences() {
    let chain = headers(&[("client-cert", ":AQID:"), ("client-cert-chain", ":AQID:, :AQIDBA==:")]);
    let found = client_certificates(&chain).expect("they can be read");
    assert_eq!((found.len(), found[0].as_str()), (3, PEM));
    assert!(found[2].contains("AQIDBA=="));
    assert_eq!(client_certificates(&HeaderMap::new()), Ok(Vec::new()));
    for none in ["", " "] {
        assert_eq!(
            client_certificates(&headers(&[("client-cert", none), ("client-cert-chain", none)])),
            Ok(Vec::new())
        );
    }
    for wrong in [
        headers(&[("client-cert", "::")]),
        headers(&[("client-cert", ": AQID:")]),
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

// OAuth 2.0 Attestation-Based Client Authentication: precisely one field of each.
#[test]
fn client_attestations_come_once() {
    let (attestation, proof) = ("oauth-client-attestation", "oauth-client-attestation-pop");
    let found = client_attestation(&headers(&[(attestation, "a.s3cret.c"), (proof, "d.e.f")])).expect("it can be read");
    assert_eq!((found.attestation.as_deref(), found.proof.as_deref()), (Some("a.s3cret.c"), Some("d.e.f")));
    assert!(!format!("{found:?}").contains("s3cret"));
    assert_eq!(client_attestation(&HeaderMap::new()), Ok(Default::default()));
    for name in [attestation, proof] {
        for values in [&["a", "a"][..], &[""], &[" "]] {
            let mut wrong = HeaderMap::new();
            for value in values {
                wrong.append(name, HeaderValue::from_static(value));
            }
            let reply = Reply::from(client_attestation(&wrong).expect_err(name));
            let body = &br#"{"error":"invalid_client_attestation"}"#[..];
            assert_eq!((reply.status().as_u16(), &reply.body()[..]), (400, body));
        }
    }
}

#[test]
fn a_client_request_is_read_at_once() {
    let given = [
        ("authorization", "Basic MTpzJTIwcw=="),
        ("dpop", "proof"),
        ("oauth-client-attestation", "statement"),
        ("oauth-client-attestation-pop", "possession"),
        // Nobody said that a proxy sets it.
        ("client-cert", ":AA==:"),
    ];
    let read = || http_inputs::ClientRequest::read(&headers(&given), "grant_type=x");
    let client = |mut more: Value| {
        let common = json!({
            "parameters": "grant_type=x", "clientId": "1", "clientSecret": "s s", "oauthClientAttestation": "statement",
            "oauthClientAttestationPop": "possession",
        });
        more.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        more
    };
    let revocation = RevocationRequest::from(read().unwrap());
    assert_eq!(serde_json::to_value(revocation).unwrap(), client(json!({})));
    let token = TokenRequest::from(read().unwrap().url("https://as.example/token").certificates(["a", "b", "c"]));
    let expected = client(json!({
        "dpop": "proof", "htm": "POST", "htu": "https://as.example/token", "clientCertificate": "a",
        "clientCertificatePath": ["b", "c"],
    }));
    assert_eq!(serde_json::to_value(token).unwrap(), expected);
    // What cannot be read is not passed over, and is no secret.
    for (name, value, error) in [
        ("authorization", "Basic !", "invalid_client"),
        ("dpop", "", "invalid_dpop_proof"),
        ("oauth-client-attestation", " ", "invalid_client_attestation"),
    ] {
        let malformed = http_inputs::ClientRequest::read(&headers(&[(name, value)]), "").unwrap_err();
        let reply = Reply::from(malformed);
        assert_eq!(reply.body(), &format!("{{\"error\":\"{error}\"}}"), "{name}");
        // RFC 6749 5.2
        let challenge = reply.headers().get("www-authenticate").map(|challenge| challenge.to_str().unwrap());
        let expected = (name == "authorization").then_some("Basic realm=\"clients\"");
        assert_eq!((reply.status() == 401, challenge), (expected.is_some(), expected), "{name}");
    }
    assert!(http_inputs::ClientRequest::read(&headers(&[]), [0xff]).is_err());
}
