//! Requests of operations, made of what a client sent.

use authlete_core::call::IntoRequest;
use authlete_core::http_inputs::ClientRequest;

use crate::generated::types::{
    BackchannelAuthenticationRequest, DeviceAuthorizationRequest, PushedAuthorizationRequest, RevocationRequest,
    TokenRequest,
};
use crate::rt::SealedRequest;

macro_rules! of_client_request {
    ($($request:ident $(with $proofs:ident)?;)*) => {
        $(
            impl From<ClientRequest> for $request {
                fn from(read: ClientRequest) -> Self {
                    let mut request = Self::new(read.parameters);
                    if let Some(credentials) = read.credentials {
                        request.client_id = Some(credentials.id);
                        request.client_secret = Some(credentials.secret);
                    }
                    request.oauth_client_attestation = read.attestation.attestation;
                    request.oauth_client_attestation_pop = read.attestation.proof;
                    let mut certificates = read.certificates.into_iter();
                    request.client_certificate = certificates.next();
                    request.client_certificate_path = Some(certificates.collect()).filter(|path: &Vec<_>| !path.is_empty());
                    $($proofs!(request, read);)?
                    request
                }
            }

            impl SealedRequest<$request> for ClientRequest {}

            impl IntoRequest<$request> for ClientRequest {
                type Holder = $request;

                fn into_request(self) -> $request {
                    self.into()
                }
            }
        )*
    };
}

/// The proof, with the method and the URL that it has to be for.
macro_rules! dpop {
    ($request:ident, $read:ident) => {
        $request.dpop = $read.dpop;
        $request.htm = $read.url.is_some().then(|| "POST".to_owned());
        $request.htu = $read.url;
    };
}

of_client_request! {
    TokenRequest with dpop;
    PushedAuthorizationRequest with dpop;
    BackchannelAuthenticationRequest;
    DeviceAuthorizationRequest;
    RevocationRequest;
}
