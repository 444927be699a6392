"""`virtualbox` under the name that its package has."""

import sys

import virtualbox

sys.modules[__name__] = virtualbox
