//! Names as clients and servers write them in metadata, beside those of Authlete's settings.

/// Pairs of a name in metadata and the name in a setting.
pub(crate) type Names = &'static [(&'static str, &'static str)];

pub(crate) const GRANT_TYPES: Names = &[
    ("authorization_code", "AUTHORIZATION_CODE"),
    ("implicit", "IMPLICIT"),
    ("refresh_token", "REFRESH_TOKEN"),
    ("client_credentials", "CLIENT_CREDENTIALS"),
    ("password", "PASSWORD"),
    ("urn:openid:params:grant-type:ciba", "CIBA"),
    ("urn:ietf:params:oauth:grant-type:device_code", "DEVICE_CODE"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "TOKEN_EXCHANGE"),
    ("urn:ietf:params:oauth:grant-type:jwt-bearer", "JWT_BEARER"),
    ("urn:ietf:params:oauth:grant-type:pre-authorized_code", "PRE_AUTHORIZED_CODE"),
];

pub(crate) const RESPONSE_TYPES: Names = &[
    ("none", "NONE"),
    ("code", "CODE"),
    ("token", "TOKEN"),
    ("id_token", "ID_TOKEN"),
    ("code token", "CODE_TOKEN"),
    ("code id_token", "CODE_ID_TOKEN"),
    ("id_token token", "ID_TOKEN_TOKEN"),
    ("code id_token token", "CODE_ID_TOKEN_TOKEN"),
];

pub(crate) const RESPONSE_MODES: Names = &[
    ("query", "QUERY"),
    ("fragment", "FRAGMENT"),
    ("form_post", "FORM_POST"),
    ("jwt", "JWT"),
    ("query.jwt", "QUERY_JWT"),
    ("fragment.jwt", "FRAGMENT_JWT"),
    ("form_post.jwt", "FORM_POST_JWT"),
];

pub(crate) const AUTH_METHODS: Names = &[
    ("none", "NONE"),
    ("client_secret_basic", "CLIENT_SECRET_BASIC"),
    ("client_secret_post", "CLIENT_SECRET_POST"),
    ("client_secret_jwt", "CLIENT_SECRET_JWT"),
    ("private_key_jwt", "PRIVATE_KEY_JWT"),
    ("tls_client_auth", "TLS_CLIENT_AUTH"),
    ("self_signed_tls_client_auth", "SELF_SIGNED_TLS_CLIENT_AUTH"),
    ("attest_jwt_client_auth", "ATTEST_JWT_CLIENT_AUTH"),
    ("spiffe_jwt", "SPIFFE_JWT"),
];

pub(crate) const JWS_ALGORITHMS: Names = &[
    ("none", "NONE"),
    ("HS256", "HS256"),
    ("HS384", "HS384"),
    ("HS512", "HS512"),
    ("RS256", "RS256"),
    ("RS384", "RS384"),
    ("RS512", "RS512"),
    ("ES256", "ES256"),
    ("ES384", "ES384"),
    ("ES512", "ES512"),
    ("PS256", "PS256"),
    ("PS384", "PS384"),
    ("PS512", "PS512"),
    ("ES256K", "ES256K"),
    ("EdDSA", "EdDSA"),
];

pub(crate) const JWE_ALGORITHMS: Names = &[
    ("RSA1_5", "RSA1_5"),
    ("RSA-OAEP", "RSA_OAEP"),
    ("RSA-OAEP-256", "RSA_OAEP_256"),
    ("A128KW", "A128KW"),
    ("A192KW", "A192KW"),
    ("A256KW", "A256KW"),
    ("dir", "DIR"),
    ("ECDH-ES", "ECDH_ES"),
    ("ECDH-ES+A128KW", "ECDH_ES_A128KW"),
    ("ECDH-ES+A192KW", "ECDH_ES_A192KW"),
    ("ECDH-ES+A256KW", "ECDH_ES_A256KW"),
    ("A128GCMKW", "A128GCMKW"),
    ("A192GCMKW", "A192GCMKW"),
    ("A256GCMKW", "A256GCMKW"),
    ("PBES2-HS256+A128KW", "PBES2_HS256_A128KW"),
    ("PBES2-HS384+A192KW", "PBES2_HS384_A192KW"),
    ("PBES2-HS512+A256KW", "PBES2_HS512_A256KW"),
];

pub(crate) const JWE_ENCODINGS: Names = &[
    ("A128CBC-HS256", "A128CBC_HS256"),
    ("A192CBC-HS384", "A192CBC_HS384"),
    ("A256CBC-HS512", "A256CBC_HS512"),
    ("A128GCM", "A128GCM"),
    ("A192GCM", "A192GCM"),
    ("A256GCM", "A256GCM"),
];

pub(crate) const SUBJECT_TYPES: Names = &[("public", "PUBLIC"), ("pairwise", "PAIRWISE")];

pub(crate) const APPLICATION_TYPES: Names = &[("web", "WEB"), ("native", "NATIVE")];

pub(crate) const DELIVERY_MODES: Names = &[("poll", "POLL"), ("ping", "PING"), ("push", "PUSH")];

/// The setting's name for one of metadata.
pub(crate) fn setting(names: Names, metadata: &str) -> Option<&'static str> {
    names.iter().find(|(name, _)| *name == metadata).map(|(_, setting)| *setting)
}

/// The name in metadata for a setting's.
pub(crate) fn metadata(names: Names, setting: &str) -> Option<&'static str> {
    names.iter().find(|(_, name)| *name == setting).map(|(metadata, _)| *metadata)
}
