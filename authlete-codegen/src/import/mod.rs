//! Upstream document in, the same document with facts only out.
