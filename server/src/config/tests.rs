use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::admission::Origins;

const SECRET: &str = "a-secret-that-only-these-tests-know";

/// A configuration from flags alone, with its database in a folder of its own.
fn parse(args: &[&str]) -> (TempDir, Result<Config, ConfigError>) {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite://{}/deep/er/calls.db", folder.path().display());
    let args = [&["ringback-server", "--database", &database], args].concat();
    let flags = Flags::try_parse_from(args).unwrap().without_empty();
    (folder, Config::from_flags(flags))
}

fn config(args: &[&str]) -> Config {
    let (_folder, config) = parse(args);
    config.unwrap()
}

fn refusal(args: &[&str]) -> ConfigError {
    let (_folder, config) = parse(args);
    config.unwrap_err()
}

#[test]
fn without_a_secret_there_is_no_start_and_the_remedy_is_named() {
    let error = refusal(&[]);
    assert_eq!(error.key, "JWT_SECRET");
    assert!(error.remedy.contains("--dev"), "{error}");
}

#[test]
fn a_short_secret_is_refused_in_both_modes() {
    for args in [
        &["--jwt-secret", "short"][..],
        &["--jwt-secret", "short", "--dev"],
    ] {
        let error = refusal(args);
        assert_eq!(error.key, "JWT_SECRET");
        assert!(error.problem.contains("5 bytes"), "{error}");
    }
}

#[test]
fn a_short_previous_secret_is_refused_and_a_good_one_comes_second() {
    let with_previous = ["--jwt-secret", SECRET, "--jwt-secret-previous"];
    let error = refusal(&[&with_previous[..], &["short"]].concat());
    assert_eq!(error.key, "JWT_SECRET_PREVIOUS");
    let previous = "the-secret-that-these-tests-had-before";
    let secrets = config(&[&with_previous[..], &[previous]].concat()).secrets;
    let secrets: Vec<_> = secrets.iter().map(Secret::as_bytes).collect();
    assert_eq!(secrets, [SECRET.as_bytes(), previous.as_bytes()]);
}

#[test]
fn what_is_no_public_key_is_refused_a_private_key_above_all() {
    let private =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----";
    for key in ["/no/such/file.pem", "-----BEGIN PUBLIC KEY-----", private] {
        let error = refusal(&[&format!("--jwt-public-key={key}")]);
        assert_eq!(error.key, "JWT_PUBLIC_KEY", "{key}");
    }
}

#[test]
fn development_listens_on_this_machine_only() {
    let error = refusal(&["--dev", "--listen", "0.0.0.0:3000"]);
    assert!(error.key.contains("RINGBACK_LISTEN"));
    assert_eq!(config(&["--dev", "--listen", "[::1]:0"]).mode, Mode::Dev);
}

#[test]
fn production_listens_where_it_is_told() {
    let config = config(&["--jwt-secret", SECRET, "--listen", "0.0.0.0:8080"]);
    assert_eq!(config.listen, "0.0.0.0:8080".parse().unwrap());
    assert_eq!(config.mode, Mode::Production);
}

#[test]
fn what_is_no_address_is_refused() {
    for listen in ["here", "127.0.0.1", "127.0.0.1:99999"] {
        let error = refusal(&["--dev", "--listen", listen]);
        assert!(error.problem.contains(listen), "{error}");
    }
}

#[test]
fn a_development_secret_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}/new/calls.db", folder.path().display());
    let start = || {
        let args = ["ringback-server", "--dev", "--database", &database];
        let flags = Flags::try_parse_from(args).unwrap();
        Config::from_flags(flags).unwrap().secrets
    };
    let first = start();
    assert!(first[0].as_bytes().len() >= 32);
    assert_eq!(first, start());
}

#[test]
fn whoever_only_looks_at_the_settings_makes_no_folder_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let database = format!("sqlite:{}/new/calls.db", folder.path().display());
    let args = ["ringback-server", "--dev", "--database", &database];
    let flags = Flags::try_parse_from(args).unwrap();
    let config = Config::examined(flags).unwrap();
    assert!(config.secrets[0].as_bytes().len() >= 32);
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn the_folder_of_the_database_is_made() {
    let (folder, config) = parse(&["--dev"]);
    config.unwrap();
    assert!(folder.path().join("deep/er").is_dir());
}

#[test]
fn a_secret_is_not_shown_in_debug_output() {
    let config = config(&[
        "--jwt-secret",
        SECRET,
        "--turn-server",
        "turn:t",
        "--turn-secret",
        "hush",
    ]);
    let shown = format!("{config:?}");
    assert!(
        !shown.contains(SECRET) && !shown.contains("hush"),
        "{shown}"
    );
}

#[test]
fn unknown_flags_and_times_that_cannot_be_are_refused() {
    for args in [
        &["--bogus"][..],
        &["--ring-timeout-ms", "0"],
        &["--ring-timeout-ms", "soon"],
        &["--max-voice-participants", "1"],
    ] {
        let args = [&["ringback-server"], args].concat();
        assert!(Flags::try_parse_from(&args).is_err(), "{args:?}");
    }
}

