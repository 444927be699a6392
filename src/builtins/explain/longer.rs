//! Scripts of more than a few lines, in both languages: what `explain` shows of commands that compare, look around or
//! go on for a while. Places stand as in `templates`.

use super::templates::{Template, two};

macro_rules! stats_in_rhai {
    () => {
        r#"let perf = vbox.performanceCollector;
perf.setupMetrics(["*"], [object], {period#?1}, {samples#?3});
sleep({period#?1} * {samples#?3} + 0.3);
let data = perf.queryMetricsData([{metrics/list?*}], [object]);
for at in 0..data[1].len() {
    if data[7][at] > 0 {
        let last = data[0][data[6][at] + data[7][at] - 1];
        print(`${data[1][at]} ${last / data[4][at]} ${data[3][at]}`);
    }
}"#
    };
}

macro_rules! stats_in_python {
    () => {
        r#"import time

perf = vbox.performanceCollector
perf.setupMetrics(["*"], [object], {period#?1}, {samples#?3})
time.sleep({period#?1} * {samples#?3} + 0.3)
values, names, _, units, scales, _, starts, counts = perf.queryMetricsData([{metrics/list?*}], [object])
for name, unit, scale, start, count in zip(names, units, scales, starts, counts):
    if count:
        print(name, values[start + count - 1] / scale, unit)"#
    };
}

macro_rules! compare_in_rhai {
    () => {
        r#"// Attributes of both and of their parts; lists are compared as they print.
fn compare(path, left, right, depth) {
    for name in dir(left) {
        if name == "parent" || name == "id" { continue; }
        try {
            let a = left[name];
            let b = right[name];
            if type_of(a) == "Object" && type_of(b) == "Object" && depth > 1 {
                compare(`${path}${name}.`, a, b, depth - 1);
            } else if `${a}` != `${b}` {
                print(`${path}${name}: ${a} | ${b}`);
            }
        } catch {
            // A method, or what cannot be read now.
        }
    }
}"#
    };
}

macro_rules! compare_in_python {
    () => {
        r#"from vboxsh import Error, Object

# Attributes of both and of their parts; lists are compared as they print.
def compare(path, left, right, depth):
    for name in dir(left):
        if name in ("parent", "id"):
            continue
        try:
            a, b = getattr(left, name), getattr(right, name)
        except Error:
            continue
        if isinstance(a, Object) and isinstance(b, Object) and depth > 1:
            compare(path + name + ".", a, b, depth - 1)
        elif not callable(a) and str(a) != str(b):
            print(path + name, a, b, sep=" | ")"#
    };
}

/// All of them; an empty text says that a language cannot do it.
pub(super) const LONGER: &[Template] = &[
    two(
        "diff",
        concat!(
            compare_in_rhai!(),
            r#"
compare("", vbox.findMachine({machine}), vbox.findMachine({other}), 3);"#
        ),
        concat!(
            compare_in_python!(),
            r#"

compare("", vbox.findMachine({machine}), vbox.findMachine({other}), 3)"#
        ),
    ),
    two(
        "diff snapshot",
        concat!(
            compare_in_rhai!(),
            r#"
let m = vbox.findMachine({machine});
compare("", m.findSnapshot({snapshot}).machine, m, 3);"#
        ),
        concat!(
            compare_in_python!(),
            r#"

m = vbox.findMachine({machine})
compare("", m.findSnapshot({snapshot}).machine, m, 3)"#
        ),
    ),
    two(
        "find",
        r#"// A plain text is looked for: Rhai has no regular expressions.
fn look(path, value, pattern, depth) {
    for name in dir(value) {
        if name == "parent" { continue; }
        try {
            let found = value[name];
            let line = `${path}.${name} = ${found}`;
            if type_of(found) == "Object" && depth > 1 {
                look(`${path}.${name}`, found, pattern, depth - 1);
            } else if line.to_lower().contains(pattern) {
                print(line);
            }
        } catch {
            // A method, or what cannot be read now.
        }
    }
}
look({path?vbox}, {path@?vbox}, {pattern/lower}, {depth#?4});"#,
        r#"import re
from vboxsh import Error, Object

pattern = re.compile({pattern}, re.IGNORECASE)

def look(path, value, depth):
    for name in dir(value):
        if name == "parent":
            continue
        try:
            found = getattr(value, name)
        except Error:
            continue
        line = "%s.%s = %s" % (path, name, found)
        if isinstance(found, Object) and depth > 1:
            look(path + "." + name, found, depth - 1)
        elif not callable(found) and pattern.search(line):
            print(line)

look({path?vbox}, {path@?vbox}, {depth#?4})"#,
    ),
    two(
        "tree",
        r#"fn grow(value, indent, depth) {
    for name in dir(value) {
        try {
            let found = value[name];
            if type_of(found) == "Object" {
                print(`${indent}${name}: ${interface_of(found)}`);
                if depth > 1 { grow(found, `${indent}  `, depth - 1); }
            }
        } catch {
            // A method, or what cannot be read now.
        }
    }
}
grow({path@?vbox}, "", {depth#?2});"#,
        r#"from vboxsh import Error, Object

def grow(value, indent, depth):
    for name in dir(value):
        try:
            found = getattr(value, name)
        except Error:
            continue
        if isinstance(found, Object):
            print("%s%s: %s" % (indent, name, found.__interface__))
            if depth > 1:
                grow(found, indent + "  ", depth - 1)

grow({path@?vbox}, "", {depth#?2})"#,
    ),
    two("stats", concat!("let object = host;\n", stats_in_rhai!()), concat!("object = host\n", stats_in_python!())),
    two(
        "stats machine",
        concat!("let object = vbox.findMachine({machine});\n", stats_in_rhai!()),
        concat!("object = vbox.findMachine({machine})\n", stats_in_python!()),
    ),
    two(
        "top",
        r#"let perf = vbox.performanceCollector;
let names = ["CPU/Load/User", "CPU/Load/Kernel", "RAM/Usage/Used"];
let running = vbox.machines.filter(|m| m.state >= MachineState.FirstOnline && m.state <= MachineState.LastOnline);
perf.setupMetrics(["CPU/Load", "RAM/Usage"], [host] + running, 1, 2);
for look in 0..{count#?60} {
    sleep({every!?1});
    for object in [host] + running {
        let data = perf.queryMetricsData(names, [object]);
        let name = if object == host { "host" } else { object.name };
        for at in 0..data[1].len() {
            if data[7][at] > 0 {
                let last = data[0][data[6][at] + data[7][at] - 1];
                print(`${name} ${data[1][at]} ${last / data[4][at]} ${data[3][at]}`);
            }
        }
    }
}"#,
        r#"import time

perf = vbox.performanceCollector
names = ["CPU/Load/User", "CPU/Load/Kernel", "RAM/Usage/Used"]
running = [m for m in vbox.machines if MachineState.FirstOnline <= m.state <= MachineState.LastOnline]
perf.setupMetrics(["CPU/Load", "RAM/Usage"], [host] + running, 1, 2)
for look in range({count#?60}):
    time.sleep({every!?1})
    for thing in [host] + running:
        values, metrics, _, units, scales, _, starts, counts = perf.queryMetricsData(names, [thing])
        for metric, unit, scale, start, count in zip(metrics, units, scales, starts, counts):
            if count:
                print("host" if thing == host else thing.name, metric, values[start + count - 1] / scale, unit)"#,
    ),
    two(
        "watch",
        "let before = ();\nfor look in 0..{count#?60} {\n    let now = {line@};\n    if now != before {\n        print(now);\n        before = now;\n    }\n    sleep({every!?1});\n}",
        "import time\n\nbefore = None\nfor look in range({count#?60}):\n    now = {line@}\n    if now != before:\n        print(now)\n        before = now\n    time.sleep({every!?1})",
    ),
    two(
        "gcopy",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let guest = s.console.guest.createSession({user?}, env(\"VBOXSH_GUEST_PASSWORD\"), {domain?}, \"\");\n    guest.waitFor(1, 30000);\n    guest.fileCopyToGuest({source}, {target}, []).wait();\n    guest.close();\n});",
        "import os\nm = vbox.findMachine({machine})\nwith m.session() as s:\n    guest = s.console.guest.createSession({user?}, os.environ[\"VBOXSH_GUEST_PASSWORD\"], {domain?}, \"\")\n    guest.waitFor(1, 30000)\n    wait(guest.fileCopyToGuest({source}, {target}, []))\n    guest.close()",
    ),
    two(
        "gcopy from",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let guest = s.console.guest.createSession({user?}, env(\"VBOXSH_GUEST_PASSWORD\"), {domain?}, \"\");\n    guest.waitFor(1, 30000);\n    guest.fileCopyFromGuest({source}, {target}, []).wait();\n    guest.close();\n});",
        "import os\nm = vbox.findMachine({machine})\nwith m.session() as s:\n    guest = s.console.guest.createSession({user?}, os.environ[\"VBOXSH_GUEST_PASSWORD\"], {domain?}, \"\")\n    guest.waitFor(1, 30000)\n    wait(guest.fileCopyFromGuest({source}, {target}, []))\n    guest.close()",
    ),
    two(
        "gpipe",
        "",
        r#"import os, shlex, subprocess
from vboxsh import Error

sent = subprocess.run({host-program}, shell=True, stdout=subprocess.PIPE).stdout
words = shlex.split({guest-program})
m = vbox.findMachine({machine})
with m.session() as s:
    guest = s.console.guest.createSession({user?}, os.environ["VBOXSH_GUEST_PASSWORD"], {domain?}, "")
    guest.waitFor(1, 30000)
    process = guest.processCreate(words[0], words, "", [], ["WaitForStdOut"], 0)
    process.waitFor(1, 30000)
    while sent:
        sent = sent[process.writeArray(0, ["None"], sent[:16384], 5000):]
    process.writeArray(0, ["EndOfFile"], b"", 5000)
    try:
        while True:
            data = process.read(1, 65536, 10000)
            if not data:
                break
            print(data.decode(), end="")
    except Error:
        pass  # The stream has been read to its end.
    guest.close()"#,
    ),
];
