use super::*;
use crate::source::read_into;
use std::io::Write as _;

/// A folder of files, each of which holds its own name.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[&str]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for file in files {
            tree.file(file, file);
        }
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
        self
    }

    /// Names of the visited files and the errors, both without the folder's own name.
    fn walk(&self, paths: &[&str], select: Select) -> (Vec<String>, Vec<String>) {
        let paths: Vec<PathBuf> = paths.iter().map(|path| self.path(path)).collect();
        let (names, errors) = walk(&paths, select, |file, _| Some(file.name.clone()));
        (self.without_folder(names), self.without_folder(errors.iter().map(SourceError::to_string).collect()))
    }

    fn without_folder(&self, texts: Vec<String>) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        texts.into_iter().map(|text| text.replace('\\', "/").replace(&folder.replace('\\', "/"), "")).collect()
    }

    fn names(&self, paths: &[&str], select: Select) -> Vec<String> {
        let (names, errors) = self.walk(paths, select);
        assert_eq!(errors, [""; 0]);
        names
    }
}

#[test]
fn a_directory_gives_its_manifests_whatever_the_case_of_their_extension() {
    let files = ["a.yaml", "b/c/d.YML", "b/e.json", "f.Yaml", "g.txt", "yaml", "h.yaml.bak"];
    let tree = Tree::new(&files);
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml", "b/c/d.YML", "b/e.json", "f.Yaml"]);
}

#[test]
fn everything_is_every_file() {
    let tree = Tree::new(&["a.yaml", "b/c.pem", "Makefile"]);
    assert_eq!(tree.names(&["."], Select::Everything), ["Makefile", "a.yaml", "b/c.pem"]);
}

#[test]
fn a_named_file_is_visited_whatever_its_name_and_whoever_ignores_it() {
    let tree = Tree::new(&["a.txt", "ignored.yaml", "other.yaml"]);
    tree.file(".gitignore", "*.yaml\n");
    assert_eq!(tree.names(&["ignored.yaml", "a.txt"], Select::Manifests), ["a.txt", "ignored.yaml"]);
}

#[test]
fn what_gitignore_excludes_is_left_out_with_and_without_git() {
    let tree = Tree::new(&["a.yaml", "build/b.yaml", "c/keep.yaml", "c/skip.yaml"]);
    tree.file(".gitignore", "build/\n").file("c/.gitignore", "*.yaml\n!keep.yaml\n");
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml", "c/keep.yaml"]);
    fs::create_dir(tree.path(".git")).unwrap();
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml", "c/keep.yaml"]);
    assert_eq!(tree.names(&["c"], Select::Manifests), ["c/keep.yaml"]);
}

#[test]
fn a_gitignore_above_the_named_directory_counts_up_to_the_root_of_the_work_tree() {
    let tree = Tree::new(&["repository/b/c.yaml", "repository/b/skip.yaml", "plain/a.yaml"]);
    tree.file(".gitignore", "*.yaml\n").file("repository/.gitignore", "skip.yaml\n");
    fs::create_dir(tree.path("repository/.git")).unwrap();
    assert_eq!(tree.names(&["repository/b"], Select::Manifests), ["repository/b/c.yaml"]);
    assert_eq!(tree.names(&["plain"], Select::Manifests), [""; 0]);
    assert_eq!(tree.names(&["plain", "repository"], Select::Manifests), ["repository/b/c.yaml"]);
}

#[test]
fn what_a_work_tree_excludes_for_itself_is_left_out() {
    let tree = Tree::new(&["a.yaml", "b.yaml"]);
    tree.file(".git/info/exclude", "b.yaml\n");
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml"]);
}

#[test]
fn a_named_directory_is_walked_although_it_is_ignored() {
    let tree = Tree::new(&["ignored/a.yaml", "b.yaml"]);
    tree.file(".gitignore", "ignored/\n");
    assert_eq!(tree.names(&["."], Select::Manifests), ["b.yaml"]);
    assert_eq!(tree.names(&["ignored"], Select::Manifests), ["ignored/a.yaml"]);
    assert_eq!(tree.names(&[".", "ignored"], Select::Manifests), ["b.yaml", "ignored/a.yaml"]);
}

#[test]
fn ignore_files_of_search_tools_mean_nothing() {
    let tree = Tree::new(&["a.yaml"]);
    tree.file(".ignore", "*.yaml\n").file(".rgignore", "*.yaml\n");
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml"]);
}

#[test]
fn a_gitignore_that_is_nonsense_hides_nothing_and_is_no_error() {
    let tree = Tree::new(&["a.yaml", "b.yaml"]);
    tree.file(".gitignore", "[z-a\nb.yaml\n");
    assert_eq!(tree.names(&["."], Select::Manifests), ["a.yaml"]);
    fs::create_dir(tree.path("c")).unwrap();
    tree.file("c/d.yaml", "");
    assert_eq!(tree.names(&["c"], Select::Manifests), ["c/d.yaml"]);
}

