"""Package metadata of `snap-gamm`: `snap_tf.gamm` alone, from the same source, without TensorFlow.

    pip install ./packaging/gamm

The whole project (setup.py two folders above) holds these modules too: install one of the two, not both.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parents[2]


def read_version() -> str:
    """Read `__version__` from the source: importing the package would need its dependencies."""
    source = (ROOT / "wavegan_tf" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if match is None:
        raise RuntimeError("wavegan_tf/__init__.py must set __version__")
    return match[1]


# The same lower bounds as in the project's setup.py; a test compares them. SciPy needs no upper bound here: it is
# tf-keras-vis that cannot use SciPy 2.
REQUIRED = [
    "numpy>=1.26",
    "scipy>=1.11",
    "pandas>=2.1",
    "statsmodels>=0.14",
    "patsy>=0.5.4",
    "lazy-loader>=0.3",
]

# The modules of the two top packages that the statistics import, and no others: the tables that they read and write
# are those of `wavegan_tf.formats`. A test compares this list with the imports in the source.
MODULES = ["wavegan_tf.errors", "wavegan_tf.memory", "wavegan_tf.moved_modules", "snap_tf.__init__"]

setup(
    name="snap-gamm",
    version=read_version(),
    description="Generalised additive mixed models of curves over time, equal to those of R's mgcv",
    long_description=(ROOT / "docs" / "GAMM.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    package_dir={"": "../.."},
    packages=find_packages(str(ROOT), include=["wavegan_tf.formats", "snap_tf.gamm", "snap_tf.gamm.*"]),
    py_modules=MODULES,
    package_data={"": ["*.pyi", "py.typed"]},
    install_requires=REQUIRED,
    options={"egg_info": {"egg_base": "."}},  # not in the folder of the whole project
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Information Analysis",
    ],
)
