"""What of the engine is written in Python: enumerations, exceptions, output, and running source."""

import sys

BoundMethod = type(type("x", (), {"f": lambda self: None})().f)
Module = type(sys)


# Enumerations.

class EnumType(type):
    """Type of the enumerations: `MachineState.Running`, `MachineState["Running"]`, `MachineState(5)`."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        number = cls._number(name)
        if number is None:
            raise AttributeError("%s has no value `%s`%s" % (cls.__name__, name, _near(name, cls._numbers)))
        return cls(number)

    def __getitem__(cls, name):
        number = cls._number(name)
        if number is None:
            raise KeyError("%s has no value `%s`%s" % (cls.__name__, name, _near(name, cls._numbers)))
        return cls(number)

    def __iter__(cls):
        return (cls(number) for number in cls._names)

    def __len__(cls):
        return len(cls._names)

    def __contains__(cls, value):
        return value in cls._numbers if isinstance(value, str) else value in cls._names

    def __dir__(cls):
        return list(cls._numbers)

    def __repr__(cls):
        return "<enumeration %s>" % cls.__name__

    def _number(cls, name):
        number = cls._numbers.get(name)
        if number is None:
            number = cls._snake().get(name)
        return number

    def _snake(cls):
        if cls.__dict__.get("_spelt") is None:
            import vboxsh
            spelt = {}
            for name, number in cls._numbers.items():
                snake = vboxsh.snake_case(name)
                spelt.setdefault(snake, number)
                spelt.setdefault(snake + "_p", number)
            cls._spelt = spelt
        return cls._spelt


class EnumValue(int, metaclass=EnumType):
    """A value of an enumeration: a number that prints as its name and equals both."""

    __slots__ = ()
    _numbers = {}
    _names = {}

    def __new__(cls, value):
        if isinstance(value, str):
            value = cls[value]
        return int.__new__(cls, value)

    @property
    def name(self):
        """Its name, None for a number that the release has no name for."""
        return type(self)._names.get(int(self))

    @property
    def value(self):
        """Its number."""
        return int(self)

    def __str__(self):
        return self.name or "%s(%d)" % (type(self).__name__, self)

    def __repr__(self):
        return "%s.%s" % (type(self).__name__, self.name) if self.name else str(self)

    def __format__(self, form):
        return int.__format__(self, form) if form and form[-1] in "bcdeEfFgGnoxX%" else format(str(self), form)

    def __eq__(self, other):
        if isinstance(other, str):
            return type(self)._numbers.get(other) == int(self)
        if isinstance(other, EnumValue):
            return type(self).__name__ == type(other).__name__ and int(self) == int(other)
        return int.__eq__(self, other)

    def __ne__(self, other):
        result = self.__eq__(other)
        return result if result is NotImplemented else not result

    __hash__ = int.__hash__

    def __reduce__(self):
        return (_enumeration_value, (type(self).__name__, int(self)))


def _enumeration_value(name, number):
    import vboxsh
    return getattr(vboxsh, name)(number)


def make_enumeration(name, numbers, doc):
    names = {}
    for value, number in numbers.items():
        names.setdefault(number, value)
    return EnumType(name, (EnumValue,), {
        "__slots__": (), "__doc__": doc, "__module__": "vboxsh", "_numbers": numbers, "_names": names, "_spelt": None})


def _near(name, names):
    import vboxsh
    near = vboxsh.nearest(name, list(names))
    return "; " + near if near else ""


# Exceptions.

class Error(Exception):
    """An error on the way to the Main API, or from it.

    code, name: the result code and its name (0 and "" when VirtualBox reported none); message, component,
    interface: what VirtualBox said, and where; next: the error behind it; operation: what was called;
    hint: what to do; kind: a word for the class of the error.
    """

    code = 0
    name = message = component = interface = operation = hint = ""
    kind = "failed"
    next = cause = None

    @classmethod
    def make(cls, text, fields):
        error = cls(text)
        error.__dict__.update(fields)
        return error

    @property
    def errno(self):
        """The result code, as VirtualBox's own Python bindings name it."""
        return self.code

    @errno.setter
    def errno(self, value):
        pass

    @property
    def hresult(self):
        """The result code as a signed number, as bindings for COM have it."""
        return self.code - (1 << 32) if self.code & 0x80000000 else self.code

    @property
    def msg(self):
        """The text of the error."""
        return self.message


class ApiError(Error):
    """VirtualBox refused a call."""


