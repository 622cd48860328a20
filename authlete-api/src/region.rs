//! Where Authlete runs.

use std::fmt;
use std::str::FromStr;

use authlete_core::error::Error;

pub use crate::generated::region::Region;

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Reads a short name, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|region| region.as_str().eq_ignore_ascii_case(text.trim())).ok_or_else(|| {
            let known = Self::ALL.iter().map(|region| region.as_str()).collect::<Vec<_>>().join(", ");
            Error::configuration(format!("there is no region {text:?}; the regions are {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!("EU".parse::<Region>().unwrap(), Region::Eu);
        for &region in Region::ALL {
            assert_eq!(region.to_string().parse::<Region>().unwrap(), region);
        }
        assert_eq!(
            "mars".parse::<Region>().unwrap_err().to_string(),
            "there is no region \"mars\"; the regions are us, jp, eu, br"
        );
    }
}
