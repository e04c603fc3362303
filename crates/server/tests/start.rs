//! The program as a process: what it says when it starts on an empty database.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const PASSWORD: &str = "open-sesame-open";

/// Whatever happens to the test, the child does not outlive it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the program, reads its first line, and stops it: the line and everything it said for people.
fn first_words(url: &str) -> (Value, String) {
    let mut child = Ended(
        Command::new(env!("CARGO_BIN_EXE_magflow"))
            .args(["serve", "--no-jobs", "--json", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "a-secret-for-tests-only-0123456789abcdef")
            .env("MAGFLOW__DATA_DIR", std::env::temp_dir())
            .env("MAGFLOW__LOG__LEVEL", "debug")
            .env("EMAG_API_KEY", format!("shop@example.ro:{PASSWORD}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.0.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut said = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (serde_json::from_str(&line).unwrap(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_users_tells_the_set_up_code_and_never_the_marketplace_password() {
    let test = testkit::database().await;
    let url = test.url().to_owned();
    let (ready, said) = tokio::task::spawn_blocking(move || first_words(&url))
        .await
        .unwrap();
    let address = ready["url"].as_str().unwrap();
    assert_eq!(ready["setup"]["url"], format!("{address}/setup"));
    let code = ready["setup"]["code"].as_str().unwrap();
    assert!(said.contains(&format!("/setup?code={code}")), "{said}");
    assert!(said.contains("was made from EMAG_API_KEY"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    let accounts: Vec<(String, bool)> =
        sqlx::query_as("SELECT username, push_enabled FROM app.emag_accounts")
            .fetch_all(test.db.pool())
            .await
            .unwrap();
    assert_eq!(accounts, [("shop@example.ro".to_owned(), false)]);
}