class Exception_(ApiError):
    """VirtualBox refused a call; it reads as VirtualBox's own bindings put it."""

    @property
    def errno(self):
        """The result code as a signed number, as these bindings have it."""
        return self.hresult

    @errno.setter
    def errno(self, value):
        pass

    def __str__(self):
        return "0x%x (%s)" % (self.code, self.message)


Exception_.__name__ = Exception_.__qualname__ = "Exception"


class UsageError(Error, TypeError):
    """A call was wrong, and was not sent."""


class NoSuchMember(UsageError, AttributeError):
    """An interface has no member of that name."""


class ConnectionFailed(Error, ConnectionError):
    """There is no way to the Main API."""


class StaleObject(Error, ReferenceError):
    """The object is gone."""


class TimedOut(Error, TimeoutError):
    """A wait ran out of time."""


class Refused(Error):
    """A part that is needed is missing."""


class Failed(SystemExit):
    """A script or a command ends with a failure of its own: what `fail` raises."""

    def __init__(self, message, hint="", kind="failed", code=1, failure=None):
        SystemExit.__init__(self, code)
        self.message, self.hint, self.kind, self.failure = message, hint, kind, failure

    def __str__(self):
        return self.message


for _class in (Failed, Error, ApiError, Exception_, UsageError, NoSuchMember, ConnectionFailed, StaleObject, TimedOut, Refused):
    _class.__module__ = "vboxsh"


# Standard output and error.

def make_streams(write):
    """Puts streams that end in `write(to_error, bytes)` in the place of Python's own."""
    import io

    class Buffer(io.RawIOBase):
        def __init__(self, stream):
            self._stream = stream

        def writable(self):
            return True

        def fileno(self):
            return self._stream.fileno()

        def isatty(self):
            return self._stream.isatty()

        def write(self, data):
            self._stream.flush()
            data = bytes(data)
            write(self._stream._to_error, data)
            return len(data)

        def flush(self):
            self._stream.flush()

    class Stream(io.TextIOBase):
        encoding = "utf-8"
        errors = "surrogateescape"
        newlines = None
        mode = "w"
        line_buffering = True

        def __init__(self, descriptor):
            self._descriptor = descriptor
            self._to_error = descriptor == 2
            self._waiting = []
            self.buffer = Buffer(self)

        @property
        def name(self):
            return "<stderr>" if self._to_error else "<stdout>"

        def writable(self):
            return True

        def readable(self):
            return False

        def fileno(self):
            return self._descriptor

        def isatty(self):
            import os
            return os.isatty(self._descriptor)

        def reconfigure(self, **options):
            self.flush()

        def write(self, text):
            if not isinstance(text, str):
                raise TypeError("write() argument must be str, not %s" % type(text).__name__)
            self._waiting.append(text)
            if "\n" in text:
                self.flush()
            return len(text)

        def flush(self):
            if self._waiting:
                text, self._waiting = "".join(self._waiting), []
                write(self._to_error, text.encode("utf-8", "surrogateescape"))

        def close(self):
            self.flush()

    sys.stdout, sys.stderr = Stream(1), Stream(2)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


# Running source.

def supply(code, scope, find):
    """Puts what the code names and the shell knows into its scope: enumerations and their flat values."""
    for name in code.co_names:
        if name[:1].isupper() and name not in scope:
            value = find(name)
            if value is not None:
                scope[name] = value
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            supply(constant, scope, find)


# By the code of functions that were typed at the prompt: what was typed.
_typed = {}


def _remember(code, source):
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            _typed[constant] = source
            _remember(constant, source)


def evaluate(source, scope, find):
    """Runs a line or more of the prompt and gives the value of its last expression."""
    import _ast
    try:
        code = compile(source, "<prompt>", "eval", 0, True)
    except SyntaxError:
        tree = compile(source, "<prompt>", "exec", 0x400, True)
        last = None
        if tree.body and type(tree.body[-1]).__name__ == "Expr":
            last = compile(_ast.Expression(tree.body.pop().value), "<prompt>", "eval", 0, True)
        code = compile(tree, "<prompt>", "exec", 0, True)
        supply(code, scope, find)
        _remember(code, source)
        exec(code, scope)
        if last is None:
            return None
        code = last
    supply(code, scope, find)
    _remember(code, source)
    return eval(code, scope)


