//! The emulator as a program.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_authlete-emulator");

#[tokio::test]
async fn it_says_where_it_listens_and_with_which_token() {
    let mut program =
        Command::new(PROGRAM).args(["--organization-token", "t0"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
    let (base_url, tokens) = line.trim().split_once("  ").expect("two parts");
    assert!(tokens.starts_with("organization token: t0  control token: "), "{tokens}");
    let url = format!("{}/api/service/get/list", base_url.trim_start_matches("base URL: "));
    let answer = reqwest::Client::new().get(url).bearer_auth("t0").send().await.expect("a response");
    program.kill().expect("it can be stopped");
    program.wait().expect("it ends");
    assert_eq!(answer.status().as_u16(), 200);
}

#[test]
fn an_option_that_does_not_exist_is_an_error() {
    for arguments in [&["--prot", "1"][..], &["--port", "many"], &["--port"], &["extra"]] {
        let output = Command::new(PROGRAM).args(arguments).output().expect("it runs");
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("authlete-emulator: "), "{arguments:?}");
    }
}

#[test]
fn a_mistake_on_the_command_line_is_explained_before_anything_runs() {
    let folder = std::env::temp_dir().join("authlete-emulator-no-such-folder");
    let file = folder.join("state.json").to_string_lossy().into_owned();
    let folder = format!("--save: there is no folder {}", folder.display());
    for (arguments, message) in [
        (["--port", "many"], "--port has to be a number in its range, not \"many\""),
        (["--port", "65536"], "--port has to be a number in its range, not \"65536\""),
        (["--organization-token", ""], "--organization-token is empty, so no call could bring it"),
        (["--fetch", "all"], "--fetch has to be loopback, public or any, not \"all\""),
        (["--fetch-host", "a"], "--fetch-host has to be like client.example.org=127.0.0.1:8443, not \"a\""),
        (["--prot", "1"], "invalid option '--prot'; --help lists the options"),
        (["--save", &file], &folder),
    ] {
        let output = Command::new(PROGRAM).args(arguments).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), format!("authlete-emulator: {message}"));
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_starts_with_a_file_and_saves_its_state_when_it_is_stopped() {
    let name =
        |part: &str| std::env::temp_dir().join(format!("authlete-emulator-program-{}-{part}", std::process::id()));
    let (config, state) = (name("config.json"), name("state.json"));
    let text = r#"{"organizationToken": "t1", "services": [{"serviceId": 7, "settings": {"serviceName": "Kept"}}]}"#;
    std::fs::write(&config, text).expect("a file");
    for round in 0..2 {
        let mut command = Command::new(PROGRAM);
        // The first time there is no state yet; the second time there is no start-up file any more.
        command.arg("--snapshot").arg(&state).arg("--save").arg(&state).arg("--explicit-nulls");
        if round == 0 {
            command.arg("--config").arg(&config);
        }
        let mut program = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(program.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
        let (base_url, tokens) = line.trim().split_once("  ").expect("two parts");
        let told = tokens.starts_with("organization token: t1  ");
        let url = format!("{}/api/7/service/get", base_url.trim_start_matches("base URL: "));
        let answer = reqwest::Client::new().get(url).bearer_auth("t1").send().await.expect("a response");
        let service: serde_json::Value = answer.json().await.expect("JSON");
        assert_eq!((&service["serviceName"], service.get("issuer")), (&"Kept".into(), Some(&serde_json::Value::Null)));
        assert!(told, "{line}");
        let stop = Command::new("kill").arg(program.id().to_string()).status().expect("it is told to stop");
        assert!(stop.success() && program.wait().expect("it ends").success());
    }
    let _ = (std::fs::remove_file(config), std::fs::remove_file(state));
}

#[test]
fn its_help_names_every_option() {
    let output = Command::new(PROGRAM).arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for option in ["--port", "--organization-token", "--config", "--snapshot", "--save", "--explicit-nulls"] {
        assert!(help.contains(&format!("\n  {option} ")), "{option}");
    }
    assert!(output.status.success() && help.lines().all(|line| line.len() <= 100), "{help}");
}

/// Starts the program with JSON for its output, and returns it with the lines that it prints, one for each instance.
fn start(command: &mut Command, instances: usize) -> (std::process::Child, Vec<Value>) {
    let mut program = command.arg("--json").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(program.stdout.take().expect("an output")).lines();
    let lines = (0..instances).map(|_| lines.next().expect("a line").expect("a line"));
    let lines = lines.map(|line| serde_json::from_str(&line).expect("JSON")).collect();
    (program, lines)
}

fn end(mut program: std::process::Child) {
    program.kill().expect("it can be stopped");
    program.wait().expect("it ends");
}

#[tokio::test]
async fn it_is_configured_by_its_environment_and_arguments_take_precedence() {
    let config = r#"{"services": [{"serviceId": 7, "accessToken": "s7"}]}"#;
    let mut command = Command::new(PROGRAM);
    command
        .env("AUTHLETE_EMULATOR_ORGANIZATION_TOKEN", "from-environment")
        .env("AUTHLETE_EMULATOR_CONTROL_TOKEN", "control")
        .env("AUTHLETE_EMULATOR_CONFIG_JSON", config)
        .env("AUTHLETE_EMULATOR_EXPLICIT_NULLS", "true")
        .args(["--control-token", "argument"]);
    let (program, lines) = start(&mut command, 1);
    assert_eq!(lines[0]["organizationToken"], "from-environment");
    assert_eq!(lines[0]["controlToken"], "argument");
    let base = lines[0]["baseUrl"].as_str().expect("a URL");
    let http = reqwest::Client::new();
    let options =
        http.get(format!("{base}/emulator/options")).bearer_auth("argument").send().await.expect("a response");
    assert_eq!(options.json::<Value>().await.expect("JSON"), json!({"explicitNulls": true}));
    let service = http.get(format!("{base}/api/7/service/get")).bearer_auth("s7").send().await.expect("a response");
    assert_eq!(service.status(), 200);
    end(program);
    for (name, value) in [("PORT", "x"), ("NO_CONTROL", "perhaps"), ("LISTEN", "here"), ("INSTANCES", "0")] {
        let name = format!("AUTHLETE_EMULATOR_{name}");
        let output = Command::new(PROGRAM).env(&name, value).output().expect("it runs");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains(&name), "{message}");
    }
}

#[tokio::test]
async fn several_instances_share_nothing() {
    let (program, lines) = start(Command::new(PROGRAM).args(["--instances", "3"]), 3);
    let urls: std::collections::BTreeSet<&str> = lines.iter().filter_map(|line| line["baseUrl"].as_str()).collect();
    assert_eq!(urls.len(), 3);
    let http = reqwest::Client::new();
    for (at, line) in lines.iter().enumerate() {
        let url = format!("{}/api/service/get/list", line["baseUrl"].as_str().expect("a URL"));
        for (other, token) in lines.iter().map(|line| line["organizationToken"].as_str()).enumerate() {
            let status = http.get(&url).bearer_auth(token.expect("a token")).send().await.expect("a response").status();
            assert_eq!(status.as_u16(), if at == other { 200 } else { 401 });
        }
    }
    end(program);
}

#[test]
fn it_waits_for_one_that_starts_elsewhere() {
    let (program, lines) = start(&mut Command::new(PROGRAM), 1);
    let url = lines[0]["baseUrl"].as_str().expect("a URL");
    assert!(Command::new(PROGRAM).args(["--wait", url]).status().expect("it runs").success());
    end(program);
    let output = Command::new(PROGRAM).args(["--wait", url, "--timeout", "0"]).output().expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("nothing healthy at {url}")));
}

