"""IGuest: sessions in the guest, and the update of Guest Additions."""

import os
import time

from virtualbox.classes import generated
from virtualbox.library_base import VBoxError

_Generated = generated("IGuest")

#: How long a session may take to start, in seconds.
_STARTS_WITHIN = 60.0


class IGuest(_Generated):
    __doc__ = _Generated.__doc__

    def create_session(self, user, password, domain="", session_name="pyvbox", timeout_ms=0):
        """Logs a user on in the guest; gives the guest session when it has started.

        With `timeout_ms` it also waits until files can be asked for: services may still be starting.
        """
        from virtualbox.library import GuestSessionStatus
        session = super().create_session(user, password, domain, session_name)
        try:
            end = time.time() + _STARTS_WITHIN
            while session.status in (GuestSessionStatus.undefined, GuestSessionStatus.starting):
                if time.time() > end:
                    break
                time.sleep(0.1)
            status = session.status
            if status != GuestSessionStatus.started:
                why = "; the password is empty, which many guests refuse" if not password else ""
                raise SystemError("the guest session did not start: it is %s%s" % (status, why))
            if timeout_ms:
                self._wait_for_files(session, timeout_ms)
        except BaseException:
            _closed(session)
            raise
        return session

    def _wait_for_files(self, session, timeout_ms):
        windows = "win" in self.os_type_id.lower() and "darwin" not in self.os_type_id.lower()
        file = "C:\\Windows\\System32\\calc.exe" if windows else "/bin/sh"
        end = time.time() + timeout_ms / 1000.0
        while True:
            failed = None
            try:
                if session.file_exists(file):
                    return
            except VBoxError as error:
                failed = error
            if time.time() > end:
                raise failed or SystemError("the guest's files cannot be reached: %s is not there" % file)
            time.sleep(0.5)

    def update_guest_additions(self, source=None, arguments=None, flags=None):
        """Updates the Guest Additions from an ISO, by default that of this VirtualBox."""
        from virtualbox.library import AdditionsUpdateFlag
        if source is None:
            from virtualbox.manager import Manager
            source = os.path.join(Manager().bin_path, "VBoxGuestAdditions.iso")
            if not os.path.exists(source):
                raise IOError("there is no %s; give the ISO as `source`" % source)
        return super().update_guest_additions(source, arguments or [], flags or [AdditionsUpdateFlag.none])

    # A spelling that scripts have copied from documentation.
    update_guest_addtions = update_guest_additions


def _closed(session):
    try:
        session.close()
    except VBoxError:
        pass
