/* Includes our header HEADER twice, alone or after libucw's "ucw/lib.h".  The
 * test is that this compiles without a warning. */

#ifdef AFTER_LIB_H
#include "ucw/lib.h"
#endif

#include HEADER
#include HEADER