#[test]
fn an_address_that_others_reach_comes_with_a_warning() {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "0.0.0.0"]).stderr(Stdio::piped());
    let (mut program, lines) = start(&mut command, 1);
    assert!(lines[0]["baseUrl"].as_str().expect("a URL").starts_with("http://127.0.0.1:"));
    let mut warning = String::new();
    BufReader::new(program.stderr.take().expect("errors")).read_line(&mut warning).expect("a line");
    end(program);
    assert!(warning.contains("warning: whoever reaches this address"), "{warning}");
}

/// A stand-in for the authorization server: it notes what it was started with, and does what the server does as a process.
#[cfg(unix)]
fn stand_in(name: &str, then: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let folder = std::env::temp_dir().join(format!("authlete-emulator-beside-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("authorization-server");
    let script = format!(
        "#!/bin/sh\nset -eu\ncd '{}'\necho $$ >pid\nenv | grep ^AUTHLETE_ | sort >environment\necho \"$*\" >arguments\n{then}\n",
        folder.display()
    );
    std::fs::write(&program, script).expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("its mode");
    folder
}

#[cfg(unix)]
const READY: &str = r#"echo '{"issuer": "http://localhost:7", "instructions": "Go there."}'"#;

#[cfg(unix)]
fn is_running(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid.trim()]).stderr(Stdio::null()).status().expect("it runs").success()
}

