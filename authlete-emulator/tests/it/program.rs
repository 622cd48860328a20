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
    let answer = reqwest::Client::new().get(url).bearer_auth("t0").send().await.expect("an answer");
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
