"""What our own code, and no dependency of ours, is compiled with.

A user's build may have -fno-exceptions.  Our code needs exceptions all the
same: it throws and catches std::bad_alloc.
"""

UASIO_COPTS = [
    "-Wall",
    "-Wextra",
    "-fexceptions",
]
