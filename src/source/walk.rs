//! Paths → the files that they mean, visited in parallel. A file is visited because it was named; a directory is walked
//! as git sees it. Opens no file: what is in it is for the visitor to read.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{FileId, SourceError};

/// Which files of a directory are visited. A file that was named itself always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// `*.yaml`, `*.yml` and `*.json`, in any case.
    Manifests,
    /// Every file.
    Everything,
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visited {
    /// What reports call it: relative to the working directory where it lies below it, with `/`, without a leading
    /// `./`. What of it is not Unicode is replaced.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Visited {
    /// Whether it has a manifest's name, or none that says otherwise: `/dev/fd/63` is what a shell gives to `<(…)`.
    #[must_use]
    pub fn may_be_manifest(&self) -> bool {
        has_manifest_name(&self.path) || self.path.extension().is_none()
    }

    fn of(path: &Path) -> Self {
        let path = path.strip_prefix(".").ok().filter(|path| !path.as_os_str().is_empty()).unwrap_or(path);
        let name = path.display().to_string();
        Self { name: if cfg!(windows) { name.replace('\\', "/") } else { name }, path: path.to_owned() }
    }
}

/// Calls `visit` once for every file that `paths` mean, on as many threads as there are processors. Each thread has a
/// buffer of its own, for [`super::read_into`]; it is never cleared. Gives what the visits came to, and what could not
/// be visited, each in the order of the names.
///
/// A directory is walked as git sees it: what `.gitignore`, `.git/info/exclude` and the user's global ignore file
/// exclude is left out, and so is `.git`; other names that begin with a dot are no exception. Outside of git's work
/// trees `.gitignore` counts all the same. Symbolic links in it are not followed, and pipes, sockets and devices are
/// not visited.
///
/// ```no_run
/// use delegate_mtls::source::{Select, read_into, walk};
///
/// let (lengths, errors) = walk(&["clusters".into()], Select::Manifests, |file, buffer| {
///     let read = read_into(&file.path, buffer);
///     Some((file.name.clone(), read.map(|()| buffer.len())))
/// });
/// ```
pub fn walk<T: Send>(
    paths: &[PathBuf],
    select: Select,
    visit: impl Fn(&Visited, &mut Vec<u8>) -> Option<T> + Sync,
) -> (Vec<T>, Vec<SourceError>) {
    let (walkers, mut errors) = walkers(paths);
    let (sender, receiver) = mpsc::channel();
    let seen = Mutex::new(HashSet::new());
    for walker in walkers {
        walker.build_parallel().run(|| {
            let (sender, seen, visit) = (sender.clone(), &seen, &visit);
            let mut buffer = Vec::new();
            Box::new(move |entry| {
                let found = match entry {
                    Ok(entry) if is_wanted(&entry, select) => {
                        let file = Visited::of(entry.path());
                        let is_new = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone());
                        let result = if is_new { visit(&file, &mut buffer) } else { None };
                        result.map(|result| Ok((file, result)))
                    }
                    Ok(_) => None,
                    Err(error) => unwalkable(error).map(Err),
                };
                if let Some(found) = found {
                    // cannot fail: the receiver outlives the walk
                    let _ = sender.send(found);
                }
                WalkState::Continue
            })
        });
    }
    drop(sender);
    let mut results = Vec::new();
    for found in receiver {
        match found {
            Ok(result) => results.push(result),
            Err(error) => errors.push(error),
        }
    }
    results.sort_by(|(a, _), (b, _)| a.cmp(b));
    errors.sort_by(|a, b| a.name().cmp(b.name()));
    errors.dedup_by(|a, b| a.name() == b.name());
    (results.into_iter().map(|(_, result)| result).collect(), errors)
}

/// The walks to take, and the paths that lead nowhere. Whatever has two names in `paths` is walked under the first.
fn walkers(paths: &[PathBuf]) -> (Vec<WalkBuilder>, Vec<SourceError>) {
    let here = env::current_dir().ok();
    let (mut inside, mut outside, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for path in paths {
        let path = shown(path, here.as_deref());
        let found = fs::metadata(&path).and_then(|metadata| Ok((FileId::of(&path, &metadata)?, metadata.is_dir())));
        match found {
            Err(cause) => errors.push(SourceError::at(&path, cause)),
            Ok((id, is_directory)) => {
                if seen.insert(id) {
                    let walked = if is_directory && !is_in_work_tree(&path) { &mut outside } else { &mut inside };
                    walked.push(path);
                }
            }
        }
    }
    // In a work tree the `.gitignore` files above its root do not count; that takes a `.git` to tell where it is.
    let walkers = [(inside, true), (outside, false)].into_iter().filter(|(paths, _)| !paths.is_empty());
    (walkers.map(|(paths, require_git)| walker(&paths, require_git)).collect(), errors)
}

fn walker(paths: &[PathBuf], require_git: bool) -> WalkBuilder {
    let mut walker = WalkBuilder::empty();
    for path in paths {
        // the crate's own name for standard input
        walker.add(if path == Path::new("-") { Path::new("./-") } else { path });
    }
    // `.ignore` is for search tools: what git has, a cluster may get
    walker.hidden(false).ignore(false).require_git(require_git);
    walker.filter_entry(|entry| entry.file_name() != ".git");
    walker
}

fn is_in_work_tree(directory: &Path) -> bool {
    fs::canonicalize(directory).is_ok_and(|path| path.ancestors().any(|above| above.join(".git").exists()))
}

fn is_wanted(entry: &DirEntry, select: Select) -> bool {
    let kind = entry.file_type();
    if entry.depth() == 0 {
        return kind.is_some_and(|kind| !kind.is_dir());
    }
    kind.is_some_and(|kind| kind.is_file()) && (select == Select::Everything || has_manifest_name(entry.path()))
}

/// Whether a name ends as those of manifests do.
fn has_manifest_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
}

/// A directory that cannot be listed. Not a `.gitignore` that cannot be used (it has no depth): git goes on, too.
fn unwalkable(error: ignore::Error) -> Option<SourceError> {
    error.depth()?;
    let path = path_of(&error)?.to_owned();
    Some(SourceError::at(&Visited::of(&path).path, error.into_io_error()?))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

/// `path` without what means nothing, and relative to `here` where it lies below.
fn shown(path: &Path, here: Option<&Path>) -> PathBuf {
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let climbs = plain.components().any(|part| part == Component::ParentDir);
    let below = |path: &Path, here: &Path| path.strip_prefix(here).ok().map(Path::to_owned);
    let relative = match here {
        _ if path.as_os_str().is_empty() => return PathBuf::new(),
        _ if plain.is_relative() && !climbs => None,
        // where `..` leads behind a symbolic link, and where the working directory has two names, only the system knows
        Some(here) => (if climbs { None } else { below(&plain, here) })
            .or_else(|| below(&resolved(&plain)?, &fs::canonicalize(here).ok()?)),
        None => None,
    };
    let shown = relative.unwrap_or(plain);
    if shown.as_os_str().is_empty() { PathBuf::from(".") } else { shown }
}

/// The path without a symbolic link in it; but that of a file keeps its last name, which was asked for.
fn resolved(path: &Path) -> Option<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !path.is_dir() => Some(fs::canonicalize(parent).ok()?.join(name)),
        _ => fs::canonicalize(path).ok(),
    }
}

#[cfg(test)]
mod tests;