def members_of(path, partial, scope):
    """What may stand behind `path.`, a dotted name: names that begin with `partial`, functions with a bracket, each
    with the first line of its text. No property on the way is run."""
    import inspect
    words = path.split(".")
    if words[0] not in scope:
        return []
    value = scope[words[0]]
    for word in words[1:]:
        value = value.__dict__[word] if isinstance(value, Module) else inspect.getattr_static(value, word)
    found = []
    for name in dir(value):
        if not name.startswith(partial) or name.startswith("_") and not partial.startswith("_"):
            continue
        try:
            member = value.__dict__[name] if isinstance(value, Module) else inspect.getattr_static(value, name)
        except (AttributeError, KeyError):
            member = None
        member = getattr(member, "__func__", member)
        text = (getattr(member, "__doc__", None) or "") if callable(member) or isinstance(member, property) else ""
        text = text.strip().partition("\n")[0] if isinstance(text, str) else ""
        found.append((name + "(" if inspect.isroutine(member) else name, text))
    return found


def explained(source, scope):
    """What Python knows of a dotted name: signature and text of a function, class or module, the text of a
    property with its value, that of a value with a text of its own. None for everything else."""
    words = source.split(".")
    if not all(word.isidentifier() for word in words) or words[0] not in scope:
        return None
    import inspect
    holder = None
    value = scope[words[0]]
    for word in words[1:]:
        holder, value = value, getattr(value, word)
    member = inspect.getattr_static(type(holder), words[-1], None) if holder is not None else None
    if isinstance(member, property) and not isinstance(holder, type):
        return "%s = %r\n%s" % (source, value, inspect.getdoc(member) or "")
    if isinstance(value, Module):
        return inspect.getdoc(value)
    if isinstance(value, type) or inspect.isroutine(value):
        if type(value) is EnumType:
            return None
        try:
            head = words[-1] + str(inspect.signature(value))
        except (TypeError, ValueError):
            head = source
        return "%s\n\n%s" % (head, inspect.getdoc(value) or "")
    if type(value).__module__ in ("builtins", "vboxsh") or not getattr(value, "__doc__", None):
        return None
    return "%s: %r\n%s" % (value, value, inspect.getdoc(value))


def run_script(source, path, arguments, names, find):
    """Runs a script as `python3 path arguments` would, in a module of its own."""
    import os
    code = compile(source, path, "exec", 0, True)
    module = Module("__main__")
    scope = module.__dict__
    scope.update(names)
    scope["__builtins__"] = __builtins__
    scope["__file__"] = path
    scope["__cached__"] = None
    scope["args"] = list(arguments)
    supply(code, scope, find)
    before = sys.modules.get("__main__"), sys.argv, sys.path[:]
    sys.modules["__main__"] = module
    sys.argv = [path] + list(arguments)
    folder = os.path.dirname(os.path.realpath(path))
    if sys.path and sys.path[0] == "":
        sys.path[0] = folder
    else:
        sys.path.insert(0, folder)
    try:
        exec(code, scope)
    finally:
        # A hook of the script's own speaks for it, as in `python3`.
        raised = sys.exc_info()
        if raised[0] is not None and sys.excepthook is not sys.__excepthook__ and issubclass(raised[0], Exception):
            sys.excepthook(*raised)
            raise SystemExit(1)
        if before[0] is not None:
            _ended.append(module)
            sys.modules["__main__"] = before[0]
        sys.argv, sys.path[:] = before[1], before[2]


# Threads and functions of a script that has ended may still run in its module.
_ended = []


def incomplete(source):
    """Whether more has to be typed."""
    import codeop
    import warnings
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return codeop.compile_command(source + "\n", "<prompt>", "exec") is None
    except (SyntaxError, ValueError, OverflowError):
        return False


def describe(error):
    """Message, file, line, column, text of the line, and the functions that led there, innermost first."""
    trace = []
    place = ("", 0, 0, "")
    if isinstance(error, SyntaxError) and error.filename:
        place = (error.filename, error.lineno or 0, error.offset or 0, (error.text or "").rstrip("\n"))
        message = "%s: %s" % (type(error).__name__, error.msg)
    else:
        frames = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if not code.co_filename.startswith("<vboxsh"):
                frames.append((code.co_filename, step.tb_lineno, code.co_name, step.tb_frame))
            step = step.tb_next
        own = [at for at, frame in enumerate(frames) if _is_own(frame[0])]
        if own:
            at = own[-1]
            place = (frames[at][0], frames[at][1], 0, _line(frames[at]))
            for position in range(len(frames) - 1, 0, -1):
                name = frames[position][2]
                what = "in `%s`" % name if name.startswith("<") else "in function `%s`" % name
                called = frames[position - 1]
                of = "" if called[0] == place[0] else " of %s" % called[0]
                trace.append("%s (called in line %d%s)" % (what, called[1], of))
        text = _text(error)
        message = "%s: %s" % (type(error).__name__, text) if text else type(error).__name__
    return message, place[0], place[1], place[2], place[3], trace


