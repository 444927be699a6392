"""IGuestSession: running programs in the guest, and questions about its files."""

import time

from virtualbox.classes import generated
from virtualbox.library_base import VBoxError
from virtualbox.utils import to_bytes

_Generated = generated("IGuestSession")

#: Bytes asked for in one read of a program's output.
_AT_ONCE = 65000
#: Bytes of input sent in one call.
_CHUNK = 16384


class IGuestSession(_Generated):
    __doc__ = _Generated.__doc__

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.close()
        return False

    def execute(self, command, arguments=None, stdin="", environment=None, flags=None, priority=None, affinity=None,
                timeout_ms=0):
        """Runs a program in the guest to its end; gives the process and what it wrote to both streams, as bytes.

        `arguments` are those behind the program's name; `timeout_ms` 0 waits for ever.
        """
        from virtualbox import library
        if flags is None:
            flags = [library.ProcessCreateFlag.wait_for_std_err, library.ProcessCreateFlag.wait_for_std_out,
                     library.ProcessCreateFlag.ignore_orphaned_processes]
        process = self.process_create_ex(
            command, [command] + list(arguments or []), environment or [], flags, timeout_ms,
            priority or library.ProcessPriority.default, affinity or [])
        process.wait_for(library.ProcessWaitForFlag.start, timeout_ms)
        _feed(process, to_bytes(stdin or b""))
        out, err = [], []
        running = (library.ProcessStatus.starting, library.ProcessStatus.started, library.ProcessStatus.paused)
        while process.status in running:
            if not _drain(process, 2, err) | _drain(process, 1, out):
                time.sleep(0.2)
        # What is left when it has ended, to the last byte.
        while _drain(process, 2, err) | _drain(process, 1, out):
            pass
        return process, b"".join(out), b"".join(err)

    def makedirs(self, path, mode=0x777):
        """Makes a folder with all that lead to it. The mode is taken as it is given."""
        from virtualbox.library import DirectoryCreateFlag
        self.directory_create(path, mode, [DirectoryCreateFlag.parents])

    def file_exists(self, path, follow_symlinks=True):
        """Whether there is a file of that name."""
        return super().file_exists(path, follow_symlinks)

    def directory_exists(self, path, follow_symlinks=True):
        """Whether there is a folder of that name."""
        try:
            return super().directory_exists(path, follow_symlinks)
        except VBoxError:
            # That there is nothing at all is an error to VirtualBox.
            if self.fs_obj_exists(path, follow_symlinks):
                raise
            return False

    def symlink_exists(self, symlink, follow_symlinks=True):
        """Whether there is a symbolic link of that name."""
        try:
            return super().symlink_exists(symlink)
        except VBoxError as error:
            # VirtualBox 7 declares it only; what it can is ask what a name stands for.
            if error.value != 0x80004001:
                raise
            return self._is_symlink(symlink)

    def _is_symlink(self, path):
        from virtualbox.library import FsObjType
        try:
            return self.fs_obj_query_info(path, False).type_p == FsObjType.symlink
        except VBoxError:
            return False

    def path_exists(self, path, follow_symlinks=True):
        """Whether there is anything of that name."""
        return (self.file_exists(path, follow_symlinks) or self.symlink_exists(path, follow_symlinks)
                or self.directory_exists(path, follow_symlinks))

    def directory_remove_recursive(self, path, flags=None):
        """Removes a folder with all that is in it, and waits until it is done."""
        from virtualbox.library import DirectoryRemoveRecFlag
        progress = super().directory_remove_recursive(path, flags or [DirectoryRemoveRecFlag.content_and_dir])
        if progress:
            progress.wait_for_completion()


def _feed(process, data):
    from virtualbox.library import ProcessInputFlag
    if not data:
        return
    for at in range(0, len(data), _CHUNK):
        chunk = data[at:at + _CHUNK]
        while chunk:
            taken = process.write_array(0, [ProcessInputFlag.none], chunk, 0)
            chunk = chunk[taken:]
            if not taken:
                time.sleep(0.05)
    process.write_array(0, [ProcessInputFlag.end_of_file], b"", 0)


def _drain(process, handle, into):
    """Reads what is there; says whether there was something."""
    try:
        data = process.read(handle, _AT_ONCE, 0)
    except VBoxError:
        # A stream that has been read to its end, or that the program has closed.
        return False
    if data:
        into.append(bytes(data))
    return bool(data)
