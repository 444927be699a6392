"""IProgress."""

from virtualbox.classes import generated

_Generated = generated("IProgress")


class IProgress(_Generated):
    __doc__ = _Generated.__doc__

    def __str__(self):
        if self._i is None:
            return repr(self)
        return "(%s/%s) %s %3s%% (%s s remaining)" % (
            self.operation + 1 if self.operation < self.operation_count else self.operation_count,
            self.operation_count, self.description, self.percent, self.time_remaining)

    def wait_for_completion(self, timeout=-1):
        """Waits for the end, at most `timeout` milliseconds. Whether it did well is in `result_code`."""
        super().wait_for_completion(timeout)
