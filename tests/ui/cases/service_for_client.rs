//! A service's id is no client's.
use authlete_api::AuthleteService;

fn get(service: &AuthleteService) {
    let _ = service.clients().get(service.id());
}

fn main() {}