def _text(error):
    try:
        return str(error)
    except Exception:
        return "(its text cannot be had)"


def _is_own(file):
    """Whether a file is the user's, not one of Python's own or of a package."""
    return not (file.startswith("<") and file != "<prompt>") and "/site-packages/" not in file \
        and "/dist-packages/" not in file and not any(file.startswith(folder + "/python3.") for folder in _library())


def _library():
    return [prefix + "/lib" for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}]


def _line(frame):
    import linecache
    typed = _typed.get(frame[3].f_code)
    if typed is not None:
        return (typed.splitlines()[frame[1] - 1:frame[1]] or [""])[0]
    return linecache.getline(frame[0], frame[1], frame[3].f_globals).rstrip("\n")


def traceback_text(error):
    import traceback
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip("\n")


def finish():
    """What `python3` does when a program ends: waits for its threads and runs what it left for the end."""
    import atexit
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    flush()


def make_signature(parameters):
    import inspect
    return inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)] + [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD,
                          default=None if optional and all(o for _, o in parameters[at:]) else inspect.Parameter.empty)
        for at, (name, optional) in enumerate(parameters)])


class Finder:
    """Imports the modules that this library brings along."""

    def __init__(self, sources, code):
        self.sources = sources
        self.code = code

    def find_spec(self, name, path=None, target=None):
        if name not in self.sources:
            return None
        from importlib.machinery import ModuleSpec
        package = any(other.startswith(name + ".") for other in self.sources)
        return ModuleSpec(name, self, origin="vboxsh", is_package=package)

    def give_up(self, *names):
        """Leaves modules to the packages that are installed: use_installed("virtualbox") before its import."""
        for known in list(self.sources):
            if known.partition(".")[0] in names:
                del self.sources[known]

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        exec(self.code(name, self.sources[name], "<vboxsh>/%s.py" % name.replace(".", "/")), module.__dict__)

    def get_source(self, name):
        return self.sources[name]


# Extensions of vboxshell.

class Context(dict):
    """What an extension's functions get first; what needs a connection is made when it is asked for."""

    def __missing__(self, key):
        import vboxsh
        if key not in _LAZY:
            raise KeyError(key)
        if key == "_machlist":
            return self["global"].getArray(self["vb"], "machines")
        if key == "global":
            import vboxapi
            value = vboxapi.VirtualBoxManager(None, None)
        elif key == "vb":
            value = self["global"].getVirtualBox()
        elif key == "const":
            value = self["global"].constants
        elif key == "perf":
            value = self["global"].getPerfCollector(self["vb"])
        elif key == "type":
            value = self["global"].type
        else:
            value = "web" in vboxsh._backend()
        self[key] = value
        self._made[key] = value
        return value

    def __contains__(self, key):
        return dict.__contains__(self, key) or key in _LAZY

    def get(self, key, default=None):
        return self[key] if key in self else default

    def renew(self):
        """Forgets what came from a connection that the shell has no more."""
        import vboxsh
        connection = vboxsh._connection_number()
        if connection != self._connection:
            for key, value in self._made.items():
                if dict.get(self, key) is value:
                    del self[key]
            self._made.clear()
            self._connection = connection

    _connection = 0


_LAZY = ("global", "vb", "const", "perf", "type", "remote", "_machlist")


def _make_context():
    import vboxsh
    context = Context(prompt="vbox> ", scriptLine=0, interrupt=False, wsinfo=None)
    context._made = {}

    def mach_by_id(name):
        try:
            return context["vb"].findMachine(name)
        except vboxsh.Error:
            return None

    def args_to_mach(args):
        if len(args) < 2:
            print("usage: %s MACHINE" % args[0])
            return None
        machine = mach_by_id(args[1])
        if machine is None:
            print("no machine is named '%s'; `list` shows the machines there are" % args[1])
        return machine

    def progress_bar(progress, wait=1000):
        try:
            vboxsh.wait(progress)
        except vboxsh.Error as error:
            print(error)
        except KeyboardInterrupt:
            context["interrupt"] = True
            return 0
        return 1

    def run(command, args):
        words = [command] + list(args)
        if command in _commands:
            return _commands[command](context, words) or 0
        import shlex
        vboxsh._run_line(" ".join(shlex.quote(word) for word in words))
        return 0

    def guest_lambda(name, function, args):
        machine = mach_by_id(name)
        if machine is None:
            return 0
        manager = context["global"]
        session = manager.openMachineSession(machine, fPermitSharing=True)
        try:
            if session.console is None:
                print("the machine '%s' does not run" % machine.name)
            else:
                function(context, machine, session.console, list(args))
        finally:
            manager.closeMachineSession(session)
        return 0

    def type_in_guest(console, text, delay=0.1):
        import shlex
        vboxsh._run_line("type-guest %s -- %s %s" % (shlex.quote(console.machine.name), shlex.quote(text), float(delay)))

    context.update(run=run, guestlambda=guest_lambda, machById=mach_by_id, argsToMach=args_to_mach,
                   progressBar=progress_bar, typeInGuest=type_in_guest)
    return context


