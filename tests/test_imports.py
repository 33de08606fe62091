"""The parts of `helpers` that need no TensorFlow do not wait for it."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["helpers", "helpers.budget", "helpers.data", "helpers.scores", "helpers.claims"]
)
def test_imports_without_tensorflow(module):
    program = f"import sys, {module}; print(*sorted({{'keras', 'tensorflow'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "", f"import {module} imports {done.stdout.strip()}"
