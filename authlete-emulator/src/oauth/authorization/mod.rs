//! Authorization requests, whether the browser brings them or the client pushes them ahead.

mod check;
pub(crate) mod claims;
mod origin;
mod request_object;
mod source;

pub(crate) use check::{Checked, PROMPTS, check};
pub(crate) use origin::{Origin, origin};
pub(crate) use source::{PUSHED, Source, from_browser, from_client, wanted as request_object_wanted};

use crate::reply::Code;

const NO_CLIENT: Code = "A004301";
const UNKNOWN_CLIENT: Code = "A004302";
const REDIRECT_URI: Code = "A004303";
const REPEATED: Code = "A004304";
const RESPONSE_MODE: Code = "A004305";
const RESPONSE_TYPE: Code = "A004306";
const SCOPE: Code = "A004307";
const CHALLENGE: Code = "A004308";
const PROMPT: Code = "A004309";
const MAX_AGE: Code = "A004310";
const DISPLAY: Code = "A004311";
const REQUEST_OBJECT: Code = "A004312";
const REQUEST_URI: Code = "A004313";
const CLAIMS: Code = "A004314";
const ID_TOKEN_HINT: Code = "A004315";
const NONCE: Code = "A004316";
const RESOURCE: Code = "A004317";
const AUTHORIZATION_DETAILS: Code = "A004318";
const BINDING: Code = "A004319";
const ACR: Code = "A004320";
const GRANT: Code = "A004321";