#[cfg(unix)]
fn ends(pid: &str) -> bool {
    let pause = || std::thread::sleep(std::time::Duration::from_millis(20));
    (0..250).any(|_| {
        !is_running(pid) || {
            pause();
            false
        }
    })
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_runs_beside_it_and_ends_with_it() {
    // `-KILL` leaves the program no time to do anything.
    for signal in ["-TERM", "-KILL"] {
        let folder = stand_in(signal, &format!("{READY}\nexec cat"));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
        let mut command = Command::new(PROGRAM);
        command
            .args(["--with-server", "--server-port", "7", "--server-url", "http://localhost:7", "--control-token", "c"])
            .arg("--server-program")
            .arg(folder.join("authorization-server"))
            .env("AUTHLETE_BASE_URL", "https://us.authlete.com")
            .stdout(Stdio::piped())
            .args(["--json", "--", "--jwt-access-tokens"]);
        let mut program = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(program.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["server"]["issuer"], "http://localhost:7");
        let (url, token) = (line["baseUrl"].as_str().expect("a URL"), line["organizationToken"].as_str().expect("one"));
        let environment = format!("AUTHLETE_EMULATOR_ORGANIZATION_TOKEN={token}\nAUTHLETE_EMULATOR_URL={url}\n");
        assert_eq!(read("environment"), environment);
        let arguments = "--json --until-stdin-ends --port 7 --url http://localhost:7 --jwt-access-tokens\n";
        assert_eq!(read("arguments"), arguments);
        let server = read("pid");
        assert!(is_running(&server));
        let stop = Command::new("kill").args([signal, &program.id().to_string()]).status().expect("it is told to stop");
        assert!(stop.success());
        assert_eq!(program.wait().expect("it ends").success(), signal == "-TERM");
        assert!(ends(&server), "the server still runs after {signal}");
        std::fs::remove_dir_all(folder).expect("it is gone");
    }
}

#[cfg(unix)]
#[test]
fn a_server_that_is_not_there_or_ends_is_an_error() {
    let nowhere = std::path::Path::new("no-such-program").to_owned();
    let (silent, short, wrong) =
        (stand_in("silent", "exit 3"), stand_in("short", READY), stand_in("wrong", "echo hello; exec cat"));
    let server = |folder: &std::path::Path| folder.join("authorization-server");
    for (path, message) in [
        (nowhere, "--with-server: cannot start no-such-program: "),
        (server(&silent), "ended before it was ready (exit status: 3)"),
        (server(&wrong), "did not say in JSON that it is ready: expected value"),
        (server(&short), "--with-server: the authorization server has ended (exit status: 0)"),
    ] {
        let output = Command::new(PROGRAM).args(["--with-server", "--server-program"]).arg(&path).output();
        let output = output.expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(message), "{}: {errors}", path.display());
    }
    for folder in [silent, short, wrong] {
        std::fs::remove_dir_all(folder).expect("it is gone");
    }
}
