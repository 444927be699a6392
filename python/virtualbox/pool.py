"""A pool of clones of one machine, for tests that want a fresh one each."""

import contextlib
import time

from virtualbox import Session, VirtualBox
from virtualbox.library import (DeviceActivity, DeviceType, LockType, MachineState, OleErrorUnexpected, SessionState,
                                VBoxError)

#: Seconds that a fresh clone may take until a user can be logged on, and until its disk is quiet.
_BOOTS_WITHIN = 300
_QUIET_WITHIN = 60
_QUIET_SAMPLES = 5


class MachinePool(object):
    """Machines cloned from `machine_name`. A machine that is given back is put into its first state again.

        pool = MachinePool("win7")
        session = pool.acquire("user", "password")
        ...
        pool.release(session)
    """

    def __init__(self, machine_name):
        self.machine_name = machine_name
        with self._lock() as session:
            if not session.machine.current_snapshot:
                progress, _ = session.machine.take_snapshot("initialised", "root machine", True)
                progress.wait_for_completion()

    @contextlib.contextmanager
    def _lock(self):
        """Holds the root machine, so that no other pool does at the same time."""
        root = VirtualBox().find_machine(self.machine_name)
        while True:
            session = Session()
            try:
                root.lock_machine(session, LockType.write)
                break
            except VBoxError:
                time.sleep(1)
        try:
            yield session
        finally:
            session.unlock_machine()

    def _clones(self, vbox):
        """The clones, a root machine not among them."""
        return [machine for machine in vbox.machines
                if machine.accessible and machine.name.startswith(self.machine_name)
                and machine.name != self.machine_name]

    def acquire(self, username, password, frontend="headless"):
        """A session with a running clone that nobody else uses; made when there is none."""
        with self._lock():
            vbox = VirtualBox()
            for clone in self._clones(vbox):
                session = Session()
                try:
                    clone.lock_machine(session, LockType.write)
                except VBoxError:
                    continue
                try:
                    session.machine.restore_snapshot().wait_for_completion()
                finally:
                    session.unlock_machine()
                break
            else:
                clone = self._make(vbox, username, password, frontend)
            session = Session()
            progress = clone.launch_vm_process(session, frontend, [])
            progress.wait_for_completion()
            session = _running(session)
        return session

    def _make(self, vbox, username, password, frontend):
        """Clones the root machine, boots the clone and takes the snapshot that it goes back to."""
        clone = vbox.find_machine(self.machine_name).clone(name=self._free_name(vbox))
        session = Session()
        clone.launch_vm_process(session, frontend, []).wait_for_completion()
        try:
            console = _running(session).console
            guest_session = console.guest.create_session(username, password, timeout_ms=_BOOTS_WITHIN * 1000)
            guest_session.close()
            _wait_until_quiet(console)
            console.pause()
            _keep(session)
        finally:
            _power_off(session)
        return clone

    def _free_name(self, vbox):
        taken = set(machine.name for machine in vbox.machines if machine.accessible)
        name, number = "%s Pool" % self.machine_name, 0
        while name in taken:
            number += 1
            name = "%s Pool (%d)" % (self.machine_name, number)
        return name

    def release(self, session):
        """Powers a machine off and puts it into its first state. A session without a lock is left alone."""
        if session.state != SessionState.locked:
            return
        clone = VirtualBox().find_machine(session.machine.id_p)
        _power_off(session)
        with self._lock():
            session = clone.create_session(LockType.write)
            try:
                session.machine.restore_snapshot().wait_for_completion()
            finally:
                session.unlock_machine()


def _running(session):
    """The session, when its machine runs."""
    while session.machine.state in (MachineState.starting, MachineState.restoring):
        time.sleep(0.1)
    return session


def _keep(session):
    """Takes the snapshot that a clone goes back to, with what runs in it."""
    progress, _ = session.machine.take_snapshot("initialised", "machine pool", True)
    progress.wait_for_completion()


def _power_off(session):
    machine = VirtualBox().find_machine(session.machine.id_p)
    session.console.power_down().wait_for_completion()
    try:
        session.unlock_machine()
    except OleErrorUnexpected:
        # The session has become unlocked with the end of the machine.
        pass
    while machine.session_state != SessionState.unlocked:
        time.sleep(0.05)


def _wait_until_quiet(console):
    """Waits until the disks have been idle for some samples."""
    quiet, end = 0, time.time() + _QUIET_WITHIN
    while quiet < _QUIET_SAMPLES and time.time() < end:
        activity = console.get_device_activity([DeviceType.hard_disk])[0]
        quiet = quiet + 1 if activity in (DeviceActivity.idle, DeviceActivity.null) else 0
        time.sleep(0.5)
