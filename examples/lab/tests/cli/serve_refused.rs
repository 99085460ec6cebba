//! What the `serve` command refuses, and what it says then.

use std::net::TcpListener;

use crate::program::fusebox;

/// The error message. Should the program serve instead, that ends.
fn refused(args: &[&str]) -> String {
    let end = if args.contains(&"--for") { &[][..] } else { &["--for", "1"] };
    fusebox(&[&["serve"], args, end].concat()).refusal()
}

#[test]
fn flags_that_cannot_be_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = refused(&["--listen", &address]);
    assert!(error.contains(&address) && error.contains("127.0.0.1:0"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");

    for (flag, value, reason) in [
        ("--listen", "9464", "such as 127.0.0.1:9464"),
        ("--listen", "localhost", "such as 127.0.0.1:9464"),
        ("--listen", "localhost:9464", "such as 127.0.0.1:9464"),
        ("--speed", "0", "from 1 to 100"),
        ("--speed", "-1", "from 1 to 100"),
        ("--speed", "101", "from 1 to 100"),
        ("--speed", "fast", "from 1 to 100"),
        ("--for", "0", "above 0"),
        ("--for", "-1", "above 0"),
        ("--for", "NaN", "above 0"),
        ("--for", "inf", "above 0"),
        ("--for", "5s", "above 0"),
        ("--for", "soon", "above 0"),
        ("--speed", "NaN", "from 1 to 100"),
        ("--speed", "1.5", "from 1 to 100"),
        ("--listen", "nonsense", "such as 127.0.0.1:9464"),
        ("--listen", "127.0.0.1:99999", "such as 127.0.0.1:9464"),
        ("--trial", "0", "from 1 to 100"),
        ("--trial", "101", "from 1 to 100"),
        ("--trial", "-1", "from 1 to 100"),
    ] {
        let error = refused(&[flag, value]);
        assert!(error.contains(value) && error.contains(reason), "{flag} {value}: {error}");
    }
}

#[test]
fn traces_that_cannot_be_played_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let play = || refused(&["--listen", "127.0.0.1:0", "--trace", file.to_str().unwrap()]);
    let missing = play();
    assert!(missing.contains("t.csv") && missing.contains("fusebox generate > links.csv"), "{missing}");
    assert_eq!(missing.lines().count(), 1, "{missing}");
    let many = (0..101).fold(String::new(), |rows, peer| format!("{rows}0,peer {peer},ok\n"));
    for (rows, reason) in [
        ("", "t.csv:1: expected the header"),
        ("a,b,c\n", "t.csv:1: expected the header"),
        ("time_ms,peer,outcome\n", "t.csv: there are no rows"),
        ("time_ms,peer,outcome\n0,a,ok\n0,a,lost\n", "t.csv:3: outcome is `lost`"),
        ("time_ms,peer,outcome\n0,a\n", "t.csv:2: "),
        ("time_ms,peer,outcome\n0,\"a\nb\",ok\n", "t.csv:2: a quote is not closed on its line"),
        ("time_ms,peer,outcome\n5,a,ok\n4,a,ok\n", "t.csv:3: time_ms goes back"),
        (&format!("time_ms,peer,outcome\n{many}"), "t.csv: more than 100 peers"),
    ] {
        std::fs::write(&file, rows).unwrap();
        let error = play();
        assert!(error.contains(reason), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
