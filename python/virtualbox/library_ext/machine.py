"""IMachine: sessions, starting, cloning and removing in one call each."""

import os
import shutil
import sys
import time

from virtualbox.classes import generated
from virtualbox.library_base import VBoxError
from virtualbox.library_ext.appliance import finished

_Generated = generated("IMachine")

#: How often a lock is tried, and how long to wait in between, in seconds: who had it may be giving it back.
_TRIES = 10
_BETWEEN_TRIES = 0.3


class IMachine(_Generated):
    __doc__ = _Generated.__doc__

    def __str__(self):
        return repr(self) if self._i is None else self.name

    def create_session(self, lock_type=None, session=None):
        """Locks the machine (shared, unless another type is given) and gives the session."""
        from virtualbox.library import LockType
        if session is None:
            session = self._new_session()
        for left in range(_TRIES, 0, -1):
            try:
                self.lock_machine(session, lock_type or LockType.shared)
                return session
            except VBoxError as error:
                if left == 1:
                    raise Exception("the machine cannot be locked - %s" % error) from error
            time.sleep(_BETWEEN_TRIES)

    def _new_session(self):
        """A session of the connection that the machine comes from."""
        import vboxsh
        from virtualbox.library import ISession
        if isinstance(self._i, vboxsh.Object):
            return ISession(vboxsh._new_session(self._i))
        return ISession()

    def launch_vm_process(self, session=None, type_p="gui", environment="", **named):
        """Starts the machine. `environment` is a list, or a text with a change a line.

        With a session the progress is given at once. Without one the start is waited for.
        """
        type_p = named.pop("name", type_p)
        environment = named.pop("environment_changes", environment) or []
        if named:
            raise TypeError("launch_vm_process has no argument %s" % list(named)[0])
        if isinstance(environment, str):
            environment = [line for line in environment.split("\n") if line]
        if session is not None:
            return super().launch_vm_process(session, type_p, environment)
        session = self._new_session()
        progress = super().launch_vm_process(session, type_p, environment)
        if progress:
            progress.wait_for_completion(-1)
            finished(progress)
        _unlock(session)
        return progress

    def clone(self, snapshot_name_or_id=None, mode=None, options=None, name=None, uuid=None, groups=None,
              basefolder="", register=True):
        """Clones the machine, or what it was at a snapshot; gives the clone.

        `options` are CloneOptions; without any the clone is linked, which needs a snapshot: the current one,
        unless one is named. A full clone has `options=[]`.
        """
        from virtualbox.library import CloneMode, CloneOptions, ISnapshot
        options = [CloneOptions.link] if options is None else list(options)
        if snapshot_name_or_id is not None:
            snapshot = snapshot_name_or_id
            if not isinstance(snapshot, ISnapshot):
                snapshot = self.find_snapshot(snapshot)
            source = snapshot.machine
        elif CloneOptions.link in options:
            snapshot = self.current_snapshot
            if not snapshot:
                raise Exception("the machine %s has no snapshot, which a linked clone needs; "
                                "take one, or clone with options=[]" % self.name)
            source = snapshot.machine
        else:
            source = self
        vbox = _vbox_of(self)
        groups = groups or []
        flags = "UUID=%s" % uuid if uuid else ""
        if name is None:
            name = self._free_name(vbox, groups, basefolder)
        settings = vbox.compose_machine_filename(name, groups[0] if groups else "", "", basefolder)
        clone = vbox.create_machine(settings, name, groups, "", flags)
        progress = source.clone_to(clone, mode or CloneMode.machine_state, options)
        progress.wait_for_completion(-1)
        finished(progress)
        if register:
            vbox.register_machine(clone)
        return clone

    def _free_name(self, vbox, groups, basefolder):
        base = "%s Clone" % self.name
        taken = set(machine.name for machine in vbox.machines if machine.accessible)
        for name in [base] + ["%s (%d)" % (base, number) for number in range(1, 1000)]:
            file = vbox.compose_machine_filename(name, groups[0] if groups else "", "", basefolder)
            if name not in taken and not os.path.exists(os.path.dirname(file)):
                return name
        raise Exception("all names from %s to %s (999) are taken" % (base, base))

    def remove(self, delete=True):
        """Unregisters the machine, and with `delete` removes all its files; gives the media that are left."""
        from virtualbox.library import CleanupMode, MachineState
        if self.state >= MachineState.running:
            self._power_off()
        settings = self.settings_file_path
        mode = CleanupMode.detach_all_return_hard_disks_only if delete else CleanupMode.detach_all_return_none
        media = self.unregister(mode)
        if not delete:
            return media
        progress = self.delete_config(media)
        progress.wait_for_completion(-1)
        finished(progress)
        # Logs and whatever else a session has left there.
        folder = os.path.dirname(settings)
        if folder and os.path.basename(folder) and os.path.isdir(folder) and not _holds_machines(folder):
            shutil.rmtree(folder, ignore_errors=True)
        return []

    def _power_off(self):
        session = self.create_session()
        try:
            progress = session.console.power_down()
            progress.wait_for_completion(-1)
        except VBoxError as error:
            sys.stderr.write("the machine does not power off: %s\n" % error)
        _unlock(session)
        self._wait_unlocked()

    def _wait_unlocked(self):
        from virtualbox.library import SessionState
        end = time.time() + 5
        while self.session_state != SessionState.unlocked and time.time() < end:
            time.sleep(0.05)

    def restore_snapshot(self, snapshot=None):
        """Goes back to a snapshot, by default the current one; gives the progress. For a session's machine."""
        snapshot = self.current_snapshot if snapshot is None else snapshot
        if not snapshot:
            raise Exception("the machine has no snapshots")
        return super().restore_snapshot(snapshot)

    def export_to(self, appliance, location):
        """Adds the machine to an appliance; gives its description there."""
        return super().export_to(appliance, location)


def _unlock(session):
    """Gives a lock back, unless it has gone by itself."""
    try:
        session.unlock_machine()
    except VBoxError:
        pass


def _holds_machines(folder):
    """Whether settings of some machine are still in a folder."""
    return any(name.endswith(".vbox") for _path, _folders, files in os.walk(folder) for name in files)


def _vbox_of(machine):
    """The IVirtualBox of the connection that the machine comes from."""
    from virtualbox.library import IVirtualBox
    try:
        return machine.parent
    except VBoxError:
        return IVirtualBox()
