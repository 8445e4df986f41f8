//! Faults that take the superuser, another file system or another program: full disks, protected files and folders, mount
//! points, and what other tools make of the files that a killed run leaves behind.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::fixtures::{Issued, documented, quickstart};
use crate::programs::{Run, delegate_mtls, kubectl_annotate_folder, run};

/// A file system in memory of so many kibibytes, until it is dropped.
struct Disk(TempDir);

impl Disk {
    fn new(kibibytes: usize) -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kibibytes}k,mode=755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        let mounted = mounted.unwrap_or_else(|error| panic!("`mount` is needed (package mount): {error}"));
        let said = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "the superuser's right to mount is needed (CAP_SYS_ADMIN): {said}");
        Disk(folder)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Fills it but for less than a page.
    fn fill(&self) {
        let mut rest = fs::File::create(self.path("filler")).unwrap();
        while std::io::Write::write_all(&mut rest, &[0; 4096]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(self.0.path());
    }
}

fn unmount(path: &Path) {
    let done = Command::new("umount").arg(path).status();
    assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking(), "{} stays mounted", path.display());
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// `inject` in this folder, with the documented pair.
fn inject(more: &[&str], here: &Path) -> Run {
    let mut args = documented().inject();
    args.push("-q".to_owned());
    args.extend(more.iter().map(|&more| more.to_owned()));
    delegate_mtls(&args, b"", here)
}

/// What `inject` makes of the quickstart manifest.
fn injected() -> Vec<u8> {
    delegate_mtls(&documented().inject(), &plain(), Path::new("/")).ended_with(0).stdout
}

fn plain() -> Vec<u8> {
    fs::read(quickstart()).unwrap()
}

#[test]
fn a_full_disk_leaves_every_file_as_it_was_and_none_besides() {
    let disk = Disk::new(64);
    let here = disk.0.path();
    fs::write(disk.path("a.yaml"), plain()).unwrap();
    fs::write(disk.path("b.yaml"), plain()).unwrap();
    fs::write(disk.path("report"), b"old").unwrap();
    disk.fill();
    for (more, file) in [
        (&["-i", "a.yaml", "b.yaml"][..], "a.yaml"),
        (&["a.yaml", "-o", "b.yaml"], "b.yaml"),
        (&["a.yaml", "-o", "new.yaml"], "new.yaml"),
        (&["a.yaml", "--secret-output", "secret.yaml"], "secret.yaml"),
        (&["a.yaml", "-i", "--secret-output", "secret.yaml"], "secret.yaml"),
    ] {
        let run = inject(more, here).ended_with(2);
        assert_eq!(run.stderr, format!("error: {file}: cannot be written: no space left on device\n"), "{more:?}");
        assert!(run.stdout.is_empty());
    }
    let run = delegate_mtls(&["check", "--output", "report", "a.yaml"], b"", here).ended_with(2);
    assert_eq!(run.stderr, "error: report: cannot be written: no space left on device\n");
    assert_eq!(names(here), ["a.yaml", "b.yaml", "filler", "report"]);
    assert_eq!((fs::read(disk.path("a.yaml")).unwrap(), fs::read(disk.path("b.yaml")).unwrap()), (plain(), plain()));
    assert_eq!(fs::read(disk.path("report")).unwrap(), b"old");
    // with room again the same command does it
    fs::remove_file(disk.path("filler")).unwrap();
    inject(&["-i", "a.yaml", "b.yaml"], here).ended_with(0);
    assert_eq!(
        (fs::read(disk.path("a.yaml")).unwrap(), fs::read(disk.path("b.yaml")).unwrap()),
        (injected(), injected())
    );
}

#[test]
fn a_disk_that_fills_up_halfway_leaves_every_file_as_it_was() {
    let disk = Disk::new(256);
    let here = disk.0.path();
    let files: Vec<String> = (0..20).map(|number| format!("{number:02}.yaml")).collect();
    for file in &files {
        fs::write(disk.path(file), plain()).unwrap();
    }
    let mut more = vec!["-i"];
    more.extend(files.iter().map(String::as_str));
    let run = inject(&more, here).ended_with(2);
    let full = files
        .iter()
        .position(|file| run.stderr == format!("error: {file}: cannot be written: no space left on device\n"));
    assert!(full.is_some_and(|full| full > 0), "{}", run.stderr);
    assert_eq!(names(here), files);
    assert!(files.iter().all(|file| fs::read(disk.path(file)).unwrap() == plain()));
}

#[test]
fn in_place_writes_to_the_file_system_that_a_link_leads_to() {
    let (disk, here) = (Disk::new(256), tempfile::tempdir().unwrap());
    fs::write(disk.path("real.yaml"), plain()).unwrap();
    symlink(disk.path("real.yaml"), here.path().join("link.yaml")).unwrap();
    inject(&["-i", "link.yaml"], here.path()).ended_with(0);
    assert_eq!(fs::read(disk.path("real.yaml")).unwrap(), injected());
    assert_eq!(
        (names(disk.0.path()), names(here.path())),
        (vec!["real.yaml".to_owned()], vec!["link.yaml".to_owned()])
    );
    assert_ne!(fs::metadata(disk.path("real.yaml")).unwrap().dev(), fs::metadata(here.path()).unwrap().dev());
}

