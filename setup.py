"""Package metadata: what is installed, what it needs, the two commands. Tool settings are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def read_version() -> str:
    """Read `__version__` from the source: importing the package would need its dependencies."""
    source = (ROOT / "wavegan_tf" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if match is None:
        raise RuntimeError("wavegan_tf/__init__.py must set __version__")
    return match[1]


# The tests have passed on all these lower bounds together (Python 3.11); upper bounds have a measured reason.
# The exact versions that are tested with every change are in requirements/.
REQUIRED = [
    "tensorflow>=2.16",  # the first with Keras 3
    # before 3.11.3 an .h5 file runs its Lambda layers when it is read, safe_mode or not; before 3.12 a .keras file can
    # have any file of the machine read into the model (vocabulary of a StringLookup)
    "keras>=3.12",
    "h5py>=3.10",
    "numpy>=1.26",
    "scipy>=1.11,<2",  # tf-keras-vis 0.8.7 imports scipy.ndimage.interpolation, which SciPy 2 removes
    "pandas>=2.1",
    "statsmodels>=0.14",
    "patsy>=0.5.4",
    "scikit-learn>=1.3",
    "soundfile>=0.12",
    "praat-parselmouth>=0.4.3",
    "praatio>=6.1",
    "tensorboard>=2.16",
    "matplotlib>=3.8",
    "tf-keras-vis>=0.8.7,<0.9",  # saliency is checked number by number against 0.8.7
    "tqdm>=4.65",
    "platformdirs>=3.10",
    "lazy-loader>=0.3",
]

EXTRAS = {
    # CUDA and cuDNN as wheels, in the versions TensorFlow was built with
    "gpu": ["tensorflow[and-cuda]>=2.16"],
    # decoding and resampling inside the tf.data graph. Its native operations load on TensorFlow 2.16 and 2.17
    # and fail with undefined symbols from 2.18 on; TensorBoard of that age imports pkg_resources, which
    # setuptools 82 removed (and 80.9 announces on every start)
    "io": ["tensorflow-io==0.37.1", "tensorflow>=2.16,<2.18", "setuptools<80.9"],
    # the networks on Keras' JAX backend (KERAS_BACKEND=jax)
    "jax": ["jax>=0.4.30"],
    # synthetic corpora: the eSpeak NG library and its voices as a wheel
    "synth": ["espeakng-loader>=0.2.4"],
    "dev": [
        "pytest>=8",
        "pytest-xdist>=3.5",
        "hypothesis>=6.100",
        "ruff>=0.9",
        "mypy>=1.11",
        "librosa>=0.10",  # an independent log-mel spectrogram to compare with
        "setuptools>=69",  # scripts/set_up.py installs without build isolation
        "wheel",
    ],
}

setup(
    name="wavegan-tf",
    version=read_version(),
    description="Train WaveGAN, ciwGAN and fiwGAN on speech, and look inside networks that learned from raw sound",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["wavegan_tf", "wavegan_tf.*", "snap_tf", "snap_tf.*"]),
    package_data={"": ["*.csv", "*.html", "*.json", "*.pyi", "*.txt", "py.typed"]},
    install_requires=REQUIRED,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": [
            # the generated script is sys.exit(main()): main returns the exit code
            "wavegan-tf = wavegan_tf.cli:main",
            "snap-tf = snap_tf.cli:main",
        ],
    },
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Multimedia :: Sound/Audio :: Speech",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