#[test]
fn names_with_a_dot_are_walked_and_those_of_git_are_not() {
    let tree = Tree::new(&[".harness/a.yaml", ".b.yaml", ".git/c.yaml", "d/.git/e.yaml", ".github/f.yml"]);
    assert_eq!(tree.names(&["."], Select::Manifests), [".b.yaml", ".github/f.yml", ".harness/a.yaml"]);
    assert_eq!(tree.names(&[".git"], Select::Manifests), [".git/c.yaml"]);
}

#[test]
fn a_file_that_several_paths_lead_to_is_visited_once() {
    let tree = Tree::new(&["a/x.yaml", "a/b/y.yaml"]);
    let paths = ["a", "a/x.yaml", "./a/x.yaml", "a/", "a/b", "a/b/../x.yaml", "a/b/.."];
    assert_eq!(tree.names(&paths, Select::Manifests), ["a/b/y.yaml", "a/x.yaml"]);
}

#[test]
fn a_path_that_leads_nowhere_is_an_error_and_hides_no_other() {
    let tree = Tree::new(&["a.yaml", "b.yaml"]);
    let (names, errors) = tree.walk(&["missing/", "a.yaml", "gone.yaml", "b.yaml", "missing"], Select::Manifests);
    assert_eq!(names, ["a.yaml", "b.yaml"]);
    assert_eq!(errors, ["gone.yaml: no such file", "missing: no such file"]);
    let (none, errors) = walk(&[PathBuf::new()], Select::Manifests, |file, _| Some(file.name.clone()));
    assert_eq!((none.len(), errors.len()), (0, 1));
}

#[test]
fn no_path_and_an_empty_directory_give_nothing() {
    let tree = Tree::new(&[]);
    assert_eq!(tree.walk(&[], Select::Everything), (Vec::new(), Vec::new()));
    assert_eq!(tree.walk(&["."], Select::Everything), (Vec::new(), Vec::new()));
}

#[test]
fn the_order_is_that_of_the_names_however_many_threads_there_are() {
    let mut files: Vec<String> = (0..500).map(|n| format!("{}/{}.yaml", n % 7, n)).collect();
    let tree = Tree::new(&files.iter().map(String::as_str).collect::<Vec<_>>());
    files.sort();
    assert_eq!(tree.names(&["."], Select::Manifests), files);
}

