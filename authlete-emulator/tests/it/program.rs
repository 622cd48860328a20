//! The emulator as a program.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_authlete-emulator");

#[tokio::test]
async fn it_says_where_it_listens_and_with_which_token() {
    let mut program =
        Command::new(PROGRAM).args(["--organization-token", "t0"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("an output")).read_line(&mut line).expect("a line");
    let (base_url, token) = line.trim().split_once("  ").expect("two parts");
    assert_eq!(token, "organization token: t0");
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
        (["--port", "many"], "--port has to be a number from 0 to 65535, not \"many\""),
        (["--port", "65536"], "--port has to be a number from 0 to 65535, not \"65536\""),
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
        let (base_url, token) = line.trim().split_once("  ").expect("two parts");
        assert_eq!(token, "organization token: t1");
        let url = format!("{}/api/7/service/get", base_url.trim_start_matches("base URL: "));
        let answer = reqwest::Client::new().get(url).bearer_auth("t1").send().await.expect("a response");
        let service: serde_json::Value = answer.json().await.expect("JSON");
        assert_eq!((&service["serviceName"], service.get("issuer")), (&"Kept".into(), Some(&serde_json::Value::Null)));
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
