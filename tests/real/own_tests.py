"""Runs test cases of a package on what `virtualbox` is here: `stock` for the package's own, `ours` for vboxsh's,
`plain` for the package's own in a Python that knows no vboxsh.

    own_tests.py stock|ours|plain FOLDER CASE...

Prints a line for each case. FOLDER is an unpacked source package with a folder `tests`.
"""

import os
import sys
import types
import unittest
import warnings

warnings.simplefilter("ignore")
which, folder, names = sys.argv[1], sys.argv[2], sys.argv[3:]
if which == "stock":
    import vboxsh
    vboxsh.use_installed("virtualbox")
os.chdir(folder)
sys.path.insert(0, folder)

# What the tests read their machine's name and user from; the package of that name no longer imports.
settings = types.ModuleType("funconf")
settings.Config = lambda files: types.SimpleNamespace(
    machine=types.SimpleNamespace(name="test_vm", username="Michael Dorman", password="password"))
sys.modules["funconf"] = settings


def cases(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            for case in cases(part):
                yield case
        else:
            yield part


for name in names:
    for case in cases(unittest.defaultTestLoader.loadTestsFromName("tests." + name)):
        result = unittest.TestResult()
        sys.stdout = open(os.devnull, "w")
        case.run(result)
        sys.stdout = sys.__stdout__
        wrong = result.errors + result.failures
        said = wrong[0][1].strip().splitlines()[-1] if wrong else "skipped" if result.skipped else "ok"
        print("%s: %s" % (case.id().split(".", 1)[1], said))
