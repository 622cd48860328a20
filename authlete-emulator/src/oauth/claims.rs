//! Claims that scopes stand for (OpenID Connect Core 1.0, section 5.4).

const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The names of the claims that these scopes ask for.
pub(crate) fn of_scopes(scopes: &[String]) -> Vec<String> {
    let asked = SCOPES.iter().filter(|(scope, _)| scopes.iter().any(|one| one == scope));
    asked.flat_map(|(_, claims)| claims.iter().map(|claim| (*claim).to_owned())).collect()
}
