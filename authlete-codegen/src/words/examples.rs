//! Examples of operations: `openapi/examples/*.yaml`, read, held against the description, and made programs of.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::Words;
use crate::{Document, Problem, Problems};

/// The folder of the examples, which problems are reported under.
const FOLDER: &str = "examples";

/// The example of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The settings of the emulated service and client, as calls of the builder in `authlete-test`.
    #[serde(default)]
    pub settings: String,
    /// The lines of the program. Those that begin with `# ` are run but not shown.
    pub code: String,
}

impl Example {
    /// The program as a block of documentation that is tested: with an emulator, a service and a client.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let settings: String = self.settings.lines().map(|line| format!("#     {}\n", line.trim())).collect();
        let mut text = format!(
            "```\n\
             # #[tokio::main(flavor = \"current_thread\")]\n\
             # async fn main() -> Result<(), Box<dyn std::error::Error>> {{\n\
             # let test = authlete_test::TestAuthlete::builder()\n\
             {settings}\
             #     .start()\n\
             #     .await?;\n\
             # let (authlete, service, client) = (test.authlete(), test.service(), test.client());\n"
        );
        let _ = write!(text, "{}\n# Ok(())\n# }}\n```", self.code.trim_end());
        text
    }
}

impl Words {
    /// Adds the examples, given by file name and content.
    ///
    /// # Errors
    /// When a file is not as it should be, or two have an example of the same operation.
    pub fn add_examples<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for (name, content) in files {
            match serde_saphyr::from_slice::<BTreeMap<String, Example>>(content) {
                Ok(examples) => {
                    for operation in super::model::merge(&mut self.examples, examples) {
                        let message = format!("{operation} has an example in another file too");
                        problems.0.push(Problem::new(FOLDER, name, message));
                    }
                }
                Err(error) => problems.0.push(super::model::unreadable(FOLDER, name, &error)),
            }
        }
        problems.into_result(())
    }

    /// What of the description's operations has no example, and which examples have no operation. Only a description
    /// that groups its operations has methods to show.
    pub fn check_examples<'a>(
        &self,
        document: &Document,
        names: impl Iterator<Item = &'a String> + Clone,
        problems: &mut Vec<Problem>,
    ) {
        for name in self.examples.keys().filter(|name| !names.clone().any(|known| known == *name)) {
            let problem = Problem::new(FOLDER, name, "there is no operation of this name");
            problems.push(problem.hint("rename the entry in openapi/examples, or delete it"));
        }
        if document.0.get("x-groups").is_none() {
            return;
        }
        for name in names.filter(|name| !self.examples.contains_key(*name)) {
            let problem = Problem::new(FOLDER, name, "has no example");
            problems.push(problem.hint("write one in openapi/examples; cargo test -p authlete-api --doc runs it"));
        }
    }
}