#[test]
fn the_short_names_of_the_timeouts_are_understood() {
    let config = config(&["--dev", "--ring-timeout", "300", "--reconnect-grace", "400"]);
    assert_eq!(config.calls.ring_timeout, Duration::from_millis(300));
    assert_eq!(config.calls.reconnect_grace, Duration::from_millis(400));
}

#[test]
fn turn_needs_a_server_and_credentials_of_one_kind() {
    let server = ["--dev", "--turn-server", "turn:t:3478"];
    let table: &[(&[&str], &str)] = &[
        (&[], "TURN_SERVER"),
        (&["--turn-username", "u"], "TURN_CREDENTIAL"),
        (&["--turn-credential", "c"], "TURN_CREDENTIAL"),
        (
            &["--turn-secret", "s", "--turn-username", "u"],
            "TURN_SECRET",
        ),
    ];
    for (args, key) in table {
        assert_eq!(refusal(&[&server, *args].concat()).key, *key, "{args:?}");
    }
    assert_eq!(config(&["--dev", "--turn-secret", "s"]).ice.turn, None);
    assert_eq!(
        refusal(&["--dev", "--turn-server", "t:3478"]).key,
        "TURN_SERVER"
    );
    assert_eq!(
        refusal(&["--dev", "--stun-server", "turn:t"]).key,
        "STUN_SERVER"
    );
}

#[test]
fn turn_comes_with_shared_or_minted_credentials() {
    let servers = ["--dev", "--turn-server", "turn:t:3478, turns:t:5349"];
    let access = |args: &[&str]| {
        let turn = config(&[&servers, args].concat()).ice.turn.unwrap();
        assert_eq!(turn.urls, ["turn:t:3478", "turns:t:5349"]);
        turn.access
    };
    assert!(matches!(
        access(&["--turn-secret", "s"]),
        TurnAccess::Minted { .. }
    ));
    let shared = access(&["--turn-username", "u", "--turn-credential", "c"]);
    assert!(matches!(shared, TurnAccess::Shared { .. }));
}

#[test]
fn an_empty_setting_is_none() {
    let config = config(&[
        "--dev",
        "--jwt-secret",
        "",
        "--turn-server",
        "",
        "--turn-secret",
        " ",
    ]);
    assert_eq!(config.ice.turn, None);
}

#[test]
fn pages_of_this_machine_may_call_in_development_and_all_in_production_unless_listed() {
    assert_eq!(config(&["--dev"]).admission.origins, Origins::Local);
    let production = ["--jwt-secret", SECRET];
    assert_eq!(config(&production).admission.origins, Origins::Any);
    let listed = [
        &production[..],
        &["--cors-origins", "https://a.example, http://b.example"],
    ]
    .concat();
    assert_eq!(
        config(&listed).admission.origins,
        Origins::Listed(vec!["https://a.example".into(), "http://b.example".into()])
    );
    assert_eq!(
        config(&["--dev", "--cors-origins", "*"]).admission.origins,
        Origins::Any
    );
    for bad in ["a.example", "https://a.example/", "https://"] {
        assert_eq!(
            refusal(&["--dev", "--cors-origins", bad]).key,
            "CORS_ORIGINS"
        );
    }
}

#[test]
fn a_folder_that_was_asked_for_has_to_exist() {
    assert_eq!(
        refusal(&["--dev", "--www", "/dev/null/folder"]).key,
        "--www (RINGBACK_WWW)"
    );
    let (folder, _) = parse(&["--dev"]);
    let path = folder.path().to_str().unwrap();
    assert_eq!(
        config(&["--dev", "--package", path]).package,
        Some(path.into())
    );
}

#[test]
fn the_file_of_a_database_is_found_in_its_address() {
    for (address, file) in [
        ("sqlite:calls.db", Some("calls.db")),
        ("sqlite://data/calls.db?mode=rwc", Some("data/calls.db")),
        ("sqlite:///var/calls.db", Some("/var/calls.db")),
        ("sqlite::memory:", None),
        ("sqlite://", None),
        ("postgres://host/db", None),
    ] {
        assert_eq!(sqlite_file(address), file.map(Path::new), "{address}");
    }
}

#[test]
fn redis_beside_sqlite_is_refused_with_the_reason() {
    let error = refusal(&["--jwt-secret", SECRET, "--redis", "redis://localhost"]);
    assert_eq!(error.key, "--redis (REDIS_URL)");
    assert!(error.problem.contains("belongs to one process"), "{error}");
    assert!(error.remedy.contains("PostgreSQL"), "{error}");
}

#[cfg(feature = "redis")]
#[test]
fn several_nodes_need_a_redis_address_that_reads() {
    let nodes = |redis| {
        let args = ["ringback-server", "--jwt-secret", SECRET, "--redis", redis];
        let args = args
            .into_iter()
            .chain(["--database", "postgres://host/calls"]);
        Config::from_flags(Flags::try_parse_from(args).unwrap().without_empty())
    };
    assert_eq!(nodes("http://x").unwrap_err().key, "--redis (REDIS_URL)");
    let settings = nodes("redis://:hush@redis:6379").unwrap().redis.unwrap();
    assert_eq!(settings.prefix, "ringback");
    assert!(!format!("{settings:?}").contains("hush"));
    assert_eq!(nodes("").unwrap().redis, None);
}
