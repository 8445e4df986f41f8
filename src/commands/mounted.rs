//! The paths of the pair as a docker-compose file names them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::plan::Files;
use crate::report::Message;
use crate::source::{self, Source};

/// The files of a pair, relative to the folder of the docker-compose file, as docker-compose takes paths. `output` is
/// where the result goes, if that is another file. What was typed as an absolute path stays one, and so does what was
/// typed where the docker-compose file's folder is not known.
pub(super) fn files(cert: &Path, key: &Path, source: &Source, output: Option<&Path>) -> Result<Files, Message> {
    let output = output.filter(|output| source::is_regular(output) || !output.exists());
    let file = output.or((!source.is_stdin()).then(|| Path::new(&source.name)));
    let folder = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let written = |path: &Path| {
        let found = match folder {
            Some(folder) if path.is_relative() => between(folder, path).unwrap_or_else(|| path.to_owned()),
            _ => path.to_owned(),
        };
        match found.to_str() {
            Some(text) if !text.contains(char::is_control) => Ok(with_dot(text)),
            _ => Err(Message::error(
                format!(
                    "{}: a path that is not plain text cannot be written into a docker-compose file",
                    path.display()
                ),
                Some("give the file another name".to_owned()),
            )),
        }
    };
    Ok(Files { certificate: written(cert)?, key: written(key)? })
}

/// docker-compose takes what does not begin so for the name of a volume.
fn with_dot(path: &str) -> String {
    let is_path = ["/", "./", "../"].iter().any(|start| path.starts_with(start));
    if is_path { path.to_owned() } else { format!("./{path}") }
}

/// The way from a folder to a file; the file itself may be a link, and stays one.
fn between(folder: &Path, file: &Path) -> Option<PathBuf> {
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (from, to) = (fs::canonicalize(folder).ok()?, fs::canonicalize(above).ok()?);
    Some(way(&from, &to).join(file.file_name()?))
}

/// The way from one absolute folder to another.
fn way(from: &Path, to: &Path) -> PathBuf {
    let mut from = from.components().peekable();
    let mut to = to.components().peekable();
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| Component::ParentDir);
    up.chain(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_no_further_than_it_must() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", ""),
            ("/a/b", "/a/b/c", "c"),
            ("/a/b", "/a/c", "../c"),
            ("/a", "/", ".."),
            ("/", "/a", "a"),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected), "{from} {to}");
        }
    }

    #[test]
    fn a_path_of_docker_compose_begins_with_a_dot_or_a_slash() {
        for (path, expected) in [("a", "./a"), ("./a", "./a"), ("../a", "../a"), ("/a", "/a"), (".a", "./.a")] {
            assert_eq!(with_dot(path), expected);
        }
    }
}
