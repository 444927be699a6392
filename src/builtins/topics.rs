//! The topics of `help`: texts on what is not one command's affair.

/// Name, summary and text of each topic.
pub(super) const TOPICS: &[(&str, &str, &str)] = &[
    (
        "paths",
        "how `get`, `set` and `call` name things",
        "
Paths lead through the object graph, one step after the other.

  vbox, host, session          where a path may start, or
  web-01                       a machine, by name or id; names with dots, brackets or blanks stand
  \"my machine\"                 in quotes
  .memorySize                  an attribute of what stands before; on a list, of each element
  .networkAdapter[0]           one of many: getNetworkAdapter(0)
  .storageControllers[SATA]    an element of a list by name or id
  .hardDisks[-1]               an element by number, from 0, or from -1 at the end
  .findSnapshot(base)          a method with its arguments

Names are those of the API; the snake_case spelling (`memory_size`) is understood too. Arguments are
read by the type that the method wants: texts need no quotes unless they hold a comma or a bracket;
enum values stand by name; objects are given by path; bytes as `@FILE`; lists as `[a,b]`.

  get web-01.networkAdapter[0].MACAddress
  get vbox.machines.name
  set web-01.networkAdapter[0].cableConnected false
  call web-01.setExtraData note 'in rack 4'

`get` calls only methods that read (`getX`, `findX`, ...); `call` calls any.
`set` and `call` lock a machine that has to be locked, save, and unlock it again.
",
    ),
    (
        "connections",
        "where a Main API may be, and logging on",
        "
  auto          the default: the local VirtualBox if one is installed, else the embedded host
  xpcom         the local VirtualBox, as this user has it, without its web service (not on Windows)
  embedded      the embedded host: this program's own Main API, with a home folder of its own
  http://[user@]host[:port]    the web service of a VirtualBox, port 18083 if none is given
  https://[user@]host[:port]   the same over TLS

Choose with `vboxsh -u TARGET`, with VBOXSH_CONNECT, or with the command `connect`.

`xpcom` finds VirtualBox in VBOX_APP_HOME, VBOX_PROGRAM_PATH or the usual folders, and works with the
machines of the user that runs vboxsh: root has machines of its own. VBOX_USER_HOME names another
settings folder, VBOX_IPC_SOCKETID another server. When VBoxSVC has ended, calls say so and `reconnect` starts it anew, by way of a second
vboxsh process. Scripts have its IVirtualBoxClient as `client`; `client.eventSource.listen(...)` tells
when VBoxSVC ends.

A password comes from `--password-file FILE` (a file that its owner alone can read), from
VBOXSH_PASSWORD, or is asked for when the server wants one. It is never an argument.

Over TLS the certificate is checked against the usual authorities, against `--ca-file FILE`, or
against one fingerprint: `--fingerprint SHA256`. `--insecure` checks nothing, and says so.

On the server: `vboxwebsrv -H 0.0.0.0` runs the service. It logs users of the host on; on a test
machine `VBoxManage setproperty websrvauthlibrary null` lets everyone in.

`--trace FILE` keeps every call with its arguments, result and time; secrets are masked.
",
    ),
    (
        "embedded",
        "machines of the embedded host: what runs in them",
        "
The embedded host has the machines, media, snapshots and networks of VirtualBox in VirtualBox's own
files, in a home folder of its own (`--home DIR`, VBOXSH_HOME). Its machines start, pause, save, take
snapshots and stop with the sessions, locks and events of VirtualBox, but nothing is executed: what
they are asked is answered as by a machine whose guest does nothing and has no Guest Additions.

For scripts that control a guest there is a simulated guest with Additions. Its file system is a
folder of this computer, named by the machine's extra data (a relative path starts at the machine's
folder), and it is there as long as the machine runs:

  mkdir -p /tmp/guest/home/user
  call web-01.setExtraData vboxsh/SimulatedGuest /tmp/guest
  start web-01 headless

Sessions take any user and password. Files and directories are those of the folder; nothing outside
it is reached. The only programs are /bin/cat, echo, env, false, ls, pwd, sleep and true, and they
are part of the simulation: no program of this computer is run. Sessions belong to one vboxsh.
",
    ),
    (
        "scripting",
        "Rhai and the object graph",
        "
A line that is no command is Rhai. The graph hangs on `vbox`; `host` and `session` are there too.

  let m = vbox.findMachine(\"web-01\");
  m.memorySize                         read an attribute
  m.session(|s| s.machine.memorySize = 2048)   lock, change, save, unlock
  vbox.machines.filter(|m| m.state == MachineState.Running).map(|m| m.name)
  let p = m.launchVMProcess(session, \"headless\", []); p.wait()
  vbox.listen([\"OnMachineStateChanged\"], |e| print(`${e.machineId} ${e.state}`))
  try { vbox.findMachine(\"no\") } catch (e) { print(e.name) }

`dir(x)` lists members, `help(x)` and `x?` explain, `interface_of(x)` names the interface. Null is
`()`, several results are an array, octet arrays are blobs, enum values compare with their names.
`_` is the last result. Scripts get `args`; `exit(n)` ends one; `import \"other\" as o` loads another.

`:name` forces a command, `=expr` forces script, `!cmd` runs a command of the host's shell.
",
    ),
    (
        "extensions",
        "commands of your own, in Rhai or Python",
        "
Files that bring commands stand in the folder `shexts` of VirtualBox's home: VBOX_USER_HOME, else
~/.config/VirtualBox (on macOS ~/Library/VirtualBox); of ~/.VirtualBox; and of the embedded host's home.
`.rhai` is Rhai; `.py`, no ending, and the `shellext.py` beside the folder are Python. They load in the
order of their names when the shell starts, and again by `reloadExts`; `--no-ext` loads none. Files and
folders that others can write are left out.

  fn ports(given) {                       // gets the arguments, checked and of their types
      if given.all { ... }
      table([\"machine\", \"port\"], rows)    // what it gives is shown, or is the JSON of `--json`
  }
  register_command(#{
      name: \"ports\",
      summary: \"ports that machines forward\",
      arguments: [#{ name: \"machine\", kind: \"machine\", optional: true, help: \"only of this one\" }],
      options: [#{ name: \"all\", help: \"those of disabled adapters too\" }],
      examples: [[\"ports web-01\", \"of one machine\"]],
      run: ports,
  });

The same in Python: `from vboxsh import register_command, table`, and
`register_command(name=\"ports\", ..., arguments=[dict(name=\"machine\", ...)], run=ports)`. `help` and
`effect` (`read`, `write`, `destroy`) may be added, and `aliases`.

An argument has a name, help, and may be `optional`, `repeated` (the last one), or have a value that is
`usual` when it is left out. An option without kind is true or false. Dashes in names are underscores in
`given`. The kinds, for arguments and options; completion goes by them, and the function gets:

  machine, snapshot, disk, dvd, floppy     the object; a snapshot is of the machine before it
  path                                     what a path of `get` leads to
  number, seconds, size                    a number; of `20G` the bytes
  enum: \"MachineState\"                   a value of that enumeration
  choices: [\"linked\", \"full\"]            one of these words
  file, text, controller, os-type, member, target, topic, line     text; `line` is the rest of the line
  hosts                                    a list of names

`fail(message, hint)` ends a command with exit code 1; `confirm(question)` asks before a loss, or needs
`--yes`; `note(text)` says something beside the data; `run_command(\"start web-01\")` runs a line of the
shell; `show(value)` shows more than one thing. Scripts have the same functions, and read their arguments
with the same form: `let given = parse_args(#{ arguments: [...], options: [...] })`.

Files of vboxshell load unchanged: `commands = {'name': ['help', function]}`, where the function gets
vboxshell's context and the words, and leaves the shell when it gives something true.

When two files bring one name, the last one counts, and a built-in command gives way; both is said.
",
    ),
    (
        "sessions",
        "locking machines",
        "
Settings of a registered machine change only while it is locked, on the machine that the session
hands out. `set` and `call` do that by themselves. In a script:

  m.session(|s| { s.machine.CPUCount = 4; })           locks, saves, unlocks, also after an error
  m.session(\"Write\", |s| ...)                          alone; the default is Shared

and in Python:

  with m.session() as s: s.machine.CPUCount = 4        the same; m.session(\"Write\") for alone

The plain API works too: `m.lockMachine(session, LockType.Write)`, `session.machine`,
`session.machine.saveSettings()`, `session.unlockMachine()`.
",
    ),
    (
        "configuration",
        "the configuration file: hosts, aliases, prompt, keys, defaults",
        "
The file is config.toml in the user's folder for settings (on Linux ~/.config/vboxsh); VBOXSH_CONFIG
names another one. A mistake in it is told with its line, and nothing runs.

  prompt = \"{server}> \"          the prompt; {server}, {language} and {connection} are filled in
  keys = \"vi\"                    keys of the line editor: emacs or vi
  theme = \"dark\"                 colours: neutral, dark, light, auto (the terminal is asked) or none
  pager = false                  long output goes straight to the terminal; else PAGER or `less` shows it
  announce = true                tell of events above the line that is typed; or a list of types,
                                 such as [\"OnMachineStateChanged\", \"OnSnapshotTaken\"]
  rc = \"start.rhai\"              a script that runs before the first prompt

  [defaults]
  connect = \"build\"              where to connect to when nothing else is said
  lang = \"rhai\"                  language of the prompt
  timeout = 30                   seconds that `on` gives a host

  [hosts.build]                  a name for `-u`, `connect` and `on`
  url = \"https://build-7:18083\"
  user = \"ops\"
  password-file = \"build.password\"    a file that its owner alone can read
  ca-file = \"build.pem\"          or: fingerprint = \"...\", insecure = true

  [aliases]
  up = \"list running\"

Files are named from the folder of the configuration.
",
    ),
    (
        "keys",
        "what keys do at the prompt",
        "
  Tab                what can stand here: commands, options, machines, snapshots, paths, members
  Right              takes the grey text behind the cursor over
  Ctrl-R             searches what was typed earlier by some letters of it, in their order; Up and
                     Down choose, Enter takes the line to be looked at, Esc leaves all as it was
  Up, Down           earlier lines that begin as this one does; on an empty line all of them
  Enter              runs the input; while a bracket, quote or block is open it begins a new line, and
                     grey dots say until when the input goes on
  Ctrl-C             drops the input; while something runs, ends it; long work asks whether to cancel it.
                     A call that VirtualBox never answers cannot always be given up: then that is said,
                     and a second Ctrl-C ends vboxsh
  Ctrl-D             leaves from an empty line; drops an input of several lines
  Ctrl-L             an empty screen
  Ctrl-A, Ctrl-E     to the start, to the end
  Ctrl-W, Ctrl-U     deletes a word, all before the cursor; Ctrl-Y brings it back, Ctrl-_ undoes

Several lines that are pasted run one after the other, up to the first that fails. `keys = \"vi\"` in the
configuration file gives the keys of vi instead. A line that begins with a blank is not kept in the
history, nor is one that may hold a secret.
",
    ),
    (
        "exit-codes",
        "what the program ends with",
        "
    0  done
    1  the operation failed
    2  wrong words: usage
    3  refused: it needs `--yes`, or a needed part is missing
    4  there is no such object
    5  connection or log-on failed
    6  the script has an error; an uncaught error of the Main API keeps its own code, 4 or 1, and
       `exit(n)` in a script wins
  124  a wait ran out of time
  130  interrupted
",
    ),
];

/// The text of a topic.
pub(super) fn text(name: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(topic, ..)| *topic == name).map(|(_, _, text)| *text)
}
