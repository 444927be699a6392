//! Scripts run as `python3 script` would run them.

use super::{program, script};

#[test]
fn a_script_has_its_name_arguments_folder_and_input() {
    let Some(program) = program() else { return };
    program.file("helper.py", "value = 'of the helper'\n");
    let path = program.file(
        "main.py",
        "import sys, helper, __main__\nprint(__name__, __file__ == sys.argv[0], sys.argv[1:], args, helper.value)\n\
         here = 5\nprint(__main__.here, input(), sys.stdin.read())\n",
    );
    let said = program.with_input(&[&path, "a", "--b", "-c"], "first\nsecond\nthird").ok();
    assert_eq!(said, "__main__ True ['a', '--b', '-c'] ['a', '--b', '-c'] of the helper\n5 first second\nthird\n");
}

#[test]
fn exits_threads_and_functions_for_the_end_are_python_s() {
    let Some(program) = program() else { return };
    for (source, code, err) in [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('why')", 1, "why\n"),
        ("raise SystemExit(3)", 3, ""),
        (
            "import sys\nsys.excepthook = lambda *a: print('own', a[0].__name__, file=sys.stderr)\n1/0",
            1,
            "own ZeroDivisionError\n",
        ),
    ] {
        let outcome = program.run(&[&program.file("exit.py", source)]);
        assert_eq!((outcome.code, outcome.err.as_str()), (code, err), "{source}");
    }
    let said = script(
        &program,
        "import atexit, threading, time\natexit.register(lambda: print('end'))\n\
         threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\nprint('main')\n",
    );
    assert_eq!(said, "main\nthread\nend\n");
}

#[test]
fn output_is_the_program_s_and_streams_are_streams() {
    let Some(program) = program() else { return };
    let path = program.file(
        "out.py",
        "import sys\nprint('a', end='')\nsys.stdout.buffer.write(b'\\xff')\nsys.stdout.write('b\\n')\nprint('talk', file=sys.stderr)\n\
         print(sys.stdout.isatty(), sys.stdout.fileno(), sys.stdout.encoding)\nprint('ä€\\udc80', end='')\n",
    );
    let output = program.command().arg(path).output().unwrap();
    assert_eq!(output.stdout, b"a\xffb\nFalse 1 utf-8\n\xc3\xa4\xe2\x82\xac\x80");
    assert_eq!(output.stderr, b"talk\n");
}

#[test]
fn asyncio_and_subprocesses_work() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import asyncio, subprocess, sys
async def name():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, lambda: vbox.findMachine("web-01").name)
async def main():
    return await asyncio.gather(name(), asyncio.sleep(0.01, "slept"))
print(asyncio.run(main()))
print(subprocess.check_output([sys.executable, "-c", "print(6 * 7)"]).decode().strip())
"#,
    );
    assert_eq!(said, "['web-01', 'slept']\n42\n");
}

#[test]
fn ctrl_c_raises_in_waits_sleeps_and_loops() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import asyncio, os, signal, threading, time
sent = 0
def press():
    global sent
    time.sleep(0.2)
    sent = time.time()
    os.kill(os.getpid(), signal.SIGINT)
def wait():
    for event in vbox.events():
        pass
def spin():
    while True:
        pass
def own():
    def handler(*_):
        raise RuntimeError("own")
    signal.signal(signal.SIGINT, handler)
    wait()
for work in (wait, lambda: time.sleep(30), spin, lambda: asyncio.run(asyncio.sleep(30)), own):
    threading.Thread(target=press).start()
    try:
        work()
    except (KeyboardInterrupt, RuntimeError) as error:
        print(type(error).__name__, "late" if time.time() - sent > 10 else "")
"#,
    );
    assert_eq!(
        said.split_whitespace().collect::<Vec<_>>().join(" "),
        "KeyboardInterrupt KeyboardInterrupt KeyboardInterrupt KeyboardInterrupt RuntimeError"
    );
    let path = program
        .file("interrupted.py", "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n");
    program.run(&[&path]).failed(130);
}

/// Work that a script has started is done, though it did not wait: the machine is off.
#[test]
fn the_connection_ends_with_the_program() {
    let Some(program) = program() else { return };
    script(
        &program,
        "vbox.findMachine('web-01').launchVMProcess(session, 'headless', []).waitForCompletion(-1)\n\
         progress = session.console.powerDown()\nsession.unlockMachine()\n",
    );
    assert_eq!(program.eval("vbox.findMachine(\"web-01\").state").ok(), "PoweredOff\n");
}
