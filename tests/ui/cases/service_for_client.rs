//! A service's id is no client's.
use authlete_api::Service;

fn get(service: &Service) {
    let _ = service.clients().get(service.id());
}

fn main() {}
