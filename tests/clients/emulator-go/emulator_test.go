// The emulator from Go, with the standard library alone.
package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"
)

type object = map[string]any

const seed = `{"services": [{
	"serviceId": 1001, "accessToken": "service",
	"settings": {"supportedGrantTypes": ["CLIENT_CREDENTIALS"], "supportedScopes": [{"name": "read"}]},
	"clients": [{"clientId": 2001, "clientSecret": "secret", "settings": {"grantTypes": ["CLIENT_CREDENTIALS"]}}]
}]}`

func call(t *testing.T, method, path, token, body string) (int, object) {
	t.Helper()
	request, err := http.NewRequest(method, os.Getenv("AUTHLETE_BASE_URL")+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var value object
	_ = json.NewDecoder(response.Body).Decode(&value)
	return response.StatusCode, value
}

func control(t *testing.T, method, path, body string) object {
	t.Helper()
	status, value := call(t, method, "/emulator"+path, "control", body)
	if status >= 300 {
		t.Fatalf("%s %s: %d %v", method, path, status, value)
	}
	return value
}

func start(t *testing.T) {
	control(t, "POST", "/reset", "")
	control(t, "POST", "/seed", seed)
}

func token(t *testing.T) (int, object) {
	return call(t, "POST", "/api/1001/auth/token", "service",
		`{"parameters": "grant_type=client_credentials&scope=read", "clientId": "2001", "clientSecret": "secret"}`)
}

func introspect(t *testing.T, token any) any {
	body, _ := json.Marshal(object{"token": token})
	_, value := call(t, "POST", "/api/1001/auth/introspection", "service", string(body))
	return value["action"]
}

func TestATokenEndsWhenTheClockSaysSo(t *testing.T) {
	start(t)
	_, issued := token(t)
	if action := introspect(t, issued["accessToken"]); action != "OK" {
		t.Fatal(action)
	}
	control(t, "POST", "/clock", `{"advanceSeconds": 86401}`)
	if action := introspect(t, issued["accessToken"]); action != "UNAUTHORIZED" {
		t.Fatal(action)
	}
}

func TestAFaultHitsOnce(t *testing.T) {
	start(t)
	control(t, "POST", "/faults", `{"kind": "status", "status": 503, "operation": "auth_token"}`)
	if status, _ := token(t); status != 503 {
		t.Fatal(status)
	}
	if _, issued := token(t); issued["action"] != "OK" {
		t.Fatal(issued)
	}
}

func TestTheCallsAreRecorded(t *testing.T) {
	start(t)
	token(t)
	calls := control(t, "GET", "/calls?operation=auth_token", "")["calls"].([]any)
	if len(calls) != 1 || calls[0].(object)["operation"] != "auth_token" {
		t.Fatal(calls)
	}
}
