"""Compile the kernels if there is a C compiler; pyproject.toml declares everything else."""

import zlib
from pathlib import Path

from setuptools import Extension, setup

SOURCES = sorted(Path("index", "kernels").glob("*.[ch]"))
CHECKSUM = zlib.crc32(b"".join(path.read_bytes() for path in SOURCES))

setup(
    ext_modules=[
        Extension(
            "index.kernels.compiled",
            [str(path) for path in SOURCES if path.suffix == ".c"],
            depends=[str(path) for path in SOURCES if path.suffix == ".h"],
            define_macros=[("SOURCES_CHECKSUM", f"{CHECKSUM}u")],
            # sums are rounded as numpy rounds them: no multiplication is fused with an addition
            extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra"],
            py_limited_api=True,
            optional=True,
        )
    ]
)
