"""What schemathesis is told about the emulator: which service it works on, which answers the description leaves out,
how far "not implemented" may go, and values that exist, so that calls get past the first check."""

import copy
import pathlib
import re
import urllib.parse

import schemathesis
from world import ACCESS_TOKEN, CIBA, DEVICE_CODE, EXCHANGE, JWT_BEARER, REDIRECT_URI, SUBJECT, World, chance

README = pathlib.Path(__file__).parents[3] / "authlete-emulator" / "README.md"

# Answers that come before an operation is reached, and the emulator's own: the description has them for none or few of
# its operations. Declared for all of them, their bodies are held against the schema of errors too.
UNDOCUMENTED = {
    "401": "There is no token.",
    "404": "There is no such service or client.",
    "413": "The body is too long.",
    "415": "The body is neither JSON nor a form.",
    "501": "The emulator does not implement it.",
}

STATES = dict(re.findall(r"^\| `(\w+)` \| [A-Z]+ `[^`]+` \| (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE))

# Methods that official SDKs use beside the description, with the one that it has: the emulator serves both.
BESIDE = {
    ("/api/{serviceId}/client/granted_scopes/delete/{clientId}", "post"): "delete",
    ("/api/{serviceId}/hsk/delete/{handle}", "get"): "delete",
    ("/api/{serviceId}/service/configuration", "post"): "get",
}

world = World()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    without_formats(raw_schema["components"]["schemas"])
    # It needs no token, whatever the description says; nor do the official libraries send one.
    raw_schema["paths"]["/api/misc/echo"]["get"]["security"] = []
    for (path, method), declared in BESIDE.items():
        operation = copy.deepcopy(raw_schema["paths"][path][declared])
        state = STATES[operation["operationId"]]
        operation["operationId"] += f"_by_{method}"
        STATES[operation["operationId"]] = state
        raw_schema["paths"][path][method] = operation
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/result"}}}}
    for item in raw_schema["paths"].values():
        # The emulator serves all hosts at one address.
        item.pop("servers", None)
        for operation in item.values():
            for status, why in UNDOCUMENTED.items():
                operation["responses"].setdefault(status, {"description": why, **error})


def without_formats(node):
    """Formats of texts are hints: Authlete keeps URIs as they were given, whatever they are."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        without_formats(value)
    if isinstance(node, dict) and node.get("type") == "string":
        node.pop("format", None)


@schemathesis.check
def no_failure_of_the_server(context, response, case):
    """No 5xx but a 501 that names an operation, a member or a setting, as the emulator's README says."""
    if response.status_code < 500:
        return
    name = case.operation.definition.raw["operationId"]
    # Errors of the identity provider's operations have another form, without a code.
    member, code = ("error", "") if name.endswith("_idp_api") else ("resultMessage", r"\[A\d{6}\] ")
    message = response.json()[member] if response.status_code == 501 else ""
    found = re.fullmatch(code + r"The emulator does not implement (.+)\.", message, re.DOTALL)
    assert found, f"{name} answers {response.status_code}: {response.text}"
    state = STATES[name]
    named = found.group(1) == f"the operation {name}"
    assert named == (state == "not"), f"{name} is {state!r} by the README, and answers: {message}"


def token_parameters(salt):
    """A token request by one of the grants, each with a handle that is good."""
    grants = [
        lambda: world.code_parameters(),
        lambda: world.code_parameters(scope="openid device_sso"),
        lambda: {"grant_type": "refresh_token", "refresh_token": world.tokens()["refreshToken"]},
        lambda: {"grant_type": "client_credentials", "scope": "read"},
        lambda: {"grant_type": "password", "username": "u", "password": "p", "scope": "openid"},
        lambda: {"grant_type": DEVICE_CODE, "device_code": world.device_code()},
        lambda: {"grant_type": CIBA, "auth_req_id": world.auth_req_id()},
        lambda: {"grant_type": EXCHANGE, "subject_token": world.access_token(), "subject_token_type": ACCESS_TOKEN},
        lambda: {"grant_type": JWT_BEARER, "assertion": world.tokens()["idToken"]},
    ]
    return urllib.parse.urlencode(next(grant() for at, grant in enumerate(grants) if chance(salt, at + 1, len(grants))))


def authorization_parameters(salt):
    variants = [
        {}, {"prompt": "none"}, {"response_type": "code id_token token"}, {"response_mode": "form_post"},
        {"response_mode": "jwt"}, {"max_age": "0", "acr_values": "loa2"}, {"scope": "unknown"},
        {"claims": '{"id_token": {"acr": {"essential": true, "values": ["loa2"]}}}'},
        {"redirect_uri": "https://elsewhere.example.org"}, {"grant_management_action": "create"},
    ]
    return world.authorization(**next(v for at, v in enumerate(variants) if chance(salt, at + 1, len(variants))))


# What exists, by operation: members of the body, each made when it is needed.
MEMBERS = {
    "auth_authorization_api": {"parameters": authorization_parameters},
    "auth_authorization_fail_api": {"ticket": lambda _: world.ticket()},
    "auth_authorization_issue_api": {"ticket": lambda _: world.ticket(), "subject": lambda _: SUBJECT},
    "getAuthorizationTicketInfo": {"ticket": lambda _: world.ticket()},
    "updateAuthorizationTicket": {"ticket": lambda _: world.ticket()},
    "auth_introspection_api": {"token": lambda _: world.access_token()},
    "auth_introspection_standard_api": {"parameters": lambda _: f"token={world.access_token()}"},
    "auth_revocation_api": {"parameters": lambda _: f"token={world.access_token()}"},
    "auth_token_api": {"parameters": token_parameters},
    "auth_token_create_api": {"subject": lambda _: SUBJECT},
    "auth_token_fail_api": {"ticket": lambda _: world.password_ticket()},
    "auth_token_issue_api": {"ticket": lambda _: world.password_ticket(), "subject": lambda _: SUBJECT},
    "auth_token_revoke_api": {"accessTokenIdentifier": lambda _: world.access_token()},
    "auth_token_update_api": {"accessToken": lambda _: world.access_token()},
    "auth_userinfo_api": {"token": lambda _: world.access_token()},
    "auth_userinfo_issue_api": {"token": lambda _: world.access_token()},
    "backchannel_authentication_api": {"parameters": lambda _: "scope=openid&login_hint=john"},
    "backchannel_authentication_complete_api": {
        "ticket": lambda _: world.backchannel_ticket(issued=True), "subject": lambda _: SUBJECT,
    },
    "backchannel_authentication_fail_api": {"ticket": lambda _: world.backchannel_ticket()},
    "backchannel_authentication_issue_api": {"ticket": lambda _: world.backchannel_ticket()},
    "client_authorization_delete_api_post": {"subject": lambda _: SUBJECT},
    "client_authorization_get_list_api_post": {"subject": lambda _: SUBJECT},
    "client_authorization_update_api": {"subject": lambda _: SUBJECT},
    "client_granted_scopes_get_api_post": {"subject": lambda _: SUBJECT},
    "client_registration_api": {"json": lambda _: '{"client_name": "C", "redirect_uris": ["https://c.example.org/"]}'},
    "client_registration_delete_api": {},
    "device_authorization_api": {"parameters": lambda _: "scope=openid+read"},
    "device_complete_api": {"userCode": lambda _: world.device()["userCode"], "subject": lambda _: SUBJECT},
    "device_verification_api": {"userCode": lambda _: world.device()["userCode"]},
    "idtoken_reissue_api": {"accessToken": lambda _: world.access_token()},
    "jose_verify_api": {"jose": lambda _: world.tokens()["idToken"]},
    "native_sso_api": {
        "accessToken": lambda _: world.tokens(scope="openid device_sso")["accessToken"],
        "deviceSecret": lambda _: "secret",
    },
    "native_sso_logout_api": {"sessionId": lambda _: "session"},
    "pushed_auth_req_api": {"parameters": authorization_parameters},
}
AUTHENTICATED = {
    "auth_token_api", "auth_revocation_api", "pushed_auth_req_api", "device_authorization_api",
    "backchannel_authentication_api",
}
REGISTERED = {"client_registration_get_api", "client_registration_update_api", "client_registration_delete_api"}
# What changes or ends a service or client does it to one that no other call needs.
SPOILS_SERVICE = {"service_update_api", "service_delete_api"}
SPOILS_CLIENT = {
    "client_delete_api", "client_update_api", "client_flag_update_api", "client_secret_refresh_api",
    "client_secret_update_api", "client_extension_requestables_scopes_update_api",
    "client_extension_requestables_scopes_update_api_post",
}
spare = {}


def spare_service():
    """One that may be changed; after it was deleted, another."""
    known = spare.get("service")
    if known is None or world.http.get(f"{world.base_url}/api/{known}/service/get", timeout=30).status_code != 200:
        spare["service"] = world.new_service()
    return spare["service"]


@schemathesis.hook
def before_call(context, case, kwargs):
    name = case.operation.definition.raw["operationId"]
    salt = f"{name} {case.body!r} {case.path_parameters!r} {case.query!r}"
    path = case.path_parameters
    # Generated ids may be known ones: schemathesis takes values from answers too.
    if name in SPOILS_SERVICE:
        path["serviceId"] = spare_service()
    elif "serviceId" in path and chance(f"service {salt}", 15, 16):
        path["serviceId"] = world.service_id
    for parameter in {"clientId", "clientIdentifier"} & set(path):
        if name in SPOILS_CLIENT and (path[parameter] == world.client_id or chance(f"client {salt}", 6)):
            path[parameter] = str(world.new_client()["clientId"])
        elif name not in SPOILS_CLIENT and chance(f"client {salt}", 6):
            path[parameter] = world.client_id
    if "subject" in path and chance(f"subject {salt}", 6):
        path["subject"] = SUBJECT
    if "accessTokenIdentifier" in path and chance(f"token {salt}", 6):
        path["accessTokenIdentifier"] = world.access_token()
    if "tokenBatchRequestId" in path and chance(f"batch {salt}", 6):
        path["tokenBatchRequestId"] = world.batch()
    if isinstance(case.body, dict):
        fill(name, case.body, salt)


@schemathesis.hook
def after_call(context, case, response):
    """There is an end to how many services an emulator keeps."""
    if case.operation.definition.raw["operationId"] == "service_create_api" and response.status_code == 201:
        world.http.delete(f"{world.base_url}/api/{response.json()['apiKey']}/service/delete", timeout=30)


def fill(name, body, salt):
    for member, value in MEMBERS.get(name, {}).items():
        if chance(f"{member} {salt}", 6):
            body[member] = value(salt)
    if name in AUTHENTICATED and chance(f"credentials {salt}", 7):
        body.update(world.credentials())
    if name == "auth_token_create_api" and chance(f"credentials {salt}", 6):
        body["clientId"] = world.client["clientId"]
    if name in REGISTERED and chance(f"registered {salt}", 6):
        client = world.registered()
        body.update({"clientId": client["client_id"], "token": client["registration_access_token"]})
        if name == "client_registration_update_api":
            body["json"] = f'{{"client_id": "{client["client_id"]}", "redirect_uris": ["{REDIRECT_URI}"]}}'
