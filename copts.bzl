"""What our own code, and no dependency of ours, is compiled with.

A user's build may have -fno-exceptions.  Our code needs exceptions all the
same: it throws and catches std::bad_alloc.
"""

UASIO_COPTS = [
    "-Wall",
    "-Wextra",
    "-fexceptions",
]

# target_compatible_with of what cannot be built without liburing.
NEEDS_LIBURING = select({
    "//third_party/liburing:none": ["//third_party/liburing:unavailable"],
    "//conditions:default": [],
})