#[test]
fn a_file_that_is_a_mount_point_is_refused_and_told() {
    let here = tempfile::tempdir().unwrap();
    let path = |file: &str| here.path().join(file);
    fs::write(path("inside.yaml"), plain()).unwrap();
    fs::write(path("mounted.yaml"), b"").unwrap();
    let bound = Command::new("mount").arg("--bind").args([path("inside.yaml"), path("mounted.yaml")]).status();
    assert!(bound.unwrap().success(), "the superuser's right to mount is needed (CAP_SYS_ADMIN)");
    let run = inject(&["-i", "mounted.yaml"], here.path());
    unmount(&path("mounted.yaml"));
    assert_eq!(
        run.ended_with(2).stderr,
        "error: mounted.yaml: cannot be written: device or resource busy\n  help: it is a mount point of its own; write \
         elsewhere with `-o FILE` and copy\n"
    );
    assert_eq!((fs::read(path("inside.yaml")).unwrap(), names(here.path()).len()), (plain(), 2));
}

/// The command as a user who owns nothing, from the copy in the folder, because others may not reach where it was built.
fn as_nobody(issued: &Issued, args: &[String], here: &str) -> Run {
    let mut nobody = Command::new("/usr/bin/setpriv");
    nobody
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(issued.file("delegate-mtls"))
        .args(args);
    nobody.current_dir(issued.file(here)).env_clear().env("NO_COLOR", "1");
    run(nobody, b"")
}

/// A folder that everybody may enter, with a pair in it that everybody may read and a manifest.
fn open_folder() -> Issued {
    let issued = Issued::new();
    for file in ["ca.crt", "client.crt", "client.key"] {
        fs::copy(documented().file(file), issued.file(file)).unwrap();
        set_mode(&issued.file(file), 0o644);
    }
    set_mode(issued.dir(), 0o755);
    fs::copy(env!("CARGO_BIN_EXE_delegate-mtls"), issued.file("delegate-mtls")).unwrap();
    fs::create_dir(issued.file("folder")).unwrap();
    fs::write(issued.file("folder/a.yaml"), plain()).unwrap();
    issued
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_or_a_folder_that_may_not_be_written_to_is_told_and_left() {
    let issued = open_folder();
    let run = |more: &[&str]| {
        let mut args = issued.inject();
        args.extend(more.iter().map(|&more| more.to_owned()));
        as_nobody(&issued, &args, "folder")
    };
    let elsewhere = "a file is replaced through a new one beside it; write elsewhere with `-o FILE`";
    let real = fs::canonicalize(issued.file("folder")).unwrap();
    let folder = |file: &str| {
        format!(
            "error: {file}: no file can be made in its directory `{}`: permission denied\n  help: {elsewhere}\n",
            real.display()
        )
    };
    let protected = "error: a.yaml: is write-protected: permission denied\n  help: allow it: `chmod u+w a.yaml`, or write \
                     elsewhere with `-o FILE`\n";
    // the file is root's; then it is theirs, in a folder of root's
    assert_eq!(run(&["-q", "-i", "a.yaml"]).ended_with(2).stderr, protected);
    chown(issued.file("folder/a.yaml"), Some(65534), Some(65534)).unwrap();
    assert_eq!(run(&["-q", "-i", "a.yaml"]).ended_with(2).stderr, folder("a.yaml"));
    assert_eq!(run(&["-q", "a.yaml", "-o", "b.yaml"]).ended_with(2).stderr, folder("b.yaml"));
    assert_eq!(run(&["-q", "a.yaml", "--secret-output", "s.yaml"]).ended_with(2).stderr, folder("s.yaml"));
    let check = ["check", "--output", "report", "a.yaml"].map(str::to_owned);
    assert_eq!(as_nobody(&issued, &check, "folder").ended_with(2).stderr, folder("report"));
    // a folder of theirs, and a file in it that nobody may write
    chown(issued.file("folder"), Some(65534), Some(65534)).unwrap();
    set_mode(&issued.file("folder/a.yaml"), 0o444);
    assert_eq!(run(&["-q", "-i", "a.yaml"]).ended_with(2).stderr, protected);
    assert_eq!((names(&issued.file("folder")), issued.read("folder/a.yaml")), (vec!["a.yaml".to_owned()], plain()));
}

#[test]
fn a_file_or_a_folder_that_may_not_be_read_is_told() {
    let issued = open_folder();
    fs::write(issued.file("folder/b.yaml"), plain()).unwrap();
    let run = |args: &[&str]| as_nobody(&issued, &args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>(), ".");
    set_mode(&issued.file("folder/a.yaml"), 0o600);
    let file = "error: folder/a.yaml: permission denied\n  help: let yourself read it: `chmod u+r folder/a.yaml`, or run as its owner\n";
    assert_eq!(run(&["remove", "folder/a.yaml"]).ended_with(2).stderr, file);
    assert_eq!(run(&["remove", "-i", "folder/b.yaml", "folder/a.yaml"]).ended_with(2).stderr, file);
    assert_eq!(run(&["check", "folder"]).ended_with(2).stderr, file);
    set_mode(&issued.file("folder"), 0o600);
    let folder = "help: let yourself read it: `chmod u+rx folder`, or run as its owner\n";
    assert_eq!(
        run(&["remove", "folder/b.yaml"]).ended_with(2).stderr,
        format!("error: folder/b.yaml: permission denied\n  {folder}")
    );
    assert_eq!(run(&["check", "folder"]).ended_with(2).stderr, format!("error: folder: permission denied\n  {folder}"));
}

/// A killed run leaves what this test makes: a temporary file with a manifest, a Secret in it.
#[test]
fn what_a_killed_run_leaves_is_no_manifest_to_kubectl_and_to_us() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("a.yaml"), plain()).unwrap();
    let once = kubectl_annotate_folder(here.path());
    let check = || delegate_mtls(&["check", "--only", "not-mtls", "."], b"", here.path()).ended_with(0).stdout;
    let checked = check();
    fs::write(here.path().join(".delegate-mtls-Xy12zA.tmp"), injected()).unwrap();
    assert_eq!((kubectl_annotate_folder(here.path()), check()), (once, checked));
}
