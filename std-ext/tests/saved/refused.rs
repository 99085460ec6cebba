//! What is refused, with its reason.

use fusebox_std::Restored;

use super::*;

#[test]
fn a_file_that_is_cut_off_is_refused_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let text = std::fs::read(&path).unwrap();
    for length in 0..text.len() {
        let error = refusal(&path, &text[..length]);
        assert!(matches!(error.reason(), SavedErrorReason::Torn), "{length} bytes: {error}");
    }
    let longer = [&text, b"\n".as_slice()].concat();
    assert!(matches!(refusal(&path, &longer).reason(), SavedErrorReason::Torn));
    let twice = [text.as_slice(), &text].concat();
    assert!(matches!(refusal(&path, &twice).reason(), SavedErrorReason::Torn));
}

#[test]
fn a_file_with_one_changed_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let text = std::fs::read(&path).unwrap();
    // In memory file systems this is quick; the first bytes, which say what the file is, get every value.
    for at in 0..text.len() {
        let changes: Vec<u8> =
            if at < 24 { (1..=u8::MAX).collect() } else { vec![1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff] };
        for change in changes {
            let mut damaged = text.clone();
            damaged[at] ^= change;
            let error = refusal(&path, &damaged);
            let expected = match at {
                0..17 => matches!(error.reason(), SavedErrorReason::Foreign),
                17 => matches!(error.reason(), SavedErrorReason::Version(_) | SavedErrorReason::Torn),
                _ => matches!(error.reason(), SavedErrorReason::Torn | SavedErrorReason::Version(10..)),
            };
            assert!(expected, "byte {at} changed by {change:#x}: {error}");
        }
    }
}

#[test]
fn what_was_not_saved_here_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved");
    saved_to(&path);
    let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
    assert!(matches!(refusal(&path, b"\x7fELF and so on").reason(), SavedErrorReason::Foreign));
    assert!(matches!(refusal(&path, b"fusebox circuits 1\n[]\ncrc32 01234567\n").reason(), SavedErrorReason::Torn));
    assert!(matches!(
        refusal(&path, &checked("fusebox circuits 1\n[]\ncrc32 01234567\n")).reason(),
        SavedErrorReason::Foreign
    ));
    let newer = checked(&text.replacen("circuits 1", "circuits 2", 1));
    assert!(matches!(refusal(&path, &newer).reason(), SavedErrorReason::Version(2)));
    let faster = checked(&text.replacen("\"hz\":1000", "\"hz\":32768", 1));
    assert!(matches!(refusal(&path, &faster).reason(), SavedErrorReason::ClockRate(32_768)));
    let error = refusal(&path, &checked(&text.replacen("::MaxFailures", "::Another", 1)));
    assert!(matches!(error.reason(), SavedErrorReason::Policy(name) if name.ends_with("::Another")));
    let impossible = checked(&text.replacen("\"snapshot\":[1,", "\"snapshot\":[2,", 1));
    assert!(matches!(refusal(&path, &impossible).reason(), SavedErrorReason::Snapshot { line: 3, .. }));

    // Keys of another type, the last of them in a set that has room for it already.
    set::<u32>().save(&path).unwrap();
    assert_eq!(set::<String>().restore(&path).unwrap().circuits, 0);
    let numbers = set::<u32>();
    numbers.handle(&7).unwrap().open();
    numbers.save(&path).unwrap();
    let error = refusal(&path, &std::fs::read(&path).unwrap());
    assert!(
        matches!(error.reason(), SavedErrorReason::Key { line: 3, source } if source.to_string().contains("expected a string"))
    );

    // A file that would not go into memory, and is another's by its first bytes.
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(set::<String>().restore(&path).unwrap_err().reason(), SavedErrorReason::Foreign));

    // A first start, and a path that cannot be read.
    assert_eq!(set::<String>().restore(folder.path().join("none")).unwrap(), Restored::default());
    assert!(matches!(set::<String>().restore(folder.path()).unwrap_err().reason(), SavedErrorReason::Io(_)));
}
