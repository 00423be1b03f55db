// Gives each function two names: ucw_NAME, for programs that define
// CONFIG_UCW_CLEAN_ABI, and NAME, for all others.
//
// The .cc files define CONFIG_UCW_CLEAN_ABI, so the functions are defined by
// their prefixed names, and the library itself uses no others.  The plain names
// are weak aliases: a program's own function of such a name wins.
//
//   UCW_ALSO_PLAIN(asio_get);

#ifndef UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_
#define UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_

// `name` expands to the prefixed name, but after # and ## it is the plain one.
#define UCW_ALSO_PLAIN(name) \
  extern "C" __attribute__(( \
      weak, alias("ucw_" #name))) decltype(name) plain_##name __asm__(#name)

#endif  // UASIO_ASIO_COMPAT_UCW_PLAIN_NAMES_H_
