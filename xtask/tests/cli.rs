//! The commands as a maintainer runs them, in a project folder of their own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

const SMALL: &str = "openapi: 3.0.3
info: {title: Somebody's, version: 1.0.0}
paths:
  /x: {get: {operationId: x, summary: Gets., responses: {200: {description: Done.}}}}
";

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("temporary folders can be made");
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("temporary files can be written");
        path.to_str().expect("temporary paths are UTF-8").to_owned()
    }

    fn imported(&self) -> PathBuf {
        self.0.join("openapi/authlete.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn xtask(project: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("--project")
        .arg(project)
        .args(arguments)
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env_remove("ALL_PROXY")
        .env_remove("all_proxy")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary under test runs");
    // A command that does not read its input closes it early.
    let _ = child.stdin.take().expect("standard input is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary under test ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// The error of a command that must fail.
fn error(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(1), "it should have failed: {text}");
    assert_eq!(stdout(output), "", "a failure has no report");
    text
}

fn provenance(folder: &Folder) -> serde_json::Value {
    let bytes = fs::read(folder.imported()).expect("the import has written its file");
    let document: serde_json::Value = serde_json::from_slice(&bytes).expect("the import writes JSON");
    document["x-provenance"].clone()
}

#[test]
fn a_file_is_imported_and_the_changes_are_reported() {
    let folder = Folder::new("file");
    let small = folder.file("small.yaml", SMALL);
    let first = xtask(&folder.0, &["import", &small], "");
    assert!(first.status.success(), "{first:?}");
    assert!(stdout(&first).contains("  + GET /x: x\n"), "{first:?}");
    assert_eq!(provenance(&folder)["source"], "small.yaml", "the folder it came from is nobody's business");
    let text = fs::read_to_string(folder.imported()).unwrap();
    assert!(!text.contains("Gets.") && !text.contains("Somebody"), "prose is left: {text}");

    let again = xtask(&folder.0, &["import", &small], "");
    assert_eq!(stdout(&again), "no changes\n");
    assert_eq!(fs::read_to_string(folder.imported()).unwrap(), text);

    let renamed = folder.file("renamed.yaml", &SMALL.replace("operationId: x", "operationId: y"));
    let changed = xtask(&folder.0, &["import", &renamed, "--format", "json", "--source", "a newer one"], "");
    let report: serde_json::Value = serde_json::from_slice(&changed.stdout).unwrap();
    assert_eq!(report["wire"]["summary"]["breaking"], 1, "{report}");
    assert_eq!(provenance(&folder)["source"], "a newer one");
    let left: Vec<_> = fs::read_dir(folder.0.join("openapi")).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file is left: {left:?}");
}

#[test]
fn standard_input_is_imported() {
    let folder = Folder::new("stdin");
    let output = xtask(&folder.0, &["import", "-"], SMALL);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(provenance(&folder)["source"], "standard input");
    assert_eq!(provenance(&folder)["version"], "1.0.0");
    assert!(provenance(&folder).get("date").is_none());

    let wrong = xtask(&folder.0, &["import", "-", "--date", "August 2026"], SMALL);
    assert!(error(&wrong).contains("is no date such as 2026-08-03"), "{wrong:?}");
    assert!(xtask(&folder.0, &["import", "-", "--date", "2026-08-03"], SMALL).status.success());
    assert_eq!(provenance(&folder)["date"], "2026-08-03");
}

#[test]
fn a_failing_import_leaves_the_file_as_it_was() {
    let folder = Folder::new("failing");
    assert!(xtask(&folder.0, &["import", "-"], SMALL).status.success());
    let before = fs::read(folder.imported()).unwrap();
    for (input, message) in [
        ("", "the document is empty"),
        ("openapi: 3.0.3\npaths: {", "line 2, column 8: not readable as YAML"),
        ("openapi: 3.1.0\npaths: {}\n", "OpenAPI 3.0.x is supported"),
    ] {
        let text = error(&xtask(&folder.0, &["import", "-"], input));
        assert!(text.contains(message), "{text}");
        assert_eq!(fs::read(folder.imported()).unwrap(), before, "after {input:?}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new("missing");
    let text = error(&xtask(&folder.0, &["import", "no/such.yaml"], ""));
    assert_eq!(text, "error: there is no file no/such.yaml\n");
    assert!(!folder.imported().exists());
}

#[test]
fn a_present_file_that_is_damaged_is_replaced() {
    let folder = Folder::new("damaged");
    fs::create_dir_all(folder.0.join("openapi")).unwrap();
    fs::write(folder.imported(), "<<<<<<< ours").unwrap();
    let output = xtask(&folder.0, &["import", "-"], SMALL);
    assert!(output.status.success(), "{output:?}");
    assert!(stdout(&output).contains("  + GET /x: x\n"), "{output:?}");
    assert_eq!(provenance(&folder)["version"], "1.0.0");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let folder = Folder::new("unwritable");
    folder.file("openapi", "a file where the folder belongs");
    let text = error(&xtask(&folder.0, &["import", "-"], SMALL));
    assert!(text.starts_with("error: cannot write ") && text.contains("authlete.json"), "{text}");
}

/// Serves these answers on a loopback port, one for each connection, and gives back what was asked.
fn serve(answers: Vec<String>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let base = format!("127.0.0.1:{}", listener.local_addr().expect("a bound listener has an address").port());
    let thread = thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("the command connects");
            let mut lines =
                BufReader::new(stream.try_clone().expect("a stream can be cloned")).lines().map_while(Result::ok);
            asked.push(lines.next().unwrap_or_default());
            // The rest of the request, so that closing does not reset the connection.
            lines.find(String::is_empty);
            stream.write_all(answer.as_bytes()).expect("the command reads the answer");
        }
        asked
    });
    (base, thread)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_url_is_fetched_and_its_redirect_followed() {
    let folder = Folder::new("url");
    let redirect = "302 Found\r\nLocation: /there.yaml".to_owned();
    let (base, server) = serve(vec![answer(&redirect, ""), answer("200 OK", SMALL)]);
    let output = xtask(&folder.0, &["import", &format!("http://user:secret@{base}/spec.yaml")], "");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.join().unwrap(), ["GET /spec.yaml HTTP/1.1", "GET /there.yaml HTTP/1.1"]);
    assert_eq!(provenance(&folder)["source"], format!("http://{base}/spec.yaml"));
}

#[test]
fn a_refused_fetch_says_what_the_server_answered() {
    let folder = Folder::new("refused");
    let (base, server) = serve(vec![answer("404 Not Found", "<html>nothing</html>")]);
    let text = error(&xtask(&folder.0, &["import", &format!("http://user:secret@{base}/spec.yaml")], ""));
    server.join().unwrap();
    assert_eq!(text, format!("error: cannot fetch http://{base}/spec.yaml: the server answered 404 Not Found\n"));
    assert!(!folder.imported().exists());

    // Nobody listens there any more.
    let text = error(&xtask(&folder.0, &["import", &format!("http://{base}/spec.yaml")], ""));
    assert!(text.starts_with(&format!("error: cannot fetch http://{base}/spec.yaml: ")), "{text}");
}

#[test]
fn two_documents_are_compared() {
    let folder = Folder::new("diff");
    let old = folder.file("old.yaml", SMALL);
    let new = folder.file("new.yaml", &SMALL.replace("/x:", "/y:").replace("operationId: x", "operationId: y"));
    let output = xtask(&folder.0, &["diff", &old, &new], "");
    assert!(output.status.success(), "{output:?}");
    let text = stdout(&output);
    let (wire, rust) = text.split_once("In Rust\n").expect("both are reported");
    assert_eq!(wire, "On the wire\nOperations\n  - GET /x: x  BREAKING\n  + GET /y: y\n\n");
    assert!(rust.contains("  - operations::X: static  BREAKING\n  + operations::Y: static\n"), "{text}");
    assert!(rust.contains("              wire    Rust\nadded            1"), "{text}");
    let output = xtask(&folder.0, &["diff", &old, "-", "--format", "json"], SMALL);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["wire"]["summary"]["total"], 0);

    let text = error(&xtask(&folder.0, &["diff", "-", "-"], SMALL));
    assert!(text.contains("only one of the two"), "{text}");
    let broken = folder.file("broken.yaml", "[");
    let text = error(&xtask(&folder.0, &["diff", &old, &broken], ""));
    assert!(text.contains("broken.yaml is not importable"), "{text}");
}

#[test]
fn only_import_reads_urls() {
    let folder = Folder::new("urls");
    let url = "http://user:secret@127.0.0.1:9/spec.yaml";
    for arguments in [&["diff", url, url][..], &["regen", "--spec", url, "--out", "nowhere"][..]] {
        let text = error(&xtask(&folder.0, arguments, ""));
        assert!(text.contains("only `cargo xtask import` reads") && !text.contains("secret"), "{text}");
    }
}
