//! What runs in a simulated guest: a few small programs that do all they do in the guest's folder. Nothing of this
//! computer is run.

use super::paths::on_host;
use std::path::Path;
use std::time::Duration;

/// What came of a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
    pub(super) code: i32,
    /// It goes on for that long.
    pub(super) time: Duration,
    /// It goes on until its input ends, and gives what comes in out again.
    pub(super) copies_input: bool,
}

/// The folders that hold programs.
const FOLDERS: [&str; 4] = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"];
/// What there is.
const NAMES: [&str; 8] = ["cat", "echo", "env", "false", "ls", "pwd", "sleep", "true"];

/// The program that an executable's path names; `None`: the guest has none such.
pub(super) fn find(executable: &str) -> Option<&'static str> {
    let name = FOLDERS.iter().find_map(|folder| executable.strip_prefix(folder))?;
    NAMES.into_iter().find(|known| *known == name)
}

/// Runs a program. `arguments` are those behind its own name.
pub(super) fn run(name: &str, arguments: &[String], environment: &[String], folder: &str, root: &Path) -> Ran {
    let mut ran = Ran::default();
    let lines = |lines: &[String]| lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    match name {
        "echo" => ran.out = format!("{}\n", arguments.join(" ")).into_bytes(),
        "env" => ran.out = lines(environment),
        "pwd" => ran.out = format!("{folder}\n").into_bytes(),
        "false" => ran.code = 1,
        "sleep" => match arguments.first().and_then(|seconds| seconds.parse::<f64>().ok()) {
            Some(seconds) if (0.0..1e9).contains(&seconds) => ran.time = Duration::from_secs_f64(seconds),
            _ => fail(&mut ran, "sleep: a number of seconds is needed"),
        },
        "cat" if arguments.is_empty() => ran.copies_input = true,
        "cat" => {
            for argument in arguments {
                let read = on_host(root, &whole(folder, argument)).map_err(|fault| fault.message);
                match read.and_then(|path| std::fs::read(path).map_err(|error| error.to_string())) {
                    Ok(bytes) => ran.out.extend(bytes),
                    Err(error) => fail(&mut ran, &format!("cat: {argument}: {error}")),
                }
            }
        }
        "ls" => {
            let asked = arguments.first().map_or(".", String::as_str);
            let read = on_host(root, &whole(folder, asked)).map_err(|fault| fault.message);
            match read.and_then(|path| std::fs::read_dir(path).map_err(|error| error.to_string())) {
                Ok(entries) => {
                    let mut names: Vec<String> =
                        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
                    names.retain(|name| !name.starts_with('.'));
                    names.sort();
                    ran.out = lines(&names);
                }
                Err(error) => fail(&mut ran, &format!("ls: {asked}: {error}")),
            }
        }
        _ => {}
    }
    ran
}

fn whole(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") }
}

fn fail(ran: &mut Ran, why: &str) {
    ran.err.extend(format!("{why}\n").into_bytes());
    ran.code = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_stay_in_the_guest() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "text").unwrap();
        let run = |name: &str, arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            run(name, &arguments, &["A=b".to_owned()], "/", folder.path())
        };
        assert_eq!(run("echo", &["a", "b"]).out, b"a b\n");
        assert_eq!(run("cat", &["/a"]).out, b"text");
        assert_eq!(run("cat", &["/../etc/passwd"]).code, 1);
        assert_eq!(run("ls", &[]).out, b"a\n");
        assert_eq!(run("env", &[]).out, b"A=b\n");
        assert_eq!((run("true", &[]).code, run("false", &[]).code), (0, 1));
        assert_eq!(run("sleep", &["0.5"]).time, Duration::from_millis(500));
        assert!(run("cat", &[]).copies_input);
        assert_eq!((find("/bin/echo"), find("/usr/bin/none"), find("echo")), (Some("echo"), None, None));
    }
}