#[test]
fn the_buffer_holds_one_file_at_a_time() {
    let tree = Tree::new(&["a.yaml", "b/long-name.yaml", "b/c.yaml"]);
    let (read, errors) = walk(&[tree.path(".")], Select::Manifests, |file, buffer| {
        read_into(&file.path, buffer).unwrap();
        let text = String::from_utf8(buffer.clone()).unwrap();
        assert!(file.name.ends_with(&text));
        Some(text)
    });
    assert_eq!(
        (read.as_slice(), errors.len()),
        (["a.yaml", "b/c.yaml", "b/long-name.yaml"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn what_a_visit_gives_nothing_for_is_left_out() {
    let tree = Tree::new(&["a.yaml", "b.yaml"]);
    let (names, _) = walk(&[tree.path(".")], Select::Manifests, |file, _| file.name.ends_with("b.yaml").then_some(()));
    assert_eq!(names.len(), 1);
}

#[test]
fn a_path_is_shown_relative_where_it_lies_below_the_working_directory() {
    let tree = Tree::new(&["here/a/x.yaml", "other.yaml"]);
    let here = fs::canonicalize(tree.path("here")).unwrap();
    let shown = |path: &Path| Visited::of(&super::shown(path, Some(&here))).name;
    for (path, name) in [
        ("x.yaml", "x.yaml"),
        ("./a//x.yaml", "a/x.yaml"),
        ("././a/./x.yaml", "a/x.yaml"),
        ("a/", "a"),
        (".", "."),
        ("-", "-"),
        ("./-", "-"),
        ("../missing/x.yaml", "../missing/x.yaml"),
        ("", ""),
    ] {
        assert_eq!(shown(Path::new(path)), name, "{path}");
    }
    assert_eq!(shown(&here.join("a/x.yaml")), "a/x.yaml");
    assert_eq!(shown(&here.join("a/../a/x.yaml")), "a/x.yaml");
    assert_eq!(shown(&here.join("missing.yaml")), "missing.yaml");
    assert_eq!(shown(&here), ".");
    let other = fs::canonicalize(tree.path("other.yaml")).unwrap();
    assert_eq!(shown(&other), other.display().to_string().replace('\\', "/"));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_in_a_directory_are_not_followed_and_a_named_one_is() {
        let tree = Tree::new(&["a/x.yaml", "outside/y.yaml", "outside/z.yaml"]);
        symlink("..", tree.path("a/loop")).unwrap();
        symlink(tree.path("outside"), tree.path("a/out")).unwrap();
        symlink(tree.path("outside/y.yaml"), tree.path("a/y.yaml")).unwrap();
        assert_eq!(tree.names(&["a"], Select::Everything), ["a/x.yaml"]);
        assert_eq!(tree.names(&["a/y.yaml"], Select::Everything), ["a/y.yaml"]);
        assert_eq!(tree.names(&["a/out"], Select::Everything), ["a/out/y.yaml", "a/out/z.yaml"]);
        // two names of one thing: the first one counts
        assert_eq!(tree.names(&["a/y.yaml", "outside/y.yaml"], Select::Everything), ["a/y.yaml"]);
        assert_eq!(tree.names(&["outside", "a/out"], Select::Everything), ["outside/y.yaml", "outside/z.yaml"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error_where_it_is_named() {
        let tree = Tree::new(&["a/x.yaml"]);
        symlink("gone", tree.path("a/dangling.yaml")).unwrap();
        symlink("round.yaml", tree.path("a/round.yaml")).unwrap();
        assert_eq!(tree.names(&["a"], Select::Manifests), ["a/x.yaml"]);
        let (names, errors) = tree.walk(&["a/round.yaml", "a", "a/dangling.yaml"], Select::Manifests);
        assert_eq!(names, ["a/x.yaml"]);
        assert_eq!(
            errors,
            [
                "a/dangling.yaml: is a symbolic link to `gone`, which does not exist",
                "a/round.yaml: cannot be read: too many levels of symbolic links",
            ]
        );
    }

    #[test]
    fn what_cannot_be_listed_is_an_error_and_hides_no_other() {
        let tree = Tree::new(&["a.yaml", "closed/b.yaml", "c/closed/d.yaml"]);
        let close = |mode| {
            for name in ["closed", "c/closed"] {
                fs::set_permissions(tree.path(name), fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        close(0o000);
        let is_superuser = fs::read_dir(tree.path("closed")).is_ok();
        let (names, errors) = tree.walk(&["."], Select::Manifests);
        close(0o700);
        if is_superuser {
            assert_eq!(names, ["a.yaml", "c/closed/d.yaml", "closed/b.yaml"]);
        } else {
            assert_eq!(names, ["a.yaml"]);
            assert_eq!(errors, ["c/closed: permission denied", "closed: permission denied"]);
        }
    }

    #[test]
    fn an_answer_of_the_walk_about_a_directory_is_worded_as_that_about_a_file() {
        let denied = || ignore::Error::Io(std::io::ErrorKind::PermissionDenied.into());
        let at = |err| ignore::Error::WithPath { path: "./closed".into(), err: Box::new(err) };
        let deep = |err| ignore::Error::WithDepth { depth: 1, err: Box::new(err) };
        let said = |error| unwalkable(error).map(|error| error.to_string());
        assert_eq!(said(deep(at(denied()))).as_deref(), Some("closed: permission denied"));
        assert_eq!(said(at(deep(denied()))).as_deref(), Some("closed: permission denied"));
        assert_eq!(said(at(denied())), None, "of a `.gitignore`");
    }

    #[test]
    fn sockets_and_pipes_in_a_directory_are_skipped_and_a_named_pipe_is_read() {
        let tree = Tree::new(&["a.yaml"]);
        let _socket = std::os::unix::net::UnixListener::bind(tree.path("socket.yaml")).unwrap();
        assert_eq!(tree.names(&["."], Select::Everything), ["a.yaml"]);
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"piped").unwrap();
        drop(writer);
        // what `<(…)` in a shell gives
        let path = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
        let (read, errors) = walk(&[path], Select::Manifests, |file, buffer| {
            read_into(&file.path, buffer).unwrap();
            Some(buffer.clone())
        });
        assert_eq!((read, errors.len()), (vec![b"piped".to_vec()], 0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_that_is_not_unicode_is_shown_with_replacements_and_read_as_it_is() {
        use std::os::unix::ffi::OsStrExt;
        let tree = Tree::new(&[]);
        for (name, text) in [(&b"a\xff.yaml"[..], "one"), (b"a\xfe.yaml", "two")] {
            let path = tree.0.path().join(std::ffi::OsStr::from_bytes(name));
            fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
        }
        assert_eq!(tree.names(&["."], Select::Manifests), ["a\u{fffd}.yaml", "a\u{fffd}.yaml"]);
        let (read, _) = walk(&[tree.path(".")], Select::Manifests, |file, buffer| {
            read_into(&file.path, buffer).unwrap();
            Some(buffer.clone())
        });
        assert_eq!(read, [b"two".to_vec(), b"one".to_vec()]);
    }

    #[test]
    fn a_working_directory_with_two_names_is_one() {
        let tree = Tree::new(&["real/a/x.yaml"]);
        symlink("real", tree.path("link")).unwrap();
        let here = fs::canonicalize(tree.path("real")).unwrap();
        let shown = |path: &str| shown(&tree.path(path), Some(&here)).display().to_string();
        assert_eq!(shown("link/a/x.yaml"), "a/x.yaml");
        assert_eq!(shown("link/a"), "a");
        assert_eq!(shown("link"), ".");
    }
}
