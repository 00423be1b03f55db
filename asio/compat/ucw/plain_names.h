// How each function comes to have two names: ucw_NAME, by which programs that
// define CONFIG_UCW_CLEAN_ABI know it, and NAME for all others.
//
// The .cc files define CONFIG_UCW_CLEAN_ABI, so the prefixed names are the
// true ones, and the only ones that the library itself uses.  The plain ones
// are weak: a clean program's own function of such a name wins.
//
//   UCW_ALSO_PLAIN(asio_get);

#ifndef UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_
#define UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_

// In `name` the compiler sees the prefixed name, # and ## the plain one.
#define UCW_ALSO_PLAIN(name) \
  extern "C" __attribute__(( \
      weak, alias("ucw_" #name))) decltype(name) plain_##name __asm__(#name)

#endif  // UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_
