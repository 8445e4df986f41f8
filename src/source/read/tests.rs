use super::error::size;
use super::*;
use std::io::{self, Write};
use std::path::PathBuf;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn error_of(bytes: &[u8]) -> String {
    let file = file(bytes);
    let error = read_file(file.path()).unwrap_err();
    assert!(error.help().is_some());
    error.to_string().replace(&file.path().display().to_string(), "x.yaml")
}

#[test]
fn keeps_every_byte() {
    for text in ["\u{feff}a: 1\r\n", "a: ü", "---\n...\n", "a: 1\n\n\n", "a"] {
        assert_eq!(read_file(file(text.as_bytes()).path()).unwrap().text, text);
    }
}

#[test]
fn debug_shows_no_text() {
    let source = read_file(file(b"DELEGATE_TOKEN: c2VjcmV0").path()).unwrap();
    assert!(!format!("{source:?}").contains("c2VjcmV0"));
}

#[test]
fn a_missing_file_a_directory_and_a_dangling_link_each_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let name = |name: &str| dir.path().join(name);
    let said = |path: PathBuf| {
        let error = read_file(&path).unwrap_err();
        assert_eq!(error.to_string(), read_bytes(&path, 10).unwrap_err().to_string());
        error.to_string().replace(&format!("{}/", dir.path().display()), "")
    };
    assert_eq!(said(name("missing.yaml")), "missing.yaml: no such file");
    fs::create_dir(name("dir")).unwrap();
    assert_eq!(said(name("dir")), "dir: is a directory, not a file");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("gone.yaml", name("link")).unwrap();
        assert_eq!(said(name("link")), "link: is a symbolic link to `gone.yaml`, which does not exist");
        std::os::unix::fs::symlink("loop", name("loop")).unwrap();
        assert_eq!(said(name("loop")), "loop: cannot be read: too many levels of symbolic links");
    }
    fs::File::create(name("plain")).unwrap();
    assert_eq!(said(name("plain/below")), format!("plain/below: cannot be read: {}", "not a directory"));
}

#[test]
#[cfg(unix)]
fn an_unreadable_file_says_permission_denied() {
    use std::os::unix::fs::PermissionsExt;
    let file = file(b"a: 1\n");
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o0)).unwrap();
    // the superuser may read everything: then the answer is the text
    match File::open(file.path()) {
        Ok(_) => assert!(read_file(file.path()).is_ok()),
        Err(_) => assert!(matches!(read_file(file.path()), Err(SourceError::Permission { .. }))),
    }
    let cause = io::Error::from(io::ErrorKind::PermissionDenied);
    assert_eq!(SourceError::at(Path::new("x.yaml"), cause).to_string(), "x.yaml: permission denied");
}

#[test]
#[cfg(unix)]
fn help_with_a_directory_opens_it_and_help_with_a_file_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("closed")).unwrap();
    fs::File::create(at("x.yaml")).unwrap();
    std::os::unix::fs::symlink("closed/gone", at("link")).unwrap();
    let help = |name: &str| {
        let error = SourceError::at(&at(name), io::ErrorKind::PermissionDenied.into());
        error.help().unwrap().replace(&format!("{}/", folder.path().display()), "")
    };
    let opens = |what: &str| format!("let yourself read it: `chmod {what}`, or run as its owner");
    assert_eq!(help("x.yaml"), opens("u+r x.yaml"));
    assert_eq!(help("closed"), opens("u+rx closed"));
    // nothing in it can be seen, so what keeps us out is the last that can
    assert_eq!(help("closed/a/b.yaml"), opens("u+rx closed"));
    assert_eq!(help("link"), opens("u+r link"));
}

#[test]
fn blank_input_is_an_error() {
    for blank in ["", "\n", " \t\r\n\n", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(error_of(blank.as_bytes()), "x.yaml: is empty", "{blank:?}");
    }
}

