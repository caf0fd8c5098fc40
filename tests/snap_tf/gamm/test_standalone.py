"""The statistics load without any network."""

import subprocess
import sys
from pathlib import Path


def test_nothing_of_the_networks_is_loaded() -> None:
    code = ("import sys, snap_tf.gamm; "
            "print(*(name for name in sys.modules if name.split('.')[0] in "
            "('tensorflow', 'keras', 'matplotlib', 'statsmodels') or name.startswith('wavegan_tf.') "
            "and name != 'wavegan_tf.moved_modules'))")  # which finds former names and imports nothing itself
    run = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True,
                         check=True)
    assert run.stdout.split() == []
