#!/bin/sh
# Runs in the new system at the end of its installation. Made by vboxsh.
exec >/var/log/vboxpostinstall.log 2>&1
set -x
{command}
exit 0