# Functions of vboxshell's form, and of `register_command`; what the file registers that is loading.
_commands = {}
_registered = {}
_registering = None
# By the world of the shell: copies of a shell are connected elsewhere.
_contexts = {}


class Given(dict):
    """The arguments of a command or script: `given["machine"]`, or `given.machine`."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError("there is no argument or option `%s`%s" % (name, _near(name, self))) from None


def register_command(form=None, **fields):
    """In an extension file: makes a command. `name`, `summary`, `arguments`, `options`, `examples`, `help`,
    `effect` and `run`, a function that gets the arguments; what it gives back is shown."""
    import vboxsh
    form = dict(form or {}, **fields)
    function = form.pop("run", None)
    read = vboxsh._read_form(form)
    if not callable(function):
        raise UsageError("the command `%s` has no function `run`" % read.name)
    if _registering is None:
        raise UsageError("`register_command` is for extension files; `help extensions` says where they stand")
    _registering.append((read, function))


def run_command(line):
    """In a command of an extension: runs a line of the shell."""
    import vboxsh
    vboxsh._run_line(line)


_PYTHON_2 = (
    ("Missing parentheses in call to 'print'", "print x", "print(x)"),
    ("Missing parentheses in call to 'exec'", "exec x", "exec(x)"),
    ("multiple exception types must be parenthesized", "except X, e:", "except X as e:"),
    ("leading zeros in decimal integer", "0755", "0o755"),
    ("inconsistent use of tabs", "tabs and blanks that indent", "blanks only"),
)


def _explain_python_2(error):
    """Says what to write instead when a file is written for Python 2."""
    text = (error.text or "").strip()
    for message, old, new in _PYTHON_2:
        if message in error.msg:
            break
    else:
        if text.startswith("print "):
            old, new = "print x", "print(x)"
        elif text.startswith("except ") and "," in text:
            old, new = "except X, e:", "except X as e:"
        elif text.startswith("raise ") and "," in text:
            old, new = "raise X, y", "raise X(y)"
        elif "<>" in text:
            old, new = "a <> b", "a != b"
        elif "`" in text:
            old, new = "`x`", "repr(x)"
        else:
            return
    error.msg += " (this is Python 2: where it has `%s`, Python 3 has `%s`; `2to3` or `futurize` changes a whole file)" % (
        old, new)


def load_extension(source, path):
    """Runs an extension file in a scope of its own; gives what commands it brings: checked forms, or names and help
    texts."""
    global _registering
    scope = {"__name__": "__extension__", "__file__": path, "__builtins__": __builtins__}
    try:
        code = compile(source, path, "exec", 0, True)
    except SyntaxError as error:
        _explain_python_2(error)
        raise
    _registering = []
    try:
        exec(code, scope)
    finally:
        registered, _registering = _registering, None
    found = []
    for form, function in registered:
        _registered[form.name] = function
        _commands.pop(form.name, None)
        found.append(form)
    brought = scope.get("commands")
    if brought is None and found:
        return found
    if not isinstance(brought, dict):
        raise TypeError("the file defines no `commands`: {'name': ['help', function]}, and calls no `register_command`")
    for name, entry in brought.items():
        if not isinstance(name, str) or not isinstance(entry, (list, tuple)) or len(entry) < 2 or not callable(entry[1]):
            raise TypeError("`commands[%r]` is not ['help', function]" % (name,))
        _commands[name] = entry[1]
        _registered.pop(name, None)
        found.append((name, str(entry[0])))
    return found


def has_extension(name):
    return name in _commands or name in _registered


def run_extension(name, words):
    """Runs a command; says whether it asks to leave the shell."""
    import vboxsh
    world = vboxsh._world_number()
    if world not in _contexts:
        _contexts[world] = _make_context()
    context = _contexts[world]
    context.renew()
    context["interrupt"] = False
    return bool(_commands[name](context, [name] + list(words)))


def run_registered(name, given):
    """Runs a command that was registered, and gives what it gives."""
    return _registered[name](given)
