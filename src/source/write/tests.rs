use super::super::{read_file, read_stdin};
use super::*;
use std::ffi::OsString;

/// A directory with one file `x.yaml` that holds `old\n`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("x.yaml", "old\n");
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        File::create(self.at(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// Everything in the directory: no test may find a temporary file here.
    fn names(&self) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    /// The message without this directory's own path.
    fn said(&self, error: &ReplaceError) -> String {
        let real = fs::canonicalize(self.0.path()).unwrap();
        let text = error.to_string();
        let name = format!("{}/", self.0.path().display());
        let text = match text.strip_prefix(&name) {
            Some(rest) => rest.to_owned(),
            None => text.replace(&name, ""),
        };
        text.replace(&real.display().to_string(), "DIR")
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Both steps in one.
fn replace(path: &Path, bytes: &[u8], new: NewFile) -> Result<Written, ReplaceError> {
    stage(path, bytes, new)?.commit()
}

#[test]
fn replaces_the_content_and_leaves_nothing_else() {
    let place = Place::new();
    let source = read_file(&place.at("x.yaml")).unwrap();
    source.stage(b"new\n").unwrap().commit().unwrap();
    assert_eq!(place.read("x.yaml"), "new\n");
    assert_eq!(place.names(), ["x.yaml"]);
}

#[test]
fn staged_but_not_committed_is_as_if_nothing_had_been() {
    let place = Place::new();
    let staged = read_file(&place.at("x.yaml")).unwrap().stage(b"new\n").unwrap();
    assert_eq!((place.names().len(), place.read("x.yaml").as_str()), (2, "old\n"));
    drop(staged);
    assert_eq!((place.names().len(), place.read("x.yaml").as_str()), (1, "old\n"));
}

#[test]
#[cfg(unix)]
fn follows_a_chain_of_links_and_keeps_them() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    fs::create_dir(place.at("real")).unwrap();
    fs::rename(place.at("x.yaml"), place.at("real/x.yaml")).unwrap();
    symlink("real/x.yaml", place.at("first")).unwrap();
    symlink("first", place.at("second")).unwrap();
    read_file(&place.at("second")).unwrap().stage(b"new\n").unwrap().commit().unwrap();
    assert_eq!(place.read("real/x.yaml"), "new\n");
    assert_eq!(fs::read_link(place.at("second")).unwrap(), Path::new("first"));
    assert_eq!(fs::read_link(place.at("first")).unwrap(), Path::new("real/x.yaml"));
    assert_eq!(fs::read_dir(place.at("real")).unwrap().count(), 1);
    replace(&place.at("second"), b"newer\n", NewFile::Private).unwrap();
    assert_eq!(place.read("real/x.yaml"), "newer\n");
    assert!(place.at("second").is_symlink());
}

#[test]
#[cfg(unix)]
fn keeps_the_mode_and_says_whether_others_can_read() {
    let place = Place::new();
    for (wanted, others) in [(0o600, false), (0o640, true), (0o604, true), (0o755, true), (0o620, false)] {
        set_mode(&place.at("x.yaml"), wanted);
        let written = replace(&place.at("x.yaml"), b"new\n", NewFile::Private).unwrap();
        assert_eq!((mode(&place.at("x.yaml")), written.readable_by_others), (wanted, others), "{wanted:o}");
    }
}

#[test]
#[cfg(unix)]
fn keeps_owner_and_group_where_it_may() {
    use std::os::unix::fs::{MetadataExt, chown};
    let place = Place::new();
    // only the superuser can make the case; anybody else keeps their own, which is the same claim
    let given_away = chown(place.at("x.yaml"), Some(12345), Some(54321)).is_ok();
    set_mode(&place.at("x.yaml"), 0o640);
    let before = fs::metadata(place.at("x.yaml")).unwrap();
    replace(&place.at("x.yaml"), b"new\n", NewFile::Private).unwrap();
    let after = fs::metadata(place.at("x.yaml")).unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    assert!(!given_away || after.uid() == 12345);
}

#[test]
#[cfg(unix)]
fn a_new_file_with_a_key_is_private_from_its_first_moment() {
    let place = Place::new();
    let staged = stage(&place.at("secret.yaml"), b"key\n", NewFile::Private).unwrap();
    let Target::Create { temporary, .. } = &staged.target else { panic!("{staged:?}") };
    assert_eq!(mode(temporary), 0o600);
    assert!(!staged.commit().unwrap().readable_by_others);
    assert_eq!(mode(&place.at("secret.yaml")), 0o600);
}

#[test]
#[cfg(unix)]
fn an_ordinary_new_file_has_the_mode_any_program_would_give_it() {
    let place = Place::new();
    replace(&place.at("new.yaml"), b"new\n", NewFile::Ordinary).unwrap();
    assert_eq!(mode(&place.at("new.yaml")), mode(&place.at("x.yaml")));
}

#[test]
fn a_path_without_a_directory_means_the_current_one() {
    assert_eq!(directory_of(Path::new("x.yaml")), Path::new("."));
    assert_eq!(directory_of(Path::new("a/x.yaml")), Path::new("a"));
    assert_eq!(directory_of(Path::new("/x.yaml")), Path::new("/"));
    let name = format!("delegate-mtls-test-{}.yaml", std::process::id());
    let staged = stage(Path::new(&name), b"new\n", NewFile::Private).unwrap();
    let Target::Create { real, .. } = &staged.target else { panic!("{staged:?}") };
    assert_eq!(*real, fs::canonicalize(".").unwrap().join(&name));
}

#[test]
fn a_directory_and_a_missing_directory_are_refused() {
    let place = Place::new();
    fs::create_dir(place.at("dir")).unwrap();
    let said = |path: &str| place.said(&stage(&place.at(path), b"", NewFile::Private).unwrap_err());
    assert_eq!(said("dir"), "dir: is a directory, not a regular file");
    assert_eq!(said("no/x.yaml"), "no/x.yaml: there is no directory `DIR/no`");
    assert_eq!(place.names(), ["dir", "x.yaml"]);
}

#[test]
#[cfg(unix)]
fn a_dangling_link_is_refused_rather_than_filled_or_replaced() {
    let place = Place::new();
    std::os::unix::fs::symlink("gone", place.at("link")).unwrap();
    let error = stage(&place.at("link"), b"new\n", NewFile::Private).unwrap_err();
    assert_eq!(place.said(&error), "link: is a symbolic link to `gone`, which does not exist");
    assert_eq!(place.names(), ["link", "x.yaml"]);
}

#[test]
#[cfg(unix)]
fn a_protected_file_or_directory_is_refused_unless_we_are_the_superuser() {
    let place = Place::new();
    fs::create_dir(place.at("dir")).unwrap();
    place.write("dir/x.yaml", "old\n");
    set_mode(&place.at("x.yaml"), 0o444);
    set_mode(&place.at("dir"), 0o555);
    let superuser = OpenOptions::new().write(true).open(place.at("x.yaml")).is_ok();
    let said =
        |path: &str| stage(&place.at(path), b"new\n", NewFile::Private).map(drop).map_err(|error| place.said(&error));
    let file = said("x.yaml");
    let directory = said("dir/x.yaml");
    set_mode(&place.at("dir"), 0o755);
    if superuser {
        assert_eq!((file, directory), (Ok(()), Ok(())));
    } else {
        assert_eq!(file.unwrap_err(), "x.yaml: is write-protected: permission denied");
        assert_eq!(
            directory.unwrap_err(),
            "dir/x.yaml: no file can be made in its directory `DIR/dir`: permission denied"
        );
    }
    assert_eq!((place.read("x.yaml"), place.read("dir/x.yaml")), ("old\n".to_owned(), "old\n".to_owned()));
}

#[test]
fn a_change_between_reading_and_staging_is_noticed_even_when_length_and_time_agree() {
    let place = Place::new();
    let source = read_file(&place.at("x.yaml")).unwrap();
    let time = fs::metadata(place.at("x.yaml")).unwrap().modified().unwrap();
    place.write("x.yaml", "odd\n");
    OpenOptions::new().write(true).open(place.at("x.yaml")).unwrap().set_modified(time).unwrap();
    let error = source.stage(b"new\n").unwrap_err();
    assert_eq!(place.said(&error), "x.yaml: has changed since it was read");
    assert_eq!(error.help().unwrap(), "nothing was written to it; run again");
    assert_eq!((place.names().len(), place.read("x.yaml").as_str()), (1, "odd\n"));
}

#[test]
fn a_change_between_staging_and_commit_is_noticed() {
    for change in ["longer than before\n", "gone", "moved"] {
        let place = Place::new();
        let staged = read_file(&place.at("x.yaml")).unwrap().stage(b"new\n").unwrap();
        match change {
            "gone" => fs::remove_file(place.at("x.yaml")).unwrap(),
            "moved" => {
                place.write("other", "old\n");
                fs::rename(place.at("other"), place.at("x.yaml")).unwrap();
            }
            text => place.write("x.yaml", text),
        }
        let error = staged.commit().unwrap_err();
        assert_eq!(place.said(&error), "x.yaml: has changed since it was read", "{change}");
        assert!(place.names().len() <= 1);
    }
}

#[test]
fn a_file_that_appears_meanwhile_is_not_overwritten() {
    let place = Place::new();
    let staged = stage(&place.at("new.yaml"), b"new\n", NewFile::Private).unwrap();
    place.write("new.yaml", "theirs\n");
    let error = staged.commit().unwrap_err();
    assert_eq!(place.said(&error), "new.yaml: has come into being since we looked");
    assert_eq!((place.names().len(), place.read("new.yaml").as_str()), (2, "theirs\n"));
}

#[test]
fn several_files_change_together_or_not_at_all() {
    let place = Place::new();
    place.write("y.yaml", "old\n");
    let staged = |name: &str| read_file(&place.at(name)).unwrap().stage(b"new\n").unwrap();
    let both = vec![staged("x.yaml"), staged("y.yaml")];
    place.write("y.yaml", "changed\n");
    assert_eq!(place.said(&commit_all(both).unwrap_err()), "y.yaml: has changed since it was read");
    assert_eq!(place.read("x.yaml"), "old\n");
    let both = vec![staged("x.yaml"), staged("y.yaml")];
    let written = commit_all(both).unwrap();
    assert_eq!((written.len(), place.read("x.yaml"), place.read("y.yaml")), (2, "new\n".into(), "new\n".into()));
    assert_eq!(place.names(), ["x.yaml", "y.yaml"]);
}

#[test]
fn a_failure_halfway_names_what_is_done() {
    let place = Place::new();
    let twice = vec![
        stage(&place.at("a.yaml"), b"1\n", NewFile::Ordinary).unwrap(),
        stage(&place.at("a.yaml"), b"2\n", NewFile::Ordinary).unwrap(),
    ];
    let error = commit_all(twice).unwrap_err();
    let ReplaceError::Partly { written, .. } = &error else { panic!("{error}") };
    assert_eq!(written.len(), 1);
    assert!(place.said(&error).starts_with("a.yaml: has come into being since we looked (already written: "));
}

#[test]
fn stdin_cannot_be_staged() {
    let place = Place::new();
    let source = read_stdin(File::open(place.at("x.yaml")).unwrap()).unwrap();
    assert_eq!(source.stage(b"new\n").unwrap_err().to_string(), "<stdin>: cannot be edited in place");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    let written = replace(Path::new("/dev/null"), b"new\n", NewFile::Private).unwrap();
    assert!(!written.readable_by_others);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let error = replace(Path::new("/dev/full"), b"new\n", NewFile::Private).unwrap_err();
    assert_eq!(error.to_string(), "/dev/full: cannot be written: no space left on device");
    let source = Source {
        name: "/dev/null".into(),
        text: "x".into(),
        origin: Origin::File { path: "/dev/null".into(), id: None },
    };
    assert_eq!(source.stage(b"").unwrap_err().to_string(), "/dev/null: is a device, not a regular file");
}

#[test]
#[cfg(unix)]
fn a_socket_is_refused() {
    let place = Place::new();
    let _socket = std::os::unix::net::UnixListener::bind(place.at("socket")).unwrap();
    let error = stage(&place.at("socket"), b"", NewFile::Private).unwrap_err();
    assert_eq!(place.said(&error), "socket: is a socket, not a regular file");
}

#[test]
#[cfg(unix)]
fn a_pipe_whose_reader_goes_away_is_a_broken_pipe() {
    let (reader, writer) = io::pipe().unwrap();
    let writer = fs::File::from(std::os::fd::OwnedFd::from(writer));
    let staged = direct("pipe".to_owned(), Box::new(writer), b"new\n");
    drop(reader);
    let error = staged.commit().unwrap_err();
    assert!(error.is_broken_pipe(), "{error}");
}