#[test]
fn names_utf_16_with_and_without_a_byte_order_mark() {
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    for bytes in [little("\u{feff}a: 1"), big("\u{feff}a: 1"), little("a: 1"), big("a: 1")] {
        assert_eq!(error_of(&bytes), "x.yaml: is UTF-16 text, not UTF-8");
    }
}

#[test]
fn places_the_first_byte_that_is_not_utf_8() {
    assert_eq!(error_of(b"\xe9"), "x.yaml:1:1: byte 0xe9 is not valid UTF-8");
    assert_eq!(error_of(b"a: 1\nb: \xc3\xbc\xff"), "x.yaml:2:5: byte 0xff is not valid UTF-8");
    assert_eq!(error_of(b"\xef\xbb\xbfa\xff\xfe"), "x.yaml:1:2: byte 0xff is not valid UTF-8");
    assert_eq!(error_of(b"a\r\n\xe2\x82"), "x.yaml:2:1: byte 0xe2 is not valid UTF-8");
}

#[test]
fn a_terminal_is_refused_and_a_pipe_is_read() {
    let piped = file(b"a: 1\n");
    let source = read_stdin(piped.reopen().unwrap()).unwrap();
    assert_eq!((source.name.as_str(), source.text.as_str()), ("<stdin>", "a: 1\n"));
    assert!(source.is_stdin() && source.file_id().is_none());
    let empty = read_stdin(file(b"").reopen().unwrap()).unwrap_err();
    assert_eq!(empty.to_string(), "<stdin>: is empty");
    assert!(empty.help().unwrap().contains("pipe"));
    #[cfg(target_os = "linux")]
    {
        let terminal = File::open("/dev/ptmx").unwrap();
        let error = read_stdin(terminal).unwrap_err();
        assert_eq!(error.to_string(), "<stdin>: is a terminal, and no file was named");
    }
}

/// Counts what was asked of it, and never ends.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = buffer.len().min(1000);
        buffer[..some].fill(b'a');
        self.0 += some as u64;
        Ok(some)
    }
}

#[test]
fn never_reads_more_than_one_byte_over_the_limit() {
    for limit in [0, 1, 31, 8191, 8192, 100_000] {
        let mut endless = Endless(0);
        let error = bounded(&mut endless, 0, limit, "x.yaml").unwrap_err();
        assert!(matches!(error, SourceError::TooLarge { .. }));
        assert_eq!(endless.0, limit + 1);
    }
}

#[test]
fn reads_up_to_the_limit_whatever_length_was_expected() {
    for length in [0, 1, 31, 32, 33, 8191, 8192, 8193, 20_000] {
        let bytes = vec![b'a'; length];
        for expected in [0, length as u64 / 2, length as u64] {
            let read = bounded(bytes.as_slice(), expected, length as u64, "x").unwrap();
            assert_eq!(read.len(), length);
        }
        if length > 0 {
            assert!(bounded(bytes.as_slice(), 0, length as u64 - 1, "x").is_err());
        }
    }
}

#[test]
fn a_buffer_serves_for_many_files() {
    let mut buffer = Vec::new();
    for text in ["a longer text", "", "short"] {
        read_into(file(text.as_bytes()).path(), &mut buffer).unwrap();
        assert_eq!(buffer, text.as_bytes());
    }
    let dir = tempfile::tempdir().unwrap();
    let error = read_into(&dir.path().join("missing"), &mut buffer).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: no such file", error.name()));
    assert!(buffer.is_empty());
}

#[test]
fn a_size_over_the_limit_is_told_in_round_numbers() {
    let file = file(&[b'a'; 2049]);
    let error = read_bytes(file.path(), 2048).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: is larger than 2 KiB", file.path().display()));
    assert_eq!([size(MAX_BYTES), size(10)], ["256 MiB", "10 bytes"]);
    #[cfg(target_os = "linux")]
    assert!(matches!(read_bytes(Path::new("/dev/zero"), 4096), Err(SourceError::TooLarge { .. })));
}
