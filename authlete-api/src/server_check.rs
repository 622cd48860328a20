//! Whether the server has the operations that a program needs.

use authlete_core::error::Error;

use crate::Operation;
use crate::authlete::Authlete;
use crate::types::InfoResponse;

impl Authlete {
    /// Asks the server for its version, and fails where one of the operations is newer: for the start of a program, so
    /// that an old server is noticed there and not as an HTTP 404 when the first user comes. Makes one call, of
    /// [`info`](crate::groups::UtilitiesApi::info); [`Operation::since`] tells which operations are checked.
    ///
    /// ```no_run
    /// use authlete_api::{Authlete, operations};
    ///
    /// # async fn example() -> Result<(), authlete_api::Error> {
    /// let authlete = Authlete::from_env()?;
    /// let info = authlete.check_server([&operations::BACKCHANNEL_LOGOUT_TOKEN]).await?;
    /// println!("Authlete {} has {:?}", info.version.unwrap_or_default(), info.features.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the operations that are newer than the server, with their versions and the
    /// server's; any other variant where the server cannot be asked.
    pub async fn check_server(
        &self,
        needed: impl IntoIterator<Item = &'static Operation>,
    ) -> Result<InfoResponse, Error> {
        let needed: Vec<_> = needed.into_iter().collect();
        let info = self.utilities().info().await?.into_inner();
        let missing: Vec<_> = needed.into_iter().filter(|operation| !info.supports(operation)).collect();
        if missing.is_empty() {
            return Ok(info);
        }
        let missing: Vec<_> = missing
            .into_iter()
            .filter_map(|operation| Some(format!("{operation}, which came with {}", operation.since?)))
            .collect();
        let server = match info.version.as_deref().filter(|version| numbers(version).is_some()) {
            Some(version) => format!("is Authlete {}", version.trim().escape_debug()),
            None => "does not tell its version as numbers".to_owned(),
        };
        Err(Error::configuration(format!(
            "the server at {} {server}, and so may not have {}; use a newer server, or do without",
            self.client().base_url(),
            missing.join(", nor ")
        )))
    }
}

impl InfoResponse {
    /// Whether the server has an operation: whether its version is [`Operation::since`] or newer. `false` where that is
    /// needed and `version` is absent or does not begin with numbers; `true` for the identity provider's operations, which are on
    /// another server.
    pub fn supports(&self, operation: &Operation) -> bool {
        let Some(since) = operation.since else { return true };
        self.version.as_deref().and_then(numbers).is_some_and(|version| Some(version) >= numbers(since))
    }
}

/// The numbers that a version begins with: 3, 0 and 32 for `3.0.32-SNAPSHOT`. Zeros at the end do not count.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.trim().trim_start_matches('v');
    let end = version.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(version.len());
    let numbers = version[..end].trim_end_matches('.').split('.');
    let mut numbers = numbers.map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (older, newer) in [("3.0.9", "3.0.32"), ("3.0", "3.0.1"), ("2.3.28", "3.0"), ("3.0.32", "v3.1 (build 7)")] {
            assert!(numbers(older) < numbers(newer), "{older} {newer}");
        }
        for (one, same) in [("3.0", "3.0.0"), ("3.0.32", " 3.0.32-SNAPSHOT"), ("3.0.32", "3.0.32.")] {
            assert_eq!(numbers(one), numbers(same), "{one} {same}");
        }
        for none in ["", "latest", "authlete 3.0", "3..0", "99999999999999999999999.0"] {
            assert_eq!(numbers(none), None, "{none}");
        }
    }
}
