"""What our own code, and no dependency of ours, is compiled with."""

UASIO_COPTS = [
    "-Wall",
    "-Wextra",
]
