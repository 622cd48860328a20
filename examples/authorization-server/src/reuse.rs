//! What another server takes that has the authorization server in it: pages in its look, within its sessions, and requests
//! of clients read in its way.

pub use crate::inputs::{access_token, proof};
pub use crate::pages::{form_fields, page};
pub use crate::session::{Browser, Session, random, to_login};
pub use crate::{Answer, Stop, ready};
