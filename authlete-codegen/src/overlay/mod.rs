//! OpenAPI Overlays, applied strictly.
