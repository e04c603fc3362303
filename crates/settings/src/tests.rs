use std::io::Write as _;

use super::*;

fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    let overrides = Overrides {
        config_file: Some(file.path().to_owned()),
        ..Overrides::default()
    };
    let name = file.path().display().to_string();
    Settings::load(&overrides, &Environment::from_pairs(variables.iter().copied())).map_err(|mistakes| {
        mistakes
            .0
            .iter()
            .map(|m| format!("{}: {}", m.origin, m.what).replace(&name, "f"))
            .collect()
    })
}

#[test]
fn nothing_configured_is_a_working_default() {
    let settings = load("", &[("HOME", "/home/ana")]).unwrap();
    assert_eq!(settings.data_dir, PathBuf::from("/home/ana/.local/share/magflow"));
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert!(!settings.server.secure_cookies);
    assert!(settings.database.url.is_none());
}

#[test]
fn root_keeps_its_data_where_a_service_user_can_go() {
    assert_eq!(
        load("", &[("HOME", "/root")]).unwrap().data_dir,
        PathBuf::from("/var/lib/magflow")
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = load(
        "[server]\nlisten = \"127.0.0.1:1\"\n[jobs]\nconcurrency = 3",
        &[
            ("MAGFLOW__SERVER__LISTEN", "0.0.0.0:9"),
            ("DATABASE_URL", "postgres://x"),
        ],
    )
    .unwrap();
    assert_eq!(settings.server.listen.to_string(), "0.0.0.0:9");
    assert!(settings.server.secure_cookies);
    assert_eq!(settings.jobs.concurrency, 3);
    assert_eq!(settings.database.url.unwrap().expose(), "postgres://x");
}

#[test]
fn all_mistakes_are_told_together_with_their_lines() {
    let mistakes = load(
        "[server]\nlisten = \"nowhere\"\nlistne = 1\n\n[jobs]\nconcurrency = 900\n[log]\nformat = \"xml\"",
        &[("MAGFLOW__DATABASE__URI", "x"), ("SECRET_KEY", "short")],
    )
    .unwrap_err();
    assert_eq!(
        mistakes,
        [
            "f:2: server.listen: \"nowhere\" is not understood: invalid socket address syntax",
            "environment SECRET_KEY: security.secret_key: at least 32 characters are needed",
            "f:8: log.format: \"xml\" is not one of text, json",
            "f:6: jobs.concurrency: 900 is not between 1 and 64",
            "environment MAGFLOW__DATABASE__URI: database.uri: no such setting",
            "f:3: server.listne: no such setting",
        ]
    );
}

#[test]
fn a_broken_file_names_its_line() {
    let mistakes = load("[server]\nlisten = = 3", &[]).unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with("f:2: "), "{mistakes:?}");
}

#[test]
fn a_secret_comes_from_its_file_twin_and_never_prints() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"postgres://user:hunter2@db/app\n").unwrap();
    let settings = load("", &[("DATABASE_URL_FILE", file.path().to_str().unwrap())]).unwrap();
    assert_eq!(
        settings.database.url.as_ref().unwrap().expose(),
        "postgres://user:hunter2@db/app"
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_file_that_was_named_must_exist() {
    let overrides = Overrides {
        config_file: Some("/nowhere/magflow.toml".into()),
        ..Overrides::default()
    };
    assert!(Settings::load(&overrides, &Environment::default()).is_err());
}

#[test]
fn the_marketplace_key_is_read_plain_and_in_base64_and_never_shown() {
    for key in ["shop@x.ro:p:ss", "c2hvcEB4LnJvOnA6c3M=", " shop@x.ro:p:ss\n"] {
        let settings = load("", &[("EMAG_API_KEY", key)]).unwrap();
        let login = settings.emag.api_key.clone().unwrap();
        assert_eq!(
            (login.username.as_str(), login.password.expose()),
            ("shop@x.ro", "p:ss")
        );
        let shown = format!("{settings:?}");
        assert!(!shown.contains("p:ss") && !shown.contains(key.trim()), "{shown}");
    }
}

#[test]
fn a_marketplace_key_that_is_none_is_told_without_showing_it() {
    for key in ["nonsense", ":password", "user:", "bm9uc2Vuc2U="] {
        let mistakes = load("", &[("EMAG_API_KEY", key)]).unwrap_err();
        assert_eq!(
            mistakes,
            ["environment EMAG_API_KEY: emag.api_key: `user:password` is expected, plain or in base64"]
        );
    }
}
